/* SPDX-License-Identifier: Apache-2.0 */
/* signet gateway add: its options, and the request that they make. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/gateway.h"
#include "fetch/fetch.h"
#include "server/config.h"
#include "x509/pem.h"

enum { MAX_PEM = 1 << 20 };

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

enum err gateway_put_pem(struct arena *a, json_t *request, const char *key, const char *file) {
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

const char *gateway_thumbprint(struct arena *a, const char *thumbprint) {
    BUF_AUTO(out);
    for (; thumbprint && *thumbprint; thumbprint++)
        if (*thumbprint != ':')
            buf_char(&out, *thumbprint);
    return thumbprint ? arena_str(a, buf_view(&out)) : NULL;
}

enum err gateway_order_put(struct arena *a, const struct gateway_order *o, int64_t max_requests,
                           json_t *request) {
    const struct {
        const char *key, *value;
    } texts[] = {{"upstream", o->upstream}, {"mode", o->mode},
                 {"message", o->message},   {"ndes", o->ndes},
                 {"ndes_auth", o->auth},    {"ca", o->ca},
                 {"timeout", o->timeout},   {"thumbprint", gateway_thumbprint(a, o->thumbprint)}};
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
    TRY(gateway_put_pem(a, request, "trust", o->trust));
    TRY(gateway_put_pem(a, request, "chain", o->chain));
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
static const char *bad_value(const struct gateway_order *o) {
    if (o->auth && !is_auth(o->auth))
        return "--ndes-auth is any, negotiate, ntlm or basic";
    if (o->timeout && !is_timeout(o->timeout))
        return "--timeout is a time from 1s to 2m, with its unit";
    return url_mistake(o->upstream);
}

const char *gateway_order_mistake(const struct gateway_order *o) {
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
