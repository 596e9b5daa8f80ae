/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a host's registry, event log and certificates for people or as JSON. */
#ifndef SIGNET_DEVICE_SHOW_H
#define SIGNET_DEVICE_SHOW_H

#include <stdio.h>

#include "device/host.h"

/* The registry as .reg text, the Challenge hidden; or as JSON: { key: { name: value } }. */
void show_registry(const struct host *h, bool json, FILE *out);

/* As Event Viewer: time, id, source, level, text. */
void show_events(const struct host *h, bool json, FILE *out);

void show_certs(const struct host *h, bool json, FILE *out);

#endif
