/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host is sent next: questions first (they belong to the session's first message), then the
 * roots that are not known to be there, then each profile that waits. One step at a time: a profile
 * goes only to a host that has confirmed its roots.
 */
#include "base/text.h"
#include "mdm/session.h"
#include "wire/mdm.h"

enum err session_keep(struct tx *tx, struct exchange *x, unsigned cmd_id,
                      enum command_purpose purpose, const char *enrollment, const char *loc_uri) {
    const struct sent_command c = {.msg_id = x->msg_id,
                                   .cmd_id = cmd_id,
                                   .purpose = (int)purpose,
                                   .enrollment = enrollment,
                                   .loc_uri = loc_uri};
    return command_add(tx, x->device.id, &c);
}

/* ---- questions ---- */

static enum err ask(struct tx *tx, struct exchange *x, const struct enrollment *e) {
    static const struct {
        enum command_purpose purpose;
        const char *node;
    } questions[] = {
        {PURPOSE_GET_STATUS, "Status"},
        {PURPOSE_GET_ERROR, "ErrorCode"},
        {PURPOSE_GET_THUMBPRINT, "CertThumbprint"},
        {PURPOSE_GET_RESPONDENT, "RespondentServerUrl"},
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const char *uri = arena_printf(x->a, "./%s" CSP_SCEP_ROOT "/%s/%s",
                                       e->user_scope ? "User" : "Device", e->id, questions[i].node);
        unsigned id = syncml_write_get(&x->out, uri);
        TRY(session_keep(tx, x, id, questions[i].purpose, e->id, uri));
    }
    return OK;
}

/* ---- roots ---- */

static enum err send_root(struct tx *tx, struct exchange *x, const struct root *root) {
    const char *uri =
        arena_printf(x->a, "./Device" CSP_ROOT_CERTS "/Root/%s/EncodedCertificate", root->sha1);
    BUF_AUTO(encoded);
    base64_encode(&encoded, root->der);
    unsigned id = syncml_write_add(&x->out, uri, "b64", buf_view(&encoded));
    TRY(session_keep(tx, x, id, PURPOSE_TRUST_ADD, NULL, uri));
    id = syncml_write_get(&x->out, uri);
    return session_keep(tx, x, id, PURPOSE_TRUST_GET, NULL, uri);
}

static void miss(struct exchange *x, const struct root *root, struct missing_root **list) {
    for (; *list; list = &(*list)->next)
        if (strcmp((*list)->root->sha1, root->sha1) == 0)
            return;
    *list = arena_alloc(x->a, sizeof **list);
    (*list)->root = root;
}

/* The host has just said that it did not take it: not in this session again. */
static bool was_refused(const struct exchange *x, const char *sha1) {
    for (const struct trust *t = x->trusts; t; t = t->next)
        if (strcmp(t->sha1, sha1) == 0)
            return true;
    return false;
}

static enum err look_at_roots(struct tx *tx, struct exchange *x, const struct target *t,
                              struct missing_root **roots, bool *all) {
    *all = true;
    for (size_t i = 0; i < t->root_count; i++) {
        bool trusted;
        TRY(session_trusts(tx, x, t->roots[i].sha1, &trusted));
        if (!trusted && !was_refused(x, t->roots[i].sha1))
            miss(x, &t->roots[i], roots);
        *all = *all && trusted;
    }
    return OK;
}

/* ---- */

/* ./User exists only while the enrolled user is signed in (windows-mdm.md, A.1). */
static bool is_reachable(const struct exchange *x, const struct enrollment *e) {
    const char *login = x->device.login_status;
    return !e->user_scope || (login && strcmp(login, "user") == 0);
}

enum err session_look(struct tx *tx, struct exchange *x, struct enrollment *all,
                      struct missing_root **roots, struct due_profile **profiles) {
    struct due_profile **last = profiles;
    *roots = NULL;
    *profiles = NULL;
    for (struct enrollment *e = all; e; e = e->next) {
        bool trusted;
        if (e->state != STATE_ASSIGNED || !is_reachable(x, e))
            continue;
        const struct target *t = target_of(x, e->endpoint);
        TRY(look_at_roots(tx, x, t, roots, &trusted));
        if (!trusted)
            continue;
        *last = arena_alloc(x->a, sizeof **last);
        **last = (struct due_profile){e, t, NULL};
        last = &(*last)->next;
    }
    if (*roots)
        *profiles = NULL;
    return OK;
}

enum err session_plan(struct tx *tx, struct exchange *x) {
    struct enrollment *all;
    struct missing_root *roots;
    struct due_profile *profiles;
    bool first = x->msg_id == 1;
    TRY(enrollment_list(tx, x->a, x->device.id, &all));
    for (struct enrollment *e = all; e && first; e = e->next)
        if (is_reachable(x, e) && enroll_wants_answer(e, x->now, x->hint)) {
            TRY(ask(tx, x, e));
            e->sessions++;
            TRY(enrollment_update(tx, e));
        }
    TRY(session_look(tx, x, all, &roots, &profiles));
    for (; roots; roots = roots->next)
        TRY(send_root(tx, x, roots->root));
    for (; profiles; profiles = profiles->next)
        TRY(session_deliver(tx, x, profiles));
    return session_count_unused(tx, x);
}
