/* SPDX-License-Identifier: Apache-2.0 */
#include "server/report_device.h"

#include "base/clock.h"
#include "csp/bare.h"
#include "store/assignment.h"
#include "store/device_secret.h"

enum { NEWEST = 20 };

/* Of a host that is here, whether its sessions are heard (mdm/hardware.c). */
static const char *state_of(const struct device *d) {
    bool refused = d->state == DEVICE_ENROLLED && d->hw_other;
    return refused ? "refused" : device_state_name(d->state);
}

json_t *report_host(const struct device *d) {
    json_t *out = json_object();
    report_text(out, "device_id", d->device_id);
    report_text(out, "name", d->name);
    report_text(out, "state", state_of(d));
    report_text(out, "os_version", d->os_version);
    report_text(out, "account", d->account);
    report_text(out, "other_hw_dev_id", d->hw_other);
    report_text(out, "login_status", d->login_status);
    report_text(out, "sid", d->sid);
    report_time(out, "enrolled", d->enrolled);
    report_time(out, "last_seen", d->last_seen);
    report_time(out, "left", d->left_at);
    return out;
}

json_t *report_group(const struct group *g) {
    json_t *out = json_object();
    report_text(out, "name", g->name);
    json_object_set_new(out, "members", json_integer(g->members));
    report_time(out, "created", g->created);
    return out;
}

/* ---- commands ---- */

static json_t *whose(const struct device *d) {
    return json_pack("{s:s, s:s}", "device_id", d->device_id, "name", d->name);
}

/* What keeps a command that waits from going out in the host's next session. */
static void add_obstacle(const struct bare_command *c, const struct queued *q,
                         const struct device *d, json_t *out) {
    bool signed_in = d->login_status && strcmp(d->login_status, "user") == 0;
    if (q->state == QUEUE_WAITING && c && c->user_scope && !signed_in)
        report_text(out, "waits_for", "a user who is signed in at the host");
}

enum err report_command(struct tx *tx, struct arena *a, const struct queued *q, json_t **out) {
    struct device d;
    struct bare_command *c;
    int64_t status;
    *out = NULL;
    TRY(device_by_id(tx, a, q->device, &d));
    if (bare_read(a, span_str(q->body), &c) != OK) /* it was readable when it was kept */
        c = NULL;
    TRY(queue_status(tx, q->id, &status));
    *out = json_object();
    json_object_set_new(*out, "id", json_integer(q->id));
    json_object_set_new(*out, "batch", json_integer(q->batch));
    report_text(*out, "state", queue_state_name(q->state));
    json_object_set_new(*out, "device", whose(&d));
    report_text(*out, "command", c ? bare_title(a, c) : "unreadable");
    if (status)
        json_object_set_new(*out, "status", json_integer(status));
    report_time(*out, "created", q->created);
    report_time(*out, "sent", q->sent);
    report_time(*out, "done", q->done);
    add_obstacle(c, q, &d, *out);
    return OK;
}

static json_t *report_result(const struct queue_result *r) {
    json_t *out = json_object();
    report_text(out, "cmd", r->cmd);
    if (*r->loc_uri)
        report_text(out, "loc_uri", r->loc_uri);
    if (r->status)
        json_object_set_new(out, "status", json_integer(r->status));
    report_text(out, "original_error", r->original_error);
    report_text(out, "format", r->format);
    if (r->format)
        json_object_set_new(out, "data", json_stringn((const char *)r->data.p, r->data.n));
    if (r->size > (int64_t)r->data.n)
        json_object_set_new(out, "cut_from", json_integer(r->size));
    if (r->status || r->format)
        report_time(out, "at", r->at);
    return out;
}

enum err report_add_results(struct tx *tx, struct arena *a, const struct queued *q, json_t *out) {
    struct queue_result *all;
    json_t *list = json_array();
    report_text(out, "body", q->body);
    json_object_set_new(out, "results", list);
    TRY(queue_results(tx, a, q->id, true, &all));
    for (; all; all = all->next)
        json_array_append_new(list, report_result(all));
    return OK;
}

