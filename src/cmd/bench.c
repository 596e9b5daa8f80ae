/* SPDX-License-Identifier: Apache-2.0 */
/* `signet bench`: the command, and what its measurements share. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/bench.h"
#include "cmd/bench_mdm.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/demo.h"

static const char usage[] =
    "Usage: signet bench scep [OPTIONS]\n"
    "       signet bench gateway [OPTIONS]\n"
    "       signet bench mdm [OPTIONS]\n\n"
    "scep measures the SCEP server on loopback: makes a data folder and clients' requests, starts a\n"
    "server of its own, sends each request once and looks at every reply. Prints certificates a\n"
    "second, latency, the server's CPU and memory, and from the same minute the bound: three\n"
    "private RSA-2048 operations, without which no server can issue.\n\n"
    "gateway measures what mode relay adds: such a server is the upstream, and another signet stands\n"
    "before it. The same requests go to the one and through the other by turns, half of them one at a\n"
    "time. Prints the latency of both, and the CPU of the gateway's process for each request.\n\n"
    "mdm measures the MDM server: emulated hosts with an identity each, over TLS, enroll, and have\n"
    "sessions of three messages on connections that are open already. The host sends package 1 with\n"
    "DevInfo and alerts; Status and Results of what it was asked (one enrollment's four nodes, the CA\n"
    "certificate); and the Status of what came then (a profile). It ends with one enrollment confirmed\n"
    "and one accepted, both in the database. Prints how many a second, the server's CPU for each, and\n"
    "handshakes apart. The target, 0.25 CPU-ms, is that of a machine with 4400 RSA-2048 signatures\n"
    "a second, and is scaled to this one.\n\n"
    "  --connections N    at once, from one thread (default 16)\n"
    "  -o json            the figures for programs\n\n"
    "for scep and gateway:\n\n"
    "  --requests N       how many certificates (default: scep 20000, gateway 4000)\n"
    "  --transport T      oaep as Windows does (default), or pkcs1\n\n"
    "for scep alone:\n\n"
    "  --fill N           certificates in the database before, at least\n"
    "  --keep DIR         use this folder and leave it; made when it is not there\n\n"
    "for mdm alone:\n\n"
    "  --sessions N       how many (default 2000)\n"
    "  --enrollments N    how many by one-time code, and by password a tenth (default 200)\n"
    "  --devices N        further hosts in the store (default 1000)\n"
    "  --idle N           TLS connections that are held and do nothing (default 0)\n";

enum { MAX_REQUESTS = 1000000, MAX_CONNECTIONS = 512, MAX_FILL = 10000000, SUBJECT_TAG = 4 };
enum { MAX_SESSIONS = 100000, MAX_IDLE = 60000 };

double bench_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* On a terminal a line that changes, and each second is enough. */
void bench_progress(const char *what, int64_t done, int64_t all) {
    static double last;
    double now = bench_seconds();
    bool terminal = isatty(STDERR_FILENO);
    if (done < all && (!terminal || now - last < 1))
        return;
    last = now;
    fprintf(stderr, "%s%lld of %lld %s%s", terminal ? "\r" : "", (long long)done, (long long)all,
            what, done < all ? "" : "\n");
}

/* ---- what is sent ---- */

/* Each run has subjects of its own, so that a kept folder can be used again. */
static enum err name_subjects(struct bench *b, const char **subjects) {
    uint8_t tag[SUBJECT_TAG];
    char hex[2 * SUBJECT_TAG + 1];
    TRY(random_bytes(tag, sizeof tag));
    hex_lower(span_of(tag, sizeof tag), hex);
    for (int64_t i = 0; i < b->options.requests; i++)
        subjects[i] = arena_printf(&b->arena, "CN=bench-%s-%06lld", hex, (long long)i);
    return OK;
}

static enum err mint(struct bench *b) {
    int64_t n = b->options.requests;
    const char **subjects = mem_alloc((size_t)n * sizeof *subjects);
    const char **challenges = mem_alloc((size_t)n * sizeof *challenges);
    enum err e = name_subjects(b, subjects);
    if (e == OK)
        e = bench_host_mint(&b->host, &b->arena, subjects, n, challenges);
    for (int64_t i = 0; i < n; i++) {
        b->requests[i].subject = subjects[i];
        b->requests[i].challenge = challenges[i];
    }
    free(subjects);
    free(challenges);
    return e;
}

enum err bench_set_up(struct bench *b) {
    const struct bench_options *o = &b->options;
    TRY(bench_host_prepare(&b->host, o));
    TRY(bench_fill(&b->host, o->fill, &b->there));
    TRY(bench_clients_make(&b->clients, o->requests));
    TRY(mint(b));
    return bench_prepare(&b->host, &b->clients, o->transport, b->requests, o->requests, b->slices,
                         b->cores);
}

/* ---- figures ---- */

static int compare(const void *a, const void *b) {
    double x = ((const struct bench_request *)a)->seconds;
    double y = ((const struct bench_request *)b)->seconds;
    return (x > y) - (x < y);
}

