/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode relay: a host's PKIOperation goes on to the upstream, and its CertRep comes back, untouched,
 * but read: pkiStatus, failInfo and text are signed and not encrypted, and go into the timeline.
 *
 * The token in the path names the enrollment; it identifies, it does not authenticate. It is good
 * while the enrollment is open and its host has named no certificate, for PKCSReq and CertPoll, and
 * as long after its sending as an outcome is waited for.
 *
 * In steps, so that no thread waits: relay_new and relay_take; relay_find and relay_ask in one
 * transaction, with the event that the host asked, and when that is committed the request is sent;
 * relay_read judges the answer; relay_commit is what must be in the database before the host gets
 * it. Each step may be in another thread.
 */
#ifndef SIGNET_GATEWAY_RELAY_H
#define SIGNET_GATEWAY_RELAY_H

#include "gateway/gateway.h"

/*
 * Characters of the longest token that is looked up; and the longest message that goes on, in
 * bytes: one of Windows has 3 to 8 KiB. By GET 16 KiB are 22 in the URL; to a server that takes
 * less it looks too long there, and its answer (414) goes back.
 */
enum { RELAY_MAX_TOKEN = 64, RELAY_MAX_MESSAGE = 64 * 1024, RELAY_MAX_GET = 16 * 1024 };

/* What the host gets: the upstream's body, or a status with one line of plain text of ours. */
struct relay_answer {
    int status;
    const char *content_type; /* of the body */
    struct span body;
    const char *text; /* instead of a body: no word of the upstream in it */
    int retry_after_s;
};

/* To whom the token is not given, or no more. */
#define RELAY_NO_TOKEN "the address of this enrollment is no longer good: assign the profile anew"

struct relay;

/* Lives in `a`; `u` is held by the caller until the end. `token` may be NULL. ERR_CRYPTO. */
enum err relay_new(struct gateway *g, const struct gateway_upstream *u, struct arena *a,
                   const char *token, const char *peer, struct relay **out) ERR_MUST_USE;

/*
 * What the host sent: its message, or `e` with this thread's detail where there is none. Reads it
 * and prepares the request, without the database; what comes of it is for relay_ask to say.
 */
void relay_take(struct relay *r, enum err e, struct span message);

/* Whether the address holds what may be a token. */
bool relay_has_token(const struct relay *r);

/* Whose token it is: sets relay_enrollment, anew each time. In a store_read, too. ERR_STORE. */
enum err relay_find(struct tx *tx, struct relay *r) ERR_MUST_USE;

/*
 * The enrollment: how often it asks is for the caller to limit. NULL before relay_find, and where
 * the token names nothing, or no more: whoever sends such is a stranger, who is to be limited by
 * his address.
 */
const char *relay_enrollment(const struct relay *r);

/*
 * After relay_find, in its transaction. `*job` is to be started in gateway_pool once it is
 * committed, by whoever calls, with `done` and `user` of his own. NULL in *job: `answer` is there
 * already (403 for a dead token, other operations and after ENROLL_MAX_ASKS; 400; 413; 503 with
 * Retry-After when gateway_enter refuses). What concerns the enrollment is in its timeline.
 * ERR_STORE.
 */
enum err relay_ask(struct tx *tx, struct relay *r, struct fetch_job **job,
                   struct relay_answer *answer) ERR_MUST_USE;

/* After `done`, in any thread: judges what came. Then `answer` is what the host gets, once
 * relay_commit (store_submit) is in the database. */
void relay_read(struct relay *r, struct relay_answer *answer);
enum err relay_commit(struct tx *tx, void *relay) ERR_MUST_USE;

/* The host is about to be answered: its next request is none of two at a time. Any thread. */
void relay_over(struct relay *r);

/* Frees what the request held, and the answer's body. After the last commit. NULL allowed. */
void relay_end(struct relay *r);

#endif
