/* SPDX-License-Identifier: Apache-2.0 */
/* The listeners of a server, as its configuration has them. */
#ifndef SIGNET_SERVER_DOORS_H
#define SIGNET_SERVER_DOORS_H

#include "server/config.h"
#include "server/forwarded.h"

/*
 * Binds them; http_start comes later. All that is pointed to must outlive the server. `witness`
 * sees what passes each of them; NULL: nobody does. ERR_CONFIG, ERR_IO.
 */
enum err doors_open(const struct config *c, struct services *services, struct forwarded *forwarded,
                    const struct http_witness *witness, struct http_server **out) ERR_MUST_USE;

/* Reads certificates and keys anew, and who may judge a proxy; an error leaves the old ones. */
enum err doors_reload(const struct config *c, const struct services *services,
                      struct http_server *server) ERR_MUST_USE;

bool doors_has_forwarded(const struct config *c);

#endif
