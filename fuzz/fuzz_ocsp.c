/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCSP request. Oracles: spans lie inside the input; where OpenSSL reads it too, both see the
 * same certificates and the same nonce.
 */
#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "fuzz.h"
#include "mutate_der.h"

#include "x509/ocsp.h"

static void must_be_string(struct span ours, const ASN1_STRING *theirs) {
    must(span_eq(ours, span_of(ASN1_STRING_get0_data(theirs), (size_t)ASN1_STRING_length(theirs))));
}

static void compare(const struct ocsp_request *ours, OCSP_REQUEST *theirs) {
    ASN1_OCTET_STRING *name, *key;
    ASN1_OBJECT *hash;
    ASN1_INTEGER *serial;
    must(OCSP_request_onereq_count(theirs) == (int)ours->count);
    for (size_t i = 0; i < ours->count; i++) {
        const struct ocsp_cert_id *id = &ours->certs[i];
        OCSP_ONEREQ *one = OCSP_request_onereq_get0(theirs, (int)i);
        unsigned char *der = NULL;
        must(OCSP_id_get0_info(&name, &hash, &key, &serial, OCSP_onereq_get0_id(one)) == 1);
        int n = i2d_ASN1_INTEGER(serial, &der);
        must(n > 2 && span_eq(id->serial, span_of(der + n - id->serial.n, id->serial.n)));
        OPENSSL_free(der);
        if (id->issuer_name_hash.n)
            must_be_string(id->issuer_name_hash, name);
        if (id->issuer_key_hash.n)
            must_be_string(id->issuer_key_hash, key);
    }
    int at = OCSP_REQUEST_get_ext_by_NID(theirs, NID_id_pkix_OCSP_Nonce, -1);
    must((at >= 0) == (ours->nonce.n > 0));
    if (at >= 0)
        must_be_string(ours->nonce, X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(theirs, at)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span in = span_of(data, size);
    struct ocsp_request r;
    if (ocsp_request_parse(in, &r) != OK)
        return 0;
    must(r.count > 0 && r.count <= OCSP_MAX_CERTS && r.nonce.n <= OCSP_MAX_NONCE + 2);
    must_be_inside(in, r.nonce);
    for (size_t i = 0; i < r.count; i++) {
        const struct ocsp_cert_id *id = &r.certs[i];
        must_be_inside(in, id->whole);
        must_be_inside(id->whole, id->issuer_name_hash);
        must_be_inside(id->whole, id->issuer_key_hash);
        must_be_inside(id->whole, id->serial);
        must(id->serial.n > 0 && !ocsp_names_issuer(id, id->whole, in));
    }
    OCSP_REQUEST *theirs = d2i_OCSP_REQUEST(NULL, &data, (long)size);
    if (theirs)
        compare(&r, theirs);
    OCSP_REQUEST_free(theirs);
    ERR_clear_error(); /* what it holds would look like a leak */
    return 0;
}
