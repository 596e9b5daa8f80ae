/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Task Scheduler: the sessions by the poll schedule, which Windows has as tasks below
 * EnterpriseMgmt, and an entry for each SCEP enrollment with the command of windows-scep.md, 6.2.
 * How Windows names that task, or whether it is one, is not known.
 */
#include "device/show.h"

#include "base/text.h"
#include "device/hresult.h"
#include "device/run.h"
#include "device/scep_settings.h"
#include "device/scep_task.h"
#include "wire/scep.h"

#define FOLDER      "\\Microsoft\\Windows\\EnterpriseMgmt\\{%s}"
#define HAS_NOT_RUN 0x00041303u /* SCHED_S_TASK_HAS_NOT_RUN */

struct row {
    const char *name, *state, *next, *last, *action;
};

static const char *time_of(struct arena *a, int64_t ms) {
    char at[SHOW_TIME_SIZE];
    return arena_str(a, span_str(show_time(ms, at)));
}

static const char *trigger(struct arena *a, const struct poll_set *p) {
    if (p->minutes <= 0)
        return "never";
    return p->number ? arena_printf(a, "every %lld min, %lld times", (long long)p->minutes,
                                    (long long)p->number)
                     : arena_printf(a, "every %lld min", (long long)p->minutes);
}

static struct row poll_row(const struct host *h, struct arena *a, int set, int active) {
    const struct schedule *s = &h->schedule;
    struct row r = {
        .name = arena_printf(a, "Schedule #%d: %s", set + 1, trigger(a, &h->enrollment->poll[set])),
        .state = set == active  ? "Ready"
                 : set < active ? "Done"
                                : "Waiting",
        .next = "",
        .last = "",
        .action = arena_printf(a, "deviceenroller.exe /o {%s} /c", h->guid),
    };
    if (set != active)
        return r;
    r.next = time_of(a, host_due_ms(h, s->since_ms, s->delay_ms));
    r.last = s->failures ? arena_printf(a, "the last %lld failed", (long long)s->failures)
             : s->polls  ? arena_printf(a, "0x0 %s", hresult_text(a, HR_OK))
                         : arena_printf(a, "0x%x The task has not yet run.", HAS_NOT_RUN);
    return r;
}

static const char *last_result(struct arena *a, const struct reg_key *k) {
    uint32_t status = CSP_SCEP_UNKNOWN, error = HR_OK;
    reg_number(k, "Status", &status);
    reg_number(k, "ErrorCode", &error);
    if (status == CSP_SCEP_PENDING)
        return "pending: the server has not decided";
    if (status != CSP_SCEP_SUCCESS && !error)
        return arena_printf(a, "0x%x The task has not yet run.", HAS_NOT_RUN);
    return arena_printf(a, "0x%x %s", error, hresult_text(a, error));
}

static struct row scep_row(struct host *h, struct arena *a, const char *key) {
    struct reg_key *k = registry_open(h->registry, key);
    const struct task *t = tasks_find(&h->tasks, key);
    struct scep_settings s;
    scep_settings_read(reg_child(k, "Install"), key, &s);
    const char *below = strchr(key, '\\');
    struct row r = {
        .name = arena_printf(a, "SCEP %s: attempt %u of %u", s.id, t ? t->attempt : s.attempt,
                             s.retry_count + 1),
        .state = !t                        ? "Done"
                 : t->state == TASK_ENROLL ? "Ready"
                                           : "To be reported",
        .next = t && t->state == TASK_ENROLL ? time_of(a, host_due_ms(h, t->since_ms, t->delay_ms))
                                             : "",
        .last = last_result(a, k),
        .action = arena_printf(a, "dmcertinst.exe -s -k \"%s\\Install\" -h %s -t %s",
                               below ? below + 1 : key, s.user_scope ? "HKCU" : "HKLM", s.id),
    };
    return r;
}

/* The set that the next poll belongs to, or POLL_SETS when all are through. */
static int active_set(const struct host *h) {
    int64_t polls = h->schedule.polls;
    for (int i = 0; i < POLL_SETS; i++) {
        const struct poll_set *p = &h->enrollment->poll[i];
        if (p->minutes > 0 && (p->number == 0 || polls < p->number))
            return i;
        polls -= p->minutes > 0 ? p->number : 0;
    }
    return POLL_SETS;
}

/* A server chose the UniqueID. */
static const char *printable(struct arena *a, const char *text) {
    return text_claim(a, span_str(text), strlen(text));
}

static void show_row(struct arena *a, const struct row *r, json_t *all, FILE *out) {
    if (all)
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", r->name, "state",
                                             r->state, "next_run", r->next, "last_result", r->last,
                                             "action", r->action));
    else
        fprintf(out, "%-44s  %-14s  %-19s  %s\n    %s\n", printable(a, r->name), r->state, r->next,
                r->last, printable(a, r->action));
}

void show_tasks(struct host *h, enum show_form form, FILE *out) {
    ARENA_AUTO(a);
    json_t *all = form == SHOW_JSON ? json_array() : NULL;
    if (!all && h->enrollment)
        fprintf(out, FOLDER "\n", h->guid);
    if (!all)
        fprintf(out, "%-44s  %-14s  %-19s  %s\n", "Name", "Status", "Next Run Time",
                "Last Run Result");
    for (int i = 0; h->enrollment && i < POLL_SETS; i++) {
        struct row r = poll_row(h, &a, i, active_set(h));
        show_row(&a, &r, all, out);
    }
    for (const char **key = scep_task_keys(h, &a); *key; key++) {
        struct row r = scep_row(h, &a, *key);
        show_row(&a, &r, all, out);
    }
    if (all)
        show_json(all, out);
}
