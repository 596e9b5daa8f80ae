/* SPDX-License-Identifier: Apache-2.0 */
/* The webhook from the other side: ca/webhook.h is who asks, and names the fields. */
#include "base/file.h"
#include "base/text.h"
#include "ca/json_auto.h"
#include "gateway/ask.h"

enum { MAX_SECRET = 4096 };

/* Read at each call: it may be changed while the server runs. */
static enum err read_secret(const struct upstream *u, struct arena *a, struct span *out) {
    BUF_AUTO(text);
    if (!u->webhook_secret)
        return err_set(ERR_NOT_FOUND, "this upstream has no webhook: signet gateway add NAME "
                                      "--webhook-secret FILE");
    TRY(file_read(u->webhook_secret, MAX_SECRET, &text));
    enum err e = base64_decode(a, span_trim(buf_view(&text)), out);
    if (e == OK && out->n)
        return OK;
    return err_set(ERR_CONFIG, "'%s' holds no secret in base64, as step-ca shows it",
                   u->webhook_secret);
}

enum err ask_check_secret(const struct upstream *u) {
    ARENA_AUTO(a);
    struct span secret = SPAN_NONE;
    return u->webhook_secret ? read_secret(u, &a, &secret) : OK;
}

static enum err check_signature(struct span secret, struct arena *a, struct span body,
                                const char *signature) {
    uint8_t mac[32];
    struct span given;
    if (!signature || hex_decode(a, span_str(signature), &given) != OK)
        return err_set(ERR_AUTH, "the header X-Smallstep-Signature is missing or no hex");
    TRY(hmac_sha256(secret, body, mac));
    if (!same_secret(given, span_of(mac, sizeof mac)))
        return err_set(ERR_AUTH, "X-Smallstep-Signature does not fit the secret of this upstream");
    return OK;
}

static struct span member(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return value ? span_of(json_string_value(value), json_string_length(value)) : SPAN_NONE;
}

static enum err check_question(struct gateway *g, const struct gateway_upstream *u, struct arena *a,
                               const json_t *question) {
    uint8_t sha256[DIGEST_MAX_SIZE];
    const char *ours;
    struct span csr, transaction = member(question, "scepTransactionID");
    struct span raw = member(json_object_get(question, "x509CertificateRequest"), "raw");
    if (!raw.n || base64_decode(a, raw, &csr) != OK)
        return err_set(ERR_PARSE, "the question holds no x509CertificateRequest.raw in base64");
    TRY(digest_of(DIGEST_SHA256, csr, sha256));
    TRY(ask_transaction(g, a, sha256, &ours));
    if (!span_is(transaction, ours))
        return err_set(ERR_REFUSED, "it asks about another transaction than ours of that CSR");
    if (!ask_allow(g, u, sha256))
        return err_set(ERR_REFUSED, "it asks about a CSR that is not asked for at this moment, or "
                                    "that it was allowed already");
    return OK;
}

enum err ask_webhook(struct gateway *g, const struct gateway_upstream *u, struct arena *a,
                     struct span body, const char *signature) {
    struct span secret;
    TRY(read_secret(u->settings, a, &secret));
    TRY(check_signature(secret, a, body, signature));
    JSON_AUTO(question) = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(question))
        return err_set(ERR_PARSE, "the question is no JSON object");
    return check_question(g, u, a, question);
}
