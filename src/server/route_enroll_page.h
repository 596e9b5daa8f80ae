/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /enroll[?user=UPN]: how a user enrolls the Windows host on which he reads it, with the
 * ms-device-enrollment: link (windows-mdm.md, C.1). It holds no secret, and nothing but its own
 * address tells of the user.
 */
#ifndef SIGNET_SERVER_ROUTE_ENROLL_PAGE_H
#define SIGNET_SERVER_ROUTE_ENROLL_PAGE_H

#include "server/routes.h"

void route_enroll_page(const struct services *s, const struct http_request *r,
                       struct http_reply *reply);

#endif
