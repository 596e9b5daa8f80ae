/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to the SCEP server: its URL, its challenge, its thumbprint. */
#include <ctype.h>
#include <math.h>

#include "base/text.h"
#include "csp/lint_inner.h"
#include "csp/placeholder.h"
#include "csp/profile.h"

enum { SHA1_DIGITS = 40, SHA256_DIGITS = 64, GUESSABLE_BITS = 64, PKCS9_MOST = 255 };

/* Whether signet serves it, so that it has values of its own for the rest. */
static bool is_signets(const struct lint *l) {
    const struct profile_command *c = lint_find(l, "ServerURL");
    return c && span_is(c->value, "{{scep.url}}");
}

/* ---- ServerURL ---- */

static void judge_tail(struct lint *l, const struct profile_command *c, struct span url) {
    static const char tail[] = "/pkiclient.exe";
    size_t n = sizeof tail - 1;
    if (url.n < n || !span_is_nocase(span_from(url, url.n - n), tail))
        return;
    struct lint_finding *f = lint_tell(l, c, LINT_SERVER_URL_PKICLIENT,
                                       "\"%s\" ends in /pkiclient.exe", PROFILE_QUOTE(url));
    struct span raw = span_trim(lint_inner(l, c->data));
    if (span_eq(raw, c->value)) /* without references, so that places are the same in both */
        lint_mend(l, f, span_of(raw.p + (url.p - c->value.p) + url.n - n, n), SPAN_NONE);
}

struct span url_host(struct span url) {
    ptrdiff_t scheme = span_find(url, ':');
    if (scheme < 0 || !span_starts(span_from(url, (size_t)scheme), "://"))
        return SPAN_NONE;
    struct span rest = span_from(url, (size_t)scheme + 3);
    bool v6 = span_starts(rest, "[");
    size_t n = 0;
    rest = span_from(rest, v6);
    while (n < rest.n && !strchr(v6 ? "]" : "/:?#", rest.p[n]))
        n++;
    return span_of(rest.p, n);
}

static bool has_scheme(struct span url) {
    ptrdiff_t end = span_find(url, ':');
    struct span scheme = span_of(url.p, end < 0 ? 0 : (size_t)end);
    return (span_is_nocase(scheme, "https") || span_is_nocase(scheme, "http")) &&
           span_starts(span_from(url, scheme.n), "://");
}

static void judge_url(struct lint *l, const struct profile_command *c, struct span url) {
    if (!has_scheme(url)) {
        lint_tell(l, c, LINT_SERVER_URL_SCHEME, "\"%s\" is not an absolute http or https URL",
                  PROFILE_QUOTE(url));
        return;
    }
    judge_tail(l, c, url);
    for (size_t i = 0; i < url.n; i++)
        if (strchr("?# \t\r\n", url.p[i])) {
            lint_tell(l, c, LINT_SERVER_URL_QUERY, "\"%s\" has a %s", PROFILE_QUOTE(url),
                      url.p[i] == '?'   ? "query"
                      : url.p[i] == '#' ? "fragment"
                                        : "blank");
            break;
        }
    struct span host = url_host(url);
    if (span_is_nocase(host, "localhost") || span_starts(host, "127."))
        lint_tell(l, c, LINT_SERVER_URL_LOCAL, "\"%s\" is the host itself", PROFILE_QUOTE(url));
}

void lint_server(struct lint *l, const struct profile_command *c) {
    struct span rest = c->value, url;
    unsigned count = 0;
    while (lint_part(&rest, ";", &url)) {
        url = span_trim(url);
        count += url.n > 0;
        if (lint_holds(url, "{{"))
            judge_tail(l, c, url);
        else if (url.n)
            judge_url(l, c, url);
    }
    if (!count)
        judge_url(l, c, url);
    if (count > 1)
        lint_tell(l, c, LINT_SERVER_URL_SEVERAL, "%u URLs", count);
    if (l->ours && !is_signets(l))
        lint_tell(l, c, LINT_SERVER_URL_FIXED, "not {{scep.url}}");
}

/* ---- Challenge: never quoted ---- */

