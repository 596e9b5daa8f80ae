/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode relay: a host's PKIOperation goes on to the upstream, and its CertRep comes back, untouched,
 * but read: pkiStatus, failInfo and text are signed and not encrypted, and go into the timeline.
 *
 * The token in the path names the enrollment; it identifies, it does not authenticate. It is good
 * while the enrollment is open and its host has named no certificate, for PKCSReq and CertPoll.
 *
 * In steps, so that no thread waits: relay_begin; the request is sent and relay_sent's event is
 * committed meanwhile; relay_read judges the answer; relay_commit is what must be durable before
 * the host gets it. Each step may be in another thread; relay_sent and relay_commit use no memory
 * of the arena, so that relay_read need not wait for relay_sent's commit.
 */
#ifndef SIGNET_GATEWAY_RELAY_H
#define SIGNET_GATEWAY_RELAY_H

#include "gateway/gateway.h"

/* Characters of the longest token that is looked up. */
enum { RELAY_MAX_TOKEN = 64 };

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
 * Reads the host's token and its message, and prepares the request: `*job` is to be started in
 * gateway_pool, by whoever calls, with `done` and `user` of his own. NULL in *job: `answer` is
 * there already (403 for a token that names nothing or no more, 400, 413, 429 left to the caller,
 * 503 with Retry-After when gateway_enter refuses); if *out is set all the same, relay_commit is
 * due before it leaves. ERR_STORE. Lives in `a`; `u` is held by the caller until the end.
 */
enum err relay_begin(struct gateway *g, const struct gateway_upstream *u, struct arena *a,
                     const char *token, struct span message, const char *peer, struct relay **out,
                     struct fetch_job **job, struct relay_answer *answer) ERR_MUST_USE;

/*
 * "The host asked": to be committed (store_submit, with the relay as `user`) while the request is
 * under way; submit it first.
 */
enum err relay_sent(struct tx *tx, void *relay) ERR_MUST_USE;

/* After `done`, in a worker: judges what came. Then `answer` is what the host gets, once
 * relay_commit (store_submit) is durable. */
void relay_read(struct relay *r, struct relay_answer *answer);
enum err relay_commit(struct tx *tx, void *relay) ERR_MUST_USE;

/* Frees what the request held, and the answer's body. After the last commit. NULL allowed. */
void relay_end(struct relay *r);

#endif
