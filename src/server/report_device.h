/* SPDX-License-Identifier: Apache-2.0 */
/* A host, the groups it is in, and the administrator's commands for it, as JSON. */
#ifndef SIGNET_SERVER_REPORT_DEVICE_H
#define SIGNET_SERVER_REPORT_DEVICE_H

#include "server/report.h"
#include "store/group.h"
#include "store/queue.h"

json_t *report_group(const struct group *g);

/* A line of a list: what it is, of which host, its state, and the Status that the host gave. */
enum err report_command(struct tx *tx, struct arena *a, const struct queued *q,
                        json_t **out) ERR_MUST_USE;
/* Adds its "body" and "results", a list in the order of its commands. */
enum err report_add_results(struct tx *tx, struct arena *a, const struct queued *q,
                            json_t *out) ERR_MUST_USE;

/* Adds to report_host's what else is known: "identity", "groups", "trusted", "profiles",
 * "enrollments", "commands" and "journal" (the newest of both). */
enum err report_add_device(struct tx *tx, struct arena *a, const struct device *d,
                           json_t *out) ERR_MUST_USE;

#endif
