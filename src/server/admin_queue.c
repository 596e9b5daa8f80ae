/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's SyncML commands for hosts: what waits, what went out, what came of it. */
#include "base/clock.h"
#include "csp/bare.h"
#include "server/admin_target.h"
#include "server/report_device.h"
#include "store/queue.h"

enum {
    MAX_BODY = 1024 * 1024,
    MAX_OPEN = 1000,      /* that wait for one host */
    MAX_SIZE = 256 << 20, /* of one command.send, for all hosts of a group */
    DEFAULT_LIST = 100,
    MAX_LIST = 200,
};

/* ---- send ---- */

struct sending {
    struct bare_command *commands;
    const char **bodies; /* as they are kept */
    size_t size;         /* of all of them */
    int64_t count, hosts, skipped, batch;
    json_t *ids; /* NULL: not told */
};

static enum err read_commands(struct admin_call *c, struct sending *s) {
    const char *body;
    TRY(admin_argument(c, "body", MAX_BODY, &body));
    TRY(bare_read(c->a, span_str(body), &s->commands));
    for (const struct bare_command *b = s->commands; b; b = b->next)
        s->count++;
    s->bodies = arena_alloc(c->a, (size_t)s->count * sizeof *s->bodies);
    const char **at = s->bodies;
    for (const struct bare_command *b = s->commands; b; b = b->next) {
        BUF_AUTO(text);
        bare_write(b, 1, &text);
        *at++ = arena_str(c->a, buf_view(&text));
        s->size += text.n;
    }
    return OK;
}

static enum err send_to(struct tx *tx, struct sending *s, const struct device *d) {
    int64_t open;
    TRY(queue_count_open(tx, d->id, &open));
    if (open + s->count > MAX_OPEN)
        return err_set(ERR_LIMIT,
                       "%lld commands wait for the host %s, and there may be %d: signet command "
                       "cancel, or wait until it was seen",
                       (long long)open, d->device_id, MAX_OPEN);
    for (int64_t i = 0; i < s->count; i++) {
        struct queued q = {
            .device = d->id, .batch = s->batch, .body = s->bodies[i], .created = clock_ms()};
        TRY(queue_add(tx, &q));
        s->batch = q.batch;
        if (s->ids)
            json_array_append_new(s->ids, json_integer(q.id));
    }
    s->hosts++;
    return OK;
}

/* Members that are leaving or have left get nothing. */
static enum err send_to_group(struct tx *tx, struct sending *s, const struct group *g) {
    bool busy;
    TRY(queue_group_is_busy(tx, g->id, MAX_OPEN - s->count, &busy));
    if (busy)
        return err_set(ERR_LIMIT,
                       "for a host of the group '%s' more than %lld commands wait: signet command "
                       "list --state waiting shows them",
                       g->name, (long long)(MAX_OPEN - s->count));
    if (g->members && s->size > MAX_SIZE / (size_t)g->members)
        return err_set(ERR_LIMIT,
                       "commands of %zu bytes for each of %lld hosts are too many at once", s->size,
                       (long long)g->members);
    for (int64_t i = 0; i < s->count; i++) {
        struct queued q = {.batch = s->batch, .body = s->bodies[i], .created = clock_ms()};
        TRY(queue_add_for_group(tx, g->id, &q, &s->hosts));
        s->batch = q.batch;
    }
    s->skipped = g->members - s->hosts;
    return s->hosts ? OK
                    : err_set(ERR_CONFLICT,
                              "the group '%s' has no host that is here: signet group "
                              "add %s HOST",
                              g->name, g->name);
}

static enum err command_send(struct tx *tx, struct admin_call *c) {
    struct admin_target to;
    struct sending s = {0};
    TRY(admin_target(tx, c, "device", &to));
    TRY(read_commands(c, &s));
    if (to.is_group) {
        TRY(send_to_group(tx, &s, &to.group));
        admin_put(c, "group", json_string(to.group.name));
    } else {
        TRY(admin_host_is_here(&to.device));
        s.ids = admin_put_list(c, "commands");
        TRY(send_to(tx, &s, &to.device));
        admin_put(c, "device", report_host(&to.device));
    }
    admin_put(c, "batch", json_integer(s.batch));
    admin_put(c, "count", json_integer(s.count));
    admin_put(c, "hosts", json_integer(s.hosts));
    admin_put(c, "skipped", json_integer(s.skipped));
    return OK;
}

