/* SPDX-License-Identifier: Apache-2.0 */
/* A host of a fleet: what it does next, and how far it has come. */
#include "device/fleet_member.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "device/hresult.h"
#include "device/mde_client.h"
#include "device/run.h"
#include "device/scep_task.h"
#include "wire/scep.h"

/* ---- opening ---- */

/* As wide as the highest number, so that the names sort. */
static const char *name_of(struct arena *a, const struct fleet_settings *s, int64_t number) {
    int digits = snprintf(NULL, 0, "%lld", (long long)s->hosts);
    return arena_printf(a, "%s-%0*lld", s->prefix, digits, (long long)number + 1);
}

static enum err open_host(const struct fleet_settings *s, int64_t number, struct host **out) {
    ARENA_AUTO(a);
    const char *name = name_of(&a, s, number);
    const char *dir = s->dir ? arena_printf(&a, "%s/%s", s->dir, name) : name;
    if (s->dir && access(arena_printf(&a, "%s/host.json", dir), F_OK) == 0)
        return host_open(dir, HOST_CHANGE, out);
    TRY(host_make(dir, name, out));
    if (s->build_count)
        (*out)->build = s->builds[(size_t)number % s->build_count];
    enum err e = s->dir ? host_lock(*out) : OK;
    if (e != OK)
        host_close(*out);
    return e;
}

static int64_t random_below(int64_t limit) {
    uint64_t r;
    if (RAND_bytes((unsigned char *)&r, sizeof r) != 1)
        abort();
    return limit > 0 ? (int64_t)(r % (uint64_t)limit) : 0;
}

enum err fleet_member_open(struct fleet_member *m, const struct fleet_settings *s,
                           const struct key_pool *keys, int64_t number) {
    struct host *h;
    TRY(open_host(s, number, &h));
    for (size_t i = 0; i < s->trust->count; i++)
        certstore_add(&h->certs, &h->mem, STORE_ROOT, s->trust->entries[i].der, SPAN_NONE);
    h->in_memory = true;
    h->schedule.delay_ms = 0; /* one that was kept begins with a session */
    h->shared_keys = keys;
    h->time_scale = s->time_scale;
    if (number < s->faulty)
        host_set_fault(h, &s->fault);
    *m = (struct fleet_member){.host = h,
                               .state = h->enrollment ? FLEET_ENROLLED : FLEET_WAITS,
                               .due_ms = clock_monotonic_ms() + random_below(s->spread_ms)};
    return OK;
}

enum err fleet_member_save(struct fleet_member *m) {
    m->host->in_memory = false;
    return host_save(m->host);
}

/* ---- how far it has come ---- */

static bool has_status(struct host *h, uint32_t wanted, uint32_t *error) {
    ARENA_AUTO(a);
    for (const char **key = scep_task_keys(h, &a); *key; key++) {
        uint32_t status = CSP_SCEP_UNKNOWN;
        const struct reg_key *k = registry_open(h->registry, *key);
        reg_number(k, "Status", &status);
        if (status != wanted)
            continue;
        if (error)
            reg_number(k, "ErrorCode", error);
        return true;
    }
    return false;
}

static enum fleet_state state_of(struct host *h) {
    ARENA_AUTO(a);
    if (!h->enrollment)
        return FLEET_FAILED; /* it has left */
    if (!scep_task_keys(h, &a)[0])
        return FLEET_ENROLLED;
    if (run_is_settled(h))
        return has_status(h, CSP_SCEP_FAILED, NULL) ? FLEET_FAILED : FLEET_SETTLED;
    return has_status(h, CSP_SCEP_SUCCESS, NULL) ? FLEET_CERTIFIED : FLEET_PROFILE;
}

static void say(struct fleet_trouble *t, enum fleet_trouble_kind kind, uint32_t hresult,
                const char *text) {
    t->kind = kind;
    t->hresult = hresult;
    t->count = 1;
    snprintf(t->text, sizeof t->text, "%s", text);
}

static void tell_failure(struct host *h, struct fleet_trouble *t) {
    ARENA_AUTO(a);
    uint32_t error = 0;
    if (!h->enrollment)
        say(t, TROUBLE_SESSION, 0, "the host has left: the server ended its enrollment");
    else if (has_status(h, CSP_SCEP_FAILED, &error))
        say(t, TROUBLE_CERTIFICATE, error, hresult_text(&a, error));
}

/* The host does nothing more. */
static void give_up(struct fleet_member *m, struct fleet_trouble *t, enum fleet_trouble_kind kind) {
    m->state = FLEET_FAILED;
    say(t, kind, hresult_in(err_detail()), err_detail());
}

/* ---- steps ---- */

static void join(struct fleet_member *m, const struct fleet_settings *s, struct fleet_trouble *t) {
    const struct mde_user user = {
        .name = s->user, .password = s->password, .type = "Full", .sign_in = s->sign_in};
    m->began_ms = clock_monotonic_ms();
    m->state = FLEET_ENROLLED;
    if (mde_enroll(m->host, s->server, &user) != OK)
        give_up(m, t, TROUBLE_ENROLLMENT);
    else if (s->joined && s->joined(s->joined_user, m->host->device_id) != OK)
        give_up(m, t, TROUBLE_PROFILE);
    m->due_ms = clock_monotonic_ms();
}

static void go_on(struct fleet_member *m, struct fleet_trouble *t) {
    struct host *h = m->host;
    int64_t wait, failures = h->schedule.failures;
    if (run_step(h, &wait) != OK) {
        give_up(m, t, TROUBLE_SESSION);
        return;
    }
    if (h->schedule.failures > failures)
        say(t, TROUBLE_SESSION, 0, err_detail());
    m->due_ms = clock_monotonic_ms() + wait;
    m->state = state_of(h);
    if (m->state == FLEET_FAILED)
        tell_failure(h, t);
    if (!m->certified_ms && has_status(h, CSP_SCEP_SUCCESS, NULL))
        m->certified_ms = clock_monotonic_ms();
}

void fleet_member_step(struct fleet_member *m, const struct fleet_settings *s,
                       struct fleet_trouble *t) {
    t->count = 0;
    if (m->state == FLEET_WAITS)
        join(m, s, t);
    else
        go_on(m, t);
}
