/* SPDX-License-Identifier: Apache-2.0 */
/* CertReps in OpenSSL's hand, with whatever attributes. */
#ifndef SIGNET_TESTS_SCEP_CERTREP_FIXTURE_H
#define SIGNET_TESTS_SCEP_CERTREP_FIXTURE_H

#include "scep_message_fixture.h"

#define TRANSACTION "HVvzN0228V+AW="
#define NONCE       "0123456789abcdef"

/* A CertRep in OpenSSL's hand; what is NULL is left out. The content is absent with CMS_DETACHED.
 */
struct their_reply {
    struct span content, cert;
    EVP_PKEY *key;
    const EVP_MD *md;
    const char *type, *status, *fail_info, *transaction, *nonce, *answered, *text, *message;
    unsigned flags;
};

static inline struct their_reply usual_reply(const char *status) {
    return (struct their_reply){.cert = ra,
                                .key = ra_key.theirs,
                                .md = EVP_sha256(),
                                .type = "3",
                                .status = status,
                                .transaction = TRANSACTION,
                                .nonce = "fedcba9876543210",
                                .answered = NONCE};
}

static inline void add_attributes(CMS_SignerInfo *si, const struct their_reply *r) {
    add_text(si, OID_SCEP_MESSAGE_TYPE, V_ASN1_PRINTABLESTRING, r->type);
    add_text(si, OID_SCEP_PKI_STATUS, V_ASN1_PRINTABLESTRING, r->status);
    add_text(si, OID_SCEP_FAIL_INFO, V_ASN1_PRINTABLESTRING, r->fail_info);
    add_text(si, OID_SCEP_TRANSACTION_ID, V_ASN1_PRINTABLESTRING, r->transaction);
    add_text(si, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING, r->nonce);
    add_text(si, OID_SCEP_RECIPIENT_NONCE, V_ASN1_OCTET_STRING, r->answered);
    add_text(si, OID_SCEP_FAIL_INFO_TEXT, V_ASN1_UTF8STRING, r->text);
    add_text(si, OID_MS_SCEP_SERVER_MESSAGE, V_ASN1_PRINTABLESTRING, r->message);
}

static inline struct span their_certrep(struct arena *a, const struct their_reply *r) {
    BIO *in = BIO_new_mem_buf(r->content.n ? (const void *)r->content.p : "", (int)r->content.n);
    X509 *x = x509_of(r->cert);
    bool indefinite = r->flags & CMS_STREAM;
    unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | r->flags;
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, in, flags & ~(unsigned)CMS_NOCERTS);
    CMS_SignerInfo *si = CMS_add1_signer(cms, x, r->key, r->md, flags);
    assert_non_null(si);
    add_attributes(si, r);
    if (!indefinite)
        assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
    struct span out =
        indefinite ? cms_to_ber(a, cms, in, CMS_BINARY | CMS_STREAM) : cms_to_span(a, cms);
    BIO_free(in);
    X509_free(x);
    return out;
}

#endif
