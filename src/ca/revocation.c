/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRLs. One caller makes, those who come meanwhile wait for what he makes and look again. Nothing
 * is held while he reads, signs and commits; what he made counts as of the moment before he read.
 */
#include "ca/revocation.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ca/revocation_state.h"
#include "x509/crl.h"

static const int64_t SKEW = 600000; /* 10 minutes, as certificates by default */

int64_t revocation_this_update(int64_t now, int64_t validity) {
    return now - (validity / 8 < SKEW ? validity / 8 : SKEW);
}

enum err revocation_open(struct store *store, struct revocation **out) {
    struct revocation *r = mem_alloc(sizeof *r);
    r->store = store;
    r->responses = ocsp_cache_new();
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->made, NULL);
    *out = r;
    return OK;
}

static void empty(struct crl_slot *slot) {
    free((void *)(uintptr_t)slot->crl.der.p);
    *slot = (struct crl_slot){0};
}

void revocation_close(struct revocation *r) {
    if (!r)
        return;
    for (size_t i = 0; i < CRL_SLOTS; i++)
        empty(&r->slots[i]);
    ocsp_cache_free(r->responses);
    pthread_cond_destroy(&r->made);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void revocation_changed(struct revocation *r) {
    atomic_fetch_add(&r->generation, 1);
}

/* ---- making one ---- */

struct making {
    const struct ca *ca;
    crl_list *list;
    struct arena *a;
    int64_t now;
    struct certificate *revoked;
    struct published_crl crl;
};

static enum err look(struct tx *tx, void *user) {
    struct making *m = user;
    TRY(crl_get(tx, m->a, m->ca->sha1, &m->crl));
    return m->list(tx, m->a, m->ca, m->now, &m->revoked);
}

static enum err keep(struct tx *tx, void *user) {
    const struct making *m = user;
    return crl_put(tx, m->ca->sha1, &m->crl);
}

static const struct crl_entry *entries_of(const struct making *m, size_t *count) {
    size_t n = 0;
    for (const struct certificate *c = m->revoked; c; c = c->next)
        n++;
    struct crl_entry *entries = arena_alloc(m->a, (n + 1) * sizeof *entries), *e = entries;
    for (const struct certificate *c = m->revoked; c; c = c->next, e++) {
        *e = (struct crl_entry){.serial = c->serial, .revoked = c->revoked};
        if (!c->reason || !crl_reason_parse(c->reason, &e->reason))
            e->reason = CRL_UNSPECIFIED;
    }
    *count = n;
    return entries;
}

static enum err build(struct making *m) {
    struct crl_template t = {
        .issuer = m->ca->issuer.parsed.subject,
        .issuer_spki = m->ca->issuer.parsed.spki,
        .issuer_key_id = cert_key_id(&m->ca->issuer.parsed),
        .this_update = revocation_this_update(m->now, m->ca->crl_validity),
        .number = m->crl.number + 1,
    };
    t.this_update -= t.this_update % 1000; /* CRLs have no milliseconds */
    t.next_update = t.this_update + m->ca->crl_validity;
    t.next_update -= t.next_update % 1000;
    t.entries = entries_of(m, &t.count);
    m->crl.number = t.number;
    m->crl.this_update = t.this_update;
    m->crl.next_update = t.next_update;
    return crl_build(m->a, &t, m->ca->issuer.key, &m->crl.der);
}

static enum err make(struct revocation *r, const struct ca *ca, crl_list *list, struct arena *a,
                     struct published_crl *out) {
    struct making m = {.ca = ca, .list = list, .a = a, .now = clock_ms()};
    TRY(store_read(r->store, look, &m));
    TRY(build(&m));
    TRY(store_write(r->store, keep, &m));
    log_write(LOG_INFO, "pki", "op=crl ca=%s number=%lld", log_q(span_str(ca->name)),
              (long long)m.crl.number);
    *out = m.crl;
    return OK;
}

/* ---- giving it out ---- */

/* That of the CA; else a free one; else that which nobody has asked for longest. */
static struct crl_slot *slot_of(struct revocation *r, const char *sha1) {
    struct crl_slot *oldest = NULL;
    for (size_t i = 0; i < CRL_SLOTS; i++) {
        struct crl_slot *s = &r->slots[i];
        if (strcmp(s->ca, sha1) == 0)
            return s;
        if (!s->making && (!oldest || s->refresh < oldest->refresh))
            oldest = s;
    }
    if (oldest) {
        empty(oldest);
        memcpy(oldest->ca, sha1, sizeof oldest->ca);
    }
    return oldest;
}

static bool is_fresh(struct revocation *r, const struct crl_slot *s, int64_t now) {
    return s->crl.number && s->generation == atomic_load(&r->generation) &&
           now >= s->crl.this_update && now < s->refresh;
}

static void fill(struct crl_slot *s, const struct published_crl *crl, uint64_t generation) {
    uint8_t *der = mem_alloc(crl->der.n);
    memcpy(der, crl->der.p, crl->der.n);
    free((void *)(uintptr_t)s->crl.der.p);
    s->crl = *crl;
    s->crl.der.p = der;
    s->generation = generation;
    s->refresh = crl->this_update + (crl->next_update - crl->this_update) / 2;
}

/* With the lock held, which is given up while it makes. */
static enum err make_into(struct revocation *r, struct crl_slot *s, const struct ca *ca,
                          crl_list *list, struct arena *a, struct published_crl *out) {
    uint64_t generation = atomic_load(&r->generation);
    s->making = true;
    pthread_mutex_unlock(&r->lock);
    enum err e = make(r, ca, list, a, out);
    pthread_mutex_lock(&r->lock);
    s->making = false;
    if (e == OK)
        fill(s, out, generation);
    pthread_cond_broadcast(&r->made);
    return e;
}

enum err revocation_crl_of(struct revocation *r, const struct ca *ca, crl_list *list,
                           struct arena *a, struct published_crl *out) {
    enum err e = OK;
    pthread_mutex_lock(&r->lock);
    struct crl_slot *s = slot_of(r, ca->sha1);
    while (!s || s->making) {
        pthread_cond_wait(&r->made, &r->lock);
        s = slot_of(r, ca->sha1);
    }
    if (is_fresh(r, s, clock_ms())) {
        *out = s->crl;
        out->der = arena_copy(a, s->crl.der);
    } else {
        e = make_into(r, s, ca, list, a, out);
    }
    pthread_mutex_unlock(&r->lock);
    return e;
}

static enum err list_certificates(struct tx *tx, struct arena *a, const struct ca *ca, int64_t now,
                                  struct certificate **out) {
    return certificate_list_revoked(tx, a, ca->sha1, now, out);
}

enum err revocation_crl(struct revocation *r, const struct ca *ca, struct arena *a,
                        struct published_crl *out) {
    return revocation_crl_of(r, ca, list_certificates, a, out);
}
