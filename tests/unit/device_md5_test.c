/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated host's login by MD5, and its account in DMAcc. */
#include "csp_fixture.h"

#include "device/md5.h"

/* SHA-256 of "Test MDM" in UTF-16LE, by Python's hashlib. */
#define UID  "0x0000800c63D2098E408CD2D046EFB643CF16030A56331B733AD18B1292178A66ECCC194B"
#define ACC  "./SyncML/DMAcc/" UID
#define AUTH ACC "/AppAuth/CLCRED/"

static int set_up(void **state) {
    struct fixture *f = open_fixture(state);
    md5_provision(f->h, "CLCRED", span_str("Bruce2"), span_str("OhBehave"), span_str("Tm9uY2U="));
    md5_provision(f->h, "SRVCRED", SPAN_NONE, span_str("server"), span_str("Tm9uY2U="));
    return 0;
}

static int replace(struct fixture *f, const char *uri, const char *data) {
    return apply(f, CSP_REPLACE, uri, "chr", data, NULL);
}

static const char *cred(struct fixture *f) {
    BUF_AUTO(b);
    return md5_write_cred(f->h, &b) ? arena_str(&f->a, buf_view(&b)) : NULL;
}

/* OMA's example; the digest is also what Python's hashlib makes of it. */
static void test_cred(void **state) {
    struct fixture *f = *state;
    assert_string_equal(cred(f), "<Cred><Meta><Format xmlns=\"syncml:metinf\">b64</Format>"
                                 "<Type xmlns=\"syncml:metinf\">syncml:auth-md5</Type></Meta>"
                                 "<Data>Zz6EivR3yeaaENcRN6lpAQ==</Data></Cred>");
    assert_string_equal(md5_name(f->h), "Bruce2");
}

/* Without a nonce, or a name, there is nothing to prove. */
static void test_no_cred(void **state) {
    struct fixture *f = *state;
    md5_provision(f->h, "CLCRED", span_str("Bruce2"), span_str("OhBehave"), span_str("no base64!"));
    assert_null(cred(f));
    md5_provision(f->h, "CLCRED", span_str("Bruce2"), span_str("OhBehave"), SPAN_NONE);
    assert_null(cred(f));
    md5_provision(f->h, "CLCRED", SPAN_NONE, span_str("OhBehave"), span_str("Tm9uY2U="));
    assert_null(cred(f));
    assert_null(md5_name(f->h));
}

static bool take(struct fixture *f, const char *status) {
    struct xml_node *root;
    assert_int_equal(xml_parse(&f->a, span_str(status), &root), OK);
    return md5_take_nonce(f->h, root);
}

static void test_nonces(void **state) {
    struct fixture *f = *state;
    const char *before = cred(f);
    assert_false(take(f, "<Status><Data>401</Data></Status>"));
    assert_false(take(f,
                      "<Status><Chal><Meta><Type xmlns=\"syncml:metinf\">syncml:auth-basic</Type>"
                      "<NextNonce>AAAA</NextNonce></Meta></Chal></Status>"));
    assert_string_equal(cred(f), before);
    assert_true(take(f,
                     "<Status><Chal><Meta><Type xmlns=\"syncml:metinf\">syncml:auth-md5</Type>"
                     "<NextNonce xmlns=\"syncml:metinf\">AAAA</NextNonce></Meta></Chal></Status>"));
    assert_string_not_equal(cred(f), before);
}

static void test_account(void **state) {
    struct fixture *f = *state;
    /* of a public server that rekeys real hosts, for its PROVIDER-ID */
    assert_string_equal(
        md5_account_uid(&f->a, "Fleet"),
        "0x0000800cABF8CA7D87C0FA21BB21B896AE2C8468CA07710326415228ACF2392EA1327077");
    expect(f, "./SyncML/DMAcc", UID);
    expect(f, ACC, "AppID/ServerID/AppAddr/AppAuth");
    expect(f, ACC "/AppID", "w7");
    expect(f, ACC "/ServerID", "Test MDM");
    expect(f, ACC "/AppAddr", "1");
    expect(f, ACC "/AppAddr/1", "Addr/AddrType");
    expect(f, ACC "/AppAddr/1/Addr", "https://localhost/MDM.svc");
    expect(f, ACC "/AppAuth", "CLCRED/SRVCRED");
    expect(f, ACC "/AppAuth/SRVCRED", "AAuthLevel/AAuthType/AAuthName");
    expect(f, AUTH "AAuthLevel", "CLCRED");
    expect(f, AUTH "AAuthType", "DIGEST");
    expect(f, AUTH "AAuthName", "Bruce2");
    static const char *const absent[] = {
        "./SyncML/DMAcc/0x00",
        "./SyncML/DMAcc/0x00/AppID",
        ACC "/Name",
        ACC "/AppAddr/2",
        ACC "/AppAddr/2/Addr",
        ACC "/AppAuth/OTHER",
        ACC "/AppAuth/OTHER/AAuthName",
        ACC "/Ext",
        ACC "/Ext/Microsoft/Role",
    };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (apply(f, CSP_GET, absent[i], "", "", NULL) != 404)
            fail_msg("found %s", absent[i]);
}

static void test_secret(void **state) {
    struct fixture *f = *state;
    const char *before = cred(f);
    assert_int_equal(apply(f, CSP_GET, AUTH "AAuthSecret", "", "", NULL), 405);
    assert_int_equal(apply(f, CSP_DELETE, AUTH "AAuthSecret", "", "", NULL), 405);
    assert_int_equal(apply(f, CSP_ADD, AUTH "AAuthSecret", "chr", "x", NULL), 418);
    assert_int_equal(apply(f, CSP_REPLACE, AUTH "AAuthSecret", "int", "1", NULL), 406);
    assert_int_equal(replace(f, "./SyncML/DMAcc/0x00/AppAuth/CLCRED/AAuthSecret", "x"), 404);
    assert_int_equal(replace(f, ACC "/AppAuth/OTHER/AAuthSecret", "x"), 406);
    assert_int_equal(replace(f, ACC "/AppAddr/1/Addr", "https://elsewhere"), 406);
    assert_int_equal(replace(f, ACC "/AppAuth/SRVCRED/AAuthSecret", "x"), 200);
    assert_string_equal(cred(f), before);
    assert_int_equal(replace(f, AUTH "AAuthSecret", "another"), 200);
    assert_string_not_equal(cred(f), before);
    assert_int_equal(replace(f, AUTH "AAuthSecret", "OhBehave"), 200);
    assert_string_equal(cred(f), before);
}

/* An Atomic that fails takes a new secret back; and it outlives the program. */
static void test_kept(void **state) {
    struct fixture *f = *state;
    const char *before = cred(f);
    struct host_snapshot *s = host_snapshot_take(f->h);
    assert_int_equal(replace(f, AUTH "AAuthSecret", "another"), 200);
    host_snapshot_restore(f->h, s);
    assert_string_equal(cred(f), before);
    assert_int_equal(replace(f, AUTH "AAuthSecret", "another"), 200);
    const char *after = cred(f);
    assert_int_equal(host_save(f->h), OK);
    host_close(f->h);
    assert_int_equal(host_open(f->dir, HOST_CHANGE, &f->h), OK);
    assert_string_equal(cred(f), after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_cred),    TEST(test_no_cred), TEST(test_nonces),
        TEST(test_account), TEST(test_secret),  TEST(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
