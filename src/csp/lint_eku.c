/* SPDX-License-Identifier: Apache-2.0 */
/* EKUMapping: OIDs joined by '+', and what they mean in words. */
#include <ctype.h>

#include "csp/lint_inner.h"
#include "csp/words.h"

/* More than a host's or user's certificate should be able to do; some have no other name here. */
static const struct {
    const char *oid, *words;
} powerful[] = {
    {"1.3.6.1.5.5.7.3.3", "code signing"},
    {"1.3.6.1.5.5.7.3.8", "time stamping"},
    {"1.3.6.1.5.5.7.3.9", "OCSP signing"},
    {"1.3.6.1.5.2.3.5", "Kerberos domain controller"},
    {"1.3.6.1.4.1.311.10.3.4.1", "file recovery"},
    {"1.3.6.1.4.1.311.10.3.11", "key recovery"},
    {"1.3.6.1.4.1.311.10.12.1", "any purpose"},
    {"1.3.6.1.4.1.311.20.2.1", "enrolling on behalf of others"},
    {"1.3.6.1.4.1.311.21.6", "key recovery agent"},
    {"1.3.6.1.4.1.311.67.1.2", "BitLocker data recovery agent"},
    {"2.5.29.37.0", "any extended key usage"},
};

/* "0.", "1." with a second number below 40, or "2.". */
static bool has_roots(struct span s) {
    struct span second = span_from(s, 2), end = second;
    int64_t number;
    if (s.n < 3 || s.p[1] != '.' || s.p[0] < '0' || s.p[0] > '2')
        return false;
    return s.p[0] == '2' ||
           (lint_part(&end, ".", &second) && span_int(second, &number) && number < 40);
}

static bool is_oid(struct span s) {
    bool good = s.n && isdigit(s.p[s.n - 1]) && has_roots(s);
    for (size_t i = 0; good && i < s.n; i++)
        good = isdigit(s.p[i]) || (s.p[i] == '.' && s.p[i + 1] != '.');
    return good;
}

/* The OIDs joined by '+', where all between them is separators. */
static struct span joined(struct lint *l, struct span value) {
    struct span part;
    BUF_AUTO(out);
    while (lint_part(&value, "+,;| \t\r\n", &part)) {
        if (part.n && !is_oid(part))
            return SPAN_NONE;
        buf_str(&out, part.n && out.n ? "+" : "");
        buf_span(&out, part);
    }
    return arena_copy(l->a, buf_view(&out));
}

/* True when it had to be told. */
static bool judge_separators(struct lint *l, const struct profile_command *c) {
    for (size_t i = 0; i < c->value.n; i++) {
        uint8_t ch = c->value.p[i];
        if (!ch || !strchr(",;| \t\r\n", ch))
            continue;
        struct lint_finding *f =
            lint_tell(l, c, LINT_EKU_SEPARATOR, "OIDs joined by '%c'", isspace(ch) ? ' ' : ch);
        struct span mended = joined(l, c->value);
        if (mended.n)
            lint_mend_value(l, f, c, mended);
        return true;
    }
    return false;
}

static void tell_powerful(struct lint *l, const struct profile_command *c) {
    struct span rest = c->value, oid;
    while (lint_part(&rest, "+", &oid))
        for (size_t i = 0; i < sizeof powerful / sizeof *powerful; i++)
            if (span_is(oid, powerful[i].oid))
                lint_tell(l, c, LINT_EKU_POWERFUL, "%s: %s", powerful[i].oid, powerful[i].words);
}

static void tell_meaning(struct lint *l, const struct profile_command *c) {
    struct span rest = c->value, oid;
    BUF_AUTO(out);
    while (lint_part(&rest, "+", &oid)) {
        const struct eku_word *known = eku_by_oid(oid);
        buf_printf(&out, "%s%.*s %s", out.n ? ", " : "", SPAN_FMT(oid),
                   known ? known->words : "(no name known)");
    }
    lint_tell(l, c, LINT_EKU_MEANING, "%s", buf_cstr(&out));
}

void lint_eku(struct lint *l, const struct profile_command *c) {
    struct span rest = c->value, oid;
    if (lint_holds(c->value, "{{") || judge_separators(l, c))
        return;
    while (lint_part(&rest, "+", &oid))
        if (!is_oid(oid)) {
            lint_tell(l, c, LINT_EKU_SYNTAX, "\"%s\" is not an OID", PROFILE_QUOTE(oid));
            return;
        }
    tell_powerful(l, c);
    tell_meaning(l, c);
}
