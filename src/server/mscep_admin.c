/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing on the page comes from outside: digits, a thumbprint and a number of ours. So there is
 * nothing to escape.
 *
 * What readers of the page rely on, and the form here keeps (Fleet's scep_proxy.go, zentral, the
 * Get-NDESOTP scripts): one blank on each side of the challenge; "<P> " right before a sentence;
 * and the thumbprint in groups of eight digits, as a script takes the first word of 16 or more
 * hexadecimal digits for the challenge. NDES shows an MD5 there; ours is the SHA-1 that the CSP's
 * CAThumbprint wants.
 */
#include "server/mscep_admin.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "enroll/challenges.h"
#include "server/await_guess.h"
#include "store/device.h"

static struct lockout lockout = LOCKOUT_INITIALIZER;

#define NO_STORE  "Cache-Control: no-store\r\n"
#define CHALLENGE "WWW-Authenticate: Basic realm=\"mscep_admin\", charset=\"UTF-8\"\r\n"

enum { MAX_CREDENTIALS = 4096, THUMBPRINT_GROUP = 8 };

/* ---- the page ---- */

static const char head[] =
    "<HTML><Head><Title>Network Device Enrollment Service</Title></Head><Body>"
    "<P> Network Device Enrollment Service: challenges for SCEP. </P>";
static const char tail[] = "</Body></HTML>";

static const char full[] =
    "<P> The password cache is full. "
    "<P> Network Device Enrollment Service stores unused password for later "
    "use. Use them, wait until they expire, or revoke them: signet challenge "
    "list. </P>";

static const char not_permitted[] =
    "<P> You do not have sufficient permission to enroll with SCEP. "
    "Please contact your system administrator. </P>";

/* All of it is ASCII. */
static void send_page(struct http_reply *reply, const char *content) {
    const char *const parts[] = {head, content, tail};
    reply->content_type = "text/html; charset=utf-16le"; /* IIS leaves the charset out */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (const char *c = parts[i]; *c; c++)
            buf_add(&reply->body, (const char[2]){*c}, 2);
}

static const char *in_groups(struct arena *a, const char *thumbprint) {
    struct span rest = span_str(thumbprint);
    const char *text = "";
    for (; rest.n; rest = span_from(rest, THUMBPRINT_GROUP))
        text = arena_printf(a, "%s%s%.*s", text, *text ? " " : "",
                            (int)(rest.n < THUMBPRINT_GROUP ? rest.n : THUMBPRINT_GROUP),
                            (const char *)rest.p);
    return text;
}

static void send_challenge(struct arena *a, const struct endpoint *e, const char *challenge,
                           struct http_reply *reply) {
    long long minutes = e->policy->challenge_lifetime / MINUTE_MS;
    send_page(reply, arena_printf(a,
                                  "<P> The thumbprint (hash value) for the CA certificate is: "
                                  "<B> %s </B> "
                                  "<P> The enrollment challenge password is: <B> %s </B> "
                                  "<P> This password can be used only once and will expire within "
                                  "%lld minutes. "
                                  "<P> Each enrollment requires a new challenge password. You can "
                                  "refresh this web page to obtain a new challenge password. </P>",
                                  in_groups(a, e->ca->sha1), challenge, minutes));
}

/* ---- who asks ---- */

struct credentials {
    struct span account, password;
};

/* RFC 7617. A name as Windows writes it may be a UPN or DOMAIN\user: it is taken as it is. */
static bool read_credentials(const struct http_request *r, struct credentials *out) {
    const char *value = http_header(r, "authorization");
    struct span text;
    if (!value || strlen(value) > MAX_CREDENTIALS || strncasecmp(value, "basic ", 6) != 0)
        return false;
    if (base64_decode(r->arena, span_str(value + 6), &text) != OK)
        return false;
    ptrdiff_t colon = span_find(text, ':');
    if (colon <= 0 || span_find(text, 0) >= 0)
        return false;
    out->account = span_of(text.p, (size_t)colon);
    out->password = span_from(text, (size_t)colon + 1);
    return true;
}

