/* SPDX-License-Identifier: Apache-2.0 */
/* What the host shows: the forms of Registry Editor, Event Viewer, certutil and Task Scheduler. */
#include "device_fixture.h"

#include "device/scep_settings.h"
#include "device/scep_task.h"
#include "device/show.h"
#include "wire/scep.h"

#define KEY SCEP_KEY_MACHINE "\\Test MDM\\one"

struct fixture {
    char *dir;
    struct host *h;
    char *text; /* what was shown last */
    size_t n;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    f->h->time_scale = 1;
    struct registry *r = f->h->registry;
    struct reg_key *k = registry_create(r, KEY), *install = registry_create(r, KEY "\\Install");
    reg_set_number(r, k, "Status", CSP_SCEP_FAILED);
    reg_set_number(r, k, "ErrorCode", 0x80091007);
    reg_set_text(r, install, "SubjectName", span_str("CN=\"M\xc3\xbcller\"\nO=x"));
    reg_set_number(r, install, "CurrentRetryCount", 4);
    reg_set_text(r, registry_create(r, KEY "\\Install\\Challenge"), "Challenge",
                 span_str("swordfish"));
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    free(f->text);
    host_close(f->h);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static FILE *begin(struct fixture *f) {
    free(f->text);
    f->text = NULL;
    return open_memstream(&f->text, &f->n);
}

#define SHOW(f, call)         \
    do {                      \
        FILE *out = begin(f); \
        call;                 \
        fclose(out);          \
    } while (0)

static void assert_shows(const struct fixture *f, const char *piece) {
    if (!strstr(f->text, piece))
        fail_msg("'%s' is not in:\n%s", piece, f->text);
}

static void test_registry(void **state) {
    struct fixture *f = *state;
    SHOW(f, show_registry(f->h, SHOW_TEXT, out));
    assert_shows(f,
                 KEY "\n    Status       REG_DWORD    0x00000010 (16)\n"
                     "    ErrorCode    REG_DWORD    0x80091007 (2148077575)\n\n" KEY "\\Install\n");
    assert_shows(f, "    SubjectName          REG_SZ       CN=\"M\xc3\xbcller\"\\x0aO=x\n");
    assert_shows(f, "REG_SZ       (hidden)\n");
    assert_null(strstr(f->text, "swordfish"));
    for (int form = SHOW_JSON; form <= SHOW_REG; form++) {
        SHOW(f, show_registry(f->h, (enum show_form)form, out));
        assert_shows(f, "(hidden)");
        assert_null(strstr(f->text, "swordfish"));
    }
}

/* UTF-16LE with BOM and CR LF; the break within a value stays the one character that it is. */
static void test_export(void **state) {
    struct fixture *f = *state;
    static const char head[] = "\xff\xfeW\0i\0n\0d\0o\0w\0s\0", end[] = "\r\0\n\0",
                      value[] = "M\0\xfc\0l\0l\0e\0r\0\\\0\"\0\n\0O\0=\0x\0\"\0\r\0\n\0";
    BUF_AUTO(out);
    show_registry_export(f->h, &out);
    assert_memory_equal(out.p, head, sizeof head - 1);
    assert_non_null(memmem(out.p, out.n, value, sizeof value - 1));
    assert_memory_equal(out.p + out.n - 4, end, 4);
    for (size_t i = 0; i + 1 < out.n; i += 2)
        assert_true(out.p[i + 1] == 0 || i == 0);
    assert_null(memmem(out.p, out.n, "s\0w\0o\0r\0d\0", 10));
    f->h->registry->root.child = NULL;
    reg_set_text(f->h->registry, registry_create(f->h->registry, "HKEY_CURRENT_USER\\x"), "key",
                 span_str("\xf0\x9f\x94\x91\xff"));
    buf_clear(&out);
    show_registry_export(f->h, &out);
    assert_non_null(memmem(out.p, out.n, "\x3d\xd8\x11\xdd\xfd\xff\"\0", 8));
}

static void test_events(void **state) {
    struct fixture *f = *state;
    eventlog_add(&f->h->events, &f->h->mem, EVENT_SCEP_INSTALLED, false, "good");
    eventlog_add(&f->h->events, &f->h->mem, EVENT_SCEP_FAILED, true, "a <b>\033[31m & c");
    eventlog_add(&f->h->events, &f->h->mem, EVENT_CERTENROLL_INIT, true, "d");
    f->h->events.events[0].at_ms = 1795425248765;
    eventlog_add(&f->h->events, &f->h->mem, EVENT_COMMAND, false, "Exec e");
    SHOW(f, show_events(f->h, SHOW_TEXT, 0, false, out));
    assert_null(strstr(f->text, "Exec e"));
    SHOW(f, show_events(f->h, SHOW_XML, EVENT_COMMAND, false, out));
    assert_shows(f, "<Message>Exec e");
    SHOW(f, show_events(f->h, SHOW_TEXT, 0, true, out));
    assert_shows(f, "    Exec e\n");
    assert_shows(f, "Level        Date and Time        Source  ");
    assert_shows(f, "Information  2026-11-23 09:14:08  "
                    "DeviceManagement-Enterprise-Diagnostics-Provider        39  None           "
                    "Admin\n    good\n");
    assert_shows(f, "CertificateServicesClient-CertEnroll                    86  None           "
                    "Application\n    d\n");
    assert_shows(f, "    a <b>\\x1b[31m & c\n");
    SHOW(f, show_events(f->h, SHOW_JSON, EVENT_SCEP_FAILED, false, out));
    assert_shows(f, "\"level\": \"Error\"");
    assert_null(strstr(f->text, "good"));
    SHOW(f, show_events(f->h, SHOW_XML, 0, false, out));
    assert_shows(f, "<EventID>39</EventID><Level>4</Level><TimeCreated "
                    "SystemTime='2026-11-23T09:14:08.765Z'/><Channel>Microsoft-Windows-"
                    "DeviceManagement-Enterprise-Diagnostics-Provider/Admin</Channel>");
    assert_shows(f, "<Message>a &lt;b&gt;");
}

static void add_cert(struct fixture *f, enum cert_store store, EVP_PKEY *key, EVP_PKEY *kept,
                     const char *cn, const char *usage, char thumbprint[THUMBPRINT_SIZE]) {
    ARENA_AUTO(a);
    OSSL_AUTO(X509) x = make_cert(key, (struct made_cert){.cn = cn, .usage = usage});
    const struct cert_entry *e =
        certstore_add(&f->h->certs, &f->h->mem, store, ossl_x509_der(&a, x),
                      kept ? ossl_key_pem(&a, kept) : SPAN_NONE);
    memcpy(thumbprint, e->thumbprint, THUMBPRINT_SIZE);
}

static void test_certs(void **state) {
    struct fixture *f = *state;
    char thumbprint[THUMBPRINT_SIZE], other[THUMBPRINT_SIZE];
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(2048);
    OSSL_AUTO(EVP_PKEY) wrong = EVP_RSA_gen(2048);
    add_cert(f, STORE_MY, key, wrong, "b", "digitalSignature", other);
    add_cert(f, STORE_MY, key, key, "a", "keyEncipherment", thumbprint);
    add_cert(f, STORE_ROOT, key, NULL, "r", NULL, other);
    struct registry *r = f->h->registry;
    reg_set_text(r, registry_create(r, KEY), "CertThumbprint", span_str(thumbprint));
    reg_set_number(r, registry_create(r, KEY "\\Install"), "KeyProtection", 1);
    SHOW(f, show_certs(f->h, SHOW_TEXT, out));
    assert_int_equal(strncmp(f->text,
                             "Root \"Trusted Root Certification Authorities\"\n"
                             "================ Certificate 0 ====",
                             78),
                     0);
    assert_shows(f, "\nMy \"Personal\"\n=");
    assert_null(strchr(f->text, '/'));
    assert_shows(f, "Signature test FAILED");
    assert_shows(f, "================ Certificate 1 ================\nSerial Number: ");
    assert_shows(f, "Subject: CN=a\nRoot Certificate: Subject matches Issuer\nCert Hash(sha1): ");
    assert_shows(f, "\n  Provider = Microsoft Platform Crypto Provider\n"
                    "Private key is NOT exportable\nEncryption test passed\n");
    struct reg_key *pfx = registry_create(r, "HKEY_LOCAL_MACHINE\\SOFTWARE\\signet\\pfx");
    reg_set_text(r, pfx, "Thumbprint", span_str(thumbprint));
    reg_set_text(r, pfx, "PFXKeyExportable", span_str("true"));
    SHOW(f, show_certs(f->h, SHOW_TEXT, out));
    assert_shows(f, "Private key is exportable\nEncryption test passed\n");
}

static void test_tasks(void **state) {
    struct fixture *f = *state;
    f->h->schedule = (struct schedule){.since_ms = 1795425248765, .delay_ms = 3600000, .polls = 3};
    SHOW(f, show_tasks(f->h, SHOW_TEXT, out));
    assert_shows(f, "Schedule #1: every 15 min, 2 times            Done ");
    assert_shows(f, "Schedule #2: every 60 min, 1 times            Done ");
    assert_shows(f, "Schedule #3: every 480 min                    Ready           "
                    "2026-11-23 10:14:08  0x0 The operation completed successfully.\n");
    assert_shows(f, "SCEP one: attempt 4 of 4                      Done ");
    assert_shows(f, "  0x80091007 The hash value is not correct.\n    dmcertinst.exe -s -k "
                    "\"SOFTWARE\\Microsoft\\SCEP\\Test MDM\\one\\Install\" -h HKLM -t one\n");
    scep_task_schedule(f->h, KEY, "./Device/x");
    tasks_find(&f->h->tasks, KEY)->since_ms = 1795425248765;
    SHOW(f, show_tasks(f->h, SHOW_TEXT, out));
    assert_shows(f, "SCEP one: attempt 0 of 4                      Ready           "
                    "2026-11-23 09:14:08  0x41303 The task has not yet run.\n");
    tasks_find(&f->h->tasks, KEY)->state = TASK_REPORT;
    reg_set_number(f->h->registry, registry_create(f->h->registry, KEY), "Status",
                   CSP_SCEP_PENDING);
    SHOW(f, show_tasks(f->h, SHOW_JSON, out));
    assert_shows(f, "\"state\": \"To be reported\"");
    assert_shows(f, "pending: the server has not decided");
}

/* A server's UniqueID, or a registry that was edited, writes no escape sequence to a terminal. */
static void test_foreign_names(void **state) {
    static const char key[] = SCEP_KEY_MACHINE "\\Test MDM\\x\xe2\x80\xae\x1b[31m";
    struct fixture *f = *state;
    struct registry *r = f->h->registry;
    reg_set_text(r, registry_create(r, key), "n\x1b[32m", span_str("v\x1b[33m"));
    SHOW(f, show_registry(f->h, SHOW_TEXT, out));
    assert_shows(f, "x\\u{202e}\\x1b[31m\n    n\\x1b[32m");
    assert_null(strchr(f->text, 0x1b));
    SHOW(f, show_tasks(f->h, SHOW_TEXT, out));
    assert_shows(f, "SCEP x\\u{202e}\\x1b[31m: attempt");
    assert_null(strchr(f->text, 0x1b));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_registry), TEST(test_export), TEST(test_events),
        TEST(test_certs),    TEST(test_tasks),  TEST(test_foreign_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
