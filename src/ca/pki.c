/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pki in force is counted by its users and freed by the last of them. Two locks: `guard` is
 * held for a few instructions, to look at the pointer and count; `loading` for as long as files are
 * read and keys are made, so that two reloads do not mix. Who holds `loading` may take `guard`.
 */
#include "ca/pki.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ca/pki_endpoint.h"

struct held {
    struct pki pki; /* first: what users have is a pointer to it */
    struct arena arena;
    atomic_uint users;
};

struct pki_holder {
    const struct pki_settings *settings;
    pthread_mutex_t loading, guard;
    struct held *held;
    /* Of pki_set_gateways; under `loading`. */
    struct arena arena;
    const struct endpoint_settings *gateways[PKI_MAX_GATEWAYS];
    size_t gateway_count;
    bool stale; /* files have changed since it was loaded; under `loading` */
};

/* ---- loading ---- */

static bool wants_split(const struct pki_settings *s, const struct ca_settings *ca) {
    for (size_t i = 0; i < s->endpoint_count; i++) {
        const struct endpoint_settings *e = &s->endpoints[i];
        if (e->policy.ca_certs == CA_CERTS_SPLIT_RA && strcmp(e->ca, ca->name) == 0)
            return true;
    }
    return false;
}

/* One CA that cannot be kept does not keep the others from it; the first error is told. */
static enum err keep_all(const struct pki_settings *s, bool *changed) {
    ARENA_AUTO(a);
    enum err first = OK;
    const char *why = NULL;
    *changed = false;
    for (size_t i = 0; i < s->ca_count; i++) {
        const struct ca_settings *ca = &s->cas[i];
        bool one = false;
        enum err e = ca_keep_ra(ca_folder(&a, s->folder, ca->name), ca, wants_split(s, ca), &one);
        *changed = *changed || one;
        if (e != OK && first == OK) {
            first = e;
            why = arena_printf(&a, "[ca \"%s\"]: %s", ca->name, err_detail());
        }
    }
    return first == OK ? OK : err_set(first, "%s", why);
}

static enum err load_cas(struct held *h, const struct pki_settings *s) {
    struct pki *p = &h->pki;
    for (size_t i = 0; i < s->ca_count; i++) {
        const struct ca_settings *ca = &s->cas[i];
        size_t got = 0;
        enum err e = ca_load(ca_folder(&h->arena, s->folder, ca->name), ca, &h->arena,
                             p->cas + p->ca_count, PKI_MAX_CAS - p->ca_count, &got);
        if (e != OK)
            return err_context(e, "[ca \"%s\"]", ca->name);
        p->ca_count += got;
    }
    return OK;
}

static enum err resolve_endpoints(struct held *h, const struct pki_settings *s) {
    struct pki *p = &h->pki;
    for (; p->endpoint_count < s->endpoint_count; p->endpoint_count++) {
        const struct endpoint_settings *e = &s->endpoints[p->endpoint_count];
        enum err err = endpoint_resolve(&h->arena, p, e, &p->endpoints[p->endpoint_count]);
        if (err != OK)
            return err_context(err, "%s", endpoint_section(&h->arena, e->name));
    }
    p->configured_count = p->endpoint_count;
    return OK;
}

static enum err resolve_gateways(struct held *h, const struct endpoint_settings *const *gateways,
                                 size_t count) {
    struct pki *p = &h->pki;
    for (size_t i = 0; i < count; i++) {
        const struct endpoint_settings *e = endpoint_copy(&h->arena, gateways[i]);
        enum err err = endpoint_is_free(p, e);
        if (err == OK)
            err = endpoint_resolve(&h->arena, p, e, &p->endpoints[p->endpoint_count]);
        if (err != OK)
            return err_context(err, "the gateway '%s'", e->name);
        p->endpoint_count++;
    }
    return OK;
}

static void held_free(struct held *h) {
    for (size_t i = 0; i < h->pki.ca_count; i++)
        ca_unload(&h->pki.cas[i]);
    arena_free(&h->arena);
    free(h);
}

static enum err load(const struct pki_settings *s, const struct endpoint_settings *const *gateways,
                     size_t gateway_count, struct held **out) {
    struct held *h = mem_alloc(sizeof *h);
    enum err e = load_cas(h, s);
    if (e == OK)
        e = resolve_endpoints(h, s);
    if (e == OK)
        e = resolve_gateways(h, gateways, gateway_count);
    if (e != OK) {
        held_free(h);
        return e;
    }
    atomic_init(&h->users, 1); /* the holder */
    *out = h;
    return OK;
}

/* ---- the pki in force ---- */

