/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrollments with their events. The meaning of states and event kinds belongs to
 * enroll/; here they are numbers. See store/store.h for struct tx.
 */
#ifndef SIGNET_STORE_ENROLLMENT_H
#define SIGNET_STORE_ENROLLMENT_H

#include "store/store.h"

/* What is delivered. */
enum enrollment_kind {
    ENROLLMENT_SCEP = 1, /* a profile, by which the host asks for its certificate */
    ENROLLMENT_PFX,      /* PKCS#12: key and certificate, see store/pfx.h */
};

/* One profile on one host. NULL strings: not known (yet). Times in ms, 0: none. */
struct enrollment {
    const char *id; /* the CSP's UniqueID */
    int64_t device;
    enum enrollment_kind kind; /* 0 given to enrollment_add: ENROLLMENT_SCEP */
    const char *profile;  /* its name when it was assigned; of PKCS#12 "", which no profile is */
    const char *endpoint; /* of ours, or an upstream: where its certificate comes from; NULL given
                           * to enrollment_add: "default". "": somebody else's, a PKCS#12's */
    const char *body;     /* the profile as it was then, with placeholders (of PKCS#12 ""): for
                           * enrollment_add, and of enrollment_body; NULL else */
    bool send_anyway;     /* comes and goes with `body`: stored_profile's */
    int state;            /* enum enroll_state */
    int64_t created;
    int64_t deadline; /* until when an outcome is expected; set when the host accepts */
    int64_t sessions; /* in which the host was asked since it accepted */
    int64_t asked;    /* how often the host was asked for the outcome */
    int64_t next_ask; /* not to be asked before, unless it gives a hint */
    bool user_scope;
    /* What the profile promised when it was sent; the CSR must be just that. */
    const char *subject, *san, *eku;
    int64_t key_usage, key_length;
    /* What the host said last. */
    const char *host_status, *host_error, *host_thumbprint, *respondent;
    /* Of an upstream: requests that were sent to it, those that it answered for good (PENDING is no
     * answer), its SUCCESSes. More of the first than of the second: something may have been issued
     * that nobody saw. */
    int64_t asks, answers, successes;
    int64_t assignment;   /* of which it came; 0: of none */
    const char *replaces; /* the enrollment whose certificate it renews; or NULL */
    int64_t not_after;    /* of the certificate that the host was seen with */
    int64_t renew_at;     /* when that is to be renewed; see pfx_is_late, too */
    int64_t next_check;   /* when the host is asked whether it still has it */
    int64_t events;       /* how many it has; written with each */
    struct enrollment *next;
};

enum err enrollment_add(struct tx *tx, const struct enrollment *e) ERR_MUST_USE;
/* Writes every column but id, device, kind, profile, endpoint, body, created, assignment, replaces
 * and events. */
enum err enrollment_update(struct tx *tx, const struct enrollment *e) ERR_MUST_USE;
/* Only its state, asks, answers and successes. */
enum err enrollment_update_asks(struct tx *tx, const struct enrollment *e) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err enrollment_get(struct tx *tx, struct arena *a, const char *id,
                        struct enrollment *out) ERR_MUST_USE;
/* Those of an endpoint, or an upstream, whose host shows this certificate, oldest first; looked for
 * in the whole table, which an administrator asks for rarely. */
enum err enrollment_list_by_thumbprint(struct tx *tx, struct arena *a, const char *endpoint,
                                       const char *sha1, struct enrollment **out) ERR_MUST_USE;
/* Oldest first; of one device, or of all when `device` is 0. */
enum err enrollment_list(struct tx *tx, struct arena *a, int64_t device,
                         struct enrollment **out) ERR_MUST_USE;
/* Which of them a list has. */
struct enrollment_filter {
    int64_t device, state; /* 0: any */
    bool past;             /* also those in whose place there is another one or none any more:
                            * renewed, removed and revoked */
};
/* At most `max` of them, oldest first, from behind `after` on (0: from the first): *last gets where
 * the next page begins, 0 when there is none. */
enum err enrollment_page(struct tx *tx, struct arena *a, const struct enrollment_filter *filter,
                         int64_t after, int64_t max, int64_t *last,
                         struct enrollment **out) ERR_MUST_USE;
