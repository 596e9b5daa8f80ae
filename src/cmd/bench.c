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
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/demo.h"

static const char usage[] =
    "Usage: signet bench scep [OPTIONS]\n"
    "       signet bench gateway [OPTIONS]\n\n"
    "scep measures the SCEP server on loopback: makes a data folder and clients' requests, starts a\n"
    "server of its own, sends each request once and looks at every reply. Prints certificates a\n"
    "second, latency, the server's CPU and memory, and from the same minute the bound: three\n"
    "private RSA-2048 operations, without which no server can issue.\n\n"
    "gateway measures what mode relay adds: such a server is the upstream, and another signet stands\n"
    "before it. The same requests go to the one and through the other by turns, half of them one at a\n"
    "time. Prints the latency of both, and the CPU of the gateway's process for each request.\n\n"
    "  --requests N       how many certificates (default: scep 20000, gateway 4000)\n"
    "  --connections N    keep-alive connections, from one thread (default 16)\n"
    "  --transport T      oaep as Windows does (default), or pkcs1\n"
    "  -o json            the figures for programs\n\n"
    "and for scep alone:\n\n"
    "  --fill N           certificates in the database before, at least\n"
    "  --keep DIR         use this folder and leave it; made when it is not there\n";

enum { MAX_REQUESTS = 1000000, MAX_CONNECTIONS = 512, MAX_FILL = 10000000, SUBJECT_TAG = 4 };

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

int cmd_bench(int argc, char **argv) {
    struct bench_options o = {.connections = 16};
    const char *requests = NULL, *connections = NULL, *fill = NULL, *transport = "oaep";
    const struct cli_option own[] = {
        {"requests", &requests, NULL}, {"connections", &connections, NULL},
        {"fill", &fill, NULL},         {"transport", &transport, NULL},
        {"keep", &o.keep, NULL},       {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    bool gateway = cli.argc == 1 && strcmp(cli.argv[0], "gateway") == 0;
    if (cli.argc != 1 || (!gateway && strcmp(cli.argv[0], "scep") != 0))
        return cli_usage(usage, "bench takes one thing to measure: scep or gateway");
    if (gateway && (fill || o.keep))
        return cli_usage(usage, "--fill and --keep are for bench scep");
    o.requests = gateway ? 4000 : 20000;
    if ((status = read_number("requests", requests, MAX_REQUESTS, &o.requests)) ||
        (status = read_number("connections", connections, MAX_CONNECTIONS, &o.connections)) ||
        (status = read_number("fill", fill, MAX_FILL, &o.fill)) ||
        (status = read_transport(transport, &o.transport)))
        return status;
    if (gateway && o.requests < 2)
        return cli_usage(usage, "--requests: bench gateway needs 2 at least");
    return measure(&o, gateway ? bench_gateway : bench_scep, cli.json);
}
