/* SPDX-License-Identifier: Apache-2.0 */
/* signet gateway: SCEP servers of others behind signet. */
#include "cmd/gateway.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "ca/pki.h"
#include "cmd/cmd.h"
#include "fetch/fetch.h"
#include "server/admin.h"
#include "server/config.h"
#include "x509/pem.h"

static const char usage[] =
    "Usage: signet gateway add NAME --upstream URL [--mode relay|ra] [OPTIONS] [-d DIR] [-o json]\n"
    "       signet gateway list [-o json] [-d DIR]\n"
    "       signet gateway show NAME [-o json] [-d DIR]\n"
    "       signet gateway check NAME [--enroll --subject S [--challenge C|--challenge-file F]]\n"
    "                                 [-o json] [-d DIR]\n"
    "       signet gateway pin NAME THUMBPRINT [-d DIR]\n"
    "       signet gateway refresh NAME [-d DIR]\n"
    "       signet gateway import NAME FILE [-d DIR]\n"
    "       signet gateway remove NAME [-d DIR]\n\n"
    "SCEP servers of others, for Windows hosts: signet stands before each under a name, and profiles\n"
    "take it for their endpoint (signet profile add FILE --endpoint NAME).\n\n"
    "add asks the upstream what it can, and pins its CA: when it comes with another one, signet raises\n"
    "an alarm and takes nothing of it until pin. check plays Windows against the upstream and says\n"
    "which mode can work; with --enroll it asks for certificates there, as signet does in mode RA and,\n"
    "with a challenge (by default the one that is configured), as Windows does, and throws them away.\n"
    "refresh asks the upstream anew at once. import brings a certificate (PEM) that an enrollment in mode relay has\n"
    "reported: then it can be confirmed. remove wants that no profile names the upstream.\n\n"
    "  --upstream URL           its SCEP server, without /pkiclient.exe\n"
    "  --mode relay|ra          relay (default): messages pass through; ra: signet asks for itself\n"
    "  --message TEXT           the CA identifier the upstream wants as `message` (default: none)\n"
    "  --thumbprint SHA1        the upstream's CA as you know it: add refuses another\n"
    "  --trust FILE             PEM roots for the upstream's https (default: the system's)\n"
    "  --chain FILE             PEM CA certificates that its GetCACert lacks\n"
    "  --challenge-file FILE    relay: a static challenge, read when a profile is sent\n"
    "  --ndes URL               relay: a challenge for each enrollment from this mscep_admin page\n"
    "  --ndes-credentials FILE  its USER:PASSWORD\n"
    "  --ndes-auth HOW          any (default), negotiate, ntlm, basic (over https only)\n"
    "  --webhook-secret FILE    ra: answer step-ca's SCEPCHALLENGE webhook at /gateway/NAME/webhook\n"
    "  --ca NAME                ra: the CA of ours under which hosts meet the gateway (default)\n"
    "  --timeout TIME           of a request to the upstream, 1s to 2m (15s)\n"
    "  --max-requests N         at once, 1 to 256 (32)\n"
    "  -d DIR                   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER
    ")\n\n"
    "Exit status of check: 0 nothing known is against the mode, 1 something is, or it cannot be told.\n"
    "docs/gateway.md tells the rest.\n";

enum { MAX_PEM = 1 << 20 };

struct order {
    /* of add */
    const char *upstream, *mode, *message, *thumbprint, *trust, *chain, *challenge_file, *ndes,
        *credentials, *auth, *webhook, *ca, *timeout, *max_requests;
    /* of check */
    const char *challenge, *subject;
    bool enroll;
};

struct call {
    struct cli cli;
    struct arena arena;
    struct order order;
    const char *name;
};

/* ---- words ---- */

static void print_fact(const char *name, const char *value) {
    if (value)
        printf("  %-13s %s\n", name, value);
}

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static const char *words_of(struct arena *a, const json_t *list) {
    BUF_AUTO(out);
    const json_t *word;
    size_t i;
    json_array_foreach(list, i, word)
        buf_printf(&out, "%s%s", i ? " " : "", json_string_value(word));
    return out.n ? arena_str(a, buf_view(&out)) : "none";
}

