/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `signet serve --record FOLDER`: a thread that writes what hosts and server say to each other, one
 * numbered file for each request with its answer, blanked by the rules of words.h and values.h.
 *
 * It never fails or delays a request: what finds the queue full is counted, and left out; where the
 * disk or the recording is full, it ends. The end of recording.txt, and the log, say so.
 */
#ifndef SIGNET_RECORD_RECORDER_H
#define SIGNET_RECORD_RECORDER_H

#include "record/exchange.h"

enum {
    RECORDER_QUEUE_BYTES = 16 << 20, /* waiting to be written */
    RECORDER_DRAIN_MS = 3000         /* what is not written by then, at the stop, is left out */
};

struct recorder;

/*
 * Takes the folder as folder_open does, writes what it is into recording.txt, and starts the
 * thread. `opener` runs in that thread. Errors as of folder_open.
 */
enum err recorder_start(const char *path, record_opener *opener, void *user,
                        struct recorder **out) ERR_MUST_USE;

/* Copies what is to be recorded of `x` into the queue. Thread-safe; never waits for the disk. */
void recorder_take(struct recorder *r, const struct record_exchange *x);

/*
 * Writes what waits, for RECORDER_DRAIN_MS and the exchange that is being written; says at the end
 * what was left out, frees. NULL is allowed.
 */
void recorder_stop(struct recorder *r);

#endif
