/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CertRep, all of it: a fault in one part does not keep the rest from being judged. What Windows
 * would do first is not published; the order is that of the message's layers, and the emulated host
 * (device/scep_reply.c) stops at any of these faults that is not a note.
 */
#include "base/text.h"
#include "cms/enveloped.h" /* before OpenSSL's headers, which make macros of our KU_ names */
#include "device/hresult.h"
#include "probe/certrep.h"
#include "scep/attributes.h"
#include "x509/name.h"

/* ---- words ---- */

const char *probe_fail_info(struct probe *p, int fail_info) {
    if (fail_info < 0)
        return "no failInfo";
    return arena_printf(p->a, "failInfo %d (%s)", fail_info, scep_fail_info_name(fail_info));
}

static const char *dn_of(struct probe *p, struct span der) {
    const unsigned char *at = der.p;
    OSSL_AUTO(X509_NAME) name = der.n ? d2i_X509_NAME(NULL, &at, (long)der.n) : NULL;
    return name ? probe_dn(p, name) : "a malformed name";
}

static const char *algorithm_words(struct probe *p, const struct algorithm *alg) {
    static const char *const digests[] = {
        [DIGEST_SHA1] = "SHA-1",
        [DIGEST_SHA256] = "SHA-256",
        [DIGEST_SHA384] = "SHA-384",
        [DIGEST_SHA512] = "SHA-512",
    };
    enum digest digest;
    if (algorithm_digest(alg, &digest) == OK)
        return digests[digest];
    if (oid_is(alg->oid, OID_RSAES_OAEP))
        return "RSAES-OAEP";
    if (oid_is(alg->oid, OID_RSA))
        return "RSAES-PKCS1-v1_5";
    const char *name = algorithm_name(alg->oid);
    return name ? name : oid_text(p->a, alg->oid);
}

/* ---- the signature ---- */

static bool has_serial(const X509 *x, struct span serial) {
    OSSL_BYTES_AUTO der = NULL;
    int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &der);
    struct der d = der_of(span_of(der, n > 0 ? (size_t)n : 0));
    struct span own;
    return der_read(&d, DER_INTEGER, &own) == OK && span_eq(own, serial);
}

static struct span spki_of(struct probe *p, const X509 *x) {
    OSSL_BYTES_AUTO der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    return arena_copy(p->a, span_of(der, n > 0 ? (size_t)n : 0));
}

static bool names(const struct certrep *r, X509 *x) {
    const struct cms_signer *s = &r->msg.signer;
    if (s->issuer.n)
        return has_serial(x, s->serial) &&
               name_same(s->issuer, probe_name_der(X509_get_issuer_name(x)));
    uint8_t id[20];
    const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(x);
    return (own && span_eq(s->key_id, span_of(own->data, (size_t)own->length))) ||
           (spki_key_id(spki_of(r->p, x), id) == OK && span_eq(s->key_id, span_of(id, sizeof id)));
}

static X509 *signer_among(const struct certrep *r, STACK_OF(X509) * all) {
    for (int i = 0; i < sk_X509_num(all); i++)
        if (names(r, sk_X509_value(all, i)))
            return sk_X509_value(all, i);
    return NULL;
}

static const char *signer_words(struct certrep *r) {
    const struct cms_signer *s = &r->msg.signer;
    struct span id = s->issuer.n ? s->serial : s->key_id;
    const char *hex = hex_text(r->p->a, id);
    return s->issuer.n ? arena_printf(r->p->a, "serial %s of %s", hex, dn_of(r->p, s->issuer))
                       : arena_printf(r->p->a, "key id %s", hex);
}

