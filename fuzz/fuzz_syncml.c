/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's message. Oracle: whatever was read can be answered, and our own reader finds every
 * answer again, with the values that the device chose.
 */
#include "syncml/syncml.h"

#include "fuzz.h"

#include "base/arena.h"

static unsigned answer(struct syncml_writer *w, const struct syncml_command *c) {
    unsigned count = 0;
    for (; c; c = c->next) {
        must(c->name.n > 0 && c->kind <= SYNCML_UNKNOWN);
        must(!c->children || c->kind == SYNCML_ATOMIC || c->kind == SYNCML_SEQUENCE);
        must(syncml_code(c) >= 0);
        for (const struct syncml_item *i = c->items; i; i = i->next)
            must(i->has_data || i->data.n == 0);
        syncml_write_status(w, 1, c->cmd_id, c->name, 200);
        count += 1 + answer(w, c->children);
    }
    return count;
}

static void compare(const struct syncml_command *sent, const struct syncml_command **echo) {
    for (; sent; sent = sent->next) {
        must(*echo && span_eq(sent->cmd_id, (*echo)->cmd_ref) && span_eq(sent->name, (*echo)->cmd));
        *echo = (*echo)->next;
        compare(sent->children, echo);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct syncml_message *m, *again;
    struct syncml_writer w = {0};
    if (syncml_parse(&a, span_of(data, size), &m) != OK)
        return 0;
    must(m->msg_id > 0 && m->source.n > 0 && m->session_id.n > 0 && m->session_id.n <= 8);
    syncml_begin(&w, m->session_id, m->msg_id, m->source, span_str("https://mdm.example"));
    if (answer(&w, m->commands) <= 2000) {
        syncml_end(&w);
        must(syncml_parse(&a, buf_view(&w.out), &again) == OK);
        must(span_eq(again->target, m->source) && again->msg_id == m->msg_id && again->final);
        const struct syncml_command *echo = again->commands;
        compare(m->commands, &echo);
        must(!echo);
    }
    buf_free(&w.out);
    return 0;
}
