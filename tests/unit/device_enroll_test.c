/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated host's enrollment: its messages, the provisioning document, the HRESULTs. */
#include "device_fixture.h"

#include "base/text.h"
#include "device/hresult.h"
#include "device/mde_message.h"
#include "device/provisioning.h"
#include "device/workplace.h"
#include "wire/mdm.h"
#include "xml/xml.h"

struct fixture {
    char *dir;
    struct host *h;
    struct arena a;
    EVP_PKEY *key, *ca_key;
    X509 *ca, *id;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    f->h->enrollment = NULL;
    f->key = EVP_RSA_gen(2048);
    f->ca_key = EVP_RSA_gen(1024);
    f->ca = make_cert(f->ca_key, (struct made_cert){.cn = "CA", .ca = true});
    f->id = make_cert(f->key,
                      (struct made_cert){.cn = "DEVICE", .issuer = f->ca, .issuer_key = f->ca_key});
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    X509_free(f->ca);
    X509_free(f->id);
    EVP_PKEY_free(f->key);
    EVP_PKEY_free(f->ca_key);
    host_close(f->h);
    arena_free(&f->a);
    remove_dir(f->dir);
    free(f);
    return 0;
}

/* ---- messages ---- */

static void test_messages(void **state) {
    struct fixture *f = *state;
    struct mde_user u = {.name = "user<&>@example.com", .password = "pass\"word", .type = "Device"};
    BUF_AUTO(m);
    struct xml_node *root;
    mde_write_discover(f->h, "https://h:443/x?a=1&b=2", u.name, &m);
    assert_int_equal(xml_parse(&f->a, buf_view(&m), &root), OK);
    assert_true(span_is(xml_path_text(root, "Body/Discover/request/EmailAddress"), u.name));
    assert_true(span_is(xml_path_text(root, "Header/To"), "https://h:443/x?a=1&b=2"));
    buf_clear(&m);
    mde_write_get_policies("https://h/p", &u, &m);
    assert_int_equal(xml_parse(&f->a, buf_view(&m), &root), OK);
    assert_true(span_is(xml_path_text(root, "Header/Security/UsernameToken/Password"), u.password));
    buf_clear(&m);
    mde_write_rst(f->h, "https://h/e", &u, span_str("CSR"), &m);
    assert_int_equal(xml_parse(&f->a, buf_view(&m), &root), OK);
    const struct xml_node *rst = xml_path(root, "Body/RequestSecurityToken");
    assert_true(span_is(xml_path_text(rst, "BinarySecurityToken"), "Q1NS"));
    size_t macs = 0;
    bool device = false;
    for (struct xml_node *i = xml_path(rst, "AdditionalContext/ContextItem"); i; i = xml_next(i)) {
        macs += span_is(xml_attr(i, "Name"), "MAC");
        device = device || (span_is(xml_attr(i, "Name"), "EnrollmentType") &&
                            span_is(xml_path_text(i, "Value"), "Device"));
    }
    assert_int_equal(macs, 6);
    assert_true(device);
    assert_null(strstr(buf_cstr(&m), "> <"));
    assert_null(strstr(buf_cstr(&m), "<?xml"));
    /* what a sign-in page gave goes in place of name and password, in base64 */
    u.token = span_str("TOKEN");
    buf_clear(&m);
    mde_write_get_policies("https://h/p", &u, &m);
    assert_int_equal(xml_parse(&f->a, buf_view(&m), &root), OK);
    const struct xml_node *token = xml_path(root, "Header/Security/BinarySecurityToken");
    assert_true(span_is(xml_text(token), "VE9LRU4="));
    assert_true(span_is(xml_attr(token, "ValueType"), VALUE_USER_TOKEN));
    assert_null(xml_path(root, "Header/Security/UsernameToken"));
}

/* C.8: an empty password, and a context that does not tell the DeviceID. */
static void test_renewal_message(void **state) {
    struct fixture *f = *state;
    BUF_AUTO(m);
    struct xml_node *root;
    mde_write_renew(f->h, "https://h/e", "alice", span_str("CMS"), &m);
    assert_int_equal(xml_parse(&f->a, buf_view(&m), &root), OK);
    const struct xml_node *rst = xml_path(root, "Body/RequestSecurityToken");
    assert_true(span_is(xml_path_text(rst, "RequestType"), REQUEST_RENEW));
    assert_true(span_is(xml_attr(xml_child(rst, "BinarySecurityToken"), "ValueType"), VALUE_PKCS7));
    assert_true(span_is(xml_path_text(rst, "BinarySecurityToken"), "Q01T"));
    assert_non_null(xml_path(root, "Header/Security/UsernameToken/Password"));
    assert_int_equal(xml_path_text(root, "Header/Security/UsernameToken/Password").n, 0);
    assert_non_null(xml_path(rst, "AdditionalContext/ContextItem"));
    assert_null(strstr(buf_cstr(&m), "DeviceID"));
}

