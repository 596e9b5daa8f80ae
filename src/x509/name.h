/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distinguished names: DER, and the X.500 strings that Windows reads with CertStrToName
 * (windows-mdm.md, A.5): separators are , + and ;, a value with special characters stands in
 * double quotes as a whole, an inner quote is doubled, a backslash is an ordinary character.
 */
#ifndef SIGNET_X509_NAME_H
#define SIGNET_X509_NAME_H

#include "base/arena.h"
#include "base/err.h"

/*
 * Encodes an X.500 string as a Name in the order of the string. Known attributes: CN, OU, O, L, S
 * or ST, C, DC, E or Email, G or GN, SN, T or Title, I or Initials, SERIALNUMBER, STREET, UID, and
 * OIDs in dotted form, with or without "OID.". C, SERIALNUMBER: PrintableString; DC, E: IA5String;
 * else UTF8String. ERR_PARSE with the place that is wrong.
 */
enum err name_from_x500(struct arena *a, struct span text, struct span *der) ERR_MUST_USE;

/*
 * Whether two Names hold the same RDNs with the same values, whatever string types they use. The
 * order may be the same or exactly reversed: which one Windows writes is an open point. Malformed
 * DER is never the same.
 */
bool name_same(struct span der_a, struct span der_b);

/* For people: "CN=host, O=Example"; control characters are shown as escapes. Never NULL. */
const char *name_text(struct arena *a, struct span der) __attribute__((returns_nonnull));

#endif
