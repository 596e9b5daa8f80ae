/* SPDX-License-Identifier: Apache-2.0 */
/* Building certificates; as with every DER writer, read each function from its end. */
#include "base/clock.h"
#include "wire/oid.h"
#include "x509/cert.h"
#include "x509/extension.h"
#include "x509/signing.h"

static enum err put_extensions(struct der_writer *w, const struct cert_template *t) {
    size_t mark = der_mark(w);
    if (t->ocsp_no_check)
        extension_put(w, OID_OCSP_NO_CHECK, span_of("\x05\x00", 2)); /* NULL */
    if (t->sid)
        extension_put_sid(w, t->sid);
    if (t->ocsp_url || t->issuer_url)
        extension_put_aia(w, t->ocsp_url, t->issuer_url);
    if (t->crl_url)
        extension_put_crl_url(w, t->crl_url);
    if (t->issuer_spki.n)
        TRY(extension_put_aki(w, t->issuer_key_id, t->issuer_spki));
    TRY(extension_put_ski(w, t->spki));
    if (t->san.n)
        extension_put(w, OID_SUBJECT_ALT_NAME, t->san);
    if (t->eku.n)
        extension_put(w, OID_EXT_KEY_USAGE, t->eku);
    if (t->key_usage & 0xff)
        extension_put_key_usage(w, t->key_usage);
    if (t->ca)
        extension_put_ca(w);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(3), mark);
    return OK;
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
    signing_put_algorithm(w, k);
    der_put_item(w, DER_INTEGER, t->serial);
    size_t version = der_mark(w);
    der_put_small(w, 2); /* v3 */
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), version);
    der_wrap(w, DER_SEQUENCE, 0);
    return OK;
}

static enum err check_url(const char *url) {
    for (const char *p = url; p && *p; p++)
        if (*p <= ' ' || *p > '~')
            return err_set(ERR_PARSE, "a URL with byte %#x: escape it with %%", (uint8_t)*p);
    return OK;
}

/* "S-1-" and numbers (MS-DTYP, 2.4.2.1): a SID names an account, so nothing else may pass. */
static enum err check_sid(const char *sid) {
    bool good = !sid || strncmp(sid, "S-1-", 4) == 0;
    for (const char *p = sid ? sid + 3 : ""; good && *p; p++)
        good = *p == '-' ? p[1] >= '0' && p[1] <= '9' : *p >= '0' && *p <= '9';
    return good ? OK : err_set(ERR_PARSE, "not a SID such as S-1-5-21-1-2-3-1001: \"%s\"", sid);
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
    TRY(check_url(t->crl_url));
    TRY(check_url(t->ocsp_url));
    TRY(check_url(t->issuer_url));
    return check_sid(t->sid);
}

enum err cert_build(struct arena *a, const struct cert_template *t, const struct key *issuer_key,
                    struct span *der) {
    struct der_writer tbs = der_writer_in(a);
    TRY(check_template(t));
    TRY(put_tbs(&tbs, t, issuer_key));
    return signing_wrap(a, der_written(&tbs), issuer_key, der);
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
