/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of an enrollment, and the events that move it. A state is a function of the events in
 * their order, and nothing else:
 *
 *   assigned -> sent -> accepted -> requested -> issued -> [reported ->] confirmed
 *                  \-> rejected         \-> refused  \-> failed | unconfirmed
 *   confirmed -> [expiring | gone ->] renewed -> removed
 *   all that were sent -> removing -> removed; all -> revoked
 *
 * "failed" means failed so far: signet asks on until the deadline, and a later proof confirms.
 * "reported" is where a relayed enrollment ends: a proof alone makes more of it.
 * Numbers are kept in the database: they are only ever added to.
 */
#ifndef SIGNET_ENROLL_STATE_H
#define SIGNET_ENROLL_STATE_H

#include <stdbool.h>

enum enroll_state {
    STATE_ASSIGNED = 1,
    STATE_SENT,
    STATE_ACCEPTED,
    STATE_REJECTED,
    STATE_REQUESTED,
    STATE_ISSUED,
    STATE_REFUSED,
    STATE_CONFIRMED,
    STATE_FAILED,
    STATE_UNCONFIRMED,
    STATE_REPORTED, /* relayed: a SUCCESS CertRep was seen, and the host names a certificate */
    STATE_EXPIRING, /* the host has a good one; its successor is on the way */
    STATE_RENEWED,  /* its successor is in force: the node is to be deleted from the host */
    STATE_REMOVING, /* the profile was taken away: the same */
    STATE_REMOVED,  /* the host has no such node any more, or never had */
    STATE_REVOKED,  /* the host has left */
    STATE_GONE, /* was confirmed; the host does not show it as valid any more, or it has ended */
    STATE__MAX
};

enum event_kind {
    EVENT_ASSIGNED = 1, /* the administrator gave the profile to the host */
    EVENT_SENT,         /* the Atomic was put into an answer; a challenge was minted */
    EVENT_ACCEPTED,     /* the host took Enroll: 200 or 202 */
    EVENT_REJECTED,     /* the host answered the Atomic with an error, or it was lost too often */
    EVENT_LOST,         /* the answer never reached the host, or never left: to be sent again */
    EVENT_REQUESTED,    /* a PKCSReq with this enrollment's challenge came */
    EVENT_ISSUED,       /* a certificate was issued and is durable */
    EVENT_REFUSED,      /* the CA refused the request */
    EVENT_CONFIRMED,    /* the host's thumbprint is that of our certificate, and Status is 1 */
    EVENT_FAILED,       /* the host says that it failed */
    EVENT_UNCONFIRMED,  /* the time is over without an outcome */
    EVENT_NOTE,         /* evidence that moves nothing */
    EVENT_ALARM,        /* evidence that somebody should look at; moves nothing */
    EVENT_SUPERSEDED,   /* a certificate that never arrived was revoked; moves nothing */
    EVENT_REPORTED,     /* the host names a certificate that an upstream sealed for it */
    EVENT_EXPIRING,     /* a successor was made */
    EVENT_GONE,         /* the host shows no valid certificate, or it has ended */
    EVENT_RENEWED,      /* the successor is in force */
    EVENT_TAKEN,        /* the profile was taken away from the host */
    EVENT_REMOVED,      /* the host has no such node */
    EVENT_REVOKED,      /* the host has left: what was live is revoked */
    EVENT__MAX
};

/*
 * The state after an event. An event that means nothing in a state leaves it as it is: a late
 * refusal does not take away what is confirmed. `before` 0 is the state before the first event.
 */
enum enroll_state enroll_state_after(enum enroll_state before, enum event_kind event);

/* "assigned" .. "gone"; "sent", "accepted", "note" ... Never NULL. */
const char *enroll_state_name(enum enroll_state state);
const char *event_kind_name(enum event_kind kind);

/* The state of a name; false when there is none. */
bool enroll_state_parse(const char *name, enum enroll_state *out);

/* Whether the host has the profile and its outcome is still to be learnt. */
bool enroll_state_open(enum enroll_state state);

#endif
