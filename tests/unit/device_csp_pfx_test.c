/* SPDX-License-Identifier: Apache-2.0 */
#include "csp_fixture.h"
#include "device_pfx_fixture.h"

#include "base/file.h"
#include "base/text.h"
#include "device/dm_commands.h"
#include "device/show.h"
#include "device/workplace.h"
#include "wire/mdm.h"

#define ROOT "./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall"
#define ID   ROOT "/one"
#define USER "./User/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/one"

static char thumbprints[2][THUMBPRINT_SIZE];
static const char *files[2]; /* base64; password "pw-1" and "pw-2" */

static void make(struct fixture *f, size_t i) {
    BUF_AUTO(text);
    OSSL_AUTO(EVP_PKEY) key = EVP_EC_gen("P-256");
    OSSL_AUTO(X509) x = make_cert(key, (struct made_cert){.cn = "x"});
    cert_thumbprint(ossl_x509_der(&f->a, x), thumbprints[i]);
    struct span pfx = make_pfx(
        &f->a, (struct made_pfx){.key = key, .cert = x, .password = i == 0 ? "pw-1" : "pw-2"});
    base64_encode(&text, pfx);
    files[i] = arena_str(&f->a, buf_view(&text));
}

static int set_up(void **state) {
    struct fixture *f = open_fixture(state);
    make(f, 0);
    make(f, 1);
    return 0;
}

static void set_switch(struct fixture *f, const char *name, const char *value) {
    assert_int_equal(host_set_switch(f->h, name, value), OK);
}

static const struct cert_entry *find(struct fixture *f, enum cert_store store, size_t i) {
    return certstore_find(&f->h->certs, store, span_str(thumbprints[i]));
}

/* One Add of an Atomic; the data is a number, a text without markup or base64. */
static const char *add(struct fixture *f, const char *id, const char *uri, const char *name,
                       const char *format, const char *data) {
    return arena_printf(&f->a,
                        "<Add><CmdID>%s</CmdID><Item><Target><LocURI>%s/%s</LocURI></Target><Meta>"
                        "<Format xmlns=\"syncml:metinf\">%s</Format></Meta><Data>%s</Data></Item>"
                        "</Add>",
                        id, uri, name, format, data);
}

/* The codes of what a server sends: "1:200 2:200 ...". */
static const char *run(struct fixture *f, const char *commands) {
    struct xml_node *body;
    struct dm_answer answer;
    BUF_AUTO(codes);
    const char *text = arena_printf(&f->a, "<SyncBody>%s<Final/></SyncBody>", commands);
    assert_int_equal(xml_parse(&f->a, span_str(text), &body), OK);
    assert_int_equal(dm_commands_run(f->h, body, &f->a, &answer), OK);
    for (struct dm_status *s = answer.statuses; s; s = s->next)
        buf_printf(&codes, "%.*s:%d ", SPAN_FMT(s->cmd_ref), s->code);
    return arena_str(&f->a, buf_view(&codes));
}

/* A delivery: `location` and `password` may be NULL, `more` stands before the blob. */
static const char *deliver(struct fixture *f, const char *uri, const char *location,
                           const char *password, const char *more) {
    return run(f, arena_printf(&f->a, "<Atomic><CmdID>1</CmdID>%s%s%s%s</Atomic>",
                               location ? add(f, "2", uri, "KeyLocation", "int", location) : "",
                               password ? add(f, "3", uri, "PFXCertPassword", "chr", password) : "",
                               more ? more : "", add(f, "5", uri, "PFXCertBlob", "bin", files[0])));
}

static void test_a_delivery(void **state) {
    struct fixture *f = *state;
    const char *more = add(f, "4", ID, "PFXKeyExportable", "bool", "false");
    assert_string_equal(deliver(f, ID, "3", "pw-1", more), "1:200 2:200 3:200 4:200 5:200 ");
    expect(f, ID "/Status", "0");
    expect(f, ID "/Thumbprint", thumbprints[0]);
    expect(f, ID "/KeyLocation", "3");
    expect(f, ID "/PFXKeyExportable", "false");
    expect(f, ID "/PFXCertPasswordEncryptionType", "0");
    expect(f, ROOT, "one");
    expect(f, ID, "KeyLocation/PFXCertPassword/PFXKeyExportable/Thumbprint/PFXCertBlob/Status");
    assert_int_equal(get(f, ID "/ContainerName", NULL), 404);
    const struct cert_entry *e = find(f, STORE_MY, 0);
    assert_non_null(e);
    OSSL_AUTO(BIO) pem = ossl_reader(e->key);
    OSSL_AUTO(EVP_PKEY) key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    OSSL_AUTO(X509) x = ossl_x509_read(e->der);
    assert_int_equal(X509_check_private_key(x, key), 1);
    assert_string_equal(deliver(f, ID, NULL, NULL, NULL), "1:507 5:418 ");
}

