/* SPDX-License-Identifier: Apache-2.0 */
/* The listeners of a server, as its configuration has them. */
#ifndef SIGNET_SERVER_DOORS_H
#define SIGNET_SERVER_DOORS_H

#include "server/config.h"
#include "server/forwarded.h"

/*
 * Binds them; http_start comes later. All that is pointed to must outlive the server. ERR_CONFIG,
 * ERR_IO.
 */
enum err doors_open(const struct config *c, struct services *services, struct forwarded *forwarded,
                    struct http_server **out) ERR_MUST_USE;

bool doors_has_forwarded(const struct config *c);

#endif
