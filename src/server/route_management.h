/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The management listener: SyncML sessions at /ManagementServer/MDM.svc. Where the answer to a host
 * needs challenges of upstreams, they are fetched first, while no worker waits.
 */
#ifndef SIGNET_SERVER_ROUTE_MANAGEMENT_H
#define SIGNET_SERVER_ROUTE_MANAGEMENT_H

#include "server/routes.h"

/* `user` is a struct services. */
void route_management(void *user, const struct http_request *request, struct http_reply *reply);

/* The same for another listener, which knows the sender in its own way; `proof` lives as long as
 * the request's arena. */
void route_session(const struct services *s, const struct mdm_proof *proof,
                   const struct http_request *request, struct http_reply *reply);

#endif
