/* SPDX-License-Identifier: Apache-2.0 */
#include "csp_fixture.h"

#include "base/text.h"
#include "device/workplace.h"
#include "device/dm_commands.h"
#include "device/scep_task.h"
#include "wire/mdm.h"

#define ID      "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/one"
#define INSTALL ID "/Install/"
#define KEY     SCEP_KEY_MACHINE "\\Test MDM\\one"

static int set_up(void **state) {
    open_fixture(state);
    return 0;
}

static int add(struct fixture *f, const char *uri, const char *format, const char *data) {
    return apply(f, CSP_ADD, uri, format, data, NULL);
}

static const char *const profile[][3] = {
    {"RetryCount", "int", "2"},
    {"RetryDelay", "int", "1"},
    {"KeyUsage", "int", "160"},
    {"KeyLength", "int", "2048"},
    {"HashAlgorithm", "chr", "SHA-2"},
    {"SubjectName", "chr", "CN=x"},
    {"EKUMapping", "chr", "1.3.6.1.5.5.7.3.2"},
    {"ServerURL", "chr", "https://localhost/scep"},
    {"Challenge", "chr", "secret"},
    {"CAThumbprint", "chr", "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57"},
};
enum { NODES = sizeof profile / sizeof *profile };

static void add_profile(struct fixture *f) {
    for (size_t i = 0; i < NODES; i++)
        assert_int_equal(
            add(f, arena_printf(&f->a, INSTALL "%s", profile[i][0]), profile[i][1], profile[i][2]),
            200);
}

static void test_access_rules(void **state) {
    struct fixture *f = *state;
    assert_int_equal(get(f, "./Device/Vendor/MSFT/NoSuchCSP", NULL), 404);
    assert_int_equal(get(f, ID, NULL), 404);
    assert_int_equal(get(f, ID "/Status", NULL), 404);
    assert_int_equal(add(f, ID "/Status", "int", "1"), 405);
    assert_int_equal(add(f, INSTALL "Enroll", "null", ""), 405);
    assert_int_equal(get(f, INSTALL "Enroll", NULL), 405);
    assert_int_equal(apply(f, CSP_EXEC, INSTALL "KeyUsage", "", "", NULL), 405);
    assert_int_equal(add(f, INSTALL "KeyUsage", "chr", "160"), 406);
    assert_int_equal(add(f, INSTALL "KeyUsage", "int", "many"), 500);
    assert_int_equal(add(f, INSTALL "RetryCount", "int", "-1"), 500);
    assert_int_equal(add(f, INSTALL "KeyLength", "int", "1000"), 500);
    assert_int_equal(add(f, ID, "node", ""), 200);
    assert_int_equal(add(f, ID, "node", ""), 418);
    assert_int_equal(add(f, INSTALL "KeyUsage", "int", "160"), 200);
    assert_int_equal(add(f, INSTALL "KeyUsage", "int", "160"), 418);
    assert_int_equal(apply(f, CSP_DELETE, INSTALL "SubjectName", "", "", NULL), 404);
    assert_int_equal(add(f, "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/a%5Cb", "node", ""),
                     500);
    expect(f, ID "/Status", "32");
    expect(f, INSTALL "KeyUsage", "160");
    assert_int_equal(get(f, ID "/CertThumbprint", NULL), 404);
    assert_int_equal(get(f, ID "/ErrorCode", NULL), 404);
}

/* What the host's files could not hold is refused, and the task of a name that they can is kept. */
static void test_names(void **state) {
    static const char *const bad[] = {"%FF%FE", "a%00",   "%00",   "a%1B[31m",
                                      "a%0Ab",  "%C2%85", "%C0%AF"};
    struct fixture *f = *state;
#define SCEP_ROOT "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/"
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(add(f, arena_printf(&f->a, SCEP_ROOT "%s", bad[i]), "node", ""), 500);
    expect(f, "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP", "");
    assert_int_equal(add(f, SCEP_ROOT "%C3%A4%20b", "node", ""), 200);
    assert_non_null(registry_open(f->h->registry, SCEP_KEY_MACHINE "\\Test MDM\\\xc3\xa4 b"));
}

