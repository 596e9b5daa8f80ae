/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PKCS#10. Nobody has published a decrypted one of the MDM client, so it is put together from
 * the pieces that are known (windows-scep.md, 3, the table of the CSR); attributes are a SET OF and
 * sort themselves, the SKI comes last among the extensions.
 */
#include <stdio.h>

#include "device/hresult.h"
#include "device/scep_message.h"
#include "device/scep_values.h"
#include "device/x500.h"
#include "wire/scep.h"

enum {
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_UTF8 = 0x0c,
    TAG_SEQUENCE = 0x30,
    TAG_BMP = 0x1e
};

/* One short TLV: all our values are below 128 bytes, their sum below 65536. */
static void put(struct buf *b, uint8_t tag, struct span value) {
    buf_char(b, (char)tag);
    if (value.n < 0x80) {
        buf_char(b, (char)value.n);
    } else {
        uint8_t length[] = {0x82, (uint8_t)(value.n >> 8), (uint8_t)value.n};
        buf_add(b, length, sizeof length);
    }
    buf_span(b, value);
}

static bool add_attribute(X509_REQ *csr, const char *oid, int type, struct span value) {
    return X509_REQ_add1_attr_by_txt(csr, oid, type, value.p, (int)value.n) == 1;
}

static bool add_sequence(X509_REQ *csr, const char *oid, struct span content) {
    BUF_AUTO(der);
    put(&der, TAG_SEQUENCE, content);
    return add_attribute(csr, oid, V_ASN1_SEQUENCE, buf_view(&der));
}

const char *scep_account(const struct host *h, struct arena *a, bool user_scope) {
    return user_scope && h->enrollment ? arena_printf(a, "%s\\%.20s", h->name, h->enrollment->user)
                                       : arena_printf(a, "WORKGROUP\\%s$", h->name);
}

/* SEQUENCE { INTEGER 5, machine, user, process } */
static bool add_client_info(X509_REQ *csr, const struct host *h, bool user_scope) {
    ARENA_AUTO(a);
    BUF_AUTO(content);
    put(&content, TAG_INTEGER, span_of("\x05", 1));
    put(&content, TAG_UTF8, span_str(h->name));
    put(&content, TAG_UTF8, span_str(scep_account(h, &a, user_scope)));
    put(&content, TAG_UTF8, span_str("dmcertinst.exe"));
    return add_sequence(csr, OID_MS_CLIENT_INFO, buf_view(&content));
}

/* SEQUENCE { INTEGER keyspec 0, BMPString provider, empty BIT STRING } */
static bool add_enroll_csp(X509_REQ *csr, bool in_tpm) {
    BUF_AUTO(content);
    BUF_AUTO(name);
    const char *provider = scep_values_provider(in_tpm);
    for (; *provider; provider++) {
        char wide[] = {0, *provider};
        buf_add(&name, wide, sizeof wide);
    }
    put(&content, TAG_INTEGER, span_of("\0", 1));
    put(&content, TAG_BMP, buf_view(&name));
    put(&content, TAG_BIT_STRING, span_of("\0", 1));
    return add_sequence(csr, OID_MS_ENROLL_CSP, buf_view(&content));
}

static bool add_key_usage(STACK_OF(X509_EXTENSION) * *exts, uint32_t usage) {
    OSSL_AUTO(ASN1_BIT_STRING) bits = ASN1_BIT_STRING_new();
    unsigned char byte = (unsigned char)usage;
    return ASN1_BIT_STRING_set(bits, &byte, 1) == 1 &&
           X509V3_add1_i2d(exts, NID_key_usage, bits, 1, X509V3_ADD_APPEND) == 1;
}

/* No cA and yet a path length: against RFC 5280, and what Windows sends. */
static bool add_basic_constraints(STACK_OF(X509_EXTENSION) * *exts) {
    BASIC_CONSTRAINTS *b = BASIC_CONSTRAINTS_new();
    b->pathlen = ASN1_INTEGER_new();
    ASN1_INTEGER_set(b->pathlen, 0);
    bool ok = X509V3_add1_i2d(exts, NID_basic_constraints, b, 1, X509V3_ADD_APPEND) == 1;
    BASIC_CONSTRAINTS_free(b);
    return ok;
}

