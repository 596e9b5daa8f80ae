/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One PKIOperation runs straight down: read the message, open it, find the enrollment that its
 * challenge belongs to, hold the CSR against the promise, issue, build the reply, commit. What
 * fails after the outer layer becomes a CertRep FAILURE.
 *
 * The challenge serves its enrollment until that is confirmed: a host whose reply was lost comes
 * with a new transaction (windows-scep.md, 3) and gets a new certificate, while the one that never
 * arrived is revoked as superseded in the same commit. So there is never more than one live
 * certificate.
 */
#include "enroll/pki_operation.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ca/promise.h"
#include "enroll/enroll.h"
#include "scep/message.h"
#include "store/certificate.h"
#include "x509/name.h"

enum { MAX_CERTIFICATES = 20 }; /* of one enrollment: a host tries a few times, not for ever */

struct operation {
    const struct scep_endpoint *endpoint;
    struct arena *a;
    const char *peer;
    struct scep_request request;
    struct csr csr;
    uint8_t challenge_hash[32];
    uint8_t signer_sha256[DIGEST_MAX_SIZE], csr_sha256[DIGEST_MAX_SIZE];
    const char *enrollment_id; /* NULL until the challenge has named it */
    struct issued issued;
    bool repeated; /* the same request as before: the same certificate */
};

const char *scep_capabilities(void) {
    return "POSTPKIOperation\nSHA-256\nSHA-512\nAES\nSCEPStandard\n";
}

enum err scep_ca_certs(const struct scep_endpoint *endpoint, struct arena *a, struct span *der) {
    struct span certs[] = {endpoint->authority->ra_cert, endpoint->authority->ca_cert};
    return scep_certs_only(a, certs, 2, der);
}

static struct span sha256(const uint8_t *p) {
    return span_of(p, 32);
}

/*
 * The same CSR gets its certificate again, and never a second one: a client repeats a request whose
 * reply it lost (RFC 8894, 4.3). That goes for a CSR under another signature too: whoever has seen
 * an envelope can send it again under his own, and must not have the host's certificate superseded
 * by that. All that he gets is a certificate for a key that is not his.
 */
static enum err find_repeat(struct tx *tx, struct operation *op) {
    struct certificate c;
    enum err e = certificate_by_csr(tx, op->a, sha256(op->csr_sha256), &c);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (c.revoked)
        return err_set(ERR_REFUSED, "the certificate for this request was revoked (%s)", c.reason);
    op->repeated = true;
    op->enrollment_id = c.enrollment;
    op->issued.der = c.der;
    op->issued.serial = c.serial;
    memcpy(op->issued.sha1, c.sha1, sizeof op->issued.sha1);
    return OK;
}

static enum err check_challenge(const struct challenge *c, const struct enrollment *e) {
    if (e->state == STATE_CONFIRMED)
        return err_set(ERR_REFUSED, "the challenge has served its enrollment already; if the host "
                                    "needs another certificate, assign the profile anew");
    if (!enroll_state_open((enum enroll_state)e->state) && e->state != STATE_UNCONFIRMED)
        return err_set(ERR_REFUSED, "the profile that the challenge came with is not on the host");
    if (clock_ms() > c->expires)
        return err_set(ERR_REFUSED, "the challenge has expired; assign the profile anew");
    return OK;
}

static enum err check_csr(struct operation *op, const struct enrollment *e) {
    struct promise promise = {e->subject, e->san, e->eku, e->key_usage, e->key_length};
    unsigned bits = spki_rsa_bits(op->csr.spki), least = op->endpoint->policy.rsa_min_bits;
    if (bits < least)
        return err_set(ERR_REFUSED,
                       "an RSA key of %u bits is below this endpoint's %u: raise the profile's "
                       "KeyLength, or lower rsa-min-bits in [scep] of signet.conf",
                       bits, least);
    return promise_check(op->a, &promise, &op->csr);
}

