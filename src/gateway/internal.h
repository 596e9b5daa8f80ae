/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the gateway: its parts, and what its files share. */
#ifndef SIGNET_GATEWAY_INTERNAL_H
#define SIGNET_GATEWAY_INTERNAL_H

#include <pthread.h>

#include "gateway/gateway.h"

struct learner;

/* ---- health.c: counted, shared by the snapshots of an upstream ---- */

struct upstream_health *health_new(const char *name, unsigned max_requests);
struct upstream_health *health_share(struct upstream_health *h);
void health_release(struct upstream_health *h);

/* That of its mscep_admin page, which has a breaker of its own and is asked by few at once. Lives
 * as long as `h`. */
struct upstream_health *health_page(struct upstream_health *h);

/* gateway_enter and gateway_leave, of either. */
enum err health_enter(struct upstream_health *h) ERR_MUST_USE;
void health_leave(struct upstream_health *h, const struct fetch_job *job, const char *asker);

/* How reaching it went: a request that took no leave of gateway_enter. */
void health_note(struct upstream_health *h, const struct fetch_job *job);

/* What was wrong with what it offers; NULL: nothing. */
void health_offers(struct upstream_health *h, const char *trouble);

void health_status(struct upstream_health *h, struct arena *a, struct gateway_status *out);

/* ---- offer.c: what GetCACert holds ---- */

enum { OFFER_MAX_CHAIN_CERTS = 16 }; /* of the settings' `chain` */

struct offer {
    /* Of the answer, those that belong to the pinned CA. */
    struct cert certs[SCEP_CLIENT_MAX_CERTS];
    size_t cert_count;
    bool is_ca[SCEP_CLIENT_MAX_CERTS];
    struct cert chain[CA_MAX_CHAIN + 1]; /* the pinned CA, its issuers upwards */
    size_t chain_count;
    struct cert recipient; /* der.n 0: none that has an RSA key */
    char thumbprint[CERT_THUMBPRINT_SIZE];
    char other[CERT_THUMBPRINT_SIZE]; /* on ERR_CONFLICT: the CA that is offered; else "" */
};

/*
 * Reads an answer to GetCACert, with the chain of the settings, and holds it against the pin.
 * `named` NULL: nothing is pinned yet; with `exact` the pin is that very CA, else a CA that was
 * named by an administrator: the one that issues may stand below it. ERR_PARSE (no answer to
 * GetCACert, or no CA in it), ERR_CONFIG (`chain`), ERR_CONFLICT (the pinned CA is not there).
 */
enum err offer_read(struct arena *a, const struct upstream *u, struct span body, const char *named,
                    bool exact, struct offer *out) ERR_MUST_USE;

/* ---- agents.c: RA certificates, which the pinned CA has issued ---- */

/* Whether certs[i] stands below the pinned CA, not in its chain. */
bool agents_is_one(const struct offer *o, size_t i);

/*
 * Whether the RA certificates of an answer that was not asked for by an administrator may take the
 * place of those that are known. ERR_CONFLICT, with the cure; `sha1` gets the one that it is about.
 */
enum err agents_check(struct arena *a, const struct upstream *u, const struct offer *known,
                      const struct offer *fresh, char sha1[CERT_THUMBPRINT_SIZE]) ERR_MUST_USE;

/* A line for each that is new. */
void agents_log_new(struct arena *a, const struct upstream *u, const struct offer *known,
                    const struct offer *fresh);

/* ---- ca_form.c: what hosts get ---- */

/* An upstream's answer to GetCACaps, cleaned: one keyword a line. ERR_PARSE: it is HTML. */
enum err capabilities_clean(struct arena *a, struct span body, const char **out) ERR_MUST_USE;

/* Sets u->post, aes, sha256 and capabilities. */
void form_capabilities(struct arena *a, struct gateway_upstream *u);

/* Sets u->ca_certs and ca_certs_single. */
enum err form_ca_certs(struct arena *a, const struct offer *offer,
                       struct gateway_upstream *u) ERR_MUST_USE;

/* ---- snapshot.c: an upstream as it is in force ---- */

/* Builds it of the settings with what was learnt (all is copied), with one user. ERR_CONFIG. */
enum err snapshot_new(struct gateway *g, const struct upstream *settings,
                      struct upstream_health *health, struct gateway_upstream **out) ERR_MUST_USE;

