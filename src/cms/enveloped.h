/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMS EnvelopedData (RFC 5652, section 6) as SCEP uses it: RSA key transport to a recipient named
 * by issuer and serial or by subject key identifier, and a cipher in CBC mode.
 */
#ifndef SIGNET_CMS_ENVELOPED_H
#define SIGNET_CMS_ENVELOPED_H

#include "crypto/algorithm.h"
#include "crypto/cipher.h"
#include "crypto/public.h"

enum key_transport { TRANSPORT_PKCS1, TRANSPORT_OAEP };

struct cms_enveloped {
    struct span recipients; /* elements of the SET */
    struct span content_type;
    struct algorithm cipher;
    struct span ciphertext;
};

/*
 * A RecipientInfo. Both names are empty when it is of another kind than key transport; then nothing
 * of it is read.
 */
struct cms_recipient {
    struct span issuer, serial; /* or: */
    struct span key_id;         /* subjectKeyIdentifier */
    struct algorithm transport;
    struct span encrypted_key;
};

/* Parses a ContentInfo with EnvelopedData; what is BER is first made DER in `a`. ERR_PARSE. */
enum err cms_enveloped_read(struct arena *a, struct span message,
                            struct cms_enveloped *out) ERR_MUST_USE;

/* The next of the recipients, from der_of(env->recipients). ERR_PARSE. */
enum err cms_recipient_next(struct der *d, struct cms_recipient *out) ERR_MUST_USE;

/*
 * Which cipher the content has; everybody can see that in the message. ERR_ALGORITHM for one that
 * is unknown, ERR_PARSE for a malformed IV.
 */
enum err cms_enveloped_cipher(const struct cms_enveloped *env, enum cipher *out) ERR_MUST_USE;

/* One of those for whom a message may be: a certificate of ours and its key. */
struct cms_opener {
    struct span issuer, serial, spki; /* of the certificate */
    struct span key_id;               /* its subjectKeyIdentifier; empty: none */
    const struct key *key;
};

/*
 * Decrypts for the first RecipientInfo that names one of the openers, wherever it stands; another
 * one is never tried, whatever comes out. A key identifier names an opener when it is its
 * certificate's, or the SHA-1 of its key. Errors tell only what everybody can see in the message.
 * Whether the key transport was good is told nowhere: a wrong key is replaced by a random one.
 * Whether the cipher's padding was good is told by *good, for the caller to use after he has parsed
 * the content in any case.
 */
enum err cms_enveloped_open(struct arena *a, const struct cms_enveloped *env,
                            const struct cms_opener *openers, size_t count,
                            enum key_transport *transport, enum cipher *cipher,
                            struct span *content, uint32_t *good) ERR_MUST_USE;

struct cms_sealing {
    struct span content;
    struct span issuer, serial; /* of the recipient's certificate */
    const struct public_key *key;
    enum key_transport transport;
    enum cipher cipher;
};

/* Builds a ContentInfo with one recipient; OAEP's parameters are the empty SEQUENCE. ERR_CRYPTO. */
enum err cms_enveloped_build(struct arena *a, const struct cms_sealing *s,
                             struct span *der) ERR_MUST_USE;

#endif
