/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's event log: eventlog.json, one JSON object a line. Ids, sources and texts are those of
 * Windows' Event Viewer (windows-scep.md, 6.3); EVENT_COMMAND alone is ours.
 */
#ifndef SIGNET_DEVICE_EVENTLOG_H
#define SIGNET_DEVICE_EVENTLOG_H

#include "base/arena.h"
#include "base/err.h"

enum event_id {
    EVENT_COMMAND = 1, /* a command of the server was carried out, or failed */
    EVENT_SCEP_FAILED = 32,
    EVENT_SCEP_REQUEST = 36,
    EVENT_SCEP_INSTALLED = 39,
    EVENT_CERTENROLL_INIT = 86,   /* Application log */
    EVENT_CERTENROLL_FAILED = 87, /* Application log */
    EVENT_SESSION = 256,
    EVENT_SCEP_EXEC = 306,
    EVENT_SCEP_LOG_ERROR = 307,
    EVENT_SCEP_RESULT = 309,
};

struct event {
    int64_t at_ms;
    int id;
    bool error;
    const char *text;
};

struct eventlog { /* zero-initialise */
    struct event *events;
    size_t count;
    int64_t clock_offset_ms; /* of the host; see host_clock_ms */
};

enum err eventlog_load(struct eventlog *l, struct arena *a, const char *path) ERR_MUST_USE;
enum err eventlog_save(const struct eventlog *l, const char *path) ERR_MUST_USE;

/*
 * Writes an event of now; the text is copied into `a`. A byte of it that is no UTF-8 (a server
 * chose it, or a cut went through a character) becomes U+FFFD.
 */
void eventlog_add(struct eventlog *l, struct arena *a, enum event_id id, bool error,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The source that Event Viewer shows for the id. */
const char *event_source(int id) __attribute__((returns_nonnull));

/* The log that it stands in. */
const char *event_log(int id) __attribute__((returns_nonnull));

void eventlog_free(struct eventlog *l);

#endif
