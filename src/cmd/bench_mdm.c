/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `signet bench mdm`: emulated hosts enroll and have sessions with a server of its own. The
 * server's CPU is read from the kernel's clock of its process, between the phases: of handshakes,
 * sessions and enrollments apart.
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cores.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/bench_mdm.h"
#include "cmd/demo.h"
#include "server/config.h"
#include "wire/mdm.h"

enum { WAVE = 256 };

static const double BOUND_SECONDS = 0.5;

/* ---- preparation ---- */

static enum err read_ports(struct mdm_bench *m) {
    struct config config;
    enum err e = config_load(m->server.folder, &config);
    m->public_port = config.listen_public.port;
    m->management_port = config.listen_management.port;
    config_free(&config);
    return e;
}

/* One key for all: nothing that the server does depends on whose it is. */
static enum err make_key(struct mdm_bench *m) {
    const char *path = arena_printf(&m->arena, "%s/bench.key", m->server.folder);
    TRY(key_generate("rsa2048", &m->key));
    TRY(key_save(m->key, SPAN_NONE, path));
    FILE *f = fopen(path, "r");
    m->tls_key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
    if (f)
        fclose(f);
    return m->tls_key ? OK : err_set(ERR_CRYPTO, "cannot read '%s'", path);
}

static enum err prepare(struct mdm_bench *m) {
    const struct bench_options temporary = {.keep = NULL};
    const struct bench_mdm_options *o = m->options;
    TRY(bench_host_prepare(&m->server, &temporary));
    TRY(read_ports(m));
    TRY(make_key(m));
    TRY(bench_mdm_fill(&m->server, &m->arena, m->key, o->devices, m->hosts, o->sessions, m->code));
    return bench_host_start(&m->server);
}

/* ---- phases ---- */

