/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer layer of a request. What Windows writes in each place is in windows-scep.md, section 3;
 * what others do is in scep-interop.md.
 */
#include "scep/message.h"

#include "cms/signed.h"
#include "scep/attributes.h"

/* Fills in the signer if the message holds it and a CertRep could be encrypted to it. */
static enum err read_signer(struct arena *a, const struct cms_signed *msg,
                            struct scep_request *out) {
    struct spki key = {0};
    struct span der = cms_signer_cert(msg);
    if (der.n == 0)
        return err_set(ERR_MESSAGE_CHECK, "the signer's certificate is not in the message");
    TRY(cert_parse(der, &out->signer_cert));
    enum err e = spki_parse(out->signer_cert.spki, &key);
    if (e != OK || !key.rsa)
        return err_set(ERR_ALGORITHM, "the signer's key is not an RSA key that we take");
    out->signer = der;
    return public_load(a, out->signer_cert.spki, &out->signer_key);
}

enum err scep_read(struct arena *a, struct span message, struct scep_request *out) {
    struct cms_signed msg;
    struct scep_attributes attributes;
    *out = (struct scep_request){.digest = DIGEST_SHA256};
    TRY(cms_signed_read(a, message, &msg));
    TRY(scep_attributes_read(&msg.signer, &attributes));
    if (!oid_is(msg.content_type, OID_PKCS7_DATA) || msg.content.n == 0)
        return err_set(ERR_PARSE, "the message has no content of type pkcs7-data");
    out->message_type = attributes.message_type;
    out->transaction_id = attributes.transaction_id;
    out->sender_nonce = attributes.sender_nonce;
    out->enveloped = msg.content;
    TRY(read_signer(a, &msg, out));
    TRY(algorithm_digest(&msg.signer.digest, &out->digest));
    return cms_signed_verify(&msg, out->signer_key);
}
