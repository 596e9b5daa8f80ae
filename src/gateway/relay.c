/* SPDX-License-Identifier: Apache-2.0 */
/* A host's request on its way to the upstream. What comes back is judged in relay_read.c. */
#include "gateway/relay.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/internal.h"
#include "gateway/relay_inside.h"
#include "gateway/scep_http.h"

enum { COME_AGAIN_S = 10 };

static void say(struct relay_answer *answer, int status, const char *text) {
    *answer = (struct relay_answer){.status = status, .text = text};
}

static const char *line_of(const struct relay *r, const char *status, const char *reason) {
    return arena_printf(r->arena,
                        "op=PKIOperation upstream=%s peer=%s type=%d txid=%s enrollment=%s "
                        "status=%s reason=%s",
                        r->upstream->settings->name, log_q(span_str(r->peer)),
                        r->request.message_type, log_q(r->request.transaction_id), r->enrollment,
                        status, log_q(span_str(reason)));
}

void relay_log(const struct relay *r, const char *status, const char *reason) {
    bool good = strcmp(status, "SUCCESS") == 0 || strcmp(status, "PENDING") == 0;
    log_write(good ? LOG_INFO : LOG_WARN, "relay", "%s", line_of(r, status, reason));
}

/* ---- the token ---- */

enum err relay_new(struct gateway *g, const struct gateway_upstream *u, struct arena *a,
                   const char *token, const char *peer, struct relay **out) {
    struct relay *r = arena_alloc(a, sizeof *r);
    *r = (struct relay){.gateway = g, .upstream = u, .arena = a, .peer = peer};
    r->has_token = token && strlen(token) <= RELAY_MAX_TOKEN;
    *out = r;
    return r->has_token
               ? challenge_hash(gateway_options_of(g)->authority, span_str(token), r->token)
               : OK;
}

/*
 * Whose token it is, and whether it is still good: the host has the profile, and has named no
 * certificate. The token's own time ends it where the enrollment waits on, as for a host that does
 * not come any more.
 */
static enum err look_up(struct tx *tx, struct relay *r) {
    const struct enrollment *e = &r->row;
    struct device device;
    const char *id;
    int64_t expires;
    TRY(relay_token_get(tx, r->arena, span_of(r->token, sizeof r->token),
                        r->upstream->settings->name, &id, &expires));
    TRY(enrollment_get(tx, r->arena, id, &r->row));
    TRY(device_by_id(tx, r->arena, e->device, &device));
    if (clock_ms() < expires && enroll_is_open(e) && !device.hw_other &&
        !(e->host_thumbprint && *e->host_thumbprint))
        r->enrollment = id;
    return OK;
}

bool relay_has_token(const struct relay *r) {
    return r->has_token;
}