static enum err cpu_of(const struct mdm_bench *m, double *seconds) {
    struct timespec t;
    clockid_t clock;
    if (clock_getcpuclockid(m->server.pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return err_set(ERR_IO, "cannot read the CPU time of the server's process");
    *seconds = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    return OK;
}

enum err mdm_phase_begin(const struct mdm_bench *m, struct mdm_phase *p) {
    double cpu;
    TRY(cpu_of(m, &cpu));
    p->cpu -= cpu;
    p->seconds -= bench_seconds();
    return OK;
}

enum err mdm_phase_end(const struct mdm_bench *m, struct mdm_phase *p, int64_t count) {
    double cpu;
    p->seconds += bench_seconds();
    TRY(cpu_of(m, &cpu));
    p->cpu += cpu;
    p->count += count;
    return OK;
}

void mdm_phase_time(struct mdm_phase *p, double seconds) {
    p->times = mem_realloc(p->times, (size_t)(p->timed + 1) * sizeof *p->times);
    p->times[p->timed++] = seconds;
}

/* ---- connections ---- */

enum err bench_mdm_connect(const struct mdm_bench *m, struct bench_wire *w, int64_t count,
                           const struct bench_mdm_host *hosts, struct mdm_phase *p) {
    int64_t step = m->options->connections;
    TRY(mdm_phase_begin(m, p));
    for (int64_t i = 0; i < count; i++) {
        TRY(bench_wire_connect(w, i, hosts ? hosts[i].cert : SPAN_NONE, m->tls_key));
        if (i % step == step - 1)
            TRY(bench_wire_run(w));
    }
    TRY(bench_wire_run(w));
    TRY(mdm_phase_end(m, p, count));
    for (int64_t i = 0; i < count; i++)
        mdm_phase_time(p, w->links[i].seconds);
    return OK;
}

/* ---- sessions ---- */

static enum err say(struct bench_link *l, struct buf *message) {
    struct bench_mdm_host *h = l->user;
    h->message++;
    return bench_wire_post(l, "/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA",
                           TYPE_SYNCML, buf_view(message));
}

static enum err begin_session(struct bench_link *l) {
    struct bench_mdm_host *h = l->user;
    BUF_AUTO(message);
    h->begun = bench_seconds();
    bench_write_package_1(h, &message);
    return say(l, &message);
}

/* The next host's session begins when one ends, so that there are always as many. */
static enum err on_session(struct bench_link *l, int status, struct span body) {
    struct bench_mdm_host *h = l->user;
    BUF_AUTO(message);
    int commands;
    if (status != 200)
        return err_set(ERR_CONFLICT, "the server answered HTTP %d to message %d of a session",
                       status, h->message);
    TRY(bench_write_answer(h, body, &message, &commands));
    if (commands)
        return say(l, &message);
    h->seconds = bench_seconds() - h->begun;
    if (h->message != 3)
        return err_set(ERR_CONFLICT, "a session took %d messages, not 3", h->message);
    return l->wire->next < l->wire->count ? begin_session(&l->wire->links[l->wire->next++]) : OK;
}

static enum err run_sessions(struct mdm_bench *m, struct bench_wire *w) {
    int64_t at_once = m->options->connections < w->count ? m->options->connections : w->count;
    TRY(mdm_phase_begin(m, &m->sessions));
    for (w->next = at_once; at_once > 0; at_once--)
        TRY(begin_session(&w->links[at_once - 1]));
    TRY(bench_wire_run(w));
    return mdm_phase_end(m, &m->sessions, w->count);
}

static enum err session_wave(struct mdm_bench *m, struct bench_mdm_host *hosts, int64_t count) {
    struct bench_wire w;
    enum err e = bench_wire_open(&w, m->management_port, count, on_session);
    for (int64_t i = 0; i < count && e == OK; i++)
        w.links[i].user = &hosts[i];
    if (e == OK)
        e = bench_mdm_connect(m, &w, count, hosts, &m->handshakes);
    if (e == OK)
        e = run_sessions(m, &w);
    bench_wire_close(&w);
    for (int64_t i = 0; i < count; i++)
        mdm_phase_time(&m->sessions, hosts[i].seconds);
    return e;
}

static enum err measure_sessions(struct mdm_bench *m) {
    int64_t all = m->options->sessions;
    for (int64_t from = 0; from < all; from += WAVE) {
        int64_t n = all - from < WAVE ? all - from : WAVE;
        TRY(bench_measure_rsa(m->key, 1, BOUND_SECONDS * WAVE / (double)(all + WAVE), &m->rsa));
        TRY(session_wave(m, &m->hosts[from], n));
        bench_progress("sessions", from + n, all);
    }
    return OK;
}

/* ---- idle connections ---- */

static enum err no_answer(struct bench_link *l, int status, struct span body) {
    (void)l;
    (void)status;
    (void)body;
    return OK;
}

/* Each has had an exchange, one that needs no store: an empty body is no SyncML. */
static enum err open_and_use(struct mdm_bench *m, struct bench_wire *w, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++)
        TRY(bench_wire_connect(w, i, m->hosts[i % m->options->sessions].cert, m->tls_key));
    TRY(bench_wire_run(w));
    for (int64_t i = from; i < to; i++)
        TRY(bench_wire_post(&w->links[i], "/ManagementServer/MDM.svc", TYPE_SYNCML, SPAN_NONE));
    return bench_wire_run(w);
}

static enum err hold(struct mdm_bench *m, struct bench_wire *w) {
    int64_t step = m->options->connections;
    for (int64_t from = 0; from < w->count; from += step) {
        int64_t to = w->count - from < step ? w->count : from + step;
        TRY(open_and_use(m, w, from, to));
        bench_progress("idle connections", to, w->count);
    }
    m->held = bench_wire_alive(w);
    return bench_host_usage(&m->server, &m->with_idle);
}

static enum err measure_idle(struct mdm_bench *m) {
    struct bench_wire w;
    TRY(bench_host_usage(&m->server, &m->before_idle));
    if (!m->options->idle)
        return OK;
    enum err e = bench_wire_open(&w, m->management_port, m->options->idle, no_answer);
    if (e == OK)
        e = hold(m, &w);
    bench_wire_close(&w);
    return e;
}

/* ---- the run ---- */

static enum err run(struct mdm_bench *m) {
    TRY(prepare(m));
    TRY(measure_sessions(m));
    TRY(bench_host_usage(&m->server, &m->after_sessions));
    TRY(bench_mdm_enroll(m));
    TRY(measure_idle(m));
    TRY(bench_measure_sync(m->server.folder, &m->sync_us));
    bench_host_stop(&m->server);
    return bench_mdm_verify(&m->server, m->hosts, m->options->sessions);
}

static void clean_up(struct mdm_bench *m) {
    bench_host_stop(&m->server);
    if (m->server.folder)
        process_remove_folder(m->server.folder);
    EVP_PKEY_free(m->tls_key);
    key_free(m->key);
    free(m->hosts);
    free(m->handshakes.times);
    free(m->sessions.times);
    free(m->by_code.times);
    free(m->by_password.times);
    arena_free(&m->server.arena);
    arena_free(&m->arena);
}

enum err bench_mdm(const struct bench_mdm_options *o, bool json) {
    struct mdm_bench m = {.options = o};
    m.hosts = mem_alloc((size_t)o->sessions * sizeof *m.hosts);
    enum err e = run(&m);
    if (e == OK)
        bench_mdm_report(&m, json);
    clean_up(&m);
    return e;
}
