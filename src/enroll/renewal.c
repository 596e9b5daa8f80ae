/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renewal: a certificate proves its holder's right to the next one (RFC 8894, 2.3 and 3.3.1.2), by
 * a RenewalReq, or by a PKCSReq as CertEnroll and others send it (windows-scep.md, 4.15). The
 * signer is found by its serial and must be what was issued byte for byte, so no chain need be
 * verified.
 *
 * The old certificate stays live until it expires: clients switch when they like. A renewal waits
 * for no approval: the name was approved when it was first given.
 */
#include "base/clock.h"
#include "ca/policy_rules.h"
#include "enroll/operation.h"
#include "wire/oid.h"
#include "x509/name.h"

enum err signer_find(struct tx *tx, struct operation *op) {
    const struct cert *signer = &op->request.signer_cert;
    struct certificate found;
    op->signer = (struct certificate){0};
    if (span_eq(signer->issuer, signer->subject))
        return OK; /* self-signed, for a first request */
    enum err e = certificate_by_serial(tx, op->a, signer->serial, &found);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (span_eq(found.der, op->request.signer) && strcmp(found.endpoint, op->endpoint->name) == 0)
        op->signer = found;
    return OK;
}

enum err signer_must_live(const struct operation *op) {
    const struct certificate *c = &op->signer;
    if (!c->id || c->revoked || op->now < c->not_before || op->now >= c->not_after)
        return err_set(ERR_REFUSED,
                       "the request must be signed with a certificate of this endpoint "
                       "that is neither revoked nor expired");
    return OK;
}

/* The certificate's alternative names, without what strong mapping added: that is ours to give. */
static enum err names_of_signer(const struct operation *op, struct span *san) {
    bool critical;
    *san = SPAN_NONE;
    if (!cert_extension(&op->request.signer_cert, OID_SUBJECT_ALT_NAME, san, &critical))
        return OK;
    return san_without_sid(op->a, *san, san);
}

static bool has_names_of_signer(const struct operation *op) {
    const struct csr *csr = &op->content.csr;
    struct span have, want;
    return name_same(csr->subject, op->request.signer_cert.subject) &&
           names_of_signer(op, &have) == OK && san_without_sid(op->a, csr->san, &want) == OK &&
           span_eq(have, want);
}

bool renewal_is_asked(const struct operation *op) {
    if (op->request.message_type == SCEP_RENEWAL_REQ)
        return true;
    return op->signer.id && (op->content.csr.challenge.n == 0 || has_names_of_signer(op));
}

static enum err check_time(const struct operation *op) {
    const struct certificate *c = &op->signer;
    char from[CLOCK_ISO_SIZE], to[CLOCK_ISO_SIZE];
    int64_t opens = c->not_after - op->endpoint->policy->renewal_window;
    if (op->now >= opens && op->now >= c->not_before && op->now < c->not_after)
        return OK;
    return err_set(ERR_TIME, "the certificate can be renewed from %s until it expires at %s",
                   clock_iso(opens, from), clock_iso(c->not_after, to));
}

static bool has_eku(struct arena *a, struct span extension, const char *wanted) {
    const char *oid;
    while (eku_next(a, &extension, &oid))
        if (strcmp(oid, wanted) == 0)
            return true;
    return false;
}

/*
 * The purposes of the certificate that signs are what its challenge promised, or an administrator
 * saw: a renewal has no more than these, whatever the endpoint might grant. None asked for: these.
 */
static enum err grant_usages_of_signer(struct tx *tx, struct operation *op) {
    struct span old = SPAN_NONE, rest;
    const char *oid;
    bool critical;
    cert_extension(&op->request.signer_cert, OID_EXT_KEY_USAGE, &old, &critical);
    if (op->content.csr.eku.n == 0)
        op->content.csr.eku = old;
    TRY(right_grant(tx, op, !op->enrollment));
    for (rest = op->grant.eku; eku_next(op->a, &rest, &oid);)
        if (!has_eku(op->a, old, oid))
            return err_set(
                ERR_REFUSED,
                "a renewal asks for the EKU %s, which the certificate that signs it does "
                "not have",
                oid);
    return OK;
}

/* Its key was made elsewhere than on the host, and may have been exported from there: whoever has
 * it is not the host for that, and signet pfx make gives the next one. */
static enum err check_kind(struct tx *tx, const struct operation *op) {
    struct enrollment e;
    if (!op->signer.enrollment)
        return OK;
    enum err found = enrollment_get(tx, op->a, op->signer.enrollment, &e);
    if (found == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    return e.kind == ENROLLMENT_PFX
               ? err_set(ERR_REFUSED, "the certificate that signed came to its host as PKCS#12, "
                                      "and is not renewed by SCEP: signet pfx make makes the next")
               : OK;
}

enum err renewal_authorize(struct tx *tx, struct operation *op) {
    const struct policy *policy = op->endpoint->policy;
    if (!op->signer.id)
        return err_set(ERR_CERT_ID,
                       "a renewal must be signed with a certificate that this endpoint has issued");
    if (policy->renewal_window == 0)
        return err_set(ERR_REFUSED, "this endpoint renews no certificates");
    if (op->signer.revoked) {
        op->alarm = "a renewal was asked for with a revoked certificate";
        return err_set(ERR_REFUSED, "the certificate that signed was revoked (%s)",
                       op->signer.reason ? op->signer.reason : "unspecified");
    }
    TRY(check_kind(tx, op));
    TRY(check_time(op));
    if (!has_names_of_signer(op))
        return err_set(ERR_REFUSED,
                       "a renewal must ask for the subject and the alternative names "
                       "of the certificate that signs it ('%s')",
                       name_text(op->a, op->request.signer_cert.subject));
    if (!policy->renewal_same_key && span_eq(op->content.csr.spki, op->request.signer_cert.spki))
        return err_set(ERR_REFUSED, "a renewal must bring a new key; renewal-same-key of the "
                                    "endpoint would allow the old one");
    op->right = RIGHT_RENEWAL;
    op->enrollment = op->signer.enrollment;
    return grant_usages_of_signer(tx, op);
}
