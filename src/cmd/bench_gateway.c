/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `signet bench gateway`: what mode relay adds to an enrollment. The upstream is a signet that has
 * issued every certificate before the run: it answers each request once more, directly and through
 * the relay, with the same work, so that the difference is the relay's. The relay does all that it
 * does for a host: it finds the enrollment by its token, reads and verifies the CertRep, and has
 * two events in the database before the host gets its answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cmd/bench.h"
#include "cmd/cli.h"
#include "cmd/demo.h"

enum { SLICE = 64, FILL_CONNECTIONS = 16, ENOUGH_REQUESTS = 400 };

/* What is asked of the relay, on a machine that signs 4,400 times a second with RSA-2048; another
 * machine is given as much more time as it is slower in that. */
static const double MOST_CPU_MS = 0.15, MOST_ADDED_MS = 1, THREE_RSA_MS = 3000.0 / 4400,
                    BOUND_SECONDS = 0.4;

/*
 * The PKIOperations go in two parts: one at a time, which shows what a single host waits for, and
 * many at once, where commits are shared and CPU counts. The gateway answers the rest of an
 * enrollment's requests by itself.
 */
enum part { ALONE, BUSY, GET_CAPS, GET_CERT, PARTS };

struct gateway_bench {
    struct bench *upstream;
    struct bench_host host;
    const char **tokens;
    struct bench_request *operations, *caps, *certs; /* through the gateway */
    double cpu_ms[PARTS];                            /* of its process, for each request */
    double sync_us;
    struct bench_bound rsa;
};

/* ---- the steps ---- */

/* Everything is issued, so that the upstream has the same to do in each run to come. */
static enum err issue_all(struct bench *b) {
    double seconds;
    TRY(bench_set_up(b));
    TRY(bench_host_start(&b->host));
    return bench_load(&b->host, FILL_CONNECTIONS, b->requests, 0, b->options.requests, &b->arena,
                      &seconds);
}

static struct bench_request plain(struct span bytes) {
    return (struct bench_request){.bytes = bytes, .plain = true};
}

static void prepare_requests(struct gateway_bench *g) {
    struct bench *b = g->upstream;
    for (int64_t i = 0; i < b->options.requests; i++) {
        const char *path = arena_printf(&b->arena, "/gateway/" BENCH_UPSTREAM "/%s", g->tokens[i]);
        g->operations[i] = b->requests[i];
        g->operations[i].bytes = bench_post(&b->arena, &g->host, path, b->requests[i].message);
        g->caps[i] = plain(bench_get(&b->arena, &g->host, path, "GetCACaps"));
        g->certs[i] = plain(bench_get(&b->arena, &g->host, path, "GetCACert"));
    }
}

static int64_t first_of(const struct gateway_bench *g, enum part part) {
    return part == BUSY ? g->upstream->options.requests / 2 : 0;
}

static int64_t end_of(const struct gateway_bench *g, enum part part) {
    return part == ALONE ? g->upstream->options.requests / 2 : g->upstream->options.requests;
}

/* By turns: a machine that others share changes its speed within seconds. */
static enum err send_operations(struct gateway_bench *g, enum part part) {
    struct bench *b = g->upstream;
    int64_t connections = part == ALONE ? 1 : b->options.connections, end = end_of(g, part), to;
    int64_t slice = SLICE * connections;
    double seconds;
    for (int64_t from = first_of(g, part); from < end; from = to) {
        to = end - from < slice ? end : from + slice;
        TRY(bench_load(&b->host, connections, b->requests, from, to, &b->arena, &seconds));
        TRY(bench_load(&g->host, connections, g->operations, from, to, &b->arena, &seconds));
        bench_progress("relayed", to, b->options.requests);
    }
    return OK;
}

static enum err send_part(struct gateway_bench *g, enum part part) {
    struct bench *b = g->upstream;
    double seconds;
    if (part == ALONE || part == BUSY)
        return send_operations(g, part);
    return bench_load(&g->host, b->options.connections, part == GET_CAPS ? g->caps : g->certs, 0,
                      b->options.requests, &b->arena, &seconds);
}

/* Between the slices the gateway's process sleeps: its CPU of the whole time is the requests'. */
static enum err measure_part(struct gateway_bench *g, enum part part) {
    struct bench_usage before, after;
    TRY(bench_host_usage(&g->host, &before));
    TRY(send_part(g, part));
    TRY(bench_host_usage(&g->host, &after));
    g->cpu_ms[part] =
        (after.cpu_ms - before.cpu_ms) / (double)(end_of(g, part) - first_of(g, part));
    return OK;
}

static enum err measure(struct gateway_bench *g) {
    const struct key *key = g->upstream->clients.keys[0];
    for (enum part part = 0; part < PARTS; part++) {
        TRY(bench_measure_rsa(key, 1, BOUND_SECONDS, &g->rsa));
        TRY(measure_part(g, part));
    }
    return bench_measure_sync(g->host.folder, &g->sync_us);
}

static enum err run(struct gateway_bench *g) {
    struct bench *b = g->upstream;
    TRY(issue_all(b));
    TRY(bench_relay_prepare(&g->host, &b->host, &b->arena, g->tokens, b->options.requests));
    prepare_requests(g);
    TRY(bench_host_start(&g->host));
    return measure(g);
}

/* ---- the figures ---- */

static json_t *latency(struct bench_request *requests, int64_t n) {
    double p50 = bench_percentile_ms(requests, n, 0.5);
    return json_pack("{s:f, s:f}", "p50", p50, "p99", bench_percentile_ms(requests, n, 0.99));
}

static double p50_of(const json_t *value) {
    return json_number_value(json_object_get(value, "p50"));
}

