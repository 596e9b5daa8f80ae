/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrollments: Discover, GetPolicies and RequestSecurityToken of hosts that were never seen, each
 * on a connection of its own. The CSRs are signed before, so that the load costs little.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "cmd/bench_mdm.h"
#include "wire/mdm.h"

#define TYPE_REQUEST TYPE_SOAP "; charset=utf-8"

/* The server hashes one password at a time on two cores: more at once only wait. */
enum { PASSWORDS_AT_ONCE = 4, A_TENTH = 10 };

static enum err say(struct bench_link *l) {
    static const char *const paths[] = {"/EnrollmentServer/Discovery.svc",
                                        "/EnrollmentServer/Policy.svc",
                                        "/EnrollmentServer/Enrollment.svc"};
    struct bench_mdm_host *h = l->user;
    BUF_AUTO(soap);
    if (h->message == 0)
        bench_write_discover(&soap);
    else if (h->message == 1)
        bench_write_get_policies(h, &soap);
    else
        bench_write_rst(h, &soap);
    return bench_wire_post(l, paths[h->message++], TYPE_REQUEST, buf_view(&soap));
}

static enum err begin(struct bench_link *l) {
    struct bench_mdm_host *h = l->user;
    h->begun = bench_seconds();
    return say(l);
}

static enum err on_answer(struct bench_link *l, int status, struct span body) {
    struct bench_mdm_host *h = l->user;
    if (status != 200)
        return err_set(ERR_CONFLICT, "the server answered HTTP %d to message %d of an enrollment",
                       status, h->message);
    if (h->message < 3)
        return say(l);
    if (!memmem(body.p, body.n, TOKEN_PROVISION_DOC, strlen(TOKEN_PROVISION_DOC)))
        return err_set(ERR_CONFLICT, "an enrollment ended without a provisioning document");
    h->seconds = bench_seconds() - h->begun;
    return l->wire->next < l->wire->count ? begin(&l->wire->links[l->wire->next++]) : OK;
}

static enum err run(struct mdm_bench *m, struct bench_wire *w, int64_t at_once,
                    struct mdm_phase *p) {
    struct mdm_phase unused = {.count = 0};
    enum err e = bench_mdm_connect(m, w, w->count, NULL, &unused);
    free(unused.times);
    TRY(e);
    TRY(mdm_phase_begin(m, p));
    for (w->next = at_once; at_once > 0; at_once--)
        TRY(begin(&w->links[at_once - 1]));
    TRY(bench_wire_run(w));
    return mdm_phase_end(m, p, w->count);
}

/* The clients' arena is gone before the next of them. */
static enum err prepare(const struct mdm_bench *m, struct arena *a, struct bench_mdm_host *h,
                        const char *secret) {
    TRY(bench_random_id(h->device_id));
    h->secret = secret;
    return bench_identity_csr(a, h->device_id, m->key, &h->csr);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static enum err enroll(struct mdm_bench *m, const char *secret, int64_t count, int64_t at_once,
                       struct mdm_phase *p) {
    ARENA_AUTO(a);
    struct bench_wire w;
    struct bench_mdm_host *hosts = mem_alloc((size_t)count * sizeof *hosts);
    enum err e = bench_wire_open(&w, m->public_port, count, on_answer);
    for (int64_t i = 0; i < count && e == OK; i++) {
        e = prepare(m, &a, &hosts[i], secret);
        w.links[i].user = &hosts[i];
    }
    if (e == OK)
        e = run(m, &w, least(at_once, count), p);
    bench_wire_close(&w);
    for (int64_t i = 0; i < count; i++)
        mdm_phase_time(p, hosts[i].seconds);
    free(hosts);
    return e;
}

enum err bench_mdm_enroll(struct mdm_bench *m) {
    const struct bench_mdm_options *o = m->options;
    TRY(enroll(m, m->code, o->enrollments, o->connections, &m->by_code));
    return enroll(m, BENCH_PASSWORD, (o->enrollments + A_TENTH - 1) / A_TENTH,
                  least(o->connections, PASSWORDS_AT_ONCE), &m->by_password);
}
