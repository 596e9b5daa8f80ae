/* SPDX-License-Identifier: Apache-2.0 */
/* What the store holds, as JSON for scripts and for the commands that print it. */
#ifndef SIGNET_SERVER_REPORT_H
#define SIGNET_SERVER_REPORT_H

#include <jansson.h>

#include "enroll/enroll.h"

/* The caller frees what these return. Times are ISO 8601 text in UTC. */
json_t *report_device(const struct device *d);

/* Without events and certificates: a line of a list. After a failure, "error" has it in words. */
json_t *report_enrollment(const struct enrollment *e, const struct device *d);

/* Adds "events" and "certificates" to it. */
enum err report_add_details(struct tx *tx, struct arena *a, const struct enrollment *e,
                            json_t *out) ERR_MUST_USE;

#endif
