/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is not a clear yes is a no: errors here never leave a request undecided. */
#include "ca/webhook.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "ca/json_auto.h"
#include "ca/policy_rules.h"
#include "x509/name.h"

enum { MAX_ROOTS = 4 << 20, MAX_CLAIM = 200, DEFAULT_TIMEOUT_MS = 5000 };

/* ---- the question ---- */

static json_t *base64_json(struct span der) {
    BUF_AUTO(text);
    base64_encode(&text, der);
    return json_stringn(buf_cstr(&text), text.n);
}

static json_t *request_json(const struct csr *csr) {
    return json_pack("{s:o, s:o, s:s}", "raw", base64_json(csr->der), "publicKey",
                     base64_json(csr->spki), "publicKeyAlgorithm",
                     spki_rsa_bits(csr->spki) ? "RSA" : "ECDSA");
}

static int append(const char *text, size_t n, void *buf) {
    buf_add(buf, text, n);
    return 0;
}

/* A challenge that is no UTF-8 cannot be told in JSON, and is none that somebody handed out. */
static enum err write_question(const struct webhook_question *q, struct buf *out) {
    char now[CLOCK_ISO_SIZE];
    if (q->challenge.n == 0)
        return err_set(ERR_REFUSED, "the request has no challenge");
    JSON_AUTO(body) =
        json_pack("{s:s, s:s, s:s%, s:s%, s:o}", "timestamp", clock_iso(clock_ms(), now),
                  "provisionerName", q->endpoint, "scepChallenge", (const char *)q->challenge.p,
                  q->challenge.n, "scepTransactionID", (const char *)q->transaction_id.p,
                  q->transaction_id.n, "x509CertificateRequest", request_json(q->csr));
    if (!body)
        return err_set(ERR_REFUSED, "the challenge is no UTF-8 text");
    return json_dump_callback(body, append, out, JSON_COMPACT) == 0
               ? OK
               : err_set(ERR_INTERNAL, "the webhook's question cannot be written");
}

static enum err sign(struct arena *a, const struct policy *policy, struct span body,
                     const char **header) {
    struct span secret;
    uint8_t mac[32];
    char hex[2 * sizeof mac + 1];
    TRY(base64_decode(a, span_str(policy->webhook_secret), &secret));
    TRY(hmac_sha256(secret, body, mac));
    hex_lower(span_of(mac, sizeof mac), hex);
    *header = arena_printf(a, "X-Smallstep-Signature: %s", hex);
    return OK;
}

/* ---- asking ---- */

static void free_peer(void *peer) {
    fetch_peer_free(peer);
}

static void free_reply(void *job) {
    fetch_reply_free(&((struct fetch_job *)job)->reply);
}

/* The roots that are not the system's are read at each call: they may be changed. */
static enum err open_peer(struct arena *a, const struct policy *policy, struct fetch_pool *pool,
                          struct fetch_peer **out) {
    BUF_AUTO(roots);
    int64_t timeout = policy->webhook_timeout > 0 ? policy->webhook_timeout : DEFAULT_TIMEOUT_MS;
    if (policy->webhook_trust)
        TRY(file_read(policy->webhook_trust, MAX_ROOTS, &roots));
    *out = fetch_peer_new(pool, &(struct fetch_options){.trust = buf_view(&roots),
                                                        .system_trust = !policy->webhook_trust,
                                                        .timeout_ms = (unsigned)timeout});
    arena_defer(a, free_peer, *out);
    return OK;
}

static enum err prepare(struct arena *a, const struct policy *policy,
                        const struct webhook_question *q, struct fetch_pool *pool,
                        struct fetch_job *job) {
    BUF_AUTO(text);
    const char **headers = arena_alloc(a, 4 * sizeof *headers);
    TRY(write_question(q, &text));
    struct span body = arena_copy(a, buf_view(&text));
    headers[0] = "Content-Type: application/json";
    TRY(sign(a, policy, body, &headers[1]));
    headers[2] = arena_printf(a, "X-Smallstep-Webhook-ID: %s", policy->webhook_id);
    TRY(open_peer(a, policy, pool, &job->peer));
    job->request = (struct fetch_request){
        .url = policy->webhook_url, .post = true, .headers = headers, .body = body};
    arena_defer(a, free_reply, job);
    return OK;
}

