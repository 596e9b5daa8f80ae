/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile's values must be, judged before it is kept. Windows would take most of these
 * mistakes with a 200 and fail later, on the host, out of sight (windows-mdm.md, A.3 and A.6).
 */
#include <ctype.h>
#include <stdio.h>

#include "csp/commands.h"
#include "csp/placeholder.h"
#include "csp/profile.h"
#include "x509/name.h"

enum { KEY_ENCIPHERMENT = 0x20, DIGITAL_SIGNATURE = 0x80, THUMBPRINT_DIGITS = 40 };

static bool is_node(const struct profile_command *c, const char *name) {
    return strcmp(profile_node_name(c->node), name) == 0;
}

/* Cuts the part before the next of `separators` off `rest`; false when nothing is left. */
static bool next_part(struct span *rest, const char *separators, struct span *part) {
    if (!rest->p)
        return false;
    size_t n = 0;
    while (n < rest->n && !strchr(separators, rest->p[n]))
        n++;
    *part = span_of(rest->p, n);
    *rest = n < rest->n ? span_from(*rest, n + 1) : SPAN_NONE;
    return true;
}

/* "1|2|3" or "0-30". */
static bool is_allowed(struct span value, const char *allowed) {
    long long low, high;
    int64_t v;
    struct span rest = span_str(allowed), part;
    if (sscanf(allowed, "%lld-%lld", &low, &high) == 2)
        return span_int(value, &v) && v >= low && v <= high;
    while (next_part(&rest, "|", &part))
        if (span_eq(value, part))
            return true;
    return false;
}

/* ---- Placeholders: which may stand where ---- */

static enum err check_place(const struct profile_command *c, const struct placeholder_walk *w,
                            enum placeholder p, bool trust_device_name) {
    bool subject = is_node(c, "SubjectName");
    bool identity = subject || is_node(c, "SubjectAlternativeNames");
    bool free_text = p == PLACEHOLDER_DEVICE_NAME || p == PLACEHOLDER_USER;
    if (p == PLACEHOLDER_CHALLENGE && !is_node(c, "Challenge"))
        return profile_error(c, "{{scep.challenge}} is a secret and belongs into Challenge only");
    if (p == PLACEHOLDER_DEVICE_NAME && identity && !trust_device_name)
        return profile_error(c, "{{device.name}} is what the host calls itself, and may not stand "
                                "in a certificate; use {{device.id}}, or add it with "
                                "--trust-device-name");
    if (subject && free_text && !w->quoted && !w->alone)
        return profile_error(c,
                             "{{%s}} is only a part of an attribute value; put double quotes "
                             "around the whole value, as in CN=\"PC {{%s}}\"",
                             PROFILE_QUOTE(w->name), PROFILE_QUOTE(w->name));
    return OK;
}

static enum err check_placeholders(const struct profile_command *c, bool trust_device_name) {
    struct placeholder_walk w = {.rest = c->value};
    enum placeholder p;
    do {
        TRY(placeholder_next(c, &w, &p));
        TRY(check_place(c, &w, p, trust_device_name));
    } while (p != PLACEHOLDER_NONE);
    return OK;
}

/* The server asks for the outcome below the enrollment's id, and nowhere else. */
static enum err check_unique_id(const struct profile_commands *p) {
    static const char wanted[] = "{{enrollment.id}}";
    if (span_is(p->unique_id, wanted))
        return OK;
    return err_set(ERR_PARSE,
                   "profile line %u: UniqueID '%s' is %s, so that signet could not follow it: "
                   "write %s, or use signet profile adopt",
                   p->first->element->line, PROFILE_QUOTE(p->unique_id),
                   span_find(p->unique_id, '{') < 0 ? "fixed" : "not the enrollment's id", wanted);
}

static bool has_placeholder(struct span value) {
    return value.n && memmem(value.p, value.n, "{{", 2);
}

/* ---- Values, node by node ---- */

static enum err check_key_usage(const struct profile_command *c) {
    int64_t bits;
    if (!span_int(c->value, &bits) || bits < 0 || bits > UINT16_MAX ||
        !(bits & (KEY_ENCIPHERMENT | DIGITAL_SIGNATURE)))
        return profile_error(c,
                             "\"%s\" has neither 32 (keyEncipherment) nor 128 "
                             "(digitalSignature); use 160 for both",
                             PROFILE_QUOTE(c->value));
    return OK;
}

