/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who enrolls a host: an account by its password, by an enrollment code in the password's place, or
 * by a sign-in of our page. Guessing passwords is made slow (lockout.h).
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "mdm/enrolling.h"
#include "mdm/lockout.h"
#include "mdm/password.h"
#include "wire/mdm.h"

static struct lockout lockout = LOCKOUT_INITIALIZER;

enum { MAX_TOKEN = 4096 };

/* ---- the account and its proof, in the store ---- */

struct query {
    const struct authority *authority;
    struct arena *a;
    int kind; /* of the ticket that is looked for; 0: none */
    struct span text;
    int64_t now;
    const char *name; /* of the account; a sign-in names it itself */
    struct account account;
    struct ticket ticket;
};

static enum err find_ticket(struct tx *tx, struct query *q) {
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
    struct query *q = user;
    if (q->kind)
        TRY(find_ticket(tx, q));
    if (!q->name)
        return OK;
    enum err e = account_get(tx, q->a, q->name, &q->account);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* A password, as often as it may be tried. */
static enum err prove_slowly(const struct query *q, struct span name, const char *peer) {
    const struct lockout_asker who = {"enrollment", name, peer};
    int64_t wait = lockout_wait(&lockout, &who, clock_monotonic_ms());
    if (wait)
        return err_set(ERR_AUTH, "too many wrong passwords; try again in %lld seconds",
                       (long long)((wait + 999) / 1000));
    enum err e = password_check(q->text, q->account.password);
    if (e == OK)
        lockout_passed(&lockout, &who, clock_monotonic_ms());
    else if (e == ERR_AUTH && lockout_failed(&lockout, &who, clock_monotonic_ms()))
        log_write(LOG_WARN, "mde", "op=lockout user=%s peer=%s seconds=%d", log_q(name),
                  log_q(span_str(peer)), LOCKOUT_MS / 1000);
    return e;
}

/*
 * A user name as Windows sends it may be a UPN or DOMAIN\user: it is taken as it is. A code that
 * is found, good or not, is no guess: it has 100 bits. So what others guess at a password keeps
 * nobody out who has one, and a code that is used up shuts nobody out.
 */
static enum err prove(const struct mdm *mdm, struct arena *a, struct span name,
                      struct span password, const char *peer, struct mdm_user *out) {
    struct query q = {.authority = mdm->authority,
                      .a = a,
                      .kind = ticket_is_code(password) ? TICKET_CODE : 0,
                      .text = password,
                      .now = clock_ms(),
                      .name = arena_str(a, name)};
    TRY(store_read(mdm->store, find, &q)); /* ERR_AUTH: it is a code that is not good */
    if (!q.ticket.kind)
        TRY(prove_slowly(&q, name, peer));
    else if (!q.account.name)
        return err_set(ERR_AUTH, "wrong user name or password");
    *out = (struct mdm_user){q.account.name, q.ticket};
    return OK;
}

/* ---- in the requests ---- */

/* The host sends what our page gave it, in base64 (windows-mdm.md, C.3). */
static enum err by_token(struct enrolling *q, struct mdm_user *out) {
    struct query query = {
        .authority = q->mdm->authority, .a = q->a, .kind = TICKET_SIGN_IN, .now = q->now};
    if (!span_is(q->h.token_type, VALUE_USER_TOKEN))
        return enrolling_refuse(q, MDE_INVALID_SECURITY,
                                err_set(ERR_AUTH, "the BinarySecurityToken is of a type that is "
                                                  "not served here"));
    if (q->h.token.n > MAX_TOKEN || base64_decode(q->a, q->h.token, &query.text) != OK)
        return enrolling_refuse(q, MDE_INVALID_SECURITY,
                                err_set(ERR_AUTH, "the BinarySecurityToken is not base64"));
    TRY(store_read(q->mdm->store, find, &query));
    if (!query.ticket.kind || !query.account.name)
        return err_set(ERR_AUTH, "the token is not one of this server's sign-in page");
    if (q->h.username.n && !span_is(q->h.username, query.account.name))
        log_write(LOG_INFO, "mde", "op=%s peer=%s user=%s note=\"signed in as another\" account=%s",
                  q->op, log_q(span_str(q->peer)), log_q(q->h.username),
                  log_q(span_str(query.account.name)));
    *out = (struct mdm_user){query.account.name, query.ticket};
    return OK;
}

enum err enrolling_sign_in(struct enrolling *q, struct mdm_user *out) {
    const struct mde_header *h = &q->h;
    if (!h->has_security || h->ambiguous)
        return enrolling_refuse(q, MDE_INVALID_SECURITY,
                                err_set(ERR_AUTH, h->has_security
                                                      ? "the Security header says twice who asks"
                                                      : "the request has no Security header"));
    if (h->token.n)
        return by_token(q, out);
    if (!h->username.n || !h->password.n)
        return err_set(ERR_AUTH, "the request has no user name and password (OnPremise)");
    return prove(q->mdm, q->a, h->username, h->password, q->peer, out);
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
                     const char *peer, char ticket[MDM_SIGN_IN_SIZE]) {
    struct minting m = {.mdm = mdm, .ticket = ticket};
    if (!name.n || !password.n)
        return err_set(ERR_AUTH, "type user name and password");
    TRY(prove(mdm, a, name, password, peer, &m.user));
    if (m.user.ticket.kind && !m.user.ticket.uses)
        return err_set(ERR_AUTH, "the enrollment code is used up; get a new one");
    TRY(store_write(mdm->store, mint, &m));
    log_write(LOG_INFO, "mde", "op=SignIn peer=%s user=%s by=%s status=ok", log_q(span_str(peer)),
              log_q(name), m.user.ticket.kind ? "code" : "password");
    return OK;
}