/* A text that is no UTF-8 must not be lost with a host that seems saved. */
static void test_no_task_is_lost(void **state) {
    struct fixture *f = *state;
    tasks_add(&f->h->tasks, (struct task){.key = "\xff", .uri = ID, .install = ""});
    assert_int_equal(host_save(f->h), ERR_INTERNAL);
}

static void test_parents_are_implicit(void **state) {
    struct fixture *f = *state;
    struct csp_value v;
    assert_int_equal(
        add(f, "./Vendor/MSFT/ClientCertificateInstall/SCEP/one/Install/KeyUsage", "int", "32"),
        200);
    expect(f, "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP", "one");
    expect(f, ID "/Install", "KeyUsage");
    assert_int_equal(get(f, ID, &v), 200);
    assert_int_equal(v.format, CSP_NODE);
    assert_string_equal(arena_str(&f->a, v.data), "CertThumbprint/Status/Install");
}

static void test_replace_is_upsert_by_switch(void **state) {
    struct fixture *f = *state;
    assert_int_equal(host_set_switch(f->h, "replace-upsert", "no"), OK);
    assert_int_equal(apply(f, CSP_REPLACE, INSTALL "KeyUsage", "int", "32", NULL), 404);
    assert_int_equal(host_set_switch(f->h, "replace-upsert", "yes"), OK);
    assert_int_equal(apply(f, CSP_REPLACE, INSTALL "KeyUsage", "int", "32", NULL), 200);
    assert_int_equal(apply(f, CSP_REPLACE, INSTALL "KeyUsage", "int", "160", NULL), 200);
    expect(f, INSTALL "KeyUsage", "160");
}

static void test_exec_schedules_and_freezes(void **state) {
    struct fixture *f = *state;
    assert_int_equal(apply(f, CSP_EXEC, INSTALL "Enroll", "", "", NULL), 404);
    add_profile(f);
    assert_int_equal(get(f, INSTALL "Challenge", NULL), 404);
    assert_int_equal(apply(f, CSP_EXEC, INSTALL "Enroll", "", "", NULL), 200);
    struct task *t = tasks_find(&f->h->tasks, KEY);
    assert_non_null(t);
    assert_string_equal(t->uri, ID);
    assert_non_null(strstr(t->install, "secret"));
    assert_int_equal(f->h->events.events[f->h->events.count - 1].id, 306);
    assert_int_equal(apply(f, CSP_REPLACE, INSTALL "SubjectName", "chr", "CN=other", NULL), 200);
    assert_non_null(strstr(tasks_find(&f->h->tasks, KEY)->install, "CN=x"));
    expect(f, ID "/Status", "32");
    assert_int_equal(host_set_switch(f->h, "exec-status", "202"), OK);
    assert_int_equal(apply(f, CSP_EXEC, INSTALL "Enroll", "", "", NULL), 202);
    assert_int_equal(f->h->tasks.count, 1);
    assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 200);
    assert_int_equal(f->h->tasks.count, 0);
    assert_int_equal(get(f, ID, NULL), 404);
}

static void test_exec_needs_what_is_required(void **state) {
    struct fixture *f = *state;
    for (size_t left_out = 2; left_out < NODES; left_out++) {
        apply(f, CSP_DELETE, ID, "", "", NULL);
        add_profile(f);
        const char *uri = arena_printf(&f->a, INSTALL "%s", profile[left_out][0]);
        assert_int_equal(apply(f, CSP_DELETE, uri, "", "", NULL), 200);
        assert_int_equal(apply(f, CSP_EXEC, INSTALL "Enroll", "", "", NULL), 500);
        assert_int_equal(f->h->tasks.count, 0);
    }
}

