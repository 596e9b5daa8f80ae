/* SPDX-License-Identifier: Apache-2.0 */
/* What ends, and when: before that day somebody must have heard of it. */
#include "base/clock.h"
#include "ca/ca_place.h"

/* Renewed at 15 days: on its last 14 something is wrong. */
enum { OCSP_OVERDUE_DAYS = 14 };

struct listing {
    const struct ca *ca;
    struct arena *a;
    struct expiry *out;
    size_t count;
};

static void add(struct listing *l, const char *what, int64_t not_after, const char *cure) {
    if (l->count < CA_MAX_EXPIRIES)
        l->out[l->count++] = (struct expiry){
            .what = arena_printf(l->a, "the %s '%s'", what, l->ca->name),
            .cure = cure,
            .not_after = not_after,
            .alarm_within = INT64_MAX,
        };
}

static void add_own(struct listing *l, const char *what, const struct scep_key *pair) {
    if (pair->cert.n)
        add(l, what, pair->parsed.not_after,
            "the server renews it by itself, but never beyond the CA's own end; its log says why "
            "it did not");
}

/* It lives for 30 days only: by warn_before alone it would be an alarm all its life. */
static void add_ocsp(struct listing *l) {
    const struct ca *ca = l->ca;
    add_own(l, ca->retired ? "OCSP certificate of the retired CA" : "OCSP certificate of the CA",
            &ca->ocsp);
    if (ca->ocsp.cert.n)
        l->out[l->count - 1].alarm_within = OCSP_OVERDUE_DAYS * DAY_MS;
}

/* Of the issuers above, the one that ends first: all below ends with it. */
static void add_issuers(struct listing *l) {
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < l->ca->chain_count; i++) {
        struct cert c;
        if (cert_parse(l->ca->chain[i], &c) == OK && c.not_after < first)
            first = c.not_after;
    }
    if (first != INT64_MAX)
        add(l, "certificate above the CA", first,
            "whoever runs the CA above must renew it first; then roll over to a CA under the new "
            "one (signet ca rollover)");
}

/* Of a retired one only what it answers with: its own end needs nobody any more. */
size_t ca_expiries(const struct ca *ca, struct arena *a, struct expiry out[CA_MAX_EXPIRIES]) {
    struct listing l = {ca, a, out, 0};
    const char *finish = ca->next.n ? " --finish" : "";
    if (!ca->retired) {
        add(&l, "certificate of the CA", ca->issuer.parsed.not_after,
            arena_printf(a, "signet ca rollover %s%s", ca->name, finish));
        add_issuers(&l);
        add_own(&l, "RA certificate of the CA", &ca->ra);
        add_own(&l, "RA signing certificate of the CA", &ca->ra_sign);
        add_own(&l, "RA encryption certificate of the CA", &ca->ra_enc);
    }
    if (ca->ocsp.parsed.not_after < ca->issuer.parsed.not_after)
        add_ocsp(&l);
    return l.count;
}
