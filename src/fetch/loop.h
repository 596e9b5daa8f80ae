/* SPDX-License-Identifier: Apache-2.0 */
/* Internal to fetch/: a thread with a multi handle of curl, which works off jobs. */
#ifndef SIGNET_FETCH_LOOP_H
#define SIGNET_FETCH_LOOP_H

#include "fetch/easy.h"
#include "fetch/pool.h"

struct loop;

/* ERR_INTERNAL: no more threads or files. */
enum err loop_new(struct loop **out) ERR_MUST_USE;

/* Any thread: the loop will tell `job`. After loop_stop it waits for loop_drop. */
void loop_add(struct loop *l, struct fetch_job *job);

/* Ends what is under way and waits, and from now on each job that is added, with ERR_BUSY. */
void loop_refuse(struct loop *l);

/* The same, and ends the thread. */
void loop_stop(struct loop *l);

/* After loop_stop: tells ERR_BUSY to what was added since; whether there was any. */
bool loop_drop(struct loop *l);

/* After loop_stop. NULL is allowed. */
void loop_free(struct loop *l);

/* ---- peer.c ---- */

/* One request under way, or a handle that waits for its next: it knows how to reach its peer. */
struct transfer {
    struct easy easy;
    struct fetch_job *job;
    struct transfer *next, *prev;
};

struct loop *peer_loop(const struct fetch_peer *peer);

/* A handle of the peer that is not in use, and back. For the loop's thread. */
struct transfer *peer_take(struct fetch_peer *peer);
void peer_give(struct fetch_peer *peer, struct transfer *t);

/* ---- pool.c ---- */

/* The loop that serves peers with these options. */
struct loop *pool_loop(const struct fetch_pool *pool, const struct fetch_options *options);

#endif
