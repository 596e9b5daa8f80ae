/* SPDX-License-Identifier: Apache-2.0 */
/* For handlers that must know first whether a password is right, which takes long. */
#ifndef SIGNET_SERVER_AWAIT_GUESS_H
#define SIGNET_SERVER_AWAIT_GUESS_H

#include "http/http.h"
#include "mdm/guesses.h"

/*
 * Has the guess judged, while no worker waits, and then `then` run in the handler's place, with a
 * reply of its own; at once, with this one, where there is nothing to judge: `g` is NULL. What
 * `then` needs lives in the request's arena.
 */
void await_guess(struct guesses *guesses, struct guess *g, const struct http_request *r,
                 struct http_reply *reply, http_handler *then, void *user);

#endif
