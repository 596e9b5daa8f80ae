/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nobody knows of Windows' SCEP client (windows-scep.md, 10) in each position of its switch,
 * where no other test has it: lists of servers, redirects, renewal, the CSR and its signer.
 */
#include "device_task_fixture.h"

static void set_urls(struct fixture *f, const char *first, const char *second) {
    char urls[200];
    snprintf(urls, sizeof urls, "%s ;; http://127.0.0.1:%d/%s;", first, f->v->port, second);
    set_text(f, "ServerURL", urls);
}

static int events_of(const struct fixture *f, int id) {
    int n = 0;
    for (size_t i = 0; i < f->h->events.count; i++)
        n += f->h->events.events[i].id == id;
    return n;
}

#define NOBODY "http://127.0.0.1:1/scep"

static void test_server_list(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *value;
        bool refused; /* the first server answers 404; else it is not there */
        uint32_t code;
    } cases[] = {
        {"initialize", true, HR_OK},       {"initialize", false, HR_OK},
        {"transport", true, HR_HTTP(404)}, {"transport", false, HR_OK},
        {"first", true, HR_HTTP(404)},     {"first", false, HR_WININET_CONNECT},
    };
    char refuses[100], good[100];
    snprintf(refuses, sizeof refuses, "http://127.0.0.1:%d/refused", f->v->port);
    snprintf(good, sizeof good, "http://127.0.0.1:%d/scep/pkiclient.exe", f->v->port);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_urls(f, cases[i].refused ? refuses : NOBODY, "scep");
        set_switch(f, "server-list", cases[i].value);
        eventlog_free(&f->h->events);
        if (try_once(f) != cases[i].code)
            fail_msg("case %zu", i);
        assert_int_equal(events_of(f, EVENT_SCEP_LOG_ERROR), 1);
        const char *responder = reg_text(registry_open(f->h->registry, KEY), "RespondentServerUrl");
        if (cases[i].code == HR_OK)
            assert_string_equal(responder, good);
    }
}

/* Their order counts, and a server that answers wrongly is none. */
static void test_server_list_order(void **state) {
    struct fixture *f = *state;
    char first[100];
    snprintf(first, sizeof first, "http://127.0.0.1:%d/scep", f->v->port);
    set_urls(f, first, "refused");
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(events_of(f, EVENT_SCEP_LOG_ERROR), 0);
    set_urls(f, NOBODY, "refused");
    eventlog_free(&f->h->events);
    assert_int_equal(try_once(f), HR_HTTP(404)); /* the last one's */
    assert_int_equal(events_of(f, EVENT_SCEP_LOG_ERROR), 2);
    assert_int_equal(events_of(f, EVENT_SCEP_FAILED), 1);
    set_urls(f, first, "scep");
    set_text(f, "CAThumbprint", "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57");
    f->v->got_ca = 0;
    assert_int_equal(try_once(f), HR_CRYPT_HASH_VALUE);
    assert_int_equal(f->v->got_ca, 2);
}

static void test_redirects(void **state) {
    struct fixture *f = *state;
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/moved", f->v->port);
    set_text(f, "ServerURL", url);
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(f->v->posts, 1);
    set_text(f, "ServerURL", url);
    set_switch(f, "redirects", "refuse");
    assert_int_equal(try_once(f), HR_HTTP(307));
    set_switch(f, "redirects", "follow");
    f->v->status = 302;
    f->v->location = "/round/and/round";
    assert_int_equal(try_once(f), HR_HTTP(302));
    server_use_tls(f->v, TLS1_2_VERSION);
    set_url(f, "https");
    f->v->location = "http://127.0.0.1:1/scep"; /* from https to http: not even tried */
    assert_int_equal(try_once(f), HR_HTTP(302));
}

/* ---- renewal ---- */

static const char *installed(struct fixture *f) {
    return reg_text(registry_open(f->h->registry, KEY), "CertThumbprint");
}

static uint32_t renew(struct fixture *f) {
    ARENA_AUTO(a);
    struct scep_outcome out;
    assert_int_equal(scep_task_renew(f->h, KEY, &a, &out), OK);
    restart(f);
    return out.hresult;
}

static void enroll_first(struct fixture *f, char thumbprint[THUMBPRINT_SIZE]) {
    assert_int_equal(try_once(f), HR_OK);
    memcpy(thumbprint, installed(f), THUMBPRINT_SIZE);
}

static bool has_challenge(struct fixture *f) {
    const unsigned char *p = f->v->csr.p;
    OSSL_AUTO(X509_REQ) csr = d2i_X509_REQ(NULL, &p, (long)f->v->csr.n);
    return X509_REQ_get_attr_by_NID(csr, NID_pkcs9_challengePassword, -1) >= 0;
}

