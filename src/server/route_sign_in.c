/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_sign_in.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ca/seal.h"
#include "server/await_guess.h"
#include "server/page.h"
#include "server/respond.h"
#include "xml/xml.h"

#define TYPE_FORM "application/x-www-form-urlencoded"
#define SCHEME    "ms-app://"
#define SEAL      "sign-in form"

enum { MAX_APPRU = 256, FORM_MS = 10 * 60 * 1000, TIME_DIGITS = 16 };

/* ---- where the answer goes ---- */

bool sign_in_is_app(const char *appru) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t n = strlen(appru), scheme = sizeof SCHEME - 1;
    if (n > MAX_APPRU || strncmp(appru, SCHEME, scheme) != 0)
        return false;
    size_t name = strspn(appru + scheme, plain);
    const char *path = appru + scheme + name;
    if (!name || (*path && *path != '/'))
        return false;
    while (*path == '/' || (*path && strchr(plain, *path)))
        path++;
    return !*path;
}

/* What the form brings back: until when it may, and appru. */
static enum err seal_state(const struct services *s, struct arena *a, const char *appru,
                           struct buf *out) {
    struct span sealed;
    const char *text =
        arena_printf(a, "%0*lld%s", TIME_DIGITS, (long long)(clock_ms() + FORM_MS), appru);
    TRY(seal(s->mdm.authority, a, SEAL, span_str(text), &sealed));
    base64_encode(out, sealed);
    return OK;
}

static enum err open_state(const struct services *s, struct arena *a, const char *state,
                           const char **appru, bool *late) {
    struct span sealed, text;
    int64_t until;
    if (!state || base64_decode(a, span_str(state), &sealed) != OK ||
        unseal(s->mdm.authority, a, SEAL, sealed, &text) != OK || text.n < TIME_DIGITS ||
        !span_int(span_of(text.p, TIME_DIGITS), &until))
        return err_set(ERR_PARSE, "the form is not one of this server's; start again");
    *appru = arena_str(a, span_from(text, TIME_DIGITS));
    *late = clock_ms() >= until;
    return OK;
}

/* ---- the pages ---- */

static const char submit[] = "document.forms[0].submit()";

static void put_input(struct buf *b, const char *label, const char *name, const char *type,
                      const char *value) {
    buf_printf(b, "<label>%s<input type=\"%s\" name=\"%s\" required autocomplete=\"off\" value=\"",
               label, type, name);
    xml_escape(b, span_str(value));
    buf_str(b, "\"></label>");
}

/* `error` NULL: there is none yet. */
static void send_form(const struct services *s, const struct http_request *r,
                      struct http_reply *reply, const char *appru, const char *user,
                      const char *error) {
    BUF_AUTO(state);
    struct buf *b = &reply->body;
    enum err e = seal_state(s, r->arena, appru, &state);
    if (e != OK) {
        respond_error(r, reply, e);
        return;
    }
    page_open(r, reply, "Sign in to enroll this device", NULL, "'self'");
    if (error) {
        buf_str(b, "<p class=\"error\" role=\"alert\">");
        xml_escape(b, span_str(error));
        buf_str(b, "</p>");
    }
    buf_str(b, "<form method=\"post\" action=\"" PATH_AUTH "\">");
    put_input(b, "User name", "user", "text", user ? user : "");
    put_input(b, "Password or enrollment code", "password", "password", "");
    buf_printf(b, "<input type=\"hidden\" name=\"state\" value=\"%s\">", buf_cstr(&state));
    buf_str(b, "<button>Sign in</button></form>");
    page_close(reply, NULL);
}

/* The button is for where scripts do not run. */
static void send_token(const struct http_request *r, struct http_reply *reply, const char *appru,
                       const char *token) {
    struct buf *b = &reply->body;
    page_open(r, reply, "Signed in", submit, "ms-app:");
    buf_str(b, "<form method=\"post\" action=\"");
    xml_escape(b, span_str(appru));
    buf_printf(b, "\"><input type=\"hidden\" name=\"wresult\" value=\"%s\">", token);
    buf_str(b, "<button>Go on</button></form>");
    page_close(reply, submit);
}

/* ---- the requests ---- */

static void get(const struct services *s, const struct http_request *r, struct http_reply *reply) {
    const char *appru = http_query(r, "appru");
    if (!appru || !sign_in_is_app(appru)) {
        respond_error(r, reply,
                      err_set(ERR_PARSE, "appru is missing or no address of a Windows app "
                                         "(ms-app://...): this page is opened by Windows"));
        return;
    }
    send_form(s, r, reply, appru, http_query(r, "login_hint"), NULL);
}

struct signing_in {
    const struct services *services;
    const char *appru, *user;
    struct mdm_sign_in *sign_in;
};

static void refuse(const struct signing_in *i, const struct http_request *r,
                   struct http_reply *reply, enum err e) {
    log_write(LOG_WARN, "mde", "op=SignIn peer=%s user=%s status=refused reason=%s",
              log_q(span_str(r->peer)), log_q(span_str(i->user)), log_q(span_str(err_detail())));
    if (e == ERR_AUTH || e == ERR_BUSY)
        send_form(i->services, r, reply, i->appru, i->user,
                  arena_str(r->arena, span_str(err_detail())));
    else
        respond_error(r, reply, e);
}

static void finish(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct signing_in *i = user;
    char token[MDM_SIGN_IN_SIZE];
    enum err e = mdm_signed_in(i->sign_in, token);
    if (e == OK)
        send_token(r, reply, i->appru, token);
    else
        refuse(i, r, reply, e);
}

static void post(const struct services *s, const struct http_request *r, struct http_reply *reply) {
    struct signing_in *i = arena_alloc(r->arena, sizeof *i);
    bool late = false;
    *i = (struct signing_in){.services = s, .user = http_form(r, "user")};
    enum err e = open_state(s, r->arena, http_form(r, "state"), &i->appru, &late);
    if (e != OK) {
        respond_error(r, reply, e);
        return;
    }
    e = late ? err_set(ERR_AUTH, "that took too long; sign in again")
             : mdm_sign_in(&s->mdm, r->arena, span_str(i->user), span_str(http_form(r, "password")),
                           r->peer, &i->sign_in);
    if (e == OK)
        await_guess(s->mdm.guesses, mdm_sign_in_guess(i->sign_in), r, reply, finish, i);
    else
        refuse(i, r, reply, e);
}

void route_sign_in(const struct services *s, const struct http_request *r,
                   struct http_reply *reply) {
    if (!s->mdm.sign_in_url)
        respond_not_found(r, reply);
    else if (r->method & (HTTP_GET | HTTP_HEAD))
        get(s, r, reply);
    else if (r->method != HTTP_POST)
        respond_not_allowed(r, reply, "GET, HEAD, POST");
    else if (strcmp(r->content_type, TYPE_FORM) != 0)
        respond_error(r, reply, err_set(ERR_MEDIA_TYPE, "the content type is not " TYPE_FORM));
    else
        post(s, r, reply);
}
