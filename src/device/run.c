/* SPDX-License-Identifier: Apache-2.0 */
#include "device/run.h"

#include <unistd.h>

#include "base/clock.h"
#include "device/dm_client.h"
#include "device/dm_package.h"
#include "device/logon.h"
#include "device/scep_task.h"

enum { DAY_MINUTES = 24 * 60, NAP_MS = 200 };

/* A set with interval 0 is off; one with number 0 has no end (windows-mdm.md, A.8). */
int64_t run_poll_minutes(const struct enrollment *e, int64_t polls) {
    for (size_t i = 0; i < POLL_SETS; i++) {
        const struct poll_set *s = &e->poll[i];
        if (s->minutes <= 0)
            continue;
        if (s->number == 0 || polls < s->number)
            return s->minutes;
        polls -= s->number;
    }
    return DAY_MINUTES;
}

/* The w7 account's back-off: some tries that wait twice as long each time, then the schedule. */
static int64_t delay_after_failure(const struct host *h) {
    const struct enrollment *e = h->enrollment;
    int64_t delay = e->backoff_ms < DAY_MS ? e->backoff_ms : DAY_MS,
            poll = run_poll_minutes(e, h->schedule.polls) * MINUTE_MS;
    if (h->schedule.failures > e->connect_tries)
        return poll;
    for (int64_t i = 1; i < h->schedule.failures && delay < e->backoff_max_ms && delay < DAY_MS;
         i++)
        delay *= 2;
    delay = delay > e->backoff_max_ms ? e->backoff_max_ms : delay;
    return delay < poll ? delay : poll;
}

void run_plan_session(struct host *h, bool ok) {
    struct schedule *s = &h->schedule;
    if (!h->enrollment) /* it has left */
        return;
    s->since_ms = host_clock_ms(h);
    s->failures = ok ? 0 : s->failures + 1;
    s->delay_ms =
        ok ? run_poll_minutes(h->enrollment, s->polls) * MINUTE_MS : delay_after_failure(h);
    s->polls += ok;
    if (h->enrollment->leaving) /* the server told it to: it says so at once */
        s->delay_ms = 0;
    for (size_t i = 0; i < h->tasks.count; i++)
        if (h->tasks.list[i].state == TASK_REPORT) {
            h->tasks.list[i].since_ms = s->since_ms;
            h->tasks.list[i].delay_ms = s->delay_ms;
        }
}

static enum err hold_session(struct host *h) {
    enum err e = dm_session(h); /* it has logged how it went */
    run_plan_session(h, e == OK);
    return host_save(h);
}

enum work { WORK_NONE, WORK_ENROLL, WORK_SESSION };

struct plan {
    enum work work;
    int64_t due_ms;
    const char *key; /* WORK_ENROLL */
};

static void consider(struct plan *best, enum work work, int64_t due_ms, const char *key) {
    if (best->work == WORK_NONE || due_ms < best->due_ms)
        *best = (struct plan){work, due_ms, key};
}

/* The task of a user's profile runs while that user is signed in (windows-mdm.md, A.1). */
static bool may_run(const struct host *h, const struct task *t) {
    return strncmp(t->key, SCEP_KEY_USER, strlen(SCEP_KEY_USER)) != 0 || logon_user_is_there(h);
}

/* What comes next, now or later. */
static struct plan next_work(const struct host *h) {
    struct plan best = {WORK_NONE, 0, NULL};
    for (size_t i = 0; i < h->tasks.count; i++) {
        const struct task *t = &h->tasks.list[i];
        int64_t due = host_due_ms(h, t->since_ms, t->delay_ms);
        if (t->state == TASK_ENROLL && !may_run(h, t))
            continue;
        if (t->state == TASK_ENROLL)
            consider(&best, WORK_ENROLL, due, t->key);
        else if (h->enrollment && dm_tells_result(h, t))
            consider(&best, WORK_SESSION, due, NULL);
    }
    if (h->enrollment)
        consider(&best, WORK_SESSION, host_due_ms(h, h->schedule.since_ms, h->schedule.delay_ms),
                 NULL);
    return best;
}

bool run_is_settled(struct host *h) {
    ARENA_AUTO(a);
    bool leaves = h->enrollment && h->enrollment->leaving;
    return h->tasks.count == 0 && !leaves && scep_task_keys(h, &a)[0] != NULL;
}

bool run_has_work(const struct host *h) {
    return h->enrollment || h->tasks.count;
}

/* What the server has assigned since the last session is known after another one. */
static bool ask_for_more(struct host *h) {
    if (!h->enrollment || !run_is_settled(h))
        return false;
    h->schedule.since_ms = host_clock_ms(h);
    h->schedule.delay_ms = 0;
    return true;
}

static enum err do_work(struct host *h, const struct plan *p) {
    return p->work == WORK_ENROLL ? scep_task_run(h, p->key) : hold_session(h);
}

enum err run_step(struct host *h, int64_t *wait_ms) {
    struct plan p = next_work(h);
    int64_t wait = p.work == WORK_NONE ? NAP_MS : p.due_ms - host_clock_ms(h);
    bool due = p.work != WORK_NONE && wait <= 0;
    *wait_ms = due ? 0 : wait;
    return due ? do_work(h, &p) : OK;
}

enum err run_host(struct host *h, int64_t limit_ms, bool until_settled, bool *settled) {
    int64_t end = clock_monotonic_ms() + limit_ms;
    bool asks = until_settled && ask_for_more(h);
    for (;;) {
        int64_t wait;
        TRY(run_step(h, &wait));
        if (!wait)
            continue;
        *settled = !run_has_work(h) || (run_is_settled(h) && !(asks && h->schedule.failures));
        int64_t left = limit_ms ? end - clock_monotonic_ms() : NAP_MS;
        if ((until_settled && *settled) || !run_has_work(h) || left <= 0)
            return OK;
        wait = wait < left ? wait : left;
        usleep((unsigned)(wait < NAP_MS ? wait : NAP_MS) * 1000);
    }
}
