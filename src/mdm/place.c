/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host gives a session up without a word and begins another; it repeats a message whose answer it
 * did not get (windows-mdm.md, B.2). So each message is taken for what it is by SessionID, MsgID
 * and its digest, and each command is heard and run once.
 */
#include "mdm/place.h"

#include <arpa/inet.h>

#include "mdm/chunks.h"

enum {
    OPEN_MS = 120000,      /* so long a session with open commands keeps others out */
    REPLIES_REMEMBERED = 8 /* whose commands can still be answered */
};

/* A first message that comes again when its answer is gone begins its session anew: that does more
 * for the host than an answer without commands, and as for every session that was given up, what
 * went out is asked after before it is sent again. */
static enum standing judge(const struct exchange *x, const struct session *s) {
    const struct syncml_message *m = x->in;
    bool same = span_is(m->session_id, s->session_id), first = m->msg_id == 1 || x->login.begins;
    bool open = s->kept || s->chunk_uri;
    if (same && m->msg_id == s->in_msg && span_eq(span_of(x->digest, 32), s->request) &&
        (!first || x->before.n))
        return MESSAGE_REPEATED;
    if (first)
        return MESSAGE_FIRST;
    if (!same)
        return open && x->now - s->heard < OPEN_MS ? MESSAGE_APART : MESSAGE_FIRST;
    if (m->msg_id <= s->in_msg)
        return MESSAGE_OLD;
    return m->msg_id == s->in_msg + 1 ? MESSAGE_NEXT : MESSAGE_AHEAD;
}

enum err place_find(struct tx *tx, struct exchange *x) {
    enum err e = session_get(tx, x->a, x->device.id, &x->session);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (e == OK && x->session.kept)
        replies_find(x->mdm->replies, x->device.id, x->session.kept, x->now, x->a, &x->before);
    x->standing = e == OK ? judge(x, &x->session) : MESSAGE_FIRST;
    x->joined = x->standing == MESSAGE_NEXT;
    if (x->standing == MESSAGE_FIRST) {
        x->torn = chunks_drop(&x->session);
        x->session.sent = NULL;
        x->msg_id = x->login.begins ? x->in->msg_id : 1; /* our 401 was a message, too */
    } else {
        x->msg_id = x->session.msg_id + (x->joined ? 1 : 0);
    }
    return OK;
}

/* One host may have an IPv4 and an IPv6 address at once, and changes the latter's second half. */
static bool is_another_address(const char *a, const char *b) {
    struct in6_addr a6, b6;
    bool a_is_6 = inet_pton(AF_INET6, a, &a6) == 1, b_is_6 = inet_pton(AF_INET6, b, &b6) == 1;
    if (a_is_6 != b_is_6)
        return false;
    return a_is_6 ? memcmp(&a6, &b6, 8) != 0 : strcmp(a, b) != 0;
}

bool place_is_elsewhere(const struct exchange *x) {
    const struct session *s = &x->session;
    return (x->standing == MESSAGE_OLD || x->standing == MESSAGE_AHEAD ||
            x->standing == MESSAGE_APART) &&
           x->now - s->heard < OPEN_MS && s->peer && is_another_address(s->peer, x->peer);
}

void place_take(struct exchange *x) {
    struct session *s = &x->session;
    if (!x->joined) {
        s->session_id = arena_str(x->a, x->in->session_id);
        s->started = x->now;
    }
    s->msg_id = x->msg_id;
    s->in_msg = x->in->msg_id;
    s->peer = x->peer;
    s->request = span_of(x->digest, 32);
    s->heard = x->now;
}

/* What nothing more is to come for: children are answered with their Atomic, which is before them,
 * or by the end of what the host says then. */
static void forget_done(struct exchange *x) {
    struct sent_command **at = &x->session.sent;
    bool answered = false;
    while (*at) {
        const struct sent_command *c = *at;
        if (c->purpose == PURPOSE_ATOMIC)
            answered = c->answered;
        if (c->done || c->msg_id + REPLIES_REMEMBERED <= x->msg_id ||
            (c->purpose == PURPOSE_CHILD && answered && x->in->final))
            *at = c->next;
        else
            at = &(*at)->next;
    }
}

/* The reply is kept before the commit: who says the same in the same transaction shares its fate.
 * Where that fails, no row names the reply. */
enum err place_keep(struct tx *tx, struct exchange *x) {
    forget_done(x);
    x->session.kept = 0;
    if (x->keep_reply)
        x->session.kept =
            replies_keep(x->mdm->replies, x->device.id, buf_view(&x->out.out), x->now);
    else
        replies_drop(x->mdm->replies, x->device.id);
    return session_put(tx, x->device.id, &x->session);
}
