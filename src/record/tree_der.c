/* SPDX-License-Identifier: Apache-2.0 */
#include "der/ber.h"
#include "record/tree.h"
#include "record/words.h"
#include "wire/oid.h"
#include "wire/scep.h"

enum { MAX_LINES = 3000, SMALL = 3, KEY_BYTES = 64, MAX_ARC = 6 /* digits */ };

struct walk {
    const struct tree *t;
    unsigned lines;
    bool secret; /* below challengePassword: types and lengths only */
};

/* ---- OIDs ---- */

/* In these arcs an OID names a thing of a standard, or of Microsoft; in others it may be anything.
 */
static const char *const arcs[] = {
    "2.5.",        "1.2.840.",     "1.3.14.3.2.",      "1.3.132.0.",
    "2.16.840.1.", "1.3.6.1.5.5.", "1.3.6.1.4.1.311.", "0.9.2342.19200300.100.1."};

static bool has_short_arcs(const char *oid) {
    for (; *oid; oid += *oid == '.') {
        size_t n = strcspn(oid, ".");
        if (n > MAX_ARC && strncmp(oid, "19200300", n) != 0)
            return false;
        oid += n;
    }
    return true;
}

static bool is_public(const char *oid) {
    for (size_t i = 0; i < sizeof arcs / sizeof *arcs; i++)
        if (strncmp(oid, arcs[i], strlen(arcs[i])) == 0)
            return has_short_arcs(oid);
    return false;
}

static const struct {
    const char *oid, *name;
} names[] = {
    {OID_PKCS7_DATA, "data"},
    {OID_PKCS7_SIGNED, "signedData"},
    {OID_PKCS7_ENVELOPED, "envelopedData"},
    {OID_CONTENT_TYPE, "contentType"},
    {OID_MESSAGE_DIGEST, "messageDigest"},
    {OID_SIGNING_TIME, "signingTime"},
    {OID_RSA, "rsaEncryption"},
    {OID_RSAES_OAEP, "RSAES-OAEP"},
    {OID_SHA1_RSA, "sha1WithRSA"},
    {OID_SHA256_RSA, "sha256WithRSA"},
    {OID_SHA384_RSA, "sha384WithRSA"},
    {OID_SHA512_RSA, "sha512WithRSA"},
    {OID_OIW_SHA1_RSA, "sha1WithRSA of OIW"},
    {OID_SHA1, "sha1"},
    {OID_SHA256, "sha256"},
    {OID_SHA384, "sha384"},
    {OID_SHA512, "sha512"},
    {OID_AES128_CBC, "aes128-CBC"},
    {OID_AES192_CBC, "aes192-CBC"},
    {OID_AES256_CBC, "aes256-CBC"},
    {OID_DES3_CBC, "des3-CBC"},
    {OID_SUBJECT_KEY_ID, "subjectKeyIdentifier"},
    {OID_AUTHORITY_KEY_ID, "authorityKeyIdentifier"},
    {OID_KEY_USAGE, "keyUsage"},
    {OID_EXT_KEY_USAGE, "extKeyUsage"},
    {OID_SUBJECT_ALT_NAME, "subjectAltName"},
    {OID_BASIC_CONSTRAINTS, "basicConstraints"},
    {OID_EXTENSION_REQUEST, "extensionRequest"},
    {OID_MS_CERT_EXTENSIONS, "certExtensions"},
    {OID_CHALLENGE_PASSWORD, "challengePassword"},
    {OID_MS_OS_VERSION, "osVersion"},
    {OID_MS_CLIENT_INFO, "clientInfo"},
    {OID_MS_ENROLL_CSP, "enrollmentCsp"},
    {OID_MS_UPN, "UPN"},
    {OID_MS_DEVICE_ID, "Windows DeviceID"},
    {OID_CN, "commonName"},
    {OID_ORGANIZATION, "organization"},
    {OID_ORG_UNIT, "organizationalUnit"},
    {OID_SCEP_MESSAGE_TYPE, "messageType"},
    {OID_SCEP_PKI_STATUS, "pkiStatus"},
    {OID_SCEP_FAIL_INFO, "failInfo"},
    {OID_SCEP_SENDER_NONCE, "senderNonce"},
    {OID_SCEP_RECIPIENT_NONCE, "recipientNonce"},
    {OID_SCEP_TRANSACTION_ID, "transactionID"},
};

