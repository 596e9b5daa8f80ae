/* SPDX-License-Identifier: Apache-2.0 */
#include "server/housekeeping.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/alarm.h"
#include "server/upstream_poll.h"
#include "store/challenge.h"
#include "store/request.h"

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS };

#define DAY_MS  INT64_C(86400000)
#define KEPT_MS (30 * DAY_MS) /* ended challenges, decided requests */

static void log_failure(const char *what) {
    log_write(LOG_ERROR, "server", "housekeeping=%s status=failed reason=%s", what,
              log_q(span_str(err_detail())));
}

/* ---- enrollments: every time ---- */

struct overdue {
    const struct enroll_policy *policy;
    int count;
};

static enum err expire_work(struct tx *tx, void *user) {
    struct overdue *o = user;
    return enroll_expire(tx, o->policy, clock_ms(), &o->count);
}

static enum err any_due(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment *due;
    TRY(enrollment_list_due(tx, &a, clock_ms(), &due));
    *(bool *)user = due != NULL;
    return OK;
}

/* An idle server writes nothing. */
static void expire_enrollments(const struct housekeeping *h) {
    struct store *store = h->services->scep.store;
    struct overdue o = {.policy = &h->services->mdm.enroll_policy};
    bool due = false;
    enum err e = store_read(store, any_due, &due);
    if (e == OK && due)
        e = store_write(store, expire_work, &o);
    if (e != OK)
        log_failure("enrollments");
    if (o.count) /* what they superseded is public now */
        revocation_changed(h->services->scep.revocation);
}

static void raise_alarm(const struct housekeeping *h, const char *text, const char *evidence) {
    if (alarm_raise(h->services->scep.store, text, evidence) != OK)
        log_failure("alarm");
}

/* ---- CAs and CRLs: every minute ---- */

static void keep_pki(const struct housekeeping *h) {
    bool changed = false;
    if (pki_keep(h->services->pki, &changed) != OK)
        log_failure("ra");
    else if (changed)
        log_write(LOG_INFO, "server", "housekeeping=ra status=renewed");
}

/* Makes those whose half life is over; one that cannot be made is an alarm before it ends. */
static void keep_crls(const struct housekeeping *h, const struct pki *pki) {
    for (size_t i = 0; i < pki->ca_count; i++) {
        ARENA_AUTO(a);
        struct published_crl crl;
        if (revocation_crl(h->services->scep.revocation, &pki->cas[i], &a, &crl) == OK)
            continue;
        log_failure("crl");
        raise_alarm(
            h,
            arena_printf(&a,
                         "the CRL of the CA '%s' (%s) cannot be made: the server's log says "
                         "why; when the last one ends, its certificates are refused",
                         pki->cas[i].name, pki->cas[i].sha1),
            "{}");
    }
}

static enum err purge_work(struct tx *tx, void *user) {
    int64_t before = *(int64_t *)user;
    TRY(request_purge(tx, before));
    return challenge_purge(tx, before);
}

static void purge(const struct housekeeping *h) {
    int64_t before = clock_ms() - KEPT_MS;
    if (store_write(h->services->scep.store, purge_work, &before) != OK)
        log_failure("purge");
}

/* ---- expiries: every hour ---- */

static void warn_of_expiry(const struct housekeeping *h, const struct expiry *x,
                           int64_t warn_before) {
    ARENA_AUTO(a);
    char iso[CLOCK_ISO_SIZE];
    int64_t left = x->not_after - clock_ms();
    if (left > warn_before || left > x->alarm_within)
        return;
    clock_iso(x->not_after, iso);
    raise_alarm(h,
                arena_printf(&a, "%s %s %.10s: %s", x->what, left > 0 ? "ends on" : "has ended on",
                             iso, x->cure),
                arena_printf(&a, "{\"not_after\":\"%s\"}", iso));
}

static int64_t warn_before_of(const struct config *c, const char *ca) {
    for (size_t i = 0; i < c->pki.ca_count; i++)
        if (strcmp(c->pki.cas[i].name, ca) == 0)
            return c->pki.cas[i].warn_before;
    return c->pki.cas[0].warn_before;
}

static void warn_of_tls(const struct housekeeping *h) {
    ARENA_AUTO(a);
    struct span der;
    struct cert cert;
    const char *path = h->config->tls_cert;
    if (cert_load_pem(&a, path, &der) != OK || cert_parse(der, &cert) != OK) {
        log_failure("tls");
        return;
    }
    struct expiry x = {.what = arena_printf(&a, "the TLS certificate '%s'", path),
                       .cure = "put a new one in its place and send the server SIGHUP",
                       .not_after = cert.not_after,
                       .alarm_within = INT64_MAX};
    warn_of_expiry(h, &x, h->config->pki.cas[0].warn_before);
}

static void warn_of_cas(const struct housekeeping *h, const struct pki *pki) {
    for (size_t i = 0; i < pki->ca_count; i++) {
        ARENA_AUTO(a);
        struct expiry all[CA_MAX_EXPIRIES];
        size_t n = ca_expiries(&pki->cas[i], &a, all);
        for (size_t k = 0; k < n; k++)
            warn_of_expiry(h, &all[k], warn_before_of(h->config, pki->cas[i].name));
    }
}

/* ---- */

static bool is_time(int64_t *next, int64_t period) {
    int64_t now = clock_monotonic_ms();
    if (now < *next)
        return false;
    *next = now + period;
    return true;
}

void housekeeping_run(struct housekeeping *h) {
    expire_enrollments(h);
    gateway_keep(h->services->gateway);
    upstream_poll_run(h->services);
    if (!is_time(&h->next_minute, MINUTE_MS))
        return;
    keep_pki(h);
    const struct pki *pki = pki_acquire(h->services->pki);
    if (h->started) { /* at the start there is no haste: who asks for a CRL gets one */
        keep_crls(h, pki);
        purge(h);
    }
    h->started = true;
    if (is_time(&h->next_hour, HOUR_MS)) {
        warn_of_cas(h, pki);
        warn_of_tls(h);
    }
    pki_release(pki);
}
