/* SPDX-License-Identifier: Apache-2.0 */
/* Sending one profile: its placeholders are filled, its promise is kept, its commands go out. */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "csp/profile.h"
#include "csp/shelf.h"
#include "mdm/session.h"
#include "store/challenge.h"

enum { SECRET_SIZE = CHALLENGE_SIZE };

#define CHALLENGE "scep.challenge"

static const char *kept_text(struct arena *a, struct span s) {
    return s.n ? arena_str(a, s) : NULL;
}

static int64_t number(struct span s) {
    int64_t n;
    return span_int(span_trim(s), &n) ? n : 0;
}

/* What the host will ask the CA for: the CSR is held against it. */
static void keep_promise(struct exchange *x, struct enrollment *e, const struct profile *p) {
    e->subject = kept_text(x->a, p->subject);
    e->san = kept_text(x->a, p->san);
    e->eku = kept_text(x->a, p->eku);
    e->key_usage = number(p->key_usage);
    e->key_length = number(p->key_length);
}

/* They have the CmdIDs that profile_render gave them. */
static enum err keep_commands(struct tx *tx, struct exchange *x, const struct enrollment *e,
                              const struct profile_commands *sent) {
    unsigned id = x->out.next_cmd_id;
    TRY(session_keep(tx, x, id, PURPOSE_ATOMIC, e->id, ""));
    for (const struct profile_command *c = sent->first; c; c = c->next)
        TRY(session_keep(tx, x, ++id, PURPOSE_CHILD, e->id, arena_str(x->a, c->path)));
    return OK;
}

/* ---- the challenge ---- */

/* Minted now, while the host is in session: a short life is enough for it. */
static enum err mint(struct tx *tx, struct exchange *x, const struct enrollment *e,
                     const struct endpoint *endpoint, char challenge[SECRET_SIZE]) {
    uint8_t hash[32];
    if (endpoint->policy->challenges == CHALLENGES_STATIC)
        return err_set(
            ERR_REFUSED,
            "the endpoint '%s' takes its static challenge only: {{scep.challenge}} wants "
            "challenge = one-time in signet.conf",
            endpoint->name);
    TRY(challenge_mint(challenge));
    TRY(challenge_hash(x->mdm->authority, span_str(challenge), hash));
    struct challenge c = {.hash = span_of(hash, sizeof hash),
                          .kind = CHALLENGE_ENROLLMENT,
                          .endpoint = endpoint->name,
                          .enrollment = e->id,
                          .created = x->now,
                          .expires = x->now + endpoint->policy->challenge_lifetime};
    return challenge_replace(tx, &c);
}

static const struct mdm_wanted *wanted_of(const struct exchange *x, const struct enrollment *e) {
    for (const struct mdm_wanted *w = x->wanted; w; w = w->next)
        if (strcmp(w->enrollment, e->id) == 0)
            return w;
    return NULL;
}

/* That of an upstream was fetched before this answer was begun, or there is a reason. */
static enum err take_fetched(const struct exchange *x, const struct target *t,
                             const struct enrollment *e, const char **out) {
    const struct mdm_wanted *w = wanted_of(x, e);
    if (!w || !target_gives_challenges(t))
        return err_set(ERR_CONFIG,
                       "the upstream '%s' has no challenge for {{scep.challenge}}: add it with "
                       "--challenge-file or --ndes, or write the profile without that placeholder",
                       t->name);
    *out = w->challenge;
    return w->challenge ? OK : err_set(ERR_BUSY, "upstream '%s': %s", t->name, w->reason);
}

/* ---- the token of a relay ---- */

static enum err give_token(struct tx *tx, struct exchange *x, const struct target *t,
                           const struct enrollment *e, char token[SECRET_SIZE]) {
    uint8_t hash[32];
    TRY(challenge_mint(token));
    TRY(challenge_hash(x->mdm->authority, span_str(token), hash));
    return relay_token_set(tx, span_of(hash, sizeof hash), t->relay->settings->name, e->id,
                           x->now + x->mdm->enroll_policy.confirm_within);
}

