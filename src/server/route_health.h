/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_SERVER_ROUTE_HEALTH_H
#define SIGNET_SERVER_ROUTE_HEALTH_H

#include "server/routes.h"

/*
 * /healthz, for load balancers and monitoring, who are strangers: no name, no reason. 200 and
 * {"status":"ok","upstreams":N,"down":M}; "degraded" while an upstream is down, with 200 all the
 * same, since this server does its work; 503 and {"status":"failing"} when the database cannot be
 * read.
 */
void route_health(const struct services *s, const struct http_request *r, struct http_reply *reply);

#define PATH_HEALTH "/healthz"

#endif
