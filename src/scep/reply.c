/* SPDX-License-Identifier: Apache-2.0 */
/* What the server answers: a CertRep (windows-scep.md, section 4), and bundles of certificates. */
#include "cms/signed.h"
#include "scep/message.h"

enum { NONCE_SIZE = 16, MAX_ATTRIBUTES = 8 };

struct list {
    struct arena *a;
    struct span items[MAX_ATTRIBUTES];
    size_t n;
};

static void add(struct list *l, const char *oid, uint8_t tag, struct span value) {
    l->items[l->n++] = cms_attribute_build(l->a, oid, tag, value);
}

static void add_number(struct list *l, const char *oid, int number) {
    add(l, oid, DER_PRINTABLE_STRING, span_str(arena_printf(l->a, "%d", number)));
}

/* All five that Windows may miss (0x80091006), and the text that it shows to the administrator. */
static enum err add_attributes(struct list *l, const struct scep_request *request,
                               const struct scep_reply *reply) {
    uint8_t nonce[NONCE_SIZE];
    TRY(random_bytes(nonce, sizeof nonce));
    add_number(l, OID_SCEP_MESSAGE_TYPE, SCEP_CERT_REP);
    add_number(l, OID_SCEP_PKI_STATUS, (int)reply->status);
    add(l, OID_SCEP_TRANSACTION_ID, DER_PRINTABLE_STRING, request->transaction_id);
    add(l, OID_SCEP_SENDER_NONCE, DER_OCTET_STRING, span_of(nonce, sizeof nonce));
    if (request->sender_nonce.p)
        add(l, OID_SCEP_RECIPIENT_NONCE, DER_OCTET_STRING, request->sender_nonce);
    if (reply->status == SCEP_FAILURE)
        add_number(l, OID_SCEP_FAIL_INFO, (int)reply->fail_info);
    if (reply->status == SCEP_FAILURE && reply->text)
        add(l, OID_SCEP_FAIL_INFO_TEXT, DER_UTF8_STRING, span_str(reply->text));
    if (reply->text)
        add(l, OID_MS_SCEP_SERVER_MESSAGE, DER_UTF8_STRING, span_str(reply->text));
    return OK;
}

/* The request's AES; AES-128 when it used less. */
static enum cipher reply_cipher(enum cipher request) {
    bool aes = request == CIPHER_AES192_CBC || request == CIPHER_AES256_CBC;
    return aes ? request : CIPHER_AES128_CBC;
}

/* The leaf alone (windows-scep.md, 4.5), or the CRL alone. */
static enum err build_content(struct arena *a, const struct scep_reply *reply,
                              struct span *content) {
    struct cert leaf;
    if (reply->crl.n)
        TRY(der_check(reply->crl));
    else
        TRY(cert_parse(reply->cert, &leaf));
    *content = cms_certs_only(a, &reply->cert, reply->crl.n ? 0 : 1, reply->crl);
    return OK;
}

static enum err seal(struct arena *a, const struct scep_request *request, struct span content,
                     struct span *envelope) {
    struct cms_sealing s = {
        .content = content,
        .issuer = request->signer_cert.issuer,
        .serial = request->signer_cert.serial,
        .key = request->signer_key,
        .transport = request->transport,
        .cipher = reply_cipher(request->cipher),
    };
    return cms_enveloped_build(a, &s, envelope);
}

enum err scep_build_reply(struct arena *a, const struct scep_request *request,
                          const struct scep_reply *reply, const struct scep_key *signer,
                          bool mirror_sha1, struct span *der) {
    struct list list = {.a = a};
    struct span content;
    /* There, and empty: certmonger's OpenSSL refuses a message whose content is absent. */
    struct span envelope = span_str("");
    TRY(add_attributes(&list, request, reply));
    if (reply->status == SCEP_SUCCESS) {
        TRY(build_content(a, reply, &content));
        TRY(seal(a, request, content, &envelope));
    }
    bool sha1 = request->digest == DIGEST_SHA1;
    struct cms_signing s = {
        .content = envelope,
        .attributes = list.items,
        .attribute_count = list.n,
        .digest = sha1 && !mirror_sha1 ? DIGEST_SHA256 : request->digest,
        .issuer = signer->parsed.issuer,
        .serial = signer->parsed.serial,
        .key = signer->key,
    };
    return cms_signed_build(a, &s, der);
}

/* ---- certificates ---- */

enum err scep_certs_only(struct arena *a, const struct span *certs, size_t count,
                         struct span *der) {
    struct cert cert;
    for (size_t i = 0; i < count; i++)
        TRY(cert_parse(certs[i], &cert));
    *der = cms_certs_only(a, certs, count, SPAN_NONE);
    return OK;
}

/* RFC 8894, 4.7.1: the degenerate SignedData is the content of one that is signed. */
enum err scep_next_ca(struct arena *a, const struct span *certs, size_t count,
                      const struct scep_key *signer, struct span *der) {
    struct cms_signing s = {
        .digest = DIGEST_SHA256,
        .issuer = signer->parsed.issuer,
        .serial = signer->parsed.serial,
        .key = signer->key,
    };
    TRY(scep_certs_only(a, certs, count, &s.content));
    return cms_signed_build(a, &s, der);
}
