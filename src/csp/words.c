/* SPDX-License-Identifier: Apache-2.0 */
/* What each node's value says (windows-mdm.md, A.3). The names are in words_names.c. */
#include "csp/words.h"

#include "base/text.h"
#include "csp/placeholder.h"
#include "x509/name.h"

static void add_clean(struct buf *out, struct span text) {
    text_printable(out, text);
}

/* Cuts the part before the next of `separators` off `rest`; false when nothing is left. */
static bool next_part(struct span *rest, const char *separators, struct span *part) {
    size_t n = 0;
    if (!rest->p)
        return false;
    while (n < rest->n && !strchr(separators, rest->p[n]))
        n++;
    *part = span_trim(span_of(rest->p, n));
    *rest = n < rest->n ? span_from(*rest, n + 1) : SPAN_NONE;
    return true;
}

static void comma(struct buf *out, size_t start) {
    if (out->n > start)
        buf_str(out, ", ");
}

void words_ekus(struct buf *out, struct span value) {
    struct span oid;
    for (size_t start = out->n; next_part(&value, "+", &oid);) {
        const struct eku_word *known = eku_by_oid(oid);
        comma(out, start);
        if (known)
            buf_str(out, known->words);
        else
            add_clean(out, oid);
        buf_str(out, known ? "" : " (no name known)");
    }
}

void words_sans(struct buf *out, struct span value) {
    struct span name;
    for (size_t start = out->n; next_part(&value, ";", &name);) {
        int64_t type;
        ptrdiff_t plus = span_find(name, '+');
        const struct san_word *known =
            plus > 0 && span_int(span_of(name.p, (size_t)plus), &type) ? san_by_type(type) : NULL;
        comma(out, start);
        buf_printf(out, "%s ", known ? known->words : "not a name:");
        add_clean(out, known ? span_from(name, (size_t)plus + 1) : name);
    }
}

void words_subject(struct buf *out, struct span value) {
    ARENA_AUTO(a);
    struct span der;
    if (name_from_x500(&a, value, &der) == OK)
        buf_str(out, name_text(&a, der));
    else {
        buf_str(out, "cannot be read: ");
        add_clean(out, span_str(err_detail()));
    }
}

/* ---- the other nodes ---- */

static void of_key_usage(struct buf *out, struct span value) {
    int64_t bits;
    if (span_int(value, &bits))
        words_key_usage(out, bits);
}

/* The only documented reason to try again is PENDING (windows-scep.md, 4.12). */
static void of_retry_count(struct buf *out, struct span value) {
    if (span_is(value, "0"))
        buf_str(out, "no further try when the SCEP server answers PENDING");
    else {
        buf_str(out, "up to ");
        add_clean(out, value);
        buf_str(out,
                " polls when the SCEP server answers PENDING; other failures are not documented to "
                "be retried");
    }
}

static void of_retry_delay(struct buf *out, struct span value) {
    add_clean(out, value);
    buf_str(out, span_is(value, "1") ? " minute between polls" : " minutes between polls");
}

static void of_hash(struct buf *out, struct span value) {
    static const char *const families[][2] = {{"SHA-1", "SHA-1 (broken)"},
                                              {"SHA-2", "SHA-256, SHA-384, SHA-512"},
                                              {"SHA-3", "the SHA-3 family"}};
    struct span family;
    for (size_t start = out->n; next_part(&value, "+;", &family);)
        for (size_t i = 0; i < sizeof families / sizeof *families; i++)
            if (span_is(family, families[i][0])) {
                comma(out, start);
                buf_str(out, families[i][1]);
            }
}

static void of_protection(struct buf *out, struct span value) {
    static const char *const kinds[] = {
        "the TPM keeps the key; without one the enrollment fails",
        "the TPM keeps the key where there is one, else software",
        "software keeps the key",
        "Windows Hello for Business keeps the key, in the container of ContainerName",
    };
    int64_t kind;
    if (span_int(value, &kind) && kind >= 1 && kind <= 4)
        buf_str(out, kinds[kind - 1]);
}

static void of_url(struct buf *out, struct span value) {
    struct span url;
    buf_str(out, "Windows asks ");
    for (size_t start = out->n; next_part(&value, ";", &url);) {
        if (out->n > start)
            buf_str(out, ", or ");
        while (url.n && url.p[url.n - 1] == '/')
            url.n--;
        add_clean(out, url);
        buf_str(out, "/pkiclient.exe");
    }
}

static void of_challenge(struct buf *out, struct span value) {
    buf_printf(out, "a fixed one of %zu characters, not shown here; each host can read it",
               value.n);
}

static void of_thumbprint(struct buf *out, struct span value) {
    (void)value;
    buf_str(out, "SHA-1 of a certificate that GetCACert must send");
}

static void of_units(struct buf *out, struct span value) {
    buf_str(out, span_is(value, "0") ? "no validity is asked for"
                                     : "the validity that is asked for; the CA decides");
}

static void of_template(struct buf *out, struct span value) {
    (void)value;
    buf_str(out, "a template of the CA; SCEP servers mostly ignore it");
}

static void of_prompt(struct buf *out, struct span value) {
    (void)value;
    buf_str(out, "what Windows Hello shows when it asks for the PIN");
}

static const struct {
    const char *node;
    void (*words)(struct buf *out, struct span value);
} nodes[] = {
    {"RetryCount", of_retry_count},
    {"RetryDelay", of_retry_delay},
    {"KeyUsage", of_key_usage},
    {"HashAlgorithm", of_hash},
    {"SubjectName", words_subject},
    {"SubjectAlternativeNames", words_sans},
    {"ValidPeriodUnits", of_units},
    {"EKUMapping", words_ekus},
    {"KeyProtection", of_protection},
    {"TemplateName", of_template},
    {"CustomTextToShowInPrompt", of_prompt},
    {"ServerURL", of_url},
    {"Challenge", of_challenge},
    {"CAThumbprint", of_thumbprint},
};

static const struct {
    const char *value, *words;
} placeholders[] = {
    {"{{scep.url}}", "signet fills it: the SCEP endpoint of the profile"},
    {"{{scep.challenge}}",
     "signet fills it: a fresh challenge for each host, good for one certificate"},
    {"{{scep.ca_thumbprint}}", "signet fills it: the SHA-1 of the endpoint's CA"},
    {"{{enrollment.id}}", "signet fills it: the enrollment's id"},
};

/* Nothing but another MDM's placeholder; Intune writes them with two braces, as signet does. */
static bool is_foreign(struct span value) {
    struct span rest = value, found;
    if (foreign_next(&rest, &found))
        return found.n == value.n;
    return span_starts(value, "{{") && span_find(value, '}') == (ptrdiff_t)value.n - 2;
}

void words_of(struct buf *out, const char *node, struct span value) {
    for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders; i++)
        if (span_is(value, placeholders[i].value)) {
            buf_str(out, placeholders[i].words);
            return;
        }
    if (is_foreign(value)) {
        buf_str(out, "looks like a placeholder of another MDM, which fills it");
        return;
    }
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        if (strcmp(node, nodes[i].node) == 0 && value.n)
            nodes[i].words(out, value);
}