static json_t *operations(struct gateway_bench *g, enum part part) {
    struct bench *b = g->upstream;
    int64_t first = first_of(g, part), n = end_of(g, part) - first;
    json_t *direct = latency(b->requests + first, n), *relayed = latency(g->operations + first, n);
    return json_pack("{s:I, s:I, s:o, s:o, s:f, s:f}", "requests", (json_int_t)n, "connections",
                     (json_int_t)(part == ALONE ? 1 : b->options.connections), "direct_ms", direct,
                     "relayed_ms", relayed, "added_p50_ms", p50_of(relayed) - p50_of(direct),
                     "cpu_ms", g->cpu_ms[part]);
}

static json_t *figures(struct gateway_bench *g) {
    struct bench *b = g->upstream;
    double all = g->cpu_ms[BUSY] + g->cpu_ms[GET_CAPS] + g->cpu_ms[GET_CERT];
    double rsa_ms = g->rsa.cpu * 1000 / g->rsa.times, scale = rsa_ms / THREE_RSA_MS;
    json_t *alone = operations(g, ALONE), *busy = operations(g, BUSY);
    json_t *machine = json_pack("{s:s, s:i, s:f, s:f}", "cpu", bench_cpu_model(&b->arena), "cores",
                                (int)b->cores, "fdatasync_us", g->sync_us, "three_rsa_ms", rsa_ms);
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:f, s:f, s:f, s:{s:f, s:f, s:f}, s:o}", "version", SIGNET_VERSION,
        "transport", b->options.transport == TRANSPORT_OAEP ? "oaep" : "pkcs1", "one_at_a_time",
        alone, "at_once", busy, "get_ca_caps_cpu_ms", g->cpu_ms[GET_CAPS], "get_ca_cert_cpu_ms",
        g->cpu_ms[GET_CERT], "cpu_ms_per_request", all / 3, "target", "added_p50_ms", MOST_ADDED_MS,
        "cpu_ms_per_request", MOST_CPU_MS, "scale", scale, "machine", machine);
}

static double number(const json_t *f, const char *group, const char *key) {
    const json_t *value = group ? json_object_get(f, group) : f;
    return json_number_value(json_object_get(value, key));
}

static void print_part(const json_t *f, const char *name) {
    const json_t *part = json_object_get(f, name);
    double connections = number(part, NULL, "connections");
    printf("%3.0f at once    directly      p50 %8.3f ms   p99 %8.3f ms\n"
           "               relayed       p50 %8.3f ms   p99 %8.3f ms\n"
           "               the relay     p50 %+8.3f ms   CPU %8.3f ms for a PKIOperation\n",
           connections, number(part, "direct_ms", "p50"), number(part, "direct_ms", "p99"),
           number(part, "relayed_ms", "p50"), number(part, "relayed_ms", "p99"),
           number(part, NULL, "added_p50_ms"), number(part, NULL, "cpu_ms"));
}

/* The kernel counts CPU in hundredths of a second: of a few requests that says nothing. */
static const char *judge(const json_t *f, double value, double most) {
    double requests = number(f, "one_at_a_time", "requests") + number(f, "at_once", "requests");
    if (requests < ENOUGH_REQUESTS)
        return "too few requests to judge";
    return value <= most ? "met" : "NOT met";
}

static void print_figures(const json_t *f) {
    double added = number(f, "one_at_a_time", "added_p50_ms");
    double cpu = number(f, NULL, "cpu_ms_per_request");
    print_part(f, "one_at_a_time");
    print_part(f, "at_once");
    printf("an enrollment  CPU %.3f ms for GetCACaps, %.3f GetCACert: %.3f for each of its three\n",
           number(f, NULL, "get_ca_caps_cpu_ms"), number(f, NULL, "get_ca_cert_cpu_ms"), cpu);
    double scale = number(f, "target", "scale");
    printf(
        "targets        the p50 of one host grows by at most %g ms: %s; scaled, %.2f ms: %s\n"
        "               at most %g CPU-ms for a request: %s; scaled, %.2f: %s\n"
        "               scaled by %.2f: three private RSA-2048 take %.2f ms where they were set\n",
        MOST_ADDED_MS, judge(f, added, MOST_ADDED_MS), MOST_ADDED_MS * scale,
        judge(f, added, MOST_ADDED_MS * scale), MOST_CPU_MS, judge(f, cpu, MOST_CPU_MS),
        MOST_CPU_MS * scale, judge(f, cpu, MOST_CPU_MS * scale), scale, THREE_RSA_MS);
    printf("machine        %s, %.0f cores, fdatasync %.0f us, three private RSA-2048 %.3f ms\n",
           cli_text(json_object_get(f, "machine"), "cpu"), number(f, "machine", "cores"),
           number(f, "machine", "fdatasync_us"), number(f, "machine", "three_rsa_ms"));
}

static void report(struct gateway_bench *g, bool json) {
    json_t *f = figures(g);
    if (json) {
        cli_print_json(f);
        return;
    }
    print_figures(f);
    json_decref(f);
}

/* ---- */

static void clean_up(struct gateway_bench *g) {
    bench_host_stop(&g->host);
    if (g->host.folder)
        process_remove_folder(g->host.folder);
    arena_free(&g->host.arena);
    free(g->operations);
    free(g->caps);
    free(g->certs);
    free(g->tokens);
}

enum err bench_gateway(struct bench *b, bool json) {
    struct gateway_bench g = {.upstream = b};
    size_t n = (size_t)b->options.requests;
    g.tokens = mem_alloc(n * sizeof *g.tokens);
    g.operations = mem_alloc(n * sizeof *g.operations);
    g.caps = mem_alloc(n * sizeof *g.caps);
    g.certs = mem_alloc(n * sizeof *g.certs);
    enum err e = run(&g);
    if (e == OK)
        report(&g, json);
    clean_up(&g);
    return e;
}
