/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMS EnvelopedData (RFC 5652, section 6) as SCEP uses it: RSA key transport to a recipient named
 * by issuer and serial, and AES in CBC mode.
 */
#ifndef SIGNET_CMS_ENVELOPED_H
#define SIGNET_CMS_ENVELOPED_H

#include "crypto/aes.h"
#include "crypto/algorithm.h"

enum key_transport { TRANSPORT_PKCS1, TRANSPORT_OAEP };
enum content_cipher { CIPHER_AES128_CBC, CIPHER_AES256_CBC };

struct cms_enveloped {
    struct span recipients; /* elements of the SET */
    struct span content_type;
    struct algorithm cipher;
    struct span ciphertext;
};

/* A RecipientInfo; `issuer` is empty when it is of another kind than what we can open. */
struct cms_recipient {
    struct span issuer, serial;
    struct algorithm transport;
    struct span encrypted_key;
};

/* Parses a ContentInfo with EnvelopedData, strictly as DER. ERR_PARSE. */
enum err cms_enveloped_read(struct span der, struct cms_enveloped *out) ERR_MUST_USE;

/* The next of the recipients, from der_of(env->recipients). ERR_PARSE. */
enum err cms_recipient_next(struct der *d, struct cms_recipient *out) ERR_MUST_USE;

/*
 * Decrypts for the recipient with that issuer and serial, wherever it stands. Errors tell only
 * what everybody can see in the message. Whether the key transport was good is told nowhere: a
 * wrong key is replaced by a random one. Whether the cipher's padding was good is told by *good,
 * for the caller to use after he has parsed the content in any case.
 */
enum err cms_enveloped_open(struct arena *a, const struct cms_enveloped *env, struct span issuer,
                            struct span serial, const struct key *key,
                            enum key_transport *transport, enum content_cipher *cipher,
                            struct span *content, uint32_t *good) ERR_MUST_USE;

struct cms_sealing {
    struct span content;
    struct span issuer, serial, spki; /* of the recipient's certificate */
    enum key_transport transport;
    enum content_cipher cipher;
};

/* Builds a ContentInfo with one recipient; OAEP's parameters are the empty SEQUENCE. ERR_CRYPTO. */
enum err cms_enveloped_build(struct arena *a, const struct cms_sealing *s,
                             struct span *der) ERR_MUST_USE;

#endif