/* The same upstream for one user more. */
const struct gateway_upstream *snapshot_share(const struct gateway_upstream *u);

/* A file with USER:PASSWORD, into `o`, whose strings live in `text`. ERR_IO, ERR_CONFIG. */
enum err snapshot_credentials(const char *path, struct buf *text,
                              struct fetch_options *o) ERR_MUST_USE;

/* How to reach its SCEP side. */
struct fetch_peer *snapshot_peer(struct gateway *g, const struct upstream *u);

/* ---- settings.c ---- */

/* Checks what the administrator says, and fills in defaults. *out shares its strings. ERR_CONFIG,
 * ERR_EXISTS (an endpoint has the name). */
enum err settings_check(struct gateway *g, const struct upstream *given,
                        struct upstream *out) ERR_MUST_USE;

enum err settings_check_thumbprint(const char *text) ERR_MUST_USE;

/* A profile names an endpoint or an upstream: no name may be both. ERR_EXISTS. */
enum err settings_name_is_free(const struct gateway *g, const char *name) ERR_MUST_USE;

/* ---- self.c: our key as the upstream's client, mode RA ---- */

enum err self_make(const struct gateway *g, const char *name) ERR_MUST_USE;
enum err self_load(const struct gateway *g, struct arena *a, const char *name, struct key **key,
                   struct scep_key *out) ERR_MUST_USE;
void self_remove(const struct gateway *g, const char *name);

/* ---- ra.c: endpoints of mode RA ---- */

/* Gives the pki an endpoint for each upstream in RA mode, `more` (or NULL) among them, `but` (or
 * NULL) not. */
enum err ra_publish(struct gateway *g, const struct gateway_upstream *more,
                    const char *but) ERR_MUST_USE;

/* ---- learn.c: asking for GetCACaps and GetCACert ---- */

/* What came: capabilities and CA certificates as upstream_update keeps them. */
struct learnt {
    const char *capabilities;
    struct span body; /* of GetCACert */
};

/* Asks and waits. ERR_IO, ERR_PARSE. */
enum err learn_now(struct gateway *g, struct arena *a, const struct upstream *u,
                   struct upstream_health *health, struct learnt *out) ERR_MUST_USE;

/* Asks without waiting; the upstream is released by learner_free. */
struct learner *learner_start(struct gateway *g, const struct gateway_upstream *u);
bool learner_is_done(struct learner *l);
const struct gateway_upstream *learner_upstream(const struct learner *l);
/* Once it is done. */
enum err learner_result(struct learner *l, struct arena *a, struct learnt *out) ERR_MUST_USE;
/* Waits until it is done. */
void learner_free(struct learner *l);

/* ---- gateway.c: the whole ---- */

/* An upstream of the store. `in_force` is NULL where it could not be put in force. */
struct gateway_slot {
    char name[33];
    struct gateway_upstream *in_force;
    struct upstream_health *health;
    struct learner *learner; /* under way, or NULL */
    int64_t next_learn;      /* monotonic ms */
};

struct gateway {
    struct gateway_options options;
    struct arena arena;
    struct fetch_pool *pool;
    /* Held while something is changed, from the look at the store to the new snapshot. Who holds it
     * may take `guard`. */
    pthread_mutex_t changing;
    pthread_mutex_t guard; /* of slots and claims, for a few instructions */
    struct gateway_slot *slots[GATEWAY_MAX_UPSTREAMS];
    size_t count;
    struct claim *fetching, *relaying; /* a challenge; a request */
};

/* NULL: none of that name, in any case. With `changing` or `guard` held. */
struct gateway_slot *slot_find(struct gateway *g, const char *name);

/* These want `changing`. Put takes `fresh` over (NULL: known, not in force), in a new slot if there
 * is none; what was in force is released. Take gives the slot, out of reach for all others. */
void slot_put(struct gateway *g, const char *name, struct upstream_health *health,
              struct gateway_upstream *fresh);
struct gateway_slot *slot_take(struct gateway *g, const char *name);

/* Waits for its learner. NULL is allowed. */
void slot_drop(struct gateway_slot *slot);

/* ---- claim.c ---- */

/* False: somebody else holds it. `c` and `enrollment` are the caller's until it is given back. */
bool claim_take(struct gateway *g, struct claim **list, struct claim *c, const char *enrollment);
/* Nothing happens when it was not taken (zero-initialised). */
void claim_give_back(struct gateway *g, struct claim **list, struct claim *c);

#endif
