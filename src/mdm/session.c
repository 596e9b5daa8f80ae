/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message of a host: who it is, what it says to what we sent, and our statuses to what it sends.
 * The whole message is one transaction: a host that gets a reply can rely on all of it.
 */
#include "mdm/session.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "mdm/source.h"
#include "wire/mdm.h"

enum { MAX_CLAIM = 512 }; /* bytes of a text that the host chose */

/* In the order in which they speak; NULL ends them. */
static const struct session_source *const sources[] = {NULL};

static const struct session_source *source_of(int purpose) {
    for (const struct session_source *const *s = sources; *s; s++)
        if ((*s)->first <= purpose && purpose <= (*s)->last)
            return *s;
    return NULL;
}

static struct finding *finding_of(struct exchange *x, const char *enrollment) {
    struct finding **at = &x->findings;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->enrollment, enrollment) == 0)
            return *at;
    *at = arena_alloc(x->a, sizeof **at);
    (*at)->enrollment = enrollment;
    return *at;
}

/* By the step of the LocURI that names it: .../Root/{SHA-1}/EncodedCertificate. */
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

/* "not known" and "refused" look alike from outside; the log knows more. */
static enum err identify_sender(struct tx *tx, struct exchange *x) {
    uint8_t sha256[DIGEST_MAX_SIZE];
    struct identity id;
    if (!x->client_cert.n)
        return err_set(ERR_AUTH, "no client certificate in the TLS handshake");
    TRY(digest_of(DIGEST_SHA256, x->client_cert, sha256));
    enum err e = identity_get(tx, x->a, span_of(sha256, 32), &id);
    if (e == ERR_NOT_FOUND)
        return err_set(ERR_FORBIDDEN, "a client certificate that was not issued here");
    TRY(e);
    if (id.revoked || id.not_after < x->now)
        return err_set(ERR_FORBIDDEN, "a client certificate that is revoked or expired");
    TRY(device_by_id(tx, x->a, id.device, &x->device));
    if (!span_is_nocase(x->in->source, x->device.device_id))
        return err_set(ERR_FORBIDDEN, "the certificate belongs to device %s, the message names %s",
                       x->device.device_id, log_q(x->in->source));
    return OK;
}

/* MsgID 1 starts a session; so does a message of a session that we know nothing of. */
enum err session_identify(struct tx *tx, struct exchange *x) {
    struct session s;
    TRY(identify_sender(tx, x));
    enum err e = session_get(tx, x->a, x->device.id, &s);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    x->joined = e == OK && x->in->msg_id != 1 && span_is(x->in->session_id, s.session_id);
    x->msg_id = x->joined ? s.msg_id + 1 : 1;
    return OK;
}

static enum err join_session(struct tx *tx, const struct exchange *x) {
    if (x->joined)
        return session_advance(tx, x->device.id, x->msg_id);
    const struct session s = {arena_str(x->a, x->in->session_id), 1, x->now};
    return session_start(tx, x->device.id, &s);
}

/* ---- what the host says to our commands ---- */

static enum err find_sent(struct tx *tx, struct exchange *x, const struct syncml_command *c,
                          struct sent_command *sent) {
    int64_t msg, cmd;
    if (!x->joined || !span_int(c->msg_ref, &msg) || !span_int(c->cmd_ref, &cmd))
        return ERR_NOT_FOUND;
    return command_get(tx, x->a, x->device.id, msg, cmd, sent);
}

static const char *last_step(const char *loc_uri) {
    const char *slash = strrchr(loc_uri, '/');
    return slash ? slash + 1 : loc_uri;
}

static void note_child(struct exchange *x, struct finding *f, const struct syncml_command *c,
                       const struct sent_command *sent, const char *code_text) {
    int code = syncml_code(c);
    if (strcmp(last_step(sent->loc_uri), "Enroll") == 0)
        f->enroll_code = code_text;
    if (code < 300) /* done, or a victim (215, 216): the guilty one has a code of its own */
        return;
    buf_printf(&f->failures, "%s%d %s", f->failures.n ? ", " : "", code, last_step(sent->loc_uri));
    if (c->original_error.n)
        buf_printf(&f->failures, " (%s)", text_claim(x->a, c->original_error, 32));
}

