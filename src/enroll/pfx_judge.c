/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host says of a PKCS#12. Which certificate it must show is known before anything was sent,
 * so Thumbprint decides. Status is GetLastError after PFXImportCertStore (windows-mdm.md, A.4); a
 * host may lack that node, and then nothing follows from it.
 */
#include <stdio.h>
#include <strings.h>

#include "base/text.h"
#include "explain/hresult.h"
#include "enroll/observe.h"
#include "enroll/pfx.h"

enum { MAX_CLAIM = 64 };

static enum err is_revoked(struct tx *tx, struct arena *a, const struct enrollment *e,
                           const char *sha1, bool *out) {
    struct certificate *all;
    *out = false;
    TRY(certificate_list(tx, a, e->id, &all));
    for (; all; all = all->next)
        *out |= all->revoked && strcasecmp(all->sha1, sha1) == 0;
    return OK;
}

static enum err judge_right(struct tx *tx, struct arena *a, struct enrollment *e,
                            const struct pfx *pfx, const struct observation *seen, bool news) {
    struct cert c;
    bool revoked;
    TRY(is_revoked(tx, a, e, pfx->sha1, &revoked));
    TRY(cert_parse(pfx->cert, &c));
    if (revoked)
        return news ? enroll_record(tx, e, EVENT_ALARM,
                                    "the host holds a certificate that was revoked", "thumbprint",
                                    seen->thumbprint, NULL)
                    : OK;
    return observe_confirmed(
        tx, e, seen,
        seen->status ? "the host has the certificate: Status 0, and its Thumbprint is the SHA-1 of "
                       "the certificate that was sent"
                     : "the host has the certificate: its Thumbprint is the SHA-1 of the "
                       "certificate that was sent; it shows no Status",
        c.not_before, c.not_after);
}

static enum err judge_wrong(struct tx *tx, struct arena *a, struct enrollment *e,
                            const struct observation *seen, bool news) {
    observe_back_off(e);
    if (!news && e->state == STATE_FAILED)
        return enrollment_update(tx, e);
    return enroll_record(tx, e, EVENT_FAILED,
                         "the host shows another certificate than the one that was sent", "status",
                         seen->status, "thumbprint",
                         text_claim(a, span_str(seen->thumbprint), MAX_CLAIM), NULL);
}

static enum err judge_error(struct tx *tx, struct arena *a, struct enrollment *e,
                            const struct observation *seen, uint32_t code, bool news) {
    const struct explain_entry h = hresult_of_pfx(code);
    observe_back_off(e);
    if (!news && e->state == STATE_FAILED)
        return enrollment_update(tx, e);
    return enroll_record(tx, e, EVENT_FAILED,
                         arena_printf(a, "the host could not import the PKCS#12: Status %s, %s: %s",
                                      text_claim(a, span_str(seen->status), MAX_CLAIM), h.name,
                                      h.meaning),
                         "status", seen->status, "name", h.name, "meaning", h.meaning, "cause",
                         h.cause, "cure", h.cure, "thumbprint", seen->thumbprint, NULL);
}

static enum err judge_waiting(struct tx *tx, struct enrollment *e, const struct observation *seen) {
    return enroll_record(tx, e, EVENT_NOTE,
                         "the host has taken the PKCS#12, and shows no certificate of it", "status",
                         seen->status, NULL);
}

enum err pfx_judge(struct tx *tx, struct arena *a, struct enrollment *e,
                   const struct observation *seen, bool news) {
    struct pfx pfx;
    uint32_t code = 0;
    TRY(pfx_get(tx, a, e->id, &pfx));
    if (seen->status && !hresult_parse(span_str(seen->status), &code))
        return news ? enroll_record(tx, e, EVENT_NOTE, "the host's Status is no number", "status",
                                    seen->status, NULL)
                    : OK;
    if (code)
        return judge_error(tx, a, e, seen, code, news);
    if (!seen->thumbprint || !*seen->thumbprint)
        return news ? judge_waiting(tx, e, seen) : OK;
    return strcasecmp(seen->thumbprint, pfx.sha1) == 0 ? judge_right(tx, a, e, &pfx, seen, news)
                                                       : judge_wrong(tx, a, e, seen, news);
}
