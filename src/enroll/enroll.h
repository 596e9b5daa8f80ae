/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The truth about each enrollment: what is known, from whom, since when.
 *
 * Every change goes through enroll_record, which adds an event with its evidence and moves the
 * state by it. All functions that take a struct tx run inside store_write and touch nothing else.
 */
#ifndef SIGNET_ENROLL_ENROLL_H
#define SIGNET_ENROLL_ENROLL_H

#include "enroll/state.h"
#include "store/certificate.h"

#include "store/device.h"
#include "store/enrollment.h"
#include "store/profile.h"

/* How long an outcome is waited for. Times in ms. */
struct enroll_policy {
    int64_t confirm_within;   /* after acceptance: 24 hours */
    int64_t confirm_sessions; /* and at least that many sessions of the host: 2 */
};

/*
 * Adds an event and moves the enrollment's state by it; writes the row. `evidence` is key, value,
 * key, value ... NULL: strings, kept as a JSON object; a NULL value is left out.
 */
enum err enroll_record(struct tx *tx, struct enrollment *e, enum event_kind kind, const char *text,
                       ...) ERR_MUST_USE __attribute__((sentinel));

/* Gives the profile to the device under a new id (12 hex digits), which *out gets. */
enum err enroll_assign(struct tx *tx, struct arena *a, const struct device *device,
                       const struct stored_profile *profile, struct enrollment *out) ERR_MUST_USE;

/* The host took the profile (Status 200 or 202, or the node is there): sets the deadline. */
enum err enroll_accepted(struct tx *tx, struct enrollment *e, const struct enroll_policy *policy,
                         const char *text, const char *code) ERR_MUST_USE;

/* Revokes those of the enrollment's certificates that are live as superseded, an event for each. */
enum err enroll_supersede(struct tx *tx, struct enrollment *e, const struct certificate *certs,
                          const char *text) ERR_MUST_USE;

/* What the host's own nodes say. NULL: the host has no such value. */
struct observation {
    bool absent;            /* the whole node is gone: Status answered 404 */
    const char *status;     /* Status: 1, 2, 16, 32 */
    const char *error;      /* ErrorCode */
    const char *thumbprint; /* CertThumbprint */
    const char *respondent; /* RespondentServerUrl */
};

/*
 * Holds what the host says against what we know, and records what follows: confirmed, failed, lost,
 * or a note of what has changed. The same observation twice adds nothing.
 */
enum err enroll_observe(struct tx *tx, struct arena *a, struct enrollment *e,
                        const struct enroll_policy *policy,
                        const struct observation *seen) ERR_MUST_USE;

/* Whether the host should be asked in the session that begins now; `hint`: it sent the alert. */
bool enroll_wants_answer(const struct enrollment *e, int64_t now, bool hint);

/* Ends the enrollments whose time is over. *count gets how many. */
enum err enroll_expire(struct tx *tx, const struct enroll_policy *policy, int64_t now,
                       int *count) ERR_MUST_USE;

#endif