static void test_csr(void **state) {
    /* AlgorithmIdentifier of OIW's SHA-1 with RSA, with its NULL */
    static const char oiw[] = "\x30\x09\x06\x05\x2b\x0e\x03\x02\x1d\x05\x00\x03";
    struct fixture *f = *state;
    struct span der = mde_csr(f->h, f->key, false, &f->a);
    assert_non_null(memmem(der.p, der.n, oiw, sizeof oiw - 1));
    assert_memory_equal(der.p + 22, "\x13\x40", 2); /* PrintableString of 64 bytes */
    assert_memory_equal(der.p + 24 + 30, "!", 1);
    assert_memory_equal(der.p + 24 + 31, f->h->device_id, 33); /* with its NUL */
    const unsigned char *p = der.p;
    OSSL_AUTO(X509_REQ) csr = d2i_X509_REQ(NULL, &p, (long)der.n);
    assert_non_null(csr);
    assert_int_equal(X509_REQ_verify(csr, f->key), 1);
    der = mde_csr(f->h, f->key, true, &f->a);
    p = der.p;
    OSSL_AUTO(X509_REQ) newer = d2i_X509_REQ(NULL, &p, (long)der.n);
    assert_int_equal(X509_REQ_get_signature_nid(newer), NID_sha256WithRSAEncryption);
}

static void test_newer_csr(void **state) {
    struct fixture *f = *state;
    assert_int_equal(host_set_switch(f->h, "mde-csr", "utf8"), OK);
    struct span der = mde_csr(f->h, f->key, false, &f->a);
    assert_memory_equal(der.p + 22, "\x0c\x3f", 2); /* UTF8String of 63 bytes */
    assert_memory_equal(der.p + 24 + 31, f->h->device_id, 32);
    const unsigned char *p = der.p;
    OSSL_AUTO(X509_REQ) csr = d2i_X509_REQ(NULL, &p, (long)der.n);
    assert_non_null(csr);
    assert_int_equal(X509_REQ_verify(csr, f->key), 1);
    assert_int_equal(X509_REQ_get_signature_nid(csr), NID_sha256WithRSAEncryption);
    OSSL_EXTS_AUTO exts = X509_REQ_get_extensions(csr);
    assert_int_equal(sk_X509_EXTENSION_num(exts), 2);
    assert_int_equal(X509v3_get_ext_by_NID(exts, NID_ext_key_usage, -1), 0);
}

/* ---- provisioning document ---- */

/* Parts that a test changes; NULL is what a good server sends. */
struct document {
    const char *root_hash, *id_value, *store, *container, *appid, *address, *encoding, *criteria,
        *appauth, *provider, *poll;
};

static const char * or (const char *s, const char *absent) {
    return s ? s : absent;
}

static const char *base64(struct fixture *f, const X509 *x) {
    BUF_AUTO(text);
    base64_encode(&text, ossl_x509_der(&f->a, x));
    return arena_str(&f->a, buf_view(&text));
}

static const char *hash(struct fixture *f, const X509 *x) {
    char *text = arena_alloc(&f->a, THUMBPRINT_SIZE);
    cert_thumbprint(ossl_x509_der(&f->a, x), text);
    return text;
}

#define CHAR(type, content) "<characteristic type=\"" type "\">" content "</characteristic>"
#define PARM(name)          "<parm name=\"" name "\" value=\"%s\"/>"

static enum err apply(struct fixture *f, struct document d) {
    const char *appauth = CHAR("APPAUTH", "") CHAR("APPAUTH", "");
    const char *text = arena_printf(
        &f->a,
        "<?xml version=\"1.0\"?><wap-provisioningdoc version=\"1.1\">" CHAR(
            "CertificateStore",
            CHAR("Root", CHAR("System", CHAR("%s", PARM("EncodedCertificate"))))
                CHAR("My", CHAR("%s", CHAR("%s", PARM("EncodedCertificate")) "%s")))
            CHAR("APPLICATION", PARM("APPID") PARM("PROVIDER-ID") PARM("ADDR") PARM(
                                    "DEFAULTENCODING") PARM("SSLCLIENTCERTSEARCHCRITERIA") "%s")
                CHAR("DMClient",
                     CHAR("Provider",
                          CHAR("%s", CHAR("Poll",
                                          PARM("NumberOfFirstRetries"))))) "</wap-provisioningdoc>",
        or (d.root_hash, hash(f, f->ca)), base64(f, f->ca), or (d.store, "User"), hash(f, f->id),
        or (d.id_value, base64(f, f->id)),
        or (d.container, "<characteristic type=\"PrivateKeyContainer\"/>"), or (d.appid, "w7"),
        "Test MDM", or (d.address, "https://h/MDM.svc"), or (d.encoding, TYPE_SYNCML),
        or (d.criteria, "Subject=CN%3dDEVICE&amp;Stores=My%5CUser"), or (d.appauth, appauth),
        or (d.provider, "Test MDM"), or (d.poll, "8"));
    return provisioning_apply(f->h, span_str(text), f->key, "user");
}