static enum err check_thumbprint(const struct profile_command *c) {
    bool hex = c->value.n == THUMBPRINT_DIGITS;
    for (size_t i = 0; hex && i < c->value.n; i++)
        hex = isxdigit(c->value.p[i]);
    if (!hex && !span_is(c->value, "{{scep.ca_thumbprint}}"))
        return profile_error(c,
                             "\"%s\" is not the SHA-1 of a certificate: 40 hex digits without "
                             "blanks, or {{scep.ca_thumbprint}}",
                             PROFILE_QUOTE(c->value));
    return OK;
}

ptrdiff_t challenge_find_unprintable(struct span text) {
    for (size_t i = 0; i < text.n; i++)
        if (!isalnum(text.p[i]) && !memchr(" '()+,-./:=?", text.p[i], 12))
            return (ptrdiff_t)i;
    return -1;
}

/* Windows sends it as PrintableString, and notices only after its 200. The value is a secret. */
static enum err check_challenge(const struct profile_command *c) {
    struct placeholder_walk w = {.rest = c->value};
    enum placeholder p;
    do {
        TRY(placeholder_next(c, &w, &p));
        if (challenge_find_unprintable(w.literal) >= 0)
            return profile_error(c, "a character that Windows cannot send; use letters, "
                                    "digits, blanks and '()+,-./:=? only");
    } while (p != PLACEHOLDER_NONE);
    return OK;
}

static enum err check_url(const struct profile_command *c) {
    struct span rest = c->value, url;
    while (next_part(&rest, ";", &url)) {
        url = span_trim(url);
        if (has_placeholder(url))
            continue;
        if (!span_starts(url, "https://") && !span_starts(url, "http://"))
            return profile_error(c, "\"%s\" is not an absolute http or https URL",
                                 PROFILE_QUOTE(url));
        static const char tail[] = "/pkiclient.exe";
        size_t n = sizeof tail - 1;
        if (url.n >= n && span_is_nocase(span_from(url, url.n - n), tail))
            return profile_error(c, "\"%s\": Windows appends /pkiclient.exe itself; take it off",
                                 PROFILE_QUOTE(url));
    }
    return OK;
}

static bool is_oid(struct span s) {
    bool good = s.n && isdigit(s.p[0]) && isdigit(s.p[s.n - 1]) && span_find(s, '.') > 0;
    for (size_t i = 0; good && i < s.n; i++)
        good = isdigit(s.p[i]) || (s.p[i] == '.' && s.p[i + 1] != '.');
    return good;
}

static enum err check_eku(const struct profile_command *c) {
    struct span rest = c->value, oid;
    for (size_t i = 0; i < c->value.n; i++)
        if (memchr(",;|", c->value.p[i], 3))
            return profile_error(c, "OIDs joined by '%c'; join OIDs by '+'", c->value.p[i]);
    while (next_part(&rest, "+", &oid))
        if (!is_oid(oid))
            return profile_error(c, "\"%s\" is not an OID; join OIDs by '+'", PROFILE_QUOTE(oid));
    return OK;
}

static enum err check_hash(const struct profile_command *c) {
    struct span rest = c->value, family;
    while (next_part(&rest, "+;", &family)) /* '+' by the document, ';' by Intune */
        if (!is_allowed(span_trim(family), "SHA-1|SHA-2|SHA-3"))
            return profile_error(c,
                                 "\"%s\" is no family of hash algorithms; use SHA-2, or "
                                 "SHA-1 and SHA-2 joined by '+'",
                                 PROFILE_QUOTE(family));
    return OK;
}

/*
 * Our CA reads the subject that Windows will send, so that it must be able to read this one; any
 * value does for a placeholder, and two letters are short enough even for a country.
 */
static enum err check_name(const struct profile_command *c) {
    static const struct profile_values sample = {"XX", "XX", "XX", "XX", "XX", "XX", "XX"};
    ARENA_AUTO(a);
    BUF_AUTO(filled);
    struct span der;
    TRY(placeholder_fill(c, c->value, &sample, &filled));
    if (name_from_x500(&a, buf_view(&filled), &der) != OK)
        return profile_error(c, "%s", err_detail());
    return OK;
}

