/* SPDX-License-Identifier: Apache-2.0 */
/* The upstreams in force: found by name, replaced one at a time. */
#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/internal.h"

/* ---- slots ---- */

static struct gateway_slot *slot_new(const char *name, struct upstream_health *health) {
    struct gateway_slot *s = mem_alloc(sizeof *s);
    memcpy(s->name, name, strlen(name)); /* ca_name_is_valid: fits */
    s->health = health;
    return s;
}

static void slot_free(struct gateway_slot *s) {
    learner_free(s->learner);
    gateway_release(s->in_force);
    health_release(s->health);
    free(s);
}

struct gateway_slot *slot_find(struct gateway *g, const char *name) {
    for (size_t i = 0; i < g->count; i++)
        if (strcasecmp(g->slots[i]->name, name) == 0)
            return g->slots[i];
    return NULL;
}

void slot_put(struct gateway *g, const char *name, struct upstream_health *health,
              struct gateway_upstream *fresh) {
    const struct gateway_upstream *old = NULL;
    pthread_mutex_lock(&g->guard);
    struct gateway_slot *s = slot_find(g, name);
    if (!s)
        s = g->slots[g->count++] = slot_new(name, health_share(health));
    old = s->in_force;
    s->in_force = fresh;
    pthread_mutex_unlock(&g->guard);
    gateway_release(old);
}

struct gateway_slot *slot_take(struct gateway *g, const char *name) {
    struct gateway_slot *taken = NULL;
    pthread_mutex_lock(&g->guard);
    for (size_t i = 0; i < g->count && !taken; i++)
        if (strcmp(g->slots[i]->name, name) == 0) {
            taken = g->slots[i];
            g->slots[i] = g->slots[--g->count];
        }
    pthread_mutex_unlock(&g->guard);
    return taken;
}

void slot_drop(struct gateway_slot *slot) {
    if (slot)
        slot_free(slot);
}

/* ---- opening ---- */

static enum err put_in_force(struct gateway *g, const struct upstream *u,
                             struct upstream_health *health) {
    struct gateway_upstream *fresh;
    TRY(settings_name_is_free(g, u->name)); /* signet.conf may have changed */
    TRY(snapshot_new(g, u, health, &fresh));
    enum err e = u->mode == UPSTREAM_RA ? ra_publish(g, fresh, NULL) : OK;
    if (e == OK)
        slot_put(g, u->name, health, fresh);
    else
        gateway_release(fresh);
    return e;
}

/* One that cannot be served does not keep the server from starting. */
static void load_one(struct gateway *g, const struct upstream *u) {
    struct upstream_health *health = health_new(u->name, (unsigned)u->max_requests);
    if (put_in_force(g, u, health) != OK) {
        log_write(LOG_ERROR, "gateway", "upstream=%s status=unusable reason=%s", u->name,
                  log_q(span_str(err_detail())));
        slot_put(g, u->name, health, NULL);
    }
    health_release(health);
}

struct listing {
    struct arena *a;
    struct upstream *first;
};

static enum err list_work(struct tx *tx, void *user) {
    struct listing *l = user;
    return upstream_list(tx, l->a, &l->first);
}

static enum err load_all(struct gateway *g) {
    ARENA_AUTO(a);
    struct listing l = {.a = &a};
    TRY(store_read(g->options.store, list_work, &l));
    for (const struct upstream *u = l.first; u && g->count < GATEWAY_MAX_UPSTREAMS; u = u->next)
        load_one(g, u);
    return OK;
}

enum err gateway_open(const struct gateway_options *options, struct gateway **out) {
    struct gateway *g = mem_alloc(sizeof *g);
    g->options = *options;
    g->options.folder = arena_str(&g->arena, span_str(options->folder));
    g->options.base_url = arena_str(&g->arena, span_str(options->base_url));
    pthread_mutex_init(&g->changing, NULL);
    pthread_mutex_init(&g->guard, NULL);
    enum err e = fetch_pool_new(&g->pool);
    if (e == OK)
        e = load_all(g);
    if (e != OK) {
        gateway_close(g);
        return e;
    }
    *out = g;
    return OK;
}

void gateway_stop(struct gateway *g) {
    if (g)
        fetch_pool_refuse(g->pool);
}

void gateway_close(struct gateway *g) {
    if (!g)
        return;
    fetch_pool_free(g->pool); /* with it, learners are done */
    while (g->count)
        slot_free(g->slots[--g->count]);
    pthread_mutex_destroy(&g->changing);
    pthread_mutex_destroy(&g->guard);
    arena_free(&g->arena);
    free(g);
}

/* ---- looking ---- */

struct fetch_pool *gateway_pool(struct gateway *g) {
    return g->pool;
}

const struct gateway_options *gateway_options_of(const struct gateway *g) {
    return &g->options;
}

const struct gateway_upstream *gateway_acquire(struct gateway *g, const char *name) {
    pthread_mutex_lock(&g->guard);
    const struct gateway_slot *s = slot_find(g, name);
    const struct gateway_upstream *u = s && s->in_force ? snapshot_share(s->in_force) : NULL;
    pthread_mutex_unlock(&g->guard);
    return u;
}

const char *gateway_url(const struct gateway *g, struct arena *a, const char *name,
                        const char *token) {
    return arena_printf(a, "%s" GATEWAY_PATH "/%s%s%s", g->options.base_url, name, token ? "/" : "",
                        token ? token : "");
}

/* How much of the text is what tokens are made of (base32). */
static size_t token_run(const char *text) {
    size_t n = 0;
    while ((text[n] >= 'A' && text[n] <= 'Z') || (text[n] >= '2' && text[n] <= '7'))
        n++;
    return n;
}

/*
 * By their form alone, wherever they stand: an address that is mistyped, or that a proxy has cut,
 * holds a live token all the same.
 */
const char *url_without_tokens(struct arena *a, const char *text) {
    BUF_AUTO(out);
    while (*text) {
        size_t n = token_run(text);
        if (n >= CHALLENGE_SIZE - 1)
            buf_str(&out, "...");
        else
            buf_add(&out, text, n);
        text += n;
        if (*text)
            buf_char(&out, *text++);
    }
    return arena_str(a, buf_view(&out));
}

void gateway_status(struct gateway *g, struct arena *a, const char *name,
                    struct gateway_status *out) {
    *out = (struct gateway_status){.health = GATEWAY_UNKNOWN};
    pthread_mutex_lock(&g->guard);
    const struct gateway_slot *s = slot_find(g, name);
    if (s)
        health_status(s->health, a, out);
    pthread_mutex_unlock(&g->guard);
}

void gateway_count(struct gateway *g, unsigned *all, unsigned *down) {
    ARENA_AUTO(a);
    *down = 0;
    pthread_mutex_lock(&g->guard);
    *all = (unsigned)g->count;
    for (size_t i = 0; i < g->count; i++) {
        struct gateway_status status;
        health_status(g->slots[i]->health, &a, &status);
        *down += status.health == GATEWAY_DOWN;
    }
    pthread_mutex_unlock(&g->guard);
}