static enum err take_status(struct tx *tx, struct exchange *x, const struct syncml_command *c) {
    struct sent_command sent;
    enum err e = find_sent(tx, x, c, &sent);
    if (e == ERR_NOT_FOUND)
        return OK; /* the header's status, or of a session before a restart */
    TRY(e);
    const struct session_source *source = source_of(sent.purpose);
    if (source) {
        const char *error = c->original_error.n ? text_claim(x->a, c->original_error, 32) : NULL;
        const struct heard heard = {&sent, syncml_code(c), error, NULL};
        return source->hear(tx, x, &heard);
    }
    const char *code = arena_printf(x->a, "%d", syncml_code(c));
    struct finding *f = sent.enrollment ? finding_of(x, sent.enrollment) : NULL;
    switch ((enum command_purpose)sent.purpose) {
    case PURPOSE_TRUST_ADD:
        trust_of(x, sent.loc_uri)->add_code = code;
        break;
    case PURPOSE_TRUST_GET:
        trust_of(x, sent.loc_uri)->get_code = code;
        break;
    case PURPOSE_ATOMIC:
        f->atomic_code = code;
        break;
    case PURPOSE_CHILD:
        note_child(x, f, c, &sent, code);
        break;
    case PURPOSE_GET_STATUS:
        if (syncml_code(c) == SYNCML_NOT_FOUND)
            f->observed = f->seen.absent = true;
        break; /* a value comes with the Results; another error tells nothing */
    case PURPOSE_GET_ERROR:
    case PURPOSE_GET_THUMBPRINT:
    case PURPOSE_GET_RESPONDENT:
        break; /* 404 is usual before the outcome; the Results tell the rest */
    default:
        break;
    }
    return OK;
}

static const char *result_text(struct exchange *x, const struct syncml_command *c) {
    struct span data = c->items ? span_trim(c->items->data) : SPAN_NONE;
    return data.n ? text_claim(x->a, data, MAX_CLAIM) : NULL;
}

/* The Get of a root: whether the host holds the very certificate. */
static enum err take_root(struct exchange *x, const struct syncml_command *c,
                          const struct sent_command *sent) {
    uint8_t digest[DIGEST_MAX_SIZE];
    char sha1[41];
    struct span der;
    struct trust *t = trust_of(x, sent->loc_uri);
    if (!c->items || base64_decode(x->a, c->items->data, &der) != OK || !der.n)
        return OK;
    TRY(digest_of(DIGEST_SHA1, der, digest));
    hex_upper(span_of(digest, 20), sha1);
    t->answered = true;
    t->shown = strcmp(sha1, t->sha1) == 0;
    return OK;
}

static enum err take_results(struct tx *tx, struct exchange *x, const struct syncml_command *c) {
    struct sent_command sent;
    enum err e = find_sent(tx, x, c, &sent);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    const struct session_source *source = source_of(sent.purpose);
    if (source && c->items) {
        const struct heard heard = {&sent, 0, NULL, c->items};
        return source->hear(tx, x, &heard);
    }
    struct finding *f = sent.enrollment ? finding_of(x, sent.enrollment) : NULL;
    const char *text = result_text(x, c);
    if (sent.purpose == PURPOSE_TRUST_GET)
        TRY(take_root(x, c, &sent));
    if (sent.purpose == PURPOSE_GET_STATUS) {
        f->seen.status = text;
        f->observed = true;
    }
    if (sent.purpose == PURPOSE_GET_ERROR)
        f->seen.error = text;
    if (sent.purpose == PURPOSE_GET_THUMBPRINT)
        f->seen.thumbprint = text;
    if (sent.purpose == PURPOSE_GET_RESPONDENT)
        f->seen.respondent = text ? url_without_tokens(x->a, text) : NULL;
    return OK;
}

/* ---- what the host sends of itself ---- */

static void take_alert(struct exchange *x, const struct syncml_command *c) {
    for (struct syncml_item *i = c->items; i; i = i->next) {
        if (span_is(i->type, ALERT_TYPE_SCEP_RESULT))
            x->hint = true;
        if (span_is(i->type, ALERT_TYPE_LOGIN_STATUS))
            x->device.login_status = text_claim(x->a, span_trim(i->data), 32);
        if (span_is(i->type, ALERT_TYPE_UNENROLL))
            log_write(LOG_WARN, "mdm", "device=%s alert=unenrollment note=%s", x->device.device_id,
                      log_q(span_str("the user removes the management from the host")));
    }
}

