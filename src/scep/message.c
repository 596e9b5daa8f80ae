/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request in, a CertRep out. What Windows writes in each place is in windows-scep.md, sections 3
 * and 4; this is the server's answer to it.
 */
#include "scep/message.h"

#include "cms/signed.h"
#include "crypto/public.h"
#include "scep/attributes.h"
#include "x509/csr.h"

/* ---- the outer layer ---- */

/* Fills in the signer if the message holds it and a CertRep could be encrypted to it. */
static enum err read_signer(const struct cms_signed *msg, struct scep_request *out) {
    struct spki key = {0};
    struct span der = cms_signer_cert(msg);
    if (der.n == 0)
        return err_set(ERR_MESSAGE_CHECK, "the signer's certificate is not in the message");
    TRY(cert_parse(der, &out->signer_cert));
    enum err e = spki_parse(out->signer_cert.spki, &key);
    if (e != OK || !key.rsa)
        return err_set(ERR_ALGORITHM, "the signer's key is not an RSA key that we take");
    out->signer = der;
    return OK;
}

enum err scep_read(struct span der, struct scep_request *out) {
    struct cms_signed msg;
    struct scep_attributes attributes;
    *out = (struct scep_request){.digest = DIGEST_SHA256};
    TRY(cms_signed_read(der, &msg));
    TRY(scep_attributes_read(&msg.signer, &attributes));
    if (!oid_is(msg.content_type, OID_PKCS7_DATA) || msg.content.n == 0)
        return err_set(ERR_PARSE, "the message has no content of type pkcs7-data");
    out->message_type = attributes.message_type;
    out->transaction_id = attributes.transaction_id;
    out->sender_nonce = attributes.sender_nonce;
    out->enveloped = msg.content;
    TRY(read_signer(&msg, out));
    TRY(algorithm_digest(&msg.signer.digest, &out->digest));
    return cms_signed_verify(&msg, out->signer_cert.spki);
}

/* ---- the envelope ---- */

/*
 * The CSR is parsed whether or not the padding was good: both cost the same and end the same. Its
 * own signature is part of it: whoever changes the ciphertext, and guesses at the plaintext by the
 * answer, must not learn that everything up to the CSR was fine.
 */
static enum err open_envelope(struct arena *a, struct scep_request *request, struct span ra_cert,
                              const struct key *ra_key, struct csr *csr) {
    struct cms_enveloped env;
    struct cert ra;
    struct span content;
    uint32_t good = 0;
    TRY(cert_parse(ra_cert, &ra));
    TRY(cms_enveloped_read(request->enveloped, &env));
    TRY(cms_enveloped_open(a, &env, ra.issuer, ra.serial, ra_key, &request->transport,
                           &request->cipher, &content, &good));
    enum err e = csr_parse(content, csr);
    if (e == OK)
        e = csr_verify(csr);
    return (good & (e == OK)) ? OK : ERR_MESSAGE_CHECK;
}

enum err scep_open(struct arena *a, struct scep_request *request, struct span ra_cert,
                   const struct key *ra_key, struct csr *csr) {
    if (open_envelope(a, request, ra_cert, ra_key, csr) == OK)
        return OK;
    *csr = (struct csr){0};
    return err_set(ERR_MESSAGE_CHECK, "the envelope does not open: it is not for this RA, or its "
                                      "key, cipher or content is wrong");
}

/* ---- the CertRep ---- */

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
    if (request->sender_nonce.n)
        add(l, OID_SCEP_RECIPIENT_NONCE, DER_OCTET_STRING, request->sender_nonce);
    if (reply->status == SCEP_FAILURE)
        add_number(l, OID_SCEP_FAIL_INFO, (int)reply->fail_info);
    if (reply->status == SCEP_FAILURE && reply->text)
        add(l, OID_SCEP_FAIL_INFO_TEXT, DER_UTF8_STRING, span_str(reply->text));
    if (reply->text)
        add(l, OID_MS_SCEP_SERVER_MESSAGE, DER_UTF8_STRING, span_str(reply->text));
    return OK;
}

static enum err seal(struct arena *a, const struct scep_request *request, struct span cert,
                     struct span *envelope) {
    struct cms_sealing s = {
        .content = cms_certs_only(a, &cert, 1),
        .issuer = request->signer_cert.issuer,
        .serial = request->signer_cert.serial,
        .spki = request->signer_cert.spki,
        .transport = request->transport,
        .cipher = request->cipher,
    };
    return cms_enveloped_build(a, &s, envelope);
}

enum err scep_build_reply(struct arena *a, const struct scep_request *request,
                          const struct scep_reply *reply, struct span ra_cert,
                          const struct key *ra_key, struct span *der) {
    struct list list = {.a = a};
    struct span envelope = SPAN_NONE;
    struct cert ra, issued;
    TRY(cert_parse(ra_cert, &ra));
    TRY(add_attributes(&list, request, reply));
    if (reply->status == SCEP_SUCCESS) {
        TRY(cert_parse(reply->cert, &issued));
        TRY(seal(a, request, reply->cert, &envelope));
    }
    struct cms_signing s = {
        .content = envelope,
        .attributes = list.items,
        .attribute_count = list.n,
        .digest = request->digest == DIGEST_SHA1 ? DIGEST_SHA256 : request->digest,
        .issuer = ra.issuer,
        .serial = ra.serial,
        .key = ra_key,
    };
    return cms_signed_build(a, &s, der);
}

enum err scep_certs_only(struct arena *a, const struct span *certs, size_t count,
                         struct span *der) {
    struct cert cert;
    for (size_t i = 0; i < count; i++)
        TRY(cert_parse(certs[i], &cert));
    *der = cms_certs_only(a, certs, count);
    return OK;
}
