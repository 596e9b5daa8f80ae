/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The management listener: SyncML sessions at /ManagementServer/MDM.svc. Where the answer to a host
 * needs challenges of upstreams, they are fetched first, while no worker waits.
 */
#ifndef SIGNET_SERVER_ROUTE_MANAGEMENT_H
#define SIGNET_SERVER_ROUTE_MANAGEMENT_H

#include "http/http.h"

/* `user` is a struct services. */
void route_management(void *user, const struct http_request *request, struct http_reply *reply);

#endif
