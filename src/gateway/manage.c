/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes upstreams: the administrator's verbs, and what is learnt by and by. The upstream is
 * asked first, which may take as long as its time-out; what came is put in force under `changing`,
 * held against the settings as they are then.
 */
#include "base/clock.h"
#include "base/text.h"
#include "ca/alarm.h"
#include "gateway/internal.h"

#define TROUBLE_MS (10 * MINUTE_MS) /* until it is an alarm that nothing can be learnt */

/* ---- the store ---- */

struct work {
    struct arena *a;
    const char *name;
    struct upstream *u;
};

static enum err get_work(struct tx *tx, void *user) {
    const struct work *w = user;
    return upstream_get(tx, w->a, w->name, w->u);
}

static enum err add_work(struct tx *tx, void *user) {
    return upstream_add(tx, ((const struct work *)user)->u);
}

static enum err update_work(struct tx *tx, void *user) {
    return upstream_update(tx, ((const struct work *)user)->u);
}

static enum err remove_work(struct tx *tx, void *user) {
    return upstream_remove(tx, ((const struct work *)user)->name);
}

static enum err get(struct gateway *g, struct arena *a, const char *name, struct upstream *out) {
    struct work w = {.a = a, .name = name, .u = out};
    return store_read(g->options.store, get_work, &w);
}

/* ---- putting in force ---- */

/* Gives the pki back what it had. */
static enum err unpublish(struct gateway *g, const struct upstream *u, enum err why) {
    ARENA_AUTO(a);
    const char *detail = arena_str(&a, span_str(err_detail()));
    if (u->mode == UPSTREAM_RA && ra_publish(g, NULL, NULL) != OK)
        log_write(LOG_ERROR, "gateway", "upstream=%s endpoint=kept reason=%s", u->name,
                  log_q(span_str(err_detail())));
    return err_set(why, "%s", detail);
}

/* Kept only when it can be served. */
static enum err keep(struct gateway *g, struct upstream *u, struct upstream_health *health,
                     store_work *work) {
    struct gateway_upstream *fresh;
    struct work w = {.u = u};
    TRY(snapshot_new(g, u, health, &fresh));
    enum err e = u->mode == UPSTREAM_RA ? ra_publish(g, fresh, NULL) : OK;
    if (e == OK && (e = store_write(g->options.store, work, &w)) != OK)
        e = unpublish(g, u, e);
    if (e == OK)
        slot_put(g, u->name, health, fresh);
    else
        gateway_release(fresh);
    return e;
}

/* Fills in what was learnt. */
static enum err take(struct arena *a, struct upstream *u, const struct learnt *learnt,
                     const char *named, bool exact, struct offer *offer) {
    TRY(offer_read(a, u, learnt->body, named, exact, offer));
    if (u->mode == UPSTREAM_RA && !offer->recipient.der.n)
        return err_set(ERR_CONFIG, "its GetCACert has no certificate with an RSA key that may "
                                   "encrypt: the mode ra cannot ask it for anything");
    u->thumbprint = arena_str(a, span_str(offer->thumbprint));
    u->offered = NULL;
    u->ca_certs = learnt->body;
    u->capabilities = learnt->capabilities;
    u->learnt = clock_ms();
    return OK;
}

/* ---- add ---- */