struct mscep_visit {
    const struct services *services;
    const struct endpoint *endpoint;
    struct credentials credentials;
    const char *name; /* of the account that is looked for */
    bool foreign;     /* it is of another endpoint */
    struct arena *a;
    struct guess guess;
    bool known; /* the guess has its result already */
};

/* The account of this endpoint, or else one of that name of another. */
static enum err find_account(struct tx *tx, void *user) {
    struct mscep_visit *v = user;
    struct ndes_account account, *all;
    enum err e = ndes_account_get(tx, v->a, v->endpoint->name, v->name, &account);
    if (e != ERR_NOT_FOUND) {
        v->guess.hash = e == OK ? account.password : NULL;
        return e;
    }
    v->foreign = true;
    TRY(ndes_account_list(tx, v->a, &all));
    for (; all; all = all->next)
        if (strcmp(all->name, v->name) == 0)
            v->guess.hash = all->password;
    return OK;
}

struct guess *mscep_admin_guess(struct mscep_visit *v) {
    return v->known ? NULL : &v->guess;
}

/* ERR_AUTH; ERR_FORBIDDEN for the right password of another endpoint's account; ERR_BUSY. */
static enum err authenticate(const struct mscep_visit *v) {
    TRY(guess_result(&v->guess));
    return v->foreign ? err_set(ERR_FORBIDDEN, "the account is of another endpoint") : OK;
}

/* ---- minting ---- */

struct minting {
    const struct authority *authority;
    const struct endpoint *endpoint;
    struct challenge_order order;
    const char *password; /* its account's, as it was when it was judged */
    char challenge[NDES_CHALLENGE_SIZE];
};

/* A slow hash takes its time: the account may have been removed, or its password changed. */
static enum err check_account(struct tx *tx, const struct minting *m) {
    ARENA_AUTO(a);
    struct ndes_account now;
    enum err e = ndes_account_get(tx, &a, m->endpoint->name, m->order.account, &now);
    if (e == ERR_NOT_FOUND || (e == OK && strcmp(now.password, m->password) != 0))
        return err_set(ERR_AUTH, "the account was removed or changed while its password was being "
                                 "checked");
    return e;
}

static enum err mint(struct tx *tx, void *user) {
    struct minting *m = user;
    struct challenge kept;
    TRY(check_account(tx, m));
    TRY(challenge_order(tx, m->authority, m->endpoint, &m->order, &kept, m->challenge));
    store_log(tx, LOG_INFO, "ndes",
              "op=mscep_admin endpoint=%s account=%s challenge=%lld status=ok", m->endpoint->name,
              log_q(span_str(m->order.account)), (long long)kept.id);
    return OK;
}

static enum err send_fresh(const struct mscep_visit *v, struct arena *a, struct http_reply *reply) {
    struct minting m = {
        .authority = v->services->scep.authority,
        .endpoint = v->endpoint,
        .order = {.kind = CHALLENGE_NDES, .account = v->name},
        .password = v->guess.hash,
    };
    enum err result = store_write(v->services->scep.store, mint, &m);
    if (result == OK)
        send_challenge(a, v->endpoint, m.challenge, reply);
    explicit_bzero(m.challenge, sizeof m.challenge);
    return result;
}

/* ---- the answers ---- */

static void refuse(const struct endpoint *e, const struct http_request *r, struct span account,
                   struct http_reply *reply, enum err why, int status) {
    enum log_level level = account.n ? LOG_WARN : LOG_DEBUG; /* browsers ask without one first */
    log_write(level, "ndes", "op=mscep_admin endpoint=%s account=%s peer=%s status=%d reason=%s",
              e->name, log_q(account), log_q(span_str(r->peer)), status,
              log_q(span_str(err_detail())));
    if (why == ERR_LIMIT)
        send_page(reply, full);
    else if (why == ERR_FORBIDDEN)
        send_page(reply, not_permitted);
    else
        http_text(reply, status,
                  why != ERR_BUSY && status >= 500 ? "the server failed; its log says why"
                                                   : err_detail());
    if (status == 401)
        reply->fields = NO_STORE CHALLENGE;
    if (why == ERR_BUSY)
        reply->fields = NO_STORE "Retry-After: 1\r\n";
}

