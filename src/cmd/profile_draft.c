/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/profile_draft.h"

#include <string.h>

#include "base/text.h"

enum { MAX_RETRIES = 30, MAX_MINUTES = 24 * 60, THUMBPRINT = 40 };

/* Both by default: the profiles that real hosts took have 160 (windows-mdm.md, A.7). */
static const struct {
    const char *name, *value;
} usages[] = {{"both", "160"}, {"sign", "128"}, {"encrypt", "32"}};

static const struct {
    const char *name, *eku[2];
} uses[] = {
    {"wifi", {"clientAuth", NULL}},       {"vpn", {"clientAuth", NULL}},
    {"tls-client", {"clientAuth", NULL}}, {"smartcard", {"smartcardLogon", "clientAuth"}},
    {"email", {"emailProtection", NULL}}, {"ipsec", {"ipsecIKE", "clientAuth"}},
};

/* KeyProtection's values; 1 to 4. */
static const char *const protections[] = {"tpm", "tpm-or-software", "software", "hello"};

void draft_free(struct draft *d) {
    buf_free(&d->subject);
    buf_free(&d->san);
    buf_free(&d->eku);
    buf_free(&d->challenge);
    arena_free(&d->a);
}

/* ---- each option, judged in the words of the command line ---- */

/* What XML cannot carry, or a terminal would obey, belongs into no certificate. */
static enum err check_text(const char *text) {
    BUF_AUTO(printable);
    text_printable(&printable, span_str(text));
    if (!span_is(buf_view(&printable), text))
        return err_set(ERR_USAGE, "'%s' holds a control character, or is not UTF-8",
                       buf_cstr(&printable));
    return OK;
}

static enum err add_all(const struct cli_many *list, struct buf *out,
                        enum err (*add)(struct buf *out, const char *text)) {
    for (size_t i = 0; i < list->count; i++) {
        TRY(check_text(list->values[i]));
        if (add(out, list->values[i]) != OK)
            return err_context(ERR_USAGE, "--%s", list->name);
    }
    return OK;
}

static enum err add_use(struct buf *eku, const char *use) {
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (strcmp(use, uses[i].name) == 0) {
            TRY(profile_add_eku(eku, uses[i].eku[0]));
            return uses[i].eku[1] ? profile_add_eku(eku, uses[i].eku[1]) : OK;
        }
    return err_set(
        ERR_USAGE,
        "'%s' is none of wifi, vpn, tls-client, smartcard, email, ipsec; --eku takes any "
        "other",
        use);
}

static enum err set_names(struct draft *d, const struct draft_options *o) {
    TRY(add_all(&o->lists[DRAFT_SUBJECT], &d->subject, profile_add_subject));
    TRY(add_all(&o->lists[DRAFT_SAN], &d->san, profile_add_san));
    TRY(add_all(&o->lists[DRAFT_USE], &d->eku, add_use));
    TRY(add_all(&o->lists[DRAFT_EKU], &d->eku, profile_add_eku));
    if (!d->eku.n)
        return err_set(ERR_USAGE, "say what the certificate is for, as in --use wifi");
    if (!d->subject.n)
        buf_str(&d->subject, o->user ? "CN={{user.upn}}" : "CN={{device.id}}");
    d->wishes.subject = buf_cstr(&d->subject);
    d->wishes.san = d->san.n ? buf_cstr(&d->san) : NULL;
    d->wishes.eku = buf_cstr(&d->eku);
    return OK;
}

static enum err set_protection(struct draft *d, const struct draft_options *o) {
    bool hello = o->protection && strcmp(o->protection, "hello") == 0;
    if (hello && !o->container)
        return err_set(ERR_USAGE, "--protection hello needs the --container of the key");
    if (!hello && o->container)
        return err_set(ERR_USAGE, "--container is for --protection hello only");
    if (hello && strcmp(d->wishes.key_length, "2048") != 0)
        return err_set(ERR_USAGE, "--protection hello makes keys of 2048 bits only");
    if (hello && strcmp(d->wishes.hash_algorithm, "SHA-2") != 0)
        return err_set(ERR_USAGE, "--protection hello signs with SHA-2 only");
    d->wishes.container = o->container;
    if (!o->protection)
        return OK;
    TRY(check_text(o->container ? o->container : ""));
    for (size_t i = 0; i < sizeof protections / sizeof *protections; i++)
        if (strcmp(o->protection, protections[i]) == 0)
            d->wishes.key_protection = arena_printf(&d->a, "%zu", i + 1);
    return d->wishes.key_protection
               ? OK
               : err_set(ERR_USAGE,
                         "--protection: '%s' is none of software, tpm, tpm-or-software, "
                         "hello",
                         o->protection);
}

