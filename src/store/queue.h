/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of the administrator for hosts: what waits, what went out, and what the host said. A row
 * goes out at most once; what the host says is kept beside it, a row for each command and child.
 * See store/store.h for struct tx. Times in ms, 0: none.
 */
#ifndef SIGNET_STORE_QUEUE_H
#define SIGNET_STORE_QUEUE_H

#include "store/store.h"

enum queue_state { /* numbers are kept in the database */
                   QUEUE_WAITING = 1,
                   QUEUE_SENT, /* in the reply to a host, whose Status is awaited */
                   QUEUE_DONE,
                   QUEUE_FAILED,    /* by the host's Status */
                   QUEUE_UNKNOWN,   /* its session is over, and no Status came */
                   QUEUE_CANCELLED, /* before it went out */
                   QUEUE__MAX
};

/* "waiting" .. "cancelled"; and back: 0 for another word. */
const char *queue_state_name(int state) __attribute__((returns_nonnull));
int queue_state_parse(const char *name);

struct queued {
    int64_t id;
    int64_t device;
    int64_t batch;    /* id of the first that was sent with it */
    const char *body; /* one command, see csp/bare.h */
    int state;        /* enum queue_state */
    int64_t created, sent, done;
    struct queued *next;
};

/* Adds a waiting command; sets id, and batch to the id where it is 0. */
enum err queue_add(struct tx *tx, struct queued *q) ERR_MUST_USE;
/* The same for each member of a group that is enrolled: *hosts gets how many. */
enum err queue_add_for_group(struct tx *tx, int64_t group, struct queued *q,
                             int64_t *hosts) ERR_MUST_USE;
/* Whether one of them has more than `most` that wait or are out. */
enum err queue_group_is_busy(struct tx *tx, int64_t group, int64_t most, bool *out) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err queue_get(struct tx *tx, struct arena *a, int64_t id, struct queued *out) ERR_MUST_USE;
/* A device's commands of one state, in order: at most `max`, and, after the first, at most `bytes`
 * of bodies. */
enum err queue_next(struct tx *tx, struct arena *a, int64_t device, int state, int64_t max,
                    size_t bytes, struct queued **out) ERR_MUST_USE;
/* How many of a device wait or are out. */
enum err queue_count_open(struct tx *tx, int64_t device, int64_t *count) ERR_MUST_USE;

struct queue_filter { /* 0: of any */
    int64_t device, batch;
    int state;
    int64_t before; /* id */
    int64_t max;
};
/* Newest first. */
enum err queue_page(struct tx *tx, struct arena *a, const struct queue_filter *filter,
                    struct queued **out) ERR_MUST_USE;

/* Moves it to that state, which it enters now: writes `sent` or `done`. */
enum err queue_move(struct tx *tx, int64_t id, int state, int64_t now) ERR_MUST_USE;
/* The device's session is over: what is out and has no Status is unknown. */
enum err queue_forget(struct tx *tx, int64_t device, int64_t now) ERR_MUST_USE;
/* The device leaves: the same, and what waits is cancelled. */
enum err queue_cancel_all(struct tx *tx, int64_t device, int64_t now) ERR_MUST_USE;
/* Deletes at most `max` of those that were done before `before`, with what came of them. */
enum err queue_purge(struct tx *tx, int64_t before, int64_t max, int64_t *count) ERR_MUST_USE;

enum { QUEUE_MAX_DATA = 64 * 1024, QUEUE_MAX_MORE = 64 };

/* A command that went out, or a child of it, and what the host said to it. */
struct queue_result {
    int64_t id;
    int64_t command;            /* of the queue */
    int64_t cmd_id;             /* in the message that it went out with */
    const char *cmd;            /* "Get" */
    const char *loc_uri;        /* "" for an Atomic or a Sequence */
    int64_t status;             /* 0: none came */
    const char *original_error; /* msft:originalerror; or NULL */
    const char *format;         /* of the Results; NULL: none came */
    struct span data;           /* of the Results, QUEUE_MAX_DATA bytes of them at most */
    int64_t size;               /* bytes that the host sent: more than data.n when it was cut */
    int64_t at;                 /* of the last that came */
    struct queue_result *next;
};

/* The command goes out: its row, for the answers. */
enum err queue_expect(struct tx *tx, const struct queue_result *r) ERR_MUST_USE;
/* The Status of that CmdID: the first one counts. */
enum err queue_keep_status(struct tx *tx, const struct queue_result *r) ERR_MUST_USE;
/* Results of that CmdID: into the row of that LocURI which has none yet, else into one of their
 * own ("Results"), of which a command has QUEUE_MAX_MORE at most. `data` is whole. */
enum err queue_keep_data(struct tx *tx, const struct queue_result *r) ERR_MUST_USE;
/* In the order of the commands; without `data`, or with it. */
enum err queue_results(struct tx *tx, struct arena *a, int64_t command, bool with_data,
                       struct queue_result **out) ERR_MUST_USE;
/* The Status of the command itself; 0: none came. */
enum err queue_status(struct tx *tx, int64_t command, int64_t *out) ERR_MUST_USE;

#endif
