/* SPDX-License-Identifier: Apache-2.0 */
/* What the first message of a session holds (windows-mdm.md, B.3). */
#ifndef SIGNET_DEVICE_DM_PACKAGE_H
#define SIGNET_DEVICE_DM_PACKAGE_H

#include "device/host.h"

/*
 * Appends the commands of package 1, as captured: CmdIDs begin with 2; further alerts, of results
 * or that the host leaves, stand before the Replace.
 */
void dm_write_package_1(const struct host *h, bool leaving, struct buf *out);

/* Whether the end of that SCEP task is told by an alert, and so begins a session of its own: the
 * switches result-alert and alert-on. */
bool dm_tells_result(const struct host *h, const struct task *t) __attribute__((nonnull));

#endif