/* An err_http_status, but what NDES tells on its page comes with 200. */
static int status_of(enum err e) {
    return e == ERR_LIMIT || e == ERR_FORBIDDEN ? 200 : err_http_status(e);
}

static void too_often(const struct mscep_visit *v, const struct http_request *r,
                      struct http_reply *reply, enum err why) {
    refuse(v->endpoint, r, v->credentials.account, reply, why, 429);
    reply->fields = arena_printf(r->arena, NO_STORE "Retry-After: %lld\r\n",
                                 (long long)((v->guess.wait + 999) / 1000));
}

void mscep_admin_end(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct mscep_visit *v = user;
    const struct endpoint *e = v->endpoint;
    struct span account = v->credentials.account;
    reply->fields = NO_STORE;
    if (v->guess.shut_out)
        log_write(LOG_WARN, "ndes", "op=lockout endpoint=%s account=%s peer=%s seconds=%d", e->name,
                  log_q(account), log_q(span_str(r->peer)), LOCKOUT_MS / 1000);
    enum err result = authenticate(v);
    if (result == OK)
        result = send_fresh(v, r->arena, reply);
    if (result != OK && v->guess.wait)
        too_often(v, r, reply, result);
    else if (result != OK)
        refuse(e, r, account, reply, result, status_of(result));
}

static struct mscep_visit *visit(const struct services *s, const struct endpoint *e,
                                 const struct http_request *r, const struct credentials *c,
                                 struct http_reply *reply) {
    struct mscep_visit *v = arena_alloc(r->arena, sizeof *v);
    *v = (struct mscep_visit){.services = s,
                              .endpoint = e,
                              .credentials = *c,
                              .name = arena_str(r->arena, c->account),
                              .a = r->arena,
                              .guess = {.lockout = &lockout,
                                        .who = {e->name, c->account, r->peer},
                                        .password = c->password}};
    enum err found = store_read(s->scep.store, find_account, v);
    if (found != OK) {
        refuse(e, r, c->account, reply, found, status_of(found));
        return NULL;
    }
    v->known = guess_known(&v->guess);
    return v;
}

struct mscep_visit *mscep_admin_begin(const struct services *s, const struct endpoint *e,
                                      const struct http_request *r, struct http_reply *reply) {
    struct credentials c = {SPAN_NONE, SPAN_NONE};
    reply->fields = NO_STORE;
    if (!r->tls) {
        refuse(e, r, SPAN_NONE, reply, err_set(ERR_REFUSED, "this page is served by https only"),
               403);
    } else if (!(r->method & (HTTP_GET | HTTP_POST))) {
        refuse(
            e, r, SPAN_NONE, reply,
            err_set(ERR_METHOD, "method %s is not served here, only GET and POST", r->method_name),
            405);
        reply->allow = "GET, POST";
    } else if (!read_credentials(r, &c)) {
        refuse(
            e, r, SPAN_NONE, reply,
            err_set(ERR_AUTH, "give name and password of an account of this endpoint (HTTP Basic)"),
            401);
    } else {
        return visit(s, e, r, &c, reply);
    }
    return NULL;
}

void route_mscep_admin(const struct services *s, const struct endpoint *e,
                       const struct http_request *r, struct http_reply *reply) {
    struct mscep_visit *v = mscep_admin_begin(s, e, r, reply);
    if (v)
        await_guess(s->mdm.guesses, mscep_admin_guess(v), r, reply, mscep_admin_end, v);
}
