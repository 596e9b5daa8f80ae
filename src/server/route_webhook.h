/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /gateway/NAME/webhook: an upstream in mode RA asks whether a CSR came from us, as step-ca's
 * SCEPCHALLENGE webhook (gateway/ask.h). The answer is {"allow": true} or {"allow": false}; why not
 * stands in the log alone.
 */
#ifndef SIGNET_SERVER_ROUTE_WEBHOOK_H
#define SIGNET_SERVER_ROUTE_WEBHOOK_H

#include "server/routes.h"

/* False: the path is no such one, and nothing was answered. */
bool route_webhook(const struct services *s, const struct http_request *r,
                   struct http_reply *reply);

#endif
