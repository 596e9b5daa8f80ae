/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint that a profile names when it is added: one of ours, or an upstream. */
#ifndef SIGNET_SERVER_PROFILE_ENDPOINT_H
#define SIGNET_SERVER_PROFILE_ENDPOINT_H

#include "server/admin_command.h"

/*
 * ERR_NOT_FOUND lists what there is; ERR_REFUSED where no profile like this can ever work. Puts a
 * "warning" (lines) into the reply when an enrollment with it would be refused, or its certificate
 * would lack EKUs; and "relay" (true) when its challenge is an upstream's.
 */
enum err profile_endpoint_check(struct tx *tx, struct admin_call *c, const char *name,
                                const char *body) ERR_MUST_USE;

/* The same "warning" alone, for a profile that is kept; signet.conf may have changed since. */
enum err profile_endpoint_warn(struct admin_call *c, const char *name,
                               const char *body) ERR_MUST_USE;

#endif
