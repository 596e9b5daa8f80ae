/* SPDX-License-Identifier: Apache-2.0 */
/* Whose message it is, by its digest or by the session that a digest began. */
#include <ctype.h>

#include "base/clock.h"
#include "base/text.h"
#include "mde/mde.h"
#include "mdm/report.h"
#include "wire/mdm.h"

enum {
    NONCE_TIME = 5 * MINUTE_MS,    /* ms: how long a nonce of a 401 serves at least */
    SESSION_TIME = 10 * MINUTE_MS, /* ms: a host that was silent for so long logs in anew */
    FIRST_ID = 1 << 24,            /* the least CmdID of these sessions; others begin at 1 */
};

/* That of a 401 in this session; `ago` windows of time before the present one. */
static enum err session_nonce(const struct exchange *x, int ago, const char **nonce) {
    const char *what = arena_printf(
        x->a, "session:%s:%s:%lld:%lld", x->login.device_id, arena_str(x->a, x->in->session_id),
        (long long)(x->now / NONCE_TIME - ago), (long long)x->login.secret.logins);
    return md5_nonce(x->mdm->authority, x->a, what, nonce);
}

static const char *upper(struct arena *a, struct span s) {
    char *text = arena_str(a, s);
    for (char *c = text; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return text;
}

/* The host of that DeviceID, with its secrets. */
static enum err find(struct tx *tx, struct exchange *x, struct device *d) {
    struct md5_login *l = &x->login;
    enum err e = ERR_NOT_FOUND;
    if (mde_is_device_id(x->in->source))
        e = device_by_device_id(tx, x->a, l->device_id, d);
    if (e == OK && d->state != DEVICE_ENROLLED && d->state != DEVICE_LEAVING)
        e = err_set(ERR_AUTH, "the host has left");
    if (e == OK)
        e = device_secret_get(tx, x->a, d->id, &l->secret);
    return e == ERR_NOT_FOUND ? err_set(ERR_AUTH, "no host of that name logs in by MD5") : e;
}

/* Whether the digest is that of one of the secrets with this nonce. */
static enum err try_nonce(struct exchange *x, const char *nonce, bool *good) {
    struct md5_login *l = &x->login;
    const struct span sealed[] = {l->secret.host, l->secret.next};
    struct span secret, raw;
    char digest[MD5_DIGEST_TEXT];
    TRY(base64_decode(x->a, span_str(nonce), &raw));
    *good = false;
    for (int i = 0; i < 2 && sealed[i].n; i++) {
        TRY(md5_open_secret(x->mdm->authority, x->a, sealed[i], &secret));
        TRY(md5_digest(l->secret.name, secret, raw, digest));
        if (!same_secret(x->in->cred_data, span_str(digest)))
            continue;
        *good = true;
        l->by_next = i == 1;
    }
    return OK;
}

/* The nonce of our 401, be it from the window of time before; or the one that a 212 brought. */
static enum err check_digest(struct exchange *x) {
    struct md5_login *l = &x->login;
    const char *nonce;
    for (int ago = 0; ago < 2 && !l->proved; ago++) {
        TRY(session_nonce(x, ago, &nonce));
        TRY(try_nonce(x, nonce, &l->proved));
        l->begins = l->proved;
    }
    if (!l->proved) {
        TRY(md5_next_nonce(x->mdm->authority, x->a, l->device_id, l->secret.logins, &nonce));
        TRY(try_nonce(x, nonce, &l->proved));
    }
    l->wrong = !l->proved;
    return OK;
}

/* Only the first one counts: each further would be one more guess. The header's is no secret. */
static const struct syncml_command *first_answer(const struct exchange *x) {
    for (const struct syncml_command *c = x->in->commands; c; c = c->next)
        if ((c->kind == SYNCML_STATUS || c->kind == SYNCML_RESULTS) && !span_is(c->cmd_ref, "0"))
            return c;
    return NULL;
}

/* Which of our commands it answers; false unless only the host can know its id. */
static bool read_answer(const struct exchange *x, int64_t *msg, int64_t *id) {
    const struct syncml_command *c = first_answer(x);
    return c && x->in->msg_id != 1 && span_int(c->msg_ref, msg) && span_int(c->cmd_ref, id) &&
           *id >= FIRST_ID;
}

/* Whether it answers an open one of this session. */
static bool answers(const struct exchange *x, const struct session *s) {
    int64_t msg, id;
    if (!read_answer(x, &msg, &id) || x->now - s->heard > SESSION_TIME ||
        !span_is(x->in->session_id, s->session_id))
        return false;
    for (const struct sent_command *sent = s->sent; sent; sent = sent->next)
        if (sent->msg_id == msg && sent->cmd_id == id)
            return true;
    return false;
}

/* Whether it is, byte for byte, the last message, and one that nobody else can have written. */
static bool comes_again(const struct exchange *x, const struct session *s) {
    int64_t msg, id;
    return x->in->msg_id == s->in_msg && span_is(x->in->session_id, s->session_id) &&
           span_eq(span_of(x->digest, 32), s->request) &&
           (x->login.wrong || read_answer(x, &msg, &id));
}

/* A message without digest, or one whose nonce is used up. */
static enum err check_session(struct tx *tx, struct exchange *x, int64_t device) {
    struct session s;
    enum err e = session_get(tx, x->a, device, &s);
    if (e == ERR_NOT_FOUND)
        return err_set(ERR_AUTH, "no digest that holds, and no session");
    TRY(e);
    x->login.again = comes_again(x, &s);
    if (!x->login.again && (x->login.wrong || !answers(x, &s)))
        return err_set(ERR_AUTH, "no digest that holds, and no answer to an open command");
    return OK;
}

enum err md5_identify(struct tx *tx, struct exchange *x) {
    struct md5_login *l = &x->login;
    struct device d;
    *l = (struct md5_login){.asked = true, .device_id = upper(x->a, x->in->source)};
    TRY(find(tx, x, &d));
    if (span_is(x->in->cred_type, AUTH_MD5) && x->in->cred_data.n)
        TRY(check_digest(x));
    if (!l->proved)
        TRY(check_session(tx, x, d.id));
    x->device = d;
    return OK;
}

enum err md5_bind(struct exchange *x) {
    struct md5_login *l = &x->login;
    uint32_t random;
    if (!l->asked)
        return OK;
    if (l->again && x->standing != MESSAGE_REPEATED)
        return err_set(ERR_AUTH, "a message that was answered before");
    if (l->wrong) /* it was good when the message came first */
        TRY(md5_next_nonce(x->mdm->authority, x->a, l->device_id, l->secret.logins, &l->nonce));
    TRY(random_bytes((uint8_t *)&random, sizeof random));
    l->first = (random >> 1) | FIRST_ID;
    return OK;
}

enum err md5_accept(struct tx *tx, struct exchange *x) {
    struct md5_login *l = &x->login;
    if (!l->proved)
        return OK;
    l->secret.logins++;
    if (l->by_next) {
        l->secret.host = l->secret.next;
        l->secret.next = SPAN_NONE;
        l->secret.taken = 0;
        l->secret.changed = x->now;
    }
    TRY(device_secret_put(tx, &l->secret));
    return md5_next_nonce(x->mdm->authority, x->a, l->device_id, l->secret.logins, &l->nonce);
}

/* ---- the answer to those whom we do not believe ---- */

enum err md5_refuse(struct exchange *x) {
    const struct md5_login *l = &x->login;
    enum log_level level = l->wrong ? LOG_WARN : LOG_DEBUG;
    if (report_may_log(level))
        log_write(level, "mdm", "op=login peer=%s source=%s status=refused reason=%s",
                  log_q(span_str(x->peer)), log_q(x->in->source), log_q(span_str(err_detail())));
    x->login.first = 0;
    return session_nonce(x, 0, &x->login.nonce);
}