/* ---- list and show ---- */

static enum err read_filter(struct tx *tx, struct admin_call *c, struct queue_filter *f) {
    const char *state, *host;
    struct device d;
    TRY(admin_optional(c, "state", &state));
    TRY(admin_optional(c, "device", &host));
    TRY(admin_number(c, "batch", 1, INT64_MAX, 0, &f->batch));
    TRY(admin_number(c, "before", 1, INT64_MAX, 0, &f->before));
    TRY(admin_number(c, "max", 1, MAX_LIST, DEFAULT_LIST, &f->max));
    f->state = state ? queue_state_parse(state) : 0;
    if (state && !f->state)
        return err_set(ERR_USAGE,
                       "'%s' is no state; there are waiting, sent, done, failed, unknown and "
                       "cancelled",
                       state);
    if (host)
        TRY(device_find(tx, c->a, host, &d));
    f->device = host ? d.id : 0;
    return OK;
}

/* A list tells in "next" from where on to ask for the rest. */
static enum err command_list(struct tx *tx, struct admin_call *c) {
    struct queue_filter f = {0};
    struct queued *all;
    int64_t count = 0;
    json_t *list = admin_put_list(c, "commands");
    TRY(read_filter(tx, c, &f));
    TRY(queue_page(tx, c->a, &f, &all));
    for (; all; all = all->next) {
        json_t *item;
        TRY(report_command(tx, c->a, all, &item));
        json_array_append_new(list, item);
        if (++count == f.max)
            admin_put(c, "next", json_integer(all->id));
    }
    return OK;
}

static enum err find(struct tx *tx, struct admin_call *c, struct queued *out) {
    int64_t id;
    TRY(admin_number(c, "id", 1, INT64_MAX, 0, &id));
    if (!id)
        return err_set(ERR_USAGE, "the argument 'id' is missing");
    return queue_get(tx, c->a, id, out);
}

static enum err command_show(struct tx *tx, struct admin_call *c) {
    struct queued q;
    json_t *out;
    TRY(find(tx, c, &q));
    TRY(report_command(tx, c->a, &q, &out));
    admin_put(c, "command", out);
    return report_add_results(tx, c->a, &q, out);
}

/* ---- cancel and retry ---- */

static enum err command_cancel(struct tx *tx, struct admin_call *c) {
    struct queued q;
    TRY(find(tx, c, &q));
    if (q.state != QUEUE_WAITING)
        return err_set(ERR_CONFLICT, "command %lld is %s: only one that waits can be cancelled",
                       (long long)q.id, queue_state_name(q.state));
    return queue_move(tx, q.id, QUEUE_CANCELLED, clock_ms());
}

/* What the host said to the first one stays; the new one has an id of its own. */
static enum err command_retry(struct tx *tx, struct admin_call *c) {
    struct queued q;
    struct device d;
    struct sending s = {.count = 1};
    TRY(find(tx, c, &q));
    TRY(device_by_id(tx, c->a, q.device, &d));
    TRY(admin_host_is_here(&d));
    if (q.state == QUEUE_WAITING || q.state == QUEUE_SENT)
        return err_set(ERR_CONFLICT, "command %lld is %s: its outcome is not known yet",
                       (long long)q.id, queue_state_name(q.state));
    s.bodies = &q.body;
    TRY(send_to(tx, &s, &d));
    admin_put(c, "id", json_integer(s.batch));
    return OK;
}

const struct admin_command admin_queue_commands[] = {
    {"command.send", command_send, ADMIN_WRITES, NULL},
    {"command.list", command_list, ADMIN_READS, NULL},
    {"command.show", command_show, ADMIN_READS, NULL},
    {"command.cancel", command_cancel, ADMIN_WRITES, NULL},
    {"command.retry", command_retry, ADMIN_WRITES, NULL},
    {NULL, NULL, ADMIN_READS, NULL},
};
