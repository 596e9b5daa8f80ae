/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP. A response is signed by the OCSP key of the CA that the request names first, also when that
 * CA is retired; of a CA that is not ours we know nothing and have no right to sign: unauthorized
 * (RFC 6960, 2.3). Only answers about one certificate without a nonce are kept: those are what
 * Windows asks for, and what can be asked for twice.
 */
#include "base/clock.h"
#include "base/log.h"
#include "ca/revocation_state.h"
#include "x509/ocsp.h"

enum { MALFORMED_REQUEST = 1, INTERNAL_ERROR = 2, UNAUTHORIZED = 6 };

#define LONGEST_VALIDITY DAY_MS /* how long a host may not hear of it */

/* ---- what we know ---- */

struct question {
    struct arena *a;
    const struct ca *ca;
    const struct ocsp_request *request;
    struct ocsp_single singles[OCSP_MAX_CERTS];
};

static const struct ca *issuer_of(const struct pki *pki, const struct ocsp_cert_id *id) {
    for (size_t i = 0; i < pki->ca_count; i++) {
        const struct cert *c = &pki->cas[i].issuer.parsed;
        if (ocsp_names_issuer(id, c->subject, c->spki))
            return &pki->cas[i];
    }
    return NULL;
}

/* The CA's own helpers are in no table. */
static bool is_helper(const struct ca *ca, struct span serial) {
    const struct scep_key *helpers[] = {&ca->ra, &ca->ra_sign, &ca->ra_enc, &ca->ocsp};
    for (size_t i = 0; i < sizeof helpers / sizeof *helpers; i++)
        if (helpers[i]->cert.n && span_eq(helpers[i]->parsed.serial, serial))
            return true;
    for (size_t i = 0; i < ca->opener_count; i++)
        if (span_eq(ca->openers[i].parsed.serial, serial))
            return true;
    return false;
}

static enum err look_up(struct tx *tx, const struct question *q, struct span serial,
                        struct ocsp_single *out) {
    struct certificate c;
    bool public = false;
    enum err e = certificate_by_serial(tx, q->a, serial, &c);
    if (e == ERR_NOT_FOUND || (e == OK && strcmp(c.ca, q->ca->sha1) != 0))
        return OK; /* unknown */
    TRY(e);
    TRY(certificate_revocation_is_public(tx, &c, &public));
    out->status = OCSP_GOOD;
    if (!public)
        return OK;
    out->status = OCSP_REVOKED;
    out->revoked = c.revoked;
    if (!c.reason || !crl_reason_parse(c.reason, &out->reason))
        out->reason = CRL_UNSPECIFIED;
    return OK;
}

static enum err look_up_all(struct tx *tx, void *user) {
    struct question *q = user;
    const struct cert *issuer = &q->ca->issuer.parsed;
    for (size_t i = 0; i < q->request->count; i++) {
        const struct ocsp_cert_id *id = &q->request->certs[i];
        q->singles[i] = (struct ocsp_single){.cert_id = id->whole, .status = OCSP_UNKNOWN};
        if (!ocsp_names_issuer(id, issuer->subject, issuer->spki))
            continue;
        if (is_helper(q->ca, id->serial))
            q->singles[i].status = OCSP_GOOD;
        else
            TRY(look_up(tx, q, id->serial, &q->singles[i]));
    }
    return OK;
}

/* ---- answering ---- */

static enum err answer(struct revocation *r, struct question *q, int64_t now,
                       struct ocsp_cached *out) {
    const struct ca *ca = q->ca;
    int64_t validity = ca->crl_validity < LONGEST_VALIDITY ? ca->crl_validity : LONGEST_VALIDITY;
    int64_t this_update = revocation_this_update(now, validity);
    if (!ca->ocsp.cert.n)
        return err_set(ERR_INTERNAL, "the CA '%s' has no OCSP certificate", ca->name);
    TRY(store_read(r->store, look_up_all, q));
    out->made = now;
    out->next_update = this_update + validity;
    for (size_t i = 0; i < q->request->count; i++) {
        q->singles[i].this_update = this_update;
        q->singles[i].next_update = out->next_update;
    }
    struct ocsp_template t = {
        .singles = q->singles,
        .count = q->request->count,
        .produced = now,
        .nonce = q->request->nonce,
        .responder = ca->ocsp.cert,
    };
    return ocsp_response_build(q->a, &t, ca->ocsp.key, &out->der);
}

static bool is_fresh(const struct ocsp_cached *c, uint64_t generation, int64_t now) {
    return c->generation == generation && now >= c->made &&
           now < c->made + (c->next_update - c->made) / 2;
}

static enum err answer_from_cache(struct revocation *r, struct question *q,
                                  struct ocsp_cached *out) {
    uint8_t key[DIGEST_MAX_SIZE];
    int64_t now = clock_ms();
    uint64_t generation = atomic_load(&r->generation); /* before the store is read */
    TRY(digest_of(DIGEST_SHA256, q->request->certs[0].whole, key));
    if (ocsp_cache_get(r->responses, key, q->a, out) && is_fresh(out, generation, now))
        return OK;
    TRY(answer(r, q, now, out));
    out->generation = generation;
    ocsp_cache_put(r->responses, key, out);
    return OK;
}

struct span revocation_ocsp(struct revocation *r, const struct pki *pki, struct arena *a,
                            struct span request, int64_t *next_update) {
    struct ocsp_request asked;
    struct ocsp_cached reply = {0};
    *next_update = 0;
    if (ocsp_request_parse(request, &asked) != OK || asked.count == 0)
        return ocsp_error(MALFORMED_REQUEST);
    struct question q = {.a = a, .ca = issuer_of(pki, &asked.certs[0]), .request = &asked};
    if (!q.ca)
        return ocsp_error(UNAUTHORIZED);
    bool keep = asked.count == 1 && asked.nonce.n == 0;
    enum err e = keep ? answer_from_cache(r, &q, &reply) : answer(r, &q, clock_ms(), &reply);
    if (e != OK) {
        log_write(LOG_ERROR, "pki", "op=ocsp status=error reason=%s",
                  log_q(span_str(err_detail())));
        return ocsp_error(INTERNAL_ERROR);
    }
    if (keep)
        *next_update = reply.next_update;
    return reply.der;
}
