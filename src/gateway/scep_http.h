/* SPDX-License-Identifier: Apache-2.0 */
/* SCEP over HTTP (RFC 8894, 4.1 and 4.3), the client's side: what is sent to an upstream. */
#ifndef SIGNET_GATEWAY_SCEP_HTTP_H
#define SIGNET_GATEWAY_SCEP_HTTP_H

#include "gateway/gateway.h"

/*
 * BASE?operation=OPERATION[&message=MESSAGE], percent-encoded; with & where the base has a query
 * already. `message` may be NULL. In `a`.
 */
const char *scep_http_url(struct arena *a, const char *base, const char *operation,
                          const char *message) __attribute__((returns_nonnull));

/*
 * The HTTP request of a PKIOperation in the form that the upstream takes: POST, or GET with base64.
 * `message` must live as long as the request. It is sent once at most, whatever breaks: a second
 * PKCSReq may be a second certificate.
 */
void scep_http_operation(const struct gateway_upstream *u, struct arena *a, struct span message,
                         struct fetch_request *out);

#endif
