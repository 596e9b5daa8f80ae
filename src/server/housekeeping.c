/* SPDX-License-Identifier: Apache-2.0 */
#include "server/housekeeping.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ca/alarm.h"
#include "enroll/life.h"
#include "server/upstream_poll.h"
#include "store/challenge.h"
#include "store/queue.h"
#include "store/request.h"

#define KEPT_MS (30 * DAY_MS) /* ended challenges, decided requests, commands that are done */

enum { PURGED_AT_ONCE = 500 };

#define ENDS_SOON_MS (14 * DAY_MS) /* a host's certificate */
#define UNSEEN_MS    (3 * DAY_MS)

static void log_failure(const char *what) {
    log_write(LOG_ERROR, "server", "housekeeping=%s status=failed reason=%s", what,
              log_q(span_str(err_detail())));
}

/* ---- enrollments: every time ---- */

struct overdue {
    const struct enroll_policy *policy;
    bool any;
    int count;
};

static enum err expire_work(struct tx *tx, void *user) {
    struct overdue *o = user;
    return enroll_expire(tx, o->policy, clock_ms(), &o->count);
}

static enum err any_due(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct overdue *o = user;
    struct enrollment *due;
    TRY(enrollment_list_due(tx, &a, clock_ms(), o->policy->confirm_sessions, &due));
    o->any = due != NULL;
    return OK;
}

/* An idle server writes nothing. */
static void expire_enrollments(const struct housekeeping *h) {
    struct store *store = h->services->scep.store;
    struct overdue o = {.policy = &h->services->mdm.enroll_policy};
    enum err e = store_read(store, any_due, &o);
    if (e == OK && o.any)
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

/* ---- the lives of certificates: every minute ---- */

struct lives {
    int64_t now;
    bool due;
    int renewed, left;
};

static enum err any_life_due(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct lives *l = user;
    struct enrollment *ended, *due;
    struct device *leaving;
    TRY(enrollment_list_ended(tx, &a, l->now, 1, &ended));
    TRY(enrollment_list_renewals(tx, &a, 0, l->now, 1, &due));
    TRY(enroll_list_leaving(tx, &a, l->now, &leaving));
    l->due = ended || due || leaving;
    return OK;
}

static enum err lives_work(struct tx *tx, void *user) {
    struct lives *l = user;
    TRY(enroll_renew_all(tx, l->now, &l->renewed));
    return enroll_end_leaving(tx, l->now, &l->left);
}

static void keep_lives(const struct housekeeping *h) {
    struct store *store = h->services->scep.store;
    struct lives l = {.now = clock_ms()};
    enum err e = store_read(store, any_life_due, &l);
    if (e == OK && l.due)
        e = store_write(store, lives_work, &l);
    if (e != OK)
        log_failure("lives");
    else if (l.left) /* they are revoked */
        revocation_changed(h->services->scep.revocation);
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

static enum err purge_requests(struct tx *tx, void *now) {
    return request_purge(tx, *(int64_t *)now - KEPT_MS);
}

static enum err purge_challenges(struct tx *tx, void *now) {
    return challenge_purge(tx, *(int64_t *)now - KEPT_MS);
}

static enum err purge_commands(struct tx *tx, void *now) {
    int64_t count;
    return queue_purge(tx, *(int64_t *)now - KEPT_MS, PURGED_AT_ONCE, &count);
}

/* enroll.c says how long it keeps. */
static enum err purge_enrollments(struct tx *tx, void *now) {
    int64_t count;
    return enrollment_purge(tx, *(int64_t *)now, PURGED_AT_ONCE, &count);
}

/* Each for itself, so that one that fails stops no other. */
static void purge(const struct housekeeping *h) {
    static const struct {
        const char *what;
        store_work *work;
    } all[] = {{"purge-requests", purge_requests},
               {"purge-challenges", purge_challenges},
               {"purge-commands", purge_commands},
               {"purge-enrollments", purge_enrollments}};
    int64_t now = clock_ms();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (store_write(h->services->scep.store, all[i].work, &now) != OK)
            log_failure(all[i].what);
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

struct unseen_query {
    struct arena *a;
    struct unseen found;
};

static enum err find_unseen(struct tx *tx, void *user) {
    struct unseen_query *q = user;
    int64_t now = clock_ms();
    return enrollment_find_unseen(tx, q->a, now + ENDS_SOON_MS, now - UNSEEN_MS, &q->found);
}

/* The text is the same each day, so that it is one alarm a day; who it is about is evidence. */
static void warn_of_unseen(const struct housekeeping *h) {
    ARENA_AUTO(a);
    struct unseen_query q = {.a = &a};
    if (store_read(h->services->scep.store, find_unseen, &q) != OK)
        log_failure("unseen");
    if (!q.found.count)
        return;
    json_t *evidence = json_pack("{s:s, s:[]}", "hosts",
                                 arena_printf(&a, "%lld", (long long)q.found.count), "first");
    for (size_t i = 0; i < UNSEEN_NAMES && q.found.names[i]; i++)
        json_array_append_new(json_object_get(evidence, "first"),
                              json_string(text_claim(&a, span_str(q.found.names[i]), 64)));
    char *json = json_dumps(evidence, JSON_COMPACT);
    raise_alarm(h,
                "hosts that were not seen for three days have certificates that end within 14 "
                "days: they are renewed when they come; signet device list shows when each was "
                "seen last",
                json);
    free(json);
    json_decref(evidence);
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
    replies_expire(h->services->mdm.replies, clock_ms());
    keep_lives(h);
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
        warn_of_unseen(h);
    }
    pki_release(pki);
}