/* The registry in each form, .reg text last. */
static const char *shown(struct fixture *f) {
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    show_registry(f->h, SHOW_TEXT, out);
    show_registry(f->h, SHOW_JSON, out);
    show_registry(f->h, SHOW_REG, out);
    fclose(out);
    const char *copy = arena_str(&f->a, span_str(text));
    free(text);
    return copy;
}

/* Neither is in the registry's file, nor told to anybody. */
static void test_secrets_go(void **state) {
    struct fixture *f = *state;
    BUF_AUTO(text);
    assert_int_equal(apply(f, CSP_ADD, ID "/PFXCertPassword", "chr", "pw-1", NULL), 200);
    assert_non_null(strstr(shown(f), "\"PFXCertPassword\"=\"(hidden)\""));
    assert_null(strstr(shown(f), "pw-1"));
    assert_string_equal(deliver(f, ID, "3", NULL, NULL), "1:200 2:200 5:200 ");
    assert_int_equal(host_save(f->h), OK);
    const char *path = arena_printf(&f->a, "%s/registry.reg", f->dir);
    assert_int_equal(file_read(path, 1 << 20, &text), OK);
    assert_non_null(strstr(buf_cstr(&text), thumbprints[0]));
    assert_null(strstr(buf_cstr(&text), "pw-1"));
    assert_null(strstr(buf_cstr(&text), files[0]));
    assert_non_null(strstr(shown(f), "\"PFXCertPassword\"=\"\""));
    expect(f, ID "/PFXCertPassword", "");
    expect(f, ID "/PFXCertBlob", "");
    for (size_t i = 0; i < f->h->events.count; i++)
        assert_null(strstr(f->h->events.events[i].text, "pw-1"));
}

static void test_a_wrong_password(void **state) {
    struct fixture *f = *state;
    assert_string_equal(deliver(f, ID, "3", "pw-2", NULL), "1:200 2:200 3:200 5:200 ");
    expect(f, ID "/Status", "86");
    assert_int_equal(get(f, ID "/Thumbprint", NULL), 404);
    set_switch(f, "absent-output", "empty");
    expect(f, ID "/Thumbprint", "");
    assert_int_equal(f->h->certs.count, 0);
    assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 200);
    assert_string_equal(deliver(f, ID, "3", NULL, NULL), "1:200 2:200 5:200 ");
    expect(f, ID "/Status", "86");
    assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 200);
    set_switch(f, "pfx-failure", "command");
    assert_string_equal(deliver(f, ID, "3", "pw-2", NULL), "1:507 2:216 3:216 5:500 ");
    assert_int_equal(get(f, ID, NULL), 404);
}

static void test_parameters(void **state) {
    struct fixture *f = *state;
    const char *yes = add(f, "4", ID, "PFXKeyExportable", "bool", "true");
    const char *no = add(f, "4", ID, "PFXKeyExportable", "bool", "false");
    const char *sealed = add(f, "4", ID, "PFXCertPasswordEncryptionType", "int", "1");
    const char *plain = add(f, "4", ID, "PFXCertPasswordEncryptionType", "int", "0");
    const char *box = add(f, "4", ID, "ContainerName", "chr", "box");
    assert_string_equal(deliver(f, ID, NULL, "pw-1", NULL), "1:507 3:216 5:500 ");
    set_switch(f, "tpm", "none");
    assert_string_equal(deliver(f, ID, "1", "pw-1", NULL), "1:507 2:216 3:216 5:500 ");
    set_switch(f, "tpm", "2.0");
    assert_string_equal(deliver(f, ID, "4", "pw-1", box), "1:507 2:216 3:216 4:216 5:500 ");
    assert_string_equal(deliver(f, ID, "2", "pw-1", yes), "1:507 2:216 3:216 4:216 5:500 ");
    assert_string_equal(deliver(f, ID, "3", "pw-1", sealed), "1:507 2:216 3:216 4:216 5:500 ");
    assert_string_equal(deliver(f, ID, "5", "pw-1", NULL), "1:507 2:500 3:215 5:215 ");
    assert_int_equal(f->h->certs.count, 0);
    expect(f, ROOT, "");
    const char *const good[][2] = {{"2", ""}, {"2", no}, {"3", yes}, {"3", plain}, {"3", box}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const char *codes = deliver(f, ID, good[i][0], "pw-1", good[i][1]);
        assert_non_null(strstr(codes, "1:200 "));
        expect(f, ID "/Status", "0");
        assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 200);
    }
}

