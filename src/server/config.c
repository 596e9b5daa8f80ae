/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config.h"

#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

enum value_kind { TEXT, URL, ADDRESS, PATH, NUMBER, DURATION, BITS, LEVEL, WORD };

static const struct {
    const char *section, *key;
    enum value_kind kind;
    size_t offset;        /* in struct config */
    const char *fallback; /* NULL: required */
} keys[] = {
    {"server", "public-url", URL, offsetof(struct config, public_url), NULL},
    {"server", "management-url", URL, offsetof(struct config, management_url), NULL},
    {"server", "scep-url", URL, offsetof(struct config, scep_url), NULL},
    {"server", "listen-public", ADDRESS, offsetof(struct config, listen_public), NULL},
    {"server", "listen-management", ADDRESS, offsetof(struct config, listen_management), NULL},
    {"server", "listen-plain", ADDRESS, offsetof(struct config, listen_plain), ""},
    {"server", "tls-cert", PATH, offsetof(struct config, tls_cert), "tls.pem"},
    {"server", "tls-key", PATH, offsetof(struct config, tls_key), "tls.key"},
    {"server", "log-level", LEVEL, offsetof(struct config, log_level), "info"},
    {"scep", "rsa-min-bits", BITS, offsetof(struct config, rsa_min_bits), "2048"},
    {"scep", "validity", DURATION, offsetof(struct config, validity), "365d"},
    {"scep", "backdate", DURATION, offsetof(struct config, backdate), "1h"},
    {"scep", "challenge-lifetime", DURATION, offsetof(struct config, challenge_lifetime), "1h"},
    {"mdm", "provider-id", WORD, offsetof(struct config, provider_id), "signet"},
    {"mdm", "name", TEXT, offsetof(struct config, name), "signet"},
    {"mdm", "identity-validity", DURATION, offsetof(struct config, identity_validity), "730d"},
    {"enrollment", "confirm-within", DURATION, offsetof(struct config, confirm_within), "24h"},
    {"enrollment", "confirm-sessions", NUMBER, offsetof(struct config, confirm_sessions), "2"},
};

#define WORD_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

enum { KEYS = sizeof keys / sizeof *keys, MAX_FILE = 65536 };

struct loading {
    struct config *config;
    bool seen[KEYS];
    enum err err; /* the first one */
    char detail[400];
};

static enum err read_address(struct arena *a, const char *value, struct address *out) {
    const char *colon = strrchr(value, ':');
    int64_t port;
    *out = (struct address){"", 0};
    if (!*value)
        return OK;
    if (!colon || !span_int(span_str(colon + 1), &port) || port < 1 || port > 65535)
        return err_set(ERR_CONFIG, "'%s' is not ADDRESS:PORT, such as 0.0.0.0:443", value);
    struct span host = span_of(value, (size_t)(colon - value));
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = span_of(host.p + 1, host.n - 2);
    out->host = arena_str(a, host);
    out->port = (unsigned short)port;
    return OK;
}

static enum err read_duration(const char *value, int64_t *ms) {
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    size_t n = strlen(value);
    int64_t number;
    for (size_t i = 0; n && i < sizeof units / sizeof *units; i++) {
        if (value[n - 1] == units[i].unit && span_int(span_of(value, n - 1), &number) &&
            number > 0 && number <= 36500) {
            *ms = number * units[i].ms;
            return OK;
        }
    }
    return err_set(ERR_CONFIG, "'%s' is not a time such as 30s, 15m, 24h or 365d", value);
}

static enum err read_number(const char *value, int64_t least, int64_t most, int64_t *out) {
    if (!span_int(span_str(value), out) || *out < least || *out > most)
        return err_set(ERR_CONFIG, "'%s' is not a number from %d to %d", value, (int)least,
                       (int)most);
    return OK;
}

static enum err read_text(struct arena *a, enum value_kind kind, const struct config *c,
                          const char *value, const char **out) {
    if (kind == URL && strncmp(value, "https://", 8) != 0 && strncmp(value, "http://", 7) != 0)
        return err_set(ERR_CONFIG, "'%s' is not a URL with https:// or http://", value);
    if (kind == LEVEL && strcmp(value, "error") != 0 && strcmp(value, "warn") != 0 &&
        strcmp(value, "info") != 0 && strcmp(value, "debug") != 0)
        return err_set(ERR_CONFIG, "'%s' is none of error, warn, info, debug", value);
    if (kind == WORD && (!*value || value[strspn(value, WORD_CHARACTERS)]))
        return err_set(ERR_CONFIG, "'%s' is not one word of letters, digits, . - and _", value);
    *out = kind == PATH && value[0] != '/' ? arena_printf(a, "%s/%s", c->folder, value)
                                           : arena_str(a, span_str(value));
    return OK;
}

static enum err set(struct config *c, int i, const char *value) {
    void *field = (char *)c + keys[i].offset;
    switch (keys[i].kind) {
    case ADDRESS:
        return read_address(&c->arena, value, field);
    case DURATION:
        return read_duration(value, field);
    case NUMBER:
        return read_number(value, 1, 1000, field);
    case BITS:
        return read_number(value, 1024, 16384, field);
    default:
        return read_text(&c->arena, keys[i].kind, c, value, field);
    }
}

static int find_key(const char *section, const char *key) {
    for (int i = 0; i < KEYS; i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0)
            return i;
    return -1;
}

