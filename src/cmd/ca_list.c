/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/ca_list.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cmd/cli.h"
#include "crypto/public.h"
#include "x509/name.h"

enum { DATE = 10 };

struct ca_settings ca_settings_of(const struct config *config, const char *name) {
    for (size_t i = 0; i < config->pki.ca_count; i++)
        if (strcmp(config->pki.cas[i].name, name) == 0)
            return config->pki.cas[i];
    return ca_settings_default(name);
}

static const char *key_text(struct arena *a, struct span der) {
    struct spki spki;
    if (spki_parse(der, &spki) != OK)
        return "?";
    return spki.rsa ? arena_printf(a, "RSA %zu", spki.n.n * 8)
                    : arena_printf(a, "EC %s", spki.curve);
}

static const char *date(struct arena *a, int64_t ms) {
    char iso[CLOCK_ISO_SIZE];
    return arena_str(a, span_of(clock_iso(ms, iso), DATE));
}

/* Of a pair that is not there: null. */
static json_t *end_of(struct arena *a, const struct scep_key *pair) {
    return pair->cert.n ? json_string(date(a, pair->parsed.not_after)) : json_null();
}

static json_t *next_of(struct arena *a, const struct ca *ca) {
    uint8_t sha1[DIGEST_MAX_SIZE];
    char hex[41];
    struct cert next;
    if (!ca->next.n || digest_of(DIGEST_SHA1, ca->next, sha1) != OK ||
        cert_parse(ca->next, &next) != OK)
        return json_null();
    hex_upper(span_of(sha1, 20), hex);
    return json_pack("{s:s, s:s, s:s}", "thumbprint", hex, "key", key_text(a, next.spki), "expires",
                     date(a, next.not_after));
}

static enum err describe(const struct config *config, const char *name, struct arena *a,
                         json_t **out) {
    struct ca_settings settings = ca_settings_of(config, name);
    const char *folder = ca_folder(a, config->folder, name);
    struct ca ca;
    if (access(arena_printf(a, "%s/ca.pem", folder), F_OK) != 0) {
        *out =
            json_pack("{s:s, s:o}", "name", name, "waits_for", json_sprintf("%s/ca.csr", folder));
        return OK;
    }
    TRY(ca_look(folder, &settings, a, &ca));
    const struct cert *c = &ca.issuer.parsed;
    *out =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "name", name, "subject",
                  name_text(a, c->subject), "key", key_text(a, c->spki), "thumbprint", ca.sha1,
                  "root_thumbprint", ca.root_sha1, "expires", date(a, c->not_after), "ra_expires",
                  end_of(a, &ca.ra), "ocsp_expires", end_of(a, &ca.ocsp), "next", next_of(a, &ca));
    return *out ? OK : err_set(ERR_PARSE, "the CA '%s' has a subject that is not UTF-8", name);
}

static void print_one(const json_t *ca) {
    const json_t *next = json_object_get(ca, "next");
    const char *own = cli_text(ca, "thumbprint"), *root = cli_text(ca, "root_thumbprint");
    if (json_object_get(ca, "waits_for")) {
        printf("%s\n  waits for the certificate of %s (signet ca import)\n", cli_text(ca, "name"),
               cli_text(ca, "waits_for"));
        return;
    }
    printf("%s\n"
           "  subject      %s\n"
           "  key          %s\n"
           "  thumbprint   %s\n"
           "  root         %s\n"
           "  expires      %s (RA %s, OCSP %s)\n",
           cli_text(ca, "name"), cli_text(ca, "subject"), cli_text(ca, "key"), own,
           strcmp(own, root) == 0 ? "itself" : root, cli_text(ca, "expires"),
           cli_text(ca, "ra_expires"), cli_text(ca, "ocsp_expires"));
    if (json_is_object(next))
        printf("  next         %s, %s, until %s; signet ca rollover %s --finish\n",
               cli_text(next, "thumbprint"), cli_text(next, "key"), cli_text(next, "expires"),
               cli_text(ca, "name"));
}

bool ca_list_print(const struct config *config, bool json) {
    ARENA_AUTO(a);
    const char *names[PKI_MAX_CAS];
    size_t n;
    json_t *list = json_array(), *one;
    bool good = true;
    if (ca_names(config->folder, &a, names, PKI_MAX_CAS, &n) != OK) {
        cli_fail();
        json_decref(list);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (describe(config, names[i], &a, &one) == OK)
            json_array_append_new(list, one);
        else
            good = cli_fail() == 0;
    }
    if (json) {
        cli_print_json(list);
        return good;
    }
    size_t i;
    json_array_foreach(list, i, one) print_one(one);
    json_decref(list);
    return good;
}

enum err ca_print_thumbprints(const struct config *config, const char *name) {
    ARENA_AUTO(a);
    struct ca_settings settings = ca_settings_of(config, name);
    struct ca ca;
    TRY(ca_look(ca_folder(&a, config->folder, name), &settings, &a, &ca));
    if (strcmp(ca.sha1, ca.root_sha1) == 0)
        printf("  thumbprint   %s\n", ca.sha1);
    else
        printf("  thumbprint   %s (of its root: %s)\n", ca.sha1, ca.root_sha1);
    return OK;
}
