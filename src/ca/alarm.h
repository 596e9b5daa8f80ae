/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms that belong to no enrollment: somebody should look at it. */
#ifndef SIGNET_CA_ALARM_H
#define SIGNET_CA_ALARM_H

#include "store/store.h"

/*
 * Raises the alarm, the same text once a day. `evidence` is a JSON object. ERR_STORE. Thread-safe;
 * opens its own transaction.
 */
enum err alarm_raise(struct store *store, const char *text, const char *evidence) ERR_MUST_USE;

#endif