/* Every attribute has a type, and quotes come in pairs. */
static enum err check_subject(const struct profile_command *c) {
    bool quoted = false, typed = false;
    for (size_t i = 0; i < c->value.n; i++) {
        uint8_t ch = c->value.p[i];
        quoted ^= ch == '"';
        typed |= ch == '=' && !quoted;
        if (!quoted && strchr(",+;", ch)) {
            if (!typed)
                break;
            typed = false;
        }
    }
    if (quoted)
        return profile_error(c, "a double quote without its partner; double it to mean itself");
    if (!typed)
        return profile_error(c,
                             "\"%s\" has a part without '='; write CN=..., and put values "
                             "with , + ; in double quotes",
                             PROFILE_QUOTE(c->value));
    return check_name(c);
}

/* "11+user@example.com;3+host": the type is CertEnroll's AlternativeNameType. */
static enum err check_san(const struct profile_command *c) {
    struct span rest = c->value, name;
    while (next_part(&rest, ";", &name)) {
        int64_t type;
        ptrdiff_t plus = span_find(name, '+');
        if (plus < 0 || !span_int(span_of(name.p, (size_t)plus), &type) || type < 1 || type > 11 ||
            (size_t)plus + 1 == name.n)
            return profile_error(c,
                                 "\"%s\" is not TYPE+VALUE; 3+host for a DNS name, 11+user@"
                                 "example.com for a UPN, joined by ';'",
                                 PROFILE_QUOTE(name));
    }
    return OK;
}

static const struct {
    const char *node;
    enum err (*check)(const struct profile_command *c);
} rules[] = {
    {"KeyUsage", check_key_usage},  {"CAThumbprint", check_thumbprint},
    {"Challenge", check_challenge}, {"ServerURL", check_url},
    {"EKUMapping", check_eku},      {"HashAlgorithm", check_hash},
    {"SubjectName", check_subject}, {"SubjectAlternativeNames", check_san},
};

/* ---- All values alike ---- */

/* Without a Format, SyncML means chr; Exec needs none. */
static enum err check_format(const struct profile_command *c) {
    const char *wanted = csp_format_name(c->node->format);
    bool may_miss = c->node->format == CSP_CHR || c->node->format == CSP_NULL;
    if (c->format.n ? span_is(c->format, wanted) : may_miss)
        return OK;
    return profile_error(c,
                         "Format \"%s\" where Windows wants %s; write <Meta><Format "
                         "xmlns=\"syncml:metinf\">%s</Format></Meta>",
                         PROFILE_QUOTE(c->format), wanted, wanted);
}

static enum err check_value(const struct profile_command *c) {
    int64_t number;
    bool bare = c->node->format == CSP_NODE || c->node->format == CSP_NULL;
    if (bare)
        return c->value.n ? profile_error(c, "takes no Data; take it out") : OK;
    if (!c->value.n)
        return profile_error(c, "Data is missing or empty");
    if (c->node->format == CSP_INT && !span_int(c->value, &number))
        return profile_error(c, "\"%s\" is not a number", PROFILE_QUOTE(c->value));
    if (c->node->allowed && !is_allowed(c->value, c->node->allowed))
        return profile_error(c, "\"%s\" is not one of %s", PROFILE_QUOTE(c->value),
                             c->node->allowed);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (is_node(c, rules[i].node))
            TRY(rules[i].check(c));
    return OK;
}

/* Windows Hello for Business needs a container, and makes 2048-bit keys only (A.3). */
static enum err check_hello(const struct profile_commands *p) {
    const struct profile_command *c = profile_command_find(p, "KeyProtection");
    if (!c || !span_is(c->value, "4"))
        return OK;
    if (!profile_command_find(p, "ContainerName"))
        return profile_error(c, "4 (Windows Hello for Business) needs a ContainerName; add it");
    if (!span_is(profile_command_find(p, "KeyLength")->value, "2048"))
        return profile_error(c, "4 (Windows Hello for Business) makes keys of 2048 bits only; set "
                                "KeyLength to 2048");
    return OK;
}

enum err profile_check(struct arena *a, struct span text, bool trust_device_name) {
    struct profile profile;
    struct profile_commands p;
    TRY(profile_read(a, text, &profile));
    TRY(profile_commands_read(a, text, &p));
    TRY(check_unique_id(&p));
    for (const struct profile_command *c = p.first; c; c = c->next) {
        TRY(check_placeholders(c, trust_device_name));
        TRY(check_format(c));
        TRY(check_value(c));
    }
    return check_hello(&p);
}
