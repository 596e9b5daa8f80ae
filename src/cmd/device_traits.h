/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated host's verbs that say what kind of host it is, and who sits before it. */
#ifndef SIGNET_CMD_DEVICE_TRAITS_H
#define SIGNET_CMD_DEVICE_TRAITS_H

#include "cmd/device_join.h"

/* As every verb; `switches` opens its host itself, `builds` has none. */
enum err emulated_switches(struct host *none, const struct device_options *o, int argc, char **argv,
                           int *status);
enum err emulated_builds(struct host *none, const struct device_options *o, int argc, char **argv,
                         int *status);
enum err emulated_sign_in(struct host *h, const struct device_options *o, int argc, char **argv,
                          int *status);
enum err emulated_sign_out(struct host *h, const struct device_options *o, int argc, char **argv,
                           int *status);

#endif