static void test_renewal(void **state) {
    struct fixture *f = *state;
    char old[THUMBPRINT_SIZE];
    enroll_first(f, old);
    assert_true(has_challenge(f));
    assert_int_equal(renew(f), HR_OK);
    assert_int_equal(f->v->seen[1].type, SCEP_PKCS_REQ);
    assert_string_equal(f->v->seen[1].signer, old);
    assert_false(has_challenge(f));
    assert_string_not_equal(installed(f), old);
    assert_null(certstore_find(&f->h->certs, STORE_MY, span_str(old)));
    assert_non_null(certstore_find(&f->h->certs, STORE_MY, span_str(installed(f))));
    memcpy(old, installed(f), sizeof old);
    set_switch(f, "renewal-message", "renewalreq");
    assert_int_equal(renew(f), HR_OK);
    assert_int_equal(f->v->seen[2].type, SCEP_RENEWAL_REQ);
    assert_string_equal(f->v->seen[2].signer, old);
}

static void test_renewal_is_refused(void **state) {
    struct fixture *f = *state;
    char old[THUMBPRINT_SIZE];
    enroll_first(f, old);
    f->v->reply = (struct reply){.status = "2", .fail = "2", .text = "0x80094811"};
    assert_int_equal(renew(f), 0x80094811);
    assert_string_equal(installed(f), old);
    assert_int_equal(dword(f, "Status"), CSP_SCEP_SUCCESS);
    assert_int_equal(stored(f, STORE_MY), 1);
}

static void test_renewal_is_pended(void **state) {
    struct fixture *f = *state;
    ARENA_AUTO(a);
    char old[THUMBPRINT_SIZE];
    struct scep_outcome out;
    enroll_first(f, old);
    f->v->pend = 1;
    assert_int_equal(renew(f), HR_OK);
    assert_string_equal(installed(f), old);
    assert_int_equal(scep_task_renew(f->h, KEY, &a, &out), OK);
    assert_int_equal(out.status, CSP_SCEP_SUCCESS);
    assert_int_equal(f->v->polls, 1);
    assert_string_equal(f->v->seen[2].signer, old);
    assert_string_not_equal(installed(f), old);
    assert_int_equal(stored(f, STORE_MY), 1);
    assert_int_equal(stored(f, STORE_REQUEST), 0);
}

static void test_nothing_to_renew(void **state) {
    struct fixture *f = *state;
    ARENA_AUTO(a);
    struct scep_outcome out;
    assert_int_equal(scep_task_renew(f->h, KEY, &a, &out), ERR_NOT_FOUND);
    assert_int_equal(scep_task_renew(f->h, KEY "x", &a, &out), ERR_NOT_FOUND);
    assert_int_equal(f->v->got_caps, 0);
}

/* ---- the CSR and its signer ---- */

static int signature_of_csr(struct fixture *f) {
    const unsigned char *p = f->v->csr.p;
    OSSL_AUTO(X509_REQ) csr = d2i_X509_REQ(NULL, &p, (long)f->v->csr.n);
    return X509_REQ_get_signature_nid(csr);
}

static int signature_of_signer(struct fixture *f) {
    OSSL_AUTO(X509) x = ossl_x509_read(f->v->signer);
    return X509_get_signature_nid(x);
}

static void test_digests(void **state) {
    struct fixture *f = *state;
    set_text(f, "HashAlgorithm", "SHA-1;SHA-2");
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(signature_of_csr(f), NID_sha256WithRSAEncryption);
    assert_int_equal(signature_of_signer(f), NID_sha1WithRSAEncryption);
    set_switch(f, "csr-digest", "first");
    set_switch(f, "digest", "hash-algorithm");
    set_text(f, "HashAlgorithm", "SHA-2;SHA-1");
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(signature_of_csr(f), NID_sha256WithRSAEncryption);
    assert_int_equal(signature_of_signer(f), NID_sha256WithRSAEncryption);
    set_text(f, "HashAlgorithm", "SHA-1;SHA-2");
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(signature_of_csr(f), NID_sha1WithRSAEncryption);
    assert_int_equal(signature_of_signer(f), NID_sha1WithRSAEncryption);
}

static void add_der(struct buf *out, unsigned char *der, int n) {
    assert_true(n > 0);
    buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
}

/* What the CSR asks for beside its subject: attributes and extensions, but for the key's own id. */
static void wishes_of_csr(struct fixture *f, struct buf *out) {
    const unsigned char *p = f->v->csr.p;
    OSSL_AUTO(X509_REQ) csr = d2i_X509_REQ(NULL, &p, (long)f->v->csr.n);
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(csr);
    for (int i = 0; i < X509_REQ_get_attr_count(csr); i++) {
        unsigned char *der = NULL;
        X509_ATTRIBUTE *attribute = X509_REQ_get_attr(csr, i);
        if (OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute)) != NID_ext_req) {
            int n = i2d_X509_ATTRIBUTE(attribute, &der);
            add_der(out, der, n);
        }
    }
    for (int i = 0; i < sk_X509_EXTENSION_num(extensions); i++) {
        unsigned char *der = NULL;
        X509_EXTENSION *extension = sk_X509_EXTENSION_value(extensions, i);
        if (OBJ_obj2nid(X509_EXTENSION_get_object(extension)) != NID_subject_key_identifier) {
            int n = i2d_X509_EXTENSION(extension, &der);
            add_der(out, der, n);
        }
    }
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