static void test_outputs(void **state) {
    struct fixture *f = *state;
    add_profile(f);
    struct reg_key *k = registry_open(f->h->registry, KEY);
    reg_set_number(f->h->registry, k, "ErrorCode", 0x80190194);
    expect(f, ID "/ErrorCode", "-2145844844");
    assert_int_equal(host_set_switch(f->h, "errorcode-form", "unsigned"), OK);
    expect(f, ID "/ErrorCode", "2149122452");
    assert_int_equal(host_set_switch(f->h, "errorcode-form", "hex"), OK);
    expect(f, ID "/ErrorCode", "0x80190194");
    assert_int_equal(host_set_switch(f->h, "absent-output", "empty"), OK);
    expect(f, ID "/CertThumbprint", "");
    expect(f, ID "/RespondentServerUrl", "");
    /* a thumbprint whose certificate is not in the store any more reads as empty */
    assert_int_equal(host_set_switch(f->h, "absent-output", "404"), OK);
    reg_set_text(f->h->registry, k, "CertThumbprint", span_str("AA"));
    expect(f, ID "/CertThumbprint", "");
}

/* Valid, trusted and with its key, or empty; it can come back, unlike the certificate's time. */
static void test_thumbprint(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(1024);
    OSSL_AUTO(X509) root = make_cert(key, (struct made_cert){.cn = "Root", .ca = true});
    OSSL_AUTO(X509)
    x = make_cert(key, (struct made_cert){.cn = "x", .issuer = root, .issuer_key = key});
    char thumbprint[THUMBPRINT_SIZE], trusted[THUMBPRINT_SIZE];
    cert_thumbprint(ossl_x509_der(&f->a, x), thumbprint);
    cert_thumbprint(ossl_x509_der(&f->a, root), trusted);
    add_profile(f);
    reg_set_text(f->h->registry, registry_open(f->h->registry, KEY), "CertThumbprint",
                 span_str(thumbprint));
    certstore_add(&f->h->certs, &f->h->mem, STORE_MY, ossl_x509_der(&f->a, x), span_str("KEY"));
    expect(f, ID "/CertThumbprint", "");
    certstore_add(&f->h->certs, &f->h->mem, STORE_ROOT, ossl_x509_der(&f->a, root), SPAN_NONE);
    expect(f, ID "/CertThumbprint", thumbprint);
    clock_shift(90000000); /* 25 hours */
    expect(f, ID "/CertThumbprint", "");
    clock_shift(-90000000);
    expect(f, ID "/CertThumbprint", thumbprint);
    assert_true(certstore_remove(&f->h->certs, STORE_ROOT, span_str(trusted)));
    expect(f, ID "/CertThumbprint", "");
    /* Delete takes the certificate along with its key, and the node */
    assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 200);
    assert_int_equal(f->h->certs.count, 0);
    assert_int_equal(get(f, ID "/Status", NULL), 404);
    assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 404);
}

#define CLIENT "./Device/Vendor/MSFT/DMClient/Provider/Test%20MDM/"
#define WSTEP  "./Device/Vendor/MSFT/CertificateStore/MY/WSTEP/"

static void test_account(void **state) {
    struct fixture *f = *state;
    expect(f, "./Device/Vendor/MSFT/DMClient/Provider", "Test MDM");
    expect(f, CLIENT "SyncApplicationVersion", "1.0");
    assert_int_equal(get(f, CLIENT "EntDMID", NULL), 404);
    assert_int_equal(add(f, CLIENT "EntDMID", "chr", "ID-1"), 200);
    assert_int_equal(add(f, CLIENT "EntDMID", "chr", "ID-2"), 418);
    expect(f, CLIENT "EntDMID", "ID-1");
    expect(f, CLIENT "HWDevID", f->h->hw_id);
    assert_string_equal(workplace_client_value(f->h, "EntDMID"), "ID-1");
    assert_int_equal(apply(f, CSP_DELETE, CLIENT "EntDMID", "", "", NULL), 200);
    assert_int_equal(get(f, CLIENT "EntDMID", NULL), 404);
    assert_int_equal(add(f, CLIENT "Push/PFN", "chr", "x"), 406);
    assert_int_equal(get(f, "./Device/Vendor/MSFT/DMClient/Provider/Other/UPN", NULL), 404);
    assert_int_equal(apply(f, CSP_REPLACE, CLIENT "SyncApplicationVersion", "chr", "3.x", NULL),
                     500);
    assert_false(workplace_tells_errors(f->h));
    assert_int_equal(apply(f, CSP_REPLACE, CLIENT "SyncApplicationVersion", "chr", "3.0", NULL),
                     200);
    assert_true(workplace_tells_errors(f->h));
    expect(f, WSTEP "CertThumprint", "00");
    expect(f, WSTEP "Renew/RenewPeriod", "42");
    expect(f, WSTEP "Renew/Status", "0");
    assert_int_equal(apply(f, CSP_REPLACE, WSTEP "Renew/RenewPeriod", "int", "60", NULL), 200);
    assert_int_equal(apply(f, CSP_REPLACE, WSTEP "Renew/RenewPeriod", "int", "0", NULL), 500);
    assert_int_equal(add(f, WSTEP "Renew/Status", "int", "2"), 405);
    expect(f, WSTEP "Renew/RenewPeriod", "60");
}

