/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kill points, for test builds. SIGNET_KILL=before:N ends the process as kill -9 does just before
 * its N-th write to the store: the work was done, and none of it is known. SIGNET_KILL=after:N does
 * it when that write is durable, and its caller, with the reply to the host in its hands, has not
 * heard of it yet.
 *
 * The linker puts this in the place of store_write (-Wl,--wrap=store_write).
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

enum err __wrap_store_write(struct store *s, store_work *work, void *user);
enum err __real_store_write(struct store *s, store_work *work, void *user);

/* Ends the process if the environment asks for it at the n-th write, on this side of it. */
static void end_here(const char *side, int n) {
    const char *wanted = getenv("SIGNET_KILL");
    char here[32];
    snprintf(here, sizeof here, "%s:%d", side, n);
    if (wanted && strcmp(wanted, here) == 0)
        raise(SIGKILL);
}

enum err __wrap_store_write(struct store *s, store_work *work, void *user) {
    static atomic_int writes;
    int n = atomic_fetch_add(&writes, 1) + 1;
    end_here("before", n);
    enum err e = __real_store_write(s, work, user);
    end_here("after", n);
    return e;
}
