/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SCEP server without HTTP, in a folder of its own: CAs, endpoints, a store; and SCEP clients by
 * OpenSSL's pen and eye.
 */
#ifndef SIGNET_TESTS_SCEP_FIXTURE_H
#define SIGNET_TESTS_SCEP_FIXTURE_H

#include "cms_fixture.h"
#include "fetch_now.h"

#include <openssl/x509v3.h>
#include <pthread.h>
#include <sqlite3.h>

#include "base/log.h"
#include "ca/authority.h"
#include "ca/revocation.h"
#include "der/writer.h"
#include "enroll/challenges.h"
#include "enroll/pki_operation.h"

static const int64_t DAY = 86400000;

/* ---- the server ---- */

enum { EP_DEFAULT, EP_OTHER, EP_MANUAL, EP_STATIC, EP_COUNT };

static char *scep_folder;
static char scep_database[96];
static struct authority *scep_authority;
static struct pki_settings scep_settings;
static struct pki_holder *scep_holder;
static const struct pki *scep_pki;

static const char scep_secret[] = "a secret that everybody knows";

static inline struct policy usual_policy(void) {
    return (struct policy){
        .rsa = true,
        .p256 = true,
        .rsa_min_bits = 2048,
        .rsa_max_bits = 4096,
        .eku = {"1.3.6.1.5.5.7.3.2"},
        .eku_count = 1,
        .key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
        .validity = 365 * DAY,
        .backdate = 600000,
        .challenge_lifetime = 3600000,
        .renewal_window = 30 * DAY,
        .mscep_digits = 16,
        .mscep_quota = 2,
    };
}

/* Tests may change a policy at any time: endpoints point to these. */
static inline struct policy *policy_of(int endpoint) {
    return &scep_settings.endpoints[endpoint].policy;
}

static inline const struct endpoint *endpoint_of(int endpoint) {
    return &scep_pki->endpoints[endpoint];
}

/* All steps of a PKIOperation in this thread. */
static inline enum err serve_at_once(const struct scep_service *service,
                                     const struct endpoint *endpoint, struct arena *a,
                                     struct span message, const char *peer, struct span *reply) {
    struct operation *op = scep_begin(service, endpoint, a, message, peer);
    struct fetch_job *hook = scep_hook(op);
    if (hook) {
        fetch_now(service->pool, hook);
        scep_hooked(op);
    }
    store_work *commit = scep_commit(op);
    return scep_finish(op, commit ? store_write(service->store, commit, op) : OK, reply);
}

static inline void usual_policies(void) {
    for (int i = 0; i < EP_COUNT; i++)
        *policy_of(i) = usual_policy();
    policy_of(EP_MANUAL)->manual_approval = true;
    policy_of(EP_STATIC)->challenges = CHALLENGES_STATIC;
    policy_of(EP_STATIC)->static_challenge = scep_secret;
    policy_of(EP_STATIC)->subject_rule = "CN=*.example.com";
    policy_of(EP_STATIC)->san_rules[0] = "dns:*.example.com";
    policy_of(EP_STATIC)->san_rule_count = 1;
}

static inline void scep_server_new(void) {
    static const char *const names[] = {"default", "other", "manual", "static"};
    struct ca_birth birth = {.host = "localhost"};
    scep_folder = scratch_new();
    snprintf(scep_database, sizeof scep_database, "%s/signet.db", scep_folder);
    scep_settings.folder = scep_folder;
    scep_settings.cas[0] =
        (struct ca_settings){.name = PKI_DEFAULT, .crl_validity = 7 * DAY, .warn_before = 30 * DAY};
    scep_settings.ca_count = 1;
    for (int i = 0; i < EP_COUNT; i++)
        scep_settings.endpoints[i] = (struct endpoint_settings){
            .name = names[i], .paths = {names[i]}, .path_count = 1, .ca = PKI_DEFAULT};
    scep_settings.endpoint_count = EP_COUNT;
    usual_policies();
    assert_ok(authority_create(scep_folder, "localhost"));
    assert_ok(authority_load(scep_folder, &scep_authority));
    assert_ok(ca_create(scep_folder, &scep_settings.cas[0], &birth));
    assert_ok(pki_open(&scep_settings, &scep_holder));
    scep_pki = pki_acquire(scep_holder);
}

static inline void scep_server_free(void) {
    pki_release(scep_pki);
    pki_close(scep_holder);
    authority_free(scep_authority);
    scratch_free(scep_folder);
}

/* ---- a CSR ---- */

/* A string is left out where it is NULL; SANs are in OpenSSL's syntax, such as "DNS:a". */
struct wishes {
    const char *cn, *challenge, *san, *eku;
    const char *mark; /* an attribute that means nothing and makes the CSR another one */
};

