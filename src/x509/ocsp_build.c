/* SPDX-License-Identifier: Apache-2.0 */
/* Building OCSP responses (RFC 6960, 4.2); read each function from its end. */
#include <stdio.h>

#include "base/clock.h"
#include "crypto/public.h"
#include "wire/oid.h"
#include "x509/cert.h"
#include "x509/extension.h"
#include "x509/ocsp.h"
#include "x509/signing.h"

enum { DER_ENUMERATED = 0x0a };

/* GeneralizedTime in every year, unlike RFC 5280's Time; from "2026-11-22T14:43:00.123Z". */
static void put_time(struct der_writer *w, int64_t ms) {
    char iso[CLOCK_ISO_SIZE], text[16];
    clock_iso(ms, iso);
    snprintf(text, sizeof text, "%.4s%.2s%.2s%.2s%.2s%.2sZ", iso, iso + 5, iso + 8, iso + 11,
             iso + 14, iso + 17);
    der_put_item(w, DER_GENERALIZED_TIME, span_str(text));
}

/* revoked [1] IMPLICIT RevokedInfo; a reason that is unspecified is left out, as in a CRL. */
static void put_revoked(struct der_writer *w, const struct ocsp_single *s) {
    size_t mark = der_mark(w);
    uint8_t reason = (uint8_t)s->reason;
    if (s->reason != CRL_UNSPECIFIED) {
        der_put_item(w, DER_ENUMERATED, span_of(&reason, 1));
        der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), mark);
    }
    put_time(w, s->revoked);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(1), mark);
}

static void put_single(struct der_writer *w, const struct ocsp_single *s) {
    size_t mark = der_mark(w);
    put_time(w, s->next_update);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), mark);
    put_time(w, s->this_update);
    if (s->status == OCSP_REVOKED)
        put_revoked(w, s);
    else
        der_put_item(w, s->status == OCSP_GOOD ? DER_CONTEXT(0) : DER_CONTEXT(2), SPAN_NONE);
    der_put(w, s->cert_id);
    der_wrap(w, DER_SEQUENCE, mark);
}

static void put_nonce(struct der_writer *w, struct span nonce) {
    size_t mark = der_mark(w);
    if (!nonce.n)
        return;
    extension_put(w, OID_OCSP_NONCE, nonce);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(1), mark);
}

/* responderID byKey [2]. */
static enum err put_responder(struct der_writer *w, struct span spki) {
    uint8_t id[20];
    size_t mark = der_mark(w);
    TRY(spki_key_id(spki, id));
    der_put_item(w, DER_OCTET_STRING, span_of(id, sizeof id));
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(2), mark);
    return OK;
}

static enum err put_data(struct der_writer *w, const struct ocsp_template *t,
                         const struct key *key) {
    put_nonce(w, t->nonce);
    size_t responses = der_mark(w);
    for (size_t i = t->count; i-- > 0;)
        put_single(w, &t->singles[i]);
    der_wrap(w, DER_SEQUENCE, responses);
    put_time(w, t->produced);
    TRY(put_responder(w, key_spki(key)));
    der_wrap(w, DER_SEQUENCE, 0);
    return OK;
}

static enum err check_responder(const struct ocsp_template *t, const struct key *key) {
    struct cert c;
    TRY(cert_parse(t->responder, &c));
    return span_eq(c.spki, key_spki(key))
               ? OK
               : err_set(ERR_PARSE, "the OCSP responder's certificate is not of its key");
}

enum err ocsp_response_build(struct arena *a, const struct ocsp_template *t, const struct key *key,
                             struct span *der) {
    struct der_writer data = der_writer_in(a), w = der_writer_in(a);
    TRY(check_responder(t, key));
    TRY(put_data(&data, t, key));
    der_put(&w, t->responder);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    TRY(signing_put(&w, der_written(&data), key));
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_OCTET_STRING, 0);
    der_put_oid(&w, OID_OCSP_BASIC);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put_item(&w, DER_ENUMERATED, span_of("", 1)); /* successful */
    der_wrap(&w, DER_SEQUENCE, 0);
    *der = der_written(&w);
    return OK;
}

struct span ocsp_error(unsigned status) {
    static const uint8_t bytes[][5] = {
        {DER_SEQUENCE, 3, DER_ENUMERATED, 1, 1},
        {DER_SEQUENCE, 3, DER_ENUMERATED, 1, 2},
        {DER_SEQUENCE, 3, DER_ENUMERATED, 1, 3},
        {DER_SEQUENCE, 3, DER_ENUMERATED, 1, 6},
    };
    size_t at = status == 1 ? 0 : status == 3 ? 2 : status == 6 ? 3 : 1;
    return span_of(bytes[at], sizeof *bytes);
}
