/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of `signet device fleet`, by its administration socket. Apart from the hosts:
 * they and the server share no type.
 */
#ifndef SIGNET_CMD_DEVICE_FLEET_SERVER_H
#define SIGNET_CMD_DEVICE_FLEET_SERVER_H

#include <jansson.h>

#include "base/err.h"

struct fleet_server {
    const char *folder;  /* the data folder; NULL: nobody is asked */
    const char *profile; /* that each host gets when it has enrolled, or NULL */
};

/* Whether a server runs there, and has that profile. */
enum err fleet_server_check(const struct fleet_server *s) ERR_MUST_USE;

/* fleet_settings.joined: assigns the profile to the host. */
enum err fleet_server_joined(void *server, const char *device_id) ERR_MUST_USE;

/*
 * How many enrollments of these hosts (an object whose keys are DeviceIDs) are in which state:
 * {"confirmed": 998, "failed": 2}, which the caller frees; NULL when the server cannot be asked.
 * The key of a host of which one is confirmed becomes true: a host may have several.
 */
json_t *fleet_server_states(const struct fleet_server *s, json_t *device_ids);

#endif
