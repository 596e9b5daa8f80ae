/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated host's verbs that make it known to a server and take it away again. */
#ifndef SIGNET_CMD_DEVICE_JOIN_H
#define SIGNET_CMD_DEVICE_JOIN_H

#include "device/host.h"

/* All options of all verbs; each verb has its own set of letters. */
struct device_options {
    const char *name, *build, *server, *user, *password_file, *code, *type, *output, *trace,
        *connect_to;
    const char *export_to;
    struct fault fault;
    int64_t for_s, time_scale, event_id;
    bool until_settled, sign_in, renews, all, changed, list_faults, help;
};

/* As every verb: `argv[0]` is DIR; a status other than 0 goes into `status`. `trust` opens its host
 * itself. */
enum err emulated_trust(struct host *none, const struct device_options *o, int argc, char **argv,
                        int *status);
enum err emulated_enroll(struct host *h, const struct device_options *o, int argc, char **argv,
                         int *status);
enum err emulated_renew(struct host *h, const struct device_options *o, int argc, char **argv,
                        int *status);
enum err emulated_unenroll(struct host *h, const struct device_options *o, int argc, char **argv,
                           int *status);

/* Adds the certificates of a PEM file to the store Root; they live in `a`. ERR_PARSE: it has none.
 */
enum err device_read_certs(const char *path, struct arena *a, struct certstore *into) ERR_MUST_USE;

/* The password in a file, without the end of its line. ERR_USAGE: it is empty. */
enum err device_read_password(const char *path, struct buf *out) ERR_MUST_USE;

#endif
