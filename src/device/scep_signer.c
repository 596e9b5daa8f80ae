/* SPDX-License-Identifier: Apache-2.0 */
/* The throw-away certificate that signs a request (windows-scep.md, 3). */
#include <openssl/rand.h>
#include <stdlib.h>

#include "device/scep_message.h"
#include "wire/scep.h"

enum { SERIAL_SIZE = 16, BACKDATE_S = 600, YEAR_S = 365 * 86400 };

static void key_id(EVP_PKEY *key, unsigned char out[20]) {
    X509_PUBKEY *p = NULL;
    const unsigned char *bits;
    int n;
    X509_PUBKEY_set(&p, key);
    X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, p);
    EVP_Digest(bits, (size_t)n, out, NULL, EVP_sha1(), NULL);
    X509_PUBKEY_free(p);
}

static bool set_serial(X509 *x) {
    uint8_t b[SERIAL_SIZE];
    if (RAND_bytes(b, sizeof b) != 1)
        abort();
    b[0] =
        (uint8_t)((b[0] & 0x3f) | 0x20); /* positive and never short: sixteen bytes as captured */
    BIGNUM *n = BN_bin2bn(b, sizeof b, NULL);
    bool ok = BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
    BN_free(n);
    return ok;
}

static bool set_times(X509 *x, int64_t now_ms) {
    time_t now = (time_t)(now_ms / 1000);
    return X509_time_adj_ex(X509_getm_notBefore(x), 0, -BACKDATE_S, &now) &&
           X509_time_adj_ex(X509_getm_notAfter(x), 0, YEAR_S + BACKDATE_S, &now);
}

static bool set_name(X509 *x) {
    OSSL_AUTO(X509_NAME) name = X509_NAME_new();
    return X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                                      (const unsigned char *)SCEP_WINDOWS_SIGNER, -1, -1, 0) == 1 &&
           X509_set_subject_name(x, name) == 1 && X509_set_issuer_name(x, name) == 1;
}

/* The AKI is critical and not the SKI; it hashes, by hypothesis, the key of the CSR. */
static bool set_key_ids(const struct host *h, X509 *x, EVP_PKEY *signer, EVP_PKEY *csr_key) {
    unsigned char id[20];
    bool critical = host_switch_is(h, "signer-aki", "critical");
    OSSL_AUTO(AUTHORITY_KEYID) authority = AUTHORITY_KEYID_new();
    key_id(csr_key, id);
    if (host_switch_is(h, "signer-aki-value", "random") && RAND_bytes(id, sizeof id) != 1)
        abort();
    authority->keyid = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(authority->keyid, id, sizeof id);
    key_id(signer, id);
    OSSL_AUTO(ASN1_STRING) subject = ASN1_STRING_type_new(V_ASN1_OCTET_STRING);
    ASN1_STRING_set(subject, id, sizeof id);
    return X509_add1_ext_i2d(x, NID_authority_key_identifier, authority, critical, 0) == 1 &&
           X509_add1_ext_i2d(x, NID_subject_key_identifier, subject, 0, 0) == 1;
}

bool scep_signer_make(const struct host *h, EVP_PKEY *signer_key, EVP_PKEY *csr_key,
                      const EVP_MD *digest, X509 **out) {
    X509 *x = *out = X509_new();
    return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) && set_name(x) &&
           set_times(x, host_clock_ms(h)) && X509_set_pubkey(x, signer_key) == 1 &&
           set_key_ids(h, x, signer_key, csr_key) && X509_sign(x, signer_key, digest) > 0;
}