static bool add_key_id(STACK_OF(X509_EXTENSION) * *exts, X509_REQ *csr) {
    const unsigned char *bits;
    int n;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, X509_REQ_get_X509_PUBKEY(csr));
    EVP_Digest(bits, (size_t)n, digest, &size, EVP_sha1(), NULL);
    OSSL_AUTO(ASN1_STRING) id = ASN1_STRING_type_new(V_ASN1_OCTET_STRING);
    ASN1_STRING_set(id, digest, (int)size);
    return X509V3_add1_i2d(exts, NID_subject_key_identifier, id, 0, X509V3_ADD_APPEND) == 1;
}

static uint32_t add_extensions(X509_REQ *csr, const struct host *h, const struct scep_settings *s) {
    OSSL_EXTS_AUTO exts = NULL;
    OSSL_AUTO(EXTENDED_KEY_USAGE) ekus = x500_ekus_parse(span_str(s->ekus));
    OSSL_AUTO(GENERAL_NAMES) names = x500_alt_names_parse(span_str(s->alt_names));
    if (!ekus || !names)
        return HR_INVALID_ARGUMENT;
    bool ok = add_key_usage(&exts, s->key_usage);
    if (sk_ASN1_OBJECT_num(ekus) > 0)
        ok = ok && X509V3_add1_i2d(&exts, NID_ext_key_usage, ekus, 0, X509V3_ADD_APPEND) == 1;
    if (sk_GENERAL_NAME_num(names) > 0)
        ok = ok && X509V3_add1_i2d(&exts, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND) == 1;
    if (host_switch_is(h, "basic-constraints", "pathlen"))
        ok = ok && add_basic_constraints(&exts);
    ok = ok && add_key_id(&exts, csr) && X509_REQ_add_extensions(csr, exts) == 1;
    return ok ? HR_OK : HR_INVALID_ARGUMENT;
}

/* SCEP_SIGNER_HASH: SHA-1 of the throw-away certificate, which binds the CSR to it. */
static bool add_signer_hash(X509_REQ *csr, const X509 *signer) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    return X509_digest(signer, EVP_sha1(), digest, &n) == 1 &&
           add_attribute(csr, OID_MS_SCEP_SIGNER_HASH, V_ASN1_OCTET_STRING, span_of(digest, n));
}

static bool add_attributes(X509_REQ *csr, const struct host *h, const struct scep_settings *s,
                           const X509 *signer) {
    if (s->challenge &&
        !add_attribute(csr, OID_CHALLENGE_PASSWORD, V_ASN1_PRINTABLESTRING, span_str(s->challenge)))
        return false;
    if (signer && host_switch_is(h, "csr-signer-hash", "yes") && !add_signer_hash(csr, signer))
        return false;
    return add_attribute(csr, OID_MS_OS_VERSION, V_ASN1_IA5STRING, span_str(host_build(h)->csr)) &&
           add_client_info(csr, h, s->user_scope) && add_enroll_csp(csr, scep_values_in_tpm(h, s));
}

static uint32_t fill(X509_REQ *csr, const struct host *h, const struct scep_settings *s,
                     EVP_PKEY *key, const X509 *signer) {
    OSSL_AUTO(X509_NAME) subject = x500_name_parse(span_str(s->subject));
    const EVP_MD *digest = scep_values_digest(h, s->hash);
    if (!subject)
        return HR_CRYPT_BAD_X500;
    if (!digest)
        return HR_NTE_BAD_ALGID;
    X509_REQ_set_version(csr, X509_REQ_VERSION_1);
    if (X509_REQ_set_subject_name(csr, subject) != 1 || X509_REQ_set_pubkey(csr, key) != 1)
        return HR_INVALID_ARGUMENT;
    uint32_t hr = add_extensions(csr, h, s);
    if (hr != HR_OK)
        return hr;
    bool ok = add_attributes(csr, h, s, signer) && X509_REQ_sign(csr, key, digest) > 0;
    return ok ? HR_OK : HR_INVALID_ARGUMENT;
}

uint32_t scep_csr_make(const struct host *h, const struct scep_settings *s, EVP_PKEY *key,
                       const X509 *signer, X509_REQ **csr) {
    *csr = X509_REQ_new();
    uint32_t hr = fill(*csr, h, s, key, signer);
    if (hr != HR_OK) {
        X509_REQ_free(*csr);
        *csr = NULL;
    }
    return hr;
}