static enum err refuse_known(struct gateway *g, struct arena *a, const char *name) {
    struct upstream known;
    enum err e = get(g, a, name, &known);
    if (e == OK)
        return err_set(ERR_EXISTS, "there is an upstream '%s' already", name);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err add_changing(struct gateway *g, struct arena *a, struct upstream *u,
                             struct upstream_health *health) {
    TRY(refuse_known(g, a, u->name));
    if (g->count == GATEWAY_MAX_UPSTREAMS)
        return err_set(ERR_CONFIG, "there are %d upstreams already: remove one first",
                       GATEWAY_MAX_UPSTREAMS);
    if (u->mode == UPSTREAM_RA)
        TRY(self_make(g, u->name));
    enum err e = keep(g, u, health, add_work);
    if (e != OK && u->mode == UPSTREAM_RA)
        self_remove(g, u->name);
    return e;
}

static enum err add(struct gateway *g, struct arena *a, const char *named, struct upstream *u,
                    struct upstream_health *health) {
    struct learnt learnt;
    struct offer *offer = arena_alloc(a, sizeof *offer);
    TRY(learn_now(g, a, u, health, &learnt));
    u->created = clock_ms();
    enum err e = take(a, u, &learnt, named, false, offer);
    if (e != OK)
        return err_context(e, "%s", u->url);
    pthread_mutex_lock(&g->changing);
    e = add_changing(g, a, u, health);
    pthread_mutex_unlock(&g->changing);
    return e;
}

enum err gateway_add(struct gateway *g, struct arena *a, const struct upstream *settings,
                     struct upstream *out) {
    TRY(settings_check(g, settings, out));
    TRY(refuse_known(g, a, out->name)); /* before the upstream is asked; and again afterwards */
    struct upstream_health *health = health_new(out->name, (unsigned)out->max_requests);
    enum err e = add(g, a, settings->thumbprint, out, health);
    health_release(health);
    if (e == OK)
        log_write(LOG_INFO, "gateway", "upstream=%s status=added url=%s ca_thumbprint=%s",
                  out->name, log_q(span_str(out->url)), out->thumbprint);
    return e;
}

/* ---- remove ---- */

static enum err remove_changing(struct gateway *g, const struct upstream *u,
                                struct gateway_slot **slot) {
    struct work w = {.name = u->name};
    TRY(store_write(g->options.store, remove_work, &w));
    if (u->mode == UPSTREAM_RA && ra_publish(g, NULL, u->name) != OK)
        log_write(LOG_ERROR, "gateway", "upstream=%s status=removed reason=%s", u->name,
                  log_q(span_str(err_detail())));
    self_remove(g, u->name);
    *slot = slot_take(g, u->name);
    return OK;
}

enum err gateway_remove(struct gateway *g, const char *name) {
    ARENA_AUTO(a);
    struct upstream u;
    struct gateway_slot *slot = NULL;
    pthread_mutex_lock(&g->changing);
    enum err e = get(g, &a, name, &u);
    if (e == OK)
        e = remove_changing(g, &u, &slot);
    pthread_mutex_unlock(&g->changing);
    slot_drop(slot); /* waits for its learner */
    return e;
}

/* ---- what is learnt of one that is known ---- */

static void raise_alarm(struct gateway *g, const struct upstream *u, const char *text,
                        const char *evidence) {
    if (alarm_raise(g->options.store, text, evidence) != OK)
        log_write(LOG_ERROR, "gateway", "upstream=%s alarm=failed reason=%s", u->name,
                  log_q(span_str(err_detail())));
}

static void raise_other_ca(struct gateway *g, struct arena *a, const struct upstream *u,
                           const char *other) {
    const char *text = arena_printf(
        a,
        "the upstream '%s' serves another CA now: %s, while %s is pinned; hosts go on with the "
        "pinned one. If the change is right: signet gateway pin %s %s",
        u->name, other, u->thumbprint, u->name, other);
    const char *evidence =
        arena_printf(a, "{\"upstream\":\"%s\",\"pinned\":\"%s\",\"offered\":\"%s\"}", u->name,
                     u->thumbprint, other);
    raise_alarm(g, u, text, evidence);
}

/* The text names no certificate: who puts another one there each time shall not fill the list. */
static void raise_other_agents(struct gateway *g, struct arena *a, const struct upstream *u,
                               const char *sha1) {
    const char *text = arena_printf(
        a,
        "the upstream '%s' shows other RA certificates over plain http, where anybody on the way "
        "could have changed them; those that are known stay in force. If the change is right: "
        "signet gateway pin %s %s",
        u->name, u->name, u->thumbprint);
    raise_alarm(g, u, text,
                arena_printf(a, "{\"upstream\":\"%s\",\"pinned\":\"%s\",\"certificate\":\"%s\"}",
                             u->name, u->thumbprint, sha1));
}

static enum err check_agents(struct gateway *g, struct arena *a, const struct upstream *before,
                             const struct offer *fresh) {
    char sha1[CERT_THUMBPRINT_SIZE];
    struct offer *known = arena_alloc(a, sizeof *known);
    TRY(offer_read(a, before, before->ca_certs, before->thumbprint, true, known));
    enum err e = agents_check(a, before, known, fresh, sha1);
    if (e == OK) {
        agents_log_new(a, before, known, fresh);
        return OK;
    }
    const char *why = arena_str(a, span_str(err_detail()));
    if (e == ERR_CONFLICT)
        raise_other_agents(g, a, before, sha1);
    return err_set(e, "%s", why);
}

/* Another CA: what was learnt stays. */
static enum err note_offered(struct gateway *g, struct arena *a, struct upstream_health *health,
                             struct upstream *u, const char *other) {
    raise_other_ca(g, a, u, other);
    if (text_same(u->offered, other))
        return OK;
    u->offered = other;
    return keep(g, u, health, update_work);
}

/* An idle server writes nothing: when all is as it was, `learnt` is kept to the hour. */
static enum err keep_changes(struct gateway *g, struct upstream_health *health, bool anyway,
                             const struct upstream *before, struct upstream *u) {
    bool other_certs = !span_eq(before->ca_certs, u->ca_certs);
    bool other_caps = !text_same(before->capabilities, u->capabilities);
    bool due = anyway || before->offered || u->learnt - before->learnt >= HOUR_MS;
    health_offers(health, NULL);
    if (!other_certs && !other_caps && !due)
        return OK;
    if (other_certs || other_caps)
        log_write(LOG_INFO, "gateway", "upstream=%s status=changed ca_certs=%s capabilities=%s",
                  u->name, other_certs ? "new" : "same", other_caps ? "new" : "same");
    return keep(g, u, health, update_work);
}

/* What fits the pin is put in force. ERR_CONFLICT for another CA, or RA certificates that are not
 * taken, after the alarm. */
static enum err apply(struct gateway *g, struct arena *a, struct gateway_slot *slot,
                      const struct learnt *learnt, bool anyway, struct upstream *out) {
    struct upstream before, fresh;
    struct offer *offer = arena_alloc(a, sizeof *offer);
    TRY(get(g, a, slot->name, &before));
    fresh = *out = before;
    enum err e = take(a, &fresh, learnt, before.thumbprint, true, offer);
    if (e == OK) {
        TRY(check_agents(g, a, &before, offer));
        *out = fresh;
        return keep_changes(g, slot->health, anyway, &before, out);
    }
    const char *why = arena_str(a, span_str(err_detail()));
    if (!*offer->other)
        return err_set(e, "%s", why);
    TRY(note_offered(g, a, slot->health, out, offer->other));
    return err_set(e, "%s; if that is right: signet gateway pin %s %s", why, slot->name,
                   offer->other);
}

/* ---- what could not be learnt ---- */

/* It answers, but not as a SCEP server: a web page in its place, another path. Hosts that come meet
 * the same. */
static void raise_trouble(struct gateway *g, struct arena *a, const char *name,
                          struct upstream_health *health) {
    const struct upstream u = {.name = name};
    struct gateway_status status;
    health_status(health, a, &status);
    if (status.health == GATEWAY_UP && !status.reason && clock_ms() - status.troubled >= TROUBLE_MS)
        raise_alarm(g, &u,
                    arena_printf(a,
                                 "the upstream '%s' answers, but nothing could be learnt of it for "
                                 "ten minutes; what was learnt before stays in force. Why: signet "
                                 "gateway show %s",
                                 name, name),
                    arena_printf(a, "{\"upstream\":\"%s\"}", name));
}

/* `why` with its detail, for show and list; another CA has an alarm of its own. */
static enum err note_trouble(struct gateway *g, struct arena *a, const char *name,
                             struct upstream_health *health, enum err why) {
    const char *detail = arena_str(a, span_str(err_detail()));
    health_offers(health, text_claim(a, span_str(detail), 290));
    if (why != ERR_CONFLICT)
        raise_trouble(g, a, name, health);
    return err_set(why, "%s", detail);
}

/* ---- pin and refresh ---- */

static enum err pin(struct gateway *g, struct arena *a, struct gateway_slot *slot,
                    const struct learnt *learnt, const char *thumbprint, struct upstream *out) {
    struct offer *offer = arena_alloc(a, sizeof *offer);
    TRY(get(g, a, slot->name, out));
    TRY(take(a, out, learnt, thumbprint, false, offer));
    health_offers(slot->health, NULL);
    TRY(keep(g, out, slot->health, update_work));
    log_write(LOG_INFO, "gateway", "upstream=%s status=pinned ca_thumbprint=%s", out->name,
              out->thumbprint);
    return OK;
}

/* It may have been removed while it was asked. */
static enum err relearn_changing(struct gateway *g, struct arena *a, const char *name,
                                 const struct learnt *learnt, const char *thumbprint,
                                 struct upstream *out) {
    struct gateway_slot *slot = slot_find(g, name);
    if (!slot)
        return err_set(ERR_NOT_FOUND, "there is no upstream '%s' any more", name);
    return thumbprint ? pin(g, a, slot, learnt, thumbprint, out)
                      : apply(g, a, slot, learnt, true, out);
}

static struct upstream_health *health_of(struct gateway *g, const char *name) {
    pthread_mutex_lock(&g->guard);
    const struct gateway_slot *s = slot_find(g, name);
    struct upstream_health *h = s ? health_share(s->health) : NULL;
    pthread_mutex_unlock(&g->guard);
    return h;
}

static enum err relearn(struct gateway *g, struct arena *a, const char *name,
                        const char *thumbprint, struct upstream *out) {
    struct learnt learnt;
    TRY(get(g, a, name, out));
    struct upstream_health *health = health_of(g, name);
    enum err e = learn_now(g, a, out, health, &learnt);
    if (e == OK) {
        pthread_mutex_lock(&g->changing);
        e = relearn_changing(g, a, name, &learnt, thumbprint, out);
        pthread_mutex_unlock(&g->changing);
    }
    if (health && e != OK && !thumbprint)
        e = note_trouble(g, a, out->name, health, e);
    if (health)
        health_release(health);
    return e;
}

enum err gateway_pin(struct gateway *g, struct arena *a, const char *name, const char *thumbprint,
                     struct upstream *out) {
    TRY(settings_check_thumbprint(thumbprint));
    return relearn(g, a, name, thumbprint, out);
}

enum err gateway_refresh(struct gateway *g, struct arena *a, const char *name,
                         struct upstream *out) {
    return relearn(g, a, name, NULL, out);
}

/* ---- by and by ---- */

static enum err read_learner(struct gateway *g, struct arena *a, struct gateway_slot *slot) {
    struct learnt learnt;
    struct upstream u;
    TRY(learner_result(slot->learner, a, &learnt));
    if (learner_upstream(slot->learner) != slot->in_force)
        return OK; /* an administrator was faster */
    return apply(g, a, slot, &learnt, false, &u);
}

static void pick_up(struct gateway *g, struct gateway_slot *slot) {
    ARENA_AUTO(a);
    enum err e = read_learner(g, &a, slot);
    learner_free(slot->learner);
    slot->learner = NULL;
    if (e == OK || e == ERR_BUSY) /* the pool ends */
        return;
    e = note_trouble(g, &a, slot->name, slot->health, e);
    log_write(LOG_WARN, "gateway", "upstream=%s learning=failed reason=%s", slot->name,
              log_q(span_str(err_detail())));
}

static void keep_slot(struct gateway *g, struct gateway_slot *slot, int64_t now) {
    if (slot->learner && learner_is_done(slot->learner))
        pick_up(g, slot);
    if (slot->learner || !slot->in_force || now < slot->next_learn)
        return;
    slot->next_learn = now + MINUTE_MS;
    slot->learner = learner_start(g, slot->in_force);
}

void gateway_keep(struct gateway *g) {
    pthread_mutex_lock(&g->changing);
    for (size_t i = 0; i < g->count; i++)
        keep_slot(g, g->slots[i], clock_monotonic_ms());
    pthread_mutex_unlock(&g->changing);
}
