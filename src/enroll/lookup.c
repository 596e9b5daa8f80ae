/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions: CertPoll, GetCert, GetCRL (RFC 8894, 3.3.3 to 3.3.5). None of them is for
 * everybody: a poll is answered to the key that signed the pended request, the others to holders of
 * a live certificate of the endpoint. What a stranger asks for is not known here.
 *
 * Whoever has caught somebody's request can send its envelope, changed, as a question of his own,
 * and a question has no signature inside as a CSR has. If the answer told whether it opened, it
 * would tell the challenge in it, octet by octet. So a content that does not name the CA, which
 * nobody can write without the key, is answered as one that does not open.
 */
#include "enroll/operation.h"
#include "x509/name.h"

static enum err find_signer(struct tx *tx, void *user) {
    return signer_find(tx, user);
}

/* An upstream's CAs are in GetCACert, too: a client may name one of them. */
static void read_upstream_names(struct operation *op) {
    const struct endpoint_settings *settings = op->endpoint->settings;
    struct cert ca;
    op->ca_names = arena_alloc(op->a, settings->upstream_cert_count * sizeof *op->ca_names + 1);
    for (size_t i = 0; i < settings->upstream_cert_count; i++)
        if (cert_parse(settings->upstream_certs[i], &ca) == OK)
            op->ca_names[op->ca_name_count++] = ca.subject;
}

/* Read before the envelope is opened: afterwards nothing shall cost time until lookup_check. */
enum err lookup_begin(struct operation *op) {
    read_upstream_names(op);
    return store_read(op->service->store, find_signer, op);
}

static bool names_upstream(const struct operation *op) {
    for (size_t i = 0; i < op->ca_name_count; i++)
        if (name_same(op->content.issuer, op->ca_names[i]))
            return true;
    return false;
}

/*
 * The issuer of the signer's certificate may be a retired CA that had another name;
 * strongSwan 5.9.8 names who signs the replies, the RA, where RFC 8894 (3.3.3) wants the CA.
 */
enum err lookup_check(const struct operation *op) {
    if (names_upstream(op) ||
        name_same(op->content.issuer, op->endpoint->ca->issuer.parsed.subject) ||
        name_same(op->content.issuer, op->endpoint->signer.parsed.subject) ||
        (op->signer.id && name_same(op->content.issuer, op->request.signer_cert.issuer)))
        return OK;
    return err_set(ERR_MESSAGE_CHECK, "the envelope does not open to a question about the CA of "
                                      "this endpoint");
}

/* ---- CertPoll ---- */

static enum err not_known(void) {
    return err_set(ERR_CERT_ID, "no request of this transaction id, subject and key is known here");
}

static bool is_polled(const struct operation *op, const struct request *r) {
    return span_eq(r->signer_key_sha256, sha256_span(op->signer_key_sha256)) &&
           strcmp(r->subject, name_text(op->a, op->content.subject)) == 0;
}

static enum err poll(struct tx *tx, void *user) {
    struct operation *op = user;
    struct request *all, *r;
    TRY(request_by_transaction(tx, op->a, op->endpoint->name, op->request.transaction_id, &all));
    for (r = all; r && !is_polled(op, r);)
        r = r->next;
    if (r)
        return known_answer(tx, op, r);
    if (all && !span_eq(all->signer_key_sha256, sha256_span(op->signer_key_sha256)))
        op->alarm = "somebody polled for a request that another key has signed";
    return not_known();
}

enum err operation_poll(struct operation *op) {
    return store_read(op->service->store, poll, op);
}

/* ---- GetCert ---- */

static enum err get_cert(struct tx *tx, void *user) {
    struct operation *op = user;
    struct certificate found;
    struct cert parsed;
    enum err e = certificate_by_serial(tx, op->a, op->content.serial, &found);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (e == ERR_NOT_FOUND || strcmp(found.endpoint, op->endpoint->name) != 0 ||
        cert_parse(found.der, &parsed) != OK || !name_same(op->content.issuer, parsed.issuer))
        return err_set(ERR_CERT_ID, "this endpoint has issued no certificate of that issuer and "
                                    "serial number");
    op->reply = (struct scep_reply){.status = SCEP_SUCCESS, .cert = found.der};
    return OK;
}

enum err operation_get_cert(struct operation *op) {
    TRY(signer_must_live(op));
    return store_read(op->service->store, get_cert, op);
}

/* ---- GetCRL ---- */

enum err operation_get_crl(struct operation *op) {
    struct published_crl crl;
    TRY(signer_must_live(op));
    if (!name_same(op->content.issuer, op->endpoint->ca->issuer.parsed.subject))
        return err_set(ERR_CERT_ID, "the CA of this endpoint is '%s', no other has its CRL here",
                       name_text(op->a, op->endpoint->ca->issuer.parsed.subject));
    TRY(revocation_crl(op->service->revocation, op->endpoint->ca, op->a, &crl));
    op->reply = (struct scep_reply){.status = SCEP_SUCCESS, .crl = crl.der};
    return OK;
}
