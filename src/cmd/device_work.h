/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated host's verbs that make it work: sync, run, scep. */
#ifndef SIGNET_CMD_DEVICE_WORK_H
#define SIGNET_CMD_DEVICE_WORK_H

#include "cmd/device_join.h"

/* As every verb (device_join.h). */
enum err emulated_sync(struct host *h, const struct device_options *o, int argc, char **argv,
                       int *status);
enum err emulated_run(struct host *h, const struct device_options *o, int argc, char **argv,
                      int *status);
enum err emulated_scep(struct host *h, const struct device_options *o, int argc, char **argv,
                       int *status);

#endif
