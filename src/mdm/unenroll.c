/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that leaves: because its user says so, or because it is told to. To that it gives no
 * Status but the same alert, in a session of its own, if anything (windows-mdm.md, C.9): it is told
 * again in each session. The alert comes once: it counts whatever else the message says, and the
 * host still gets its answer.
 */
#include "base/log.h"
#include "enroll/life.h"
#include "mdm/source.h"
#include "wire/mdm.h"

static enum err hear(struct tx *tx, struct exchange *x, const struct heard *h) {
    if (h->status >= 300)
        store_log(tx, LOG_WARN, "mdm", "op=unenroll device=%s status=%d", x->device.device_id,
                  h->status);
    return OK;
}

static enum err settle(struct tx *tx, struct exchange *x) {
    if (!x->leaves)
        return OK;
    x->listed = false;
    return enroll_leave(tx, x->a, &x->device,
                        x->device.state == DEVICE_LEAVING ? "the host has left, as it was told"
                                                          : "the user has unenrolled the host",
                        &x->moved);
}

static enum err plan(struct tx *tx, struct exchange *x) {
    if (x->device.state != DEVICE_LEAVING || x->joined)
        return OK;
    const char *id = x->mdm->provider_id;
    const char *uri = arena_printf(x->a, "./Device" CSP_DM_CLIENT "/Provider/%s/Unenroll", id);
    return session_keep(tx, x, syncml_write_exec(&x->out, uri, "chr", span_str(id)),
                        PURPOSE_UNENROLL, NULL, uri);
}

const struct session_source unenroll_source = {PURPOSE_UNENROLL, PURPOSE_UNENROLL, hear, settle,
                                               plan};
