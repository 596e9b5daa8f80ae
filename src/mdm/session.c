/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message of a host: who it is, and which answer it gets. The whole message is one transaction: a
 * host that gets a reply can rely on all of it.
 */
#include "mdm/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "enroll/life.h"
#include "mdm/hardware.h"
#include "mdm/place.h"
#include "mdm/report.h"
#include "mdm/source.h"
#include "wire/mdm.h"

/* In the order in which they speak; NULL ends them. */
static const struct session_source *const sources[] = {&removal_source,
                                                       &hardware_source,
                                                       &version_source,
                                                       &queue_source,
                                                       &rekey_source,
                                                       &unenroll_source,
                                                       NULL};

const struct session_source *session_source_of(int purpose) {
    for (const struct session_source *const *s = sources; *s; s++)
        if ((*s)->first <= purpose && purpose <= (*s)->last)
            return *s;
    return NULL;
}

/* Of a host that the administrator has let go without telling it, nothing else is to be expected:
 * the log is enough. */
static enum err refuse_ended(struct tx *tx, struct exchange *x, const struct identity *id) {
    bool expected;
    TRY(enroll_ended_by_administrator(tx, id, &expected));
    if (!expected)
        return err_set(ERR_FORBIDDEN, "a client certificate that is revoked or expired");
    x->alarm = NULL;
    return err_set(ERR_FORBIDDEN, "the certificate of a host that the administrator has removed "
                                  "or unenrolled");
}

/* "not known" and "refused" look alike from outside; the log knows more. */
static enum err identify_sender(struct tx *tx, struct exchange *x) {
    struct identity id;
    if (!x->proof->cert.n && x->proof->md5_allowed)
        return md5_identify(tx, x);
    if (!x->proof->cert.n)
        return err_set(ERR_AUTH, "no client certificate in the TLS handshake");
    enum err e = identity_get(tx, x->a, span_of(x->cert, 32), &id);
    if (e == ERR_NOT_FOUND) {
        x->alarm = "a client certificate that was not issued here was shown in a session";
        return err_set(ERR_FORBIDDEN, "a client certificate that was not issued here");
    }
    TRY(e);
    x->identity = id;
    x->alarm = "a device certificate that is revoked or expired was shown in a session";
    x->device.id = id.device;
    if (id.revoked || id.not_after < x->now)
        return refuse_ended(tx, x, &id);
    TRY(device_by_id(tx, x->a, id.device, &x->device));
    x->alarm = "a device certificate was used in another device's name: it may have been copied";
    if (!span_is_nocase(x->in->source, x->device.device_id))
        return err_set(ERR_FORBIDDEN, "the certificate belongs to device %s, the message names %s",
                       x->device.device_id, log_q(x->in->source));
    return OK;
}

static enum err locate(struct tx *tx, struct exchange *x) {
    TRY(place_find(tx, x));
    return md5_bind(x);
}

enum err session_recognize(struct tx *tx, struct exchange *x) {
    TRY(identify_sender(tx, x));
    TRY(hardware_check(x));
    return x->proof->cert.n ? OK : locate(tx, x);
}

enum err session_identify(struct tx *tx, struct exchange *x) {
    TRY(identify_sender(tx, x));
    TRY(hardware_check(x));
    return locate(tx, x);
}

/* ---- the answers ---- */

static void begin_reply(struct exchange *x, int code) {
    syncml_begin(&x->out, x->in->session_id, x->msg_id, x->in->source,
                 span_str(x->mdm->management_url));
    if (x->login.first)
        x->out.next_cmd_id = x->login.first;
    if (x->login.nonce)
        syncml_write_challenge(&x->out, x->in->msg_id,
                               code == SYNCML_OK ? SYNCML_AUTHENTICATED : code, x->login.nonce);
    else
        syncml_write_status(&x->out, x->in->msg_id, span_str("0"), span_str("SyncHdr"), code);
}

/* A host that could log in by MD5: with a nonce for it. */
static enum err invite(struct exchange *x) {
    TRY(md5_refuse(x));
    x->msg_id = x->in->msg_id;
    begin_reply(x, SYNCML_UNAUTHORIZED);
    for (const struct syncml_command *c = x->in->commands; c; c = c->next)
        if (c->kind != SYNCML_STATUS)
            syncml_write_status(&x->out, x->in->msg_id, c->cmd_id, c->name, SYNCML_NO_CREDENTIALS);
    syncml_end(&x->out);
    return OK;
}

