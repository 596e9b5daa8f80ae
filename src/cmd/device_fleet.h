/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cmd/: the parts of `signet device fleet`. */
#ifndef SIGNET_CMD_DEVICE_FLEET_H
#define SIGNET_CMD_DEVICE_FLEET_H

#include <jansson.h>

#include "device/fleet.h"

/* ---- device_fleet_report.c: progress and summary ---- */

struct fleet_report {
    const struct fleet_settings *settings;
    double seconds;       /* from the start on */
    const json_t *server; /* fleet_server_states, or NULL */
    bool interrupted;
};

/* "N settled ...": on a terminal the same line again, else one every ten seconds. */
void fleet_print_progress(const struct fleet_counts *c, const struct fleet_settings *s,
                          double seconds);

/* After fleet_stop: to standard output. */
void fleet_print_report(const struct fleet *f, const struct fleet_report *r, bool json);

#endif