static void test_user_scope(void **state) {
    static const char uri[] = "./User/Vendor/MSFT/ClientCertificateInstall/SCEP/u/Install/KeyUsage";
    struct fixture *f = *state;
    assert_int_equal(host_set_switch(f->h, "login-status", "none"), OK);
    assert_int_equal(add(f, uri, "int", "160"), 500);
    assert_int_equal(host_set_switch(f->h, "login-status", "user"), OK);
    assert_int_equal(add(f, uri, "int", "160"), 200);
    assert_non_null(registry_open(f->h->registry, SCEP_KEY_USER "\\Test MDM\\u\\Install"));
    assert_null(registry_open(f->h->registry, SCEP_KEY_MACHINE));
}

static void test_root_certificates(void **state) {
    struct fixture *f = *state;
    char thumbprint[THUMBPRINT_SIZE];
    BUF_AUTO(text);
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(1024);
    OSSL_AUTO(X509) x = make_cert(key, (struct made_cert){.cn = "Root", .ca = true});
    struct span der = ossl_x509_der(&f->a, x);
    base64_encode(&text, der);
    cert_thumbprint(der, thumbprint);
#define CERT "./Device/Vendor/MSFT/RootCATrustedCertificates/Root/%s"
    const char *uri = arena_printf(&f->a, CERT "/EncodedCertificate", thumbprint);
    const char *wrong = arena_printf(&f->a, CERT "/EncodedCertificate", "AA");
    assert_int_equal(add(f, wrong, "b64", buf_cstr(&text)), 500);
    assert_int_equal(add(f, uri, "b64", "AAAA"), 500);
    assert_int_equal(
        add(f, uri, "b64", arena_printf(&f->a, "%.40s\n%s", buf_cstr(&text), buf_cstr(&text) + 40)),
        500);
    assert_int_equal(add(f, uri, "b64", buf_cstr(&text)), 200);
    assert_int_equal(add(f, uri, "b64", buf_cstr(&text)), 418);
    expect(f, uri, buf_cstr(&text));
    expect(f, arena_printf(&f->a, CERT "/IssuedTo", thumbprint), "CN=Root");
    expect(f, "./Device/Vendor/MSFT/RootCATrustedCertificates/Root", thumbprint);
    assert_int_equal(apply(f, CSP_DELETE, arena_printf(&f->a, CERT, thumbprint), "", "", NULL),
                     200);
    assert_int_equal(get(f, uri, NULL), 404);
}

static void test_device_info(void **state) {
    struct fixture *f = *state;
    expect(f, "./DevInfo/DevId", f->h->device_id);
    expect(f, "./DevDetail/SwV", "10.0.19043.2364");
    expect(f, "./DevDetail/Ext/Microsoft/DeviceName", "DESKTOP-TEST");
    expect(f, "./DevInfo", "DevId/Man/Mod/DmV/Lang");
    assert_int_equal(apply(f, CSP_REPLACE, "./DevInfo/DevId", "chr", "x", NULL), 405);
}

/* ---- messages ---- */

