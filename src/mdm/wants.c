/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the answer to a message will need of upstreams: the message is read as mdm_work will read
 * it, and thrown away. An NDES keeps five passwords (windows-scep.md, 5), so one is asked for only
 * when its profile goes out with this very answer.
 */
#include "csp/profile.h"
#include "mdm/session.h"

enum { MAX_WANTED = 8 }; /* the rest waits for the next session */

static void want(struct exchange *x, const struct due_profile *due, struct mdm_wanted **last) {
    *last = arena_alloc(x->a, sizeof **last);
    **last = (struct mdm_wanted){.enrollment = due->enrollment->id, .upstream = due->target->name};
}

struct looking {
    struct exchange x;
    struct mdm_wanted *found;
};

static enum err look(struct tx *tx, void *user) {
    struct looking *l = user;
    struct exchange *x = &l->x;
    struct enrollment *all;
    struct missing_anchor *anchors;
    struct due_profile *due;
    struct mdm_wanted **last = &l->found;
    TRY(session_identify(tx, x));
    if (x->standing != MESSAGE_FIRST && x->standing != MESSAGE_NEXT)
        return OK;
    if (!x->joined)
        x->device.login_status = NULL;
    TRY(session_hear(tx, x));
    TRY(enrollment_list_present(tx, x->a, x->device.id, &all));
    TRY(session_look(tx, x, all, &anchors, &due));
    for (unsigned n = 0; due && n < MAX_WANTED; due = due->next)
        if (target_gives_challenges(due->target) &&
            profile_uses(span_str(due->enrollment->body), "scep.challenge")) {
            want(x, due, last);
            last = &(*last)->next;
            n++;
        }
    return OK;
}

/* ---- one message at a time for each enrollment ---- */

static void claim(const struct mdm *mdm, struct mdm_wanted **at) {
    while (*at)
        if (challenge_claim(mdm->gateway, &(*at)->claim, (*at)->enrollment))
            at = &(*at)->next;
        else
            *at = (*at)->next;
}

/* The first look may be older than the commit of a message that had the claim until now. */
static enum err look_again(struct tx *tx, void *user) {
    struct looking *l = user;
    struct mdm_wanted **at = &l->found;
    while (*at) {
        struct enrollment e;
        enum err found = enrollment_get(tx, l->x.a, (*at)->enrollment, &e);
        if (found != OK && found != ERR_NOT_FOUND)
            return found;
        if (found == OK && e.state == STATE_ASSIGNED) {
            at = &(*at)->next;
            continue;
        }
        challenge_unclaim(l->x.mdm->gateway, &(*at)->claim);
        *at = (*at)->next;
    }
    return OK;
}

static enum err claim_found(struct looking *l) {
    const struct mdm *mdm = l->x.mdm;
    if (!l->found)
        return OK;
    claim(mdm, &l->found);
    enum err e = store_read(mdm->store, look_again, l);
    if (e != OK)
        mdm_wants_done(mdm, l->found);
    return e;
}

void mdm_wants_done(const struct mdm *mdm, struct mdm_wanted *wanted) {
    for (; wanted; wanted = wanted->next)
        challenge_unclaim(mdm->gateway, &wanted->claim);
}

/* ---- */

static bool has_upstreams(const struct mdm *mdm) {
    unsigned all = 0, down;
    if (mdm->gateway)
        gateway_count(mdm->gateway, &all, &down);
    return all > 0;
}

/* A stranger is mdm_work's to refuse. */
enum err mdm_wants(struct mdm_message *m, struct mdm_wanted **out) {
    const struct exchange *of = session_exchange(m);
    *out = NULL;
    if (!has_upstreams(of->mdm))
        return OK;
    struct looking l = {.x = *of};
    l.x.looking = true;
    enum err e = store_read(of->mdm->store, look, &l);
    if (e == OK)
        e = claim_found(&l);
    session_free(&l.x);
    buf_free(&l.x.out.out);
    if (e == OK)
        *out = l.found;
    return e == ERR_AUTH || e == ERR_FORBIDDEN ? OK : e;
}
