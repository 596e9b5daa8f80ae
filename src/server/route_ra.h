/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKIOperation whose certificate an upstream issues: what the host is answered waits for the
 * commit that it asked, for the upstream, and for the commit of what came. No thread does.
 */
#ifndef SIGNET_SERVER_ROUTE_RA_H
#define SIGNET_SERVER_ROUTE_RA_H

#include "server/routes.h"

/* For an operation that has a question (scep_question): answers, or leaves `reply` for later. */
void route_ra(const struct services *s, const struct endpoint *endpoint, struct operation *op,
              const struct http_request *r, struct http_reply *reply);

#endif
