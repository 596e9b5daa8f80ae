/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host shall have is brought up to date at the start of its session, so that one that was
 * away catches up: what it is assigned, what is to be renewed. What it shall have no more is
 * deleted, outside of any Atomic, and a Get of the node proves that it is gone: 404 to it, or to
 * the Delete. An error of the Delete, such as 500, tells nothing.
 */
#include "enroll/life.h"
#include "mdm/source.h"
#include "wire/mdm.h"

static enum err hear(struct tx *tx, struct exchange *x, const struct heard *h) {
    struct enrollment e;
    if (h->results || h->status != SYNCML_NOT_FOUND)
        return OK;
    TRY(enrollment_get(tx, x->a, h->sent->enrollment, &e));
    int before = e.state;
    TRY(enroll_removed(tx, x->a, &e, "404"));
    x->listed = false;
    x->moved |= e.state != before;
    return OK;
}

static enum err settle(struct tx *tx, struct exchange *x) {
    if (x->joined || x->leaves)
        return OK;
    x->listed = true;
    return enroll_catch_up(tx, x->a, &x->device, x->now, &x->present, &x->moved);
}

static enum err remove_node(struct tx *tx, struct exchange *x, struct enrollment *e) {
    /* Of PKCS#12 a host may lack Status, and its 404 would prove nothing. */
    const char *node = session_node(x->a, e);
    const char *proof =
        arena_printf(x->a, "%s/%s", node, e->kind == ENROLLMENT_PFX ? "Thumbprint" : "Status");
    unsigned id = syncml_write_delete(&x->out, node);
    TRY(session_keep(tx, x, id, PURPOSE_DELETE, e->id, node));
    id = syncml_write_get(&x->out, proof);
    TRY(session_keep(tx, x, id, PURPOSE_GONE, e->id, proof));
    return enroll_removal_sent(tx, e);
}

/* In a session's first message; and when the host has just shown what replaces another one: only
 * what it was not told before, then. */
static enum err plan(struct tx *tx, struct exchange *x) {
    struct enrollment *all;
    if ((x->joined && !x->moved) || x->leaves)
        return OK;
    TRY(session_present(tx, x, &all));
    for (; all; all = all->next)
        if (enroll_wants_removal(all) && session_reaches(x, all) && !(x->joined && all->sessions))
            TRY(remove_node(tx, x, all));
    return OK;
}

const struct session_source removal_source = {PURPOSE_DELETE, PURPOSE_GONE, hear, settle, plan};
