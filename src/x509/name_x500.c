/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X.500 strings as CertStrToName reads them (windows-mdm.md, A.5):
 *
 *     name = rdn *(("," / ";") rdn)     rdn = pair *("+" pair)     pair = key "=" value
 *     value = DQUOTE *(any / 2DQUOTE) DQUOTE / *(any but , ; + = ")
 */
#include "der/writer.h"
#include "wire/oid.h"
#include "x509/attribute.h"
#include "x509/name.h"

static const struct {
    const char *key; /* the first of an OID is the one that name_text shows */
    const char *oid;
    uint8_t tag;
} keys[] = {
    {"CN", OID_CN, DER_UTF8_STRING},
    {"OU", OID_ORG_UNIT, DER_UTF8_STRING},
    {"O", OID_ORGANIZATION, DER_UTF8_STRING},
    {"L", OID_LOCALITY, DER_UTF8_STRING},
    {"S", OID_STATE, DER_UTF8_STRING},
    {"ST", OID_STATE, DER_UTF8_STRING},
    {"C", OID_COUNTRY, DER_PRINTABLE_STRING},
    {"DC", OID_DC, DER_IA5_STRING},
    {"E", OID_EMAIL, DER_IA5_STRING},
    {"Email", OID_EMAIL, DER_IA5_STRING},
    {"G", OID_GIVEN_NAME, DER_UTF8_STRING},
    {"GN", OID_GIVEN_NAME, DER_UTF8_STRING},
    {"SN", OID_SURNAME, DER_UTF8_STRING},
    {"T", OID_TITLE, DER_UTF8_STRING},
    {"Title", OID_TITLE, DER_UTF8_STRING},
    {"I", OID_INITIALS, DER_UTF8_STRING},
    {"Initials", OID_INITIALS, DER_UTF8_STRING},
    {"SERIALNUMBER", OID_SERIAL_NUMBER, DER_PRINTABLE_STRING},
    {"STREET", OID_STREET, DER_UTF8_STRING},
    {"UID", OID_UID, DER_UTF8_STRING},
};

enum { KEYS = sizeof keys / sizeof *keys, MAX_RDNS = 64, MAX_PAIRS = 16 };

const char *attribute_key(struct span oid) {
    for (size_t i = 0; i < KEYS; i++)
        if (oid_is(oid, keys[i].oid))
            return keys[i].key;
    return NULL;
}

struct reader {
    struct arena *a;
    struct span text;
    size_t at;
};

static enum err wrong(const struct reader *r, const char *what) {
    return err_set(ERR_PARSE, "X.500 name, character %zu: %s: %.*s", r->at + 1, what,
                   SPAN_FMT(span_of(r->text.p, r->text.n < 200 ? r->text.n : 200)));
}

static int peek(const struct reader *r) {
    return r->at < r->text.n ? r->text.p[r->at] : -1;
}

static void skip_blanks(struct reader *r) {
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\r' || peek(r) == '\n')
        r->at++;
}

static enum err read_key(struct reader *r, const char **oid, uint8_t *tag) {
    size_t start = r->at;
    while (peek(r) != -1 && !strchr("=,;+\"", peek(r)))
        r->at++;
    struct span key = span_trim(span_of(r->text.p + start, r->at - start));
    if (peek(r) != '=') {
        r->at = start;
        return wrong(r, "an attribute without \"=\" (put a value with , + ; in double quotes)");
    }
    for (size_t i = 0; i < KEYS; i++)
        if (span_is_nocase(key, keys[i].key)) {
            *oid = keys[i].oid;
            *tag = keys[i].tag;
            r->at++;
            return OK;
        }
    if (key.n > 4 && span_is_nocase(span_of(key.p, 4), "OID."))
        key = span_from(key, 4);
    const char *dotted = arena_str(r->a, key);
    uint8_t encoded[OID_MAX_SIZE];
    if (strlen(dotted) != key.n || oid_encode(dotted, encoded) == 0) {
        r->at = start;
        return wrong(r,
                     span_is_nocase(key, "emailAddress")
                         ? "emailAddress is OpenSSL's word: Windows says E"
                         : "an attribute that is not known (an OID in dotted form works for any)");
    }
    *oid = dotted;
    *tag = DER_UTF8_STRING;
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(dotted, keys[i].oid) == 0)
            *tag = keys[i].tag;
    r->at++;
    return OK;
}

