/* SPDX-License-Identifier: Apache-2.0 */
/* What a message's findings mean: trust confirmed, profile accepted or rejected, outcome seen. */
#include <stdlib.h>

#include "base/log.h"
#include "mdm/session.h"
#include "wire/mdm.h"

static bool is_success(const char *code) {
    int n = code ? atoi(code) : 0;
    return n == SYNCML_OK || n == SYNCML_ACCEPTED;
}

static enum err note_waiting(struct tx *tx, struct exchange *x, const char *text,
                             const char *evidence) {
    struct enrollment *all;
    TRY(enrollment_list(tx, x->a, x->device.id, &all));
    for (struct enrollment *e = all; e; e = e->next)
        if (e->state == STATE_ASSIGNED)
            TRY(enroll_record(tx, e, EVENT_NOTE, text, "thumbprint", x->ca->root_sha1, "status",
                              evidence, NULL));
    return OK;
}

/*
 * The CA certificate is confirmed when the host reads back the very bytes; a host that took it but
 * cannot show it is believed, and the timeline says so.
 */
static enum err record_trust(struct tx *tx, struct exchange *x) {
    if (!x->trust_add_code && !x->trust_get_code)
        return OK;
    bool shown = span_eq(x->trust_data, ca_root(x->ca));
    bool taken = is_success(x->trust_add_code) ||
                 (x->trust_add_code && atoi(x->trust_add_code) == SYNCML_ALREADY_EXISTS);
    if (!shown && (x->trust_data.n || !taken))
        return note_waiting(tx, x,
                            "the host did not take the CA certificate; signet tries again in its "
                            "next session",
                            x->trust_add_code);
    x->device.trusted_root = x->ca->root_sha1;
    TRY(device_trusts(tx, x->device.id, x->ca->root_sha1));
    return note_waiting(tx, x,
                        shown ? "the host trusts the CA certificate: it read it back"
                              : "the host took the CA certificate, but does not show it",
                        x->trust_add_code);
}

static enum err record_delivery(struct tx *tx, struct exchange *x, struct finding *f,
                                struct enrollment *e) {
    const char *failures = f->failures.n ? buf_cstr(&f->failures) : NULL;
    if (e->deadline || !enroll_state_open((enum enroll_state)e->state))
        return OK; /* the host repeats a message whose answer it did not get */
    const char *accepted = f->enroll_code ? f->enroll_code : f->atomic_code;
    if (is_success(f->atomic_code) && !failures)
        return enroll_accepted(tx, e, &x->mdm->enroll_policy,
                               arena_printf(x->a,
                                            "the host accepted the profile (Status %s); this does "
                                            "not say that it enrolled",
                                            accepted),
                               accepted);
    return enroll_record(tx, e, EVENT_REJECTED,
                         arena_printf(x->a, "the host rejected the profile: Atomic %s%s%s",
                                      f->atomic_code, failures ? ", because of " : "",
                                      failures ? failures : ""),
                         "status", f->atomic_code, "nodes", failures, NULL);
}

enum err session_record_outcomes(struct tx *tx, struct exchange *x) {
    TRY(record_trust(tx, x));
    for (struct finding *f = x->findings; f; f = f->next) {
        struct enrollment e;
        TRY(enrollment_get(tx, x->a, f->enrollment, &e));
        int before = e.state;
        if (f->atomic_code)
            TRY(record_delivery(tx, x, f, &e));
        if (f->observed)
            TRY(enroll_observe(tx, x->a, &e, &x->mdm->enroll_policy, &f->seen));
        x->moved |= e.state != before;
    }
    return OK;
}