/* Reads only: who asks, and may he have it? */
static enum err authorize(struct tx *tx, void *user) {
    struct operation *op = user;
    struct challenge challenge;
    struct enrollment enrollment;
    TRY(find_repeat(tx, op));
    if (op->repeated)
        return OK;
    if (!op->csr.challenge.n)
        return err_set(ERR_REFUSED, "the request holds no challenge");
    TRY(challenge_hash(op->endpoint->authority, op->csr.challenge, op->challenge_hash));
    enum err e = challenge_get(tx, op->a, span_of(op->challenge_hash, 32), &challenge);
    if (e == ERR_NOT_FOUND)
        return err_set(ERR_REFUSED, "the challenge is not known: it was never minted here, or the "
                                    "profile has been sent anew since");
    TRY(e); /* a fault of the database is no refusal */
    TRY(enrollment_get(tx, op->a, challenge.enrollment, &enrollment));
    op->enrollment_id = enrollment.id;
    TRY(check_challenge(&challenge, &enrollment));
    return check_csr(op, &enrollment);
}

static enum err record_request(struct tx *tx, struct operation *op, struct enrollment *e) {
    char *txid = arena_str(op->a, op->request.transaction_id);
    return enroll_record(
        tx, e, EVENT_REQUESTED, "the host asked the CA for the certificate", "transaction", txid,
        "subject", name_text(op->a, op->csr.subject), "peer", op->peer, "key_transport",
        op->request.transport == TRANSPORT_OAEP ? "RSAES-OAEP" : "PKCS#1 v1.5", NULL);
}

static enum err supersede_earlier(struct tx *tx, struct operation *op, struct enrollment *e) {
    struct certificate *earlier;
    int count = 0;
    TRY(certificate_list(tx, op->a, e->id, &earlier));
    for (struct certificate *c = earlier; c; c = c->next)
        count++;
    if (count >= MAX_CERTIFICATES)
        return err_set(ERR_REFUSED,
                       "%d certificates were issued for this enrollment, and none arrived; assign "
                       "the profile anew",
                       count);
    return enroll_supersede(tx, e, earlier,
                            "an earlier certificate of this enrollment never arrived: it was "
                            "revoked as superseded");
}

/* The commit that a SUCCESS promises. */
static enum err commit_issue(struct tx *tx, void *user) {
    struct operation *op = user;
    struct challenge challenge;
    struct enrollment e;
    int64_t now = clock_ms();
    TRY(enrollment_get(tx, op->a, op->enrollment_id, &e));
    /* All of it may have changed since authorize: the same request may have been served beside this
     * one, the profile been sent anew, the host have confirmed. */
    struct certificate twin;
    enum err found = certificate_by_csr(tx, op->a, sha256(op->csr_sha256), &twin);
    if (found != ERR_NOT_FOUND)
        return found == OK ? err_set(ERR_BUSY, "the same request is being served") : found;
    found = challenge_get(tx, op->a, span_of(op->challenge_hash, 32), &challenge);
    if (found == ERR_NOT_FOUND)
        return err_set(ERR_REFUSED, "the challenge was replaced while it was being used");
    TRY(found);
    TRY(check_challenge(&challenge, &e));
    TRY(record_request(tx, op, &e));
    TRY(supersede_earlier(tx, op, &e));
    struct certificate c = {
        .serial = op->issued.serial,
        .enrollment = e.id,
        .sha1 = op->issued.sha1,
        .der = op->issued.der,
        .not_before = op->issued.not_before,
        .not_after = op->issued.not_after,
        .issued = now,
        .transaction_id = op->request.transaction_id,
        .signer_sha256 = sha256(op->signer_sha256),
        .csr_sha256 = sha256(op->csr_sha256),
    };
    TRY(certificate_add(tx, &c));
    TRY(challenge_use(tx, span_of(op->challenge_hash, 32), now));
    char serial[2 * CERT_SERIAL_SIZE + 1];
    hex_lower(op->issued.serial, serial);
    return enroll_record(tx, &e, EVENT_ISSUED, "the CA issued the certificate", "serial", serial,
                         "thumbprint", op->issued.sha1, NULL);
}

struct refusal {
    struct operation *op;
    const char *reason;
};

static enum err commit_refusal(struct tx *tx, void *user) {
    struct refusal *r = user;
    struct enrollment e;
    TRY(enrollment_get(tx, r->op->a, r->op->enrollment_id, &e));
    if (e.state == STATE_CONFIRMED)
        return enroll_record(
            tx, &e, EVENT_ALARM,
            "somebody used the challenge of this enrollment after it was confirmed", "reason",
            r->reason, "peer", r->op->peer, NULL);
    return enroll_record(tx, &e, EVENT_REFUSED,
                         arena_printf(r->op->a, "the CA refused the host's request: %s", r->reason),
                         "failInfo", "badRequest", "transaction",
                         arena_str(r->op->a, r->op->request.transaction_id), "subject",
                         name_text(r->op->a, r->op->csr.subject), "peer", r->op->peer, NULL);
}