/* Bits of a text that is random in the kinds of characters that it has; "aaaaaaaa" is not. */
static double bits_of(struct span s) {
    bool lower = false, upper = false, digit = false, other = false, hex = true, seen[256] = {0};
    size_t distinct = 0;
    for (size_t i = 0; i < s.n; i++) {
        lower |= islower(s.p[i]) != 0;
        upper |= isupper(s.p[i]) != 0;
        digit |= isdigit(s.p[i]) != 0;
        other |= !isalnum(s.p[i]);
        hex &= isxdigit(s.p[i]) != 0;
        distinct += !seen[s.p[i]];
        seen[s.p[i]] = true;
    }
    double kinds = 26.0 * (lower + upper) + 10.0 * digit + 12.0 * other;
    double length = (double)(s.n < 4 * distinct ? s.n : 4 * distinct);
    return length * log2(hex && digit ? 16.0 : kinds);
}

ptrdiff_t challenge_find_unprintable(struct span text) {
    for (size_t i = 0; i < text.n; i++)
        if (!isalnum(text.p[i]) && !memchr(" '()+,-./:=?", text.p[i], 12))
            return (ptrdiff_t)i;
    return -1;
}

/* Base64 of a text that one can read: somebody has encoded what should have stood there. */
static bool is_encoded_text(struct lint *l, struct span s) {
    struct span plain;
    if (s.n < 8 || s.n % 4 != 0 || base64_decode(l->a, s, &plain) != OK || !plain.n)
        return false;
    for (size_t i = 0; i < plain.n; i++)
        if (!isprint(plain.p[i]))
            return false;
    return true;
}

static void judge_fixed(struct lint *l, const struct profile_command *c) {
    if (bits_of(c->value) < GUESSABLE_BITS)
        lint_tell(l, c, LINT_CHALLENGE_GUESSABLE, "%zu characters, fewer than %d bits at best",
                  c->value.n, GUESSABLE_BITS);
    if (is_encoded_text(l, c->value))
        lint_tell(l, c, LINT_CHALLENGE_BASE64, "it looks like the base64 of a text");
    if (c->value.n > PKCS9_MOST)
        lint_tell(l, c, LINT_CHALLENGE_LONG, "%zu characters", c->value.n);
    lint_tell(l, c, LINT_CHALLENGE_STATIC,
              "a fixed challenge, unless it was made for this one host%s",
              is_signets(l) ? "; our CA refuses one that it did not mint" : "");
}

void lint_challenge(struct lint *l, const struct profile_command *c) {
    struct placeholder_walk w = {.rest = c->value};
    enum placeholder p;
    bool sendable = true, fixed = true;
    do {
        if (placeholder_next(&w, &p) != OK)
            return;
        sendable &= challenge_find_unprintable(w.literal) < 0;
        fixed &= p == PLACEHOLDER_NONE;
    } while (p != PLACEHOLDER_NONE);
    if (!sendable)
        lint_tell(l, c, LINT_CHALLENGE_CHARACTERS, "a character that Windows cannot send");
    if (fixed)
        judge_fixed(l, c);
}

/* ---- CAThumbprint ---- */

/* The hex digits of the value; what is between them is what tools and clipboards put there. */
static struct span digits_of(struct lint *l, struct span value) {
    BUF_AUTO(out);
    uint32_t character;
    for (size_t n; value.n; value = span_from(value, n)) {
        n = utf8_character(value, &character);
        n = n ? n : 1;
        if (n == 1 && isxdigit(value.p[0]))
            buf_char(&out, (char)value.p[0]);
        else if (n == 1 && !strchr(" :-\t\r\n", value.p[0]))
            return SPAN_NONE;
    }
    return arena_copy(l->a, buf_view(&out));
}

void lint_thumbprint(struct lint *l, const struct profile_command *c) {
    struct span digits = digits_of(l, c->value);
    if (span_is(c->value, "{{scep.ca_thumbprint}}"))
        return;
    if (digits.n == SHA256_DIGITS)
        lint_tell(l, c, LINT_THUMBPRINT_SHA256, "\"%s\" has 64 hex digits: a SHA-256",
                  PROFILE_QUOTE(c->value));
    else if (digits.n != SHA1_DIGITS)
        lint_tell(l, c, LINT_THUMBPRINT_SHAPE, "\"%s\" is not the SHA-1 of a certificate",
                  PROFILE_QUOTE(c->value));
    else if (c->value.n != SHA1_DIGITS)
        lint_mend_value(l,
                        lint_tell(l, c, LINT_THUMBPRINT_SEPARATORS,
                                  "\"%s\" is not 40 hex digits without blanks",
                                  PROFILE_QUOTE(c->value)),
                        c, digits);
    if (is_signets(l))
        lint_mend_value(
            l, lint_tell(l, c, LINT_THUMBPRINT_FIXED, "fixed, where signet knows the right one"), c,
            span_str("{{scep.ca_thumbprint}}"));
}
