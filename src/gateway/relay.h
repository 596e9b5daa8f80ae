/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode relay: a host's PKIOperation goes on to the upstream, and its CertRep comes back, untouched,
 * but read: pkiStatus, failInfo and text are signed and not encrypted, and go into the timeline.
 *
 * The token in the path names the enrollment; it identifies, it does not authenticate. It is good
 * while the enrollment is open and its host has named no certificate, for PKCSReq and CertPoll, and
 * as long after its sending as an outcome is waited for.
 *
 * In steps, so that no thread waits: relay_find and relay_begin; relay_sent's event is committed,
 * then the request is sent; relay_read judges the answer; relay_commit is what must be in the
 * database before the host gets it. Each step may be in another thread.
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

struct relay;

/*
 * Whose token it is. NULL in *out: it names nothing, or no more, and `answer` is 403; whoever sends
 * such is a stranger, who is to be limited by his address. ERR_STORE. Lives in `a`; `u` is held by
 * the caller until the end.
 */
enum err relay_find(struct gateway *g, const struct gateway_upstream *u, struct arena *a,
                    const char *token, const char *peer, struct relay **out,
                    struct relay_answer *answer) ERR_MUST_USE;

/* The enrollment: how often it asks is for the caller to limit. */
const char *relay_enrollment(const struct relay *r);

/*
 * Reads the host's message and prepares the request: `*job` is to be started in gateway_pool, by
 * whoever calls, with `done` and `user` of his own. NULL in *job: `answer` is there already (400;
 * 413; 403 for other operations and after ENROLL_MAX_ASKS; 503 with Retry-After when gateway_enter
 * refuses). True: then relay_commit is due before it leaves.
 */
bool relay_begin(struct relay *r, struct span message, struct fetch_job **job,
                 struct relay_answer *answer);

/* "The host asked": to be committed (store_submit, with the relay as `user`) before the request is
 * sent. */
enum err relay_sent(struct tx *tx, void *relay) ERR_MUST_USE;

/* After `done`, in any thread: judges what came. Then `answer` is what the host gets, once
 * relay_commit (store_submit) is in the database. */
void relay_read(struct relay *r, struct relay_answer *answer);
enum err relay_commit(struct tx *tx, void *relay) ERR_MUST_USE;

/* Frees what the request held, and the answer's body. After the last commit. NULL allowed. */
void relay_end(struct relay *r);

#endif
