/* SPDX-License-Identifier: Apache-2.0 */
/* A subjectAltName from the text that the CSP's SubjectAlternativeNames takes. */
#include <arpa/inet.h>

#include "der/writer.h"
#include "wire/scep.h"
#include "x509/cert.h"
#include "x509/csr.h"

/* CertEnroll's AlternativeNameType, as far as text can name it. */
enum { NAME_EMAIL = 2, NAME_DNS = 3, NAME_URI = 7, NAME_ADDRESS = 8, NAME_UPN = 11 };

static enum err put_address(struct der_writer *w, const char *text) {
    uint8_t address[16];
    if (inet_pton(AF_INET, text, address) == 1)
        der_put_item(w, DER_CONTEXT(7), span_of(address, 4));
    else if (inet_pton(AF_INET6, text, address) == 1)
        der_put_item(w, DER_CONTEXT(7), span_of(address, 16));
    else
        return err_set(ERR_PARSE, "alternative name 8+%s: not an IP address", text);
    return OK;
}

static void put_upn(struct der_writer *w, struct span text) {
    size_t other = der_mark(w);
    der_put_item(w, DER_UTF8_STRING, text);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), other);
    der_put_oid(w, OID_MS_UPN);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), other);
}

static enum err put_name(struct arena *a, struct der_writer *w, struct span entry) {
    ptrdiff_t plus = span_find(entry, '+');
    int64_t type = 0;
    struct span value = plus < 0 ? SPAN_NONE : span_trim(span_from(entry, (size_t)plus + 1));
    if (plus < 0 || !value.n || !span_int(span_trim(span_of(entry.p, (size_t)plus)), &type))
        return err_set(ERR_PARSE,
                       "alternative name \"%.*s\": write it as type+value, such as "
                       "3+host.example.com",
                       SPAN_FMT(entry));
    switch (type) {
    case NAME_EMAIL:
    case NAME_DNS:
    case NAME_URI:
        der_put_item(w, DER_CONTEXT((uint8_t)(type - 1)), value);
        return OK;
    case NAME_ADDRESS:
        return put_address(w, arena_str(a, value));
    case NAME_UPN:
        put_upn(w, value);
        return OK;
    default:
        return err_set(
            ERR_PARSE,
            "alternative name of type %d: 2 (e-mail), 3 (DNS name), 7 (URI), 8 (address) "
            "and 11 (UPN) can be written",
            (int)type);
    }
}

/* What was put is read as anybody will read it: that knows the characters that a name may have. */
static enum err check(struct arena *a, struct span san) {
    struct span rest = san, value;
    unsigned type;
    while (san_next(a, &rest, &type, &value))
        if (!type)
            return ERR_PARSE; /* the detail says why */
    return OK;
}

/* The writer goes backwards, and so does this. */
enum err san_from_text(struct arena *a, struct span text, struct span *value) {
    struct der_writer w = der_writer_in(a);
    *value = SPAN_NONE;
    while (text.n) {
        size_t start = text.n;
        while (start && text.p[start - 1] != ';')
            start--;
        struct span entry = span_trim(span_from(text, start));
        text.n = start ? start - 1 : 0;
        if (entry.n)
            TRY(put_name(a, &w, entry));
    }
    if (!der_written(&w).n)
        return OK;
    der_wrap(&w, DER_SEQUENCE, 0);
    TRY(check(a, der_written(&w)));
    *value = der_written(&w);
    return OK;
}
