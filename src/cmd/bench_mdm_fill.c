/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet of `signet bench mdm`, written straight into the database by the functions that write
 * it in a server. Hosts that are only there share one identity's bytes, under hashes of their own;
 * those that will have sessions have real ones.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ca/authority.h"
#include "cmd/bench_mdm.h"
#include "cmd/demo.h"
#include "csp/profile.h"
#include "enroll/enroll.h"
#include "mdm/password.h"
#include "mdm/tickets.h"

enum { BATCH = 500, HASH = 32, MAX_HOSTS = 10000000, HOSTS_OF_USER = 20 };

#define YEAR_MS (365 * DAY_MS)

static const struct enroll_policy policy = {.confirm_within = DAY_MS, .confirm_sessions = 2};

struct filling {
    const struct authority *authority;
    struct arena *a;
    const struct key *key;
    struct stored_profile profile;
    struct span model; /* the identity of those that are only there */
    struct bench_mdm_host *hosts;
    int64_t from, to;
    const char *password; /* its hash */
    char *code;
};

enum err bench_random_id(char out[BENCH_DEVICE_ID]) {
    uint8_t random[BENCH_DEVICE_ID / 2];
    TRY(random_bytes(random, sizeof random));
    hex_upper(span_of(random, sizeof random), out);
    return OK;
}

static enum err add_device(struct tx *tx, struct arena *a, const char *id, const char *account,
                           struct device *out) {
    *out = (struct device){.device_id = id,
                           .name = arena_printf(a, "BENCH-%.7s", id),
                           .hw_dev_id = id,
                           .os_version = "10.0.19043.2364",
                           .account = account,
                           .enrolled = clock_ms()};
    TRY(device_put(tx, out));
    out->hw_told = clock_ms(); /* it has had its first session */
    out->sync_version = 3;
    return device_set_shown(tx, out);
}

static enum err add_identity(struct tx *tx, int64_t device, struct span der, struct span sha256) {
    const struct identity identity = {.sha256 = sha256,
                                      .device = device,
                                      .der = der,
                                      .issued = clock_ms(),
                                      .not_after = clock_ms() + YEAR_MS};
    return identity_replace(tx, &identity);
}

/* An enrollment that the host has accepted, with a certificate that it can show. */
static enum err add_accepted(struct tx *tx, const struct filling *f, struct arena *a,
                             const struct device *device, struct enrollment *e,
                             struct certificate *c) {
    uint8_t random[HASH];
    char *sha1 = arena_alloc(a, BENCH_THUMBPRINT);
    TRY(random_bytes(random, sizeof random));
    hex_upper(span_of(random, BENCH_THUMBPRINT / 2), sha1);
    TRY(enroll_assign(tx, a, device, &f->profile, e));
    TRY(enroll_record(tx, e, EVENT_SENT, "the profile was sent to the host", NULL));
    TRY(enroll_accepted(tx, e, &policy, "the host accepted the profile", "200"));
    TRY(enroll_record(tx, e, EVENT_ISSUED, "the CA issued the certificate", NULL));
    *c = (struct certificate){.serial = span_of(random, 16),
                              .ca = "bench",
                              .endpoint = "default",
                              .enrollment = e->id,
                              .subject = "CN=bench",
                              .sha1 = sha1,
                              .der = f->model,
                              .not_before = clock_ms(),
                              .not_after = clock_ms() + YEAR_MS,
                              .issued = clock_ms()};
    return certificate_add(tx, c);
}

/* ---- hosts that are only there ---- */

static enum err add_quiet(struct tx *tx, const struct filling *f, int64_t number) {
    ARENA_AUTO(a);
    const char *account =
        arena_printf(&a, "fleet-%lld@example.com", (long long)(number / HOSTS_OF_USER));
    char id[BENCH_DEVICE_ID];
    uint8_t hash[HASH];
    struct device device;
    struct enrollment e;
    struct certificate c;
    TRY(bench_random_id(id));
    TRY(random_bytes(hash, sizeof hash));
    TRY(add_device(tx, &a, id, account, &device));
    TRY(add_identity(tx, device.id, f->model, span_of(hash, sizeof hash)));
    TRY(add_accepted(tx, f, &a, &device, &e, &c));
    e.host_status = "1";
    e.host_thumbprint = c.sha1;
    e.deadline = 0;
    return enroll_record(tx, &e, EVENT_CONFIRMED, "the host has the certificate", NULL);
}

static enum err quiet_batch(struct tx *tx, void *user) {
    const struct filling *f = user;
    for (int64_t i = f->from; i < f->to; i++)
        TRY(add_quiet(tx, f, i));
    return OK;
}

/* ---- hosts that will have a session ---- */

