/* SPDX-License-Identifier: Apache-2.0 */
/* omadmclient: one DM session with the management server (windows-mdm.md, B). */
#ifndef SIGNET_DEVICE_DM_CLIENT_H
#define SIGNET_DEVICE_DM_CLIENT_H

#include "device/host.h"

/*
 * Holds a session, package 1 first, until the server has nothing more to say. Results of SCEP tasks
 * that wait to be told go along as alerts; when the session was whole, their tasks are over. The
 * state is saved before each message that promises something. ERR_CONFLICT when not enrolled.
 */
enum err dm_session(struct host *h) ERR_MUST_USE __attribute__((nonnull));

/*
 * Settings > Access work or school > Disconnect: a session whose first message tells it, as
 * captured, and then the account goes with what the server configured (workplace_remove), whether
 * the server heard it or not. An error tells that it did not, when `h->enrollment` is NULL after
 * it.
 */
enum err dm_unenroll(struct host *h) ERR_MUST_USE __attribute__((nonnull));

#endif
