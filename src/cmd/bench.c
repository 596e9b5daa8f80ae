/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `signet bench scep`: how fast certificates are issued on this machine, beside what its RSA
 * allows. Nothing is left out of what is measured: one-time challenges, the default policy, all
 * events, and a commit to disk before each reply.
 */
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
    "Usage: signet bench scep [OPTIONS]\n\n"
    "Measures the SCEP server on loopback: makes a data folder and clients' requests, starts a\n"
    "server of its own, sends each request once and looks at every reply. Prints certificates a\n"
    "second, latency, the server's CPU and memory, and from the same minute the bound: three\n"
    "private RSA-2048 operations, without which no server can issue.\n\n"
    "  --requests N       how many certificates (default 20000)\n"
    "  --connections N    keep-alive connections, from one thread (default 16)\n"
    "  --fill N           certificates in the database before, at least\n"
    "  --transport T      oaep as Windows does (default), or pkcs1\n"
    "  --keep DIR         use this folder and leave it; made when it is not there\n"
    "  -o json            the figures for programs\n";

enum { SLICE = 64 }; /* requests of each connection */
static const double BOUND_SECONDS = 0.4;

enum { MAX_REQUESTS = 1000000, MAX_CONNECTIONS = 512, MAX_FILL = 10000000, SUBJECT_TAG = 4 };

struct bench {
    struct bench_options options;
    struct bench_host host;
    struct bench_clients clients;
    struct bench_request *requests;
    struct arena arena;   /* subjects, challenges, the sample */
    struct arena *slices; /* the requests' bytes, one for each thread */
    unsigned cores;
    /* What came of it. */
    int64_t there; /* certificates in the database before */
    double seconds, cpu_ms, sync_us;
    struct bench_usage usage;    /* in the end */
    struct bench_bound one, all; /* RSA in one thread, and on all cores */
    int64_t verified;
};

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

/* ---- the steps ---- */

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

/*
 * The run goes in slices with the bound measured around each: a machine that others share changes
 * its speed within seconds.
 */
static enum err measure_slice(struct bench *b, const struct key *key, int64_t from, int64_t to) {
    struct bench_usage before, after;
    double seconds;
    TRY(bench_host_usage(&b->host, &before));
    TRY(bench_load(&b->host, b->options.connections, b->requests, from, to, &b->arena, &seconds));
    TRY(bench_host_usage(&b->host, &after));
    b->cpu_ms += after.cpu_ms - before.cpu_ms;
    b->seconds += seconds;
    b->usage = after;
    bench_progress("issued", to, b->options.requests);
    return bench_measure_rsa(key, b->cores, BOUND_SECONDS, &b->all);
}

static enum err measure_all(struct bench *b, const struct key *key) {
    int64_t n = b->options.requests, slice = SLICE * b->options.connections;
    TRY(bench_measure_rsa(key, 1, BOUND_SECONDS, &b->one));
    TRY(bench_measure_rsa(key, b->cores, BOUND_SECONDS, &b->all));
    for (int64_t from = 0; from < n; from += slice)
        TRY(measure_slice(b, key, from, from + slice < n ? from + slice : n));
    TRY(bench_measure_rsa(key, 1, BOUND_SECONDS, &b->one));
    return bench_measure_sync(b->host.folder, &b->sync_us);
}

static enum err measure(struct bench *b) {
    struct key *key;
    TRY(key_generate("rsa2048", &key));
    enum err e = measure_all(b, key);
    key_free(key);
    return e;
}

static enum err verify_sample(struct bench *b) {
    for (int64_t i = 0; i < b->options.requests; i++)
        if (bench_is_sample(i)) {
            TRY(bench_check(&b->host, &b->requests[i]));
            b->verified++;
        }
    return OK;
}

static enum err run(struct bench *b) {
    const struct bench_options *o = &b->options;
    TRY(bench_host_prepare(&b->host, o));
    TRY(bench_fill(&b->host, o->fill, &b->there));
    TRY(bench_clients_make(&b->clients, o->requests));
    TRY(mint(b));
    TRY(bench_prepare(&b->host, &b->clients, o->transport, b->requests, o->requests, b->slices,
                      b->cores));
    TRY(bench_host_start(&b->host));
    TRY(measure(b));
    return verify_sample(b);
}

/* ---- the figures ---- */

static int compare(const void *a, const void *b) {
    double x = ((const struct bench_request *)a)->seconds;
    double y = ((const struct bench_request *)b)->seconds;
    return (x > y) - (x < y);
}

/* Of requests that are sorted by time; `part` of them took at most so many ms. */
static double percentile_ms(const struct bench *b, double part) {
    int64_t n = b->options.requests, i = (int64_t)(part * (double)n);
    return b->requests[i < n ? i : n - 1].seconds * 1000;
}

static double per_second(const struct bench_bound *bound) {
    return bound->times / bound->seconds;
}

static double cpu_ms(const struct bench_bound *bound) {
    return bound->cpu * 1000 / bound->times;
}

static json_t *bound_json(const struct bench_bound *bound) {
    return json_pack("{s:f, s:f}", "per_second", per_second(bound), "cpu_ms", cpu_ms(bound));
}