static bool is_relay(const json_t *u) {
    return strcmp(cli_text(u, "mode"), "relay") == 0;
}

static void print_known(struct arena *a, const json_t *u) {
    print_fact("mode", is_relay(u) ? "relay" : "RA");
    print_fact("upstream", text_of(u, "upstream"));
    print_fact("hosts ask",
               arena_printf(a, "%s%s", cli_text(u, "url"),
                            is_relay(u) ? "/...    (a path for each enrollment)" : ""));
    print_fact("CA", text_of(u, "ca_subject"));
    print_fact("thumbprint", text_of(u, "thumbprint"));
    print_fact("capabilities", words_of(a, json_object_get(u, "capabilities")));
}

/* One failure does not take an upstream down. */
static const char *words_of_reason(const json_t *health) {
    if (!text_of(health, "reason"))
        return "";
    return strcmp(cli_text(health, "state"), "up") == 0 ? "; the last request failed: " : ": ";
}

static void print_state(struct arena *a, const json_t *u) {
    const json_t *health = json_object_get(u, "health");
    const char *reason = text_of(health, "reason"), *since = text_of(health, "since");
    const char *trouble = text_of(health, "trouble"), *learnt = text_of(u, "learnt");
    print_fact("health",
               arena_printf(a, "%s%s%s%s%s", cli_text(health, "state"), since ? " since " : "",
                            since ? since : "", words_of_reason(health), reason ? reason : ""));
    print_fact("running",
               arena_printf(a, "%lld of %lld",
                            (long long)json_integer_value(json_object_get(u, "running")),
                            (long long)json_integer_value(json_object_get(u, "max_requests"))));
    print_fact("learnt", trouble ? arena_printf(a, "%s (the last attempt failed: %s)",
                                                learnt ? learnt : "never", trouble)
                                 : learnt);
}

/* Where it is, and why the server cannot use it now. */
static void print_file(struct arena *a, const json_t *u, const char *name, const char *key) {
    const char *fault = text_of(json_object_get(u, "unusable"), key), *path = text_of(u, key);
    print_fact(name, fault ? arena_printf(a, "%s (cannot be used: %s)", path, fault) : path);
}

static void print_settings(struct arena *a, const json_t *u) {
    print_fact("time-out",
               arena_printf(a, "%g s", json_number_value(json_object_get(u, "timeout_ms")) / 1000));
    print_fact("message", text_of(u, "message"));
    print_fact("https trust", text_of(u, "trust") ? "roots of its own" : NULL);
    print_fact("chain", text_of(u, "chain") ? "CA certificates were added" : NULL);
    print_file(a, u, "challenge", "challenge_file");
    print_fact("NDES page", text_of(u, "ndes"));
    print_file(a, u, "credentials", "ndes_credentials");
    print_fact("log-in", text_of(u, "ndes_auth"));
    print_file(a, u, "webhook", "webhook_secret");
    print_fact("our CA", text_of(u, "ca"));
}

static void print_offered(const json_t *u) {
    if (text_of(u, "offered"))
        printf(
            "\nALARM: the upstream comes with another CA now, and nothing of it is taken. If that is "
            "right:\nsignet gateway pin %s %s\n",
            cli_text(u, "name"), text_of(u, "offered"));
}

/* ---- calls ---- */

static json_t *request_of(const struct call *c, const char *command) {
    return json_pack("{s:s, s:s}", "command", command, "name", c->name);
}

static bool is_utf8(const char *text) {
    json_t *value = json_string(text);
    json_decref(value);
    return value != NULL;
}

/* Files with secrets are read by the server, which has another working folder. */
static const char *absolute(struct arena *a, const char *path) {
    char folder[PATH_MAX], whole[PATH_MAX];
    if (realpath(path, whole))
        return arena_str(a, span_str(whole));
    if (*path == '/' || !getcwd(folder, sizeof folder))
        return path;
    return arena_printf(a, "%s/%s", folder, path);
}