/* inih's callback: 0 makes it remember the line as the first wrong one. */
static int on_value(void *user, const char *section, const char *key, const char *value) {
    struct loading *l = user;
    int i = find_key(section, key);
    enum err e = i < 0        ? err_set(ERR_CONFIG, "there is no key '%s' in [%s]", key, section)
                 : l->seen[i] ? err_set(ERR_CONFIG, "the key '%s' stands there twice", key)
                              : set(l->config, i, value);
    if (i >= 0)
        l->seen[i] = true;
    if (e != OK && l->err == OK) {
        l->err = e;
        snprintf(l->detail, sizeof l->detail, "%s", err_detail());
    }
    return e == OK;
}

static enum err fill_defaults(struct loading *l, const char *path) {
    for (int i = 0; i < KEYS; i++) {
        if (l->seen[i])
            continue;
        if (!keys[i].fallback)
            return err_set(ERR_CONFIG, "%s: the key '%s' in [%s] is missing", path, keys[i].key,
                           keys[i].section);
        TRY(set(l->config, i, keys[i].fallback));
    }
    return OK;
}

enum err config_load(const char *folder, struct config *out) {
    BUF_AUTO(text);
    *out = (struct config){0};
    out->folder = arena_str(&out->arena, span_str(folder));
    struct loading l = {.config = out};
    const char *path = arena_printf(&out->arena, "%s/signet.conf", folder);
    enum err e = file_read(path, MAX_FILE, &text);
    if (e == ERR_NOT_FOUND)
        e = err_set(ERR_CONFIG, "there is no signet.conf in '%s'; signet init makes a data folder",
                    folder);
    if (e == OK) {
        int line = ini_parse_string(buf_cstr(&text), on_value, &l);
        if (line > 0)
            e = err_set(ERR_CONFIG, "%s, line %d: %s", path, line,
                        l.err != OK ? l.detail : "neither a [section] nor key = value");
        else if (line < 0)
            e = err_set(ERR_CONFIG, "%s cannot be read", path);
    }
    if (e == OK)
        e = fill_defaults(&l, path);
    if (e != OK)
        config_free(out);
    return e;
}

void config_free(struct config *c) {
    arena_free(&c->arena);
}

/* "https://host" with the port where it is not the scheme's own. */
static void put_url(struct buf *b, const char *scheme, const char *host, unsigned port,
                    unsigned usual) {
    bool v6 = strchr(host, ':') != NULL;
    buf_printf(b, "%s://%s%s%s", scheme, v6 ? "[" : "", host, v6 ? "]" : "");
    if (port != usual)
        buf_printf(b, ":%u", port);
}

static const char template_head[] =
    "# The configuration of signet. Read at the start; SIGHUP reads the TLS certificate anew.\n"
    "# Times: 30s, 15m, 24h, 365d.\n\n";

enum err config_create(const char *folder, const struct config_seed *s) {
    BUF_AUTO(b);
    BUF_AUTO(public);
    BUF_AUTO(management);
    BUF_AUTO(path);
    buf_printf(&path, "%s/signet.conf", folder);
    if (access(buf_cstr(&path), F_OK) == 0)
        return err_set(ERR_EXISTS, "there is a %s already", buf_cstr(&path));
    if (s->public_url)
        buf_str(&public, s->public_url);
    else
        put_url(&public, "https", s->host, s->public_port, 443);
    while (public.n && public.p[public.n - 1] == '/')
    public.n--;
    put_url(&management, "https", s->host, s->management_port, 443);
    bool v6 = strchr(s->listen, ':') != NULL;
    const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";

    buf_str(&b, template_head);
    buf_printf(&b,
               "[server]\n"
               "# Where hosts find discovery, enrollment and SCEP (through a tunnel: its URL).\n"
               "public-url = %s\n"
               "# Where enrolled hosts hold their SyncML sessions. They show a TLS client\n"
               "# certificate: nothing in between may end TLS.\n"
               "management-url = %s\n"
               "# What {{scep.url}} in a profile stands for; Windows appends /pkiclient.exe.\n"
               "scep-url = %s/scep\n"
               "# Addresses to listen on. The plain one serves SCEP over http and nothing else;\n"
               "# leave it empty for none.\n"
               "listen-public = %s%s%s:%u\n"
               "listen-management = %s%s%s:%u\n",
               buf_cstr(&public), buf_cstr(&management), buf_cstr(&public), open, s->listen, close,
               s->public_port, open, s->listen, close, s->management_port);
    if (s->plain_port)
        buf_printf(&b, "listen-plain = %s%s%s:%u\n", open, s->listen, close, s->plain_port);
    else
        buf_str(&b, "listen-plain =\n");
    buf_printf(&b,
               "# PEM files, from this folder on.\n"
               "tls-cert = %s\n"
               "tls-key = %s\n"
               "# error, warn, info or debug\n"
               "log-level = info\n\n",
               s->tls_cert ? s->tls_cert : "tls.pem", s->tls_key ? s->tls_key : "tls.key");
    buf_str(&b,
            "[scep]\n"
            "# RSA keys below this many bits are refused, whatever a profile says.\n"
            "rsa-min-bits = 2048\n"
            "# Life of an issued certificate, and how far back it begins: Windows discards one\n"
            "# that begins after the host's own clock.\n"
            "validity = 365d\n"
            "backdate = 1h\n"
            "# How long a challenge serves, from the moment in which it is sent to the host.\n"
            "challenge-lifetime = 1h\n\n"
            "[mdm]\n"
            "# Names the management on the host: registry paths, scheduled tasks. One word.\n"
            "provider-id = signet\n"
            "name = signet\n"
            "# Life of a host's identity, its TLS client certificate.\n"
            "identity-validity = 730d\n\n"
            "[enrollment]\n"
            "# How long signet asks a host that accepted a profile for the outcome, and in how\n"
            "# many of its sessions at least.\n"
            "confirm-within = 24h\n"
            "confirm-sessions = 2\n");
    return file_write(buf_cstr(&path), buf_view(&b), 0600);
}