static enum err set_key(struct draft *d, const struct draft_options *o) {
    const char *key = o->key ? o->key : "rsa:2048", *wanted = o->key_usage ? o->key_usage : "both";
    for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
        if (strcmp(wanted, usages[i].name) == 0)
            d->wishes.key_usage = usages[i].value;
    if (!d->wishes.key_usage)
        return err_set(ERR_USAGE, "--key-usage: '%s' is none of sign, encrypt, both", wanted);
    if (strcmp(key, "rsa:2048") != 0 && strcmp(key, "rsa:4096") != 0)
        return err_set(ERR_USAGE,
                       "--key: '%s' is neither rsa:2048 nor rsa:4096; Windows makes no other here "
                       "but rsa:1024, which is too weak",
                       key);
    d->wishes.key_length = key + strlen("rsa:");
    d->wishes.hash_algorithm = o->hash ? o->hash : "SHA-2";
    return set_protection(d, o);
}

static enum err set_validity(struct draft *d, const char *validity) {
    static const char *const periods[] = {"Days", "Months", "Years"};
    static const char units[] = "dmy";
    size_t n = validity ? strlen(validity) : 0;
    const char *unit = n ? strchr(units, validity[n - 1]) : NULL;
    int64_t count;
    if (!validity)
        return OK;
    if (!unit || !span_int(span_of(validity, n - 1), &count) || count < 1 || count > 10000)
        return err_set(ERR_USAGE, "--validity: '%s' is not like 90d, 6m or 1y", validity);
    d->wishes.valid_period = periods[unit - units];
    d->wishes.valid_period_units = arena_printf(&d->a, "%d", (int)count);
    return OK;
}

static enum err check_number(const char *option, const char *text, int low, int high) {
    int64_t n;
    if (text && (!span_int(span_str(text), &n) || n < low || n > high))
        return err_set(ERR_USAGE, "--%s: '%s' is not a number from %d to %d", option, text, low,
                       high);
    return OK;
}

static enum err set_retries(struct draft *d, const struct draft_options *o) {
    TRY(check_number("retry-count", o->retry_count, 0, MAX_RETRIES));
    TRY(check_number("retry-delay", o->retry_delay, 1, MAX_MINUTES));
    d->wishes.retry_count = o->retry_count;
    d->wishes.retry_delay = o->retry_delay;
    return set_validity(d, o->validity);
}

/* As openssl prints it ("AB:CD"), or as it stands in a profile. */
static enum err set_thumbprint(struct draft *d, const char *text) {
    BUF_AUTO(hex);
    if (!text)
        return OK;
    for (const char *p = text; *p; p++)
        if (*p != ':' && *p != ' ')
            buf_char(&hex, *p);
    if (hex.n != THUMBPRINT || strspn(buf_cstr(&hex), "0123456789abcdefABCDEF") != THUMBPRINT)
        return err_set(ERR_USAGE,
                       "--thumbprint: '%s' is no SHA-1 (40 hex digits): openssl x509 -in ca.pem "
                       "-noout -fingerprint -sha1",
                       text);
    d->wishes.ca_thumbprint = arena_str(&d->a, buf_view(&hex));
    return OK;
}

/* Nobody fills placeholders of ours there, and a default subject is one. */
static enum err check_foreign(const struct draft_options *o) {
    if (o->id && !(o->url && o->thumbprint && o->challenge_file && o->lists[DRAFT_SUBJECT].count))
        return err_set(ERR_USAGE, "with --id another server sends it: give --url, --thumbprint, "
                                  "--challenge-file and --subject too");
    return OK;
}

static enum err set_server(struct draft *d, const struct draft_options *o) {
    d->wishes.unique_id = o->id ? o->id : "{{enrollment.id}}";
    d->wishes.server_url = o->url ? o->url : "{{scep.url}}";
    d->wishes.challenge = "{{scep.challenge}}";
    d->wishes.ca_thumbprint = "{{scep.ca_thumbprint}}";
    TRY(check_text(d->wishes.unique_id));
    TRY(check_text(d->wishes.server_url));
    if (o->challenge_file) {
        TRY(cli_read_challenge(o->challenge_file, &d->challenge));
        d->wishes.challenge = buf_cstr(&d->challenge);
    }
    return set_thumbprint(d, o->thumbprint);
}

enum err draft_fill(struct draft *d, const struct draft_options *o) {
    d->wishes.user_scope = o->user;
    TRY(check_foreign(o));
    TRY(set_names(d, o));
    TRY(set_key(d, o));
    TRY(set_retries(d, o));
    return set_server(d, o);
}
