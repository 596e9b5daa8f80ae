/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which mode can work with an upstream, before a host is sent there: the probe asks as the gateway
 * does, and a table says what each finding means for each mode. With an enrollment it runs for each
 * mode, since signet's own request has another envelope than a host's, and no challenge of the
 * upstream's.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "cmd/gateway.h"
#include "device/hresult.h"
#include "probe/probe.h"

enum mode { RELAY, RA, MODES };

enum effect {
    MENDED, /* hosts do not notice it */
    OPEN,   /* whether it stops anybody is not known */
    BLINDS, /* whether the mode works cannot be told */
    STOPS,
};

struct rule {
    enum effect effect;
    const char *why; /* NULL: the finding's own title */
};

/* A rule for what was found here. */
struct ruling {
    enum effect effect;
    const char *why, *code;
};

/* What a finding means for each mode; those that are not here stop nobody in either. */
static const struct rule rules[PROBE_CODES][MODES] = {
#define BOTH(code, effect, why) [code] = {{effect, why}, {effect, why}}
#define NOBODY_GETS_THERE       "signet cannot reach it from here"
    BOTH(PROBE_NAME, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_UNREACHABLE, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_BROKEN, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_TIMEOUT, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_NOT_HTTP, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_TLS, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_TLS_TRUST, STOPS, "the gateway does not trust its https: add it with --trust FILE"),
    BOTH(PROBE_TLS_ROOT, STOPS, "the gateway does not trust its https: add it with --trust FILE"),
    BOTH(PROBE_TLS_NAME, STOPS, "its TLS certificate is for another name than --upstream"),
    BOTH(PROBE_REDIRECT, STOPS, "the gateway follows no redirect: put the target into --upstream"),
    BOTH(PROBE_WEB_PAGE, STOPS, "a web page instead of SCEP: is --upstream right?"),
    BOTH(PROBE_CAPS_STATUS, OPEN,
         "GetCACaps is not answered: signet goes on as if nothing were listed"),
    BOTH(PROBE_CA_STATUS, STOPS, "GetCACert is not answered: are --upstream and --message right?"),
    BOTH(PROBE_CA_FORM, STOPS, NULL),
    BOTH(PROBE_THUMBPRINT, STOPS, "its CA is not the one that is pinned"),
    [PROBE_RA_USAGE] = {{STOPS, "its RA certificate does not suit Windows: use RA mode"},
                        {MENDED, NULL}},
    [PROBE_RA_EKU] = {{OPEN, NULL}, {MENDED, NULL}},
    [PROBE_RA_ISSUER] = {{STOPS, "the CA that issued its RA is missing: add it with --chain FILE, "
                                 "or use RA mode"},
                         {MENDED, NULL}},
    BOTH(PROBE_CA_KEY, STOPS, "nothing can be encrypted to it: its certificate has no RSA key"),
    BOTH(PROBE_CA_VALIDITY, STOPS, NULL),
    [PROBE_CRL] = {{OPEN, NULL}, {MENDED, NULL}},
    BOTH(PROBE_REVOKED, OPEN, NULL),
    BOTH(PROBE_CLOCK, OPEN, NULL),

    [PROBE_OAEP] = {{STOPS, "cannot read OAEP: use RA mode"}, {MENDED, NULL}},
    [PROBE_OPERATION_STATUS] = {{STOPS, NULL},
                                {BLINDS, "it did not answer signet's request; --challenge tells "
                                         "whether it does with one"}},
    BOTH(PROBE_REPLY_FORM, STOPS, NULL),
    [PROBE_REPLY_ATTRIBUTE] = {{STOPS, "the CertRep lacks an attribute, and Windows wants all: use "
                                       "RA mode"},
                               {MENDED, NULL}},
    BOTH(PROBE_REPLY_TRANSACTION, STOPS, NULL),
    [PROBE_REPLY_NONCE] = {{OPEN, NULL}, {STOPS, "recipientNonce is not what signet sent"}},
    BOTH(PROBE_REPLY_SIGNER, STOPS, NULL),
    BOTH(PROBE_REPLY_SIGNATURE, STOPS, NULL),
    [PROBE_REFUSED] =
        {{STOPS, "the upstream refused the request: a wrong or used challenge, or a "
                 "rule of its own, as against a second certificate for one subject "
                 "(micromdm/scep: -allowrenew 0): take a new --subject"},
         {BLINDS,
          "it refused signet's request: it wants a challenge (micromdm/scep: no -challenge), or the subject has a certificate already (-allowrenew 0): take a new --subject"}},
    BOTH(PROBE_REPLY_CLOSED, STOPS, NULL),
    [PROBE_REPLY_CERTS] = {{OPEN, NULL}, {MENDED, NULL}},
    BOTH(PROBE_CERT_KEY, STOPS, NULL),
    BOTH(PROBE_CERT_VALIDITY, OPEN,
         "the new certificate is valid only from the moment of its issue, or not yet: a host whose "
         "clock is behind throws it away; back-date NotBefore at the upstream if it can, or see to "
         "the hosts' clocks"),
    BOTH(PROBE_CERT_EXPIRED, STOPS, NULL),
    [PROBE_CERT_CHAIN] = {{OPEN, NULL},
                          {STOPS, "the certificate is not issued by the pinned CA: add its own CA "
                                  "with --chain FILE"}},
#undef BOTH
#undef NOBODY_GETS_THERE
};