static const char *run(struct fixture *f, const char *commands) {
    struct xml_node *body;
    struct dm_answer answer;
    const char *text = arena_printf(&f->a, "<SyncBody>%s<Final/></SyncBody>", commands);
    assert_int_equal(xml_parse(&f->a, span_str(text), &body), OK);
    assert_int_equal(dm_commands_run(f->h, body, &f->a, &answer), OK);
    BUF_AUTO(codes);
    for (struct dm_status *s = answer.statuses; s; s = s->next)
        buf_printf(&codes, "%.*s:%d ", SPAN_FMT(s->cmd_ref), s->code);
    for (struct dm_result *r = answer.results; r; r = r->next)
        buf_printf(&codes, "%.*s=%.*s ", SPAN_FMT(r->cmd_ref), SPAN_FMT(r->value.data));
    return arena_str(&f->a, buf_view(&codes));
}

#define EXEC(id, uri, data)                                                                 \
    "<Exec><CmdID>" id "</CmdID><Item><Target><LocURI>" uri "</LocURI></Target><Data>" data \
    "</Data></Item></Exec>"
#define CMD(verb, id, uri, format, data)                                    \
    "<" verb "><CmdID>" id "</CmdID><Item><Target><LocURI>" uri             \
    "</LocURI></Target><Meta><Format>" format "</Format></Meta><Data>" data \
    "</Data></Item></" verb ">"
#define GET(id, uri) \
    "<Get><CmdID>" id "</CmdID><Item><Target><LocURI> " uri " </LocURI></Target></Item></Get>"

static void test_atomic(void **state) {
    struct fixture *f = *state;
    assert_string_equal(run(f, "<Atomic><CmdID>1</CmdID>" CMD("Add", "2", ID, "node", "")
                                   CMD("Add", "3", INSTALL "KeyUsage", "int",
                                       "160") "</Atomic>" GET("4", INSTALL "KeyUsage")),
                        "1:200 2:200 3:200 4:200 4=160 ");
    /* the second time the first child exists: nothing of the rest is tried, nothing stays */
    size_t events = f->h->events.count;
    assert_string_equal(
        run(f, "<Atomic><CmdID>1</CmdID>" CMD("Add", "2", INSTALL "KeyLength", "int", "2048")
                   CMD("Add", "3", ID, "node", "")
                       CMD("Add", "4", INSTALL "RetryCount", "int", "1") "</Atomic>"),
        "1:507 2:216 3:418 4:215 ");
    assert_int_equal(get(f, INSTALL "KeyLength", NULL), 404);
    assert_int_equal(f->h->events.count, events + 1); /* the guilty one alone */
    expect(f, INSTALL "KeyUsage", "160");
    assert_int_equal(host_set_switch(f->h, "atomic-children", "no"), OK);
    assert_string_equal(run(f, "<Atomic><CmdID>1</CmdID>" CMD(
                                   "Add", "2", ID, "node", "") "</Atomic>" GET("3", ID "/Status")),
                        "1:507 3:200 3=32 ");
}

/* The server ends the enrollment: nothing behind it is carried out, and nobody answers. */
static void test_unenroll_by_the_server(void **state) {
    struct fixture *f = *state;
    struct xml_node *body;
    struct dm_answer answer;
    assert_string_equal(run(f, EXEC("1", CLIENT "Unenroll", "Other")), "1:500 ");
    assert_int_equal(host_set_switch(f->h, "unenroll", "silent"), OK);
    assert_string_equal(run(f, EXEC("1", CLIENT "Unenroll", "Test MDM") GET("2", "./DevInfo/DmV")),
                        "2:200 2=1.3 ");
    assert_false(f->h->enrollment->leaving);
    assert_int_equal(host_set_switch(f->h, "unenroll", "answers"), OK);
    const char *text = "<SyncBody>" EXEC("1", CLIENT "Unenroll", "Test MDM")
        CMD("Add", "2", ID, "node", "") "</SyncBody>";
    assert_int_equal(xml_parse(&f->a, span_str(text), &body), OK);
    assert_int_equal(dm_commands_run(f->h, body, &f->a, &answer), OK);
    assert_true(answer.over);
    assert_true(f->h->enrollment->leaving);
    assert_int_equal(get(f, ID, NULL), 404);
}

