/* SPDX-License-Identifier: Apache-2.0 */
/* An upstream as it is in force: built of its settings and of what was learnt, then only read. */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "gateway/challenge.h"
#include "gateway/internal.h"
#include "x509/name.h"

enum { MAX_CREDENTIALS = 4096 };

struct snapshot {
    struct gateway_upstream u; /* first: what users have is a pointer to it */
    struct arena arena;
    struct upstream settings;
    struct key *key; /* u.self's */
    atomic_uint users;
};

/* ---- users ---- */

const struct gateway_upstream *snapshot_share(const struct gateway_upstream *u) {
    struct snapshot *s = (struct snapshot *)(uintptr_t)u;
    atomic_fetch_add_explicit(&s->users, 1, memory_order_relaxed);
    return u;
}

static void destroy(struct snapshot *s) {
    fetch_peer_free(s->u.peer);
    fetch_peer_free(s->u.ndes);
    key_free(s->key);
    health_release(s->u.health);
    arena_free(&s->arena);
    free(s);
}

void gateway_release(const struct gateway_upstream *u) {
    struct snapshot *s = (struct snapshot *)(uintptr_t)u;
    if (u && atomic_fetch_sub_explicit(&s->users, 1, memory_order_acq_rel) == 1)
        destroy(s);
}

/* ---- what it is made of ---- */

static const char *copy(struct arena *a, const char *text) {
    return text ? arena_str(a, span_str(text)) : NULL;
}

static void copy_settings(struct arena *a, const struct upstream *from, struct upstream *to) {
    const char **const texts[] = {
        &to->name,           &to->url,      &to->message,          &to->trust,
        &to->chain,          &to->ndes_url, &to->ndes_credentials, &to->challenge_file,
        &to->webhook_secret, &to->ca,       &to->thumbprint,       &to->offered,
        &to->capabilities,
    };
    *to = *from;
    to->next = NULL;
    to->ca_certs = arena_copy(a, from->ca_certs);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = copy(a, *texts[i]);
}

static struct fetch_options options_of(const struct upstream *u) {
    return (struct fetch_options){
        .trust = span_str(u->trust),
        .system_trust = !u->trust,
        .env_proxy = true,
        .timeout_ms = (unsigned)u->timeout,
    };
}

struct fetch_peer *snapshot_peer(struct gateway *g, const struct upstream *u) {
    const struct fetch_options o = options_of(u);
    return fetch_peer_new(g->pool, &o);
}

/* `signet gateway refresh` reads it anew. */
enum err snapshot_credentials(const char *path, struct buf *text, struct fetch_options *o) {
    TRY(file_read(path, MAX_CREDENTIALS, text));
    char *line = (char *)(uintptr_t)buf_cstr(text);
    line[strcspn(line, "\r\n")] = '\0';
    char *colon = strchr(line, ':');
    if (!colon)
        return err_set(ERR_CONFIG, "%s: its first line is not USER:PASSWORD", path);
    *colon = '\0';
    o->user = line;
    o->password = colon + 1;
    return OK;
}

static enum err open_ndes(struct gateway *g, struct snapshot *s) {
    static const enum fetch_auth ways[] = {
        [UPSTREAM_AUTH_ANY] = FETCH_AUTH_ANY,
        [UPSTREAM_AUTH_NEGOTIATE] = FETCH_AUTH_NEGOTIATE,
        [UPSTREAM_AUTH_NTLM] = FETCH_AUTH_NTLM,
        [UPSTREAM_AUTH_BASIC] = FETCH_AUTH_BASIC,
    };
    BUF_AUTO(text);
    struct fetch_options o = options_of(&s->settings);
    o.auth = ways[s->settings.ndes_auth];
    TRY(snapshot_credentials(s->settings.ndes_credentials, &text, &o));
    s->u.ndes = fetch_peer_new(g->pool, &o);
    return OK;
}

/* Without it hosts get no challenge, and are told so; the rest of the upstream works. */
static void try_ndes(struct gateway *g, struct snapshot *s) {
    if (s->settings.ndes_url && open_ndes(g, s) != OK)
        log_write(LOG_ERROR, "gateway", "upstream=%s ndes=unusable reason=%s", s->settings.name,
                  log_q(span_str(err_detail())));
}

