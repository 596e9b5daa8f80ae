/* SPDX-License-Identifier: Apache-2.0 */
/* The host's task scheduler: SCEP tasks, reports to the server, sessions by the poll schedule. */
#ifndef SIGNET_DEVICE_RUN_H
#define SIGNET_DEVICE_RUN_H

#include "device/host.h"

/* Whether there is anything to wait for: a server, or a SCEP task. */
bool run_has_work(const struct host *h);

/*
 * Does what is due and waits for more until `limit_ms` have passed (0: for ever), until nothing is
 * left to wait for, or, with `until_settled`, until there is a SCEP enrollment and none has work
 * left or a result untold. Where that is so from the beginning, a session first asks the server for
 * more.
 * `settled` tells whether that was so at the end. Errors of the network are logged and tried again;
 * an error that comes back is one of the state folder.
 */
enum err run_host(struct host *h, int64_t limit_ms, bool until_settled, bool *settled) ERR_MUST_USE;

/*
 * Does the one thing that is due, when anything is: a SCEP task's attempt or a session. *wait_ms
 * gets 0 when something was done, else how long it is to the next; a host that nothing is planned
 * for is looked at again in a moment. The error is one of the state folder; of a session that
 * failed (schedule.failures has gone up) err_detail says why, and it will be tried again.
 */
enum err run_step(struct host *h, int64_t *wait_ms) ERR_MUST_USE;

/* Whether there is a SCEP enrollment, and none has work left or a result untold. */
bool run_is_settled(struct host *h);

/* Minutes from the session number `polls` (from 0) by schedule to the next. */
int64_t run_poll_minutes(const struct enrollment *e, int64_t polls);

/* Plans the next session after one that went well or badly. */
void run_plan_session(struct host *h, bool ok);

#endif
