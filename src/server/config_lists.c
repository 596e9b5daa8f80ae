/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of lists, of URL paths and of secrets. Items are parted by commas. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "csp/words.h"
#include "der/der.h"
#include "server/config_keys.h"

enum { MAX_SECRET = 1024 };

/* Takes the next item; false at the end. An empty one is an item: the readers refuse it. */
static bool next_item(struct span *rest, struct span *item) {
    if (!rest->p)
        return false;
    ptrdiff_t comma = span_find(*rest, ',');
    *item = span_trim(comma < 0 ? *rest : span_of(rest->p, (size_t)comma));
    *rest = comma < 0 ? SPAN_NONE : span_of(rest->p + comma + 1, rest->n - (size_t)comma - 1);
    return true;
}

/* ---- paths of URLs ---- */

/* Paths that belong to others on the same listeners. */
static const char *const reserved[] = {"/enrollmentserver", "/managementserver", "/pki", "/ocsp",
                                       "/gateway",          "/healthz"};

static bool is_below(const char *path, const char *folder) {
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static enum err read_route(const struct config_value *v, struct span item, const char **out) {
    size_t n = item.n;
    while (n && item.p[n - 1] == '/')
        n--;
    char *path = arena_str(v->a, span_of(item.p, n));
    for (char *p = path; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    bool clean = *path == '/' && !strstr(path, "//") && !strstr(path, "/..");
    for (const char *p = path; *p; p++)
        clean = clean && *p > ' ' && *p < 0x7f && !strchr("?#%\\", *p);
    if (!clean)
        return err_set(ERR_CONFIG, "'%.*s' is not a path such as /scep", SPAN_FMT(item));
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (is_below(path, reserved[i]))
            return err_set(ERR_CONFIG, "'%s' is signet's own: take a path outside of %s", path,
                           reserved[i]);
    *out = path;
    return OK;
}

enum err config_read_route(const struct config_value *v, void *field) {
    *(const char **)field = NULL;
    return *v->text ? read_route(v, span_str(v->text), field) : OK;
}

enum err config_read_routes(const struct config_value *v, void *field) {
    struct endpoint_settings *endpoint = field;
    struct span rest = span_str(v->text), item;
    endpoint->path_count = 0;
    if (!rest.n)
        return OK;
    while (next_item(&rest, &item)) {
        if (endpoint->path_count == ENDPOINT_MAX_PATHS)
            return err_set(ERR_CONFIG, "'%s' is more than %d paths", v->text, ENDPOINT_MAX_PATHS);
        TRY(read_route(v, item, &endpoint->paths[endpoint->path_count++]));
    }
    return OK;
}

/* ---- what certificates may hold ---- */

enum err config_read_key_types(const struct config_value *v, void *field) {
    struct policy *p = field;
    struct span rest = span_str(v->text), item;
    while (next_item(&rest, &item)) {
        if (span_is(item, "rsa"))
            p->rsa = true;
        else if (span_is(item, "p256"))
            p->p256 = true;
        else if (span_is(item, "p384"))
            p->p384 = true;
        else
            return err_set(ERR_CONFIG, "'%.*s' is none of these: rsa, p256, p384", SPAN_FMT(item));
    }
    return OK;
}

enum err config_read_key_usage(const struct config_value *v, void *field) {
    static const struct {
        const char *name;
        unsigned bit;
    } usages[] = {{"digitalSignature", KU_DIGITAL_SIGNATURE},
                  {"keyEncipherment", KU_KEY_ENCIPHERMENT},
                  {"keyAgreement", KU_KEY_AGREEMENT}};
    struct span rest = span_str(v->text), item;
    unsigned all = 0;
    while (next_item(&rest, &item)) {
        unsigned bit = 0;
        for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
            if (span_is_nocase(item, usages[i].name))
                bit = usages[i].bit;
        if (!bit)
            return err_set(ERR_CONFIG,
                           "'%.*s' is none of these: digitalSignature, keyEncipherment, "
                           "keyAgreement",
                           SPAN_FMT(item));
        all |= bit;
    }
    *(unsigned *)field = all;
    return OK;
}

/* With these a certificate speaks for this CA or for anybody: no endpoint gives them. */
static const char *const never[] = {
    "1.3.6.1.5.5.7.3.9",      /* OCSPSigning: answers for the CA */
    "1.3.6.1.4.1.311.20.2.1", /* Certificate Request Agent: enrolls for anybody */
    "2.5.29.37.0",            /* anyExtendedKeyUsage */
};

static enum err read_eku(const struct config_value *v, struct span item, const char **out) {
    uint8_t encoded[OID_MAX_SIZE];
    const struct eku_word *known = eku_by_name(item);
    *out = known ? known->oid : arena_str(v->a, item);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcmp(*out, never[i]) == 0)
            return err_set(ERR_CONFIG,
                           "'%s' is never given: it would speak for the CA or for "
                           "anybody; leave it out",
                           *out);
    if (!oid_encode(*out, encoded))
        return err_set(ERR_CONFIG, "'%s' is neither a dotted OID nor a name such as clientAuth",
                       *out);
    return OK;
}

enum err config_read_eku(const struct config_value *v, void *field) {
    struct policy *p = field;
    struct span rest = span_str(v->text), item;
    while (next_item(&rest, &item)) {
        if (p->eku_count == POLICY_MAX_EKU)
            return err_set(ERR_CONFIG, "more than %d EKUs", POLICY_MAX_EKU);
        TRY(read_eku(v, item, &p->eku[p->eku_count++]));
    }
    return OK;
}

enum err config_read_san(const struct config_value *v, void *field) {
    struct policy *p = field;
    struct span rest = span_str(v->text), item;
    if (!rest.n)
        return OK;
    while (next_item(&rest, &item)) {
        if (span_find(item, ':') < 1)
            return err_set(ERR_CONFIG, "'%.*s' is not a rule such as dns:*.example.com",
                           SPAN_FMT(item));
        if (p->san_rule_count == POLICY_MAX_RULES)
            return err_set(ERR_CONFIG, "more than %d rules", POLICY_MAX_RULES);
        p->san_rules[p->san_rule_count++] = arena_str(v->a, item);
    }
    return OK;
}

/* ---- secrets ---- */

enum err config_read_secret(const struct config_value *v, void *field) {
    BUF_AUTO(content);
    struct stat status;
    const char *path, **out = field;
    *out = NULL;
    if (!*v->text)
        return OK;
    TRY(config_read_file(v, &path));
    if (stat(path, &status) != 0)
        return err_set(ERR_CONFIG, "cannot open '%s': %s", path, strerror(errno));
    TRY(file_check_closed(path));
    if (file_read(path, MAX_SECRET, &content) != OK)
        return err_set(ERR_CONFIG, "cannot read '%s' (at most %d bytes)", path, MAX_SECRET);
    struct span secret = span_trim(buf_view(&content));
    if (!secret.n || memchr(secret.p, '\0', secret.n))
        return err_set(ERR_CONFIG, "'%s' holds no secret", path);
    *out = arena_str(v->a, secret);
    return OK;
}
