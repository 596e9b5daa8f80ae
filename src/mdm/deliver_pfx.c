/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending a PKCS#12: one Atomic, in which the file comes last, since its Add has the host import it
 * with what it has been told before (windows-mdm.md, A.4).
 */
#include "base/text.h"
#include "enroll/life.h"
#include "enroll/pfx.h"
#include "mdm/session.h"
#include "wire/mdm.h"

/* PFXKeyExportable means something there only, and is true by default. */
enum { LOCATION_SOFTWARE = 3 };

static enum err add(struct tx *tx, struct exchange *x, const struct enrollment *e, const char *node,
                    const char *format, struct span value) {
    const char *uri = arena_printf(x->a, "%s/%s", session_node(x->a, e), node);
    unsigned id = syncml_write_add(&x->out, uri, format, value);
    return session_keep(tx, x, id, PURPOSE_CHILD, e->id, uri);
}

static enum err write_atomic(struct tx *tx, struct exchange *x, const struct enrollment *e,
                             const struct pfx *pfx, const char *password, struct span file) {
    BUF_AUTO(blob);
    const char *node = session_node(x->a, e);
    const char *location = arena_printf(x->a, "%d", (int)pfx->key_location);
    base64_encode(&blob, file);
    unsigned atomic = syncml_open_atomic(&x->out);
    TRY(session_keep(tx, x, atomic, PURPOSE_ATOMIC, e->id, ""));
    TRY(session_keep(tx, x, syncml_write_node(&x->out, node), PURPOSE_CHILD, e->id, node));
    TRY(add(tx, x, e, "KeyLocation", "int", span_str(location)));
    if (pfx->key_location == LOCATION_SOFTWARE)
        TRY(add(tx, x, e, "PFXKeyExportable", "bool",
                span_str(pfx->exportable ? "true" : "false")));
    TRY(add(tx, x, e, "PFXCertPassword", "chr", span_str(password)));
    TRY(add(tx, x, e, "PFXCertBlob", "bin", buf_view(&blob)));
    syncml_close_atomic(&x->out);
    return OK;
}

static enum err was_revoked(struct tx *tx, struct exchange *x, struct enrollment *e) {
    TRY(enroll_record(tx, e, EVENT_REJECTED, "the certificate was revoked before it could be sent",
                      NULL));
    return enroll_pfx_rejected(tx, x->a, e);
}

/* True: it is no good any more, and dropped. Somebody has revoked it, or the host was away for too
 * long. */
static enum err drop(struct tx *tx, struct exchange *x, struct enrollment *e, const struct pfx *pfx,
                     bool *out) {
    struct cert cert;
    bool revoked;
    TRY(cert_parse(pfx->cert, &cert));
    TRY(enroll_was_revoked(tx, x->a, e, &revoked));
    *out = revoked || cert.not_after <= x->now;
    x->moved |= *out;
    if (!*out)
        return OK;
    return revoked ? was_revoked(tx, x, e) : enroll_pfx_ended(tx, x->a, e);
}

static enum err record_sent(struct tx *tx, struct exchange *x, struct enrollment *e,
                            const struct pfx *pfx) {
    return enroll_record(tx, e, EVENT_SENT, "the PKCS#12 was sent to the host in one Atomic",
                         "session", text_claim(x->a, x->in->session_id, 32), "thumbprint",
                         pfx->sha1, "endpoint", *e->endpoint ? e->endpoint : NULL, NULL);
}

/* What was issued here goes with its chain, so that endpoint must be there; what was given by
 * somebody else has none that is known. */
static enum err open_it(struct exchange *x, const struct due_profile *due, const struct pfx *pfx,
                        const char **password, struct span *file) {
    if (*due->enrollment->endpoint && due->target->problem)
        return err_set(ERR_NOT_FOUND, "%s", due->target->problem);
    return pfx_unpack(x->mdm->authority, x->a, pfx, password, file);
}

enum err session_deliver_pfx(struct tx *tx, struct exchange *x, const struct due_profile *due) {
    struct enrollment *e = due->enrollment;
    struct pfx pfx;
    const char *password;
    struct span file;
    bool dropped;
    TRY(pfx_get(tx, x->a, e->id, &pfx));
    TRY(drop(tx, x, e, &pfx, &dropped));
    if (dropped)
        return OK;
    enum err opened = open_it(x, due, &pfx, &password, &file);
    if (opened != OK)
        return session_unsendable(tx, x, e, opened);
    TRY(write_atomic(tx, x, e, &pfx, password, file));
    return record_sent(tx, x, e, &pfx);
}
