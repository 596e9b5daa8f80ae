/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what kinds of hosts there are: the switches and the builds of Windows. */
#ifndef SIGNET_DEVICE_SHOW_TRAITS_H
#define SIGNET_DEVICE_SHOW_TRAITS_H

#include <stdio.h>

#include "device/host.h"

/*
 * The switches with value, default, meaning and evidence; `h` NULL shows the defaults. `changed`:
 * only those that the host's build or somebody has set, and of them a line with value and origin.
 */
void show_switches(const struct host *h, bool changed, bool json, FILE *out);

/* The builds by name, with what each changes and its evidence. */
void show_builds(bool json, FILE *out);

#endif
