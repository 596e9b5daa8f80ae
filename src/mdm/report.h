/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told to the administrator of those who do not keep to the protocol. The texts are
 * literals without a word of theirs, each at most once an hour; what they said is evidence. The log
 * has a line for every case of a host's, and for so many of strangers as report_may_log allows.
 */
#ifndef SIGNET_MDM_REPORT_H
#define SIGNET_MDM_REPORT_H

#include "base/log.h"
#include "mdm/session.h"
#include "store/journal.h"

/* Of the device whose message it is: a note in its journal. */
enum err report_misuse(struct tx *tx, const struct exchange *x, const char *text) ERR_MUST_USE;

/* The same, as a note or an alarm, with evidence: key, value ... NULL; a NULL value is left out. */
enum err report_of_host(struct tx *tx, const struct exchange *x, enum journal_kind kind,
                        const char *text, ...) ERR_MUST_USE __attribute__((sentinel));

/* The same, however often. */
enum err report_each(struct tx *tx, const struct exchange *x, enum journal_kind kind,
                     const char *text, ...) ERR_MUST_USE __attribute__((sentinel));

/* Whether a line about a stranger may be logged: of those there are only so many in a second. */
bool report_may_log(enum log_level level);

/* An alarm. `device` is the id of the one whose certificate or name was used, 0: of none. */
enum err report_stranger(struct tx *tx, const struct exchange *x, int64_t device,
                         const char *text) ERR_MUST_USE;

#endif
