/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many HTTP requests at once over libcurl's multi interface, on threads of its own: whoever asks is
 * told when the answer is there, and no worker waits for somebody else's server.
 *
 * One thread serves all peers, but for those that log in: Kerberos asks its KDC while it blocks, so
 * that they have a second thread.
 */
#ifndef SIGNET_FETCH_POOL_H
#define SIGNET_FETCH_POOL_H

#include "fetch/fetch.h"

struct fetch_pool;

/* Starts the threads, which take no signals. ERR_INTERNAL: no more threads. */
enum err fetch_pool_new(struct fetch_pool **out) ERR_MUST_USE __attribute__((nonnull));

/*
 * Ends what is under way and what waits, and from now on every job, with ERR_BUSY: so that nobody
 * who stops the server waits for somebody else's. Does not wait itself. Thread-safe.
 */
void fetch_pool_refuse(struct fetch_pool *pool) __attribute__((nonnull));

/*
 * Ends what is under way and what waits (each job is told, with ERR_BUSY, before this returns) and
 * the threads. Nobody but a `done` may start jobs any more, and those end with ERR_BUSY, too: a
 * `done` that starts a job again and again must stop at that. The peers outlive the call; they
 * may be freed afterwards. NULL is allowed.
 */
void fetch_pool_free(struct fetch_pool *pool);

/*
 * How to reach one server: trust, proxy, time-outs, credentials. Copies what it needs of the
 * options; connections stay open between requests, but for those of peers that log in: nobody else
 * may come upon them. Read-only afterwards: thread-safe.
 */
struct fetch_peer;
struct fetch_peer *fetch_peer_new(struct fetch_pool *pool, const struct fetch_options *options)
    __attribute__((nonnull, returns_nonnull));

/*
 * No job of it may be under way or be started any more; in a job's `done`, that job is over. Wipes
 * the password and the key. NULL is allowed; thread-safe.
 */
void fetch_peer_free(struct fetch_peer *peer);

struct fetch_job {
    struct fetch_peer *peer;
    struct fetch_request request;        /* what it points to lives until `done` */
    void (*done)(struct fetch_job *job); /* in a thread of the pool, which all others wait for */
    void *user;
    /* Set before `done`, and the owner's again, who may free or start it from within `done`: */
    struct fetch_reply reply; /* fetch_reply_free; `sent` and `asked_for_cert` are not filled */
    enum err result;          /* as of fetch_send; ERR_BUSY (cause FETCH_RESET): the pool ends */
    char detail[300];         /* the cause for people, printable, when result is not OK */
    struct fetch_job *next;   /* the pool's */
};

/*
 * Sends the request; `done` is called once, in every case, and never from within fetch_start.
 * `reply` must be zero. Thread-safe, also from within a `done`.
 *
 * A POST is never sent twice: when a connection that was open already breaks after the request went
 * out, it ends with FETCH_RESET, and the server may have acted on it. A GET is sent again on a new
 * connection. Connections that were idle for long are not used again, so that this is rare.
 */
void fetch_start(struct fetch_pool *pool, struct fetch_job *job) __attribute__((nonnull));

#endif
