/* SPDX-License-Identifier: Apache-2.0 */
#include "csp/build.h"

#include "csp/profile.h"
#include "csp/table.h"
#include "csp/words.h"
#include "der/der.h"
#include "wire/mdm.h"
#include "x509/name.h"

/* ---- the parts of a value ---- */

/* "{{user.upn}}" and nothing else. */
static bool is_placeholder(struct span value) {
    return value.n > 4 && span_starts(value, "{{") &&
           span_find(value, '}') == (ptrdiff_t)value.n - 2 && value.p[value.n - 1] == '}';
}

/*
 * Text around a placeholder is quoted in any case: what is filled in may need it; and so is a value
 * that ends in a backslash, which others than Windows take as the escape of the comma after it.
 */
static void add_value(struct buf *subject, struct span value) {
    bool holds = value.n && memmem(value.p, value.n, "{{", 2);
    bool escapes = value.n && value.p[value.n - 1] == '\\';
    if ((!holds && !escapes) || is_placeholder(value)) {
        x500_quote(subject, value);
        return;
    }
    buf_char(subject, '"');
    for (size_t i = 0; i < value.n; i++)
        buf_str(subject, value.p[i] == '"' ? "\"\"" : (char[]){(char)value.p[i], '\0'});
    buf_char(subject, '"');
}

enum err profile_add_subject(struct buf *subject, const char *attribute) {
    ARENA_AUTO(a);
    struct span der, whole = span_str(attribute), value;
    ptrdiff_t equals = span_find(whole, '=');
    if (equals <= 0 || (size_t)equals + 1 == whole.n)
        return err_set(ERR_PARSE, "'%s' is not ATTRIBUTE=VALUE, such as CN={{device.id}}",
                       attribute);
    value = span_from(whole, (size_t)equals + 1);
    const char *key = arena_str(&a, span_trim(span_of(whole.p, (size_t)equals)));
    if (name_from_x500(&a, span_str(arena_printf(&a, "%s=XX", key)), &der) != OK)
        return err_set(
            ERR_PARSE,
            "Windows knows no attribute '%s': use CN, OU, O, L, S, C, DC, E, G, SN, T, I, "
            "SERIALNUMBER, STREET, UID or an OID in dotted form",
            key);
    buf_printf(subject, "%s%s=", subject->n ? "," : "", key);
    add_value(subject, value);
    return OK;
}

enum err profile_add_san(struct buf *san, const char *name) {
    struct span whole = span_str(name);
    ptrdiff_t equals = span_find(whole, '=');
    const struct san_word *kind = equals > 0 ? san_by_name(span_of(whole.p, (size_t)equals)) : NULL;
    if (!kind || (size_t)equals + 1 == whole.n)
        return err_set(ERR_PARSE, "'%s' is none of dns=VALUE, email=VALUE, upn=VALUE, uri=VALUE",
                       name);
    if (span_find(whole, ';') >= 0)
        return err_set(
            ERR_PARSE,
            "'%s' holds a ';', which separates names in Windows' list: it cannot be sent", name);
    buf_printf(san, "%s%d+%s", san->n ? ";" : "", kind->type, name + equals + 1);
    return OK;
}

enum err profile_add_eku(struct buf *mapping, const char *eku) {
    ARENA_AUTO(a);
    uint8_t encoded[OID_MAX_SIZE];
    const struct eku_word *known = eku_by_name(span_str(eku));
    const char *oid = known ? known->oid : eku;
    if (!oid_encode(oid, encoded))
        return err_set(
            ERR_PARSE,
            "'%s' is neither a dotted OID nor a name such as clientAuth or smartcardLogon", eku);
    const char *all = arena_printf(&a, "+%s+", buf_cstr(mapping));
    if (!strstr(all, arena_printf(&a, "+%s+", oid)))
        buf_printf(mapping, "%s%s", mapping->n ? "+" : "", oid);
    return OK;
}

/* ---- the XML ---- */

struct writer {
    const char *base; /* ./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/{UniqueID} */
    unsigned cmd_id;
    struct buf *out;
};

static void begin(struct writer *w, const char *verb, const char *step) {
    BUF_AUTO(uri);
    buf_printf(&uri, "%s%s", w->base, step);
    buf_printf(w->out, "\t<%s>\n\t\t<CmdID>%u</CmdID>\n\t\t<Item>\n\t\t\t<Target>\n\t\t\t\t", verb,
               w->cmd_id++);
    xml_leaf(w->out, "LocURI", buf_view(&uri));
    buf_str(w->out, "\n\t\t\t</Target>\n");
}

static void end(struct writer *w, const char *verb) {
    buf_printf(w->out, "\t\t</Item>\n\t</%s>\n", verb);
}

static void write_format(struct writer *w, const char *step) {
    BUF_AUTO(uri);
    buf_printf(&uri, "%s%s", w->base, step);
    const struct csp_node *node = csp_find(buf_view(&uri));
    buf_printf(w->out,
               "\t\t\t<Meta>\n\t\t\t\t<Format xmlns=\"" NS_METINF "\">%s</Format>\n\t\t\t</Meta>\n",
               csp_format_name(node ? node->format : CSP_CHR));
}

static void write_value(struct writer *w, const char *node, const char *value) {
    BUF_AUTO(step);
    if (!value)
        return;
    buf_printf(&step, "/Install/%s", node);
    begin(w, "Add", buf_cstr(&step));
    write_format(w, buf_cstr(&step));
    buf_str(w->out, "\t\t\t");
    xml_leaf(w->out, "Data", span_str(value));
    buf_char(w->out, '\n');
    end(w, "Add");
}

void profile_write(const struct profile_wishes *p, struct buf *out) {
    const struct {
        const char *node, *value;
    } values[] = {
        {"RetryCount", p->retry_count},
        {"RetryDelay", p->retry_delay},
        {"KeyUsage", p->key_usage},
        {"KeyLength", p->key_length},
        {"HashAlgorithm", p->hash_algorithm},
        {"SubjectName", p->subject},
        {"SubjectAlternativeNames", p->san},
        {"ValidPeriod", p->valid_period},
        {"ValidPeriodUnits", p->valid_period_units},
        {"EKUMapping", p->eku},
        {"KeyProtection", p->key_protection},
        {"ContainerName", p->container},
        {"ServerURL", p->server_url},
        {"Challenge", p->challenge},
        {"CAThumbprint", p->ca_thumbprint},
    };
    BUF_AUTO(base);
    buf_printf(&base, "%s/Vendor/MSFT/ClientCertificateInstall/SCEP/%s",
               p->user_scope ? "./User" : "./Device", p->unique_id);
    struct writer w = {.base = buf_cstr(&base), .cmd_id = 2, .out = out};
    buf_str(out, "<Atomic>\n\t<CmdID>1</CmdID>\n");
    begin(&w, "Add", "");
    write_format(&w, "");
    end(&w, "Add");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        write_value(&w, values[i].node, values[i].value);
    begin(&w, "Exec", "/Install/Enroll");
    end(&w, "Exec");
    buf_str(out, "</Atomic>\n");
}
