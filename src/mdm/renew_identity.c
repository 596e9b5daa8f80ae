/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RequestType Renew (ROBO, windows-mdm.md, C.8): a host renews its identity by itself. The proof is
 * a CMS signature by the present one; the account is not asked. The present one stays good until
 * the new one comes in a session: else an answer that is lost would lose the host.
 */
#include "base/clock.h"
#include "mdm/enrolling.h"
#include "mdm/renewal_proof.h"

/* A day more than the host was told: clocks differ. */
#define WINDOW_MS ((RENEW_DAYS + 1) * DAY_MS)

static enum err not_eligible(struct enrolling *q, const char *why) {
    return enrolling_refuse(q, MDE_NOT_ELIGIBLE_TO_RENEW, err_set(ERR_FORBIDDEN, "%s", why));
}

struct renewing {
    struct enrolling *q;
    struct span sha256; /* of the identity that signed */
    struct identity identity;
    struct new_identity *n;
};

static enum err judge(struct enrolling *q, const struct identity *i, const struct device *d) {
    if (i->revoked)
        return not_eligible(q, "the identity that signs the renewal is revoked");
    if (i->not_after < q->now)
        return not_eligible(q, "the identity that signs the renewal has expired");
    if (i->not_after - q->now > WINDOW_MS)
        return not_eligible(q, "it is too early: identities are renewed in their last 42 days");
    if (d->state != DEVICE_ENROLLED)
        return not_eligible(q, "the host has left");
    if (d->hw_other)
        return not_eligible(q, "the host has shown another hardware than before: signet device "
                               "confirm or signet device reject settles it");
    return OK;
}

static enum err find_device(struct tx *tx, void *user) {
    struct renewing *r = user;
    struct enrolling *q = r->q;
    enum err e = identity_get(tx, q->a, r->sha256, &r->identity);
    if (e == ERR_NOT_FOUND)
        return not_eligible(q, "the identity that signs the renewal was not issued here");
    TRY(e);
    return device_by_id(tx, q->a, r->identity.device, &r->n->device);
}

/* Looked at once more: another request may have ended it since. */
static enum err commit_renewal(struct tx *tx, void *user) {
    struct renewing *r = user;
    struct identity before;
    bool repeat;
    TRY(find_device(tx, r));
    TRY(judge(r->q, &r->identity, &r->n->device));
    TRY(enrolling_find_repeat(tx, r->q->a, &r->n->device, &r->n->identity, r->q->now, &before,
                              &repeat));
    if (repeat) {
        r->n->identity = before;
        return OK;
    }
    TRY(enrolling_check_rate(tx, r->q, &r->n->device, true));
    return identity_add(tx, &r->n->identity);
}

/* A renewal's context may say nothing of the device; what it says must be right. */
static enum err check_context(struct enrolling *q, const struct mde_request_token *r,
                              const struct device *d) {
    if (r->device_id.n && !span_is_nocase(r->device_id, d->device_id))
        return enrolling_refuse(q, MDE_INVALID_ENROLLMENT_DATA,
                                err_set(ERR_REFUSED, "the identity is of another device"));
    return OK;
}

enum err enrolling_renew(struct enrolling *q, const struct mde_request_token *r,
                         struct new_identity *n, struct buf *doc) {
    uint8_t sha256[DIGEST_MAX_SIZE];
    struct renewal_proof *proof;
    struct span cert, der;
    struct csr csr;
    if (q->h.ambiguous)
        return enrolling_refuse(q, MDE_INVALID_SECURITY,
                                err_set(ERR_AUTH, "the Security header says twice who asks"));
    TRY(renewal_proof_read(q->a, r->content, &proof, &cert));
    TRY(digest_of(DIGEST_SHA256, cert, sha256));
    struct renewing renewing = {.q = q, .sha256 = span_of(sha256, 32), .n = n};
    TRY(store_read(q->mdm->store, find_device, &renewing));
    TRY(renewal_proof_verify(q->a, proof, &der)); /* of strangers' keys nothing is computed */
    TRY(judge(q, &renewing.identity, &n->device));
    TRY(check_context(q, r, &n->device));
    TRY(enrolling_check_csr(q, der, n->device.device_id, &csr));
    TRY(enrolling_sign(q, &csr, n));
    n->user_store = !n->device.enrollment_type || strcmp(n->device.enrollment_type, "Device") != 0;
    TRY(store_write(q->mdm->store, commit_renewal, &renewing));
    const struct mde_provisioning p = {.root_cert = q->mdm->authority->device_ca_cert,
                                       .device_cert = n->identity.der,
                                       .user_store = n->user_store,
                                       .provider_id = q->mdm->provider_id};
    return mde_write_renewal(doc, &p);
}
