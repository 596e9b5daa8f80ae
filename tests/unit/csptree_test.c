/* SPDX-License-Identifier: Apache-2.0 */
#include "device_fixture.h"

#include "base/text.h"
#include "device/csptree.h"
#include "device/dm_commands.h"
#include "device/scep_task.h"
#include "wire/mdm.h"

#define ID      "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/one"
#define INSTALL ID "/Install/"
#define KEY     SCEP_KEY_MACHINE "\\Test MDM\\one"

struct fixture {
    char *dir;
    struct host *h;
    struct arena a;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    host_close(f->h);
    arena_free(&f->a);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static int apply(struct fixture *f, enum csp_access verb, const char *uri, const char *format,
                 const char *data, struct csp_value *out) {
    struct csp_value ignored;
    struct csp_command c = {verb, span_str(uri), span_str(format), span_str(data)};
    return csptree_apply(f->h, &c, &f->a, out ? out : &ignored);
}

static int add(struct fixture *f, const char *uri, const char *format, const char *data) {
    return apply(f, CSP_ADD, uri, format, data, NULL);
}

static int get(struct fixture *f, const char *uri, struct csp_value *out) {
    return apply(f, CSP_GET, uri, "", "", out);
}

static void expect(struct fixture *f, const char *uri, const char *data) {
    struct csp_value v;
    assert_int_equal(get(f, uri, &v), 200);
    assert_string_equal(arena_str(&f->a, v.data), data);
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
    assert_int_equal(add(f, INSTALL "RetryCount", "int", "31"), 500);
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
    dm_commands_run(f->h, body, &f->a, &answer);
    BUF_AUTO(codes);
    for (struct dm_status *s = answer.statuses; s; s = s->next)
        buf_printf(&codes, "%.*s:%d ", SPAN_FMT(s->cmd_ref), s->code);
    for (struct dm_result *r = answer.results; r; r = r->next)
        buf_printf(&codes, "%.*s=%.*s ", SPAN_FMT(r->cmd_ref), SPAN_FMT(r->value.data));
    return arena_str(&f->a, buf_view(&codes));
}

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
    assert_int_equal(f->h->events.count, events);
    expect(f, INSTALL "KeyUsage", "160");
    assert_int_equal(host_set_switch(f->h, "atomic-children", "no"), OK);
    assert_string_equal(run(f, "<Atomic><CmdID>1</CmdID>" CMD(
                                   "Add", "2", ID, "node", "") "</Atomic>" GET("3", ID "/Status")),
                        "1:507 3:200 3=32 ");
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
    dm_commands_run(f->h, body, &f->a, &answer);
    assert_false(dm_answer_write(&answer, span_str("1"), &out));
    assert_int_equal(
        xml_parse(&f->a, span_str("<SyncBody>" GET("9", "./DevInfo/DmV") "</SyncBody>"), &body),
        OK);
    dm_commands_run(f->h, body, &f->a, &answer);
    assert_true(dm_answer_write(&answer, span_str("3"), &out));
    assert_string_equal(
        buf_cstr(&out),
        "<Status><CmdID>1</CmdID><MsgRef>3</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>"
        "<Status><CmdID>2</CmdID><MsgRef>3</MsgRef><CmdRef>9</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status>"
        "<Results><CmdID>3</CmdID><MsgRef>3</MsgRef><CmdRef>9</CmdRef><Item><Source><LocURI>./DevInfo/DmV</LocURI>"
        "</Source><Meta><Format xmlns=\"syncml:metinf\">chr</Format></Meta><Data>1.3</Data></Item></Results>");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_access_rules),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
