/* SPDX-License-Identifier: Apache-2.0 */
/* signet gateway: SCEP servers of others behind signet. */
#include "cmd/gateway.h"

#include <stdio.h>
#include <string.h>

#include "ca/pki.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "server/admin.h"

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

struct call {
    struct cli cli;
    struct arena arena;
    struct gateway_order order; /* of add; check shares a challenge's file */
    struct gateway_check check;
    bool enroll;
    const char *name;
};

/* ---- calls ---- */

static json_t *request_of(const struct call *c, const char *command) {
    return json_pack("{s:s, s:s}", "command", command, "name", c->name);
}

static bool is_utf8(const char *text) {
    json_t *value = json_string(text);
    json_decref(value);
    return value != NULL;
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
    gateway_print_known(&c->arena, u);
    printf("\nNext: signet gateway check %s        whether this mode can work\n"
           "      signet profile adopt FILE --name PROFILE --endpoint %s\n",
           cli_text(u, "name"), cli_text(u, "name"));
    if (gateway_text(u, "webhook_secret"))
        printf("      step-ca's webhook: POST %s/webhook\n", cli_text(u, "url"));
    return 0;
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

static int add(struct call *c) {
    const struct gateway_order *o = &c->order;
    const char *wrong = gateway_order_mistake(o);
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
    if (gateway_order_put(&c->arena, o, max_requests, request) != OK) {
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
    return gateway_text(health, "reason")    ? "up, last failed"
           : gateway_text(health, "trouble") ? "up, learning failed"
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
    gateway_print(&c->arena, u);
    json_decref(u);
    return 0;
}

/* The file that was named, or else the one that is configured, when it can be used. */
static const char *challenge_path(const struct call *c, const json_t *u) {
    if (!c->enroll || c->check.challenge || c->order.challenge_file)
        return c->order.challenge_file;
    return gateway_text(json_object_get(u, "unusable"), "challenge_file")
               ? NULL
               : gateway_text(u, "challenge_file");
}

static int check_shown(struct call *c, const json_t *u) {
    BUF_AUTO(secret);
    struct gateway_check asked = c->check;
    const char *path = challenge_path(c, u);
    if (path) {
        if (cli_read_challenge(path, &secret) != OK)
            return cli_fail();
        asked.challenge = buf_cstr(&secret);
    }
    return gateway_check(&c->cli, u, &asked);
}

static int check(struct call *c) {
    const char *challenge = c->check.challenge, *subject = c->check.subject,
               *file = c->order.challenge_file;
    json_t *u;
    if (challenge && file)
        return cli_usage(usage, "give --challenge or --challenge-file, not both");
    if (c->enroll ? !subject : subject || challenge || file)
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
                        json_string(gateway_thumbprint(&c->arena, c->cli.argv[2])));
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
    gateway_print_known(&c->arena, u);
    json_decref(u);
    return 0;
}

/* What the host names is not always what the profile promised. */
static int print_imported(const json_t *reply) {
    const char *id = cli_text(reply, "enrollment"), *state = cli_text(reply, "state");
    bool confirmed = strcmp(state, "confirmed") == 0;
    const char *difference = gateway_text(reply, "difference");
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
    if (gateway_put_pem(&c->arena, request, "pem", c->cli.argv[2]) != OK) {
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

static int run(struct call *c, const struct verb *verb) {
    if (c->cli.argc != verb->arguments)
        return cli_usage(usage, "gateway %s takes %s", verb->name, verb->takes);
    c->name = verb->arguments > 1 ? c->cli.argv[1] : NULL;
    if (c->name && !is_utf8(c->name))
        return cli_usage(usage, "the name is not UTF-8");
    int status = verb->run(c);
    arena_free(&c->arena);
    return status;
}

int cmd_gateway(int argc, char **argv) {
    struct call c = {0};
    struct gateway_order *o = &c.order;
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
                                     {"enroll", NULL, &c.enroll},
                                     {"challenge", &c.check.challenge, NULL},
                                     {"subject", &c.check.subject, NULL},
                                     {NULL, NULL, NULL}};
    int status;
    if (!cli_options(argc, argv, usage, own, &c.cli, &status))
        return status;
    const char *name = c.cli.argc ? c.cli.argv[0] : "";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(name, verbs[i].name) == 0)
            return run(&c, &verbs[i]);
    return synopsis_refuse(usage, &c.cli);
}