enum err relay_find(struct tx *tx, struct relay *r) {
    r->enrollment = NULL;
    enum err e = r->has_token ? look_up(tx, r) : OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

const char *relay_enrollment(const struct relay *r) {
    return r->enrollment;
}

/* ---- the message ---- */

/* How the key is sealed for the recipient, which everybody can see: what upstreams stumble over. */
static const char *key_transport_of(struct relay *r) {
    struct cms_enveloped envelope;
    struct cms_recipient recipient;
    if (cms_enveloped_read(r->arena, r->request.enveloped, &envelope) != OK)
        return NULL;
    struct der d = der_of(envelope.recipients);
    if (cms_recipient_next(&d, &recipient) != OK)
        return NULL;
    return algorithm_name(recipient.transport.oid);
}

/* A URL holds less; and of what is too long for its own buffers, curl sends nothing. */
static enum err check_size(const struct relay *r, struct span message) {
    size_t max = r->upstream->post ? RELAY_MAX_MESSAGE : RELAY_MAX_GET;
    return message.n <= max
               ? OK
               : err_set(ERR_LIMIT, "the message has %zu bytes: %zu are passed on", message.n, max);
}

static enum err parse(struct relay *r, struct span message) {
    TRY(check_size(r, message));
    return scep_read(r->arena, message, &r->request);
}

void relay_take(struct relay *r, enum err e, struct span message) {
    r->unread = e == OK ? parse(r, message) : e;
    if (r->unread != OK) {
        r->said = arena_str(r->arena, span_str(err_detail()));
        return;
    }
    r->transaction = arena_str(r->arena, r->request.transaction_id);
    r->key_transport = key_transport_of(r);
    r->job.peer = r->upstream->peer;
    scep_http_operation(r->upstream, r->arena, message, &r->job.request);
}

static void log_refusal(struct tx *tx, const struct relay *r, int status, const char *reason) {
    store_log(tx, LOG_WARN, "relay",
              "op=PKIOperation upstream=%s peer=%s enrollment=%s status=%d reason=%s",
              r->upstream->settings->name, log_q(span_str(r->peer)),
              r->enrollment ? r->enrollment : "-", status, log_q(span_str(reason)));
}

/* Whether it is a request that goes on, of an enrollment that may ask. */
static bool is_good(struct tx *tx, const struct relay *r, struct relay_answer *answer) {
    if (!r->enrollment) {
        say(answer, 403, RELAY_NO_TOKEN);
        log_refusal(tx, r, 403, "no live token");
        return false;
    }
    if (r->unread != OK) {
        say(answer, err_http_status(r->unread), r->said);
        log_refusal(tx, r, answer->status, r->said);
        return false;
    }
    if (r->request.message_type != SCEP_PKCS_REQ && r->request.message_type != SCEP_CERT_POLL) {
        say(answer, 403, "only PKCSReq and CertPoll are served at the address of an enrollment");
        store_log(tx, LOG_WARN, "relay", "%s", line_of(r, "403", answer->text));
        return false;
    }
    return true;
}

/* ---- leave to ask ---- */

/* Not asked: the reason is for the timeline, where it explains what the host reports. */
static void stay(struct tx *tx, struct relay *r, struct relay_answer *answer, int status,
                 const char *text) {
    r->said = arena_printf(r->arena, "the host's request did not go on to the upstream: %s",
                           err_detail());
    say(answer, status, text);
    store_log(tx, LOG_WARN, "relay", "%s",
              line_of(r, arena_printf(r->arena, "%d", status), err_detail()));
}

static bool may_ask(struct tx *tx, struct relay *r, struct relay_answer *answer) {
    if (enroll_may_ask_upstream(&r->row, r->request.message_type == SCEP_CERT_POLL) != OK) {
        stay(tx, r, answer, 403, "this enrollment has asked too often: assign the profile anew");
        return false;
    }
    enum err e = claim_take(r->gateway, &r->gateway->relaying, &r->claim, r->enrollment)
                     ? gateway_enter(r->upstream)
                     : err_set(ERR_BUSY, "another request of this enrollment is under way");
    if (e != OK) {
        stay(tx, r, answer, 503,
             "the certificate service behind this server is busy or out of service: come "
             "again later");
        answer->retry_after_s = COME_AGAIN_S;
        return false;
    }
    r->entered = true;
    r->job.result = ERR_BUSY; /* until it is started: no fault of the upstream */
    return true;
}

enum err relay_ask(struct tx *tx, struct relay *r, struct fetch_job **job,
                   struct relay_answer *answer) {
    *job = NULL;
    if (!is_good(tx, r, answer))
        return OK;
    if (!may_ask(tx, r, answer))
        return enroll_record(tx, &r->row, EVENT_NOTE, r->said, "upstream",
                             r->upstream->settings->name, "transaction", r->transaction, "peer",
                             r->peer, NULL);
    *job = &r->job;
    if (r->request.message_type == SCEP_CERT_POLL) /* it asks for no certificate anew */
        return OK;
    return enroll_asks_upstream(tx, &r->row, "the host asked for its certificate: passed on",
                                "upstream", r->upstream->settings->name, "transaction",
                                r->transaction, "keyTransport", r->key_transport, "peer", r->peer,
                                NULL);
}

void relay_over(struct relay *r) {
    if (r->entered)
        gateway_leave(r->upstream, &r->job, r->enrollment);
    r->entered = false;
    claim_give_back(r->gateway, &r->gateway->relaying, &r->claim);
}

void relay_end(struct relay *r) {
    if (!r)
        return;
    relay_over(r);
    fetch_reply_free(&r->job.reply);
}