/* Behind what the newest `count` of them begin: the `after` of enrollment_page. */
enum err enrollment_before_newest(struct tx *tx, const struct enrollment_filter *filter,
                                  int64_t count, int64_t *after) ERR_MUST_USE;
/* Those of one device that have not ended, oldest first. */
enum err enrollment_list_present(struct tx *tx, struct arena *a, int64_t device,
                                 struct enrollment **out) ERR_MUST_USE;
/* Sets e->body and e->send_anyway. ERR_NOT_FOUND. */
enum err enrollment_body(struct tx *tx, struct arena *a, struct enrollment *e) ERR_MUST_USE;
/* Those whose deadline has passed at `now` and is still set, and whose hosts were asked in so many
 * sessions. */
enum err enrollment_list_due(struct tx *tx, struct arena *a, int64_t now, int64_t sessions,
                             struct enrollment **out) ERR_MUST_USE;

/* It has ended: it is kept until then, and until its certificates have ended (purge.c). One whose
 * upstream issued what was never seen here, so that nobody knows its end, is kept until
 * `unseen_until`. */
enum err enrollment_end(struct tx *tx, const char *id, int64_t keep_until,
                        int64_t unseen_until) ERR_MUST_USE;
/* One that has ended is kept at least so long; nothing happens to one that has not. */
enum err enrollment_keep(struct tx *tx, const char *id, int64_t until) ERR_MUST_USE;
/* Deletes at most `max` of those that are not kept any more at `now`, with their events; not those
 * that stand for one that has not ended, nor those with a request that is pending. Their
 * certificates stay. */
enum err enrollment_purge(struct tx *tx, int64_t now, int64_t max, int64_t *count) ERR_MUST_USE;

/* ---- for enroll/life.h ---- */

/* Those that replace `id`, and those of its profile that were assigned to the device after it, as
 * it was; oldest first. */
enum err enrollment_list_successors(struct tx *tx, struct arena *a, int64_t device, const char *id,
                                    struct enrollment **out) ERR_MUST_USE;
/* Those whose renewal is due at `now`, the oldest at most `max`: of a device, or, when it is 0, of
 * all. */
enum err enrollment_list_renewals(struct tx *tx, struct arena *a, int64_t device, int64_t now,
                                  int64_t max, struct enrollment **out) ERR_MUST_USE;
/* Those that count as held by their hosts (confirmed, reported, expiring), and whose certificate
 * has ended at `now`; at most `max`. */
enum err enrollment_list_ended(struct tx *tx, struct arena *a, int64_t now, int64_t max,
                               struct enrollment **out) ERR_MUST_USE;
/* How often the certificate of its profile, or of its own PKCS#12, was gone from its device since
 * `since`. */
enum err enrollment_count_gone(struct tx *tx, const struct enrollment *like, int64_t since,
                               int64_t *count) ERR_MUST_USE;

/* Hosts that are here, were not seen since `seen`, and hold a certificate that ends before
 * `before`: how many, and the names of the first five. */
enum { UNSEEN_NAMES = 5 };
struct unseen {
    int64_t count;
    const char *names[UNSEEN_NAMES];
};
enum err enrollment_find_unseen(struct tx *tx, struct arena *a, int64_t before, int64_t seen,
                                struct unseen *out) ERR_MUST_USE;

/* ---- */

/* What happened, never changed afterwards. */
struct event {
    int64_t at;           /* ms */
    int kind;             /* enum event_kind */
    const char *text;     /* one sentence */
    const char *evidence; /* a JSON object */
    struct event *next;
};

/* ERR_NOT_FOUND. */
enum err enrollment_add_event(struct tx *tx, const char *enrollment,
                              const struct event *event) ERR_MUST_USE;
/* The event, and with it what enrollment_update writes. ERR_NOT_FOUND. */
enum err enrollment_record(struct tx *tx, const struct enrollment *e,
                           const struct event *event) ERR_MUST_USE;
/* In the order in which they happened. */
enum err enrollment_list_events(struct tx *tx, struct arena *a, const char *enrollment,
                                struct event **out) ERR_MUST_USE;

/* How many events of that kind the enrollment has. */
enum err enrollment_count_events(struct tx *tx, const char *enrollment, int kind,
                                 int64_t *count) ERR_MUST_USE;

#endif
