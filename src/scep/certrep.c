/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SCEP server answers, read by a client: the certificates of GetCACert, and CertReps. How
 * servers differ is in scep-interop.md.
 */
#include "cms/signed.h"
#include "der/ber.h"
#include "scep/attributes.h"
#include "scep/client.h"
#include "scep/content.h"
#include "x509/name.h"

enum { MAX_TEXT = 1000 };

/* ---- certificates ---- */

static enum err add_cert(struct span der, struct span *certs, size_t max, size_t *count) {
    struct cert cert;
    enum err e = cert_parse(der, &cert);
    if (e != OK)
        return err_context(e, "certificate %zu", *count + 1);
    if (*count == max)
        return err_set(ERR_LIMIT, "more than %zu certificates", max);
    certs[(*count)++] = der;
    return OK;
}

/* Attribute certificates and the like (RFC 5652, 10.2.2) have other tags: they are passed over. */
static enum err add_bundle(struct span list, struct span *certs, size_t max, size_t *count) {
    struct der d = der_of(list);
    struct der_item item;
    while (!der_is_empty(&d)) {
        TRY(der_next(&d, &item));
        if (item.tag == DER_SEQUENCE)
            TRY(add_cert(item.whole, certs, max, count));
    }
    return *count ? OK : err_set(ERR_PARSE, "a bundle without certificates");
}

enum err scep_client_certs(struct arena *a, struct span body, struct span *certs, size_t max,
                           size_t *count, bool *single) {
    struct span der, list;
    struct der d, inside;
    *count = 0;
    *single = false;
    TRY(ber_to_der(a, body, &der));
    d = der_of(der);
    TRY(der_enter(&d, DER_SEQUENCE, &inside));
    *single = !der_at(&inside, DER_OID); /* else a ContentInfo */
    if (*single)
        return add_cert(der, certs, max, count);
    TRY(cms_certs_read(a, der, &list));
    return add_bundle(list, certs, max, count);
}

/* ---- the signature ---- */

/* Its place in `certs`; `count`: it is not there. */
static size_t find_signer(const struct cms_signer *signer, const struct span *certs, size_t count,
                          struct cert *out) {
    size_t i = 0;
    while (i < count && !(cert_parse(certs[i], out) == OK && cms_signer_is(signer, out)))
        i++;
    return i;
}

static enum err stranger(struct arena *a, const struct cms_signed *msg) {
    struct cert cert;
    struct span own = cms_signer_cert(msg), issuer = msg->signer.issuer;
    const char *who = own.n && cert_parse(own, &cert) == OK ? name_text(a, cert.subject)
                      : issuer.n ? arena_printf(a, "a certificate of %s", name_text(a, issuer))
                                 : "a key that is not known";
    return err_set(ERR_FORBIDDEN,
                   "the CertRep is signed by %s, which is not among the certificates that "
                   "GetCACert sent: if the server has renewed its own, fetch them and compare",
                   who);
}

static enum err verify(struct arena *a, const struct cms_signed *msg, const struct cert *signer,
                       struct public_key *key) {
    if (!key)
        TRY(public_load(a, signer->spki, &key));
    return cms_signed_verify(msg, key);
}

/* ---- what it says ---- */

static enum err judge_status(const struct scep_attributes *at, bool has_content, int *status) {
    if (at->message_type != -1 && at->message_type != SCEP_CERT_REP)
        return err_set(ERR_PARSE, "messageType is %d, not 3 (CertRep)", at->message_type);
    if (at->message_type == -1 && at->pki_status == -1) /* an answer to GetNextCACert, say */
        return err_set(ERR_PARSE, "signed, but without messageType and pkiStatus: no CertRep");
    *status = at->pki_status;
    if (*status == -1 && at->fail_info != -1)
        *status = SCEP_FAILURE;
    if (*status == -1 && has_content)
        *status = SCEP_SUCCESS;
    if (*status == -1)
        return err_set(ERR_PARSE, "pkiStatus is missing, and nothing else tells the outcome");
    if (*status != SCEP_SUCCESS && *status != SCEP_FAILURE && *status != SCEP_PENDING)
        return err_set(ERR_PARSE, "pkiStatus is %d, not 0, 2 or 3", *status);
    return OK;
}

