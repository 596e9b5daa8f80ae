/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands on upstreams. Those that ask the upstream wait for it, twice its time-out at most; the
 * administration is one thread, so that other commands come after.
 */
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "enroll/observe.h"
#include "gateway/ask.h"
#include "gateway/challenge.h"
#include "server/admin_command.h"
#include "server/config.h"
#include "x509/name.h"

enum {
    MAX_TEXT = 1000,
    MAX_PEM = 1 << 20,
    THUMBPRINT = 40,
};

static const char *const modes[] = {[UPSTREAM_RELAY] = "relay", [UPSTREAM_RA] = "ra"};

static const char *const auths[] = {[UPSTREAM_AUTH_ANY] = "any",
                                    [UPSTREAM_AUTH_NEGOTIATE] = "negotiate",
                                    [UPSTREAM_AUTH_NTLM] = "ntlm",
                                    [UPSTREAM_AUTH_BASIC] = "basic"};

/* ---- an upstream as JSON: settings without secrets, and what is known ---- */

static json_t *time_or_null(int64_t ms) {
    char iso[CLOCK_ISO_SIZE];
    return ms ? json_string(clock_iso(ms, iso)) : json_null();
}

static json_t *words_of(struct arena *a, const char *text) {
    json_t *list = json_array();
    for (size_t n; text && *text; text += n + (text[n] != '\0')) {
        n = strcspn(text, "\r\n ");
        if (n)
            json_array_append_new(list, json_string(text_claim(a, span_of(text, n), 100)));
    }
    return list;
}

static json_t *health_of(struct gateway *g, struct arena *a, const char *name, unsigned *running) {
    static const char *const states[] = {
        [GATEWAY_UP] = "up", [GATEWAY_DOWN] = "down", [GATEWAY_UNKNOWN] = "unknown"};
    struct gateway_status status;
    gateway_status(g, a, name, &status);
    *running = status.running;
    return json_pack("{s:s, s:s?, s:o, s:s?, s:o}", "state", states[status.health], "reason",
                     status.reason, "since", time_or_null(status.since), "trouble", status.trouble,
                     "troubled", time_or_null(status.trouble ? status.troubled : 0));
}

/* The subject of the pinned CA; null while nothing is in force. */
static json_t *ca_subject(struct gateway *g, struct arena *a, const char *name) {
    const struct gateway_upstream *u = gateway_acquire(g, name);
    struct cert ca;
    json_t *subject = json_null();
    if (u && u->chain_count && cert_parse(u->chain[0], &ca) == OK)
        subject = json_string(name_text(a, ca.subject));
    if (u)
        gateway_release(u);
    return subject;
}

static void put_settings(json_t *out, const struct upstream *u) {
    bool relay = u->mode == UPSTREAM_RELAY;
    json_object_update_new(
        out, json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "message",
                       u->message, "trust", u->trust, "chain", u->chain, "challenge_file",
                       u->challenge_file, "ndes", u->ndes_url, "ndes_credentials",
                       u->ndes_credentials, "ndes_auth", u->ndes_url ? auths[u->ndes_auth] : NULL,
                       "webhook_secret", u->webhook_secret, "ca", relay ? NULL : u->ca));
    json_object_update_new(out, json_pack("{s:I, s:I}", "timeout_ms", (json_int_t)u->timeout,
                                          "max_requests", (json_int_t)u->max_requests));
}

static json_t *report_upstream(struct admin_call *c, const struct upstream *u) {
    struct gateway *g = c->scope->gateway;
    unsigned running;
    json_t *health = health_of(g, c->a, u->name, &running);
    json_t *out = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o, s:s?, s:o, s:o, s:o, s:i}", "name",
                            u->name, "mode", modes[u->mode], "upstream", u->url, "url",
                            gateway_url(g, c->a, u->name, NULL), "thumbprint", u->thumbprint,
                            "ca_subject", ca_subject(g, c->a, u->name), "offered", u->offered,
                            "capabilities", words_of(c->a, u->capabilities), "learnt",
                            time_or_null(u->learnt), "health", health, "running", (int)running);
    put_settings(out, u);
    return out;
}

/* ---- gateway.add ---- */

