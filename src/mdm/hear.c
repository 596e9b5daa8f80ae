/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host says: to each command that it was sent, once, and of itself. Every command of its own
 * gets a Status.
 */
#include "base/log.h"
#include "base/text.h"
#include "mdm/chunks.h"
#include "mdm/findings.h"
#include "mdm/hardware.h"
#include "mdm/report.h"
#include "wire/mdm.h"

/* ---- what it says to our commands ---- */

static struct sent_command *find_sent(const struct exchange *x, const struct syncml_command *c) {
    int64_t msg, cmd;
    if (!span_int(c->msg_ref, &msg) || !span_int(c->cmd_ref, &cmd))
        return NULL;
    for (struct sent_command *s = x->session.sent; s; s = s->next)
        if (s->msg_id == msg && s->cmd_id == cmd)
            return s;
    return NULL;
}

static enum err tell(struct tx *tx, struct exchange *x, const struct heard *h) {
    const struct session_source *source = session_source_of(h->sent->purpose);
    if (source)
        return x->looking ? OK : source->hear(tx, x, h);
    if (h->results)
        return findings_results(x, h);
    findings_status(x, h);
    return OK;
}

/* Whether a command of that purpose may bring Results, or be one that does. */
static bool brings_results(int purpose) {
    return purpose == PURPOSE_TRUST_GET || purpose == PURPOSE_GONE ||
           (purpose >= PURPOSE_GET_STATUS && purpose <= PURPOSE_GET_RESPONDENT) ||
           purpose == PURPOSE_VERSION_NOW || purpose == PURPOSE_VERSION_MAX ||
           purpose == PURPOSE_HARDWARE || purpose == PURPOSE_QUEUE ||
           purpose == PURPOSE_QUEUE_CHILD;
}

static enum err take_status(struct tx *tx, struct exchange *x, const struct syncml_command *c) {
    if (span_is(c->cmd_ref, "0")) /* the header's */
        return OK;
    struct sent_command *sent = find_sent(x, c);
    if (!sent || sent->answered) {
        x->unasked = true;
        return OK;
    }
    int code = syncml_code(c);
    sent->answered = true;
    sent->done = code >= 300 || !brings_results(sent->purpose);
    const char *error = c->original_error.n ? text_claim(x->a, c->original_error, 32) : NULL;
    const struct heard heard = {sent, code, error, NULL};
    return tell(tx, x, &heard);
}

static enum err take_results(struct tx *tx, struct exchange *x, struct syncml_command *c,
                             int *code) {
    struct sent_command *sent = find_sent(x, c);
    if (!sent || sent->shown) {
        x->unasked = true;
        return OK;
    }
    *code = chunks_take(x, c);
    if (!c->items)
        return OK;
    sent->shown = sent->purpose < PURPOSE_QUEUE; /* an administrator's Get may have several */
    const struct heard heard = {sent, 0, NULL, c->items};
    return tell(tx, x, &heard);
}

/* ---- what it sends of itself ---- */

static bool is_leaving(const struct syncml_command *alert) {
    for (const struct syncml_item *i = alert->items; i; i = i->next)
        if (span_is(i->type, ALERT_TYPE_UNENROLL))
            return true;
    return false;
}

bool session_says_it_leaves(const struct exchange *x) {
    for (const struct syncml_command *c = x->in->commands; c; c = c->next)
        if (c->kind == SYNCML_ALERT && is_leaving(c))
            return true;
    return false;
}

static void take_alert(struct exchange *x, const struct syncml_command *c) {
    if (syncml_code(c) == ALERT_SESSION_ABORT)
        x->ended = true;
    for (struct syncml_item *i = c->items; i; i = i->next) {
        if (span_is(i->type, ALERT_TYPE_SCEP_RESULT))
            x->hint = true;
        if (span_is(i->type, ALERT_TYPE_LOGIN_STATUS))
            x->device.login_status = text_claim(x->a, span_trim(i->data), 32);
    }
    x->leaves |= is_leaving(c);
}

static bool has_more(const struct syncml_command *c) {
    const struct syncml_item *i = c->items;
    while (i && !i->more_data)
        i = i->next;
    return i != NULL;
}

static int status_for(const struct syncml_command *c) {
    switch (c->kind) {
    case SYNCML_ALERT:
    case SYNCML_REPLACE: /* DevInfo */
        return SYNCML_OK;
    case SYNCML_RESULTS:
        return has_more(c) ? SYNCML_CHUNK_TAKEN : SYNCML_OK;
    case SYNCML_UNKNOWN:
        return SYNCML_BAD_REQUEST;
    default:
        return SYNCML_NOT_ALLOWED; /* a host has no commands for a server */
    }
}

static enum err hear_command(struct tx *tx, struct exchange *x, struct syncml_command *c,
                             int *code) {
    if (c->kind == SYNCML_RESULTS)
        TRY(take_results(tx, x, c, code));
    if (c->kind == SYNCML_ALERT)
        take_alert(x, c);
    if (c->kind == SYNCML_REPLACE)
        hardware_hear(x, c);
    return OK;
}

/* A repeated message is answered, and not heard. */
enum err session_hear(struct tx *tx, struct exchange *x) {
    bool deaf = x->standing == MESSAGE_REPEATED;
    for (struct syncml_command *c = x->in->commands; c; c = c->next) {
        if (c->kind == SYNCML_STATUS) {
            if (!deaf)
                TRY(take_status(tx, x, c));
            continue;
        }
        int usual = status_for(c), code = usual;
        if (!c->cmd_id.n)
            code = usual = SYNCML_BAD_REQUEST;
        else if (!deaf)
            TRY(hear_command(tx, x, c, &code));
        x->keep_reply |= code != usual;
        syncml_write_status(&x->out, x->in->msg_id, c->cmd_id, c->name, code);
    }
    return OK;
}

enum err session_report(struct tx *tx, const struct exchange *x) {
    if (x->unasked)
        TRY(report_misuse(tx, x, "the host answers commands that it was not sent"));
    if (x->torn)
        TRY(report_misuse(tx, x, "a large result of the host broke off"));
    if (x->too_large)
        TRY(report_misuse(tx, x, "a result of the host was too large to be kept"));
    return OK;
}