static const char *shown_certs(struct fixture *f) {
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    show_certs(f->h, SHOW_TEXT, out);
    fclose(out);
    const char *copy = arena_str(&f->a, span_str(text));
    free(text);
    return copy;
}

/* KeyLocation and the switch tpm say where the key is. */
static void test_tpm(void **state) {
    static const struct {
        const char *tpm, *location, *provider;
    } rows[] = {{"2.0", "1", "Microsoft Platform Crypto Provider"},
                {"2.0", "2", "Microsoft Platform Crypto Provider"},
                {"2.0", "3", "Microsoft Software Key Storage Provider"},
                {"none", "2", "Microsoft Software Key Storage Provider"}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_switch(f, "tpm", rows[i].tpm);
        assert_string_equal(deliver(f, ID, rows[i].location, "pw-1", NULL),
                            "1:200 2:200 3:200 5:200 ");
        assert_non_null(strstr(shown_certs(f), rows[i].provider));
        assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 200);
    }
}

static void test_access(void **state) {
    struct fixture *f = *state;
    assert_int_equal(get(f, ID, NULL), 404);
    assert_int_equal(get(f, ID "/Status", NULL), 404);
    assert_int_equal(apply(f, CSP_ADD, ID, "node", "", NULL), 200);
    assert_int_equal(apply(f, CSP_ADD, ID, "node", "", NULL), 418);
    assert_int_equal(get(f, ID "/Status", NULL), 404);
    assert_int_equal(apply(f, CSP_ADD, ID "/KeyLocation", "chr", "3", NULL), 406);
    assert_int_equal(apply(f, CSP_ADD, ID "/KeyLocation", "int", "3", NULL), 200);
    assert_int_equal(apply(f, CSP_ADD, ID "/KeyLocation", "int", "3", NULL), 418);
    assert_int_equal(apply(f, CSP_DELETE, ID "/KeyLocation", "", "", NULL), 405);
    assert_int_equal(apply(f, CSP_ADD, ID "/Thumbprint", "chr", "00", NULL), 405);
    assert_int_equal(apply(f, CSP_REPLACE, ID "/Status", "int", "0", NULL), 405);
    assert_int_equal(apply(f, CSP_ADD, ID "/PFXCertPassword", "chr", "pw-1", NULL), 200);
    assert_int_equal(apply(f, CSP_ADD, ID "/PFXCertBlob", "int", files[0], NULL), 406);
    assert_int_equal(apply(f, CSP_ADD, ID "/PFXCertBlob", "bin", "AAAA", NULL), 500);
    assert_int_equal(apply(f, CSP_ADD, ID "/PFXCertBlob", "bin", "no base64!", NULL), 500);
    assert_int_equal(apply(f, CSP_ADD, ID "/PFXCertBlob", "bin", "", NULL), 500);
    assert_int_equal(get(f, ID "/PFXCertBlob", NULL), 404);
    assert_int_equal(apply(f, CSP_ADD, ID "/PFXCertBlob", "chr", files[0], NULL), 200);
    expect(f, ID "/Status", "0");
}

static void test_replace(void **state) {
    struct fixture *f = *state;
    assert_int_equal(apply(f, CSP_REPLACE, ID "/PFXCertBlob", "bin", files[1], NULL), 404);
    assert_non_null(strstr(deliver(f, ID, "3", "pw-1", NULL), "1:200 "));
    assert_int_equal(apply(f, CSP_REPLACE, ID "/PFXCertBlob", "bin", files[1], NULL), 200);
    expect(f, ID "/Status", "86"); /* the password before is gone: what was installed stays */
    expect(f, ID "/Thumbprint", thumbprints[0]);
    assert_non_null(find(f, STORE_MY, 0));
    assert_int_equal(apply(f, CSP_REPLACE, ID "/PFXCertPassword", "chr", "pw-2", NULL), 200);
    assert_int_equal(apply(f, CSP_REPLACE, ID "/PFXCertBlob", "bin", files[1], NULL), 200);
    expect(f, ID "/Status", "0");
    expect(f, ID "/Thumbprint", thumbprints[1]);
    assert_null(find(f, STORE_MY, 0));
    assert_non_null(find(f, STORE_MY, 1));
    assert_int_equal(apply(f, CSP_REPLACE, ID "/PFXCertPassword", "chr", "pw-2", NULL), 200);
    assert_int_equal(apply(f, CSP_REPLACE, ID "/PFXCertBlob", "bin", files[1], NULL), 200);
    assert_non_null(find(f, STORE_MY, 1)); /* by itself */
    set_switch(f, "replace-upsert", "no");
    assert_int_equal(apply(f, CSP_REPLACE, ID "/ContainerName", "chr", "x", NULL), 404);
    assert_int_equal(apply(f, CSP_REPLACE, ROOT "/two", "node", "", NULL), 404);
}

