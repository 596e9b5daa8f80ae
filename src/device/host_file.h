/* SPDX-License-Identifier: Apache-2.0 */
/* host.json: identity, switches, enrollment, poll schedule, session counter. */
#ifndef SIGNET_DEVICE_HOST_FILE_H
#define SIGNET_DEVICE_HOST_FILE_H

#include "device/host.h"

/* ERR_NOT_FOUND when there is no file, ERR_PARSE with the place in it. */
enum err host_file_load(struct host *h, const char *path) ERR_MUST_USE;
enum err host_file_save(const struct host *h, const char *path) ERR_MUST_USE;

#endif
