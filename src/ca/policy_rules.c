/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subject rule is read as the X.500 string that it is, by the reader that reads profiles. Some
 * attributes take no * there (C, SERIALNUMBER), so that each * is handed to it as "??", and a ? is
 * what stands for any characters in the values that come back.
 */
#include "ca/policy_rules.h"

#include <ctype.h>

#include "der/writer.h"
#include "wire/oid.h"
#include "x509/attribute.h"
#include "x509/name.h"

#define STAR '?'

/* In octets: X.520 says 64 for a CN, to which few keep; nobody needs as much as LONGEST_TEXT. */
enum { MAX_ATTRIBUTES = 32, MAX_NAMES = 64, LONGEST_TEXT = 1024 };

/* ---- text with stars ---- */

static bool same_char(uint8_t a, uint8_t b, bool any_case) {
    return a == b || (any_case && a < 0x80 && b < 0x80 && tolower(a) == tolower(b));
}

/* Linear in memory and never worse than |pattern| * |text|: goes back to the last star only. */
static bool matches(struct span pattern, char star, struct span text, bool any_case) {
    size_t p = 0, t = 0, after_star = 0, retry = 0;
    bool starred = false;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == star) {
            starred = true;
            after_star = ++p;
            retry = t;
        } else if (p < pattern.n && same_char(pattern.p[p], text.p[t], any_case)) {
            p++;
            t++;
        } else if (starred) {
            p = after_star;
            t = ++retry;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == star)
        p++;
    return p == pattern.n;
}

/* ---- subjects ---- */

struct pair {
    struct span oid, text;
};

struct subject {
    struct pair pairs[MAX_ATTRIBUTES];
    size_t n;
};

static bool is_text(uint8_t tag) {
    enum { NUMERIC_STRING = 0x12, VISIBLE_STRING = 0x1a };
    static const uint8_t tags[] = {DER_UTF8_STRING, DER_PRINTABLE_STRING, DER_T61_STRING,
                                   DER_IA5_STRING,  DER_UNIVERSAL_STRING, DER_BMP_STRING,
                                   NUMERIC_STRING,  VISIBLE_STRING};
    return memchr(tags, tag, sizeof tags) != NULL;
}

/* string_show makes an escape of whatever is no plain text, and of the backslash: \x5c. */
static bool is_plain(struct span shown) {
    for (size_t i = 0; i < shown.n; i++)
        if (shown.p[i] == '\\' && !span_starts(span_from(shown, i), "\\x5c"))
            return false;
    return true;
}

static enum err read_pair(struct arena *a, struct der *rdn, struct pair *out) {
    struct attribute attribute;
    BUF_AUTO(text);
    TRY(attribute_next(rdn, &attribute));
    string_show(&text, attribute.value.tag, attribute.value.content);
    if (text.n > LONGEST_TEXT)
        return err_set(ERR_REFUSED, "the subject's %s is longer than %d octets",
                       oid_text(a, attribute.oid), LONGEST_TEXT);
    if (!is_text(attribute.value.tag) || !is_plain(buf_view(&text)))
        return err_set(ERR_REFUSED,
                       "the subject's %s is '%s': no plain text, which many programs misread",
                       oid_text(a, attribute.oid), buf_cstr(&text));
    *out = (struct pair){attribute.oid, arena_copy(a, buf_view(&text))};
    return OK;
}

static enum err read_subject(struct arena *a, struct span der, struct subject *out) {
    struct der name, rdn;
    out->n = 0;
    TRY(name_open(der, &name));
    while (!der_is_empty(&name)) {
        TRY(rdn_next(&name, &rdn));
        while (!der_is_empty(&rdn)) {
            if (out->n == MAX_ATTRIBUTES)
                return err_set(ERR_REFUSED, "a subject of more than %d attributes", MAX_ATTRIBUTES);
            TRY(read_pair(a, &rdn, &out->pairs[out->n++]));
        }
    }
    return OK;
}

enum err subject_check_text(struct arena *a, struct span subject) {
    struct subject ignored;
    enum err e = read_subject(a, subject, &ignored);
    return e == ERR_PARSE ? err_set(ERR_REFUSED, "the subject is malformed") : e;
}

static enum err read_rule(struct arena *a, const char *rule, struct subject *out) {
    BUF_AUTO(text);
    struct span der;
    if (strchr(rule, STAR))
        return err_set(ERR_CONFIG, "the subject rule '%s' holds a ?: put a * in its place", rule);
    for (const char *p = rule; *p; p++)
        if (*p == '*')
            buf_str(&text, "??");
        else
            buf_char(&text, *p);
    enum err e = name_from_x500(a, buf_view(&text), &der);
    if (e == OK)
        e = read_subject(a, der, out);
    if (e == OK && out->n)
        return OK;
    return err_set(ERR_CONFIG,
                   "the subject rule '%s' cannot be read: %s; write it as CN=*.example.com,O=Name",
                   rule, e == OK ? "it names no attribute" : err_detail());
}

enum err subject_rule_check(struct arena *a, const char *rule) {
    struct subject ignored;
    return read_rule(a, rule, &ignored);
}

static bool pair_matches(const struct pair *rule, const struct pair *have) {
    return span_eq(rule->oid, have->oid) && matches(rule->text, STAR, have->text, true);
}

struct pairing {
    const struct subject *rule, *have;
    bool tried[MAX_ATTRIBUTES];
    int partner[MAX_ATTRIBUTES]; /* of each attribute: its rule, or -1 */
};

