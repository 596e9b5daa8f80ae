/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which mode can work with an upstream, before a host is sent there: the probe asks as the gateway
 * does, and gateway_rules.c says what each finding means for each mode. With an enrollment it runs
 * for each mode, since signet's own request has another envelope than a host's, and no challenge of
 * the upstream's.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "cmd/gateway.h"
#include "cmd/gateway_check.h"
#include "device/hresult.h"
#include "probe/probe.h"

static const char *const keys[MODES] = {"relay", "ra"};

static const struct ruling is_asked_by_webhook = {
    BLINDS,
    "it refused signet's request, as it must: its webhook asks signet, which says yes only to what "
    "the gateway itself has sent for a host",
    "refused"};

static const struct ruling wants_challenge = {
    STOPS, "it wants a challenge of its own: run it without (micromdm/scep: no -challenge)",
    "challenge"};

static const struct ruling took_one_already = {
    BLINDS,
    "it refused this request after it had issued to signet's: perhaps it wants a challenge that is "
    "right all the same, or takes no second certificate of this kind; take a new --subject",
    "refused"};

bool gateway_is_configured(const struct gateway_judgement *c, enum gateway_mode m) {
    return strcmp(cli_text(c->upstream, "mode"), keys[m]) == 0;
}

/* ---- what was found ---- */

static bool is(const struct probe_finding *f, enum probe_code code) {
    return f->entry == probe_entry(code);
}

static bool found(const struct probe_report *r, const struct probe_entry *entry) {
    const struct probe_finding *f = r->findings;
    while (f && f->entry != entry)
        f = f->next;
    return f != NULL;
}

static bool was_accepted(const struct probe_report *r) {
    return r->enrolled || found(r, probe_entry(PROBE_PENDING));
}

/* By a CertRep FAILURE, or by a status that servers send instead of one. */
static bool is_refusal(const struct probe_finding *f) {
    return is(f, PROBE_REFUSED) || (is(f, PROBE_OPERATION_STATUS) && f->hresult >= HR_HTTP(400) &&
                                    f->hresult <= HR_HTTP(500));
}

/* ---- what is said of a mode ---- */

static void warn(json_t *mode, const char *text) {
    json_array_append_new(json_object_get(mode, "warnings"), json_string(text));
}

static void warn_of_relay(const struct gateway_judgement *c, json_t *mode) {
    if (gateway_text(c->upstream, "challenge_file"))
        warn(mode,
             "a static challenge can be read on each host that gets it, and buys a certificate "
             "with any name: take --ndes or mode ra where you can");
    else if (!gateway_text(c->upstream, "ndes"))
        warn(mode, "no challenge is configured (--challenge-file, --ndes): profiles with "
                   "{{scep.challenge}} cannot be sent");
}

static void warn_of_ra(const struct gateway_judgement *c, json_t *mode) {
    warn(mode,
         "hosts meet a certificate of another CA than the one that CAThumbprint names; whether "
         "Windows takes it is open (the emulated host's switch ra-other-chain)");
    if (!gateway_text(c->upstream, "webhook_secret") && !was_accepted(&c->reports[RA]))
        warn(mode, "signet asks without a challenge: the upstream must want none of it, or ask "
                   "signet by webhook (--webhook-secret)");
}

static void add(json_t *mode, const struct ruling *rule, const char *seen) {
    static const char *const lists[] = {
        [MENDED] = "mended", [OPEN] = "open", [BLINDS] = "open", [STOPS] = "against"};
    json_array_append_new(
        json_object_get(mode, lists[rule->effect]),
        json_pack("{s:s, s:s, s:s?}", "code", rule->code, "why", rule->why, "seen", seen));
}

/* The CA that is served in place of the pinned one; NULL: not seen. */
static const char *served_ca(const struct gateway_judgement *c, const struct probe_report *r) {
    for (const struct probe_fact *f = r->facts; f; f = f->next)
        if (strcmp(f->name, "thumbprint") == 0 && strstr(f->value, " (issuing "))
            return arena_str(c->a, span_of(f->value, strcspn(f->value, " ")));
    return gateway_text(c->upstream, "offered");
}

static const char *pin_words(const struct gateway_judgement *c, const char *why,
                             const struct probe_report *r) {
    const char *name = cli_text(c->upstream, "name"), *other = served_ca(c, r);
    return other ? arena_printf(c->a, "%s; if that is right: signet gateway pin %s %s", why, name,
                                other)
                 : arena_printf(c->a, "%s: signet gateway refresh %s tells more", why, name);
}

/* Whose challenge the upstream wants shows only where both requests were made. */
static struct ruling rule_of(const struct gateway_judgement *c, enum gateway_mode m,
                             const struct probe_finding *f) {
    struct ruling rule = gateway_rule(f->entry, m);
    if (m == RA && c->asked[RA] && is_refusal(f)) {
        if (gateway_text(c->upstream, "webhook_secret"))
            rule = is_asked_by_webhook;
        else if (was_accepted(&c->reports[RELAY]))
            rule = wants_challenge;
    }
    if (m == RELAY && is(f, PROBE_REFUSED) && was_accepted(&c->reports[RA]))
        rule = took_one_already;
    if (is(f, PROBE_THUMBPRINT))
        rule.why = pin_words(c, rule.why, &c->reports[m]);
    return rule;
}

/* What stops nobody anywhere need not be told as mended. */
static bool is_worth_telling(const struct ruling *rule, const struct probe_finding *f) {
    return rule->effect != MENDED || f->entry->severity != PROBE_NOTE;
}

