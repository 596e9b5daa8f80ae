/* SPDX-License-Identifier: Apache-2.0 */
/* signet device apply: what the emulated host answers to a file of commands. */
#ifndef SIGNET_CMD_DEVICE_APPLY_H
#define SIGNET_CMD_DEVICE_APPLY_H

#include "cmd/device_join.h"

/* As every verb; argv[1] is the file or "-". Status 3 when a command was refused. */
enum err emulated_apply(struct host *h, const struct device_options *o, int argc, char **argv,
                        int *status);

#endif
