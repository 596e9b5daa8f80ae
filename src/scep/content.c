/* SPDX-License-Identifier: Apache-2.0 */
#include "scep/content.h"

#include "der/ber.h"
#include "scep/decoy.h"

bool scep_has_content(int message_type) {
    return message_type == SCEP_PKCS_REQ || message_type == SCEP_RENEWAL_REQ ||
           message_type == SCEP_CERT_POLL || message_type == SCEP_GET_CERT ||
           message_type == SCEP_GET_CRL;
}

/*
 * A client that writes BER begins with an indefinite length. Any other content that is not DER is
 * not searched for BER, which would take time that tells how far it could be read.
 */
static enum err make_der(struct arena *a, struct span plain, struct span *der) {
    *der = plain;
    return plain.n > 1 && plain.p[1] == 0x80 ? ber_to_der(a, plain, der) : OK;
}

/* The signature that is checked in the place of an unreadable CSR's cannot hold. */
static enum err read_csr(struct arena *a, struct span plain, struct csr *out) {
    struct span der;
    struct csr decoy;
    enum err e = make_der(a, plain, &der);
    if (e == OK)
        e = csr_parse(der, out);
    if (e != OK)
        decoy_csr(plain, &decoy);
    enum err verdict = csr_verify(e == OK ? out : &decoy);
    return e == OK ? verdict : e;
}

/* Both contents of questions are a SEQUENCE that begins with the issuer's Name. */
static enum err open_question(struct arena *a, struct span plain, struct der *body,
                              struct span *issuer) {
    struct span der;
    TRY(make_der(a, plain, &der));
    TRY(der_check(der));
    struct der d = der_of(der);
    TRY(der_enter(&d, DER_SEQUENCE, body));
    return der_read_whole(body, DER_SEQUENCE, issuer);
}

/* RFC 8894, 3.3.3: SEQUENCE { issuer, subject } */
static enum err read_issuer_and_subject(struct arena *a, struct span plain,
                                        struct scep_content *out) {
    struct der body;
    TRY(open_question(a, plain, &body, &out->issuer));
    TRY(der_read_whole(&body, DER_SEQUENCE, &out->subject));
    return der_end(&body);
}

/* RFC 8894, 3.3.4: SEQUENCE { issuer, serialNumber } */
static enum err read_issuer_and_serial(struct arena *a, struct span plain,
                                       struct scep_content *out) {
    struct der body;
    TRY(open_question(a, plain, &body, &out->issuer));
    TRY(der_integer(&body, &out->serial));
    return der_end(&body);
}

enum err scep_content_read(struct arena *a, int message_type, struct span plain,
                           struct scep_content *out) {
    switch (message_type) {
    case SCEP_CERT_POLL:
        return read_issuer_and_subject(a, plain, out);
    case SCEP_GET_CERT:
    case SCEP_GET_CRL:
        return read_issuer_and_serial(a, plain, out);
    default:
        return read_csr(a, plain, &out->csr);
    }
}