/* Unenroll in an Atomic that fails behind it was not said; in one that succeeds it was. */
static void test_unenroll_in_an_atomic(void **state) {
    struct fixture *f = *state;
    assert_string_equal(run(f, "<Atomic><CmdID>1</CmdID>" EXEC("2", CLIENT "Unenroll", "Test MDM")
                                   GET("3", "./DevInfo/DmV") "</Atomic>" GET("4", "./DevInfo/DmV")),
                        "1:507 2:216 3:500 4:200 4=1.3 ");
    assert_false(f->h->enrollment->leaving);
    run(f, "<Atomic><CmdID>1</CmdID>" EXEC("2", CLIENT "Unenroll", "Test MDM") "</Atomic>");
    assert_true(f->h->enrollment->leaving);
}

/* What was executed twice is seen; what was taken back was not executed. */
static void test_executions_are_counted(void **state) {
    struct fixture *f = *state;
    struct eventlog *l = &f->h->events;
    run(f, CMD("Replace", "1", INSTALL "KeyUsage", "int", "160"));
    run(f, CMD("Replace", "1", INSTALL "KeyUsageX", "int", "160"));
    run(f, CMD("Replace", "9", INSTALL "KeyUsage", "int", "160") GET("2", ID "/Status"));
    assert_int_equal(l->count, 3);
    assert_string_equal(l->events[0].text, "Replace " INSTALL "KeyUsage status=200 execution=1");
    assert_string_equal(l->events[1].text, "Replace " INSTALL "KeyUsageX status=404");
    assert_string_equal(l->events[2].text, "Replace " INSTALL "KeyUsage status=200 execution=2");
    assert_int_equal(l->events[2].id, EVENT_COMMAND);
    run(f, "<Atomic><CmdID>1</CmdID>" CMD("Replace", "2", INSTALL "KeyUsage", "int", "128")
               CMD("Replace", "3", INSTALL "KeyUsage", "int", "x") "</Atomic>");
    assert_int_equal(l->count, 4);
    assert_true(l->events[3].error);
    assert_string_equal(l->events[3].text, "Replace " INSTALL "KeyUsage status=500");
}

/* The log's line is cut at 300 bytes, in the middle of a character. */
static void test_no_event_is_lost(void **state) {
    struct fixture *f = *state;
    BUF_AUTO(uri);
    buf_str(&uri, "./Vendor/x");
    for (int i = 0; i < 300; i++)
        buf_str(&uri, "\xc3\xa4");
    run(f,
        arena_printf(&f->a, CMD("Add", "1", "%s", "chr", "x") CMD("Add", "2", "%s%s", "chr", "x"),
                     buf_cstr(&uri), "./Vendor/xy", buf_cstr(&uri)));
    assert_int_equal(f->h->events.count, 2);
    assert_int_equal(host_save(f->h), OK);
    host_close(f->h);
    assert_int_equal(host_open(f->dir, HOST_CHANGE, &f->h), OK);
    assert_int_equal(f->h->events.count, 2);
}

static void test_atomic_takes_back_everything(void **state) {
    struct fixture *f = *state;
    add_profile(f);
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(1024);
    OSSL_AUTO(X509) x = make_cert(key, (struct made_cert){.cn = "Root", .ca = true});
    char thumbprint[THUMBPRINT_SIZE];
    BUF_AUTO(text);
    struct span der = ossl_x509_der(&f->a, x);
    base64_encode(&text, der);
    cert_thumbprint(der, thumbprint);
    const char *commands = arena_printf(
        &f->a,
        "<Atomic><CmdID>1</CmdID>" CMD(
            "Add", "2", "./Device/Vendor/MSFT/RootCATrustedCertificates/CA/%s/EncodedCertificate",
            "b64",
            "%s") "<Exec><CmdID>3</CmdID><Item><Target><LocURI>" INSTALL
                  "Enroll</LocURI></Target></Item></Exec>" GET("4", ID "/Status") "</Atomic>",
        thumbprint, buf_cstr(&text));
    assert_string_equal(run(f, commands), "1:507 2:216 3:216 4:500 ");
    assert_int_equal(f->h->certs.count, 0);
    assert_int_equal(f->h->tasks.count, 0);
    assert_int_equal(f->h->events.count, 0);
}

