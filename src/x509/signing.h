/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certificates, CSRs, CRLs and OCSP responses have in common: something in DER, then the
 * algorithm, then the signature. The digest is SHA-256; SHA-384 by a P-384 key, SHA-512 by P-521.
 */
#ifndef SIGNET_X509_SIGNING_H
#define SIGNET_X509_SIGNING_H

#include "der/writer.h"
#include "crypto/key.h"

/* The AlgorithmIdentifier that signatures of this key get. */
void signing_put_algorithm(struct der_writer *w, const struct key *k);

/* Signs `tbs` and puts the three elements, without a header. ERR_CRYPTO. */
enum err signing_put(struct der_writer *w, struct span tbs, const struct key *k) ERR_MUST_USE;

/* The three elements as one SEQUENCE, in `a`. ERR_CRYPTO. */
enum err signing_wrap(struct arena *a, struct span tbs, const struct key *k,
                      struct span *der) ERR_MUST_USE;

#endif