static void test_what_is_not_in_the_csr(void **state) {
    struct fixture *f = *state;
    BUF_AUTO(plain);
    BUF_AUTO(wished);
    assert_int_equal(try_once(f), HR_OK);
    size_t size = f->v->csr.n;
    wishes_of_csr(f, &plain);
    set_text(f, "TemplateName", "Workstation");
    set_text(f, "ValidPeriod", "Years");
    set_text(f, "ValidPeriodUnits", "2");
    assert_int_equal(try_once(f), HR_OK);
    wishes_of_csr(f, &wished);
    assert_int_equal(f->v->csr.n, size);
    assert_true(plain.n > 0 && plain.n == wished.n);
    assert_memory_equal(plain.p, wished.p, plain.n);
}

static void test_signer_hash(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(ASN1_OBJECT) oid = OBJ_txt2obj(OID_MS_SCEP_SIGNER_HASH, 1);
    for (int on = 0; on < 2; on++) {
        set_switch(f, "csr-signer-hash", on ? "yes" : "no");
        assert_int_equal(try_once(f), HR_OK);
        const unsigned char *p = f->v->csr.p;
        OSSL_AUTO(X509_REQ) csr = d2i_X509_REQ(NULL, &p, (long)f->v->csr.n);
        int at = X509_REQ_get_attr_by_OBJ(csr, oid, -1);
        assert_int_equal(at >= 0, on);
        if (!on)
            continue;
        X509_ATTRIBUTE *attribute = X509_REQ_get_attr(csr, at);
        const ASN1_STRING *value =
            X509_ATTRIBUTE_get0_data(attribute, 0, V_ASN1_OCTET_STRING, NULL);
        unsigned char digest[20];
        EVP_Digest(f->v->signer.p, f->v->signer.n, digest, NULL, EVP_sha1(), NULL);
        assert_int_equal(ASN1_STRING_length(value), sizeof digest);
        assert_memory_equal(ASN1_STRING_get0_data(value), digest, sizeof digest);
    }
}

/* The AKI of the signer, and whether it is critical. */
static bool read_aki(struct fixture *f, bool *critical) {
    int is_critical = 0;
    unsigned char id[20];
    const unsigned char *bits;
    int n;
    OSSL_AUTO(X509) x = ossl_x509_read(f->v->signer);
    AUTHORITY_KEYID *aki = X509_get_ext_d2i(x, NID_authority_key_identifier, &is_critical, NULL);
    const unsigned char *p = f->v->csr.p;
    OSSL_AUTO(X509_REQ) csr = d2i_X509_REQ(NULL, &p, (long)f->v->csr.n);
    X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, X509_REQ_get_X509_PUBKEY(csr));
    EVP_Digest(bits, (size_t)n, id, NULL, EVP_sha1(), NULL);
    assert_non_null(aki);
    assert_int_equal(ASN1_STRING_length(aki->keyid), sizeof id);
    bool of_csr = memcmp(ASN1_STRING_get0_data(aki->keyid), id, sizeof id) == 0;
    AUTHORITY_KEYID_free(aki);
    *critical = is_critical;
    return of_csr;
}

static void test_signer_aki(void **state) {
    struct fixture *f = *state;
    bool critical;
    assert_int_equal(try_once(f), HR_OK);
    assert_true(read_aki(f, &critical));
    assert_true(critical);
    set_switch(f, "signer-aki", "plain");
    set_switch(f, "signer-aki-value", "random");
    assert_int_equal(try_once(f), HR_OK);
    assert_false(read_aki(f, &critical));
    assert_false(critical);
}

static void test_missing_nonce(void **state) {
    struct fixture *f = *state;
    f->v->reply = (struct reply){.no_sender = true};
    assert_int_equal(try_once(f), HR_CRYPT_AUTH_ATTR_MISSING);
    set_switch(f, "missing-nonce", "accept");
    assert_int_equal(try_once(f), HR_OK);
    f->v->reply = (struct reply){.no_recipient = true};
    assert_int_equal(try_once(f), HR_OK);
    f->v->reply = (struct reply){.wrong_nonce = true};
    assert_int_equal(try_once(f), HR_INVALID_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_server_list),
        TEST(test_server_list_order),
        TEST(test_redirects),
        TEST(test_renewal),
        TEST(test_renewal_is_refused),
        TEST(test_renewal_is_pended),
        TEST(test_nothing_to_renew),
        TEST(test_digests),
        TEST(test_what_is_not_in_the_csr),
        TEST(test_signer_hash),
        TEST(test_signer_aki),
        TEST(test_missing_nonce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
