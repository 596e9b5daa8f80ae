/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions (RFC 5280, 4.2 and 5.2), as they stand in certificates, CSRs, CRLs and OCSP. */
#ifndef SIGNET_X509_EXTENSION_H
#define SIGNET_X509_EXTENSION_H

#include "der/writer.h"

struct extension {
    struct span oid;
    bool critical;
    struct span value; /* inside the OCTET STRING */
};

/* Reads the next one; an explicit critical FALSE, which DER forbids, is accepted. */
enum err extension_next(struct der *d, struct extension *out) ERR_MUST_USE;

/* The first octet of a KeyUsage value. */
enum err extension_key_usage(struct span value, unsigned *bits) ERR_MUST_USE;

/* ---- writing ---- */

/* Wraps everything since `mark`, the extension's value, into an Extension. */
void extension_wrap(struct der_writer *w, size_t mark, const char *oid, bool critical);

/* One that is not critical, of a value that is encoded already. */
void extension_put(struct der_writer *w, const char *oid, struct span value);

/* AuthorityKeyIdentifier (keyIdentifier alone) and SubjectKeyIdentifier of a key. ERR_PARSE. */
enum err extension_put_aki(struct der_writer *w, struct span issuer_key_id,
                           struct span issuer_spki) ERR_MUST_USE;
enum err extension_put_ski(struct der_writer *w, struct span spki) ERR_MUST_USE;

/* KeyUsage, critical; at least one of the eight bits must be set. */
void extension_put_key_usage(struct der_writer *w, unsigned bits);

/* BasicConstraints CA:TRUE, critical. */
void extension_put_ca(struct der_writer *w);

/* cRLDistributionPoints, and authorityInfoAccess with what is not NULL (4.2.1.13, 4.2.2.1). */
void extension_put_crl_url(struct der_writer *w, const char *url);
void extension_put_aia(struct der_writer *w, const char *ocsp_url, const char *issuer_url);

/* szOID_NTDS_CA_SECURITY_EXT with a SID in text (MS-WCCE, 2.2.2.7.7.4). */
void extension_put_sid(struct der_writer *w, const char *sid);

#endif
