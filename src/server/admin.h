/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Administration: one JSON object in, one out, each on a line, over DIR/run/admin.sock. The socket
 * is 0600 in a folder of 0700, and by the peer's credentials only root and the server's own user
 * are served.
 *
 *     {"command": "enrollment.show", "id": "3f2a9c01bb12"}
 *     {"ok": true, "enrollment": {...}}
 *     {"ok": false, "error": "there is no enrollment '...'"}
 */
#ifndef SIGNET_SERVER_ADMIN_H
#define SIGNET_SERVER_ADMIN_H

#include <jansson.h>

#include "enroll/pki_operation.h"
#include "gateway/gateway.h"

struct admin;
struct config;

/* What the commands work on. */
struct admin_scope {
    struct store *store;
    const struct scep_service *scep;
    struct pki_holder *pki;
    const struct config *config;
    struct gateway *gateway;
};

/* Listens and serves in a thread of its own. ERR_IO, ERR_CONFIG (the path is too long). */
enum err admin_start(const char *folder, const struct admin_scope *scope,
                     struct admin **out) ERR_MUST_USE;
void admin_stop(struct admin *admin);

/* Runs one command: admin_commands.c. The reply is the caller's; never NULL. Thread-safe. */
json_t *admin_run(const struct admin_scope *scope, json_t *request);

/*
 * The client's side: sends the request (taken over) to the server of the data folder, and gives its
 * reply, which the caller frees, when it is ok. Otherwise ERR_CONFLICT with the server's words, or
 * ERR_NOT_FOUND when no server runs there.
 */
enum err admin_call(const char *folder, json_t *request, json_t **reply) ERR_MUST_USE;

#endif
