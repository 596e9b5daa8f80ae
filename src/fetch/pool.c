/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: two loops, and which peers belong to which. */
#include "fetch/pool.h"

#include <stdlib.h>

#include "base/mem.h"
#include "fetch/loop.h"

struct fetch_pool {
    struct loop *plain;
    struct loop *login; /* may block: see pool.h */
};

enum err fetch_pool_new(struct fetch_pool **out) {
    struct fetch_pool *p = mem_alloc(sizeof *p);
    enum err e = loop_new(&p->plain);
    if (e == OK)
        e = loop_new(&p->login);
    if (e == OK)
        *out = p;
    else
        fetch_pool_free(p);
    return e;
}

void fetch_pool_refuse(struct fetch_pool *p) {
    loop_refuse(p->plain);
    loop_refuse(p->login);
}

/* A `done` of one loop may have started a job in the other: nothing is freed before both are still.
 */
void fetch_pool_free(struct fetch_pool *p) {
    if (!p)
        return;
    struct loop *const loops[] = {p->plain, p->login};
    bool more = true;
    for (size_t i = 0; i < 2; i++)
        if (loops[i])
            loop_stop(loops[i]);
    while (more) {
        more = false;
        for (size_t i = 0; i < 2; i++)
            more = (loops[i] && loop_drop(loops[i])) || more;
    }
    loop_free(p->plain);
    loop_free(p->login);
    free(p);
}

struct loop *pool_loop(const struct fetch_pool *p, const struct fetch_options *o) {
    return o->auth == FETCH_AUTH_NONE ? p->plain : p->login;
}

void fetch_start(struct fetch_pool *p, struct fetch_job *job) {
    (void)p;
    loop_add(peer_loop(job->peer), job);
}
