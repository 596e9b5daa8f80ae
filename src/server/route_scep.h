/* SPDX-License-Identifier: Apache-2.0 */
/* The SCEP operations over HTTP (RFC 8894, 4.1). */
#ifndef SIGNET_SERVER_ROUTE_SCEP_H
#define SIGNET_SERVER_ROUTE_SCEP_H

#include "server/routes.h"
#include "server/scep_query.h"

void route_scep(const struct services *s, const struct endpoint *endpoint,
                const struct http_request *r, struct http_reply *reply);

/* The end of a PKIOperation: after its commit, or with a commit before, if it wants one. */
void respond_operation(struct operation *op, enum err committed, const struct http_request *r,
                       struct http_reply *reply);
void commit_operation(const struct services *s, struct operation *op, const struct http_request *r,
                      struct http_reply *reply);

#endif