static const char *missing(struct arena *a, const struct scep_attributes *at) {
    const struct {
        bool there;
        const char *name;
    } wanted[] = {{at->message_type != -1, "messageType"},
                  {at->pki_status != -1, "pkiStatus"},
                  {at->transaction_id.n, "transactionID"},
                  {at->sender_nonce.p, "senderNonce"},
                  {at->recipient_nonce.p, "recipientNonce"}};
    const char *names = NULL;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!wanted[i].there)
            names = names ? arena_printf(a, "%s, %s", names, wanted[i].name) : wanted[i].name;
    return names;
}

static const char *text_of(struct arena *a, const struct scep_attributes *at) {
    struct span s = at->fail_info_text.n ? at->fail_info_text : at->server_message;
    return s.n ? arena_str(a, span_of(s.p, s.n < MAX_TEXT ? s.n : MAX_TEXT)) : NULL;
}

static enum err take(struct arena *a, const struct cms_signed *msg, const struct cert *signer,
                     struct scep_certrep *out) {
    struct scep_attributes at;
    int status = -1;
    enum digest digest = DIGEST_SHA256;
    TRY(scep_attributes_scan(&msg->signer, &at));
    TRY(judge_status(&at, msg->content.n > 0, &status));
    TRY(algorithm_digest(&msg->signer.digest, &digest));
    *out = (struct scep_certrep){
        .pki_status = status,
        .fail_info = at.fail_info,
        .text = text_of(a, &at),
        .transaction_id = at.transaction_id,
        .sender_nonce = at.sender_nonce,
        .recipient_nonce = at.recipient_nonce,
        .digest = digest,
        .signer = signer->der,
        .enveloped = status == SCEP_SUCCESS ? msg->content : SPAN_NONE,
        .missing = missing(a, &at),
    };
    return OK;
}

enum err scep_certrep_read_known(struct arena *a, struct span message, const struct span *certs,
                                 struct public_key *const *keys, size_t count,
                                 struct scep_certrep *out) {
    struct cms_signed msg;
    struct cert signer;
    *out = (struct scep_certrep){.pki_status = -1, .fail_info = -1};
    TRY(cms_signed_read(a, message, &msg));
    size_t i = find_signer(&msg.signer, certs, count, &signer);
    if (i == count)
        return stranger(a, &msg);
    TRY(verify(a, &msg, &signer, keys ? keys[i] : NULL));
    return take(a, &msg, &signer, out);
}

enum err scep_certrep_read(struct arena *a, struct span message, const struct span *certs,
                           size_t count, struct scep_certrep *out) {
    return scep_certrep_read_known(a, message, certs, NULL, count, out);
}

/* ---- what is in it ---- */

static enum err open_envelope(struct arena *a, struct span enveloped, const struct scep_key *self,
                              struct span *plain) {
    struct cms_enveloped env;
    struct cms_opener opener = scep_opener(self);
    enum key_transport transport;
    enum cipher cipher;
    uint32_t good = 0;
    TRY(cms_enveloped_read(a, enveloped, &env));
    enum err e = cms_enveloped_open(a, &env, &opener, 1, &transport, &cipher, plain, &good);
    if (e == ERR_CERT_ID)
        return err_set(ERR_MESSAGE_CHECK, "it is for another certificate than the one that asked");
    if (e == OK && !good)
        return err_set(ERR_MESSAGE_CHECK,
                       "it does not open: it is sealed for another key, or its "
                       "%s content is broken",
                       cipher_name(cipher));
    return e;
}

enum err scep_certrep_open(struct arena *a, const struct scep_certrep *reply,
                           const struct scep_key *self, struct span *certs, size_t max,
                           size_t *count) {
    struct span plain = SPAN_NONE;
    bool single;
    *count = 0;
    if (!reply->enveloped.n)
        return err_set(ERR_PARSE, "the CertRep has no envelope");
    enum err e = open_envelope(a, reply->enveloped, self, &plain);
    if (e != OK)
        return err_context(e, "the CertRep's envelope");
    e = scep_client_certs(a, plain, certs, max, count, &single);
    return e == OK ? OK : err_context(e, "what is in the CertRep's envelope");
}