static void say_oid(const struct walk *w, struct span oid) {
    const char *dotted = oid_text(w->t->a, oid);
    if (w->secret || !is_public(dotted)) {
        buf_printf(w->t->out, "<OID, %zu bytes>", oid.n);
        return;
    }
    buf_str(w->t->out, dotted);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(dotted, names[i].oid) == 0)
            buf_printf(w->t->out, " %s", names[i].name);
}

/* ---- values ---- */

static const char *type_name(uint8_t tag) {
    switch (tag) {
    case DER_BOOLEAN:
        return "BOOLEAN";
    case DER_INTEGER:
        return "INTEGER";
    case DER_BIT_STRING:
        return "BIT STRING";
    case DER_OCTET_STRING:
        return "OCTET STRING";
    case DER_NULL:
        return "NULL";
    case DER_OID:
        return "OID";
    case DER_UTF8_STRING:
        return "UTF8String";
    case DER_PRINTABLE_STRING:
        return "PrintableString";
    case DER_T61_STRING:
        return "T61String";
    case DER_IA5_STRING:
        return "IA5String";
    case DER_UTC_TIME:
        return "UTCTime";
    case DER_GENERALIZED_TIME:
        return "GeneralizedTime";
    case DER_UNIVERSAL_STRING:
        return "UniversalString";
    case DER_BMP_STRING:
        return "BMPString";
    case DER_SEQUENCE:
        return "SEQUENCE";
    case DER_SET:
        return "SET";
    default:
        return NULL;
    }
}

static void say_type(const struct walk *w, uint8_t tag) {
    const char *name = type_name(tag);
    if (name)
        buf_str(w->t->out, name);
    else
        buf_printf(w->t->out, "[%u]", tag & 0x1fU);
}

/* The attributes whose values are numbers of the protocol. */
static bool shows_strings(struct span oid) {
    return oid_is(oid, OID_SCEP_MESSAGE_TYPE) || oid_is(oid, OID_SCEP_PKI_STATUS) ||
           oid_is(oid, OID_SCEP_FAIL_INFO);
}

static void say_string(const struct walk *w, struct span s, struct span around) {
    if (around.n && oid_is(around, OID_MS_OS_VERSION))
        word_pieces(w->t->out, s);
    else if (around.n && shows_strings(around) && s.n <= 2)
        word_number(w->t->out, s);
    else if (span_is(s, SCEP_WINDOWS_SIGNER))
        buf_span(w->t->out, s);
    else
        pseudonym_form(w->t->names, w->t->out, s);
}

static void say_integer(const struct walk *w, struct span s) {
    int32_t value = s.n && s.p[0] >= 0x80 ? -1 : 0;
    if (s.n > KEY_BYTES) { /* a modulus: of a key its length is what counts */
        buf_printf(w->t->out, "<%zu bits>", (s.n - !s.p[0]) * 8);
    } else if (s.n > SMALL) {
        buf_printf(w->t->out, "<%zu bytes>", s.n);
    } else {
        for (size_t i = 0; i < s.n; i++)
            value = value * 256 + s.p[i];
        buf_printf(w->t->out, "%d", value);
    }
}

/* KeyUsage is a BIT STRING of one byte or two. */
static void say_bits(const struct walk *w, struct span s, struct span around) {
    if (around.n && oid_is(around, OID_KEY_USAGE) && s.n >= 2 && s.n <= 3)
        buf_printf(w->t->out, "0x%02x, %u unused", s.p[1], s.p[0]);
    else
        buf_printf(w->t->out, "<%zu bytes>", s.n ? s.n - 1 : 0);
}

static bool is_string(uint8_t tag) {
    return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
}

/* A password equal to a user's name must not be called by that name, either. */
static void say_secret(const struct walk *w, const struct der_item *i) {
    buf_str(w->t->out, " = ");
    if (is_string(i->tag))
        word_form(w->t->out, i->content);
    else
        buf_printf(w->t->out, "<%zu bytes>", i->content.n);
}

static void say_value(const struct walk *w, const struct der_item *i, struct span around) {
    if (w->secret) {
        say_secret(w, i);
        return;
    }
    switch (i->tag) {
    case DER_NULL:
        return;
    case DER_BOOLEAN:
        buf_str(w->t->out, i->content.n == 1 && !i->content.p[0] ? " = FALSE" : " = TRUE");
        return;
    default:
        buf_str(w->t->out, " = ");
    }
    switch (i->tag) {
    case DER_INTEGER:
        say_integer(w, i->content);
        break;
    case DER_OID:
        say_oid(w, i->content);
        break;
    case DER_BIT_STRING:
        say_bits(w, i->content, around);
        break;
    case DER_UTF8_STRING:
    case DER_PRINTABLE_STRING:
    case DER_IA5_STRING:
        say_string(w, i->content, around);
        break;
    default:
        buf_printf(w->t->out, "<%zu bytes>", i->content.n);
    }
}