static enum err put(json_t *request, const char *key, const char *value) {
    if (value && json_object_set_new(request, key, json_string(value)) != 0)
        return err_set(ERR_USAGE, "the value of '%s' is not UTF-8", key);
    return OK;
}

static enum err put_pem(struct arena *a, json_t *request, const char *key, const char *file) {
    BUF_AUTO(pem);
    struct span der, rest;
    if (!file)
        return OK;
    TRY(file_read(file, MAX_PEM, &pem));
    rest = buf_view(&pem);
    if (pem_next(a, &rest, PEM_CERTIFICATE, &der) != OK)
        return err_set(ERR_PARSE, "'%s' holds no PEM certificate", file);
    return put(request, key, buf_cstr(&pem));
}

/* As `openssl x509 -fingerprint` prints it, or as it stands in a profile. */
static const char *without_colons(struct arena *a, const char *thumbprint) {
    BUF_AUTO(out);
    for (; thumbprint && *thumbprint; thumbprint++)
        if (*thumbprint != ':')
            buf_char(&out, *thumbprint);
    return thumbprint ? arena_str(a, buf_view(&out)) : NULL;
}

static enum err fill_add(struct call *c, json_t *request, int64_t max_requests) {
    const struct order *o = &c->order;
    struct arena *a = &c->arena;
    const struct {
        const char *key, *value;
    } texts[] = {{"upstream", o->upstream}, {"mode", o->mode},
                 {"message", o->message},   {"ndes", o->ndes},
                 {"ndes_auth", o->auth},    {"ca", o->ca},
                 {"timeout", o->timeout},   {"thumbprint", without_colons(a, o->thumbprint)}};
    const struct {
        const char *key, *path;
    } secrets[] = {{"challenge_file", o->challenge_file},
                   {"ndes_credentials", o->credentials},
                   {"webhook_secret", o->webhook}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        TRY(put(request, texts[i].key, texts[i].value));
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (secrets[i].path)
            TRY(put(request, secrets[i].key, absolute(a, secrets[i].path)));
    TRY(put_pem(a, request, "trust", o->trust));
    TRY(put_pem(a, request, "chain", o->chain));
    if (max_requests)
        json_object_set_new(request, "max_requests", json_integer(max_requests));
    return OK;
}

static const char *url_mistake(const char *url) {
    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
        return "--upstream is a URL, which begins with http:// or https://";
    return fetch_url_is_good(url)
               ? NULL
               : "--upstream is an http or https URL of a host, without user and password";
}

static bool is_auth(const char *how) {
    static const char *const all[] = {"any", "negotiate", "ntlm", "basic"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(how, all[i]) == 0)
            return true;
    return false;
}

/* In the range that gateway/settings.c has. */
static bool is_timeout(const char *text) {
    ARENA_AUTO(a);
    int64_t ms;
    return config_duration(&a, text, &ms) == OK && ms >= 1000 && ms <= 120000;
}

/* What an option says, each for itself. */
static const char *bad_value(const struct order *o) {
    if (o->auth && !is_auth(o->auth))
        return "--ndes-auth is any, negotiate, ntlm or basic";
    if (o->timeout && !is_timeout(o->timeout))
        return "--timeout is a time from 1s to 2m, with its unit";
    return url_mistake(o->upstream);
}

static const char *name_mistake(const char *name) {
    if (!ca_name_is_valid(name))
        return "the name of an upstream has at most 32 letters, digits, . - and _, and begins with "
               "a letter or a digit";
    for (const char *p = name; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            return "the name of an upstream is a part of URLs: lower-case letters only";
    return NULL;
}

/* Which options do not go together; NULL: they do. */
static const char *mistake(const struct order *o) {
    bool ra = o->mode && strcmp(o->mode, "ra") == 0;
    if (!o->upstream)
        return "add needs --upstream URL";
    if (o->mode && !ra && strcmp(o->mode, "relay") != 0)
        return "--mode is relay or ra";
    if (ra && (o->challenge_file || o->ndes))
        return "in mode ra hosts get challenges of signet: --challenge-file and --ndes are for relay";
    if (!ra && (o->webhook || o->ca))
        return "--webhook-secret and --ca are for --mode ra";
    if (o->challenge_file && o->ndes)
        return "the challenge comes from --challenge-file or from --ndes, not from both";
    if (!o->ndes != !o->credentials || (o->auth && !o->ndes))
        return "--ndes and --ndes-credentials go together, and --ndes-auth with them";
    return bad_value(o);
}

/* ---- verbs ---- */

static int print_added(struct call *c, const json_t *reply) {
    const json_t *u = json_object_get(reply, "upstream"), *warning;
    size_t i;
    json_array_foreach(json_object_get(reply, "warnings"), i, warning)
        fprintf(stderr, "signet: warning: %s\n", json_string_value(warning));
    if (c->cli.json) {
        cli_print_json(json_deep_copy(u));
        return 0;
    }
    printf("The upstream '%s' is added.\n\n", cli_text(u, "name"));
    print_known(&c->arena, u);
    printf("\nNext: signet gateway check %s        whether this mode can work\n"
           "      signet profile adopt FILE --name PROFILE --endpoint %s\n",
           cli_text(u, "name"), cli_text(u, "name"));
    if (text_of(u, "webhook_secret"))
        printf("      step-ca's webhook: POST %s/webhook\n", cli_text(u, "url"));
    return 0;
}

static int add(struct call *c) {
    const struct order *o = &c->order;
    const char *wrong = mistake(o);
    int64_t max_requests = 0;
    wrong = wrong ? wrong : name_mistake(c->name);
    json_t *reply;
    if (wrong)
        return cli_usage(usage, "%s", wrong);
    if (o->max_requests && (!span_int(span_str(o->max_requests), &max_requests) ||
                            max_requests < 1 || max_requests > 256))
        return cli_usage(usage, "--max-requests: '%s' is not a number from 1 to 256",
                         o->max_requests);
    json_t *request = request_of(c, "gateway.add");
    if (fill_add(c, request, max_requests) != OK) {
        json_decref(request);
        return cli_fail();
    }
    if (admin_call(c->cli.folder, request, &reply) != OK)
        return cli_fail();
    int status = print_added(c, reply);
    json_decref(reply);
    return status;
}

/* In one word or two; show tells why. */
static const char *state_of(const json_t *u) {
    const json_t *health = json_object_get(u, "health");
    const char *state = cli_text(health, "state");
    if (strcmp(state, "up") != 0)
        return state;
    return text_of(health, "reason")    ? "up, last failed"
           : text_of(health, "trouble") ? "up, learning failed"
                                        : state;
}

static int list(struct call *c) {
    static const struct cli_column columns[] = {
        {"NAME", "name"},       {"MODE", "mode"},         {"HEALTH", "state"},
        {"RUNNING", "running"}, {"UPSTREAM", "upstream"}, {"THUMBPRINT", "thumbprint"}};
    json_t *reply, *u;
    size_t i;
    if (admin_call(c->cli.folder, json_pack("{s:s}", "command", "gateway.list"), &reply) != OK)
        return cli_fail();
    json_t *all = json_object_get(reply, "upstreams");
    if (c->cli.json) {
        cli_print_json(json_incref(all));
    } else {
        json_array_foreach(all, i, u) json_object_set_new(u, "state", json_string(state_of(u)));
        cli_print_list(all, columns, sizeof columns / sizeof *columns, "There are no upstreams.");
    }
    json_decref(reply);
    return 0;
}

/* Calls, and gives the upstream of the answer, which the caller frees. */
static enum err call_upstream(const struct call *c, json_t *request, json_t **upstream) {
    json_t *reply;
    TRY(admin_call(c->cli.folder, request, &reply));
    *upstream = json_incref(json_object_get(reply, "upstream"));
    json_decref(reply);
    return OK;
}

static int show(struct call *c) {
    json_t *u;
    if (call_upstream(c, request_of(c, "gateway.show"), &u) != OK)
        return cli_fail();
    if (c->cli.json) {
        cli_print_json(u);
        return 0;
    }
    printf("upstream %s\n", cli_text(u, "name"));
    print_known(&c->arena, u);
    print_state(&c->arena, u);
    print_settings(&c->arena, u);
    print_offered(u);
    json_decref(u);
    return 0;
}

/* The file that was named, or else the one that is configured, when it can be used. */
static const char *challenge_path(const struct order *o, const json_t *u) {
    if (!o->enroll || o->challenge || o->challenge_file)
        return o->challenge_file;
    return text_of(json_object_get(u, "unusable"), "challenge_file") ? NULL
                                                                     : text_of(u, "challenge_file");
}

static int check_shown(struct call *c, const json_t *u) {
    BUF_AUTO(secret);
    const struct order *o = &c->order;
    struct gateway_check asked = {.challenge = o->challenge, .subject = o->subject};
    const char *path = challenge_path(o, u);
    if (path) {
        if (cli_read_challenge(path, &secret) != OK)
            return cli_fail();
        asked.challenge = buf_cstr(&secret);
    }
    return gateway_check(&c->cli, u, &asked);
}

static int check(struct call *c) {
    const struct order *o = &c->order;
    json_t *u;
    if (o->challenge && o->challenge_file)
        return cli_usage(usage, "give --challenge or --challenge-file, not both");
    if (o->enroll ? !o->subject : o->subject || o->challenge || o->challenge_file)
        return cli_usage(usage, "--enroll goes with --subject, and a challenge with them: they ask "
                                "for a certificate");
    if (call_upstream(c, request_of(c, "gateway.show"), &u) != OK)
        return cli_fail();
    int status = check_shown(c, u);
    json_decref(u);
    return status;
}

static int pin(struct call *c) {
    if (!is_utf8(c->cli.argv[2]))
        return cli_usage(usage, "the thumbprint is not UTF-8");
    json_t *u, *request = request_of(c, "gateway.pin");
    json_object_set_new(request, "thumbprint",
                        json_string(without_colons(&c->arena, c->cli.argv[2])));
    if (call_upstream(c, request, &u) != OK)
        return cli_fail();
    printf("The CA of '%s' is %s now.\n"
           "Profiles with {{scep.ca_thumbprint}} get it by themselves; hosts that are to trust its "
           "root get\nthat with the next profile.\n",
           cli_text(u, "name"), cli_text(u, "thumbprint"));
    json_decref(u);
    return 0;
}

static int refresh(struct call *c) {
    json_t *u;
    if (call_upstream(c, request_of(c, "gateway.refresh"), &u) != OK)
        return cli_fail();
    printf("The upstream '%s' was asked anew.\n\n", cli_text(u, "name"));
    print_known(&c->arena, u);
    json_decref(u);
    return 0;
}

/* What the host names is not always what the profile promised. */
static int print_imported(const json_t *reply) {
    const char *id = cli_text(reply, "enrollment"), *state = cli_text(reply, "state");
    bool confirmed = strcmp(state, "confirmed") == 0;
    const char *difference = text_of(reply, "difference");
    FILE *out = confirmed ? stdout : stderr;
    fprintf(out, "The certificate is the one that the host of enrollment %s names; that is %s%s.\n",
            id, confirmed ? "" : "still ", state);
    if (difference)
        fprintf(out, "It is not what the profile promised: %s.\n", difference);
    fprintf(out, "signet enrollment show %s tells more.\n", id);
    return confirmed ? 0 : 1;
}

static int import(struct call *c) {
    json_t *reply, *request = request_of(c, "gateway.import");
    if (put_pem(&c->arena, request, "pem", c->cli.argv[2]) != OK) {
        json_decref(request);
        return cli_fail();
    }
    if (admin_call(c->cli.folder, request, &reply) != OK)
        return cli_fail();
    int status = print_imported(reply);
    json_decref(reply);
    return status;
}

static int remove_upstream(struct call *c) {
    json_t *reply;
    if (admin_call(c->cli.folder, request_of(c, "gateway.remove"), &reply) != OK)
        return cli_fail();
    printf("The upstream '%s' is removed.\n", c->name);
    long long reported = json_integer_value(json_object_get(reply, "reported"));
    if (reported)
        fprintf(
            stderr,
            "signet: warning: %lld of its enrollments are reported, and no import confirms them "
            "any more\n",
            reported);
    json_decref(reply);
    return 0;
}

/* ---- the command line ---- */

static const struct verb {
    const char *name;
    int arguments; /* with the verb itself */
    const char *takes;
    int (*run)(struct call *c);
} verbs[] = {
    {"add", 2, "NAME and --upstream URL", add},
    {"list", 1, "no argument", list},
    {"show", 2, "NAME", show},
    {"check", 2, "NAME", check},
    {"pin", 3, "NAME THUMBPRINT", pin},
    {"refresh", 2, "NAME", refresh},
    {"import", 3, "NAME FILE", import},
    {"remove", 2, "NAME", remove_upstream},
};

/* Options of a verb that does not look at them would be lost in silence. */
static const char *stray_option(const struct verb *verb, const struct order *o) {
    bool for_add = o->upstream || o->mode || o->message || o->thumbprint || o->trust || o->chain ||
                   o->ndes || o->credentials || o->auth || o->webhook || o->ca || o->timeout ||
                   o->max_requests;
    bool for_check = o->challenge || o->subject || o->enroll;
    if (for_add && verb->run != add)
        return "only add takes options that describe an upstream";
    if (for_check && verb->run != check)
        return "--enroll, --challenge and --subject are for check";
    if (o->challenge_file && verb->run != add && verb->run != check)
        return "--challenge-file is for add and check";
    return NULL;
}

static int run(struct call *c, const struct verb *verb) {
    const char *stray = stray_option(verb, &c->order);
    if (c->cli.argc != verb->arguments)
        return cli_usage(usage, "gateway %s takes %s", verb->name, verb->takes);
    if (stray)
        return cli_usage(usage, "%s", stray);
    c->name = verb->arguments > 1 ? c->cli.argv[1] : NULL;
    if (c->name && !is_utf8(c->name))
        return cli_usage(usage, "the name is not UTF-8");
    int status = verb->run(c);
    arena_free(&c->arena);
    return status;
}

int cmd_gateway(int argc, char **argv) {
    struct call c = {0};
    struct order *o = &c.order;
    const struct cli_option own[] = {{"upstream", &o->upstream, NULL},
                                     {"mode", &o->mode, NULL},
                                     {"message", &o->message, NULL},
                                     {"thumbprint", &o->thumbprint, NULL},
                                     {"trust", &o->trust, NULL},
                                     {"chain", &o->chain, NULL},
                                     {"challenge-file", &o->challenge_file, NULL},
                                     {"ndes", &o->ndes, NULL},
                                     {"ndes-credentials", &o->credentials, NULL},
                                     {"ndes-auth", &o->auth, NULL},
                                     {"webhook-secret", &o->webhook, NULL},
                                     {"ca", &o->ca, NULL},
                                     {"timeout", &o->timeout, NULL},
                                     {"max-requests", &o->max_requests, NULL},
                                     {"enroll", NULL, &o->enroll},
                                     {"challenge", &o->challenge, NULL},
                                     {"subject", &o->subject, NULL},
                                     {NULL, NULL, NULL}};
    int status;
    if (!cli_options(argc, argv, usage, own, &c.cli, &status))
        return status;
    const char *name = c.cli.argc ? c.cli.argv[0] : "";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(name, verbs[i].name) == 0)
            return run(&c, &verbs[i]);
    return cli_usage(usage, "gateway takes add, list, show, check, pin, refresh, import or remove");
}