/* A text argument that may be missing; `lines`: PEM. */
static enum err text_argument(const struct admin_call *c, const char *key, bool lines,
                              const char **out) {
    const json_t *value = json_object_get(c->request, key);
    *out = NULL;
    if (!value || json_is_null(value))
        return OK;
    size_t max = lines ? MAX_PEM : MAX_TEXT;
    TRY(admin_argument(c, key, max, out));
    for (const char *p = *out; *p && !lines; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return err_set(ERR_USAGE, "'%s' holds a control character", key);
    return OK;
}

/* One of the words, as its place; the first when the argument is missing. */
static enum err word_argument(const struct admin_call *c, const char *key, const char *const *words,
                              int first, int last, int *out) {
    const char *word;
    TRY(text_argument(c, key, false, &word));
    *out = first;
    for (int i = first; word && i <= last; i++) {
        *out = i;
        if (strcmp(word, words[i]) == 0)
            return OK;
    }
    return word ? err_set(ERR_USAGE, "'%s' is no value of '%s'", word, key) : OK;
}

/* As they were said; gateway_add judges them and fills in what is missing. */
static enum err read_settings(const struct admin_call *c, struct upstream *u) {
    const char *timeout;
    const struct {
        const char *key, **out;
    } texts[] = {{"message", &u->message},
                 {"thumbprint", &u->thumbprint},
                 {"challenge_file", &u->challenge_file},
                 {"ndes", &u->ndes_url},
                 {"ndes_credentials", &u->ndes_credentials},
                 {"webhook_secret", &u->webhook_secret},
                 {"ca", &u->ca}};
    TRY(admin_name(c, "name", &u->name));
    TRY(admin_argument(c, "upstream", MAX_TEXT, &u->url));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        TRY(text_argument(c, texts[i].key, false, texts[i].out));
    TRY(text_argument(c, "trust", true, &u->trust));
    TRY(text_argument(c, "chain", true, &u->chain));
    TRY(text_argument(c, "timeout", false, &timeout));
    TRY(word_argument(c, "mode", modes, UPSTREAM_RELAY, UPSTREAM_RA, &u->mode));
    TRY(word_argument(c, "ndes_auth", auths, UPSTREAM_AUTH_ANY, UPSTREAM_AUTH_BASIC,
                      &u->ndes_auth));
    TRY(admin_number(c, "max_requests", 1, INT32_MAX, 0, &u->max_requests));
    u->created = clock_ms();
    return timeout ? config_duration(c->a, timeout, &u->timeout) : OK;
}

/* A file with a secret is read when it is needed: what would stop that is told now. */
static void judge_file(struct admin_call *c, json_t *warnings, const char *path, enum err e) {
    if (e != OK)
        json_array_append_new(warnings,
                              json_sprintf("%s; the server will try again when the file is needed",
                                           text_claim(c->a, span_str(err_detail()), MAX_TEXT)));
    if (path && file_check_closed(path) != OK)
        json_array_append_new(warnings,
                              json_string(text_claim(c->a, span_str(err_detail()), MAX_TEXT)));
}

/* Host and port of a URL. */
static struct span authority_of(const char *url) {
    const char *at = url ? strstr(url, "://") : NULL;
    at = at ? at + 3 : "";
    return span_of(at, strcspn(at, "/?#"));
}

static bool same_authority(struct span a, struct span b) {
    return a.n && a.n == b.n && strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0;
}

/* Whether the URL is on this server: at an address that is told to hosts, or on loopback at a port
 * of a listener. */
static bool is_own(struct admin_call *c, const char *url) {
    static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
    const struct config *config = c->scope->config;
    const char *const told[] = {config->public_url, config->management_url, config->scep_url};
    const unsigned short ports[] = {config->listen_public.port, config->listen_management.port,
                                    config->listen_plain.port};
    struct span theirs = authority_of(url);
    for (size_t i = 0; i < 3; i++) {
        if (same_authority(theirs, authority_of(told[i])))
            return true;
        for (size_t k = 0; k < 3 && ports[i]; k++)
            if (same_authority(theirs,
                               span_str(arena_printf(c->a, "%s:%u", loopback[k], ports[i]))))
                return true;
    }
    return false;
}

static void judge_loop(struct admin_call *c, json_t *warnings, const struct upstream *u) {
    if (is_own(c, u->url))
        json_array_append_new(warnings,
                              json_string("the upstream's URL is one of this server itself: what "
                                          "hosts ask at the gateway comes back to signet"));
}

static enum err add(struct tx *none, struct admin_call *c) {
    struct upstream settings = {0}, kept;
    (void)none;
    TRY(read_settings(c, &settings));
    TRY(gateway_add(c->scope->gateway, c->a, &settings, &kept));
    admin_put(c, "upstream", report_upstream(c, &kept));
    json_t *warnings = admin_put_list(c, "warnings");
    judge_file(c, warnings, kept.challenge_file, challenge_check_file(&kept));
    judge_file(c, warnings, kept.ndes_credentials, challenge_check_credentials(&kept));
    judge_file(c, warnings, kept.webhook_secret, ask_check_secret(&kept));
    judge_loop(c, warnings, &kept);
    return OK;
}

/* ---- the others ---- */

static enum err list(struct tx *tx, struct admin_call *c) {
    struct upstream *all;
    json_t *upstreams = admin_put_list(c, "upstreams");
    TRY(upstream_list(tx, c->a, &all));
    for (; all; all = all->next)
        json_array_append_new(upstreams, report_upstream(c, all));
    return OK;
}

/* Which files with secrets the server cannot use now, and why. */
static void note_unusable(struct admin_call *c, json_t *unusable, const char *key, enum err e) {
    if (e != OK)
        json_object_set_new(unusable, key,
                            json_string(text_claim(c->a, span_str(err_detail()), MAX_TEXT)));
}

static enum err show(struct tx *tx, struct admin_call *c) {
    struct upstream u;
    const char *name;
    TRY(admin_name(c, "name", &name));
    TRY(upstream_get(tx, c->a, name, &u));
    json_t *upstream = report_upstream(c, &u), *unusable = json_object();
    note_unusable(c, unusable, "challenge_file", challenge_check_file(&u));
    note_unusable(c, unusable, "ndes_credentials", challenge_check_credentials(&u));
    note_unusable(c, unusable, "webhook_secret", ask_check_secret(&u));
    json_object_set_new(upstream, "unusable", unusable);
    admin_put(c, "upstream", upstream);
    return OK;
}

static enum err pin(struct tx *none, struct admin_call *c) {
    const char *name, *thumbprint;
    struct upstream u;
    (void)none;
    TRY(admin_name(c, "name", &name));
    TRY(admin_argument(c, "thumbprint", THUMBPRINT, &thumbprint));
    TRY(gateway_pin(c->scope->gateway, c->a, name, thumbprint, &u));
    admin_put(c, "upstream", report_upstream(c, &u));
    return OK;
}

static enum err refresh(struct tx *none, struct admin_call *c) {
    const char *name;
    struct upstream u;
    (void)none;
    TRY(admin_name(c, "name", &name));
    TRY(gateway_refresh(c->scope->gateway, c->a, name, &u));
    admin_put(c, "upstream", report_upstream(c, &u));
    return OK;
}

struct imported {
    struct admin_call *call;
    struct foreign_certificate cert;
};

/* What the import has made of the enrollment in the reply. */
static enum err put_state(struct tx *tx, void *user) {
    const struct imported *i = user;
    struct admin_call *c = i->call;
    struct enrollment e;
    TRY(enrollment_get(tx, c->a, json_string_value(json_object_get(c->reply, "enrollment")), &e));
    admin_put(c, "state", json_string(enroll_state_name(e.state)));
    if (observe_keeps_promise(c->a, &e, &i->cert) != OK)
        admin_put(c, "difference", json_string(text_claim(c->a, span_str(err_detail()), MAX_TEXT)));
    return OK;
}

static enum err import(struct tx *none, struct admin_call *c) {
    enum { MAX = 32 };
    const char *name, *pem, *enrollment = NULL;
    struct span certs[MAX];
    size_t count;
    (void)none;
    TRY(admin_name(c, "name", &name));
    TRY(admin_argument(c, "pem", MAX_PEM, &pem));
    TRY(cert_parse_pem_all(c->a, span_str(pem), certs, MAX, &count));
    TRY(gateway_import(c->scope->gateway, c->a, name, certs[0], &enrollment));
    admin_put(c, "enrollment", json_string(enrollment));
    struct imported imported = {.call = c, .cert = {.der = certs[0]}};
    return store_read(c->scope->store, put_state, &imported);
}

struct count {
    const char *name;
    int64_t reported;
};

static enum err count_reported(struct tx *tx, void *user) {
    struct count *count = user;
    return upstream_count_reported(tx, count->name, &count->reported);
}

static enum err remove_upstream(struct tx *none, struct admin_call *c) {
    struct count count = {0};
    (void)none;
    TRY(admin_name(c, "name", &count.name));
    TRY(store_read(c->scope->store, count_reported, &count));
    TRY(gateway_remove(c->scope->gateway, count.name));
    admin_put(c, "reported", json_integer(count.reported));
    return OK;
}

const struct admin_command admin_gateway_commands[] = {
    {"gateway.add", add, ADMIN_ALONE, NULL},
    {"gateway.list", list, ADMIN_READS, NULL},
    {"gateway.show", show, ADMIN_READS, NULL},
    {"gateway.pin", pin, ADMIN_ALONE, NULL},
    {"gateway.refresh", refresh, ADMIN_ALONE, NULL},
    {"gateway.import", import, ADMIN_ALONE, NULL},
    {"gateway.remove", remove_upstream, ADMIN_ALONE, NULL},
    {NULL, NULL, ADMIN_READS, NULL},
};
