/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host is sent next: questions first (most belong to the session's first message), then the
 * CA certificates that are not known to be there, then each profile that waits. One step at a time:
 * a profile goes only to a host that has confirmed its anchors.
 */
#include "base/text.h"
#include "mdm/hardware.h"
#include "wire/mdm.h"

static enum err keep(struct exchange *x, const struct sent_command *c) {
    struct sent_command **last = &x->session.sent;
    while (*last)
        last = &(*last)->next;
    *last = arena_alloc(x->a, sizeof **last);
    **last = *c;
    (*last)->msg_id = x->msg_id;
    x->keep_reply = true;
    return OK;
}

enum err session_keep(struct tx *tx, struct exchange *x, unsigned cmd_id,
                      enum command_purpose purpose, const char *enrollment, const char *loc_uri) {
    (void)tx;
    return keep(x, &(struct sent_command){.cmd_id = cmd_id,
                                          .purpose = (int)purpose,
                                          .enrollment = enrollment,
                                          .loc_uri = loc_uri});
}

enum err session_keep_queued(struct tx *tx, struct exchange *x, unsigned cmd_id,
                             enum command_purpose purpose, int64_t queue) {
    (void)tx;
    return keep(x, &(struct sent_command){
                       .cmd_id = cmd_id, .purpose = (int)purpose, .loc_uri = "", .queue = queue});
}

/* ---- questions ---- */

const char *session_node(struct arena *a, const struct enrollment *e) {
    return arena_printf(a, "./%s%s/%s", e->user_scope ? "User" : "Device",
                        e->kind == ENROLLMENT_PFX ? CSP_PFX_ROOT : CSP_SCEP_ROOT, e->id);
}

static enum err ask(struct tx *tx, struct exchange *x, const struct enrollment *e) {
    static const struct {
        enum command_purpose purpose;
        const char *node, *of_pfx;
    } questions[] = {
        {PURPOSE_GET_STATUS, "Status", "Status"},
        {PURPOSE_GET_ERROR, "ErrorCode", NULL},
        {PURPOSE_GET_THUMBPRINT, "CertThumbprint", "Thumbprint"},
        {PURPOSE_GET_RESPONDENT, "RespondentServerUrl", NULL},
    };
    const char *of = session_node(x->a, e);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        bool pfx = e->kind == ENROLLMENT_PFX;
        const char *node = pfx ? questions[i].of_pfx : questions[i].node;
        if (!node)
            continue;
        const char *uri = arena_printf(x->a, "%s/%s", of, node);
        unsigned id = syncml_write_get(&x->out, uri);
        TRY(session_keep(tx, x, id, questions[i].purpose, e->id, uri));
    }
    return OK;
}

/* ---- trust anchors ---- */

static enum err send_anchor(struct tx *tx, struct exchange *x, const struct anchor *anchor) {
    const char *uri = arena_printf(x->a, "./Device" CSP_ROOT_CERTS "/%s/%s/EncodedCertificate",
                                   anchor->intermediate ? "CA" : "Root", anchor->sha1);
    BUF_AUTO(encoded);
    base64_encode(&encoded, anchor->der);
    unsigned id = syncml_write_add(&x->out, uri, "b64", buf_view(&encoded));
    TRY(session_keep(tx, x, id, PURPOSE_TRUST_ADD, NULL, uri));
    id = syncml_write_get(&x->out, uri);
    return session_keep(tx, x, id, PURPOSE_TRUST_GET, NULL, uri);
}

static void miss(struct exchange *x, const struct anchor *anchor, struct missing_anchor **list) {
    for (; *list; list = &(*list)->next)
        if (strcmp((*list)->anchor->sha1, anchor->sha1) == 0)
            return;
    *list = arena_alloc(x->a, sizeof **list);
    (*list)->anchor = anchor;
}

/* The host has just said that it did not take it: not in this session again. */
static bool was_refused(const struct exchange *x, const char *sha1) {
    for (const struct trust *t = x->trusts; t; t = t->next)
        if (strcmp(t->sha1, sha1) == 0)
            return true;
    return false;
}

