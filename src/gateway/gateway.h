/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCEP servers of others behind signet: upstreams. Each has its paths on our side, and takes part
 * in profiles and enrollments like an endpoint of ours:
 *
 *   relay   /gateway/NAME/TOKEN   what the host says goes on to the upstream, put right where that
 *                                 can be done without the keys (relay.h)
 *   RA      /gateway/NAME         SCEP ends here; the upstream is asked anew for a certificate over
 *                                 the same CSR (ask.h): an endpoint of struct pki with `upstream`
 *
 * What an upstream offers is learnt when it is added and once a minute from then on; hosts get
 * GetCACaps and GetCACert from what was learnt. The CA that was seen first is pinned: another one
 * is an alarm, and nothing of it is taken until the administrator pins it (offer.c has the rules;
 * agents.c those for RA certificates of the pinned CA).
 */
#ifndef SIGNET_GATEWAY_GATEWAY_H
#define SIGNET_GATEWAY_GATEWAY_H

#include "ca/pki.h"
#include "fetch/pool.h"
#include "scep/client.h"
#include "store/upstream.h"

#define GATEWAY_PATH "/gateway"

enum { GATEWAY_MAX_UPSTREAMS = 32 };

struct gateway;

/* Held by the one who does something for an enrollment that nobody else may do meanwhile. */
struct claim {
    const char *enrollment;
    struct claim *next;
};

struct upstream_health; /* breaker and counters; outlives the snapshots of its upstream */

/* One upstream as it is in force: never changed, counted, replaced as a whole (as struct pki). */
struct gateway_upstream {
    const struct upstream *settings; /* with what was learnt */
    bool post, aes, sha256;          /* of its GetCACaps */
    const char *capabilities;        /* for hosts: what would mislead Windows is left out */
    struct span ca_certs;            /* for hosts: rebuilt, with the chain from the settings */
    bool ca_certs_single;
    /* Those of its GetCACert that belong to the pinned CA, but for expired RAs: who may sign
     * CertReps. */
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    struct public_key *keys[SCEP_CLIENT_MAX_CERTS]; /* theirs; NULL: not one that we can use */
    size_t cert_count;
    struct span chain[CA_MAX_CHAIN + 1]; /* the pinned CA, its issuers upwards */
    size_t chain_count;
    char thumbprint[41];     /* SHA-1 of the pinned CA, CAThumbprint of relayed profiles */
    char root_sha1[41];      /* of the chain's last: what hosts must trust */
    struct cert recipient;   /* that opens envelopes sent to it; der.n 0: none has an RSA key */
    struct scep_key self;    /* RA: our key as its client, and the certificate for it */
    struct fetch_peer *peer; /* SCEP */
    struct fetch_peer *ndes; /* its mscep_admin page; NULL: none */
    struct upstream_health *health;
    struct upstream_health *ndes_health; /* of the page; lives as long as `health` */
};

struct gateway_options {
    struct store *store;
    struct pki_holder *pki;            /* gets an endpoint for each upstream in RA mode */
    const struct authority *authority; /* keys the tokens */
    const char *folder;   /* the data folder: gateway/NAME.key, .pem are the keys of RA mode */
    const char *base_url; /* of our SCEP side: "https://scep.example.com" */
};

/*
 * Loads the upstreams from the store, with what was learnt last time; asks nobody yet. One that
 * cannot be put in force (its CA of ours is gone) is logged as an error and left out.
 */
enum err gateway_open(const struct gateway_options *options, struct gateway **out) ERR_MUST_USE;

/* Ends what is under way at upstreams, and all that comes, as an upstream that does not answer:
 * before the HTTP server stops, which waits for its handlers. NULL is allowed. */
void gateway_stop(struct gateway *g);

/*
 * Ends what is under way. After the HTTP server has stopped, before the pki closes, and when every
 * upstream that was acquired has been released. NULL allowed.
 */
void gateway_close(struct gateway *g);

struct fetch_pool *gateway_pool(struct gateway *g);
const struct gateway_options *gateway_options_of(const struct gateway *g);

/* The upstream in force, counted: gateway_release it. NULL: there is none of that name, or nothing
 * was learnt of it yet. Any case of `name`. Thread-safe, cheap. */
const struct gateway_upstream *gateway_acquire(struct gateway *g, const char *name);
void gateway_release(const struct gateway_upstream *u);

