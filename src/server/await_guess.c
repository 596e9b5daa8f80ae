/* SPDX-License-Identifier: Apache-2.0 */
#include "server/await_guess.h"

static void resume(struct guess *g) {
    http_resume(g->user);
}

void await_guess(struct guesses *guesses, struct guess *g, const struct http_request *r,
                 struct http_reply *reply, http_handler *then, void *user) {
    if (!g) {
        then(user, r, reply);
        return;
    }
    g->done = resume;
    g->user = (void *)(uintptr_t)r;
    http_later(r, reply, then, user);
    guess_start(guesses, g);
}
