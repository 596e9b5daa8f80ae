/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who enrolls a host: an account by its password, by an enrollment code in the password's place, or
 * by a sign-in of our page. Guessing passwords is made slow (lockout.h).
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "mdm/enrolling.h"
#include "wire/mdm.h"

static struct lockout lockout = LOCKOUT_INITIALIZER;

enum { MAX_TOKEN = 4096 };

/* ---- the account and its proof, in the store ---- */

static enum err find_ticket(struct tx *tx, struct sign_in_query *q) {
    enum err e = ticket_check(tx, q->a, q->authority, q->kind, q->text, q->now, &q->ticket);
    if (e == ERR_NOT_FOUND) { /* a password may look like a code */
        q->ticket = (struct ticket){0};
        return OK;
    }
    if (e == OK && q->name && strcmp(q->name, q->ticket.account) != 0)
        return err_set(ERR_AUTH, "wrong user name or password"); /* whose it is, is not told */
    if (e == OK)
        q->name = q->ticket.account;
    return e;
}

static enum err find(struct tx *tx, void *user) {
    struct sign_in_query *q = user;
    if (q->kind)
        TRY(find_ticket(tx, q));
    if (!q->name)
        return OK;
    enum err e = account_get(tx, q->a, q->name, &q->account);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* ---- a name and a password ---- */

/*
 * A user name as Windows sends it may be a UPN or DOMAIN\user: it is taken as it is. A code that
 * is found, good or not, is no guess: it has 100 bits. So what others guess at a password keeps
 * nobody out who has one, and a code that is used up shuts nobody out.
 */
static enum err prove(struct mdm_sign_in *s, const struct mdm *mdm, struct arena *a,
                      struct span name, struct span password, const char *peer) {
    *s = (struct mdm_sign_in){.mdm = mdm, .name = name, .peer = peer};
    s->query = (struct sign_in_query){.authority = mdm->authority,
                                      .a = a,
                                      .kind = ticket_is_code(password) ? TICKET_CODE : 0,
                                      .text = password,
                                      .now = clock_ms(),
                                      .name = arena_str(a, name)};
    TRY(store_read(mdm->store, find, &s->query)); /* ERR_AUTH: it is a code that is not good */
    if (s->query.ticket.kind)
        return s->query.account.name ? OK : err_set(ERR_AUTH, "wrong user name or password");
    s->by_password = true;
    s->guess = (struct guess){.lockout = &lockout,
                              .who = {"enrollment", name, peer},
                              .password = password,
                              .hash = s->query.account.password};
    s->known = guess_known(&s->guess);
    return OK;
}

struct guess *mdm_sign_in_guess(struct mdm_sign_in *s) {
    return s->by_password && !s->known ? &s->guess : NULL;
}

static enum err proved(const struct mdm_sign_in *s, struct mdm_user *out) {
    if (s->guess.shut_out)
        log_write(LOG_WARN, "mde", "op=lockout user=%s peer=%s seconds=%d", log_q(s->name),
                  log_q(span_str(s->peer)), LOCKOUT_MS / 1000);
    if (s->by_password)
        TRY(guess_result(&s->guess));
    *out = (struct mdm_user){s->query.account.name, s->query.ticket};
    return OK;
}

/* ---- in the requests ---- */

/* The host sends what our page gave it, in base64 (windows-mdm.md, C.3). */
static enum err by_token(struct enrolling *q) {
    struct sign_in_query *query = &q->sign_in.query;
    *query = (struct sign_in_query){
        .authority = q->mdm->authority, .a = q->a, .kind = TICKET_SIGN_IN, .now = q->now};
    if (!span_is(q->h.token_type, VALUE_USER_TOKEN))
        return enrolling_refuse(q, MDE_INVALID_SECURITY,
                                err_set(ERR_AUTH, "the BinarySecurityToken is of a type that is "
                                                  "not served here"));
    if (q->h.token.n > MAX_TOKEN || base64_decode(q->a, q->h.token, &query->text) != OK)
        return enrolling_refuse(q, MDE_INVALID_SECURITY,
                                err_set(ERR_AUTH, "the BinarySecurityToken is not base64"));
    TRY(store_read(q->mdm->store, find, query));
    if (!query->ticket.kind || !query->account.name)
        return err_set(ERR_AUTH, "the token is not one of this server's sign-in page");
    if (q->h.username.n && !span_is(q->h.username, query->account.name))
        log_write(LOG_INFO, "mde", "op=%s peer=%s user=%s note=\"signed in as another\" account=%s",
                  q->op, log_q(span_str(q->peer)), log_q(q->h.username),
                  log_q(span_str(query->account.name)));
    return OK;
}

enum err enrolling_sign_in(struct enrolling *q) {
    const struct mde_header *h = &q->h;
    if (!h->has_security || h->ambiguous)
        return enrolling_refuse(q, MDE_INVALID_SECURITY,
                                err_set(ERR_AUTH, h->has_security
                                                      ? "the Security header says twice who asks"
                                                      : "the request has no Security header"));
    if (h->token.n)
        return by_token(q);
    if (!h->username.n || !h->password.n)
        return err_set(ERR_AUTH, "the request has no user name and password (OnPremise)");
    return prove(&q->sign_in, q->mdm, q->a, h->username, h->password, q->peer);
}

enum err enrolling_signed_in(const struct enrolling *q, struct mdm_user *out) {
    return proved(&q->sign_in, out);
}

/* ---- on the page ---- */

_Static_assert((int)MDM_SIGN_IN_SIZE == (int)TICKET_SIGN_IN_SIZE, "the room that callers give");

struct minting {
    const struct mdm *mdm;
    struct mdm_user user;
    char *ticket;
};

static enum err mint(struct tx *tx, void *user) {
    struct minting *m = user;
    return ticket_new_sign_in(tx, m->mdm->authority, m->user.account, &m->user.ticket, clock_ms(),
                              m->ticket);
}

enum err mdm_sign_in(const struct mdm *mdm, struct arena *a, struct span name, struct span password,
                     const char *peer, struct mdm_sign_in **out) {
    if (!name.n || !password.n)
        return err_set(ERR_AUTH, "type user name and password");
    *out = arena_alloc(a, sizeof **out);
    return prove(*out, mdm, a, name, password, peer);
}

enum err mdm_signed_in(const struct mdm_sign_in *s, char token[MDM_SIGN_IN_SIZE]) {
    struct minting m = {.mdm = s->mdm, .ticket = token};
    TRY(proved(s, &m.user));
    if (m.user.ticket.kind && !m.user.ticket.uses)
        return err_set(ERR_AUTH, "the enrollment code is used up; get a new one");
    TRY(store_write(s->mdm->store, mint, &m));
    log_write(LOG_INFO, "mde", "op=SignIn peer=%s user=%s by=%s status=ok",
              log_q(span_str(s->peer)), log_q(s->name), m.user.ticket.kind ? "code" : "password");
    return OK;
}