static enum err build(struct operation *op, const struct scep_reply *reply, struct span *der) {
    const struct authority *auth = op->endpoint->authority;
    return scep_build_reply(op->a, &op->request, reply, auth->ra_cert, auth->ra_key, der);
}

/* Everything up to the reply; an error becomes a FAILURE. */
static enum err grant(struct operation *op, struct span *reply) {
    const struct scep_endpoint *endpoint = op->endpoint;
    const struct authority *auth = endpoint->authority;
    if (op->request.message_type != SCEP_PKCS_REQ)
        return err_set(ERR_REFUSED, "messageType %d is not served here, only PKCSReq (19)",
                       op->request.message_type);
    TRY(scep_open(op->a, &op->request, auth->ra_cert, auth->ra_key, &op->csr));
    TRY(digest_of(DIGEST_SHA256, op->request.signer, op->signer_sha256));
    TRY(digest_of(DIGEST_SHA256, op->csr.der, op->csr_sha256));
    TRY(store_read(endpoint->store, authorize, op));
    if (!op->repeated)
        TRY(authority_issue(auth, &endpoint->policy, op->a, &op->csr, clock_ms(), &op->issued));
    struct scep_reply success = {.status = SCEP_SUCCESS, .text = "Issued", .cert = op->issued.der};
    TRY(build(op, &success, reply));
    return op->repeated ? OK : store_write(endpoint->store, commit_issue, op);
}

static void log_outcome(const struct operation *op, enum err e, const char *reason) {
    log_write(e == OK ? LOG_INFO : LOG_WARN, "scep",
              "op=PKIOperation peer=%s type=%d txid=%s enrollment=%s status=%s thumbprint=%s%s "
              "reason=%s",
              log_q(span_str(op->peer)), op->request.message_type,
              log_q(op->request.transaction_id), op->enrollment_id ? op->enrollment_id : "-",
              e == OK ? "SUCCESS" : "FAILURE", e == OK ? op->issued.sha1 : "-",
              op->repeated ? " repeated=yes" : "", log_q(span_str(e == OK ? "issued" : reason)));
}

/* Faults of the machine are not the client's business; what the policy refuses is. */
static bool is_for_the_client(enum err e) {
    return e == ERR_REFUSED || e == ERR_ALGORITHM;
}

static enum err refuse(struct operation *op, enum err e, struct span *reply) {
    char *reason = text_claim(op->a, span_str(err_detail()), 500);
    log_outcome(op, e, reason);
    if (e == ERR_STORE || e == ERR_INTERNAL || e == ERR_CRYPTO || e == ERR_BUSY)
        return e; /* HTTP 500: the client tries again, nothing is decided */
    if (op->enrollment_id) {
        struct refusal r = {op, reason};
        if (store_write(op->endpoint->store, commit_refusal, &r) != OK)
            log_write(LOG_ERROR, "scep", "refusal=unrecorded reason=%s",
                      log_q(span_str(err_detail())));
    }
    struct scep_reply failure = {
        .status = SCEP_FAILURE,
        .fail_info = (enum scep_fail_info)err_fail_info(e),
        .text = is_for_the_client(e) ? reason : NULL,
    };
    return build(op, &failure, reply);
}

enum err scep_pki_operation(const struct scep_endpoint *endpoint, struct arena *a,
                            struct span message, const char *peer, struct span *reply) {
    struct operation op = {.endpoint = endpoint, .a = a, .peer = peer};
    enum err e = scep_read(message, &op.request);
    if (e != OK && (e == ERR_PARSE || !op.request.signer.n))
        return e;
    if (e == OK)
        e = grant(&op, reply);
    if (e == ERR_BUSY) /* a twin of this request was faster: its certificate is there now */
        e = grant(&op, reply);
    if (e != OK)
        return refuse(&op, e, reply);
    log_outcome(&op, OK, NULL);
    return OK;
}
