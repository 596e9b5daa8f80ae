/* SPDX-License-Identifier: Apache-2.0 */
/* What the host says to trust anchors, profiles and questions, gathered for outcome.c. */
#include "mdm/findings.h"

#include "base/text.h"
#include "wire/mdm.h"

enum { MAX_CLAIM = 512 }; /* bytes of a text that the host chose */

static struct finding *finding_of(struct exchange *x, const char *enrollment) {
    struct finding **at = &x->findings;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->enrollment, enrollment) == 0)
            return *at;
    *at = arena_alloc(x->a, sizeof **at);
    (*at)->enrollment = enrollment;
    return *at;
}

/* By the step of the LocURI that names it: .../{Root|CA}/{SHA-1}/EncodedCertificate. */
static struct trust *trust_of(struct exchange *x, const char *loc_uri) {
    const char *end = strrchr(loc_uri, '/'), *start = end;
    while (start && start > loc_uri && start[-1] != '/')
        start--;
    const char *sha1 = start ? arena_str(x->a, span_of(start, (size_t)(end - start))) : "";
    struct trust **at = &x->trusts;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->sha1, sha1) == 0)
            return *at;
    *at = arena_alloc(x->a, sizeof **at);
    (*at)->sha1 = sha1;
    return *at;
}

void session_free(struct exchange *x) {
    for (struct finding *f = x->findings; f; f = f->next)
        buf_free(&f->failures);
}

/* ---- a Status ---- */

static const char *last_step(const char *loc_uri) {
    const char *slash = strrchr(loc_uri, '/');
    return slash ? slash + 1 : loc_uri;
}

static const char *code_of(struct exchange *x, const struct heard *h) {
    return arena_printf(x->a, "%d", h->status);
}

static void note_child(struct exchange *x, struct finding *f, const struct heard *h) {
    const char *node = last_step(h->sent->loc_uri);
    if (strcmp(node, "Enroll") == 0)
        f->enroll_code = code_of(x, h);
    f->exists |= h->status == SYNCML_ALREADY_EXISTS && strcmp(node, f->enrollment) == 0;
    if (h->status < 300) /* done, or a victim (215, 216): the guilty one has a code of its own */
        return;
    buf_printf(&f->failures, "%s%d %s", f->failures.n ? ", " : "", h->status, node);
    if (!h->original_error)
        return;
    buf_printf(&f->failures, " (%s)", h->original_error);
    if (!f->original_error)
        f->original_error = h->original_error;
}

void findings_status(struct exchange *x, const struct heard *h) {
    const struct sent_command *sent = h->sent;
    struct finding *f = sent->enrollment ? finding_of(x, sent->enrollment) : NULL;
    if (sent->purpose == PURPOSE_TRUST_ADD)
        trust_of(x, sent->loc_uri)->add_code = code_of(x, h);
    if (sent->purpose == PURPOSE_TRUST_GET)
        trust_of(x, sent->loc_uri); /* it was spoken of: the value comes with the Results */
    if (!f)
        return;
    if (sent->purpose == PURPOSE_ATOMIC)
        f->atomic_code = code_of(x, h);
    if (sent->purpose == PURPOSE_CHILD)
        note_child(x, f, h);
    /* A value comes with the Results; another error tells nothing: 500 is no lost certificate. Of
     * the other questions 404 is usual before the outcome. */
    if (sent->purpose == PURPOSE_GET_STATUS && h->status == SYNCML_NOT_FOUND)
        f->observed = f->seen.absent = true;
    if (sent->purpose == PURPOSE_GET_THUMBPRINT && h->status == SYNCML_NOT_FOUND)
        f->named = f->nameless = true;
}

/* ---- Results ---- */

static const char *result_text(struct exchange *x, const struct syncml_item *item) {
    struct span data = span_trim(item->data);
    return data.n ? text_claim(x->a, data, MAX_CLAIM) : NULL;
}

/* The Get of an anchor: whether the host holds the very certificate. */
static enum err take_anchor(struct exchange *x, const struct heard *h) {
    uint8_t digest[DIGEST_MAX_SIZE];
    char sha1[41];
    struct span der;
    struct trust *t = trust_of(x, h->sent->loc_uri);
    if (base64_decode(x->a, h->results->data, &der) != OK || !der.n)
        return OK;
    TRY(digest_of(DIGEST_SHA1, der, digest));
    hex_upper(span_of(digest, 20), sha1);
    t->answered = true;
    t->shown = strcmp(sha1, t->sha1) == 0;
    return OK;
}

enum err findings_results(struct exchange *x, const struct heard *h) {
    const struct sent_command *sent = h->sent;
    struct finding *f = sent->enrollment ? finding_of(x, sent->enrollment) : NULL;
    const char *text = result_text(x, h->results);
    if (sent->purpose == PURPOSE_TRUST_GET)
        return take_anchor(x, h);
    if (!f)
        return OK;
    if (sent->purpose == PURPOSE_GET_STATUS) {
        f->seen.status = text;
        f->observed = true;
    }
    if (sent->purpose == PURPOSE_GET_ERROR)
        f->seen.error = text;
    if (sent->purpose == PURPOSE_GET_THUMBPRINT) {
        f->seen.thumbprint = text;
        f->named = true;
    }
    if (sent->purpose == PURPOSE_GET_RESPONDENT)
        f->seen.respondent = text ? url_without_tokens(x->a, text) : NULL;
    return OK;
}