static void test_odd_commands(void **state) {
    struct fixture *f = *state;
    assert_string_equal(run(f, "<Status><CmdID>1</CmdID></Status>"), "");
    assert_string_equal(run(f, "<Nonsense><CmdID>7</CmdID></Nonsense>"), "7:400 ");
    assert_string_equal(
        run(f, "<Get><Item><Target><LocURI>./DevInfo/DevId</LocURI></Target></Item></Get>"),
        ":400 ");
    assert_string_equal(run(f, "<Get><CmdID>2</CmdID></Get>"), "2:400 ");
    assert_string_equal(
        run(f, "<Atomic><CmdID>1</CmdID><Atomic><CmdID>2</CmdID></Atomic></Atomic>"),
        "1:507 2:500 ");
    assert_string_equal(
        run(f, "<Sequence><CmdID>1</CmdID>" GET("2", "./DevInfo/Lang") "</Sequence>"),
        "1:200 2:200 2=en-US ");
    assert_string_equal(
        run(f, "<Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/DmV</LocURI></Target></Item>"
               "<Item><Target><LocURI>./DevInfo/None</LocURI></Target></Item></Get>"),
        "1:404 1=1.3 ");
}

static void test_answer(void **state) {
    struct fixture *f = *state;
    struct xml_node *body;
    struct dm_answer answer;
    BUF_AUTO(out);
    assert_int_equal(xml_parse(&f->a, span_str("<SyncBody><Final/></SyncBody>"), &body), OK);
    assert_int_equal(dm_commands_run(f->h, body, &f->a, &answer), OK);
    const struct dm_form form = {false, 0};
    assert_false(dm_answer_write(&answer, &form, span_str("1"), &out));
    assert_int_equal(
        xml_parse(&f->a, span_str("<SyncBody>" GET("9", "./DevInfo/DmV") "</SyncBody>"), &body),
        OK);
    assert_int_equal(dm_commands_run(f->h, body, &f->a, &answer), OK);
    assert_true(dm_answer_write(&answer, &form, span_str("3"), &out));
    assert_string_equal(
        buf_cstr(&out),
        "<Status><CmdID>1</CmdID><MsgRef>3</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>"
        "<Status><CmdID>2</CmdID><MsgRef>3</MsgRef><CmdRef>9</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status>"
        "<Results><CmdID>3</CmdID><MsgRef>3</MsgRef><CmdRef>9</CmdRef><Item><Source><LocURI>./DevInfo/DmV</LocURI>"
        "</Source><Meta><Format xmlns=\"syncml:metinf\">chr</Format></Meta><Data>1.3</Data></Item></Results>");
}

static void ask(struct fixture *f, const char *commands, struct dm_answer *answer) {
    struct xml_node *body;
    const char *text = arena_printf(&f->a, "<SyncBody>%s</SyncBody>", commands);
    assert_int_equal(xml_parse(&f->a, span_str(text), &body), OK);
    assert_int_equal(dm_commands_run(f->h, body, &f->a, answer), OK);
}

static void test_original_error(void **state) {
    struct fixture *f = *state;
    const struct dm_form form = {.original_error = true};
    struct dm_answer answer;
    BUF_AUTO(out);
    ask(f, GET("1", ID) GET("2", "./DevInfo/DmV"), &answer);
    assert_true(dm_answer_write(&answer, &form, span_str("1"), &out));
    assert_non_null(strstr(buf_cstr(&out), "<Data msft:originalerror=\"0x86000002\">404</Data>"));
    assert_null(strstr(strstr(buf_cstr(&out), "404") + 1, "originalerror"));
}

