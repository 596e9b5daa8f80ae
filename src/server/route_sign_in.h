/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page on which a user signs in while his host enrolls (AuthPolicy Federated; windows-mdm.md,
 * C.3). Windows opens it in a web view with ?appru=ms-app://...&login_hint=UPN. GET gives a form;
 * its POST ends in a page that posts `wresult` to appru, where the host takes it up: a token that
 * serves one enrollment within ten minutes. appru comes back sealed in the form, so that nobody
 * else can make a browser post it.
 *
 * Only appru with the scheme ms-app are answered, others get 400. The pages load nothing, run one
 * script of ours, stand in no frame, and are kept in no cache.
 */
#ifndef SIGNET_SERVER_ROUTE_SIGN_IN_H
#define SIGNET_SERVER_ROUTE_SIGN_IN_H

#include "server/routes.h"

void route_sign_in(const struct services *s, const struct http_request *r,
                   struct http_reply *reply);

/* Whether that is an address of a Windows app: ms-app://NAME, perhaps with a path. */
bool sign_in_is_app(const char *appru);

#endif
