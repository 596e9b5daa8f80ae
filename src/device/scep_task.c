/* SPDX-License-Identifier: Apache-2.0 */
#include "device/scep_task.h"

#include "base/clock.h"
#include "base/log.h"
#include "device/hresult.h"
#include "device/scep_pending.h"
#include "wire/scep.h"

enum { REPORT_DELAY_MS = 2000 };

static struct reg_key *install_of(struct host *h, const char *key) {
    return reg_child(registry_open(h->registry, key), "Install");
}

void scep_task_schedule(struct host *h, const char *key, const char *uri) {
    BUF_AUTO(frozen);
    struct reg_key *k = registry_create(h->registry, key), *install = install_of(h, key);
    BUF_AUTO(guid);
    scep_pending_drop(h, key);
    buf_printf(&guid, "{%s}", host_random_guid(&h->mem));
    reg_set_text(h->registry, install, "CorrelationGuid", buf_view(&guid));
    reg_set_text(h->registry, install, "Enroll", SPAN_NONE);
    reg_set_number(h->registry, install, "CurrentRetryCount", 0);
    reg_set_number(h->registry, k, "Status", CSP_SCEP_UNKNOWN);
    reg_delete_value(k, "ErrorCode");
    registry_print(install, "Install", &frozen);
    tasks_add(&h->tasks, (struct task){.key = arena_str(&h->mem, span_str(key)),
                                       .uri = arena_str(&h->mem, span_str(uri)),
                                       .install = arena_str(&h->mem, buf_view(&frozen)),
                                       .since_ms = host_clock_ms(h)});
}

/* What the CSP's output nodes will tell. */
static void write_outcome(struct host *h, const char *key, const struct scep_outcome *o) {
    struct reg_key *k = registry_create(h->registry, key);
    reg_set_number(h->registry, k, "Status", o->status);
    if (o->responder)
        reg_set_text(h->registry, k, "RespondentServerUrl", span_str(o->responder));
    if (o->status == CSP_SCEP_SUCCESS)
        reg_set_text(h->registry, k, "CertThumbprint", span_str(o->thumbprint));
    if (o->status == CSP_SCEP_FAILED)
        reg_set_number(h->registry, k, "ErrorCode", o->hresult);
    else
        reg_delete_value(k, "ErrorCode");
}

static void log_outcome(const struct scep_settings *s, const struct scep_outcome *o) {
    ARENA_AUTO(a);
    if (o->status == CSP_SCEP_FAILED)
        log_write(LOG_WARN, "device", "op=scep id=%s attempt=%u status=%u hresult=0x%08x text=%s",
                  log_q(span_str(s->id)), s->attempt, o->status, o->hresult,
                  log_q(span_str(hresult_text(&a, o->hresult))));
    else
        log_write(LOG_INFO, "device", "op=scep id=%s attempt=%u status=%u thumbprint=%s",
                  log_q(span_str(s->id)), s->attempt, o->status, o->thumbprint);
}

static void attempt(struct host *h, const char *key, const struct reg_key *install, unsigned number,
                    bool last, struct arena *a, struct scep_outcome *out) {
    struct scep_settings s;
    scep_settings_read(install, key, &s);
    s.attempt = number;
    s.last = last;
    scep_client_run(h, &s, a, out);
    write_outcome(h, key, out);
    log_outcome(&s, out);
}

/* The next one is RetryDelay minutes away. */
static void count_attempt(struct host *h, struct task *t, unsigned number, uint32_t retry_delay) {
    t->attempt = number;
    t->since_ms = host_clock_ms(h);
    t->delay_ms = (int64_t)retry_delay * MINUTE_MS;
}

/*
 * The task's end, good or bad. Its outcome is durable before: a kill between the two leaves a task
 * that finds its work done.
 */
static void finish(struct host *h, struct task *t) {
    struct reg_key *install = install_of(h, t->key);
    BUF_AUTO(challenge);
    buf_printf(&challenge, "%s\\Install\\Challenge", t->key);
    if (install)
        registry_delete(h->registry, buf_cstr(&challenge));
    scep_pending_drop(h, t->key);
    t->install = "";
    t->state = TASK_REPORT;
    t->since_ms = host_clock_ms(h);
    t->delay_ms = REPORT_DELAY_MS;
    if (!h->enrollment)
        tasks_remove(&h->tasks, t->key);
}

static bool tries_again(const struct host *h, const struct scep_outcome *o) {
    return o->status == CSP_SCEP_PENDING ||
           (o->status == CSP_SCEP_FAILED && !o->final && host_switch_is(h, "retry-on", "any"));
}

