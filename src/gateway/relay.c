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

void relay_log(const struct relay *r, const char *status, const char *reason) {
    log_write(strcmp(status, "SUCCESS") == 0 || strcmp(status, "PENDING") == 0 ? LOG_INFO
                                                                               : LOG_WARN,
              "relay",
              "op=PKIOperation upstream=%s peer=%s type=%d txid=%s enrollment=%s status=%s "
              "reason=%s",
              r->upstream->settings->name, log_q(span_str(r->peer)), r->request.message_type,
              log_q(r->request.transaction_id), r->enrollment, status, log_q(span_str(reason)));
}

/* ---- the token ---- */

struct holder { /* of a token */
    struct relay *relay;
    uint8_t hash[32];
    bool good;
};

/*
 * Whose token it is, and whether it is still good: the host has the profile, and has named no
 * certificate. The token's own time ends it where the enrollment waits on, as for a host that does
 * not come any more.
 */
static enum err look_up(struct tx *tx, void *user) {
    struct holder *h = user;
    struct relay *r = h->relay;
    const struct enrollment *e = &r->row;
    int64_t expires;
    TRY(relay_token_get(tx, r->arena, span_of(h->hash, sizeof h->hash), r->upstream->settings->name,
                        &r->enrollment, &expires));
    TRY(enrollment_get(tx, r->arena, r->enrollment, &r->row));
    h->good =
        clock_ms() < expires && enroll_is_open(e) && !(e->host_thumbprint && *e->host_thumbprint);
    return OK;
}

static enum err find_enrollment(struct relay *r, struct gateway *g, const char *token, bool *good) {
    const struct gateway_options *o = gateway_options_of(g);
    struct holder h = {.relay = r};
    *good = false;
    if (!token || strlen(token) > RELAY_MAX_TOKEN)
        return OK;
    TRY(challenge_hash(o->authority, span_str(token), h.hash));
    enum err e = store_read(o->store, look_up, &h);
    *good = h.good;
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err relay_find(struct gateway *g, const struct gateway_upstream *u, struct arena *a,
                    const char *token, const char *peer, struct relay **out,
                    struct relay_answer *answer) {
    struct relay *r = arena_alloc(a, sizeof *r);
    bool good;
    *r = (struct relay){.gateway = g, .upstream = u, .arena = a, .peer = peer};
    *out = NULL;
    TRY(find_enrollment(r, g, token, &good));
    if (good) {
        *out = r;
        return OK;
    }
    say(answer, 403, "the address of this enrollment is no longer good: assign the profile anew");
    return OK;
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

static bool read_message(struct relay *r, struct span message, struct relay_answer *answer) {
    enum err e = parse(r, message);
    if (e != OK) {
        say(answer, err_http_status(e), arena_str(r->arena, span_str(err_detail())));
        log_write(LOG_WARN, "relay",
                  "op=PKIOperation upstream=%s peer=%s enrollment=%s status=%d "
                  "reason=%s",
                  r->upstream->settings->name, log_q(span_str(r->peer)), r->enrollment,
                  answer->status, log_q(span_str(err_detail())));
        return false;
    }
    if (r->request.message_type != SCEP_PKCS_REQ && r->request.message_type != SCEP_CERT_POLL) {
        say(answer, 403, "only PKCSReq and CertPoll are served at the address of an enrollment");
        relay_log(r, "403", answer->text);
        return false;
    }
    r->transaction = arena_str(r->arena, r->request.transaction_id);
    r->key_transport = key_transport_of(r);
    return true;
}

/* ---- leave to ask ---- */

/* Not asked: the reason is for the timeline, where it explains what the host reports. */
static void stay(struct relay *r, struct relay_answer *answer, int status, const char *text) {
    r->stayed = true;
    r->said = arena_printf(r->arena, "the host's request did not go on to the upstream: %s",
                           err_detail());
    say(answer, status, text);
    relay_log(r, arena_printf(r->arena, "%d", status), err_detail());
}

static bool may_ask(struct relay *r, struct relay_answer *answer) {
    if (enroll_may_ask_upstream(&r->row, r->request.message_type == SCEP_CERT_POLL) != OK) {
        stay(r, answer, 403, "this enrollment has asked too often: assign the profile anew");
        return false;
    }
    enum err e = claim_take(r->gateway, &r->gateway->relaying, &r->claim, r->enrollment)
                     ? gateway_enter(r->upstream)
                     : err_set(ERR_BUSY, "another request of this enrollment is under way");
    if (e != OK) {
        stay(r, answer, 503,
             "the certificate service behind this server is busy or out of service: come "
             "again later");
        answer->retry_after_s = COME_AGAIN_S;
        return false;
    }
    r->entered = true;
    return true;
}

bool relay_begin(struct relay *r, struct span message, struct fetch_job **job,
                 struct relay_answer *answer) {
    *job = NULL;
    if (!read_message(r, message, answer))
        return false;
    if (!may_ask(r, answer))
        return true;
    r->job.peer = r->upstream->peer;
    scep_http_operation(r->upstream, r->arena, message, &r->job.request);
    *job = &r->job;
    return true;
}

/* A CertPoll asks for no certificate anew: it is not counted. */
enum err relay_sent(struct tx *tx, void *relay) {
    ARENA_AUTO(a);
    const struct relay *r = relay;
    struct enrollment e;
    if (r->request.message_type == SCEP_CERT_POLL)
        return OK;
    TRY(enrollment_get(tx, &a, r->enrollment, &e));
    TRY(enroll_may_ask_upstream(&e, false)); /* it may have changed since relay_begin */
    return enroll_asks_upstream(tx, &e, "the host asked for its certificate: passed on", "upstream",
                                r->upstream->settings->name, "transaction", r->transaction,
                                "keyTransport", r->key_transport, "peer", r->peer, NULL);
}

void relay_end(struct relay *r) {
    if (!r)
        return;
    if (r->entered)
        gateway_leave(r->upstream, &r->job, r->enrollment);
    r->entered = false;
    claim_give_back(r->gateway, &r->gateway->relaying, &r->claim);
    fetch_reply_free(&r->job.reply);
}
