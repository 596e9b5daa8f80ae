/* SPDX-License-Identifier: Apache-2.0 */
/* A reply as its client takes it: who signed it, what is in it, and whether that is what was asked.
 */
#include "cmd/bench.h"
#include "x509/name.h"

static enum err wrong(const struct bench_request *r, const char *what) {
    return err_set(ERR_CONFLICT, "the reply to %s: %s", r->subject, what);
}

static enum err decrypt(struct arena *a, const struct bench_request *r, struct span enveloped,
                        struct span *content) {
    const struct cert *cert = &r->signer->cert;
    const struct cms_opener opener = {
        .issuer = cert->issuer, .serial = cert->serial, .spki = cert->spki, .key = r->signer->key};
    struct cms_enveloped env;
    enum key_transport transport;
    enum cipher cipher;
    uint32_t good = 0;
    TRY(cms_enveloped_read(a, enveloped, &env));
    TRY(cms_enveloped_open(a, &env, &opener, 1, &transport, &cipher, content, &good));
    return good ? OK : wrong(r, "its envelope cannot be decrypted");
}

/* The one certificate of a degenerate SignedData: version, no digests, no content, [0], no signers.
 */
static enum err only_certificate(struct span content, struct cert *out) {
    struct der d = der_of(content), info, explicit, data, certs;
    struct span skipped, der;
    TRY(der_enter(&d, DER_SEQUENCE, &info));
    TRY(der_read(&info, DER_OID, &skipped));
    TRY(der_enter(&info, DER_CONTEXT_CONSTRUCTED(0), &explicit));
    TRY(der_enter(&explicit, DER_SEQUENCE, &data));
    TRY(der_read(&data, DER_INTEGER, &skipped));
    TRY(der_read(&data, DER_SET, &skipped));
    TRY(der_read(&data, DER_SEQUENCE, &skipped));
    TRY(der_enter(&data, DER_CONTEXT_CONSTRUCTED(0), &certs));
    TRY(der_read_whole(&certs, DER_SEQUENCE, &der));
    TRY(der_end(&certs));
    return cert_parse(der, out);
}

enum err bench_check(const struct bench_host *h, const struct bench_request *r) {
    ARENA_AUTO(a);
    struct cms_signed msg;
    struct public_key *signer;
    struct span content, subject;
    struct cert cert;
    TRY(cms_signed_read(&a, r->reply, &msg));
    TRY(public_load(&a, h->signer.spki, &signer));
    TRY(cms_signed_verify(&msg, signer));
    TRY(decrypt(&a, r, msg.content, &content));
    TRY(only_certificate(content, &cert));
    TRY(cert_verify(&cert, h->ca.spki));
    TRY(name_from_x500(&a, span_str(r->subject), &subject));
    if (!span_eq(cert.spki, key_spki(r->key)))
        return wrong(r, "the certificate is for another key");
    return name_same(cert.subject, subject) ? OK : wrong(r, "the certificate has another subject");
}