static void expect_failure(struct fixture *f, struct document d, uint32_t hresult) {
    char code[16];
    f->h->enrollment = NULL;
    snprintf(code, sizeof code, "0x%08x", hresult);
    assert_int_equal(apply(f, d), ERR_REFUSED);
    assert_int_equal(strncmp(err_detail(), code, 10), 0);
    assert_null(f->h->enrollment);
}

static void test_document(void **state) {
    struct fixture *f = *state;
    assert_int_equal(apply(f, (struct document){0}), OK);
    const struct enrollment *e = f->h->enrollment;
    assert_string_equal(e->provider, "Test MDM");
    assert_string_equal(e->address, "https://h/MDM.svc");
    assert_true(e->user_store);
    assert_int_equal(e->poll[0].number, 8);
    assert_int_equal(e->poll[0].minutes, 15);
    const struct cert_entry *id =
        certstore_find(&f->h->certs, STORE_USER_MY, span_str(e->thumbprint));
    assert_non_null(id);
    assert_true(span_starts(id->key, "-----BEGIN PRIVATE KEY"));
    assert_non_null(certstore_find(&f->h->certs, STORE_ROOT, span_str(hash(f, f->ca))));
}

static void test_device_enrollment(void **state) {
    struct fixture *f = *state;
    assert_int_equal(
        apply(f, (struct document){.store = "System",
                                   .criteria = "Subject=CN%3dDEVICE&amp;Stores=My%5CSystem"}),
        OK);
    assert_false(f->h->enrollment->user_store);
    assert_non_null(certstore_find(&f->h->certs, STORE_MY, span_str(f->h->enrollment->thumbprint)));
}

static void test_bad_documents(void **state) {
    struct fixture *f = *state;
    expect_failure(f, (struct document){.root_hash = "AA"}, HR_MENROLL_CERT_STORE_CSP);
    expect_failure(f, (struct document){.id_value = "AAAA"}, HR_MENROLL_CERT_STORE_CSP);
    expect_failure(f, (struct document){.container = ""}, HR_MENROLL_CERT_STORE_CSP);
    expect_failure(f, (struct document){.store = "user"}, HR_MENROLL_CERT_STORE_CSP);
    expect_failure(f, (struct document){.appid = "w4"}, HR_MENROLL_W7_CSP);
    expect_failure(f, (struct document){.address = ""}, HR_MENROLL_W7_CSP);
    expect_failure(f, (struct document){.encoding = "application/vnd.syncml.dm+wbxml"},
                   HR_MENROLL_W7_CSP);
    expect_failure(f, (struct document){.appauth = CHAR("APPAUTH", "")}, HR_MENROLL_W7_CSP);
    expect_failure(f, (struct document){.criteria = "Subject=CN%3dOTHER"}, HR_MENROLL_CLIENT_CERT);
    expect_failure(f, (struct document){.criteria = "Stores=My%5CSystem"}, HR_MENROLL_CLIENT_CERT);
    expect_failure(f, (struct document){.provider = "Other"}, HR_MENROLL_DMCLIENT_CSP);
    expect_failure(f, (struct document){.poll = "-1"}, HR_MENROLL_DMCLIENT_CSP);
    assert_int_equal(provisioning_apply(f->h, span_str("<html/>"), f->key, "u"), ERR_REFUSED);
    assert_int_equal(provisioning_apply(f->h, span_str("<wap"), f->key, "u"), ERR_REFUSED);
    assert_int_equal(strncmp(err_detail(), "0x80180022", 10), 0);
}

#define DOC(content) "<wap-provisioningdoc version=\"1.1\">" content "</wap-provisioningdoc>"

/* A renewal's document, with the identity `x`. */
static enum err renew(struct fixture *f, const X509 *x, EVP_PKEY *key, const char *provider) {
    const char *text = arena_printf(
        &f->a,
        DOC(CHAR("CertificateStore", CHAR("My", CHAR("User", CHAR("%s", PARM("EncodedCertificate"))
                                                                 CHAR("PrivateKeyContainer", ""))))
                CHAR("APPLICATION", PARM("PROVIDER-ID"))),
        hash(f, x), base64(f, x), provider);
    return provisioning_renew(f->h, span_str(text), key);
}

