/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of extKeyUsage and subjectAltName, read and built. Entries are numbered as
 * CertEnroll's AlternativeNameType does, since that is how profiles name them.
 */
#include <arpa/inet.h>

#include "base/text.h"
#include "der/writer.h"
#include "wire/scep.h"
#include "x509/cert.h"
#include "x509/csr.h"
#include "x509/name.h"

enum { NAME_OTHER = 1, NAME_DIRECTORY = 5, NAME_IP = 8, NAME_REGISTERED_ID = 9, NAME_UPN = 11 };

/* ---- reading ---- */

/* At the first call `rest` is the whole SEQUENCE. An element that is one would be entered too. */
static enum err step_inside(struct span *rest) {
    struct der d = der_of(*rest), list;
    struct der_item item;
    if (!der_at(&d, DER_SEQUENCE))
        return OK;
    TRY(der_enter(&d, DER_SEQUENCE, &list));
    *rest = span_of(list.p, (size_t)(list.end - list.p));
    while (!der_is_empty(&list)) {
        TRY(der_next(&list, &item));
        if (item.tag == DER_SEQUENCE)
            return der_error(&list, "a SEQUENCE in a list of names or OIDs");
    }
    return der_end(&d);
}

bool eku_next(struct arena *a, struct span *rest, const char **oid) {
    struct span s;
    if (step_inside(rest) != OK || rest->n == 0)
        return false;
    struct der d = der_of(*rest);
    if (der_oid(&d, &s) != OK)
        return false;
    *oid = oid_text(a, s);
    *rest = span_of(d.p, (size_t)(d.end - d.p));
    return true;
}

/* What stands in a name is read by many programs; none of them expects control characters. */
static enum err check_text(struct span text, bool ascii) {
    for (size_t i = 0, n; i < text.n; i += n) {
        uint32_t c = 0;
        n = utf8_character(span_from(text, i), &c);
        if (n == 0 || c < ' ' || c == 0x7f || (ascii && c > 0x7f))
            return err_set(ERR_PARSE, "a subjectAltName with byte %#x", text.p[i]);
    }
    return OK;
}

/* otherName: type-id and value [0] EXPLICIT. */
static enum err read_other(struct arena *a, struct span content, unsigned *type,
                           struct span *value) {
    struct der d = der_of(content), inside;
    struct span oid;
    struct der_item item;
    TRY(der_oid(&d, &oid));
    TRY(der_enter(&d, DER_CONTEXT_CONSTRUCTED(0), &inside));
    TRY(der_end(&d));
    TRY(der_next(&inside, &item));
    TRY(der_end(&inside));
    if (oid_is(oid, OID_MS_UPN) && item.tag == DER_UTF8_STRING) {
        *type = NAME_UPN;
        *value = item.content;
        return check_text(item.content, false);
    }
    *type = NAME_OTHER;
    *value = span_str(arena_printf(a, "%s:%s", oid_text(a, oid), hex_text(a, item.whole)));
    return OK;
}

static enum err read_ip(struct arena *a, struct span content, struct span *value) {
    if (content.n != 4 && content.n != 16)
        return err_set(ERR_PARSE, "an iPAddress of %zu octets", content.n);
    char *text = arena_alloc(a, INET6_ADDRSTRLEN);
    inet_ntop(content.n == 4 ? AF_INET : AF_INET6, content.p, text, INET6_ADDRSTRLEN);
    *value = span_str(text);
    return OK;
}

static enum err read_directory(struct arena *a, struct span content, struct span *value) {
    struct der d = der_of(content);
    struct span name;
    TRY(der_read_whole(&d, DER_SEQUENCE, &name));
    TRY(der_end(&d));
    *value = span_str(name_text(a, name));
    return OK;
}

static enum err read_general_name(struct arena *a, struct der *d, unsigned *type,
                                  struct span *value) {
    struct der_item item;
    TRY(der_next(d, &item));
    *value = item.content;
    switch (item.tag) {
    case DER_CONTEXT_CONSTRUCTED(0):
        return read_other(a, item.content, type, value);
    case DER_CONTEXT(1): /* rfc822Name, type 2 */
    case DER_CONTEXT(2): /* dNSName, type 3 */
    case DER_CONTEXT(6): /* uniformResourceIdentifier, type 7 */
        *type = (item.tag & 0x1fu) + 1;
        return check_text(item.content, true);
    case DER_CONTEXT_CONSTRUCTED(4):
        *type = NAME_DIRECTORY;
        return read_directory(a, item.content, value);
    case DER_CONTEXT(7):
        *type = NAME_IP;
        return read_ip(a, item.content, value);
    case DER_CONTEXT(8):
        *type = NAME_REGISTERED_ID;
        *value = span_str(oid_text(a, item.content));
        return OK;
    default:
        return der_error(d, "a GeneralName with tag %#x", item.tag);
    }
}

bool san_next(struct arena *a, struct span *rest, unsigned *type, struct span *value) {
    enum err e = step_inside(rest);
    if (e == OK && rest->n == 0)
        return false;
    struct der d = der_of(*rest);
    if (e == OK)
        e = read_general_name(a, &d, type, value);
    *rest = e == OK ? span_of(d.p, (size_t)(d.end - d.p)) : SPAN_NONE;
    if (e != OK) {
        *type = 0;
        *value = SPAN_NONE;
    }
    return true;
}

/* ---- building ---- */

enum err eku_build(struct arena *a, const char *const *oids, size_t count, struct span *value) {
    struct der_writer w = der_writer_in(a);
    uint8_t encoded[OID_MAX_SIZE];
    while (count--) {
        if (oid_encode(oids[count], encoded) == 0)
            return err_set(ERR_PARSE, "not an OID in dotted form: \"%s\"", oids[count]);
        der_put_oid(&w, oids[count]);
    }
    der_wrap(&w, DER_SEQUENCE, 0);
    *value = der_written(&w);
    return OK;
}

enum err san_build_host(struct arena *a, const char *host, struct span *value) {
    uint8_t address[16];
    struct der_writer w = der_writer_in(a);
    if (inet_pton(AF_INET, host, address) == 1)
        der_put_item(&w, DER_CONTEXT(7), span_of(address, 4));
    else if (inet_pton(AF_INET6, host, address) == 1)
        der_put_item(&w, DER_CONTEXT(7), span_of(address, 16));
    else
        der_put_item(&w, DER_CONTEXT(2), span_str(host));
    der_wrap(&w, DER_SEQUENCE, 0);
    *value = der_written(&w);
    return OK;
}

enum err san_add_uri(struct arena *a, struct span san, const char *uri, struct span *value) {
    struct der_writer w = der_writer_in(a);
    struct span names = SPAN_NONE;
    TRY(check_text(span_str(uri), true));
    if (san.n) {
        struct der d = der_of(san);
        TRY(der_check(san));
        TRY(der_read(&d, DER_SEQUENCE, &names));
    }
    der_put_item(&w, DER_CONTEXT(6), span_str(uri));
    der_put(&w, names);
    der_wrap(&w, DER_SEQUENCE, 0);
    *value = der_written(&w);
    return OK;
}