/* The protocol's own form of "I do not know you": nothing else of the message is looked at. */
enum err session_refuse(struct tx *tx, struct exchange *x) {
    x->msg_id = 1;
    if (x->login.asked)
        return invite(x);
    if (report_may_log(LOG_WARN))
        log_write(LOG_WARN, "mdm", "op=session peer=%s source=%s status=refused reason=%s",
                  log_q(span_str(x->peer)), log_q(x->in->source), log_q(span_str(err_detail())));
    begin_reply(x, x->proof->cert.n ? SYNCML_UNAUTHORIZED : SYNCML_NO_CREDENTIALS);
    syncml_end(&x->out);
    return x->alarm ? report_stranger(tx, x, x->device.id, x->alarm) : OK;
}

/* Once a minute is enough for the administrator. */
static enum err see_device(struct tx *tx, struct exchange *x, const char *login_before) {
    const char *login = x->device.login_status;
    bool same = login == login_before || (login && login_before && !strcmp(login, login_before));
    TRY(hardware_see_identity(tx, x));
    if (x->joined && same && x->now - x->device.last_seen < MINUTE_MS)
        return OK;
    return device_seen(tx, x->device.id, x->now, login);
}

static enum err settle(struct tx *tx, struct exchange *x) {
    TRY(session_record_outcomes(tx, x));
    for (const struct session_source *const *s = sources; *s; s++)
        if ((*s)->settle)
            TRY((*s)->settle(tx, x));
    return OK;
}

static enum err plan(struct tx *tx, struct exchange *x) {
    TRY(session_plan(tx, x));
    for (const struct session_source *const *s = sources; *s; s++)
        TRY((*s)->plan(tx, x));
    return OK;
}

static enum err converse(struct tx *tx, struct exchange *x) {
    const char *login = x->device.login_status;
    if (!x->joined)
        x->device.login_status = NULL; /* who is signed in is said anew in each session */
    place_take(x);
    TRY(md5_accept(tx, x));
    begin_reply(x, SYNCML_OK);
    TRY(session_hear(tx, x));
    TRY(see_device(tx, x, login));
    bool copied = x->device.hw_other; /* since this message, whose other words count no more */
    TRY(copied ? hardware_hear_leaving(tx, x) : settle(tx, x));
    TRY(x->ended || copied ? session_count_unused(tx, x) : plan(tx, x));
    syncml_end(&x->out);
    TRY(session_report(tx, x));
    return place_keep(tx, x);
}

/*
 * The host did not get our answer: it gets the same one, whatever was fetched for another. One that
 * was not kept had no commands; or it is gone, and without its commands the host's session ends: in
 * the next one it is asked what it has, and what is still to be sent goes out.
 */
static enum err repeat(struct tx *tx, struct exchange *x) {
    TRY(session_count_unused(tx, x));
    if (x->before.n) {
        buf_span(&x->out.out, x->before);
        return OK;
    }
    begin_reply(x, SYNCML_OK);
    TRY(session_hear(tx, x));
    syncml_end(&x->out);
    return OK;
}

static enum err turn_down(struct tx *tx, struct exchange *x, int code, const char *why) {
    begin_reply(x, code);
    syncml_end(&x->out);
    TRY(session_count_unused(tx, x));
    if (place_is_elsewhere(x))
        TRY(hardware_is_in_two_places(tx, x));
    return report_misuse(tx, x, why);
}

enum err session_answer(struct tx *tx, struct exchange *x) {
    switch (x->standing) {
    case MESSAGE_FIRST:
    case MESSAGE_NEXT:
        return converse(tx, x);
    case MESSAGE_REPEATED:
        return repeat(tx, x);
    case MESSAGE_OLD:
        return turn_down(tx, x, SYNCML_OK, "the host sent another message under an old MsgID");
    case MESSAGE_AHEAD:
        return turn_down(tx, x, SYNCML_BAD_REQUEST, "the host left out a MsgID");
    case MESSAGE_APART:
        return turn_down(tx, x, SYNCML_OK, "the host is in two sessions at once");
    }
    return ERR_INTERNAL;
}