/* Why it cannot be told whether the mode works; NULL: it can. */
static const char *judge_findings(const struct gateway_judgement *c, enum gateway_mode m,
                                  json_t *mode) {
    const struct probe_report *r = &c->reports[m];
    const char *blind = r->inconclusive;
    for (const struct probe_finding *f = r->findings; f; f = f->next) {
        const struct ruling rule = rule_of(c, m, f);
        if (is_worth_telling(&rule, f))
            add(mode, &rule, text_claim(c->a, span_str(f->detail), 1000));
        if (rule.effect == BLINDS && !blind)
            blind = rule.why;
    }
    return blind;
}

/* What only a host's request meets, and hosts do not send in mode RA. */
static void add_mended(const struct gateway_judgement *c, json_t *mode) {
    for (const struct probe_finding *f = c->reports[RELAY].findings; f; f = f->next) {
        const struct ruling rule = rule_of(c, RA, f);
        if (rule.effect == MENDED && is_worth_telling(&rule, f) &&
            !found(&c->reports[RA], f->entry))
            add(mode, &rule, text_claim(c->a, span_str(f->detail), 1000));
    }
}

/* The files with secrets are the server's to read: it says which it cannot use. */
static void judge_settings(const struct gateway_judgement *c, enum gateway_mode m, json_t *mode) {
    const json_t *unusable = json_object_get(c->upstream, "unusable"), *reason;
    const char *key;
    if (!gateway_is_configured(c, m))
        return;
    json_object_foreach((json_t *)(uintptr_t)unusable, key, reason) {
        const struct ruling rule = {STOPS, json_string_value(reason), key};
        add(mode, &rule, NULL);
    }
    if (gateway_text(c->upstream, "ndes")) {
        static const struct ruling rule = {
            OPEN, "whether its mscep_admin page gives challenges was not tried", "ndes"};
        add(mode, &rule, arena_printf(c->a, "not asked: %s", gateway_text(c->upstream, "ndes")));
    }
}

static void judge(struct gateway_judgement *c, enum gateway_mode m) {
    json_t *mode = json_pack("{s:[], s:[], s:[], s:[]}", "against", "open", "mended", "warnings");
    judge_settings(c, m, mode);
    const char *blind = judge_findings(c, m, mode);
    if (m == RA && c->asked[RA])
        add_mended(c, mode);
    if (m == RELAY)
        warn_of_relay(c, mode);
    else
        warn_of_ra(c, mode);
    bool stops = json_array_size(json_object_get(mode, "against")) > 0;
    json_object_set_new(mode, "can_work", stops ? json_false() : blind ? json_null() : json_true());
    json_object_set_new(mode, "inconclusive", blind ? json_string(blind) : json_null());
    c->modes[m] = mode;
}

bool gateway_can_work(const struct gateway_judgement *c) {
    return json_is_true(
        json_object_get(c->modes[gateway_is_configured(c, RA) ? RA : RELAY], "can_work"));
}

/* ---- the whole ---- */

static void progress(const char *step) {
    fprintf(stderr, "check: %s ...\n", step);
}

/* Asks for a certificate where there is a subject. */
static enum err probe(struct gateway_judgement *c, enum gateway_mode m, const char *subject,
                      const char *challenge) {
    const char *trust = gateway_text(c->upstream, "trust"),
               *chain = gateway_text(c->upstream, "chain");
    const struct probe_options options = {
        .url = cli_text(c->upstream, "upstream"),
        .trust = trust ? span_str(trust) : SPAN_NONE,
        .challenge = challenge,
        .subject = subject,
        .thumbprint = gateway_text(c->upstream, "thumbprint"),
        .timeout_ms = (unsigned)json_integer_value(json_object_get(c->upstream, "timeout_ms")),
        .progress = isatty(STDERR_FILENO) ? progress : NULL,
        .gateway = true,
        .ra = m == RA,
        .message = gateway_text(c->upstream, "message"),
        .chain = chain ? span_str(chain) : SPAN_NONE};
    c->asked[m] = subject != NULL;
    return probe_run(&options, c->a, &c->reports[m]);
}

/*
 * Signet's request comes first. Where it is accepted, Windows' has a subject of its own: servers
 * refuse a second certificate for one subject.
 */
static enum err probe_both(struct gateway_judgement *c, const struct gateway_check *order) {
    const char *subject = order->challenge ? order->subject : NULL;
    if (!order->subject) {
        TRY(probe(c, RELAY, NULL, NULL));
        c->reports[RA] = c->reports[RELAY];
        return OK;
    }
    TRY(probe(c, RA, order->subject, NULL));
    if (subject && was_accepted(&c->reports[RA]))
        subject = arena_printf(c->a, "%s,OU=relay", subject);
    return probe(c, RELAY, subject, order->challenge);
}

int gateway_check(const struct cli *cli, const json_t *upstream,
                  const struct gateway_check *order) {
    ARENA_AUTO(a);
    struct gateway_judgement c = {.cli = cli, .upstream = upstream, .a = &a};
    enum err e = probe_both(&c, order);
    if (e != OK) {
        cli_fail();
        return e == ERR_USAGE ? 2 : 1;
    }
    for (enum gateway_mode m = 0; m < MODES; m++)
        judge(&c, m);
    if (cli->json)
        gateway_print_json(&c);
    else
        gateway_print_text(&c);
    bool works = gateway_can_work(&c);
    for (enum gateway_mode m = 0; m < MODES; m++)
        json_decref(c.modes[m]);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "signet: cannot write to standard output\n");
        return 1;
    }
    return works ? 0 : 1;
}
