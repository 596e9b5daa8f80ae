/* SPDX-License-Identifier: Apache-2.0 */
#include "device/sign_in.h"

#include "device/hresult.h"
#include "device/html_form.h"

/* Where the answer goes: some app's address, as Windows' web view has one. */
#define APPRU "ms-app://signet.emulated.host"

static enum err send_page(struct mde_talk *w, const struct fetch_request *q,
                          struct html_form *form) {
    FETCH_REPLY_AUTO(reply);
    if (net_send(w->net, "sign-in", "html", q, &reply) != OK)
        return mde_unsent(w->host, q->url, &reply);
    if (reply.status != 200)
        return mde_fail(HR_MENROLL_AUTHENTICATION, "the sign-in page answered HTTP %d",
                        reply.status);
    if (!html_form_read(&w->arena, buf_view(&reply.body), form))
        return mde_fail(HR_MENROLL_AUTHENTICATION, "the sign-in page has no form");
    return OK;
}

static enum err fetch_form(struct mde_talk *w, const char *url, struct html_form *form) {
    static const char *const headers[] = {"Accept: text/html", NULL};
    return send_page(w, &(struct fetch_request){.url = url, .headers = headers, .gzip = true},
                     form);
}

/* The password goes where it is typed blind, the name into the text field; the rest stays. */
static bool fill(struct html_form *form, const struct mde_user *u) {
    struct html_input *name = NULL, *password = NULL;
    for (size_t i = 0; i < form->count; i++) {
        struct html_input *in = &form->inputs[i];
        bool is_text =
            !*in->type || strcasecmp(in->type, "text") == 0 || strcasecmp(in->type, "email") == 0;
        if (strcasecmp(in->type, "password") == 0)
            password = in;
        else if (is_text && !name)
            name = in;
    }
    if (!name || !password)
        return false;
    name->value = u->name;
    password->value = u->password;
    return true;
}

/* An action may be a path of the page's server, or a whole URL. */
static const char *resolve(struct arena *a, const char *page, const char *action) {
    const char *authority = strstr(page, "://");
    if (strstr(action, "://") || !authority)
        return action;
    size_t origin = (size_t)(authority + 3 - page) + strcspn(authority + 3, "/?");
    if (action[0] == '/')
        return arena_printf(a, "%.*s%s", (int)origin, page, action);
    size_t path = strcspn(page, "?");
    if (!*action)
        return arena_printf(a, "%.*s", (int)path, page);
    while (path > origin && page[path - 1] != '/')
        path--;
    return arena_printf(a, "%.*s%s%s", (int)path, page, path == origin ? "/" : "", action);
}

static enum err post_form(struct mde_talk *w, const char *page, const struct html_form *form,
                          struct html_form *answer) {
    BUF_AUTO(body);
    const char *url = resolve(&w->arena, page, form->action);
    size_t origin =
        strcspn(strstr(page, "://") + 3, "/?") + (size_t)(strstr(page, "://") + 3 - page);
    const char *headers[] = {"Accept: text/html", "Content-Type: application/x-www-form-urlencoded",
                             arena_printf(&w->arena, "Origin: %.*s", (int)origin, page), NULL};
    html_form_encode(form, &body);
    return send_page(
        w,
        &(struct fetch_request){
            .url = url, .post = true, .headers = headers, .gzip = true, .body = buf_view(&body)},
        answer);
}

/* Only a form that goes to the app by POST is an answer; another one is the page, shown again. */
static enum err take_token(struct mde_talk *w, struct html_form *answer, struct mde_user *user) {
    const struct html_input *token = html_form_find(answer, "wresult");
    if (strcmp(answer->action, APPRU) != 0 || strcmp(answer->method, "post") != 0)
        return mde_fail(HR_MENROLL_AUTHENTICATION,
                        "the sign-in page did not take user and password");
    if (!token || !*token->value)
        return mde_fail(HR_MENROLL_MESSAGE_FORMAT, "the sign-in page's answer has no wresult");
    user->token = arena_copy(&w->arena, span_str(token->value));
    return OK;
}

enum err sign_in(struct mde_talk *w, const char *url, struct mde_user *user) {
    BUF_AUTO(page);
    struct html_form form, answer;
    if (strncmp(url, "https://", 8) != 0)
        return mde_fail(HR_MENROLL_MESSAGE_FORMAT, "AuthenticationServiceUrl is no https URL: '%s'",
                        url);
    buf_printf(&page, "%s%cappru=", url, strchr(url, '?') ? '&' : '?');
    html_encode_value(span_str(APPRU), &page);
    buf_str(&page, "&login_hint=");
    html_encode_value(span_str(user->name), &page);
    TRY(fetch_form(w, buf_cstr(&page), &form));
    if (strcmp(form.method, "post") != 0 || !fill(&form, user))
        return mde_fail(HR_MENROLL_AUTHENTICATION,
                        "the sign-in page has no form with a name and a password to post");
    TRY(post_form(w, buf_cstr(&page), &form, &answer));
    return take_token(w, &answer, user);
}