/* The text of Data in the only Results of `out`. */
static struct span chunk_of(struct fixture *f, const struct buf *out, bool *more, int64_t *size) {
    struct xml_node *root;
    BUF_AUTO(whole);
    buf_printf(&whole, "<x>%.*s</x>", SPAN_FMT(buf_view(out)));
    assert_int_equal(xml_parse(&f->a, buf_view(&whole), &root), OK);
    const struct xml_node *item = xml_path(root, "Results/Item");
    assert_null(xml_next(xml_child(root, "Results")));
    *more = xml_child(item, "MoreData") != NULL;
    *size = 0;
    span_int(xml_path_text(item, "Meta/Size"), size);
    return xml_child(item, "Data")->text;
}

/* "ab", "é": a chunk of three bytes ends before the second character of two. */
static void test_results_in_chunks(void **state) {
    struct fixture *f = *state;
    const struct dm_form form = {.chunk = 3};
    struct dm_answer answer = {0}, later = {0};
    struct arena kept = {0};
    bool more;
    int64_t size;
    BUF_AUTO(out);
    assert_int_equal(add(f, CLIENT "UPN", "chr", "ab\xc3\xa9&c"), 200);
    ask(f, GET("7", CLIENT "UPN") GET("8", "./DevInfo/DmV"), &answer);
    assert_true(dm_answer_write(&answer, &form, span_str("1"), &out));
    assert_true(span_is(chunk_of(f, &out, &more, &size), "ab"));
    assert_true(more);
    assert_int_equal(size, 6);
    struct dm_result *left = dm_results_keep(answer.results, span_str("1"), &kept);
    buf_clear(&out);
    dm_results_go_on(&later, left); /* the server's next message asked for nothing */
    assert_true(dm_answer_write(&later, &form, span_str("2"), &out));
    assert_true(span_is(chunk_of(f, &out, &more, &size), "\xc3\xa9&"));
    assert_true(more && size == 0);
    buf_clear(&out);
    assert_true(dm_answer_write(&later, &form, span_str("3"), &out));
    assert_null(later.results);
    const char *text = buf_cstr(&out), *last = strstr(text, "<Data>c</Data></Item>");
    assert_non_null(last);
    assert_non_null(strstr(last, "<MsgRef>1</MsgRef><CmdRef>8</CmdRef>"));
    assert_non_null(strstr(last, "<Data>1.3</Data></Item>"));
    arena_free(&kept);
}

static void test_a_refused_chunk_ends_its_value(void **state) {
    struct fixture *f = *state;
    struct xml_node *body;
    struct dm_result second = {0}, first = {.next = &second}, *left = &first;
    const char *status = "<SyncBody><Status><Cmd>Results</Cmd><Data>%s</Data></Status></SyncBody>";
    assert_int_equal(xml_parse(&f->a, span_str(arena_printf(&f->a, status, "213")), &body), OK);
    dm_results_refused(&left, body);
    assert_ptr_equal(left, &first);
    assert_int_equal(xml_parse(&f->a, span_str(arena_printf(&f->a, status, "416")), &body), OK);
    dm_results_refused(&left, body);
    assert_ptr_equal(left, &second);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_access_rules),
        TEST(test_names),
        TEST(test_no_task_is_lost),
        TEST(test_no_event_is_lost),
        TEST(test_parents_are_implicit),
        TEST(test_replace_is_upsert_by_switch),
        TEST(test_exec_schedules_and_freezes),
        TEST(test_exec_needs_what_is_required),
        TEST(test_outputs),
        TEST(test_user_scope),
        TEST(test_root_certificates),
        TEST(test_device_info),
        TEST(test_atomic),
        TEST(test_atomic_takes_back_everything),
        TEST(test_odd_commands),
        TEST(test_answer),
        TEST(test_thumbprint),
        TEST(test_account),
        TEST(test_unenroll_by_the_server),
        TEST(test_unenroll_in_an_atomic),
        TEST(test_executions_are_counted),
        TEST(test_original_error),
        TEST(test_results_in_chunks),
        TEST(test_a_refused_chunk_ends_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
