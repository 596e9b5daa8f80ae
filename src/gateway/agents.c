/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which certificates below the pinned CA are taken later: those of its RAs, renewed or new. That
 * the pinned CA has signed one says little, since it has signed one for every host, and whoever is
 * taken for an RA may sign CertReps and open what hosts seal. So it counts how the answer came:
 *
 *   https          verified: what the upstream says
 *   plain http     anybody on the way may have put a host's certificate there, or left an RA out:
 *                  a new one wants the EKU Certificate Request Agent, which NDES gives to its RAs
 *                  and no CA gives to a host; one that is still valid goes only when such a one
 *                  comes
 *
 * The administrator's pin takes an answer as it is.
 */
#include "base/clock.h"
#include "base/text.h"
#include "gateway/internal.h"
#include "x509/csr.h"
#include "x509/name.h"

#define EKU_REQUEST_AGENT "1.3.6.1.4.1.311.20.2.1"

enum { MAX_SUBJECT = 60 };

bool agents_is_one(const struct offer *o, size_t i) {
    for (size_t k = 0; k < o->chain_count; k++)
        if (span_eq(o->chain[k].der, o->certs[i].der))
            return false;
    return true;
}

static bool holds(const struct offer *o, const struct cert *c) {
    for (size_t i = 0; i < o->cert_count; i++)
        if (span_eq(o->certs[i].der, c->der))
            return true;
    return false;
}

static bool is_request_agent(struct arena *a, const struct cert *c) {
    struct cert_uses uses;
    const char *oid;
    if (cert_read_uses(c, &uses) != OK)
        return false;
    while (eku_next(a, &uses.eku, &oid))
        if (strcmp(oid, EKU_REQUEST_AGENT) == 0)
            return true;
    return false;
}

static enum err refuse(struct arena *a, const struct upstream *u, const struct cert *c,
                       const char *what, char sha1[CERT_THUMBPRINT_SIZE]) {
    TRY(cert_sha1_hex(c->der, sha1));
    return err_set(ERR_CONFLICT,
                   "GetCACert over plain http %s (%s, %s); nothing of it is taken; if it is right: "
                   "signet gateway pin %s %s",
                   what, text_claim(a, span_str(name_text(a, c->subject)), MAX_SUBJECT), sha1,
                   u->name, u->thumbprint);
}

static enum err check_new(struct arena *a, const struct upstream *u, const struct offer *known,
                          const struct offer *fresh, char sha1[CERT_THUMBPRINT_SIZE], bool *any) {
    *any = false;
    for (size_t i = 0; i < fresh->cert_count; i++) {
        if (!agents_is_one(fresh, i) || holds(known, &fresh->certs[i]))
            continue;
        if (!is_request_agent(a, &fresh->certs[i]))
            return refuse(a, u, &fresh->certs[i], "shows an RA certificate that was not there",
                          sha1);
        *any = true;
    }
    return OK;
}

static enum err check_gone(struct arena *a, const struct upstream *u, const struct offer *known,
                           const struct offer *fresh, char sha1[CERT_THUMBPRINT_SIZE]) {
    int64_t now = clock_ms();
    for (size_t i = 0; i < known->cert_count; i++)
        if (agents_is_one(known, i) && known->certs[i].not_after > now &&
            !holds(fresh, &known->certs[i]))
            return refuse(a, u, &known->certs[i], "lacks an RA certificate that is still valid",
                          sha1);
    return OK;
}

enum err agents_check(struct arena *a, const struct upstream *u, const struct offer *known,
                      const struct offer *fresh, char sha1[CERT_THUMBPRINT_SIZE]) {
    bool any;
    if (fetch_url_is_https(u->url))
        return OK;
    TRY(check_new(a, u, known, fresh, sha1, &any));
    return any ? OK : check_gone(a, u, known, fresh, sha1);
}

void agents_log_new(struct arena *a, const struct upstream *u, const struct offer *known,
                    const struct offer *fresh) {
    for (size_t i = 0; i < fresh->cert_count; i++) {
        char sha1[CERT_THUMBPRINT_SIZE];
        if (agents_is_one(fresh, i) && !holds(known, &fresh->certs[i]) &&
            cert_sha1_hex(fresh->certs[i].der, sha1) == OK)
            log_write(LOG_INFO, "gateway", "upstream=%s ra=new thumbprint=%s subject=%s", u->name,
                      sha1, log_q(span_str(name_text(a, fresh->certs[i].subject))));
    }
}
