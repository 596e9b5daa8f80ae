/* SPDX-License-Identifier: Apache-2.0 */
#include "device/x500.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "base/text.h"
#include "wire/scep.h"

/* Windows' key names where OpenSSL has another. */
static const struct {
    const char *key;
    int nid;
} keys[] = {
    {"CN", NID_commonName},
    {"O", NID_organizationName},
    {"OU", NID_organizationalUnitName},
    {"C", NID_countryName},
    {"L", NID_localityName},
    {"S", NID_stateOrProvinceName},
    {"ST", NID_stateOrProvinceName},
    {"E", NID_pkcs9_emailAddress},
    {"EMAIL", NID_pkcs9_emailAddress},
    {"DC", NID_domainComponent},
    {"T", NID_title},
    {"TITLE", NID_title},
    {"G", NID_givenName},
    {"GIVENNAME", NID_givenName},
    {"I", NID_initials},
    {"INITIALS", NID_initials},
    {"SN", NID_surname},
    {"STREET", NID_streetAddress},
    {"SERIALNUMBER", NID_serialNumber},
    {"DESCRIPTION", NID_description},
    {"POSTALCODE", NID_postalCode},
};

bool x500_is_printable(struct span text) {
    for (size_t i = 0; i < text.n; i++)
        if (!isalnum(text.p[i]) && !(text.p[i] && strchr(" '()+,-./:=?", text.p[i])))
            return false;
    return true;
}

static ASN1_OBJECT *key_object(struct span key) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (span_is_nocase(key, keys[i].key))
            return OBJ_dup(OBJ_nid2obj(keys[i].nid));
    char oid[128];
    if (key.n > 4 && strncasecmp((const char *)key.p, "OID.", 4) == 0)
        key = span_from(key, 4);
    if (key.n == 0 || key.n >= sizeof oid || !isdigit(key.p[0]))
        return NULL;
    memcpy(oid, key.p, key.n);
    oid[key.n] = 0;
    return OBJ_txt2obj(oid, 1);
}

static int string_type(const ASN1_OBJECT *key, struct span value) {
    int nid = OBJ_obj2nid(key);
    if (nid == NID_domainComponent || nid == NID_pkcs9_emailAddress)
        return V_ASN1_IA5STRING;
    return x500_is_printable(value) ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;
}

static bool is_separator(uint8_t c) {
    return c == ',' || c == ';' || c == '+';
}

/* A quoted value, with doubled quotes halved; what follows it may only be blanks. */
static bool take_quoted(struct span *left, struct buf *value) {
    struct span s = span_from(*left, 1);
    while (s.n) {
        if (s.p[0] == '"' && !(s.n > 1 && s.p[1] == '"'))
            break;
        buf_char(value, (char)s.p[0]);
        s = span_from(s, s.p[0] == '"' ? 2 : 1);
    }
    if (!s.n)
        return false;
    s = span_from(s, 1);
    while (s.n && s.p[0] == ' ')
        s = span_from(s, 1);
    *left = s;
    return !s.n || is_separator(s.p[0]);
}

static bool take_plain(struct span *left, struct buf *value) {
    size_t n = 0;
    while (n < left->n && !is_separator(left->p[n]))
        n++;
    struct span text = span_trim(span_of(left->p, n));
    *left = span_from(*left, n);
    if (span_find(text, '"') >= 0 || span_find(text, '=') >= 0)
        return false;
    buf_span(value, text);
    return true;
}

static struct span skip_blanks(struct span s) {
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\n' || s.p[0] == '\r'))
        s = span_from(s, 1);
    return s;
}

/* One "KEY=value"; `joined` when it belongs to the RDN before. */
static bool take_attribute(struct span *left, X509_NAME *name, bool joined) {
    BUF_AUTO(value);
    ptrdiff_t equals = span_find(*left, '=');
    if (equals < 0)
        return false;
    OSSL_AUTO(ASN1_OBJECT) key = key_object(span_trim(span_of(left->p, (size_t)equals)));
    *left = skip_blanks(span_from(*left, (size_t)equals + 1));
    bool ok = left->n && left->p[0] == '"' ? take_quoted(left, &value) : take_plain(left, &value);
    if (!key || !ok || !value.n)
        return false;
    return X509_NAME_add_entry_by_OBJ(name, key, string_type(key, buf_view(&value)), value.p,
                                      (int)value.n, -1, joined ? -1 : 0) == 1;
}

X509_NAME *x500_name_parse(struct span text) {
    X509_NAME *name = X509_NAME_new();
    bool joined = false;
    struct span left = skip_blanks(text);
    while (left.n) {
        if (!take_attribute(&left, name, joined)) {
            X509_NAME_free(name);
            return NULL;
        }
        if (!left.n)
            break;
        joined = left.p[0] == '+';
        left = skip_blanks(span_from(left, 1));
    }
    return name;
}