/* The address may hold a secret: what went wrong is told without it. */
static const char *cause_text(enum fetch_cause cause) {
    static const char *const texts[] = {
        [FETCH_NAME] = "its host name has no address",
        [FETCH_CONNECT] = "nobody listens there",
        [FETCH_RESET] = "the connection broke",
        [FETCH_TIMEOUT] = "it took longer than webhook-timeout",
        [FETCH_TLS] = "no TLS connection comes about",
        [FETCH_TLS_TRUST] = "its TLS certificate is not trusted, or not valid now",
        [FETCH_TLS_NAME] = "its TLS certificate is for another name",
        [FETCH_INVALID] = "what it answers is no HTTP",
        [FETCH_LIMIT] = "its answer is too large",
        [FETCH_URL] = "webhook-url is no address",
        [FETCH_LOCAL] = "it could not be sent",
    };
    return cause < sizeof texts / sizeof *texts && texts[cause] ? texts[cause] : "no answer";
}

/* ---- the answer ---- */

static enum err nonsense(const char *what) {
    return err_set(ERR_PARSE, "its answer makes no sense: %s", what);
}

static enum err narrow_subject(struct arena *a, const json_t *subject, const struct csr *csr) {
    struct span want;
    if (!subject)
        return OK;
    if (!json_is_string(subject) ||
        name_from_x500(a, span_str(json_string_value(subject)), &want) != OK)
        return nonsense("data.subject is no X.500 string");
    if (name_same(want, csr->subject))
        return OK;
    return err_set(ERR_REFUSED, "the webhook allows the subject '%s', the request asks for '%s'",
                   name_text(a, want), name_text(a, csr->subject));
}

static enum err narrow_sans(struct arena *a, const json_t *sans, const struct csr *csr) {
    struct span have;
    size_t n = json_array_size(sans);
    if (!sans)
        return OK;
    if (!json_is_array(sans))
        return nonsense("data.sans is no list");
    const char **rules = arena_alloc(a, (n + 1) * sizeof *rules);
    for (size_t i = 0; i < n; i++) {
        rules[i] = json_string_value(json_array_get(sans, i));
        if (!rules[i] || san_rule_check(rules[i]) != OK)
            return nonsense("data.sans holds what is no SAN rule, such as dns:host.example.com");
    }
    TRY(san_without_sid(a, csr->san, &have));
    return policy_check_sans(a, rules, n, have, "the webhook");
}

static enum err narrow_validity(const json_t *seconds, int64_t *validity) {
    if (!seconds)
        return OK;
    if (!json_is_integer(seconds) || json_integer_value(seconds) <= 0)
        return nonsense("data.validity is no number of seconds");
    if (json_integer_value(seconds) < *validity / 1000)
        *validity = json_integer_value(seconds) * 1000;
    return OK;
}

static enum err denied(struct arena *a, const json_t *answer) {
    const char *why =
        json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
    return err_set(ERR_REFUSED, "the webhook does not allow it%s%s", why ? ": " : "",
                   why ? text_claim(a, span_str(why), MAX_CLAIM) : "");
}

static enum err judge(struct arena *a, struct span body, const struct csr *csr, int64_t *validity) {
    JSON_AUTO(answer) = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
    const json_t *allow = json_object_get(answer, "allow"), *data = json_object_get(answer, "data");
    if (!json_is_boolean(allow))
        return nonsense("no JSON object with \"allow\" true or false");
    if (!json_is_true(allow))
        return denied(a, answer);
    if (data && !json_is_null(data) && !json_is_object(data))
        return nonsense("data is no object");
    TRY(narrow_subject(a, json_object_get(data, "subject"), csr));
    TRY(narrow_sans(a, json_object_get(data, "sans"), csr));
    return narrow_validity(json_object_get(data, "validity"), validity);
}

static enum err answer_of(const struct fetch_job *job) {
    if (job->result != OK)
        return err_set(job->result, "%s",
                       job->result == ERR_BUSY ? "signet stops" : cause_text(job->reply.cause));
    return job->reply.status == 200 ? OK
                                    : err_set(ERR_IO, "it answered %d, not 200", job->reply.status);
}

/* ---- */

/* What is no word of the webhook's own. */
static enum err failed(struct arena *a, const struct policy *policy, enum err e) {
    if (e == OK || e == ERR_REFUSED)
        return e;
    err_context(e, "the webhook '%s'", policy->webhook_id);
    return err_set(ERR_FORBIDDEN, "%s", arena_str(a, span_str(err_detail())));
}

enum err webhook_prepare(struct arena *a, const struct policy *policy,
                         const struct webhook_question *question, struct fetch_pool *pool,
                         struct fetch_job *job) {
    return failed(a, policy, prepare(a, policy, question, pool, job));
}

enum err webhook_judge(struct arena *a, const struct policy *policy, const struct csr *csr,
                       const struct fetch_job *job, int64_t *validity) {
    enum err e = answer_of(job);
    if (e == OK)
        e = judge(a, buf_view(&job->reply.body), csr, validity);
    return failed(a, policy, e);
}
