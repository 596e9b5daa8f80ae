/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page from which MDMs fetch challenges, as NDES serves it at /certsrv/mscep_admin
 * (windows-scep.md, section 5): every GET by HTTP Basic mints one and shows it, in UTF-16LE without
 * a BOM and in NDES's own sentences, since MDMs and scripts find it by them:
 *
 *     The enrollment challenge password is: <B> 0123456789ABCDEF </B>
 *     The password cache is full.
 *     You do not have sufficient permission to enroll with SCEP.
 *
 * The last is for an account of another endpoint; a wrong password gets 401, and after five of them
 * (mdm/lockout.h) 429. POST is the same as GET: scripts in the field send either. HEAD mints
 * nothing: 405.
 */
#ifndef SIGNET_SERVER_MSCEP_ADMIN_H
#define SIGNET_SERVER_MSCEP_ADMIN_H

#include "server/routes.h"

/* For a request whose path is that of e->policy->mscep_admin. https only: others get 403. */
void route_mscep_admin(const struct services *s, const struct endpoint *e,
                       const struct http_request *r, struct http_reply *reply);

/*
 * Its two steps, between which the password is judged (mdm/guesses.h) unless the guess is NULL. No
 * visit: it is answered already.
 */
struct mscep_visit;
struct mscep_visit *mscep_admin_begin(const struct services *s, const struct endpoint *e,
                                      const struct http_request *r, struct http_reply *reply);
struct guess *mscep_admin_guess(struct mscep_visit *v);
void mscep_admin_end(void *visit, const struct http_request *r, struct http_reply *reply);

#endif