static void test_renewal_document(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(1024);
    OSSL_AUTO(X509)
    x = make_cert(key,
                  (struct made_cert){.cn = "DEVICE", .issuer = f->ca, .issuer_key = f->ca_key});
    assert_int_equal(apply(f, (struct document){0}), OK);
    const char *before = f->h->enrollment->thumbprint;
    assert_int_equal(renew(f, x, key, "Other"), ERR_REFUSED);
    assert_int_equal(renew(f, x, f->key, "Test MDM"), ERR_REFUSED); /* for another key */
    assert_string_equal(f->h->enrollment->thumbprint, before);
    assert_int_equal(renew(f, x, key, "Test MDM"), OK);
    assert_string_equal(f->h->enrollment->thumbprint, hash(f, x));
    assert_null(certstore_find(&f->h->certs, STORE_USER_MY, span_str(before)));
    const struct cert_entry *id = certstore_find(&f->h->certs, STORE_USER_MY, span_str(hash(f, x)));
    assert_true(id && id->key.n);
}

/* What the document sets of DMClient and the renewal is there by SyncML, and goes with the host. */
static void test_settings(void **state) {
    struct fixture *f = *state;
    const char *container = "<characteristic type=\"PrivateKeyContainer\"/></characteristic>" CHAR(
        "WSTEP", CHAR("Renew", "<parm name=\"RenewPeriod\" value=\"50\"/>"
                               "<parm name=\"Unheard\" value=\"1\"/>"));
    container = arena_printf(&f->a, "%s<characteristic type=\"Rest\">", container);
    assert_int_equal(apply(f, (struct document){.container = container}), OK);
    assert_string_equal(workplace_renew_value(f->h, "RenewPeriod"), "50");
    assert_null(workplace_renew_value(f->h, "Unheard"));
    assert_null(workplace_client_value(f->h, "EntDMID"));
    workplace_set_discovery(f->h, "https://h/d");
    assert_string_equal(workplace_discovery(f->h), "https://h/d");
    workplace_remove(f->h);
    assert_null(f->h->enrollment);
    assert_null(workplace_discovery(f->h));
    for (size_t i = 0; i < f->h->certs.count; i++) /* what it trusted stays */
        assert_int_equal(f->h->certs.entries[i].store, STORE_ROOT);
}

static void test_a_foreign_key(void **state) {
    struct fixture *f = *state;
    EVP_PKEY *own = f->key;
    f->key = f->ca_key;
    expect_failure(f, (struct document){0}, HR_MENROLL_CERT_STORE_CSP);
    f->key = own;
}

static void test_hresults(void **state) {
    struct fixture *f = *state;
    assert_int_equal(hresult_of_fault(span_str("s:Authentication"), SPAN_NONE),
                     HR_MENROLL_AUTHENTICATION);
    assert_int_equal(hresult_of_fault(span_str("s:authorization"), SPAN_NONE),
                     HR_MENROLL_AUTHORIZATION);
    assert_int_equal(hresult_of_fault(span_str("a:InternalServiceFault"), SPAN_NONE),
                     HR_MENROLL_INTERNAL);
    assert_int_equal(hresult_of_fault(span_str("s:authorization"), span_str("DeviceCapReached")),
                     0x80180013);
    assert_int_equal(hresult_of_fault(SPAN_NONE, SPAN_NONE), HR_MENROLL_UNKNOWN);
    assert_int_equal(hresult_of_fetch(FETCH_TLS), HR_WINHTTP_SECURE_FAILURE);
    assert_int_equal(hresult_of_fetch(FETCH_TLS_TRUST), HR_WINHTTP_SECURE_FAILURE);
    assert_int_equal(hresult_of_fetch(FETCH_TLS_NAME), HR_WINHTTP_SECURE_FAILURE);
    assert_string_equal(hresult_text(&f->a, HR_CRYPT_HASH_VALUE), "The hash value is not correct.");
    assert_string_equal(hresult_text(&f->a, HR_ACCEPTED_FOR_PROCESSING),
                        "Unknown Win32 Error code: 0x2ab0003");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_messages),      TEST(test_csr),
        TEST(test_document),      TEST(test_device_enrollment),
        TEST(test_bad_documents), TEST(test_a_foreign_key),
        TEST(test_hresults),      TEST(test_renewal_message),
        TEST(test_newer_csr),     TEST(test_renewal_document),
        TEST(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
