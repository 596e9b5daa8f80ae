/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upstreams in mode relay over HTTP: /gateway/NAME[/TOKEN] and whatever follows, such as Windows'
 * /pkiclient.exe. GetCACaps and GetCACert need no token.
 */
#ifndef SIGNET_SERVER_ROUTE_GATEWAY_H
#define SIGNET_SERVER_ROUTE_GATEWAY_H

#include "server/routes.h"

/* Answers what is for an upstream in mode relay; false: the path is not one of those. */
bool route_gateway(const struct services *s, const struct http_request *r,
                   struct http_reply *reply);

#endif