/* Not the announced one: who it is, and its key if that is at hand. */
static struct span judge_stranger(struct certrep *r) {
    struct cert cert;
    X509 *other = signer_among(r, r->p->ca.all);
    if (other) {
        probe_found(r->p, PROBE_REPLY_SIGNER,
                    "signed by %s, which GetCACert sends too, instead of %s",
                    probe_dn(r->p, X509_get_subject_name(other)),
                    probe_dn(r->p, X509_get_subject_name(r->p->ca.sign)));
        return spki_of(r->p, other);
    }
    struct span own = cms_signer_cert(&r->msg);
    if (own.n && cert_parse(own, &cert) == OK) {
        probe_found(r->p, PROBE_REPLY_SIGNER, "signed by %s, which GetCACert does not send",
                    dn_of(r->p, cert.subject));
        return cert.spki;
    }
    probe_found(r->p, PROBE_REPLY_SIGNER, "the signer is %s, which GetCACert does not send",
                signer_words(r));
    return SPAN_NONE;
}

/* A digest or content type that is missing has been found already, and no signature holds then. */
static void judge_signature(struct certrep *r) {
    struct public_key *key = NULL;
    X509 *announced = r->p->ca.sign;
    bool known = announced && names(r, announced);
    struct span spki = known ? spki_of(r->p, announced) : judge_stranger(r);
    if (!spki.n || !r->value[CONTENT_TYPE].n || !r->value[MESSAGE_DIGEST].n) {
        probe_unknown(r->p, "the CertRep's signature");
        return;
    }
    enum err e = public_load(r->p->a, spki, &key);
    if (e == OK)
        e = cms_signed_verify(&r->msg, key);
    if (e != OK && e != ERR_PARSE) /* malformed attributes: found above */
        probe_found(r->p, PROBE_REPLY_SIGNATURE, "%s", err_detail());
}

static void judge_digest(struct certrep *r) {
    enum digest digest;
    if (algorithm_digest(&r->msg.signer.digest, &digest) == OK && digest == DIGEST_SHA1)
        probe_found(r->p, PROBE_REPLY_SHA1, "%s",
                    algorithm_words(r->p, &r->msg.signer.signature_algorithm));
}

/* ---- FAILURE and PENDING ---- */

static const char *refusal_words(struct certrep *r) {
    const char *own = certrep_claim(r, SERVER_MESSAGE), *text = certrep_claim(r, FAIL_INFO_TEXT);
    if (!*own || !*text || strcmp(own, text) == 0)
        return *own ? own : text;
    return arena_printf(r->p->a, "%s; %s", own, text);
}

static void judge_failure(struct certrep *r) {
    int64_t number;
    bool told = span_int(r->value[FAIL_INFO], &number) && number >= 0 && number < 100;
    const char *text = refusal_words(r), *other = r->p->other_attempt;
    probe_found_as(r->p, PROBE_REFUSED, hresult_in(text), "%s%s%s%s%s",
                   probe_fail_info(r->p, told ? (int)number : -1), *text ? ": " : "", text,
                   other ? "; " : "", other ? other : "");
}

static void judge_pending(struct certrep *r) {
    probe_found(r->p, PROBE_PENDING, "transaction %s", r->request->transaction);
    probe_unknown(r->p, "the certificate: the request waits for approval");
}

/* ---- SUCCESS ---- */

static bool is_for_signer(const struct certrep *r, const struct cms_recipient *recipient) {
    X509 *signer = r->request->signer;
    return recipient->issuer.n && has_serial(signer, recipient->serial) &&
           name_same(recipient->issuer, probe_name_der(X509_get_issuer_name(signer)));
}

/* The recipient that is the request's signer, else the first. */
static bool read_recipient(const struct certrep *r, const struct cms_enveloped *env,
                           struct cms_recipient *out) {
    struct der d = der_of(env->recipients);
    struct cms_recipient one;
    *out = (struct cms_recipient){0};
    while (!der_is_empty(&d) && cms_recipient_next(&d, &one) == OK) {
        bool mine = is_for_signer(r, &one);
        if (mine || !out->transport.oid.n)
            *out = one;
        if (mine)
            return true;
    }
    return false;
}