/* ---- what was learnt ---- */

/* An RA whose time is over signs nothing; hosts still get its certificate, as from the upstream. */
static bool may_sign(struct snapshot *s, const struct offer *offer, size_t i) {
    const struct cert *c = &offer->certs[i];
    if (!agents_is_one(offer, i) || c->not_after > clock_ms())
        return true;
    log_write(LOG_WARN, "gateway", "upstream=%s ra=expired subject=%s", s->settings.name,
              log_q(span_str(name_text(&s->arena, c->subject))));
    return false;
}

/* Of a key that does not load each CertRep tells anew. */
static void add_signer(struct snapshot *s, const struct cert *c) {
    struct gateway_upstream *u = &s->u;
    if (public_load(&s->arena, c->spki, &u->keys[u->cert_count]) != OK)
        u->keys[u->cert_count] = NULL;
    u->certs[u->cert_count++] = c->der;
}

static enum err take_offer(struct snapshot *s) {
    struct gateway_upstream *u = &s->u;
    struct offer *offer = arena_alloc(&s->arena, sizeof *offer);
    TRY(offer_read(&s->arena, &s->settings, s->settings.ca_certs, s->settings.thumbprint, true,
                   offer));
    for (size_t i = 0; i < offer->cert_count; i++)
        if (may_sign(s, offer, i))
            add_signer(s, &offer->certs[i]);
    for (size_t i = 0; i < offer->chain_count; i++)
        u->chain[u->chain_count++] = offer->chain[i].der;
    u->recipient = offer->recipient;
    memcpy(u->thumbprint, offer->thumbprint, sizeof u->thumbprint);
    TRY(cert_sha1_hex(u->chain[u->chain_count - 1], u->root_sha1));
    return form_ca_certs(&s->arena, offer, u);
}

static enum err fill(struct gateway *g, struct snapshot *s) {
    struct gateway_upstream *u = &s->u;
    TRY(take_offer(s));
    form_capabilities(&s->arena, u);
    u->peer = snapshot_peer(g, &s->settings);
    try_ndes(g, s);
    return s->settings.mode == UPSTREAM_RA
               ? self_load(g, &s->arena, s->settings.name, &s->key, &u->self)
               : OK;
}

enum err snapshot_new(struct gateway *g, const struct upstream *settings,
                      struct upstream_health *health, struct gateway_upstream **out) {
    struct snapshot *s = mem_alloc(sizeof *s);
    atomic_init(&s->users, 1);
    copy_settings(&s->arena, settings, &s->settings);
    s->u.settings = &s->settings;
    s->u.health = health_share(health);
    s->u.ndes_health = health_page(health);
    enum err e = fill(g, s);
    if (e != OK) {
        destroy(s);
        return e;
    }
    *out = &s->u;
    return OK;
}

/* ---- whom it vouches for ---- */

static bool has_signed(const struct cert *c, struct span der) {
    struct cert issuer;
    struct cert_constraints constraints;
    return cert_parse(der, &issuer) == OK && cert_constraints(&issuer, &constraints) == OK &&
           constraints.ca && cert_is_issued_by(c, &issuer);
}

/* Above the pinned CA others are served, too: what those issue is none of ours. */
static bool is_above(const struct gateway_upstream *u, struct span der) {
    for (size_t i = 1; i < u->chain_count; i++)
        if (span_eq(u->chain[i], der))
            return true;
    return false;
}

enum err gateway_has_issued(const struct gateway_upstream *u, const struct cert *c) {
    struct cert pinned;
    TRY(cert_parse(u->chain[0], &pinned));
    if (cert_is_issued_by(c, &pinned)) /* a CA of version 1 has no BasicConstraints */
        return OK;
    for (size_t i = 0; i < u->cert_count; i++)
        if (!is_above(u, u->certs[i]) && has_signed(c, u->certs[i]))
            return OK;
    return err_set(ERR_REFUSED, "the certificate is not issued by the CA that is pinned (%s)",
                   u->thumbprint);
}
