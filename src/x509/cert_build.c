/* SPDX-License-Identifier: Apache-2.0 */
/* Building certificates; as with every DER writer, read each function from its end. */
#include "base/clock.h"
#include "crypto/algorithm.h"
#include "crypto/public.h"
#include "x509/cert.h"

/* Wraps everything since `mark`, the extension's value, into an Extension. */
static void wrap_extension(struct der_writer *w, size_t mark, const char *oid, bool critical) {
    der_wrap(w, DER_OCTET_STRING, mark);
    if (critical)
        der_put_true(w);
    der_put_oid(w, oid);
    der_wrap(w, DER_SEQUENCE, mark);
}

static void put_extension(struct der_writer *w, const char *oid, struct span value) {
    size_t mark = der_mark(w);
    der_put(w, value);
    wrap_extension(w, mark, oid, false);
}

/* AuthorityKeyIdentifier with keyIdentifier [0] alone. */
static enum err put_aki(struct der_writer *w, struct span issuer_spki) {
    uint8_t id[20];
    size_t mark = der_mark(w);
    TRY(spki_key_id(issuer_spki, id));
    der_put_item(w, DER_CONTEXT(0), span_of(id, sizeof id));
    der_wrap(w, DER_SEQUENCE, mark);
    wrap_extension(w, mark, OID_AUTHORITY_KEY_ID, false);
    return OK;
}

static enum err put_ski(struct der_writer *w, struct span spki) {
    uint8_t id[20];
    size_t mark = der_mark(w);
    TRY(spki_key_id(spki, id));
    der_put_item(w, DER_OCTET_STRING, span_of(id, sizeof id));
    wrap_extension(w, mark, OID_SUBJECT_KEY_ID, false);
    return OK;
}

/* A named bit list: DER drops the zero bits at its end (X.690, 11.2.2). */
static void put_key_usage(struct der_writer *w, unsigned bits) {
    uint8_t unused = 0, octet = (uint8_t)bits;
    size_t mark = der_mark(w);
    while (!(octet >> unused & 1))
        unused++;
    uint8_t content[] = {unused, octet};
    der_put_item(w, DER_BIT_STRING, span_of(content, sizeof content));
    wrap_extension(w, mark, OID_KEY_USAGE, true);
}

static void put_ca(struct der_writer *w) {
    size_t mark = der_mark(w);
    der_put_true(w);
    der_wrap(w, DER_SEQUENCE, mark);
    wrap_extension(w, mark, OID_BASIC_CONSTRAINTS, true);
}

static enum err put_extensions(struct der_writer *w, const struct cert_template *t) {
    size_t mark = der_mark(w);
    if (t->issuer_spki.n)
        TRY(put_aki(w, t->issuer_spki));
    TRY(put_ski(w, t->spki));
    if (t->san.n)
        put_extension(w, OID_SUBJECT_ALT_NAME, t->san);
    if (t->eku.n)
        put_extension(w, OID_EXT_KEY_USAGE, t->eku);
    if (t->key_usage & 0xff)
        put_key_usage(w, t->key_usage);
    if (t->ca)
        put_ca(w);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(3), mark);
    return OK;
}

static void put_algorithm(struct der_writer *w, const struct key *k) {
    bool rsa = key_is_rsa(k);
    /* RFC 4055, 5: NULL for RSA; RFC 5758, 3.2: absent for ECDSA */
    algorithm_put(w, signature_oid(!rsa, DIGEST_SHA256), rsa ? PARAMS_NULL : PARAMS_ABSENT);
}

static enum err put_tbs(struct der_writer *w, const struct cert_template *t, const struct key *k) {
    TRY(put_extensions(w, t));
    der_put(w, t->spki);
    der_put(w, t->subject);
    size_t validity = der_mark(w);
    der_put_time(w, t->not_after);
    der_put_time(w, t->not_before);
    der_wrap(w, DER_SEQUENCE, validity);
    der_put(w, t->issuer);
    put_algorithm(w, k);
    der_put_item(w, DER_INTEGER, t->serial);
    size_t version = der_mark(w);
    der_put_small(w, 2); /* v3 */
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), version);
    der_wrap(w, DER_SEQUENCE, 0);
    return OK;
}

static enum err check_template(const struct cert_template *t) {
    const struct span *parts[] = {&t->issuer, &t->subject, &t->eku, &t->san};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i]->n || i < 2) {
            TRY(der_check(*parts[i]));
            if (parts[i]->p[0] != DER_SEQUENCE)
                return err_set(ERR_PARSE, "a part of the certificate that is no SEQUENCE");
        }
    struct span s = t->serial;
    if (s.n == 0 || s.n > 20 || s.p[0] & 0x80 || (s.p[0] == 0 && (s.n == 1 || s.p[1] < 0x80)))
        return err_set(ERR_PARSE, "a serial that is not positive, or of %zu octets", s.n);
    return OK;
}

enum err cert_build(struct arena *a, const struct cert_template *t, const struct key *issuer_key,
                    struct span *der) {
    struct der_writer tbs = der_writer_in(a), w = der_writer_in(a);
    struct span signature = SPAN_NONE;
    TRY(check_template(t));
    TRY(put_tbs(&tbs, t, issuer_key));
    TRY(key_sign(issuer_key, DIGEST_SHA256, der_written(&tbs), a, &signature));
    der_put_bits(&w, signature);
    put_algorithm(&w, issuer_key);
    der_put(&w, der_written(&tbs));
    der_wrap(&w, DER_SEQUENCE, 0);
    *der = der_written(&w);
    return OK;
}

/* The first bit is clear because 2^47 ms are 4,459 years; the first octet is never zero after 2004.
 */
enum err cert_new_serial(uint8_t out[CERT_SERIAL_SIZE]) {
    uint64_t now = (uint64_t)clock_ms();
    for (int i = 0; i < 6; i++)
        out[i] = (uint8_t)(now >> (40 - 8 * i));
    out[0] |= 0x40;
    return random_bytes(out + 6, CERT_SERIAL_SIZE - 6);
}