static enum err read_quoted(struct reader *r, struct span *value) {
    size_t start = r->at++, n = 0;
    char *out = arena_alloc(r->a, r->text.n - start);
    for (;; r->at++) {
        if (peek(r) == '"') {
            r->at++;
            if (peek(r) != '"')
                break;
        } else if (peek(r) == -1) {
            r->at = start;
            return wrong(r, "a quote without its end");
        }
        out[n++] = (char)peek(r);
    }
    *value = span_of(out, n);
    return OK;
}

static enum err read_value(struct reader *r, struct span *value) {
    skip_blanks(r);
    if (peek(r) == '"') {
        TRY(read_quoted(r, value));
        skip_blanks(r);
        if (peek(r) != -1 && !strchr(",;+", peek(r)))
            return wrong(r, "text behind a quoted value (a quote inside is written \"\")");
        return OK;
    }
    size_t start = r->at;
    while (peek(r) != -1 && !strchr(",;+", peek(r))) {
        if (peek(r) == '"' || peek(r) == '=')
            return wrong(r, "a value with \" or = must stand in double quotes as a whole");
        r->at++;
    }
    *value = span_trim(span_of(r->text.p + start, r->at - start));
    return OK;
}

static bool printable(struct span s) {
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!c || (!alnum && !strchr(" '()+,-./:=?", c)))
            return false;
    }
    return true;
}

static bool ascii(struct span s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] & 0x80)
            return false;
    return true;
}

static enum err check_value(const struct reader *r, const char *oid, uint8_t tag, struct span v) {
    if (v.n == 0)
        return wrong(r, "an attribute without a value");
    if (!utf8_valid(v))
        return wrong(r, "a value that is not UTF-8");
    if (tag == DER_IA5_STRING && !ascii(v))
        return wrong(r, "this attribute takes ASCII only");
    if (tag == DER_PRINTABLE_STRING && !printable(v))
        return wrong(r, "this attribute takes letters, digits and '()+,-./:=? only");
    if (strcmp(oid, OID_COUNTRY) == 0 && v.n != 2)
        return wrong(r, "C takes a country code of two letters");
    return OK;
}

static enum err read_pair(struct reader *r, struct span *pair) {
    const char *oid = NULL;
    uint8_t tag = 0;
    struct span value = SPAN_NONE;
    skip_blanks(r);
    TRY(read_key(r, &oid, &tag));
    TRY(read_value(r, &value));
    TRY(check_value(r, oid, tag, value));
    struct der_writer w = der_writer_in(r->a);
    der_put_item(&w, tag, value);
    der_put_oid(&w, oid);
    der_wrap(&w, DER_SEQUENCE, 0);
    *pair = der_written(&w);
    return OK;
}

static enum err read_rdn(struct reader *r, struct span *rdn) {
    struct span pairs[MAX_PAIRS];
    size_t n = 0;
    do {
        if (n == MAX_PAIRS)
            return wrong(r, "more than 16 attributes joined by +");
        if (n)
            r->at++;
        TRY(read_pair(r, &pairs[n++]));
    } while (peek(r) == '+');
    struct der_writer w = der_writer_in(r->a);
    der_put_sorted(&w, pairs, n);
    der_wrap(&w, DER_SET, 0);
    *rdn = der_written(&w);
    return OK;
}

enum err name_from_x500(struct arena *a, struct span text, struct span *der) {
    struct reader r = {a, text, 0};
    struct span rdns[MAX_RDNS];
    size_t n = 0;
    skip_blanks(&r);
    while (peek(&r) != -1) {
        if (n == MAX_RDNS)
            return wrong(&r, "more than 64 attributes");
        TRY(read_rdn(&r, &rdns[n++]));
        if (peek(&r) == ',' || peek(&r) == ';') {
            r.at++;
            skip_blanks(&r);
            if (peek(&r) == -1)
                return wrong(&r, "a separator with nothing behind it");
        }
    }
    struct der_writer w = der_writer_in(a);
    while (n--)
        der_put(&w, rdns[n]);
    der_wrap(&w, DER_SEQUENCE, 0);
    *der = der_written(&w);
    return OK;
}
