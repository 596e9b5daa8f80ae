/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The administrator's commands, in order and at most once: one that went out and got no Status by
 * the end of its session is unknown, since it may have run. The next ones wait until each of the
 * last has its Status.
 */
#include "store/queue.h"

#include "base/log.h"
#include "base/text.h"
#include "csp/bare.h"
#include "mdm/hardware.h"
#include "mdm/source.h"
#include "wire/mdm.h"

enum {
    MAX_COMMANDS = 50,      /* in one message */
    MAX_BODIES = 64 * 1024, /* of these, after the first */
    MAX_LOC_URI = 512,
    MAX_FORMAT = 32,
};

/* ---- what the host says ---- */

static enum err keep_results(struct tx *tx, struct exchange *x, const struct heard *h) {
    for (const struct syncml_item *i = h->results; i; i = i->next) {
        const struct queue_result r = {
            .command = h->sent->queue,
            .cmd_id = h->sent->cmd_id,
            .loc_uri = text_claim(x->a, span_trim(i->source), MAX_LOC_URI),
            .format = i->format.n ? text_claim(x->a, span_trim(i->format), MAX_FORMAT) : "chr",
            .data = i->data,
            .at = x->now};
        TRY(queue_keep_data(tx, &r));
    }
    return OK;
}

static enum err hear(struct tx *tx, struct exchange *x, const struct heard *h) {
    if (h->results)
        return keep_results(tx, x, h);
    const struct queue_result r = {.command = h->sent->queue,
                                   .cmd_id = h->sent->cmd_id,
                                   .status = h->status,
                                   .original_error = h->original_error,
                                   .at = x->now};
    return queue_keep_status(tx, &r);
}

/* ---- what became of them ---- */

static bool is_good(int64_t status) {
    return status >= 200 && status < 300 && status != SYNCML_NOT_EXECUTED &&
           status != SYNCML_ROLLED_BACK;
}

/*
 * An Atomic's Status speaks for its children; a Sequence's does not (B.4), so each of them is
 * waited for. QUEUE_SENT: the host has not said enough.
 */
static int judge(const struct queue_result *all) {
    bool atomic = all && strcmp(all->cmd, "Atomic") == 0, open = !all || !all->status, bad = false;
    for (const struct queue_result *r = all; r; r = r->next) {
        if (strcmp(r->cmd, "Results") == 0)
            continue;
        bad |= r->status && !is_good(r->status);
        open |= !r->status && !atomic && is_good(all->status);
    }
    return open ? QUEUE_SENT : bad ? QUEUE_FAILED : QUEUE_DONE;
}

static enum err settle_one(struct tx *tx, struct exchange *x, const struct queued *q) {
    struct queue_result *results;
    TRY(queue_results(tx, x->a, q->id, false, &results));
    int state = judge(results);
    if (state == QUEUE_SENT)
        return OK;
    store_log(tx, LOG_INFO, "mdm", "op=command device=%s id=%lld state=%s", x->device.device_id,
              (long long)q->id, queue_state_name(state));
    return queue_move(tx, q->id, state, x->now);
}

static enum err settle(struct tx *tx, struct exchange *x) {
    struct queued *out = NULL;
    if (x->joined)
        TRY(queue_next(tx, x->a, x->device.id, QUEUE_SENT, MAX_COMMANDS, SIZE_MAX, &out));
    for (; out; out = out->next)
        TRY(settle_one(tx, x, out));
    return x->joined && !x->ended ? OK : queue_forget(tx, x->device.id, x->now);
}

/* ---- sending ---- */

static enum err expect(struct tx *tx, struct exchange *x, const struct queued *q, unsigned cmd_id,
                       const struct bare_command *c) {
    struct queue_result r = {
        .command = q->id, .cmd_id = cmd_id, .cmd = c->verb, .loc_uri = "", .at = x->now};
    if (!c->items)
        return queue_expect(tx, &r);
    for (const struct bare_item *i = c->items; i; i = i->next) {
        r.loc_uri = arena_str(x->a, i->loc_uri);
        TRY(queue_expect(tx, &r));
    }
    return OK;
}

/* The CmdIDs are those of bare_write. */
static enum err keep(struct tx *tx, struct exchange *x, const struct queued *q, unsigned first,
                     const struct bare_command *c) {
    TRY(expect(tx, x, q, first, c));
    TRY(session_keep_queued(tx, x, first, PURPOSE_QUEUE, q->id));
    for (const struct bare_command *i = c->children; i; i = i->next) {
        TRY(expect(tx, x, q, ++first, i));
        TRY(session_keep_queued(tx, x, first, PURPOSE_QUEUE_CHILD, q->id));
    }
    return OK;
}

static enum err send(struct tx *tx, struct exchange *x, const struct queued *q,
                     const struct bare_command *c) {
    BUF_AUTO(text);
    unsigned first = x->out.next_cmd_id;
    bare_write(c, first, &text);
    syncml_write_raw(&x->out, buf_view(&text), c->count);
    TRY(keep(tx, x, q, first, c));
    return queue_move(tx, q->id, QUEUE_SENT, x->now);
}

static bool is_signed_in(const struct exchange *x) {
    const char *login = x->device.login_status;
    return login && strcmp(login, "user") == 0;
}

/* What is for ./User waits until somebody is signed in, and what is behind it waits, too. */
static enum err plan(struct tx *tx, struct exchange *x) {
    struct queued *out, *next;
    struct bare_command *c;
    if (x->device.state != DEVICE_ENROLLED || x->session.chunk_uri || hardware_is_awaited(x))
        return OK; /* `chunk_uri`: more of a result comes */
    TRY(queue_next(tx, x->a, x->device.id, QUEUE_WAITING, MAX_COMMANDS, MAX_BODIES, &next));
    if (!next)
        return OK;
    TRY(queue_next(tx, x->a, x->device.id, QUEUE_SENT, 1, SIZE_MAX, &out));
    if (out)
        return OK;
    for (; next; next = next->next) {
        if (bare_read(x->a, span_str(next->body), &c) !=
            OK) { /* it was readable when it was kept */
            TRY(queue_move(tx, next->id, QUEUE_FAILED, x->now));
            continue;
        }
        if (c->user_scope && !is_signed_in(x))
            return OK;
        TRY(send(tx, x, next, c));
    }
    return OK;
}

const struct session_source queue_source = {PURPOSE_QUEUE, PURPOSE_QUEUE_CHILD, hear, settle, plan};