static const char *const names[MODES] = {"relay", "RA"}, *const keys[MODES] = {"relay", "ra"};

struct check {
    const struct cli *cli;
    const json_t *upstream;
    struct arena *a;
    struct probe_report reports[MODES];
    bool asked[MODES]; /* for a certificate, as in that mode */
    json_t *modes[MODES];
};

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

static const char *setting(const struct check *c, const char *key) {
    return json_string_value(json_object_get(c->upstream, key));
}

static bool is_configured(const struct check *c, enum mode m) {
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

static void warn_of_relay(const struct check *c, json_t *mode) {
    if (setting(c, "challenge_file"))
        warn(mode,
             "a static challenge can be read on each host that gets it, and buys a certificate "
             "with any name: take --ndes or mode ra where you can");
    else if (!setting(c, "ndes"))
        warn(mode, "no challenge is configured (--challenge-file, --ndes): profiles with "
                   "{{scep.challenge}} cannot be sent");
}

static void warn_of_ra(const struct check *c, json_t *mode) {
    warn(mode,
         "hosts meet a certificate of another CA than the one that CAThumbprint names; whether "
         "Windows takes it is open (the emulated host's switch ra-other-chain)");
    if (!setting(c, "webhook_secret") && !was_accepted(&c->reports[RA]))
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
static const char *served_ca(const struct check *c, const struct probe_report *r) {
    for (const struct probe_fact *f = r->facts; f; f = f->next)
        if (strcmp(f->name, "thumbprint") == 0 && strstr(f->value, " (issuing "))
            return arena_str(c->a, span_of(f->value, strcspn(f->value, " ")));
    return setting(c, "offered");
}

static const char *pin_words(const struct check *c, const char *why, const struct probe_report *r) {
    const char *name = cli_text(c->upstream, "name"), *other = served_ca(c, r);
    return other ? arena_printf(c->a, "%s; if that is right: signet gateway pin %s %s", why, name,
                                other)
                 : arena_printf(c->a, "%s: signet gateway refresh %s tells more", why, name);
}

/* Whose challenge the upstream wants shows only where both requests were made. */
static struct ruling rule_of(const struct check *c, enum mode m, const struct probe_finding *f) {
    const struct rule *known = &rules[f->entry - probe_entry(0)][m];
    struct ruling rule = {known->effect, known->why ? known->why : f->entry->title, f->entry->name};
    if (m == RA && c->asked[RA] && is_refusal(f)) {
        if (setting(c, "webhook_secret"))
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
static const char *judge_findings(const struct check *c, enum mode m, json_t *mode) {
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
static void add_mended(const struct check *c, json_t *mode) {
    for (const struct probe_finding *f = c->reports[RELAY].findings; f; f = f->next) {
        const struct ruling rule = rule_of(c, RA, f);
        if (rule.effect == MENDED && is_worth_telling(&rule, f) &&
            !found(&c->reports[RA], f->entry))
            add(mode, &rule, text_claim(c->a, span_str(f->detail), 1000));
    }
}

/* The files with secrets are the server's to read: it says which it cannot use. */
static void judge_settings(const struct check *c, enum mode m, json_t *mode) {
    const json_t *unusable = json_object_get(c->upstream, "unusable"), *reason;
    const char *key;
    if (!is_configured(c, m))
        return;
    json_object_foreach((json_t *)(uintptr_t)unusable, key, reason) {
        const struct ruling rule = {STOPS, json_string_value(reason), key};
        add(mode, &rule, NULL);
    }
    if (setting(c, "ndes")) {
        static const struct ruling rule = {
            OPEN, "whether its mscep_admin page gives challenges was not tried", "ndes"};
        add(mode, &rule, arena_printf(c->a, "not asked: %s", setting(c, "ndes")));
    }
}

static void judge(struct check *c, enum mode m) {
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

/* ---- as JSON ---- */

static json_t *names_of(struct arena *a, const struct probe_fact *f) {
    json_t *list = json_array();
    for (; f; f = f->next)
        json_array_append_new(list, json_string(text_claim(a, span_str(f->name), 1000)));
    return list;
}

static bool can_work(const struct check *c) {
    return json_is_true(json_object_get(c->modes[is_configured(c, RA) ? RA : RELAY], "can_work"));
}

static bool has_enrolled(const struct check *c) {
    return c->reports[RELAY].enrolled || c->reports[RA].enrolled;
}

/* Of the run that tried the mode that is configured. */
static const struct probe_fact *unknown(const struct check *c) {
    return c->reports[is_configured(c, RA) ? RA : RELAY].unknown;
}

static void print_json(const struct check *c) {
    cli_print_json(json_pack(
        "{s:s, s:s, s:s, s:b, s:b, s:O, s:O, s:o}", "name", cli_text(c->upstream, "name"), "mode",
        cli_text(c->upstream, "mode"), "upstream", cli_text(c->upstream, "upstream"), "can_work",
        (int)can_work(c), "enrolled", (int)has_enrolled(c), "relay", c->modes[RELAY], "ra",
        c->modes[RA], "unknown", names_of(c->a, unknown(c))));
}

/* ---- for people ---- */

static void wrapped(const char *text, size_t indent, size_t width) {
    BUF_AUTO(lines);
    cli_wrap(&lines, text, indent, indent, width);
    fputs(buf_cstr(&lines), stdout);
}

/* What a verdict without it does not cover. */
static const char *untried(const struct check *c, enum mode m) {
    if (m == RA)
        return c->asked[RA] ? "" : ", but signet's request was not tried: --enroll does";
    if (!c->asked[RELAY])
        return c->asked[RA] ? ", but OAEP was not tried: --challenge does"
                            : ", but OAEP was not tried: --enroll does";
    return is_configured(c, RELAY) && setting(c, "ndes")
               ? ", but its mscep_admin page was not tried"
               : "";
}

/* The verdict stands on one line whatever the width, so that it can be searched for. */
static void print_verdict(const struct check *c, enum mode m) {
    const json_t *first = json_array_get(json_object_get(c->modes[m], "against"), 0);
    printf("%-5s %s  ", names[m], is_configured(c, m) ? "(configured)" : "            ");
    if (first)
        printf("will not work: %s\n", cli_text(first, "why"));
    else if (json_is_null(json_object_get(c->modes[m], "can_work")))
        printf("cannot be told: %s\n", cli_text(c->modes[m], "inconclusive"));
    else
        printf("nothing known is against it%s\n", untried(c, m));
}

static void print_findings(const json_t *mode, const char *key, const char *word, size_t width) {
    enum { INDENT = 11 };
    const json_t *f;
    size_t i;
    json_array_foreach(json_object_get(mode, key), i, f) {
        printf("  %-8s %s\n%*s", word, cli_text(f, "code"), INDENT, "");
        wrapped(cli_text(f, "why"), INDENT, width);
        if (!json_string_value(json_object_get(f, "seen")))
            continue;
        printf("%*s", INDENT, "");
        BUF_AUTO(seen);
        buf_printf(&seen, "seen: %s", cli_text(f, "seen"));
        wrapped(buf_cstr(&seen), INDENT, width);
    }
}

static void print_mended(const json_t *mode) {
    const json_t *list = json_object_get(mode, "mended"), *f;
    size_t i;
    json_array_foreach(list, i, f) printf("%s%s", i ? ", " : "  mended   ", cli_text(f, "code"));
    if (json_array_size(list))
        printf("\n");
}

static bool has_lines(const json_t *mode) {
    return json_array_size(json_object_get(mode, "against")) +
               json_array_size(json_object_get(mode, "open")) +
               json_array_size(json_object_get(mode, "mended")) ||
           (!json_is_false(json_object_get(mode, "can_work")) &&
            json_array_size(json_object_get(mode, "warnings")));
}

static void print_mode(const struct check *c, enum mode m, size_t width) {
    enum { INDENT = 11 };
    const json_t *text;
    size_t i;
    if (!has_lines(c->modes[m]))
        return;
    printf("\n%s\n", names[m]);
    print_findings(c->modes[m], "against", "stops", width);
    print_findings(c->modes[m], "open", "open", width);
    print_mended(c->modes[m]);
    if (json_is_false(json_object_get(c->modes[m], "can_work")))
        return;
    json_array_foreach(json_object_get(c->modes[m], "warnings"), i, text) {
        printf("  %-8s ", "warning");
        wrapped(json_string_value(text), INDENT, width);
    }
}

static void print_unknown(const struct check *c, size_t width) {
    BUF_AUTO(line);
    for (const struct probe_fact *f = unknown(c); f; f = f->next)
        buf_printf(&line, "%s%s",
                   line.n ? "; " : "not known: ", text_claim(c->a, span_str(f->name), 1000));
    if (!line.n)
        return;
    BUF_AUTO(lines);
    cli_wrap(&lines, buf_cstr(&line), 0, 2, width);
    printf("\n%s", buf_cstr(&lines));
}

static void print_text(const struct check *c) {
    size_t width = cli_width(100);
    print_verdict(c, RELAY);
    print_verdict(c, RA);
    print_mode(c, RELAY, width);
    print_mode(c, RA, width);
    print_unknown(c, width);
    if (c->reports[RELAY].enrolled && c->reports[RA].enrolled)
        printf(
            "\nTwo certificates were issued, one to signet's request and one to Windows' (with "
            "OU=relay), and\ntheir keys are thrown away: the upstream holds them for valid until "
            "they are revoked.\n");
    else if (has_enrolled(c))
        printf("\nA certificate was issued, and its key is thrown away: the upstream holds it for "
               "valid until it\nis revoked.\n");
}

/* ---- the whole ---- */

static void progress(const char *step) {
    fprintf(stderr, "check: %s ...\n", step);
}

/* Asks for a certificate where there is a subject. */
static enum err probe(struct check *c, enum mode m, const char *subject, const char *challenge) {
    const char *trust = setting(c, "trust"), *chain = setting(c, "chain");
    const struct probe_options options = {
        .url = cli_text(c->upstream, "upstream"),
        .trust = trust ? span_str(trust) : SPAN_NONE,
        .challenge = challenge,
        .subject = subject,
        .thumbprint = setting(c, "thumbprint"),
        .timeout_ms = (unsigned)json_integer_value(json_object_get(c->upstream, "timeout_ms")),
        .progress = isatty(STDERR_FILENO) ? progress : NULL,
        .gateway = true,
        .ra = m == RA,
        .message = setting(c, "message"),
        .chain = chain ? span_str(chain) : SPAN_NONE};
    c->asked[m] = subject != NULL;
    return probe_run(&options, c->a, &c->reports[m]);
}

/*
 * Signet's request comes first. Where it is accepted, Windows' has a subject of its own: servers
 * refuse a second certificate for one subject.
 */
static enum err probe_both(struct check *c, const struct gateway_check *order) {
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
    struct check c = {.cli = cli, .upstream = upstream, .a = &a};
    enum err e = probe_both(&c, order);
    if (e != OK) {
        cli_fail();
        return e == ERR_USAGE ? 2 : 1;
    }
    for (enum mode m = 0; m < MODES; m++)
        judge(&c, m);
    if (cli->json)
        print_json(&c);
    else
        print_text(&c);
    bool works = can_work(&c);
    for (enum mode m = 0; m < MODES; m++)
        json_decref(c.modes[m]);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "signet: cannot write to standard output\n");
        return 1;
    }
    return works ? 0 : 1;
}
