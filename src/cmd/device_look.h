/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated host's verbs that show it: registry, events, certs, tasks. */
#ifndef SIGNET_CMD_DEVICE_LOOK_H
#define SIGNET_CMD_DEVICE_LOOK_H

#include "cmd/device_join.h"

/* As every verb (device_join.h). They change nothing of the host. */
enum err look_registry(struct host *h, const struct device_options *o, int argc, char **argv,
                       int *status);
enum err look_events(struct host *h, const struct device_options *o, int argc, char **argv,
                     int *status);
enum err look_certs(struct host *h, const struct device_options *o, int argc, char **argv,
                    int *status);
enum err look_tasks(struct host *h, const struct device_options *o, int argc, char **argv,
                    int *status);

#endif