/* ---- sending ---- */

struct secrets {
    char minted[SECRET_SIZE], token[SECRET_SIZE];
    const char *challenge;
};

static enum err make_secrets(struct tx *tx, struct exchange *x, const struct due_profile *due,
                             bool uses_challenge, struct secrets *s) {
    const struct target *t = due->target;
    const struct enrollment *e = due->enrollment;
    if (t->problem)
        return err_set(ERR_NOT_FOUND, "%s", t->problem);
    s->challenge = s->minted;
    if (uses_challenge)
        TRY(t->relay ? take_fetched(x, t, e, &s->challenge)
                     : mint(tx, x, e, t->endpoint, s->minted));
    return t->relay ? give_token(tx, x, t, e, s->token) : OK;
}

/* It was judged when it was kept; by an older signet with fewer rules. */
static enum err judge_kept(const struct kept_profile *kept, const struct enrollment *e) {
    if (!kept->fails || e->send_anyway)
        return OK;
    return err_set(ERR_REFUSED,
                   "it is not sent as it is: %s; mend it, or have it sent all the same with signet "
                   "profile add --send-anyway, and assign it again",
                   kept->fails);
}

/* Of what is filled in, only the challenge of somebody else's server can make Windows fail. */
static enum err judge_challenge(const struct profile_commands *filled, const struct enrollment *e) {
    const struct profile_command *c = profile_command_find(filled, "Challenge");
    if (e->send_anyway || !c || challenge_find_unprintable(c->value) < 0)
        return OK;
    return err_set(ERR_REFUSED, "the upstream's challenge has a character that Windows cannot send "
                                "[challenge-characters]");
}

static enum err render(struct tx *tx, struct exchange *x, const struct due_profile *due,
                       struct buf *commands, struct profile_commands *filled) {
    const struct enrollment *e = due->enrollment;
    const struct kept_profile *kept;
    struct secrets secrets = {.challenge = NULL};
    TRY(profile_shelf_read(x->mdm->profiles, span_str(e->body), &kept));
    TRY(judge_kept(kept, e));
    enum err result = make_secrets(tx, x, due, kept->uses_challenge, &secrets);
    if (result == OK) {
        struct profile_values values = {
            .scep_url = target_url(x, due->target, secrets.token),
            .challenge = secrets.challenge,
            .ca_thumbprint = due->target->ca_sha1,
            .enrollment_id = e->id,
            .device_id = x->device.device_id,
            .device_name = x->device.name,
            .user_upn = x->device.account,
        };
        result =
            profile_render(x->a, &kept->commands, &values, x->out.next_cmd_id, commands, filled);
    }
    if (result == OK)
        result = judge_challenge(filled, e);
    explicit_bzero(&secrets, sizeof secrets);
    return result;
}

/* Whether the last that was told of this enrollment's sending is the same; all of it begins so. */
static enum err was_told(struct tx *tx, struct exchange *x, const struct enrollment *e,
                         const char *begin, const char *text, bool *out) {
    struct event *events;
    const char *last = NULL;
    TRY(enrollment_list_events(tx, x->a, e->id, &events));
    for (; events; events = events->next)
        if (strncmp(events->text, begin, strlen(begin)) == 0)
            last = events->text;
        else if (events->kind == EVENT_SENT)
            last = NULL;
    *out = last && strcmp(last, text) == 0;
    return OK;
}

/* Told once for each reason, and tried again in later sessions. A challenge that is not to be had
 * now may be there then: no alarm. */
