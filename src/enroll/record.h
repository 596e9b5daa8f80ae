/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside enroll/: writing down what happened, with its evidence. `evidence` is key, value, key,
 * value ... NULL: strings, kept as a JSON object; a NULL value is left out.
 */
#ifndef SIGNET_ENROLL_RECORD_H
#define SIGNET_ENROLL_RECORD_H

#include <stdarg.h>

#include "enroll/enroll.h"
#include "store/journal.h"

/* The JSON object, in `a`. Values may come from strangers. */
const char *evidence_of(struct arena *a, ...) __attribute__((returns_nonnull, sentinel));
const char *evidence_json(struct arena *a, va_list *ap) __attribute__((returns_nonnull));

/* As enroll_record, but that only e->state is set: its row is for the caller to write. */
enum err enroll_add_event(struct tx *tx, struct enrollment *e, enum event_kind kind,
                          const char *text, va_list *evidence) ERR_MUST_USE;

/* A line of the journal; `certificate` is an id, or 0. */
enum err journal_record(struct tx *tx, enum journal_kind kind, const char *endpoint,
                        int64_t certificate, const char *text, ...) ERR_MUST_USE
    __attribute__((sentinel));

/*
 * An alarm, in the journal and the log. `text` holds nothing that a stranger chooses: after the
 * fiftieth of the same text within an hour it stands in the log only, so that nobody fills the
 * database by knocking.
 */
enum err alarm_record(struct tx *tx, const char *endpoint, const char *text, ...) ERR_MUST_USE
    __attribute__((sentinel));

#endif
