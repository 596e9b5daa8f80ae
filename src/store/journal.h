/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that belong to no MDM enrollment: what happened to a certificate, and alarms. Only ever
 * added to. See store/store.h for struct tx.
 */
#ifndef SIGNET_STORE_JOURNAL_H
#define SIGNET_STORE_JOURNAL_H

#include "store/store.h"

enum journal_kind { /* numbers are kept in the database */
                    JOURNAL_ISSUED = 1,
                    JOURNAL_RENEWED, /* issued, by the proof of an earlier certificate */
                    JOURNAL_REVOKED,
                    JOURNAL_PENDED,
                    JOURNAL_APPROVED,
                    JOURNAL_DENIED,
                    JOURNAL_ALARM,      /* somebody should look at it */
                    JOURNAL_REINSTATED, /* live again */
                    JOURNAL_NOTE,       /* what a host did that no good host does */
                    JOURNAL__MAX
};

/* "issued" .. "note". */
const char *journal_kind_name(enum journal_kind kind) __attribute__((returns_nonnull));

struct journal_entry {
    int64_t id;
    int64_t at; /* ms */
    int kind;
    const char *endpoint; /* or NULL */
    int64_t certificate;  /* id; 0: none */
    int64_t device;       /* id; 0: none */
    const char *text;     /* one sentence */
    const char *evidence; /* a JSON object */
    struct journal_entry *next;
};

enum err journal_add(struct tx *tx, const struct journal_entry *entry) ERR_MUST_USE;
/* In the order in which they happened. */
enum err journal_of_certificate(struct tx *tx, struct arena *a, int64_t certificate,
                                struct journal_entry **out) ERR_MUST_USE;
/* The newest `max` of a device, newest first. */
enum err journal_of_device(struct tx *tx, struct arena *a, int64_t device, int64_t max,
                           struct journal_entry **out) ERR_MUST_USE;
/* How many of a device with that text were added since `since`. */
enum err journal_count_of_device(struct tx *tx, int64_t device, const char *text, int64_t since,
                                 int64_t *count) ERR_MUST_USE;
/* The newest `max` alarms, newest first: these, and those of enrollments (id 0,
 * endpoint NULL, the enrollment in the evidence). */
enum err journal_alarms(struct tx *tx, struct arena *a, int64_t max,
                        struct journal_entry **out) ERR_MUST_USE;
/* How many alarms of that endpoint (or NULL) with that text were added since `since`. */
enum err journal_count_alarms(struct tx *tx, const char *endpoint, const char *text, int64_t since,
                              int64_t *count) ERR_MUST_USE;

#endif