enum err session_unsendable(struct tx *tx, struct exchange *x, struct enrollment *e, enum err why) {
    const char *reason = text_claim(x->a, span_str(err_detail()), 500);
    const char *begin =
        why == ERR_BUSY ? "the profile waits: its upstream gives no challenge; signet tries again "
                          "in the host's next session"
                        : arena_printf(x->a, "%s cannot be sent", enroll_what(e));
    const char *text = arena_printf(x->a, "%s: %s", begin, reason);
    bool told;
    TRY(was_told(tx, x, e, begin, text, &told));
    store_log(tx, why == ERR_BUSY ? LOG_WARN : LOG_ERROR, "mdm",
              "enrollment=%s profile=%s reason=%s", e->id, log_q(span_str(e->profile)),
              log_q(span_str(reason)));
    return told ? OK
                : enroll_record(tx, e, why == ERR_BUSY ? EVENT_NOTE : EVENT_ALARM, text, "reason",
                                reason, NULL);
}

static enum err record_sent(struct tx *tx, struct exchange *x, const struct due_profile *due,
                            const struct profile *p) {
    const struct target *t = due->target;
    struct enrollment *e = due->enrollment;
    const char *url = kept_text(x->a, p->server_url);
    if (t->no_root)
        TRY(enroll_record(tx, e, EVENT_NOTE,
                          "no root of the upstream's CA is known, so that none was sent: the host "
                          "must trust it already; signet gateway add has --chain for it",
                          "upstream", t->name, "thumbprint", t->ca_sha1, NULL));
    return enroll_record(tx, e, EVENT_SENT, "the profile was sent to the host in one Atomic",
                         "session", text_claim(x->a, x->in->session_id, 32), "server_url",
                         url ? url_without_tokens(x->a, url) : NULL, "ca_thumbprint",
                         kept_text(x->a, p->ca_thumbprint), "subject", e->subject, "endpoint",
                         strcmp(t->name, PKI_DEFAULT) == 0 ? NULL : t->name, NULL);
}

/* It became due while this message was read, so that no challenge was fetched: the next session. */
static bool must_wait(const struct exchange *x, const struct due_profile *due) {
    return target_gives_challenges(due->target) &&
           profile_uses(span_str(due->enrollment->body), CHALLENGE) &&
           !wanted_of(x, due->enrollment);
}

enum err session_deliver(struct tx *tx, struct exchange *x, const struct due_profile *due) {
    BUF_AUTO(commands);
    struct profile_commands sent;
    struct profile filled;
    struct enrollment *e = due->enrollment;
    if (must_wait(x, due))
        return OK;
    enum err result = render(tx, x, due, &commands, &sent);
    if (result == ERR_STORE || result == ERR_CRYPTO)
        return result;
    if (result != OK)
        return session_unsendable(tx, x, e, result);
    TRY(keep_commands(tx, x, e, &sent));
    profile_of(&sent, &filled);
    syncml_write_raw(&x->out, buf_view(&commands), filled.commands);
    keep_promise(x, e, &filled);
    return record_sent(tx, x, due, &filled);
}

/*
 * The host has begun another session while it was fetched, so that this message says nothing of its
 * roots any more; or the profile could not be filled in. Each takes a place of NDES's few for an
 * hour: a host must not bring that about without end.
 */
enum err session_count_unused(struct tx *tx, struct exchange *x) {
    for (const struct mdm_wanted *w = x->wanted; w; w = w->next) {
        struct enrollment e;
        if (!w->challenge)
            continue;
        enum err found = enrollment_get(tx, x->a, w->enrollment, &e);
        if (found == ERR_NOT_FOUND)
            continue;
        TRY(found);
        const struct target *t = target_of(x, e.endpoint);
        x->listed = false;
        if (e.state == STATE_ASSIGNED && t->relay && t->relay->settings->ndes_url)
            TRY(enroll_lost(tx, x->a, &e,
                            "a password was fetched from the upstream's NDES, and the profile did "
                            "not go out with it: the host began another session meanwhile, or the "
                            "profile cannot be sent",
                            NULL));
    }
    return OK;
}
