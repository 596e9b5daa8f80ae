/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/challenge.h"

#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "csp/profile.h"
#include "gateway/internal.h"

enum { MAX_FILE = 16 * 1024, MAX_CHALLENGE = 4096, MAX_CLAIM = 200 };

/* ---- one session at a time ---- */

bool challenge_claim(struct gateway *g, struct claim *c, const char *enrollment) {
    return claim_take(g, &g->fetching, c, enrollment);
}

void challenge_unclaim(struct gateway *g, struct claim *c) {
    claim_give_back(g, &g->fetching, c);
}

/* ---- a static one ---- */

static struct span first_line(struct span text) {
    ptrdiff_t end = span_find(text, '\n');
    return span_trim(end < 0 ? text : span_of(text.p, (size_t)end));
}

/* A character in quotes, or its number: nothing that could do harm where it is shown. */
static const char *name_character(struct arena *a, uint8_t c) {
    return c > ' ' && c < 0x7f ? arena_printf(a, "'%c'", c) : arena_printf(a, "byte 0x%02x", c);
}

/* The file is read anew each time: who changes the secret need not restart anything. */
static enum err read_static(struct arena *a, const char *path, const char **out) {
    BUF_AUTO(content);
    TRY(file_read(path, MAX_FILE, &content));
    struct span line = first_line(buf_view(&content));
    if (!line.n || line.n > MAX_CHALLENGE)
        return err_set(ERR_REFUSED, "the first line of '%s' is %s: it is to be the challenge", path,
                       line.n ? "too long" : "empty");
    ptrdiff_t bad = challenge_find_unprintable(line);
    if (bad >= 0)
        return err_set(
            ERR_REFUSED,
            "the challenge in '%s' holds %s, which Windows cannot send: letters, digits, "
            "blanks and '()+,-./:=? only",
            path, name_character(a, line.p[bad]));
    *out = arena_str(a, line);
    return OK;
}

enum err challenge_check_file(const struct upstream *u) {
    ARENA_AUTO(a);
    const char *text;
    if (!u->challenge_file)
        return OK;
    TRY(read_static(&a, u->challenge_file, &text));
    explicit_bzero((void *)(uintptr_t)text, strlen(text)); /* ours, in the arena */
    return OK;
}

enum err challenge_check_credentials(const struct upstream *u) {
    BUF_AUTO(text);
    struct fetch_options o = {0};
    return u->ndes_credentials ? snapshot_credentials(u->ndes_credentials, &text, &o) : OK;
}

/* ---- from the page ---- */

/* curl's words for these two hold times: the same reason shall read the same, as it is told once.
 */
static void name_reason(struct fetch_job *job) {
    const char *why = job->reply.cause == FETCH_CONNECT
                          ? "the connection is refused, or nobody is there"
                      : job->reply.cause == FETCH_TIMEOUT ? "no answer in time"
                                                          : NULL;
    if (job->result != OK && why)
        snprintf(job->detail, sizeof job->detail, "%s", why);
}

static void told(struct fetch_job *job) {
    struct challenge_fetch *f = job->user;
    name_reason(job);
    health_leave(f->upstream->ndes_health, job, NULL); /* what is asked is never a host's */
    f->done(f);
}

static enum err say_no_answer(const struct challenge_fetch *f, enum err e, const char *why) {
    return err_set(e, "its mscep_admin page: %s",
                   text_claim(f->arena, span_str(why), sizeof f->job.detail));
}

/* While nobody asks, the reason is that of the last who did, in his words: it is not told anew. */
static enum err say_why_not(const struct challenge_fetch *f) {
    struct gateway_status s;
    health_status(f->upstream->ndes_health, f->arena, &s);
    if (s.health == GATEWAY_DOWN && s.reason)
        return say_no_answer(f, ERR_BUSY, s.reason);
    return err_set(ERR_BUSY, "its mscep_admin page is asked for other enrollments at this moment, "
                             "and not for more of them at once");
}

static enum err ask_page(struct gateway *g, struct challenge_fetch *f) {
    if (health_enter(f->upstream->ndes_health) != OK)
        return say_why_not(f);
    f->job = (struct fetch_job){
        .peer = f->upstream->ndes,
        .request = {.url = f->upstream->settings->ndes_url},
        .done = told,
        .user = f,
    };
    fetch_start(gateway_pool(g), &f->job);
    return OK;
}

static enum err judge_status(const struct challenge_fetch *f) {
    const struct fetch_reply *r = &f->job.reply;
    const char *file = f->upstream->settings->ndes_credentials;
    if (r->status == 200)
        return OK;
    if (r->status == 401 || r->status == 403)
        return err_set(ERR_AUTH,
                       "its mscep_admin page refuses our login (HTTP %d): check the credentials "
                       "file (%s), and that this account may read the page; then signet gateway "
                       "refresh %s",
                       r->status, file ? file : "none is set", f->upstream->settings->name);
    if (*r->location)
        return err_set(ERR_IO,
                       "its mscep_admin page is elsewhere (HTTP %d to %s): add the upstream with "
                       "that URL; redirects are not followed",
                       r->status, text_claim(f->arena, span_str(r->location), MAX_CLAIM));
    return err_set(ERR_IO, "its mscep_admin page answers HTTP %d", r->status);
}

static enum err read_page(struct challenge_fetch *f, const char **out) {
    if (f->job.result != OK)
        return say_no_answer(f, f->job.result, f->job.detail);
    TRY(judge_status(f));
    return challenge_of_page(f->arena, buf_view(&f->job.reply.body), out);
}

/* ---- */

static enum err ask_or_read(struct gateway *g, struct challenge_fetch *f, bool *asked) {
    const struct upstream *s = f->upstream->settings;
    *asked = false;
    if (s->ndes_url && f->upstream->ndes) {
        TRY(ask_page(g, f));
        *asked = true;
        return OK;
    }
    if (s->ndes_url)
        return err_set(ERR_CONFIG,
                       "the credentials for its mscep_admin page cannot be used: the server's log "
                       "says why");
    if (s->challenge_file)
        return read_static(f->arena, s->challenge_file, &f->text);
    return err_set(ERR_CONFIG, "it has no challenge to give");
}

static void explain(struct challenge_fetch *f, enum err e) {
    if (e != OK)
        f->reason = arena_str(f->arena, span_str(err_detail()));
}

bool challenge_start(struct gateway *g, struct challenge_fetch *f) {
    bool asked;
    enum err e = ask_or_read(g, f, &asked);
    if (!asked) /* else it is not ours any more */
        explain(f, e);
    return asked;
}

void challenge_read(struct challenge_fetch *f) {
    explain(f, read_page(f, &f->text));
}

void challenge_free(struct challenge_fetch *f) {
    if (f->text) /* ours, in the arena */
        explicit_bzero((void *)(uintptr_t)f->text, strlen(f->text));
    f->text = NULL;
    fetch_reply_free(&f->job.reply);
}