const struct pki *pki_acquire(struct pki_holder *holder) {
    pthread_mutex_lock(&holder->guard);
    struct held *h = holder->held;
    atomic_fetch_add_explicit(&h->users, 1, memory_order_relaxed);
    pthread_mutex_unlock(&holder->guard);
    return &h->pki;
}

void pki_release(const struct pki *pki) {
    struct held *h = (struct held *)(uintptr_t)pki;
    if (atomic_fetch_sub_explicit(&h->users, 1, memory_order_acq_rel) == 1)
        held_free(h);
}

static void put_in_force(struct pki_holder *holder, struct held *fresh) {
    pthread_mutex_lock(&holder->guard);
    struct held *old = holder->held;
    holder->held = fresh;
    pthread_mutex_unlock(&holder->guard);
    pki_release(&old->pki);
}

/* With `loading` held. */
static enum err replace(struct pki_holder *holder) {
    struct held *fresh;
    TRY(load(holder->settings, holder->gateways, holder->gateway_count, &fresh));
    holder->stale = false;
    put_in_force(holder, fresh);
    return OK;
}

enum err pki_open(const struct pki_settings *settings, struct pki_holder **out) {
    struct held *held;
    bool ignored;
    TRY(keep_all(settings, &ignored));
    TRY(load(settings, NULL, 0, &held));
    struct pki_holder *holder = mem_alloc(sizeof *holder);
    holder->settings = settings;
    holder->held = held;
    pthread_mutex_init(&holder->loading, NULL);
    pthread_mutex_init(&holder->guard, NULL);
    *out = holder;
    return OK;
}

void pki_close(struct pki_holder *holder) {
    if (!holder)
        return;
    pki_release(&holder->held->pki);
    pthread_mutex_destroy(&holder->loading);
    pthread_mutex_destroy(&holder->guard);
    arena_free(&holder->arena);
    free(holder);
}

enum err pki_reload(struct pki_holder *holder) {
    bool ignored;
    pthread_mutex_lock(&holder->loading);
    enum err e = keep_all(holder->settings, &ignored);
    if (e == OK)
        e = replace(holder);
    pthread_mutex_unlock(&holder->loading);
    return e;
}

/* With `loading` held. The copies of the last call go only when those of this one are in force. */
static enum err set_gateways(struct pki_holder *holder, const struct endpoint_settings *gateways,
                             size_t count) {
    const struct endpoint_settings *copies[PKI_MAX_GATEWAYS];
    struct arena a = {0};
    struct held *fresh;
    for (size_t i = 0; i < count; i++)
        copies[i] = endpoint_copy(&a, &gateways[i]);
    enum err e = load(holder->settings, copies, count, &fresh);
    if (e != OK) {
        arena_free(&a);
        return e;
    }
    arena_free(&holder->arena);
    holder->arena = a;
    memcpy(holder->gateways, copies, count * sizeof *copies);
    holder->gateway_count = count;
    holder->stale = false;
    put_in_force(holder, fresh);
    return OK;
}

enum err pki_set_gateways(struct pki_holder *holder, const struct endpoint_settings *gateways,
                          size_t count) {
    if (count > PKI_MAX_GATEWAYS)
        return err_set(ERR_CONFIG, "more than %d gateways", PKI_MAX_GATEWAYS);
    pthread_mutex_lock(&holder->loading);
    enum err e = set_gateways(holder, gateways, count);
    pthread_mutex_unlock(&holder->loading);
    return e;
}

enum err pki_keep(struct pki_holder *holder, bool *changed) {
    pthread_mutex_lock(&holder->loading);
    enum err kept = keep_all(holder->settings, changed);
    holder->stale = holder->stale || *changed;
    enum err e = holder->stale ? replace(holder) : OK;
    pthread_mutex_unlock(&holder->loading);
    return e != OK ? e : kept;
}

/* ---- looking things up ---- */

const struct endpoint *pki_endpoint(const struct pki *pki, const char *name) {
    for (size_t i = 0; i < pki->endpoint_count; i++)
        if (strcmp(pki->endpoints[i].name, name) == 0)
            return &pki->endpoints[i];
    return NULL;
}

const struct ca *pki_ca(const struct pki *pki, const char *name) {
    for (size_t i = 0; i < pki->ca_count; i++)
        if (!pki->cas[i].retired && strcmp(pki->cas[i].name, name) == 0)
            return &pki->cas[i];
    return NULL;
}

const struct ca *pki_ca_by_sha1(const struct pki *pki, const char *sha1) {
    for (size_t i = 0; i < pki->ca_count; i++)
        if (strcasecmp(pki->cas[i].sha1, sha1) == 0)
            return &pki->cas[i];
    return NULL;
}