static json_t *figures(struct bench *b) {
    double n = (double)b->options.requests, cpu = b->cpu_ms / n;
    double rate = n / b->seconds;
    qsort(b->requests, (size_t)n, sizeof *b->requests, compare);
    json_t *run =
        json_pack("{s:I, s:I, s:I, s:s, s:I, s:f}", "requests", (json_int_t)b->options.requests,
                  "connections", (json_int_t)b->options.connections, "certificates_before",
                  (json_int_t)b->there, "transport",
                  b->options.transport == TRANSPORT_OAEP ? "oaep" : "pkcs1", "verified",
                  (json_int_t)b->verified, "seconds", b->seconds);
    json_t *machine =
        json_pack("{s:s, s:b, s:i, s:f}", "cpu", bench_cpu_model(&b->arena), "ifma",
                  bench_cpu_has("avx512ifma"), "cores", (int)b->cores, "fdatasync_us", b->sync_us);
    return json_pack(
        "{s:s, s:o, s:f, s:{s:f, s:f}, s:{s:f, s:f, s:f}, s:{s:o, s:o}, s:f, s:f, s:o}", "version",
        SIGNET_VERSION, "run", run, "issuances_per_second", rate, "latency_ms", "p50",
        percentile_ms(b, 0.5), "p99", percentile_ms(b, 0.99), "server", "cpu_ms", cpu, "rss_mb",
        b->usage.rss_mb, "peak_rss_mb", b->usage.peak_mb, "rsa_bound", "one_thread",
        bound_json(&b->one), "all_cores", bound_json(&b->all), "cpu_to_bound",
        cpu / cpu_ms(&b->all), "throughput_to_bound", rate / per_second(&b->all), "machine",
        machine);
}

static double number(const json_t *object, const char *key, const char *inner) {
    const json_t *value = json_object_get(object, key);
    return json_number_value(inner ? json_object_get(value, inner) : value);
}

static void print_figures(const struct bench *b, const json_t *f) {
    const json_t *machine = json_object_get(f, "machine");
    printf("issuances            %9.0f a second      p50 %.1f ms, p99 %.1f ms\n"
           "server's CPU         %9.3f ms each       RSS %.1f MB (at most %.1f)\n",
           number(f, "issuances_per_second", NULL), number(f, "latency_ms", "p50"),
           number(f, "latency_ms", "p99"), number(f, "server", "cpu_ms"),
           number(f, "server", "rss_mb"), number(f, "server", "peak_rss_mb"));
    printf("bound, %2u cores      %9.0f a second      %.3f ms of CPU: three private RSA-2048\n"
           "bound, one thread    %9.0f a second      %.3f ms\n",
           b->cores, per_second(&b->all), cpu_ms(&b->all), per_second(&b->one), cpu_ms(&b->one));
    printf("CPU to bound         %9.2f times\n"
           "throughput to bound  %9.0f %%             the load generator shares the cores\n",
           number(f, "cpu_to_bound", NULL), number(f, "throughput_to_bound", NULL) * 100);
    printf("machine              %s, IFMA: %s, fdatasync %.0f us\n", cli_text(machine, "cpu"),
           json_is_true(json_object_get(machine, "ifma")) ? "yes" : "no", b->sync_us);
    printf("checked              %lld replies SUCCESS, %lld of them decrypted and verified\n",
           (long long)b->options.requests, (long long)b->verified);
    printf("database             %lld certificates before\n", (long long)b->there);
}

static void report(struct bench *b, bool json) {
    json_t *f = figures(b);
    if (json) {
        cli_print_json(f);
        return;
    }
    print_figures(b, f);
    json_decref(f);
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

static int bench_scep(const struct bench_options *o, bool json) {
    struct bench b = {.options = *o, .cores = cores()};
    b.requests = mem_alloc((size_t)o->requests * sizeof *b.requests);
    b.slices = mem_alloc(b.cores * sizeof *b.slices);
    enum err e = run(&b);
    if (e == OK)
        report(&b, json);
    int status = e == OK ? 0 : cli_fail();
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

int cmd_bench(int argc, char **argv) {
    struct bench_options o = {
        .requests = 20000, .connections = 16, .fill = 0, .transport = TRANSPORT_OAEP};
    const char *requests = NULL, *connections = NULL, *fill = NULL, *transport = "oaep";
    const struct cli_option own[] = {
        {"requests", &requests, NULL}, {"connections", &connections, NULL},
        {"fill", &fill, NULL},         {"transport", &transport, NULL},
        {"keep", &o.keep, NULL},       {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc != 1 || strcmp(cli.argv[0], "scep") != 0)
        return cli_usage(usage, "bench takes one thing to measure: scep");
    if ((status = read_number("requests", requests, MAX_REQUESTS, &o.requests)) ||
        (status = read_number("connections", connections, MAX_CONNECTIONS, &o.connections)) ||
        (status = read_number("fill", fill, MAX_FILL, &o.fill)))
        return status;
    if (strcmp(transport, "pkcs1") == 0)
        o.transport = TRANSPORT_PKCS1;
    else if (strcmp(transport, "oaep") != 0)
        return cli_usage(usage, "--transport: '%s' is neither oaep nor pkcs1", transport);
    return bench_scep(&o, cli.json);
}
