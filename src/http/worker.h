/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded queue of complete requests, and the threads that run the handlers. */
#ifndef SIGNET_HTTP_WORKER_H
#define SIGNET_HTTP_WORKER_H

#include "base/err.h"
#include "http/exchange.h"

struct http_workers;

/* No thread yet. `limit`: requests that may wait, for a worker or for what http_later waits for. */
struct http_workers *http_workers_new(unsigned limit);

/* Starts `count` threads; ERR_INTERNAL when the system has no more. */
enum err http_workers_start(struct http_workers *w, unsigned count) ERR_MUST_USE;

/* Hands the request over; false, and it stays the caller's, when the queue is full. Thread-safe. */
bool http_workers_push(struct http_workers *w, struct http_exchange *x);

/* A guess for requests whose body is still to come. Thread-safe. */
bool http_workers_full(struct http_workers *w);

/*
 * Lets running handlers finish, also those that wait after http_later, answers what waits for a
 * worker with 503, joins the threads.
 */
void http_workers_stop(struct http_workers *w);

void http_workers_free(struct http_workers *w);

#endif