/* ---- all of a host ---- */

static enum err add_identity(struct tx *tx, struct arena *a, const struct device *d, json_t *out) {
    struct identity i;
    enum err e = identity_latest(tx, a, d->id, &i);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    json_t *identity = json_object();
    report_time(identity, "issued", i.issued);
    report_time(identity, "not_after", i.not_after);
    json_object_set_new(out, "identity", identity);
    return OK;
}

/* Of a host that logs in by MD5; never the secret. */
static enum err add_secret(struct tx *tx, struct arena *a, const struct device *d, json_t *out) {
    struct device_secret s;
    enum err e = device_secret_get(tx, a, d->id, &s);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    json_t *secret = json_object();
    report_time(secret, "changed", s.changed);
    json_object_set_new(secret, "logins", json_integer(s.logins));
    if (s.next.n || !s.changed)
        report_text(secret, "next",
                    !s.next.n ? "asked for"
                    : s.taken ? "taken by the host"
                              : "on its way");
    json_object_set_new(out, "secret", secret);
    return OK;
}

static enum err add_groups(struct tx *tx, struct arena *a, const struct device *d, json_t *out) {
    struct group *groups;
    struct assignment *assigned;
    json_t *list = json_array(), *profiles = json_array();
    json_object_set_new(out, "groups", list);
    json_object_set_new(out, "profiles", profiles);
    TRY(group_list(tx, a, d->id, &groups));
    for (; groups; groups = groups->next)
        json_array_append_new(list, json_string(groups->name));
    TRY(assignment_list_for(tx, a, d->id, &assigned));
    for (; assigned; assigned = assigned->next)
        json_array_append_new(profiles, json_string(assigned->profile));
    return OK;
}

static enum err add_enrollments(struct tx *tx, struct arena *a, const struct device *d,
                                json_t *out) {
    struct enrollment *all;
    json_t *list = json_array();
    json_object_set_new(out, "enrollments", list);
    TRY(enrollment_list(tx, a, d->id, &all));
    for (; all; all = all->next)
        json_array_append_new(list, report_enrollment(all, d));
    return OK;
}

static enum err add_commands(struct tx *tx, struct arena *a, const struct device *d, json_t *out) {
    const struct queue_filter newest = {.device = d->id, .max = NEWEST};
    struct queued *all;
    int64_t open;
    json_t *list = json_array();
    json_object_set_new(out, "commands", list);
    TRY(queue_count_open(tx, d->id, &open));
    json_object_set_new(out, "open_commands", json_integer(open));
    TRY(queue_page(tx, a, &newest, &all));
    for (; all; all = all->next) {
        json_t *item;
        TRY(report_command(tx, a, all, &item));
        json_array_append_new(list, item);
    }
    return OK;
}

static enum err add_claim(struct tx *tx, struct arena *a, const struct device *d, json_t *out) {
    struct device other;
    if (!d->claims)
        return OK;
    TRY(device_by_id(tx, a, d->claims, &other));
    json_object_set_new(out, "claims", report_host(&other));
    return OK;
}

enum err report_add_device(struct tx *tx, struct arena *a, const struct device *d, json_t *out) {
    struct journal_entry *journal;
    report_text(out, "hw_dev_id", d->hw_dev_id);
    report_text(out, "shown_hw_dev_id", d->hw_shown);
    report_text(out, "model", d->model);
    report_text(out, "enrollment_type", d->enrollment_type);
    TRY(add_identity(tx, a, d, out));
    TRY(add_secret(tx, a, d, out));
    TRY(add_claim(tx, a, d, out));
    TRY(add_groups(tx, a, d, out));
    TRY(add_enrollments(tx, a, d, out));
    TRY(add_commands(tx, a, d, out));
    TRY(journal_of_device(tx, a, d->id, NEWEST, &journal));
    json_object_set_new(out, "journal", report_journal(journal));
    return OK;
}
