/* SPDX-License-Identifier: Apache-2.0 */
/* The sign-in page of a Federated enrollment, which Windows shows in a web view (windows-mdm.md,
 * C.3). */
#ifndef SIGNET_DEVICE_SIGN_IN_H
#define SIGNET_DEVICE_SIGN_IN_H

#include "device/mde_message.h"
#include "device/mde_talk.h"

/*
 * Fetches the page at `url`, fills name and password into its form, posts it, and takes the token
 * (`wresult`) from the form that comes back and would go to the app. `user->token` lives in the
 * talk's arena. Errors as mde_fail.
 */
enum err sign_in(struct mde_talk *w, const char *url, struct mde_user *user) ERR_MUST_USE;

#endif
