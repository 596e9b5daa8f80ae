/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `signet device` that play the emulated Windows host, beside those of the server. */
#ifndef SIGNET_CMD_DEVICE_HOST_H
#define SIGNET_CMD_DEVICE_HOST_H

#include <stdbool.h>

/* Whether the emulated host has that verb. */
bool device_host_has(const char *verb);

/* Whether the folder holds an emulated host. */
bool device_host_is(const char *dir);

/* One line of usage for each verb. */
void device_host_print_verbs(void);

/* Runs the verb argv[0] and returns the exit status. */
int device_host_run(int argc, char **argv);

#endif
