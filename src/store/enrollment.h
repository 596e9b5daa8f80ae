/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrollments with their events. The meaning of states and event kinds belongs to
 * enroll/; here they are numbers. See store/store.h for struct tx.
 */
#ifndef SIGNET_STORE_ENROLLMENT_H
#define SIGNET_STORE_ENROLLMENT_H

#include "store/store.h"

/* One profile on one host. NULL strings: not known (yet). Times in ms, 0: none. */
struct enrollment {
    const char *id; /* the CSP's UniqueID */
    int64_t device;
    const char *profile;  /* its name when it was assigned */
    const char *endpoint; /* of ours, or an upstream: where its certificate comes from; NULL given
                           * to enrollment_add: "default" */
    const char *body;     /* the profile as it was then, with placeholders */
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
    int64_t renew_at;     /* when that is to be renewed */
    int64_t next_check;   /* when the host is asked whether it still has it */
    struct enrollment *next;
};

enum err enrollment_add(struct tx *tx, const struct enrollment *e) ERR_MUST_USE;
/* Writes every column but id, device, profile, endpoint, body, created, assignment and replaces. */
enum err enrollment_update(struct tx *tx, const struct enrollment *e) ERR_MUST_USE;
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
/* Those whose deadline has passed at `now` and is still set. */
enum err enrollment_list_due(struct tx *tx, struct arena *a, int64_t now,
                             struct enrollment **out) ERR_MUST_USE;

/* What happened, never changed afterwards. */
struct event {
    int64_t at;           /* ms */
    int kind;             /* enum event_kind */
    const char *text;     /* one sentence */
    const char *evidence; /* a JSON object */
    struct event *next;
};

enum err enrollment_add_event(struct tx *tx, const char *enrollment,
                              const struct event *event) ERR_MUST_USE;
/* In the order in which they happened. */
enum err enrollment_list_events(struct tx *tx, struct arena *a, const char *enrollment,
                                struct event **out) ERR_MUST_USE;

/* How many events of that kind the enrollment has. */
enum err enrollment_count_events(struct tx *tx, const char *enrollment, int kind,
                                 int64_t *count) ERR_MUST_USE;

#endif
