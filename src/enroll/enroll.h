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
#include "store/upstream.h"

/* For people: "the profile" or "the PKCS#12"; and how to begin anew when it has come to nothing. */
const char *enroll_what(const struct enrollment *e);
const char *enroll_how_anew(const struct enrollment *e);

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

/* The same, but that only e->state is set, and the row is for the caller to write: who has more to
 * change writes it once, and a note changes nothing. */
enum err enroll_event(struct tx *tx, struct enrollment *e, enum event_kind kind, const char *text,
                      ...) ERR_MUST_USE __attribute__((sentinel));

/* Gives the profile to the device under a new id (12 hex digits), which *out gets. */
enum err enroll_assign(struct tx *tx, struct arena *a, const struct device *device,
                       const struct stored_profile *profile, struct enrollment *out) ERR_MUST_USE;

/* The host took the profile (Status 200 or 202, or the node is there): sets the deadline. */
enum err enroll_accepted(struct tx *tx, struct enrollment *e, const struct enroll_policy *policy,
                         const char *text, const char *code) ERR_MUST_USE;

/*
 * The profile did not reach the host, or what was fetched for it is lost: EVENT_LOST, and it is
 * sent again. After the twentieth time (the third, where each takes a password of an NDES, which
 * keeps five) EVENT_REJECTED: whoever loses it for ever would have it sent for ever. `code` of the
 * host, or NULL.
 */
enum err enroll_lost(struct tx *tx, struct arena *a, struct enrollment *e, const char *text,
                     const char *code) ERR_MUST_USE;

/* Revokes those of the enrollment's certificates that are live as superseded, an event for each. */
enum err enroll_supersede(struct tx *tx, struct enrollment *e, const struct certificate *certs,
                          const char *text) ERR_MUST_USE;

/* What the host's own nodes say. NULL: the host has no such value. */
struct observation {
    bool absent;            /* the whole node is gone: Status answered 404 */
    const char *status;     /* Status: 1, 2, 16, 32; of PKCS#12 GetLastError */
    const char *error;      /* ErrorCode */
    const char *thumbprint; /* CertThumbprint; of PKCS#12 Thumbprint */
    const char *respondent; /* RespondentServerUrl */
};

/*
 * Holds what the host says against what we know, and records what follows: confirmed, failed, lost,
 * or a note of what has changed. The same observation twice adds nothing. `present` are the
 * device's enrollments that have not ended, oldest first: those in whose place this one is now are
 * changed there, too. Of what is confirmed already: enroll_check of enroll/life.h, which does not
 * keep `present` true.
 */
enum err enroll_observe(struct tx *tx, struct arena *a, struct enrollment *e,
                        struct enrollment *present, const struct enroll_policy *policy,
                        const struct observation *seen) ERR_MUST_USE;

/*
 * Whether the host has the profile and its outcome is waited for (as SQL_IS_OPEN has it): a failure
 * ends with its deadline.
 */
bool enroll_is_open(const struct enrollment *e);

/* Whether the host has shown its certificate, and is asked now and then whether it still does:
 * confirmed, reported, expiring or gone (enroll/life.h). */
bool enroll_is_kept(const struct enrollment *e);

/* Whether it is removed or revoked: nothing comes after that. */
bool enroll_has_ended(const struct enrollment *e);

/* Of one that has ended: for a month from now, as long as its certificates live, and for a year
 * where its upstream has issued one that was never seen here. */
enum err enroll_keep_ended(struct tx *tx, const struct enrollment *e) ERR_MUST_USE;

/* ---- enrollments whose certificate an upstream issues ---- */

/*
 * What one enrollment may cost its upstream in mode relay, where every request may be a certificate
 * with a new key: a host that works takes a few requests and one SUCCESS.
 */
enum { ENROLL_MAX_ASKS = 20, ENROLL_MAX_SUCCESSES = 5 };

/* ERR_REFUSED when it has had that; a CertPoll (`poll`) is no new request. */
enum err enroll_may_ask_upstream(const struct enrollment *e, bool poll) ERR_MUST_USE;

/*
 * A request of this enrollment goes to its upstream now: counts it, and records EVENT_REQUESTED.
 * When an earlier one has no outcome, or was answered with SUCCESS, an alarm says that the upstream
 * may have issued, or has issued, a certificate before; the first once (later ones are notes) until
 * another answer of the upstream is known. For PKCSReq; a CertPoll asks for no other
 * certificate and does not count. `evidence` as of enroll_record.
 */
enum err enroll_asks_upstream(struct tx *tx, struct enrollment *e, const char *text,
                              ...) ERR_MUST_USE __attribute__((sentinel));

/*
 * What came of it, or of a CertPoll for it. In mode RA a certificate that came is kept before
 * (foreign_add; ERR_EXISTS: the same once more), so that a second one can be told from the first.
 * The last two are of a PKCSReq: of a CertPoll say UPSTREAM_SILENT, its PKCSReq waits on.
 */
enum upstream_outcome {
    UPSTREAM_SUCCESS,    /* EVENT_ISSUED; a second certificate is an alarm */
    UPSTREAM_REFUSED,    /* EVENT_REFUSED */
    UPSTREAM_PENDING,    /* a note */
    UPSTREAM_SILENT,     /* a note: no answer or a 5xx, so that it may have issued all the same */
    UPSTREAM_WRONG,      /* an alarm: an answer that is none of this transaction, or a stranger's */
    UPSTREAM_NO_CERTREP, /* a note: HTTP below 500 instead of one; counts as answered */
    UPSTREAM_UNASKED,    /* a note: nothing went out (busy, connection refused): not counted */
};
enum err enroll_upstream_said(struct tx *tx, struct enrollment *e, enum upstream_outcome outcome,
                              const char *text, ...) ERR_MUST_USE __attribute__((sentinel));

/*
 * Of the enrollments of c->upstream whose host shows the certificate, and which the upstream has
 * answered with SUCCESS: the only one, or the only one whose promise it keeps. ERR_NOT_FOUND: no
 * host shows it; ERR_REFUSED: the upstream has issued nothing for who does; ERR_CONFLICT names
 * several.
 */
enum err enroll_find_import(struct tx *tx, struct arena *a, const struct foreign_certificate *c,
                            struct enrollment *out) ERR_MUST_USE;

/*
 * A certificate of the enrollment's upstream became known by import. ERR_REFUSED when it is not the
 * one that the host shows, of another upstream, or the upstream has issued nothing; ERR_EXISTS when
 * it is known, unless by an import that has not confirmed an enrollment. Else it is kept and
 * held against the promise (promise_check_cert): e->state is STATE_CONFIRMED then, or an alarm in
 * the timeline says what differs and the state stays (OK, too: the alarm must be committed). Its
 * chain was verified by the caller; source, enrollment and id are set here.
 */
enum err enroll_import(struct tx *tx, struct arena *a, struct enrollment *e,
                       struct foreign_certificate *c) ERR_MUST_USE;

/* Whether the host should be asked in the session that begins now; `hint`: it sent the alert. */
bool enroll_wants_answer(const struct enrollment *e, int64_t now, bool hint);

/* Ends the enrollments whose time is over. *count gets how many. */
enum err enroll_expire(struct tx *tx, const struct enroll_policy *policy, int64_t now,
                       int *count) ERR_MUST_USE;

#endif
