/* SPDX-License-Identifier: Apache-2.0 */
/* Settings > Access work or school > Enroll only in device management (windows-mdm.md, C.1). */
#ifndef SIGNET_DEVICE_MDE_CLIENT_H
#define SIGNET_DEVICE_MDE_CLIENT_H

#include "device/host.h"
#include "device/mde_message.h"

/*
 * Enrolls and saves the host. `server` is a URL; without a path it gets Windows' discovery path.
 * On failure the host is as before and the detail begins with the HRESULT that Windows shows.
 */
enum err mde_enroll(struct host *h, const char *server, const struct mde_user *user) ERR_MUST_USE;

#endif