static inline void push_extension(STACK_OF(X509_EXTENSION) * list, int nid, const char *value) {
    X509_EXTENSION *x = value ? X509V3_EXT_nconf_nid(NULL, NULL, nid, value) : NULL;
    if (x)
        sk_X509_EXTENSION_push(list, x);
}

static inline struct span csr_new(struct arena *a, const struct wishes *w, EVP_PKEY *key) {
    X509_REQ *req = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    unsigned char *der = NULL;
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
                               (const uint8_t *)w->cn, -1, -1, 0);
    X509_REQ_set_pubkey(req, key);
    if (w->challenge)
        X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, V_ASN1_PRINTABLESTRING,
                                  (const uint8_t *)w->challenge, (int)strlen(w->challenge));
    if (w->mark)
        X509_REQ_add1_attr_by_NID(req, NID_pkcs9_unstructuredName, V_ASN1_UTF8STRING,
                                  (const uint8_t *)w->mark, (int)strlen(w->mark));
    push_extension(list, NID_key_usage, "digitalSignature,keyEncipherment");
    if (!w->eku || *w->eku)
        push_extension(list, NID_ext_key_usage, w->eku ? w->eku : "1.3.6.1.5.5.7.3.2");
    push_extension(list, NID_subject_alt_name, w->san);
    assert_int_equal(X509_REQ_add_extensions(req, list), 1);
    assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
    int n = i2d_X509_REQ(req, &der);
    assert_true(n > 0);
    struct span out = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_REQ_free(req);
    return out;
}

/* ---- a pkiMessage ---- */

struct signer {
    struct span cert;
    EVP_PKEY *key;
};

static inline struct span message_new(struct arena *a, const char *type, const char *transaction,
                                      struct span content, const struct signer *signer) {
    struct transport oaep = {.oaep = true};
    struct their_message m = {
        .content = their_envelope(a, content, &scep_pki->endpoints[0].ca->ra.cert, 1,
                                  EVP_aes_128_cbc(), oaep),
        .cert = signer->cert,
        .key = signer->key,
        .md = EVP_sha256(),
        .type = type,
        .transaction_id = transaction,
        .nonce = "0123456789abcdef",
    };
    return their_signed(a, &m);
}

/* ---- a CertRep ---- */

struct answer {
    int status, fail_info; /* fail_info -1: none */
    char text[256];        /* failInfoText */
    struct span cert;      /* the issued one; empty */
    struct span inside;    /* the decrypted certs-only message; empty */
};

static inline void read_text(CMS_SignerInfo *si, const char *oid, int type, char *out, size_t n) {
    ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
    const ASN1_STRING *s = CMS_signed_get0_data_by_OBJ(si, o, -3, type);
    snprintf(out, n, "%.*s", s ? ASN1_STRING_length(s) : 0,
             s ? (const char *)ASN1_STRING_get0_data(s) : "");
    ASN1_OBJECT_free(o);
}

static inline void read_attributes(struct span reply, struct answer *out) {
    char number[8];
    CMS_ContentInfo *cms = cms_from_span(reply);
    CMS_SignerInfo *si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
    read_text(si, OID_SCEP_PKI_STATUS, V_ASN1_PRINTABLESTRING, number, sizeof number);
    out->status = atoi(number);
    read_text(si, OID_SCEP_FAIL_INFO, V_ASN1_PRINTABLESTRING, number, sizeof number);
    out->fail_info = *number ? atoi(number) : -1;
    read_text(si, OID_SCEP_FAIL_INFO_TEXT, V_ASN1_UTF8STRING, out->text, sizeof out->text);
    CMS_ContentInfo_free(cms);
}

static inline void read_certificate(struct arena *a, struct answer *out) {
    const unsigned char *p = out->inside.p;
    unsigned char *der = NULL;
    PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)out->inside.n);
    if (p7 && p7->d.sign->cert && sk_X509_num(p7->d.sign->cert) == 1) {
        int n = i2d_X509(sk_X509_value(p7->d.sign->cert, 0), &der);
        out->cert = arena_copy(a, span_of(der, (size_t)n));
        OPENSSL_free(der);
    }
    PKCS7_free(p7);
}

/* What the reply says; false when it is not well signed, or does not open. */
static inline bool answer_read(struct arena *a, struct span reply, const struct signer *signer,
                               struct answer *out) {
    struct span envelope;
    *out = (struct answer){.fail_info = -1};
    if (!their_verify(a, reply, scep_pki->endpoints[0].signer.cert, &envelope))
        return false;
    read_attributes(reply, out);
    if (!envelope.n)
        return out->status != SCEP_SUCCESS;
    if (!their_decrypt(a, envelope, signer->cert, signer->key, &out->inside))
        return false;
    read_certificate(a, out);
    return out->status == SCEP_SUCCESS;
}

#endif