static enum err add_busy(struct tx *tx, const struct filling *f, struct bench_mdm_host *h) {
    ARENA_AUTO(a);
    struct device device;
    struct enrollment asked, delivered;
    struct certificate c;
    struct issued issued;
    uint8_t hash[DIGEST_MAX_SIZE];
    TRY(bench_random_id(h->device_id));
    TRY(authority_issue_identity(f->authority, &a, key_spki(f->key), h->device_id, clock_ms(),
                                 YEAR_MS, &issued));
    h->cert = arena_copy(f->a, issued.der);
    TRY(digest_of(DIGEST_SHA256, h->cert, hash));
    TRY(add_device(tx, &a, h->device_id, BENCH_ACCOUNT, &device));
    TRY(add_identity(tx, device.id, h->cert, span_of(hash, HASH)));
    TRY(add_accepted(tx, f, &a, &device, &asked, &c));
    TRY(enroll_assign(tx, &a, &device, &f->profile, &delivered));
    snprintf(h->shows, sizeof h->shows, "%s", c.sha1);
    snprintf(h->asked, sizeof h->asked, "%s", asked.id);
    snprintf(h->delivered, sizeof h->delivered, "%s", delivered.id);
    return OK;
}

static enum err busy_batch(struct tx *tx, void *user) {
    const struct filling *f = user;
    for (int64_t i = f->from; i < f->to; i++)
        TRY(add_busy(tx, f, &f->hosts[i]));
    return OK;
}

/* ---- all ---- */

/* One account, and one code, for any number of hosts. */
static enum err add_account(struct tx *tx, void *user) {
    const struct filling *f = user;
    const struct account account = {
        .name = BENCH_ACCOUNT, .password = f->password, .created = clock_ms()};
    TRY(account_add(tx, &account));
    TRY(account_set_max_devices(tx, BENCH_ACCOUNT, MAX_HOSTS));
    return ticket_new_code(tx, f->authority, BENCH_ACCOUNT, clock_ms(), clock_ms() + YEAR_MS,
                           MAX_HOSTS, f->code);
}

static enum err in_batches(struct store *store, struct filling *f, store_work *work,
                           const char *what, int64_t count) {
    for (f->from = 0; f->from < count; f->from = f->to) {
        f->to = count - f->from < BATCH ? count : f->from + BATCH;
        TRY(store_write(store, work, f));
        bench_progress(what, f->to, count);
    }
    return OK;
}

static enum err fill(struct store *store, struct filling *f, int64_t devices, int64_t count) {
    BUF_AUTO(body);
    BUF_AUTO(changes);
    struct issued model;
    TRY(profile_adopt(f->a, span_str(demo_seed_profile), &body, &changes));
    f->profile =
        (struct stored_profile){.name = "bench", .endpoint = "default", .body = buf_cstr(&body)};
    TRY(authority_issue_identity(f->authority, f->a, key_spki(f->key), "BENCH", clock_ms(), YEAR_MS,
                                 &model));
    f->model = model.der;
    TRY(password_hash(f->a, span_str(BENCH_PASSWORD), &f->password));
    TRY(store_write(store, add_account, f));
    TRY(in_batches(store, f, quiet_batch, "hosts in the store", devices));
    return in_batches(store, f, busy_batch, "hosts with a session to come", count);
}

_Static_assert((int)BENCH_CODE >= (int)TICKET_CODE_SIZE, "a code fits");

enum err bench_mdm_fill(const struct bench_host *server, struct arena *a, const struct key *key,
                        int64_t devices, struct bench_mdm_host *hosts, int64_t count,
                        char code[BENCH_CODE]) {
    struct authority *authority = NULL;
    struct store *store = NULL;
    log_set_level(LOG_WARN); /* of every event there is a line */
    enum err e = authority_load(server->folder, &authority);
    if (e == OK)
        e = store_open(arena_printf(a, "%s/signet.db", server->folder), &store);
    struct filling f = {.authority = authority, .a = a, .key = key, .hosts = hosts, .code = code};
    if (e == OK)
        e = fill(store, &f, devices, count);
    store_close(store);
    authority_free(authority);
    return e;
}

/* ---- what came of it ---- */

struct verifying {
    const struct bench_mdm_host *hosts;
    int64_t count;
};

static enum err expect(struct tx *tx, const char *id, enum enroll_state state) {
    ARENA_AUTO(a);
    struct enrollment e;
    TRY(enrollment_get(tx, &a, id, &e));
    return e.state == (int)state
               ? OK
               : err_set(ERR_CONFLICT, "after its session, enrollment %s is %s and not %s", id,
                         enroll_state_name((enum enroll_state)e.state), enroll_state_name(state));
}

static enum err verify(struct tx *tx, void *user) {
    const struct verifying *v = user;
    for (int64_t i = 0; i < v->count; i++) {
        TRY(expect(tx, v->hosts[i].asked, STATE_CONFIRMED));
        TRY(expect(tx, v->hosts[i].delivered, STATE_ACCEPTED));
    }
    return OK;
}

enum err bench_mdm_verify(const struct bench_host *server, const struct bench_mdm_host *hosts,
                          int64_t count) {
    ARENA_AUTO(a);
    struct verifying v = {hosts, count};
    struct store *store;
    TRY(store_open(arena_printf(&a, "%s/signet.db", server->folder), &store));
    enum err e = store_read(store, verify, &v);
    store_close(store);
    return e;
}