/* ---- the walk ---- */

/* Whether strings of these types stand in the OCTET STRING of an extension, or of Microsoft's. */
static bool is_extension(struct span oid) {
    static const uint8_t id_ce[] = {0x55, 0x1d}, microsoft[] = {0x2b, 6, 1, 4, 1, 0x82, 0x37};
    return (oid.n > sizeof id_ce && memcmp(oid.p, id_ce, sizeof id_ce) == 0) ||
           (oid.n > sizeof microsoft && memcmp(oid.p, microsoft, sizeof microsoft) == 0);
}

/*
 * Whether an OCTET or BIT STRING holds one item of DER. Random bytes may look like a short string:
 * only right below an extension's OID is one believed.
 */
static bool holds_der(const struct der_item *i, struct span below, struct span *inside) {
    *inside = i->content;
    if (i->tag == DER_BIT_STRING && i->content.n && !i->content.p[0])
        *inside = span_from(i->content, 1);
    else if (i->tag != DER_OCTET_STRING)
        return false;
    if (inside->n <= 2 || der_check(*inside) != OK)
        return false;
    return inside->p[0] == DER_SEQUENCE || inside->p[0] == DER_SET ||
           (is_extension(below) &&
            (inside->p[0] == DER_BIT_STRING || inside->p[0] == DER_OCTET_STRING ||
             inside->p[0] == DER_BMP_STRING));
}

/*
 * `around` is the OID that opens the nearest SEQUENCE that an OID opens; `below` the same where the
 * item is an element of that one itself.
 */
static void walk(struct walk *w, struct span items, struct span around, struct span below,
                 unsigned depth);

static void walk_in(struct walk *w, const struct der_item *i, struct span around, unsigned depth) {
    struct der d = der_of(i->content);
    struct span oid;
    if (i->tag == DER_SEQUENCE && der_at(&d, DER_OID) && der_oid(&d, &oid) == OK) {
        buf_char(w->t->out, ' ');
        say_oid(w, oid);
        buf_char(w->t->out, '\n');
        bool outside = w->secret;
        w->secret = outside || oid_is(oid, OID_CHALLENGE_PASSWORD);
        walk(w, span_of(d.p, (size_t)(d.end - d.p)), oid, oid, depth + 1);
        w->secret = outside;
    } else {
        buf_char(w->t->out, '\n');
        walk(w, i->content, around, SPAN_NONE, depth + 1);
    }
}

static void say_item(struct walk *w, const struct der_item *i, struct span around,
                     struct span below, unsigned depth) {
    struct span inside;
    tree_indent(w->t, depth);
    say_type(w, i->tag);
    if (i->tag & 0x20) {
        walk_in(w, i, around, depth);
    } else if (!w->secret && holds_der(i, below, &inside)) {
        buf_str(w->t->out, " that holds\n");
        walk(w, inside, around, SPAN_NONE, depth + 1);
    } else {
        say_value(w, i, around);
        buf_char(w->t->out, '\n');
    }
}

static void walk(struct walk *w, struct span items, struct span around, struct span below,
                 unsigned depth) {
    struct der d = der_of(items);
    struct der_item i;
    while (!tree_is_full(w->t) && !der_is_empty(&d) && der_next(&d, &i) == OK) {
        if (++w->lines >= MAX_LINES || depth > 2 * DER_MAX_DEPTH) {
            tree_indent(w->t, depth);
            buf_str(w->t->out, "(more is left out)\n");
            return;
        }
        say_item(w, &i, around, below, depth);
    }
}

void tree_der(const struct tree *t, struct span der, unsigned depth) {
    struct walk w = {.t = t};
    struct span strict;
    if (ber_to_der(t->a, der, &strict) != OK) {
        tree_indent(t, depth);
        buf_printf(t->out, "not DER: <%zu bytes>\n", der.n);
        return;
    }
    if (strict.p != der.p) {
        tree_indent(t, depth);
        buf_str(t->out, "(BER, shown as DER)\n");
    }
    walk(&w, strict, SPAN_NONE, SPAN_NONE, depth);
}
