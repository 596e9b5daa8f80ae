/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cmd/: the parts of `signet device fleet`. */
#ifndef SIGNET_CMD_DEVICE_FLEET_H
#define SIGNET_CMD_DEVICE_FLEET_H

#include "cmd/device_fleet_server.h"
#include "device/fleet.h"

/* ---- device_fleet_options.c ---- */

struct fleet_command {
    struct arena arena;
    struct fleet_settings fleet;
    struct fleet_server server;
    struct certstore trust;
    struct buf password;
    const char *code, *password_file;
    int64_t threads, for_s, spread_s;
    bool json, help;
};

extern const char fleet_usage[];

/* Reads the options and fills in what they leave open; the caller frees what `c` holds, after a
 * failure, too. ERR_USAGE, or that of a file that cannot be read. */
enum err fleet_read_options(struct fleet_command *c, int argc, char **argv) ERR_MUST_USE;

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
