/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the store: the events of an enrollment. Each names the one before it, and the enrollment
 * the last. An index by enrollment, whose ids are random, would cost each event a page of the log
 * (costs-and-traps.md, 2.5).
 */
#ifndef SIGNET_STORE_TIMELINE_H
#define SIGNET_STORE_TIMELINE_H

#include "store/enrollment.h"
#include "store/sql.h"

/* A statement that finds in `timeline` the ids of the events of those enrollments that `heads`
 * selects. */
#define SQL_ON_TIMELINE(heads, statement)                                              \
    "WITH RECURSIVE timeline(id) AS (SELECT last_event FROM enrollment e WHERE " heads \
    " UNION ALL SELECT v.previous FROM timeline JOIN event v USING (id)) " statement

/* Adds an event, whose enrollment is to be told right after: by SET_LAST_EVENT. ERR_NOT_FOUND. */
enum err timeline_insert(struct tx *tx, const char *enrollment,
                         const struct event *event) ERR_MUST_USE;
#define SET_LAST_EVENT "last_event = last_insert_rowid(), events = events + 1"

#endif
