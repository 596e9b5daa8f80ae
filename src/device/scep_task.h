/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduled task of a SCEP enrollment: attempts, retries, and the outcome in the registry. */
#ifndef SIGNET_DEVICE_SCEP_TASK_H
#define SIGNET_DEVICE_SCEP_TASK_H

#include "device/scep_client.h"

/*
 * Exec Enroll: freezes the Install values, sets Status 32 and schedules the task for now. `key` is
 * the registry path of the UniqueID, `uri` its node.
 */
void scep_task_schedule(struct host *h, const char *key, const char *uri);

/*
 * Makes one attempt of the task, and saves the host. PENDING, or a failure that will be tried
 * again, leaves the task waiting; else it is over: Challenge gone from the registry, a report to
 * the server due.
 */
enum err scep_task_run(struct host *h, const char *key) ERR_MUST_USE;

/*
 * Whether the enrollment has succeeded and its certificate is there with its key: another attempt
 * could only spoil it. An Exec of Enroll begins it anew.
 */
bool scep_task_is_finished(struct host *h, const char *key);

/*
 * One attempt from the registry as it stands, a task or not, and saves the host. `out->responder`
 * lives in `a`.
 */
enum err scep_task_run_now(struct host *h, const char *key, struct arena *a,
                           struct scep_outcome *out) ERR_MUST_USE;

/*
 * Asks for a successor of the enrollment's certificate, which signs the request, and saves the
 * host. Only success changes the registry and the store, where the successor takes its place.
 * ERR_NOT_FOUND when there is no certificate with its key. No Windows is known to do this
 * (windows-scep.md, 4.15).
 */
enum err scep_task_renew(struct host *h, const char *key, struct arena *a,
                         struct scep_outcome *out) ERR_MUST_USE;

/* Registry paths of all SCEP enrollments in a NULL-terminated list. */
const char **scep_task_keys(struct host *h, struct arena *a) __attribute__((returns_nonnull));

#endif
