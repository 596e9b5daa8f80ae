/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/profile_draft.h"

#include <string.h>

#include "base/text.h"

enum { MAX_RETRIES = 30, MAX_MINUTES = 24 * 60, THUMBPRINT = 40 };

void draft_free(struct draft *d) {
    certificate_words_free(&d->words);
    buf_free(&d->challenge);
    arena_free(&d->a);
}

/* ---- each option, judged in the words of the command line ---- */

static enum err set_names(struct draft *d, const struct draft_options *o) {
    struct certificate_words *w = &d->words;
    TRY(certificate_words_read(o->lists, w));
    if (!w->eku.n)
        return err_set(ERR_USAGE, "say what the certificate is for, as in --use wifi");
    if (!w->subject.n)
        buf_str(&w->subject, o->user ? "CN={{user.upn}}" : "CN={{device.id}}");
    d->wishes.subject = buf_cstr(&w->subject);
    d->wishes.san = w->san.n ? buf_cstr(&w->san) : NULL;
    d->wishes.eku = buf_cstr(&w->eku);
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
    TRY(check_plain_text(o->container ? o->container : ""));
    unsigned protection;
    TRY(protection_read(o->protection, &protection));
    d->wishes.key_protection = arena_printf(&d->a, "%u", protection);
    return OK;
}

/* For both by default: the profiles that real hosts took have 160 (windows-mdm.md, A.7). */
static enum err set_key(struct draft *d, const struct draft_options *o) {
    const char *key = o->key ? o->key : "rsa:2048";
    unsigned usage;
    TRY(key_usage_read(o->key_usage ? o->key_usage : "both", &usage));
    d->wishes.key_usage = arena_printf(&d->a, "%u", usage);
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
    if (o->id && !(o->url && o->thumbprint && o->challenge_file && o->lists[WORDS_SUBJECT].count))
        return err_set(ERR_USAGE, "with --id another server sends it: give --url, --thumbprint, "
                                  "--challenge-file and --subject too");
    return OK;
}

static enum err set_server(struct draft *d, const struct draft_options *o) {
    d->wishes.unique_id = o->id ? o->id : "{{enrollment.id}}";
    d->wishes.server_url = o->url ? o->url : "{{scep.url}}";
    d->wishes.challenge = "{{scep.challenge}}";
    d->wishes.ca_thumbprint = "{{scep.ca_thumbprint}}";
    TRY(check_plain_text(d->wishes.unique_id));
    if (strchr(d->wishes.unique_id, '/'))
        return err_set(ERR_USAGE, "--id: '%s' is one step of a path, and takes no '/'",
                       d->wishes.unique_id);
    TRY(check_plain_text(d->wishes.server_url));
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
