/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `signet device` that play the emulated Windows host, beside those of the server. */
#ifndef SIGNET_CMD_DEVICE_HOST_H
#define SIGNET_CMD_DEVICE_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the emulated host has that verb. */
bool device_host_has(const char *verb);

/* Whether the folder holds an emulated host. */
bool device_host_is(const char *dir);

/* One line of usage for each verb. */
void device_host_print_verbs(void);

/* Puts the names of at most `max` verbs into `out`, and gives how many. */
size_t device_host_names(const char **out, size_t max);

/* Runs the verb argv[0] and returns the exit status. */
int device_host_run(int argc, char **argv);

#endif