/* Where hosts reach it: BASE/gateway/NAME, and for a relay /TOKEN. In `a`. */
const char *gateway_url(const struct gateway *g, struct arena *a, const char *name,
                        const char *token) __attribute__((returns_nonnull));

/* The text (a URL, a path), with "..." for all that may be a token of a relay. In `a`. */
const char *url_without_tokens(struct arena *a, const char *text) __attribute__((returns_nonnull));

/* Whether the pinned CA, or a CA of its GetCACert below it, has signed the certificate: never one
 * above. ERR_REFUSED. */
enum err gateway_has_issued(const struct gateway_upstream *u, const struct cert *c) ERR_MUST_USE;

/* ---- the administrator's side; they ask the upstream and wait for it: not for workers ---- */

/*
 * Asks the new upstream for GetCACaps and GetCACert, finds and pins its CA (`settings->thumbprint`,
 * when it is set, must be among them), checks that the mode can be served (RA: the CA `ca` of ours
 * exists, and the upstream's certificate to encrypt to is RSA), and keeps it. ERR_EXISTS,
 * ERR_CONFIG (settings), ERR_IO (the upstream does not answer), ERR_PARSE (it is no SCEP server),
 * ERR_CONFLICT (the thumbprint). *out in `a`: the settings with what was learnt.
 */
enum err gateway_add(struct gateway *g, struct arena *a, const struct upstream *settings,
                     struct upstream *out) ERR_MUST_USE;

/* ERR_NOT_FOUND; ERR_CONFLICT while a profile, an open enrollment or a pending request names it. */
enum err gateway_remove(struct gateway *g, const char *name) ERR_MUST_USE;

/* Takes the CA with this thumbprint, which the upstream must offer now, in place of the pinned; and
 * with it, the pinned one too, all its RA certificates that are offered. */
enum err gateway_pin(struct gateway *g, struct arena *a, const char *name, const char *thumbprint,
                     struct upstream *out) ERR_MUST_USE;

/* Learns it anew now, as gateway_keep does by and by. */
enum err gateway_refresh(struct gateway *g, struct arena *a, const char *name,
                         struct upstream *out) ERR_MUST_USE;

/*
 * Starts learning those whose minute is over, without waiting, and puts in force what earlier calls
 * have learnt: it is picked up at the next call. For housekeeping's thread alone.
 */
void gateway_keep(struct gateway *g);

/*
 * A certificate that the administrator brings (DER): it must chain to the pinned CA of the
 * upstream. Whose it is says enroll_find_import: *enrollment, in `a`. ERR_REFUSED, ERR_NOT_FOUND,
 * ERR_CONFLICT, ERR_EXISTS.
 */
enum err gateway_import(struct gateway *g, struct arena *a, const char *name, struct span der,
                        const char **enrollment) ERR_MUST_USE;

/* ---- health ---- */

enum gateway_health { GATEWAY_UP, GATEWAY_DOWN /* the breaker is open */, GATEWAY_UNKNOWN };

struct gateway_status {
    enum gateway_health health;
    const char *reason;  /* of the last failure of transport, until an answer comes; or NULL. In the
                          * arena given */
    const char *trouble; /* why nothing could be learnt the last time; or NULL. There, too */
    int64_t troubled;    /* since when it has failed, ms */
    int64_t since;       /* of that state, ms; 0: never asked */
    unsigned running;    /* requests under way */
};
void gateway_status(struct gateway *g, struct arena *a, const char *name,
                    struct gateway_status *out);

/* How many upstreams there are, and how many of them are down. For /healthz. */
void gateway_count(struct gateway *g, unsigned *all, unsigned *down);

/*
 * Leave to send one request: ERR_BUSY when max_requests are under way, or the breaker is open (five
 * failures of transport in a row; then one request in ten seconds may try); the detail is for the
 * log and the timeline. Each OK is followed by one gateway_leave with what came. An HTTP answer of
 * any status is no failure of transport: whoever answers 500 to one host may serve the next.
 * `asker` says whose request it was: what broke once the connection stood counts once for each of
 * them until an answer comes, since it may be their doing. NULL: ours, it always counts.
 */
enum err gateway_enter(const struct gateway_upstream *u) ERR_MUST_USE;
void gateway_leave(const struct gateway_upstream *u, const struct fetch_job *job,
                   const char *asker);

#endif