/* Two rules may fit one attribute (OU=*, OU=a*): an earlier choice moves on if it can (Kuhn). */
static bool find_partner(struct pairing *p, size_t rule) {
    for (size_t i = 0; i < p->have->n; i++) {
        if (p->tried[i] || !pair_matches(&p->rule->pairs[rule], &p->have->pairs[i]))
            continue;
        p->tried[i] = true;
        if (p->partner[i] < 0 || find_partner(p, (size_t)p->partner[i])) {
            p->partner[i] = (int)rule;
            return true;
        }
    }
    return false;
}

static bool one_to_one(const struct subject *rule, const struct subject *have) {
    struct pairing p = {.rule = rule, .have = have};
    bool all = rule->n == have->n;
    memset(p.partner, -1, sizeof p.partner);
    for (size_t i = 0; all && i < rule->n; i++) {
        memset(p.tried, 0, sizeof p.tried);
        all = find_partner(&p, i);
    }
    return all;
}

enum err subject_rule_match(struct arena *a, const char *rule, struct span subject) {
    struct subject want, have;
    TRY(read_rule(a, rule, &want));
    TRY(read_subject(a, subject, &have));
    if (one_to_one(&want, &have))
        return OK;
    return err_set(ERR_REFUSED, "the endpoint's subject rule is '%s', the request asks for '%s'",
                   rule, name_text(a, subject));
}

/* ---- alternative names ---- */

/* Numbered as san_next numbers them. */
enum { NAME_OTHER = 1, NAME_DNS = 3, NAME_URI = 7 };

static const struct {
    const char *prefix;
    unsigned type;
} san_types[] = {{"email:", 2}, {"dns:", NAME_DNS}, {"uri:", NAME_URI}, {"ip:", 8}, {"upn:", 11}};

enum { SAN_TYPES = sizeof san_types / sizeof *san_types };

static enum err read_san_rule(const char *rule, unsigned *type, struct span *pattern) {
    for (size_t i = 0; i < SAN_TYPES; i++) {
        size_t n = strlen(san_types[i].prefix);
        if (strncasecmp(rule, san_types[i].prefix, n) == 0 && rule[n]) {
            *type = san_types[i].type;
            *pattern = span_str(rule + n);
            return OK;
        }
    }
    return err_set(ERR_CONFIG,
                   "the SAN rule '%s' cannot be read: write it as dns:*.example.com; the types are "
                   "dns, upn, email, uri, ip",
                   rule);
}

enum err san_rule_check(const char *rule) {
    unsigned type;
    struct span pattern;
    return read_san_rule(rule, &type, &pattern);
}

static enum err any_rule_matches(const char *const *rules, size_t count, unsigned type,
                                 struct span value, bool *found) {
    *found = false;
    for (size_t i = 0; i < count && !*found; i++) {
        unsigned rule_type;
        struct span pattern;
        TRY(read_san_rule(rules[i], &rule_type, &pattern));
        *found = rule_type == type && matches(pattern, '*', value, type != NAME_URI) &&
                 !(type == NAME_DNS && span_find(value, '*') >= 0);
    }
    return OK;
}

static const char *san_type_name(unsigned type) {
    for (size_t i = 0; i < SAN_TYPES; i++)
        if (san_types[i].type == type)
            return san_types[i].prefix;
    return "";
}

enum err policy_check_sans(struct arena *a, const char *const *rules, size_t count, struct span san,
                           const char *key) {
    struct span value;
    unsigned type;
    while (san_next(a, &san, &type, &value)) {
        bool found;
        TRY(any_rule_matches(rules, count, type, value, &found));
        if (!found)
            return err_set(
                ERR_REFUSED,
                "the request asks for the alternative name '%s%.*s', which no rule of %s "
                "grants",
                san_type_name(type), SPAN_FMT(value), key);
    }
    return OK;
}

/* A SID's place is a URI, or an extension whose OID somebody may try as an otherName. */
static bool maps_to_account(unsigned type, struct span value) {
    size_t n = strlen(SID_URI_PREFIX);
    if (type == NAME_URI && value.n >= n)
        return span_is_nocase(span_of(value.p, n), SID_URI_PREFIX);
    return type == NAME_OTHER && span_starts(value, OID_NTDS_CA_SECURITY_EXT);
}

/* The entries as they stand in the request, chosen by what san_next reads of each. */
enum err san_without_sid(struct arena *a, struct span san, struct span *out) {
    struct der_writer kept = der_writer_in(a);
    struct span items[MAX_NAMES], value, rest = san;
    struct der d = der_of(san), list = der_of(SPAN_NONE);
    size_t n = 0;
    unsigned type;
    *out = SPAN_NONE;
    if (san.n)
        TRY(der_enter(&d, DER_SEQUENCE, &list));
    while (san_next(a, &rest, &type, &value)) {
        struct der_item item;
        if (type == 0 || der_next(&list, &item) != OK)
            return err_set(ERR_REFUSED, "a name in the subjectAltName of the request is malformed, "
                                        "or holds control characters");
        if (n == MAX_NAMES)
            return err_set(ERR_REFUSED, "more than %d alternative names", MAX_NAMES);
        if (value.n > LONGEST_TEXT)
            return err_set(ERR_REFUSED, "an alternative name is longer than %d octets",
                           LONGEST_TEXT);
        if (!maps_to_account(type, value))
            items[n++] = item.whole;
    }
    for (size_t i = n; i-- > 0;)
        der_put(&kept, items[i]);
    der_wrap(&kept, DER_SEQUENCE, 0);
    if (n)
        *out = der_written(&kept);
    return OK;
}
