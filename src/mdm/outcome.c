/* SPDX-License-Identifier: Apache-2.0 */
/* What a message's findings mean: trust confirmed, profile accepted or rejected, outcome seen. */
#include <stdlib.h>

#include "base/log.h"
#include "enroll/pfx.h"
#include "mdm/session.h"
#include "wire/mdm.h"
#include "x509/cert.h"
#include "x509/name.h"

static bool is_success(const char *code) {
    int n = code ? atoi(code) : 0;
    return n == SYNCML_OK || n == SYNCML_ACCEPTED;
}

/* ---- trust anchors ---- */

static const struct anchor *find_anchor(const struct target *t, const char *sha1) {
    for (size_t i = 0; i < t->anchor_count; i++)
        if (strcmp(t->anchors[i].sha1, sha1) == 0)
            return &t->anchors[i];
    return NULL;
}

/* There may be several, of two chains behind a gateway in mode RA: which one it was. */
static const char *name_of(struct arena *a, const struct anchor *anchor) {
    struct cert c;
    return cert_parse(anchor->der, &c) == OK ? name_text(a, c.subject) : anchor->sha1;
}

static enum err note_waiting(struct tx *tx, struct exchange *x, const struct trust *t,
                             const char *text) {
    struct enrollment *all;
    TRY(session_present(tx, x, &all));
    for (struct enrollment *e = all; e; e = e->next) {
        const struct anchor *anchor =
            e->state == STATE_ASSIGNED ? find_anchor(target_of(x, e->endpoint), t->sha1) : NULL;
        if (anchor)
            TRY(enroll_event(tx, e, EVENT_NOTE,
                             arena_printf(x->a, "%s (%s)", text, name_of(x->a, anchor)),
                             "thumbprint", t->sha1, "status", t->add_code, NULL));
    }
    return OK;
}

/*
 * An anchor is confirmed when the host reads back the very certificate; a host that took it but
 * cannot show it is believed, and the timeline says so.
 */
static bool is_confirmed(const struct trust *t) {
    bool taken =
        is_success(t->add_code) || (t->add_code && atoi(t->add_code) == SYNCML_ALREADY_EXISTS);
    return t->shown || (taken && !t->answered);
}

enum err session_trusts(struct tx *tx, const struct exchange *x, const char *sha1, bool *out) {
    for (const struct trust *t = x->trusts; t; t = t->next)
        if (strcmp(t->sha1, sha1) == 0 && is_confirmed(t)) {
            *out = true;
            return OK;
        }
    return device_trusts(tx, x->device.id, sha1, out);
}

static enum err record_trust(struct tx *tx, struct exchange *x, const struct trust *t) {
    if (!is_confirmed(t))
        return note_waiting(tx, x, t,
                            "the host did not take the CA certificate; signet tries again in its "
                            "next session");
    TRY(device_add_trust(tx, x->device.id, t->sha1));
    return note_waiting(tx, x, t,
                        t->shown ? "the host trusts the CA certificate: it read it back"
                                 : "the host took the CA certificate, but does not show it");
}

/* ---- profiles ---- */

/*
 * A PKCS#12's node is there already: an Atomic before has come to the host, whatever became of it,
 * so it is asked, as after a lost answer. Once: where that tells nothing, it is a refusal.
 */
static enum err was_there(struct tx *tx, struct exchange *x, const struct finding *f,
                          struct enrollment *e, bool *out) {
    static const char text[] = "the host has the PKCS#12's node already: it is asked what is there";
    struct event *all;
    *out = e->kind == ENROLLMENT_PFX && f->exists;
    if (!*out)
        return OK;
    TRY(enrollment_list_events(tx, x->a, e->id, &all));
    for (; all; all = all->next)
        *out = *out && strcmp(all->text, text) != 0;
    return *out ? enroll_record(tx, e, EVENT_NOTE, text, "status", f->atomic_code, NULL) : OK;
}

static enum err record_delivery(struct tx *tx, struct exchange *x, struct finding *f,
                                struct enrollment *e) {
    const char *failures = f->failures.n ? buf_cstr(&f->failures) : NULL;
    bool there;
    if (e->deadline || !enroll_state_open((enum enroll_state)e->state))
        return OK; /* the host repeats a message whose answer it did not get */
    const char *accepted = f->enroll_code ? f->enroll_code : f->atomic_code;
    if (is_success(f->atomic_code) && !failures)
        return enroll_accepted(tx, e, &x->mdm->enroll_policy,
                               arena_printf(x->a,
                                            "the host accepted %s (Status %s); this does not say "
                                            "that it %s",
                                            enroll_what(e), accepted,
                                            e->kind == ENROLLMENT_PFX ? "imported it" : "enrolled"),
                               accepted);
    TRY(was_there(tx, x, f, e, &there));
    if (there)
        return OK;
    TRY(enroll_record(
        tx, e, EVENT_REJECTED,
        arena_printf(x->a, "the host rejected %s: Atomic %s%s%s", enroll_what(e), f->atomic_code,
                     failures ? ", because of " : "", failures ? failures : ""),
        "status", f->atomic_code, "nodes", failures, "original_error", f->original_error, NULL));
    return enroll_pfx_rejected(tx, x->a, e);
}

/* Of PKCS#12 a host may lack Status, and have the node all the same: both tell that there is none.
 * Without any value, an error other than 404 tells nothing. */
static bool tells_of_pfx(struct finding *f) {
    f->seen.absent = f->seen.absent && f->nameless;
    return f->named && (f->observed || f->seen.thumbprint);
}

/* A host that has had its certificate is judged by what it names: when it has not answered that, it
 * is asked again in its next session. */
static bool tells(struct finding *f, const struct enrollment *e) {
    if (e->kind == ENROLLMENT_PFX)
        return tells_of_pfx(f);
    return f->observed && (f->named || f->seen.absent || !enroll_is_kept(e));
}

enum err session_record_outcomes(struct tx *tx, struct exchange *x) {
    for (const struct trust *t = x->trusts; t; t = t->next)
        TRY(record_trust(tx, x, t));
    for (struct finding *f = x->findings; f; f = f->next) {
        struct enrollment *e;
        TRY(session_enrollment(tx, x, f->enrollment, &e));
        int before = e->state;
        if (f->atomic_code)
            TRY(record_delivery(tx, x, f, e));
        if (tells(f, e)) {
            x->listed = !enroll_is_kept(e); /* else a successor may be made */
            TRY(enroll_observe(tx, x->a, e, x->present, &x->mdm->enroll_policy, &f->seen));
        }
        x->moved |= e->state != before;
    }
    return OK;
}