/* Says what can be seen of the envelope without a key; returns why it may not open. */
static const char *judge_envelope(struct certrep *r) {
    struct cms_enveloped env;
    struct cms_recipient recipient;
    enum cipher cipher;
    struct probe *p = r->p;
    if (cms_enveloped_read(p->a, r->msg.content, &env) != OK)
        return arena_printf(p->a, "the content is no EnvelopedData: %s", err_detail());
    bool mine = read_recipient(r, &env, &recipient);
    bool known = cms_enveloped_cipher(&env, &cipher) == OK;
    probe_fact(p, "reply", "%s, %s, %s", algorithm_words(p, &r->msg.signer.digest),
               known ? cipher_name(cipher) : algorithm_words(p, &env.cipher),
               algorithm_words(p, &recipient.transport));
    if (known && cipher == CIPHER_DES_CBC)
        probe_found(p, PROBE_REPLY_DES, "%s", cipher_name(cipher));
    if (!mine)
        return "no recipient of the envelope is the certificate that signed the request";
    return known ? "it is addressed to the request's signer, but is encrypted to another key"
                 : "the cipher is one that Windows was never seen to read";
}

/* Servers were seen to encrypt to the key in the CSR: then the rest can be judged all the same. */
static bool open_by_csr_key(struct certrep *r, struct span *bag) {
    struct scep_request other = *r->request;
    other.signer_key = r->request->key;
    other.signer = NULL;
    return scep_envelope_open(&r->p->host, r->p->a, r->msg.content, &other, bag) == HR_OK &&
           bag->n && bag->p[0] == DER_SEQUENCE;
}

/* Its pkiStatus alone says that the server has issued, whatever can be read of the rest. */
static void judge_success(struct certrep *r) {
    struct span bag = SPAN_NONE;
    if (r->value[PKI_STATUS].n)
        r->p->report->enrolled = true;
    if (!r->msg.content.n) {
        probe_found(r->p, PROBE_REPLY_CLOSED, "SUCCESS without an envelope");
        return;
    }
    const char *why = judge_envelope(r);
    if (scep_envelope_open(&r->p->host, r->p->a, r->msg.content, r->request, &bag) != HR_OK) {
        bool opened = open_by_csr_key(r, &bag);
        probe_found(r->p, PROBE_REPLY_CLOSED, "%s%s", why,
                    opened ? "; the key in the CSR opens it" : "");
        if (!opened)
            return;
    }
    probe_issued(r->p, r->request, bag);
}

/* ---- all of it ---- */

static void form_found(struct probe *p, const char *what) {
    const char *other = p->other_attempt;
    probe_found(p, PROBE_REPLY_FORM, "%s%s%s", what, other ? "; " : "", other ? other : "");
}

/* What is no SignedData by one signer, or one that signs no attributes. */
static bool read_form(struct certrep *r, struct span message) {
    if (cms_signed_read(r->p->a, message, &r->msg) == OK)
        return true;
    if (r->msg.signer.signature.n) /* all was read but the attributes, which come next */
        return true;
    probe_unknown(r->p, "whether a certificate was issued");
    if (r->msg.signer.digest.oid.n && !r->msg.signer.attributes.n)
        probe_found(r->p, PROBE_REPLY_ATTRIBUTE, "the CertRep has no signed attributes at all");
    else if (message.n && message.p[0] == DER_SEQUENCE)
        form_found(r->p, arena_str(r->p->a, span_str(err_detail())));
    else if (message.n)
        form_found(r->p, arena_printf(r->p->a, "no DER: %s", text_claim(r->p->a, message, 60)));
    else
        form_found(r->p, "an empty body");
    return false;
}

void probe_certrep(struct probe *p, const struct scep_request *request, struct span message) {
    struct certrep r = {.p = p, .request = request};
    if (!read_form(&r, message))
        return;
    certrep_read_attributes(&r);
    certrep_judge_values(&r);
    judge_signature(&r);
    judge_digest(&r);
    probe_checked(p, "the CertRep: attributes, nonces, digest, signer");
    if (r.status == SCEP_FAILURE)
        judge_failure(&r);
    else if (r.status == SCEP_PENDING)
        judge_pending(&r);
    else if (r.status == SCEP_SUCCESS)
        judge_success(&r);
}