static int count_files(struct fixture *f, const char *pattern) {
    const char *command = arena_printf(&f->a, "ls %s/%s 2>/dev/null | wc -l", f->dir, pattern);
    FILE *p = popen(command, "r");
    int n = -1;
    assert_int_equal(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

static void test_delete_and_restart(void **state) {
    struct fixture *f = *state;
    assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 404);
    assert_non_null(strstr(deliver(f, ID, "3", "pw-1", NULL), "1:200 "));
    assert_int_equal(host_save(f->h), OK);
    host_close(f->h);
    assert_int_equal(host_open(f->dir, HOST_CHANGE, &f->h), OK);
    struct enrollment e = {.provider = "Test MDM"};
    f->h->enrollment = &e;
    expect(f, ID "/Status", "0");
    expect(f, ID "/Thumbprint", thumbprints[0]);
    assert_non_null(find(f, STORE_MY, 0));
    assert_int_equal(count_files(f, "keys/*.key"), 1);
    assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 200);
    assert_int_equal(get(f, ID, NULL), 404);
    assert_int_equal(get(f, ID "/Status", NULL), 404);
    assert_null(find(f, STORE_MY, 0));
    assert_int_equal(host_save(f->h), OK);
    assert_int_equal(count_files(f, "keys/*.key"), 0);
    assert_int_equal(count_files(f, "certs/My/*.cer"), 0);
}

static void test_user_scope(void **state) {
    struct fixture *f = *state;
    set_switch(f, "login-status", "none");
    assert_string_equal(deliver(f, USER, "3", "pw-1", NULL), "1:507 2:500 3:215 5:215 ");
    set_switch(f, "login-status", "user");
    assert_string_equal(deliver(f, USER, "3", "pw-1", NULL), "1:200 2:200 3:200 5:200 ");
    assert_non_null(find(f, STORE_USER_MY, 0));
    assert_null(find(f, STORE_MY, 0));
    expect(f, USER "/Thumbprint", thumbprints[0]);
    assert_int_equal(get(f, ID, NULL), 404);
}

static void test_status_may_be_missing(void **state) {
    struct fixture *f = *state;
    set_switch(f, "pfx-status", "missing");
    assert_non_null(strstr(deliver(f, ID, "3", "pw-1", NULL), "1:200 "));
    assert_int_equal(get(f, ID "/Status", NULL), 404);
    expect(f, ID, "KeyLocation/PFXCertPassword/Thumbprint/PFXCertBlob");
    expect(f, ID "/Thumbprint", thumbprints[0]);
}

/* What is another server's stays in any case. */
static void test_leaving(void **state) {
    struct fixture *f = *state;
    struct enrollment *e = f->h->enrollment;
    const char *provider = e->provider;
    assert_non_null(strstr(deliver(f, USER, "3", "pw-1", NULL), "1:200 "));
    e->provider = "Other";
    assert_non_null(strstr(deliver(f, ID, "3", "pw-1", NULL), "1:200 "));
    e->provider = provider;
    set_switch(f, "unenroll-certs", "keep");
    workplace_remove(f->h);
    assert_non_null(find(f, STORE_USER_MY, 0));
    f->h->enrollment = e;
    set_switch(f, "unenroll-certs", "remove");
    workplace_remove(f->h);
    assert_null(find(f, STORE_USER_MY, 0));
    assert_non_null(find(f, STORE_MY, 0));
    f->h->enrollment = e;
    assert_int_equal(get(f, USER, NULL), 404);
    e->provider = "Other";
    expect(f, ID "/Status", "0");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_delivery),
        TEST(test_secrets_go),
        TEST(test_a_wrong_password),
        TEST(test_parameters),
        TEST(test_tpm),
        TEST(test_access),
        TEST(test_replace),
        TEST(test_user_scope),
        TEST(test_leaving),
        TEST(test_delete_and_restart),
        TEST(test_status_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