static bool add_other_name(GENERAL_NAME *g, const char *oid, ASN1_STRING *value, int type) {
    ASN1_TYPE *any = ASN1_TYPE_new();
    ASN1_TYPE_set(any, type, value);
    return GENERAL_NAME_set0_othername(g, OBJ_txt2obj(oid, 1), any) == 1;
}

static ASN1_STRING *make_string(int type, struct span s) {
    ASN1_STRING *x = ASN1_STRING_type_new(type);
    ASN1_STRING_set(x, s.p, (int)s.n);
    return x;
}

static bool set_address(GENERAL_NAME *g, const char *text) {
    uint8_t b[16];
    size_t n = inet_pton(AF_INET, text, b) == 1 ? 4 : inet_pton(AF_INET6, text, b) == 1 ? 16 : 0;
    if (!n)
        return false;
    GENERAL_NAME_set0_value(g, GEN_IPADD, make_string(V_ASN1_OCTET_STRING, span_of(b, n)));
    return true;
}

/* A GUID stands in NT's object guid, 1.3.6.1.4.1.311.25.1. */
static bool set_guid(GENERAL_NAME *g, struct span text) {
    ARENA_AUTO(a);
    BUF_AUTO(digits);
    struct span bytes;
    for (size_t i = 0; i < text.n; i++)
        if (isxdigit(text.p[i]))
            buf_char(&digits, (char)text.p[i]);
    if (hex_decode(&a, buf_view(&digits), &bytes) != OK || bytes.n != 16)
        return false;
    return add_other_name(g, "1.3.6.1.4.1.311.25.1", make_string(V_ASN1_OCTET_STRING, bytes),
                          V_ASN1_OCTET_STRING);
}

static bool set_ia5(GENERAL_NAME *g, int type, struct span value) {
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] >= 0x80)
            return false;
    GENERAL_NAME_set0_value(g, type, make_string(V_ASN1_IA5STRING, value));
    return value.n > 0;
}

static bool set_alt_name(GENERAL_NAME *g, int64_t type, struct span value) {
    ARENA_AUTO(a);
    const char *text = arena_str(&a, value);
    switch (type) {
    case 2:
        return set_ia5(g, GEN_EMAIL, value);
    case 3:
        return set_ia5(g, GEN_DNS, value);
    case 5: {
        X509_NAME *name = x500_name_parse(value);
        if (name)
            GENERAL_NAME_set0_value(g, GEN_DIRNAME, name);
        return name != NULL;
    }
    case 7:
        return set_ia5(g, GEN_URI, value);
    case 8:
        return set_address(g, text);
    case 9: {
        ASN1_OBJECT *oid = OBJ_txt2obj(text, 1);
        if (oid)
            GENERAL_NAME_set0_value(g, GEN_RID, oid);
        return oid != NULL;
    }
    case 10:
        return set_guid(g, value);
    case 11:
        return value.n && add_other_name(g, OID_MS_UPN, make_string(V_ASN1_UTF8STRING, value),
                                         V_ASN1_UTF8STRING);
    default:
        return false;
    }
}

GENERAL_NAMES *x500_alt_names_parse(struct span text) {
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    for (struct span left = text; left.n;) {
        ptrdiff_t end = span_find(left, ';');
        struct span item = span_trim(end < 0 ? left : span_of(left.p, (size_t)end));
        left = span_from(left, end < 0 ? left.n : (size_t)end + 1);
        ptrdiff_t plus = span_find(item, '+');
        int64_t type = 0;
        GENERAL_NAME *g = GENERAL_NAME_new();
        bool ok = plus > 0 && span_int(span_trim(span_of(item.p, (size_t)plus)), &type) &&
                  set_alt_name(g, type, span_trim(span_from(item, (size_t)plus + 1)));
        if (!ok) {
            GENERAL_NAME_free(g);
            GENERAL_NAMES_free(names);
            return NULL;
        }
        sk_GENERAL_NAME_push(names, g);
    }
    return names;
}

EXTENDED_KEY_USAGE *x500_ekus_parse(struct span text) {
    ARENA_AUTO(a);
    EXTENDED_KEY_USAGE *ekus = EXTENDED_KEY_USAGE_new();
    for (struct span left = text; left.n;) {
        ptrdiff_t end = span_find(left, '+');
        struct span item = span_trim(end < 0 ? left : span_of(left.p, (size_t)end));
        left = span_from(left, end < 0 ? left.n : (size_t)end + 1);
        ASN1_OBJECT *oid = item.n ? OBJ_txt2obj(arena_str(&a, item), 1) : NULL;
        if (!oid) {
            EXTENDED_KEY_USAGE_free(ekus);
            return NULL;
        }
        sk_ASN1_OBJECT_push(ekus, oid);
    }
    return ekus;
}
