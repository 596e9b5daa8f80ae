/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions (RFC 5280, 4.2), as they stand in certificates and in CSRs. */
#ifndef SIGNET_X509_EXTENSION_H
#define SIGNET_X509_EXTENSION_H

#include "der/der.h"

struct extension {
    struct span oid;
    bool critical;
    struct span value; /* inside the OCTET STRING */
};

/* Reads the next one; an explicit critical FALSE, which DER forbids, is accepted. */
enum err extension_next(struct der *d, struct extension *out) ERR_MUST_USE;

/* The first octet of a KeyUsage value. */
enum err extension_key_usage(struct span value, unsigned *bits) ERR_MUST_USE;

#endif
