/* SPDX-License-Identifier: Apache-2.0 */
/* What a SCEP client sends: a request over somebody's CSR (RFC 8894, 3.3.1), or a poll (3.3.3). */
#include "scep/client.h"

#include "base/clock.h"
#include "cms/signed.h"
#include "crypto/public.h"
#include "x509/name.h"

enum { CERTIFICATE_DAYS = 3650, MAX_COMMON_NAME = 64 };

/* ---- the message ---- */

/* IssuerAndSubject: which CA is asked, and for whose certificate. */
static enum err build_poll(struct arena *a, const struct scep_asking *asking, struct span *out) {
    struct der_writer w = der_writer_in(a);
    struct csr csr;
    TRY(csr_parse(asking->csr, &csr));
    der_put(&w, csr.subject);
    der_put(&w, asking->issuer);
    der_wrap(&w, DER_SEQUENCE, 0);
    *out = der_written(&w);
    return OK;
}

static enum err build_content(struct arena *a, const struct scep_asking *asking, struct span *out) {
    *out = asking->csr;
    if (asking->message_type == SCEP_CERT_POLL)
        return build_poll(a, asking, out);
    return asking->message_type == SCEP_PKCS_REQ
               ? OK
               : err_set(ERR_INTERNAL, "messageType %d is not one that is asked with",
                         asking->message_type);
}

static enum err seal(struct arena *a, const struct scep_asking *asking, struct span content,
                     struct span *envelope) {
    const struct cert *recipient = asking->recipient;
    struct public_key *key = NULL;
    enum err e = public_load(a, recipient->spki, &key);
    if (e == OK && !public_is_rsa(key))
        e = err_set(ERR_ALGORITHM, "its key is not RSA, and SCEP can encrypt to no other");
    if (e != OK)
        return err_context(e, "the server's certificate %s", name_text(a, recipient->subject));
    struct cms_sealing s = {
        .content = content,
        .issuer = recipient->issuer,
        .serial = recipient->serial,
        .key = key,
        .transport = TRANSPORT_PKCS1,
        .cipher = asking->cipher,
    };
    return cms_enveloped_build(a, &s, envelope);
}

static enum err sign(struct arena *a, const struct scep_asking *asking, struct span envelope,
                     struct span nonce, struct span *message) {
    const struct scep_key *self = asking->self;
    struct span type = span_str(arena_printf(a, "%d", asking->message_type));
    struct span attributes[] = {
        cms_attribute_build(a, OID_SCEP_MESSAGE_TYPE, DER_PRINTABLE_STRING, type),
        cms_attribute_build(a, OID_SCEP_TRANSACTION_ID, DER_PRINTABLE_STRING,
                            span_str(asking->transaction_id)),
        cms_attribute_build(a, OID_SCEP_SENDER_NONCE, DER_OCTET_STRING, nonce),
    };
    struct cms_signing s = {
        .content = envelope,
        .attributes = attributes,
        .attribute_count = sizeof attributes / sizeof *attributes,
        .digest = asking->digest,
        .issuer = self->parsed.issuer,
        .serial = self->parsed.serial,
        .key = self->key,
        .cert = self->cert,
    };
    return cms_signed_build(a, &s, message);
}

enum err scep_client_build(struct arena *a, const struct scep_asking *asking,
                           uint8_t nonce[SCEP_CLIENT_NONCE], struct span *message) {
    struct span content, envelope;
    TRY(random_bytes(nonce, SCEP_CLIENT_NONCE));
    TRY(build_content(a, asking, &content));
    TRY(seal(a, asking, content, &envelope));
    return sign(a, asking, envelope, span_of(nonce, SCEP_CLIENT_NONCE), message);
}

/* ---- who asks ---- */

/* A Name of one CN; not by an X.500 string, in which the name would have to be quoted. */
static struct span common_name(struct arena *a, const char *name) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, DER_UTF8_STRING, span_str(name));
    der_put_oid(&w, OID_CN);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_SET, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

enum err scep_client_certificate(struct arena *a, const struct key *key, const char *name,
                                 int64_t now, struct span *der) {
    uint8_t serial[CERT_SERIAL_SIZE];
    size_t n = strlen(name);
    if (!key_is_rsa(key))
        return err_set(ERR_ALGORITHM, "a SCEP client needs an RSA key: the answer is encrypted "
                                      "to it");
    if (n == 0 || n > MAX_COMMON_NAME)
        return err_set(ERR_PARSE, "a common name of %zu octets instead of 1 to %d", n,
                       MAX_COMMON_NAME);
    TRY(cert_new_serial(serial));
    struct cert_template t = {
        .serial = span_of(serial, sizeof serial),
        .subject = common_name(a, name),
        .spki = key_spki(key),
        .not_before = now - HOUR_MS,
        .not_after = now + CERTIFICATE_DAYS * DAY_MS,
        .key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
    };
    t.issuer = t.subject;
    return cert_build(a, &t, key, der);
}