static enum err look_at_anchors(struct tx *tx, struct exchange *x, const struct target *t,
                                struct missing_anchor **anchors, bool *all) {
    *all = true;
    for (size_t i = 0; i < t->anchor_count; i++) {
        bool trusted;
        TRY(session_trusts(tx, x, t->anchors[i].sha1, &trusted));
        if (!trusted && !was_refused(x, t->anchors[i].sha1))
            miss(x, &t->anchors[i], anchors);
        *all = *all && trusted;
    }
    return OK;
}

/* ---- */

bool session_reaches(const struct exchange *x, const struct enrollment *e) {
    const char *login = x->device.login_status;
    return !e->user_scope || (login && strcmp(login, "user") == 0);
}

enum err session_look(struct tx *tx, struct exchange *x, struct enrollment *all,
                      struct missing_anchor **anchors, struct due_profile **profiles) {
    struct due_profile **last = profiles;
    *anchors = NULL;
    *profiles = NULL;
    if (hardware_is_awaited(x))
        return OK;
    for (struct enrollment *e = all; e; e = e->next) {
        bool trusted;
        if (e->state != STATE_ASSIGNED || !session_reaches(x, e))
            continue;
        const struct target *t = target_of(x, e->endpoint);
        TRY(look_at_anchors(tx, x, t, anchors, &trusted));
        if (!trusted)
            continue;
        TRY(enrollment_body(tx, x->a, e));
        *last = arena_alloc(x->a, sizeof **last);
        **last = (struct due_profile){e, t, NULL};
        last = &(*last)->next;
    }
    if (*anchors)
        *profiles = NULL;
    return OK;
}

/* Once in each timeline: the host comes often. */
static enum err note_absent_user(struct tx *tx, const struct exchange *x, struct enrollment *e) {
    const char *text = arena_printf(x->a,
                                    "%s is for the user's store: it waits for a session in which "
                                    "the user who enrolled the host is signed in",
                                    enroll_what(e));
    struct event *events;
    TRY(enrollment_list_events(tx, x->a, e->id, &events));
    for (; events; events = events->next)
        if (strcmp(events->text, text) == 0)
            return OK;
    return enroll_record(tx, e, EVENT_NOTE, text, "login_status", x->device.login_status, NULL);
}

static enum err question(struct tx *tx, struct exchange *x, struct enrollment *e) {
    if (!session_reaches(x, e))
        return e->state == STATE_ASSIGNED ? note_absent_user(tx, x, e) : OK;
    if (!enroll_wants_answer(e, x->now, x->hint && e->kind == ENROLLMENT_SCEP))
        return OK;
    TRY(ask(tx, x, e));
    e->sessions++;
    return enrollment_update(tx, e);
}

/* Of what was imported no alert will tell: it is over when the Atomic is answered, so the host is
 * asked at once, and then as for the rest in the first message of each session. */
static bool is_time_to_ask(const struct exchange *x, const struct enrollment *e) {
    return !x->joined || (e->kind == ENROLLMENT_PFX && e->state == STATE_ACCEPTED && !e->sessions);
}

/* One PKCS#12 a message, the next with the answer to the next: a host may take no longer ones. */
static enum err deliver(struct tx *tx, struct exchange *x, const struct due_profile *due) {
    bool one_went = false;
    for (; due; due = due->next) {
        bool pfx = due->enrollment->kind == ENROLLMENT_PFX;
        if (pfx && one_went)
            continue;
        TRY(pfx ? session_deliver_pfx(tx, x, due) : session_deliver(tx, x, due));
        one_went = one_went || pfx;
    }
    return OK;
}

enum err session_plan(struct tx *tx, struct exchange *x) {
    struct enrollment *all;
    struct missing_anchor *anchors;
    struct due_profile *profiles;
    TRY(session_present(tx, x, &all));
    for (struct enrollment *e = all; e; e = e->next) {
        if (is_time_to_ask(x, e))
            TRY(question(tx, x, e));
        if (e->kind == ENROLLMENT_PFX && e->state == STATE_ASSIGNED)
            TRY(hardware_guard_key(tx, x));
    }
    TRY(session_look(tx, x, all, &anchors, &profiles));
    for (; anchors; anchors = anchors->next)
        TRY(send_anchor(tx, x, anchors->anchor));
    TRY(deliver(tx, x, profiles));
    return session_count_unused(tx, x);
}
