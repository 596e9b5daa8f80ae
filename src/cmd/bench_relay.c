/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway that is measured: a signet whose upstream is another one. Its hosts have been sent
 * their profile, and have not asked yet; that is written straight into its database.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ca/authority.h"
#include "cmd/bench.h"
#include "cmd/demo.h"
#include "csp/profile.h"
#include "enroll/enroll.h"

#define SELF "/proc/self/exe"

enum { BATCH = 500, ID = 16 };

static enum err add_upstream(const struct bench_host *gateway, const struct bench_host *upstream) {
    ARENA_AUTO(a);
    const char *url = arena_printf(&a, "http://127.0.0.1:%u%s", upstream->port, upstream->path);
    const char *argv[] = {SELF, "gateway",       "add", BENCH_UPSTREAM, "--upstream", url,
                          "-d", gateway->folder, NULL};
    return process_run(argv, gateway->log);
}

/* ---- enrollments ---- */

struct waiting {
    const struct authority *authority;
    const struct stored_profile *profile;
    struct arena *a;
    const char **tokens;
    int64_t from, to;
};

static enum err add_device(struct tx *tx, struct arena *a, int64_t number, struct device *out) {
    uint8_t random[ID];
    char *id = arena_alloc(a, 2 * ID + 1);
    TRY(random_bytes(random, sizeof random));
    hex_upper(span_of(random, sizeof random), id);
    *out = (struct device){.device_id = id,
                           .name = arena_printf(a, "BENCH-%lld", (long long)number),
                           .hw_dev_id = id,
                           .os_version = "10.0.19043.2364",
                           .account = "bench",
                           .enrolled = clock_ms()};
    return device_put(tx, out);
}

/* As a session does it that sends a profile, and the one after. */
static enum err add_one(struct tx *tx, const struct waiting *w, int64_t i) {
    ARENA_AUTO(a);
    static const struct enroll_policy policy = {.confirm_within = DAY_MS, .confirm_sessions = 2};
    struct device device;
    struct enrollment e;
    char token[CHALLENGE_SIZE];
    uint8_t hash[32];
    TRY(add_device(tx, &a, i, &device));
    TRY(enroll_assign(tx, &a, &device, w->profile, &e));
    TRY(challenge_mint(token));
    TRY(challenge_hash(w->authority, span_str(token), hash));
    TRY(relay_token_set(tx, span_of(hash, sizeof hash), BENCH_UPSTREAM, e.id,
                        clock_ms() + policy.confirm_within));
    TRY(enroll_record(tx, &e, EVENT_SENT, "the profile was sent to the host", NULL));
    TRY(enroll_accepted(tx, &e, &policy, "the host accepted the profile", "200"));
    w->tokens[i] = arena_str(w->a, span_str(token));
    return OK;
}

static enum err add_batch(struct tx *tx, void *user) {
    const struct waiting *w = user;
    for (int64_t i = w->from; i < w->to; i++)
        TRY(add_one(tx, w, i));
    return OK;
}

static enum err add_all(struct store *store, struct waiting w, int64_t count) {
    BUF_AUTO(body);
    BUF_AUTO(changes);
    TRY(profile_adopt(w.a, span_str(demo_seed_profile), &body, &changes));
    const struct stored_profile profile = {
        .name = "bench", .endpoint = BENCH_UPSTREAM, .body = buf_cstr(&body)};
    w.profile = &profile;
    for (; w.from < count; w.from = w.to) {
        w.to = count - w.from < BATCH ? count : w.from + BATCH;
        TRY(store_write(store, add_batch, &w));
        bench_progress("enrollments", w.to, count);
    }
    return OK;
}

static enum err enroll(const struct bench_host *gateway, struct arena *a, const char **tokens,
                       int64_t count) {
    struct authority *authority = NULL;
    struct store *store = NULL;
    log_set_level(LOG_WARN); /* three events for each, which nobody wants to read */
    enum err e = authority_load(gateway->folder, &authority);
    if (e == OK)
        e = store_open(arena_printf(a, "%s/signet.db", gateway->folder), &store);
    if (e == OK)
        e = add_all(store, (struct waiting){.authority = authority, .a = a, .tokens = tokens},
                    count);
    store_close(store);
    authority_free(authority);
    return e;
}

enum err bench_relay_prepare(struct bench_host *gateway, const struct bench_host *upstream,
                             struct arena *a, const char **tokens, int64_t count) {
    const struct bench_options temporary = {.keep = NULL};
    TRY(bench_host_prepare(gateway, &temporary));
    TRY(bench_host_start(gateway)); /* adding an upstream needs it: it asks what the upstream can */
    enum err e = add_upstream(gateway, upstream);
    bench_host_stop(gateway);
    return e == OK ? enroll(gateway, a, tokens, count) : e;
}
