/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of single values. */
#include "base/clock.h"
#include "server/config_keys.h"

#include <errno.h>
#include <string.h>

#define WORD_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

enum err config_read_text(const struct config_value *v, void *field) {
    *(const char **)field = arena_str(v->a, span_str(v->text));
    return OK;
}

enum err config_read_optional(const struct config_value *v, void *field) {
    *(const char **)field = NULL;
    return *v->text ? config_read_text(v, field) : OK;
}

enum err config_read_word(const struct config_value *v, void *field) {
    if (!*v->text || v->text[strspn(v->text, WORD_CHARACTERS)])
        return err_set(ERR_CONFIG, "'%s' is not one word of letters, digits, . - and _", v->text);
    return config_read_text(v, field);
}

enum err config_read_url(const struct config_value *v, void *field) {
    bool clean = true;
    for (const char *p = v->text; *p; p++)
        clean = clean && *p > ' ' && *p < 0x7f;
    if (!clean || (strncmp(v->text, "https://", 8) != 0 && strncmp(v->text, "http://", 7) != 0))
        return err_set(ERR_CONFIG, "'%s' is not a URL with https:// or http://", v->text);
    return config_read_text(v, field);
}

/* Windows enrolls, and has its sessions, over TLS only. */
enum err config_read_https(const struct config_value *v, void *field) {
    if (strncmp(v->text, "https://", 8) != 0 || !v->text[8] || v->text[8] == '/')
        return err_set(ERR_CONFIG, "'%s' is not https:// with a host: Windows goes to no other",
                       v->text);
    return config_read_url(v, field);
}

enum err config_read_optional_url(const struct config_value *v, void *field) {
    *(const char **)field = NULL;
    return *v->text ? config_read_url(v, field) : OK;
}

enum err config_read_file(const struct config_value *v, void *field) {
    if (*v->text == '/')
        return config_read_text(v, field);
    *(const char **)field = arena_printf(v->a, "%s/%s", v->folder, v->text);
    return OK;
}

enum err config_read_optional_file(const struct config_value *v, void *field) {
    *(const char **)field = NULL;
    return *v->text ? config_read_file(v, field) : OK;
}

enum err config_read_key_source(const struct config_value *v, void *field) {
    bool own = !*v->text || strncmp(v->text, "pkcs11:", 7) == 0;
    return own ? config_read_optional(v, field) : config_read_file(v, field);
}

enum err config_read_address(const struct config_value *v, void *field) {
    struct address *out = field;
    const char *value = v->text, *colon = strrchr(value, ':');
    int64_t port;
    *out = (struct address){.host = ""};
    if (!*value)
        return OK;
    if (!colon || !span_int(span_str(colon + 1), &port) || port < 1 || port > 65535)
        return err_set(ERR_CONFIG, "'%s' is not ADDRESS:PORT, such as 0.0.0.0:443", value);
    struct span host = span_of(value, (size_t)(colon - value));
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = span_of(host.p + 1, host.n - 2);
    out->host = arena_str(v->a, host);
    out->port = (unsigned short)port;
    return OK;
}

enum err config_read_number(const struct config_value *v, void *field) {
    const struct config_key *k = v->key;
    int64_t n;
    if (!span_int(span_str(v->text), &n) || n < k->least || n > k->most)
        return err_set(ERR_CONFIG, "'%s' is not a number from %lld to %lld", v->text,
                       (long long)k->least, (long long)k->most);
    *(int64_t *)field = n;
    return OK;
}

enum err config_read_count(const struct config_value *v, void *field) {
    int64_t n;
    TRY(config_read_number(v, &n));
    *(unsigned *)field = (unsigned)n;
    return OK;
}

/* The NDES page's challenges: as NDES has them, or twice as long. */
enum err config_read_digits(const struct config_value *v, void *field) {
    bool long_ones = strcmp(v->text, "32") == 0;
    if (!long_ones && strcmp(v->text, "16") != 0)
        return err_set(ERR_CONFIG, "'%s' is neither 16 nor 32", v->text);
    *(unsigned *)field = long_ones ? 32 : 16;
    return OK;
}

static const struct {
    char unit;
    int64_t ms;
} units[] = {{'d', DAY_MS}, {'h', HOUR_MS}, {'m', MINUTE_MS}, {'s', 1000}};
enum { UNITS = sizeof units / sizeof *units };

static const char *duration_text(struct arena *a, int64_t ms) {
    size_t i = 0;
    while (i + 1 < UNITS && (ms == 0 || ms % units[i].ms))
        i++;
    return arena_printf(a, "%lld%c", (long long)(ms / units[i].ms), units[i].unit);
}

enum err config_read_duration(const struct config_value *v, void *field) {
    int64_t number, least = v->key->least, most = v->key->most;
    size_t n = strlen(v->text);
    if (strcmp(v->text, "0") == 0 && least == 0) {
        *(int64_t *)field = 0;
        return OK;
    }
    for (size_t i = 0; n && i < UNITS; i++) {
        if (v->text[n - 1] == units[i].unit && span_int(span_of(v->text, n - 1), &number) &&
            number >= 0 && number <= most / units[i].ms && number * units[i].ms >= least) {
            *(int64_t *)field = number * units[i].ms;
            return OK;
        }
    }
    return err_set(ERR_CONFIG, "'%s' is not a time such as 30s, 15m, 24h or 365d, from %s to %s",
                   v->text, duration_text(v->a, least), duration_text(v->a, most));
}

enum err config_duration(struct arena *a, const char *text, int64_t *ms) {
    const struct config_key key = {.least = 1000, .most = 36500 * DAY_MS};
    return config_read_duration(&(struct config_value){.text = text, .key = &key, .a = a}, ms);
}

/* The word's place in the key's words. */
static enum err read_place(const struct config_value *v, unsigned *place) {
    size_t n = strlen(v->text);
    *place = 0;
    for (const char *word = v->key->words; *word; word += *word == ' ') {
        size_t length = strcspn(word, " ");
        if (n == length && strncmp(word, v->text, n) == 0)
            return OK;
        word += length;
        ++*place;
    }
    return err_set(ERR_CONFIG, "'%s' is none of these: %s", v->text, v->key->words);
}

enum err config_read_choice(const struct config_value *v, void *field) {
    unsigned place;
    TRY(read_place(v, &place));
    memcpy(field, &place, sizeof(enum challenge_mode)); /* an enum, whichever */
    return OK;
}
_Static_assert(sizeof(enum challenge_mode) == sizeof(unsigned), "an enum is as large as unsigned");

enum err config_read_switch(const struct config_value *v, void *field) {
    unsigned place;
    TRY(read_place(v, &place));
    *(bool *)field = place == 1;
    return OK;
}

enum err config_read_level(const struct config_value *v, void *field) {
    unsigned place;
    TRY(read_place(v, &place));
    return config_read_text(v, field);
}
