/* SPDX-License-Identifier: Apache-2.0 */
/* Inside a Name: RDNs, attributes, string types. For this room, and for showing what was read. */
#ifndef SIGNET_X509_ATTRIBUTE_H
#define SIGNET_X509_ATTRIBUTE_H

#include "base/buf.h"
#include "der/der.h"

struct attribute {
    struct span oid;
    struct der_item value;
};

/* `name` stands at the first RDN. */
enum err name_open(struct span der, struct der *name) ERR_MUST_USE;
enum err rdn_next(struct der *name, struct der *rdn) ERR_MUST_USE;
enum err attribute_next(struct der *rdn, struct attribute *out) ERR_MUST_USE;

/* The short key that people know, such as "CN"; NULL when there is none. */
const char *attribute_key(struct span oid);

bool utf8_valid(struct span s);

/*
 * Appends a string of any of ASN.1's character types as printable UTF-8; control characters,
 * backslashes and malformed octets become escapes.
 */
void string_show(struct buf *b, uint8_t tag, struct span s);

#endif
