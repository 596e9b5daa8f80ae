/* SPDX-License-Identifier: Apache-2.0 */
/* What GetCACaps answered, and what a request looks like because of it (windows-scep.md, 2.1). */
#ifndef SIGNET_DEVICE_SCEP_CAPS_H
#define SIGNET_DEVICE_SCEP_CAPS_H

#include <openssl/evp.h>

#include "device/host.h"

struct scep_caps {
    bool post;            /* PKIOperation by POST, else by GET */
    bool aes;             /* else the server knows 3DES only */
    bool chain;           /* GetCACertChain instead of GetCACert (1.7) */
    const EVP_MD *digest; /* of the first hash keyword (or HashAlgorithm's); NULL: there is none */
};

/* One keyword a line, LF or CRLF, of either case; unknown ones do not matter. */
void scep_caps_read(struct span body, struct scep_caps *out) __attribute__((nonnull));

/* What the host signs with and encrypts with: the switches digest and cipher. */
const EVP_MD *scep_caps_digest(const struct scep_caps *c, const struct host *h)
    __attribute__((nonnull, returns_nonnull));
const EVP_CIPHER *scep_caps_cipher(const struct scep_caps *c, const struct host *h)
    __attribute__((nonnull, returns_nonnull));

#endif
