/* SPDX-License-Identifier: Apache-2.0 */
/* An RA and a client, and the messages that the client writes by OpenSSL's pen. */
#ifndef SIGNET_TESTS_SCEP_MESSAGE_FIXTURE_H
#define SIGNET_TESTS_SCEP_MESSAGE_FIXTURE_H

#include "cms_fixture.h"

#include "scep/message.h"
#include "wire/oid.h"

static struct pair ra_key, client_key, ec_key;
static struct arena shared;
static struct span ra, client, csr_der;
static struct scep_key ra_pair; /* the RA as the server has it */

static inline struct span new_csr(EVP_PKEY *key, const char *challenge) {
    X509_REQ *req = X509_REQ_new();
    unsigned char *der = NULL;
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
                               (const uint8_t *)"host", -1, -1, 0);
    X509_REQ_set_pubkey(req, key);
    X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, V_ASN1_PRINTABLESTRING,
                              (const uint8_t *)challenge, (int)strlen(challenge));
    assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
    int n = i2d_X509_REQ(req, &der);
    struct span out = arena_copy(&shared, span_of(der, (size_t)n));
    OPENSSL_free(der);
    X509_REQ_free(req);
    return out;
}

static inline struct scep_key scep_key_of(struct span cert, const struct key *key) {
    struct scep_key k = {.cert = cert, .key = key};
    assert_ok(cert_parse(cert, &k.parsed));
    return k;
}

static inline int set_up(void **state) {
    (void)state;
    ra_key = pair_new(2048);
    client_key = pair_new(2048);
    ec_key = pair_new(0);
    ra = cert_new(&shared, "CN=RA,O=x", ra_key.ours, "CN=CA,O=x", ra_key.ours, false);
    client = cert_new(&shared, "CN=SCEP Protocol Certificate", client_key.ours,
                      "CN=SCEP Protocol Certificate", client_key.ours, false);
    csr_der = new_csr(client_key.theirs, "S3cret");
    ra_pair = scep_key_of(ra, ra_key.ours);
    load_their_des();
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    pair_free(&ra_key);
    pair_free(&client_key);
    pair_free(&ec_key);
    arena_free(&shared);
    return 0;
}

static inline struct span envelope(struct arena *a, struct span content, const EVP_CIPHER *cipher,
                                   bool oaep) {
    return their_envelope(a, content, &ra, 1, cipher, (struct transport){.oaep = oaep});
}

/* A PKCSReq as a client of OpenSSL writes it. */
static inline struct their_message request(struct arena *a) {
    return (struct their_message){
        .content = envelope(a, csr_der, EVP_aes_128_cbc(), true),
        .cert = client,
        .key = client_key.theirs,
        .md = EVP_sha256(),
        .type = "19",
        .transaction_id = "HVvzN0228V+AW=",
        .nonce = "0123456789abcdef",
    };
}

#endif