double bench_percentile_ms(struct bench_request *requests, int64_t n, double part) {
    int64_t i = (int64_t)(part * (double)n);
    qsort(requests, (size_t)n, sizeof *requests, compare);
    return requests[i < n ? i : n - 1].seconds * 1000;
}

/* ---- the command ---- */

static void clean_up(struct bench *b) {
    bench_host_stop(&b->host);
    if (b->host.folder && !b->options.keep)
        process_remove_folder(b->host.folder);
    bench_clients_free(&b->clients);
    for (unsigned i = 0; i < b->cores; i++)
        arena_free(&b->slices[i]);
    arena_free(&b->host.arena);
    arena_free(&b->arena);
    free(b->slices);
    free(b->requests);
}

typedef enum err measuring(struct bench *b, bool json);

static int measure(const struct bench_options *o, measuring *what, bool json) {
    struct bench b = {.options = *o, .cores = cores()};
    b.requests = mem_alloc((size_t)o->requests * sizeof *b.requests);
    b.slices = mem_alloc(b.cores * sizeof *b.slices);
    int status = what(&b, json) == OK ? 0 : cli_fail();
    clean_up(&b);
    return status;
}

/* 0, or the exit status after a message. */
static int read_number(const char *name, const char *text, int64_t max, int64_t *out) {
    if (!text || (span_int(span_str(text), out) && *out >= 1 && *out <= max))
        return 0;
    return cli_usage(usage, "--%s: '%s' is not a number from 1 to %lld", name, text,
                     (long long)max);
}

static int read_transport(const char *text, enum key_transport *out) {
    *out = strcmp(text, "pkcs1") == 0 ? TRANSPORT_PKCS1 : TRANSPORT_OAEP;
    if (*out == TRANSPORT_PKCS1 || strcmp(text, "oaep") == 0)
        return 0;
    return cli_usage(usage, "--transport: '%s' is neither oaep nor pkcs1", text);
}

struct asked {
    const char *requests, *connections, *fill, *transport; /* as they were typed; or NULL */
    const char *sessions, *enrollments, *devices, *idle;
    struct bench_options options;
};

static int run_scep(struct asked *q, bool gateway, bool json) {
    struct bench_options *o = &q->options;
    int status;
    if (q->sessions || q->enrollments || q->devices || q->idle)
        return cli_usage(usage, "--sessions, --enrollments, --devices, --idle are for bench mdm");
    if (gateway && (q->fill || o->keep))
        return cli_usage(usage, "--fill and --keep are for bench scep");
    o->requests = gateway ? 4000 : 20000;
    if ((status = read_number("requests", q->requests, MAX_REQUESTS, &o->requests)) ||
        (status = read_number("connections", q->connections, MAX_CONNECTIONS, &o->connections)) ||
        (status = read_number("fill", q->fill, MAX_FILL, &o->fill)) ||
        (status = read_transport(q->transport ? q->transport : "oaep", &o->transport)))
        return status;
    if (gateway && o->requests < 2)
        return cli_usage(usage, "--requests: bench gateway needs 2 at least");
    return measure(o, gateway ? bench_gateway : bench_scep, json);
}

static int run_mdm(const struct asked *q, bool json) {
    struct bench_mdm_options o = {
        .sessions = 2000, .enrollments = 200, .devices = 1000, .connections = 16};
    int status;
    if (q->requests || q->fill || q->transport || q->options.keep)
        return cli_usage(usage, "--requests, --fill, --transport, --keep are not for bench mdm");
    if ((status = read_number("connections", q->connections, MAX_CONNECTIONS, &o.connections)) ||
        (status = read_number("sessions", q->sessions, MAX_SESSIONS, &o.sessions)) ||
        (status = read_number("enrollments", q->enrollments, MAX_SESSIONS, &o.enrollments)) ||
        (status = read_number("devices", q->devices, MAX_FILL, &o.devices)) ||
        (status = read_number("idle", q->idle, MAX_IDLE, &o.idle)))
        return status;
    return bench_mdm(&o, json) == OK ? 0 : cli_fail();
}

int cmd_bench(int argc, char **argv) {
    struct asked q = {.options = {.connections = 16}};
    const struct cli_option own[] = {{"requests", &q.requests, NULL},
                                     {"connections", &q.connections, NULL},
                                     {"fill", &q.fill, NULL},
                                     {"transport", &q.transport, NULL},
                                     {"keep", &q.options.keep, NULL},
                                     {"sessions", &q.sessions, NULL},
                                     {"enrollments", &q.enrollments, NULL},
                                     {"devices", &q.devices, NULL},
                                     {"idle", &q.idle, NULL},
                                     {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    const char *what = cli.argc == 1 ? cli.argv[0] : "";
    if (strcmp(what, "mdm") == 0)
        return run_mdm(&q, cli.json);
    if (strcmp(what, "scep") == 0 || strcmp(what, "gateway") == 0)
        return run_scep(&q, strcmp(what, "gateway") == 0, cli.json);
    return cli_usage(usage, "bench takes one thing to measure: scep, gateway or mdm");
}
