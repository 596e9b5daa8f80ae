/* SPDX-License-Identifier: Apache-2.0 */
/* EKUMapping: OIDs joined by '+', and what they mean in words. */
#include <ctype.h>

#include "csp/lint_inner.h"

static const struct eku {
    const char *oid, *words;
    bool powerful; /* more than a host's or user's certificate should be able to do */
} ekus[] = {
    {"1.3.6.1.5.5.7.3.1", "TLS server authentication", false},
    {"1.3.6.1.5.5.7.3.2", "TLS client authentication", false},
    {"1.3.6.1.5.5.7.3.3", "code signing", true},
    {"1.3.6.1.5.5.7.3.4", "e-mail protection", false},
    {"1.3.6.1.5.5.7.3.5", "IPsec end system", false},
    {"1.3.6.1.5.5.7.3.6", "IPsec tunnel", false},
    {"1.3.6.1.5.5.7.3.7", "IPsec user", false},
    {"1.3.6.1.5.5.7.3.8", "time stamping", true},
    {"1.3.6.1.5.5.7.3.9", "OCSP signing", true},
    {"1.3.6.1.5.5.7.3.13", "EAP over PPP", false},
    {"1.3.6.1.5.5.7.3.14", "EAP over LAN", false},
    {"1.3.6.1.5.5.7.3.17", "IPsec IKE", false},
    {"1.3.6.1.5.5.8.2.2", "IP security IKE intermediate", false},
    {"1.3.6.1.5.2.3.4", "Kerberos client authentication (PKINIT)", false},
    {"1.3.6.1.5.2.3.5", "Kerberos domain controller (PKINIT)", true},
    {"1.3.6.1.4.1.311.10.3.4", "Encrypting File System", false},
    {"1.3.6.1.4.1.311.10.3.4.1", "file recovery", true},
    {"1.3.6.1.4.1.311.10.3.11", "key recovery", true},
    {"1.3.6.1.4.1.311.10.3.12", "document signing", false},
    {"1.3.6.1.4.1.311.10.12.1", "any purpose (Windows application policy)", true},
    {"1.3.6.1.4.1.311.20.2.1", "certificate request agent: enrolls on behalf of others", true},
    {"1.3.6.1.4.1.311.20.2.2", "smart card logon", false},
    {"1.3.6.1.4.1.311.21.6", "key recovery agent", true},
    {"1.3.6.1.4.1.311.54.1.2", "Remote Desktop authentication", false},
    {"1.3.6.1.4.1.311.67.1.1", "BitLocker drive encryption", false},
    {"1.3.6.1.4.1.311.67.1.2", "BitLocker data recovery agent", true},
    {"2.5.29.37.0", "any extended key usage", true},
};

static const struct eku *find(struct span oid) {
    for (size_t i = 0; i < sizeof ekus / sizeof *ekus; i++)
        if (span_is(oid, ekus[i].oid))
            return &ekus[i];
    return NULL;
}

static bool is_oid(struct span s) {
    bool good = s.n && isdigit(s.p[0]) && isdigit(s.p[s.n - 1]) && span_find(s, '.') > 0;
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
            lint_tell(l, c, LINT_EKU_SEPARATOR, "OIDs joined by '%c'; join OIDs by '+'",
                      isspace(ch) ? ' ' : ch);
        struct span mended = joined(l, c->value);
        if (mended.n)
            lint_mend_value(l, f, c, mended);
        return true;
    }
    return false;
}

/* "2.5.29.37.0 any extended key usage, 1.2.3 (not known here)". */
static const char *in_words(struct lint *l, struct span rest, bool powerful_only) {
    struct span oid;
    BUF_AUTO(out);
    while (lint_part(&rest, "+", &oid)) {
        const struct eku *e = find(oid);
        if (powerful_only && !(e && e->powerful))
            continue;
        buf_printf(&out, "%s%.*s %s", out.n ? ", " : "", SPAN_FMT(oid),
                   e ? e->words : "(not known here)");
    }
    return arena_str(l->a, buf_view(&out));
}

void lint_eku(struct lint *l, const struct profile_command *c) {
    struct span rest = c->value, oid;
    if (lint_holds(c->value, "{{") || judge_separators(l, c))
        return;
    while (lint_part(&rest, "+", &oid))
        if (!is_oid(oid)) {
            lint_tell(l, c, LINT_EKU_SYNTAX, "\"%s\" is not an OID; join OIDs by '+'",
                      PROFILE_QUOTE(oid));
            return;
        }
    const char *powerful = in_words(l, c->value, true);
    if (*powerful)
        lint_tell(l, c, LINT_EKU_POWERFUL, "%s", powerful);
    lint_tell(l, c, LINT_EKU_MEANING, "%s", in_words(l, c->value, false));
}
