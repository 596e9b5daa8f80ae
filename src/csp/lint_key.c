/* SPDX-License-Identifier: Apache-2.0 */
/* The key: its uses, its length, its place, and the hash that it signs with. */
#include "csp/lint_inner.h"

enum { KEY_ENCIPHERMENT = 0x20, DIGITAL_SIGNATURE = 0x80 };

/* The command of a node, if its value is what the table allows: else that has been told. */
static const struct profile_command *find_good(const struct lint *l, const char *node) {
    const struct profile_command *c = lint_find(l, node);
    int64_t number;
    bool good = c && c->value.n && (c->node->format != CSP_INT || span_int(c->value, &number)) &&
                (!c->node->allowed || lint_is_allowed(c->value, c->node->allowed));
    return good ? c : NULL;
}

/* ---- KeyUsage ---- */

static bool signs(struct span eku) {
    return lint_holds(eku, "1.3.6.1.5.5.7.3.2") || lint_holds(eku, "1.3.6.1.4.1.311.20.2.2");
}

static void judge_usage(struct lint *l) {
    const struct profile_command *c = find_good(l, "KeyUsage"), *eku = lint_find(l, "EKUMapping");
    int64_t bits;
    if (!c || !span_int(c->value, &bits))
        return;
    if (bits < 0 || bits > UINT16_MAX || !(bits & (KEY_ENCIPHERMENT | DIGITAL_SIGNATURE))) {
        lint_tell(l, c, LINT_KEY_USAGE_BITS,
                  "\"%s\" has neither 32 (keyEncipherment) nor 128 (digitalSignature)",
                  PROFILE_QUOTE(c->value));
        return;
    }
    if (bits & ~(KEY_ENCIPHERMENT | DIGITAL_SIGNATURE))
        lint_tell(l, c, LINT_KEY_USAGE_POWERS, "\"%s\" has bits beside 32 and 128",
                  PROFILE_QUOTE(c->value));
    if (!(bits & DIGITAL_SIGNATURE) && eku && signs(eku->value))
        lint_tell(l, c, LINT_KEY_USAGE_EKU,
                  "no 128 (digitalSignature), and EKUMapping asks for a use that signs");
}

/* ---- HashAlgorithm ---- */

/* SHA-2 for the names of its members. */
static bool is_sha2(struct span s) {
    static const char *const names[] = {"SHA2",   "SHA256",  "SHA-256", "SHA_256",
                                        "SHA384", "SHA-384", "SHA512",  "SHA-512"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_is_nocase(s, names[i]))
            return true;
    return span_is_nocase(s, "SHA-2");
}

static void tell_unknown_hash(struct lint *l, const struct profile_command *c, struct span family) {
    struct lint_finding *f = lint_tell(
        l, c, LINT_HASH_UNKNOWN, "\"%s\" is no family of hash algorithms", PROFILE_QUOTE(family));
    if (is_sha2(c->value))
        lint_mend_value(l, f, c, span_str("SHA-2"));
}

static void judge_hash(struct lint *l) {
    const struct profile_command *c = find_good(l, "HashAlgorithm");
    struct span rest = c ? c->value : SPAN_NONE, family;
    bool known = true;
    if (!c || lint_holds(c->value, "{{"))
        return;
    while (lint_part(&rest, "+;", &family)) /* '+' by the document, ';' by Intune */
        if (!lint_is_allowed(span_trim(family), "SHA-1|SHA-2|SHA-3")) {
            tell_unknown_hash(l, c, family);
            known = false;
        }
    if (!known)
        return;
    if (lint_holds(c->value, "SHA-1"))
        lint_tell(l, c, LINT_HASH_SHA1, "\"%s\" allows SHA-1", PROFILE_QUOTE(c->value));
    if (lint_holds(c->value, "SHA-3"))
        lint_tell(l, c, LINT_HASH_SHA3, "\"%s\"", PROFILE_QUOTE(c->value));
    if (span_find(c->value, ';') >= 0 || span_find(c->value, '+') >= 0)
        lint_tell(l, c, LINT_HASH_SEPARATOR, "\"%s\" joins families by '%c'",
                  PROFILE_QUOTE(c->value), span_find(c->value, ';') >= 0 ? ';' : '+');
}

/* ---- KeyLength ---- */

static void judge_length(struct lint *l) {
    const struct profile_command *c = find_good(l, "KeyLength");
    if (c && span_is(c->value, "1024"))
        lint_tell(l, c, LINT_KEY_LENGTH_WEAK, "1024 bits");
}

/* ---- KeyProtection ---- */

/* Windows Hello for Business needs a container, and makes 2048-bit keys only. */
static void judge_hello(struct lint *l, const struct profile_command *c) {
    const struct profile_command *length = lint_find(l, "KeyLength"),
                                 *hash = lint_find(l, "HashAlgorithm");
    if (!lint_find(l, "ContainerName"))
        lint_tell(l, c, LINT_HELLO_CONTAINER,
                  "4 (Windows Hello for Business) needs a ContainerName");
    if (length && !span_is(length->value, "2048"))
        lint_mend_value(l,
                        lint_tell(l, length, LINT_HELLO_KEY,
                                  "KeyProtection 4 (Windows Hello for Business) makes keys of 2048 "
                                  "bits only"),
                        length, span_str("2048"));
    if (hash && !lint_holds(hash->value, "SHA-2"))
        lint_tell(l, hash, LINT_HELLO_HASH, "\"%s\" without SHA-2, with KeyProtection 4",
                  PROFILE_QUOTE(hash->value));
}

static void judge_protection(struct lint *l) {
    static const char *const hello_only[] = {"ContainerName", "CustomTextToShowInPrompt"};
    const struct profile_command *c = find_good(l, "KeyProtection");
    if (c && span_is(c->value, "4")) {
        judge_hello(l, c);
        return;
    }
    if (c && span_is(c->value, "1"))
        lint_tell(l, c, LINT_KEY_PROTECTION_TPM, "1: a TPM, or nothing");
    if (c && span_is(c->value, "2"))
        lint_tell(l, c, LINT_KEY_PROTECTION_FALLBACK, "2: a TPM, else software");
    for (size_t i = 0; i < sizeof hello_only / sizeof *hello_only; i++) {
        const struct profile_command *unused = lint_find(l, hello_only[i]);
        if (unused)
            lint_tell(l, unused, LINT_HELLO_UNUSED, "without KeyProtection 4");
    }
}

void lint_key(struct lint *l) {
    judge_usage(l);
    judge_length(l);
    judge_hash(l);
    judge_protection(l);
}