static int status_for(const struct syncml_command *c) {
    switch (c->kind) {
    case SYNCML_ALERT:
    case SYNCML_REPLACE: /* DevInfo */
    case SYNCML_RESULTS:
        return SYNCML_OK;
    case SYNCML_UNKNOWN:
        return SYNCML_BAD_REQUEST;
    default:
        return SYNCML_NOT_ALLOWED; /* a host has no commands for a server */
    }
}

enum err session_hear(struct tx *tx, struct exchange *x) {
    for (struct syncml_command *c = x->in->commands; c; c = c->next) {
        if (c->kind == SYNCML_STATUS) {
            TRY(take_status(tx, x, c));
            continue;
        }
        if (c->kind == SYNCML_RESULTS)
            TRY(take_results(tx, x, c));
        if (c->kind == SYNCML_ALERT)
            take_alert(x, c);
        syncml_write_status(&x->out, x->in->msg_id, c->cmd_id, c->name,
                            c->cmd_id.n ? status_for(c) : SYNCML_BAD_REQUEST);
    }
    return OK;
}

static void begin_reply(struct exchange *x, int code) {
    syncml_begin(&x->out, x->in->session_id, x->msg_id, x->in->source,
                 span_str(x->mdm->management_url));
    syncml_write_status(&x->out, x->in->msg_id, span_str("0"), span_str("SyncHdr"), code);
}

static enum err exchange_work(struct tx *tx, void *user) {
    struct exchange *x = user;
    TRY(session_identify(tx, x));
    TRY(join_session(tx, x));
    begin_reply(x, SYNCML_OK);
    TRY(session_hear(tx, x));
    TRY(device_seen(tx, x->device.id, x->now, x->device.login_status));
    TRY(session_record_outcomes(tx, x));
    for (const struct session_source *const *s = sources; *s; s++)
        if ((*s)->settle)
            TRY((*s)->settle(tx, x));
    TRY(session_plan(tx, x));
    for (const struct session_source *const *s = sources; *s; s++)
        TRY((*s)->plan(tx, x));
    syncml_end(&x->out);
    return OK;
}

/* The protocol's own form of "I do not know you": nothing else of the message is looked at. */
static void refuse_stranger(struct exchange *x) {
    log_write(LOG_WARN, "mdm", "op=session peer=%s source=%s status=refused reason=%s",
              log_q(span_str(x->peer)), log_q(x->in->source), log_q(span_str(err_detail())));
    buf_free(&x->out.out);
    x->out = (struct syncml_writer){0};
    x->msg_id = 1;
    begin_reply(x, x->client_cert.n ? 401 : 407);
    syncml_end(&x->out);
}

static enum err answer(struct exchange *x) {
    const struct pki *pki = pki_acquire(x->mdm->pki);
    x->pki = pki;
    enum err e = store_write(x->mdm->store, exchange_work, x);
    pki_release(pki);
    session_free(x);
    if (e == OK && x->moved) /* what was superseded may be public now, or live again */
        revocation_changed(x->mdm->revocation);
    return e;
}

enum err mdm_session(const struct mdm *mdm, struct arena *a, struct span client_cert,
                     struct span message, const char *peer, const struct mdm_wanted *wanted,
                     struct buf *reply) {
    struct exchange x = {.mdm = mdm,
                         .a = a,
                         .peer = peer,
                         .client_cert = client_cert,
                         .wanted = wanted,
                         .now = clock_ms()};
    TRY(syncml_parse(a, message, &x.in));
    enum err e = answer(&x);
    if (e == ERR_AUTH || e == ERR_FORBIDDEN) {
        refuse_stranger(&x);
        e = OK;
    } else if (e == OK) {
        log_write(LOG_INFO, "mdm",
                  "op=session peer=%s device=%s session=%s msg=%d reply=%d hint=%s status=ok",
                  log_q(span_str(peer)), x.device.device_id, log_q(x.in->session_id),
                  (int)x.in->msg_id, (int)x.msg_id, x.hint ? "yes" : "no");
    }
    if (e == OK) {
        *reply = x.out.out;
        return OK;
    }
    buf_free(&x.out.out);
    return ERR_INTERNAL; /* whatever failed in there is not the host's doing */
}
