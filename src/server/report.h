/* SPDX-License-Identifier: Apache-2.0 */
/* What the store holds, as JSON for scripts and for the commands that print it. */
#ifndef SIGNET_SERVER_REPORT_H
#define SIGNET_SERVER_REPORT_H

#include <jansson.h>

#include "enroll/enroll.h"
#include "store/challenge.h"
#include "store/journal.h"
#include "store/request.h"

/* The caller frees what these return. Times are ISO 8601 text in UTC. */
json_t *report_host(const struct device *d); /* report_device.c */

/* Without events and certificates: a line of a list. After a failure, "error" has it in words. */
json_t *report_enrollment(const struct enrollment *e, const struct device *d);

json_t *report_certificate(const struct certificate *c); /* with its DER in base64 */
/* A list; "about" is the endpoint, or the upstream and the enrollment that the evidence names. */
json_t *report_journal(const struct journal_entry *all);
json_t *report_challenge(const struct challenge *c);
json_t *report_request(const struct request *r);

/* Adds "events" and "certificates" to it, and "replaced_by", its successor's id, where there is
 * one; those of an upstream have "upstream" and "source": "ra" or "import". */
enum err report_add_details(struct tx *tx, struct arena *a, const struct enrollment *e,
                            json_t *out) ERR_MUST_USE;

/* Adds what the events, which must be there, tell of the cause: to the "error" of a host that knows
 * only that it was answered so, or as the "error" of a rejected one. */
enum err report_explain(struct tx *tx, struct arena *a, const struct enrollment *e,
                        json_t *out) ERR_MUST_USE; /* report_cause.c */

/* For those who write more of them: puts a text that is not NULL, a time that is not 0. */
void report_text(json_t *object, const char *key, const char *text);
void report_time(json_t *object, const char *key, int64_t ms);

#endif