/* Exec set Status to 32, so that success means that only the task's own end was lost. */
static bool is_done(struct host *h, const char *key) {
    uint32_t status = CSP_SCEP_UNKNOWN;
    reg_number(registry_open(h->registry, key), "Status", &status);
    return status == CSP_SCEP_SUCCESS;
}

enum err scep_task_run(struct host *h, const char *key) {
    ARENA_AUTO(a);
    struct registry frozen = {0};
    struct scep_settings s;
    struct scep_outcome out;
    struct task *t = tasks_find(&h->tasks, key);
    if (!registry_open(h->registry, key)) { /* deleted meanwhile, or never saved: nothing to do */
        tasks_remove(&h->tasks, key);
        return host_save(h);
    }
    if (is_done(h, key)) {
        finish(h, t);
        return host_save(h);
    }
    enum err e = registry_parse(&frozen, span_str(t->install));
    if (e != OK)
        goto out;
    struct reg_key *values = registry_open(&frozen, "Install"), *install = install_of(h, key);
    scep_settings_read(values, key, &s);
    t->attempt++;
    if (install)
        reg_set_number(h->registry, install, "CurrentRetryCount", t->attempt);
    bool last = t->attempt > s.retry_count;
    attempt(h, t->key, values, t->attempt, last, &a, &out);
    count_attempt(h, t, t->attempt, s.retry_delay);
    e = host_save(h);
    if (e != OK || (!last && tries_again(h, &out)))
        goto out;
    finish(h, t);
    e = host_save(h);
out:
    registry_free(&frozen);
    return e;
}

static bool has_certificate(struct host *h, const char *key) {
    const char *thumbprint = reg_text(registry_open(h->registry, key), "CertThumbprint");
    const struct cert_entry *e =
        thumbprint
            ? certstore_find(&h->certs, scep_settings_is_user(key) ? STORE_USER_MY : STORE_MY,
                             span_str(thumbprint))
            : NULL;
    return e && e->key.n;
}

bool scep_task_is_finished(struct host *h, const char *key) {
    return is_done(h, key) && has_certificate(h, key);
}

enum err scep_task_run_now(struct host *h, const char *key, struct arena *a,
                           struct scep_outcome *out) {
    struct reg_key *install = install_of(h, key);
    if (!install)
        return err_set(ERR_NOT_FOUND, "the registry has no '%s\\Install'", key);
    struct scep_settings s;
    scep_settings_read(install, key, &s);
    uint32_t number = s.attempt, retry_delay = s.retry_delay;
    reg_set_number(h->registry, install, "CurrentRetryCount", ++number);
    attempt(h, key, install, number, false, a, out);
    struct task *t = tasks_find(&h->tasks, key);
    if (t && t->state == TASK_ENROLL)
        count_attempt(h, t, number, retry_delay);
    if (t && (out->status == CSP_SCEP_SUCCESS || out->final))
        finish(h, t);
    return host_save(h);
}

enum err scep_task_renew(struct host *h, const char *key, struct arena *a,
                         struct scep_outcome *out) {
    struct reg_key *install = install_of(h, key);
    struct scep_settings s;
    if (!install || !has_certificate(h, key))
        return err_set(ERR_NOT_FOUND,
                       "'%s' has no certificate with its key that could sign a renewal", key);
    scep_settings_read(install, key, &s);
    s.renews = true;
    s.challenge = NULL; /* of the enrollment before, if it is still there */
    scep_client_run(h, &s, a, out);
    if (out->status == CSP_SCEP_SUCCESS)
        write_outcome(h, key, out);
    log_outcome(&s, out);
    return host_save(h);
}

static void collect(struct host *h, struct arena *a, const char *root, const char **list,
                    size_t *n) {
    struct reg_key *scep = registry_open(h->registry, root);
    for (struct reg_key *p = scep ? scep->child : NULL; p; p = p->next)
        for (struct reg_key *k = p->child; k; k = k->next) {
            if (list)
                list[*n] = arena_printf(a, "%s\\%s\\%s", root, p->name, k->name);
            ++*n;
        }
}

const char **scep_task_keys(struct host *h, struct arena *a) {
    size_t n = 0;
    collect(h, a, SCEP_KEY_MACHINE, NULL, &n);
    collect(h, a, SCEP_KEY_USER, NULL, &n);
    const char **list = arena_alloc(a, (n + 1) * sizeof *list);
    n = 0;
    collect(h, a, SCEP_KEY_MACHINE, list, &n);
    collect(h, a, SCEP_KEY_USER, list, &n);
    return list;
}
