/* SPDX-License-Identifier: Apache-2.0 */
/* What a host proves in a renewal: that it holds the identity that is to be renewed. */
#ifndef SIGNET_MDM_RENEWAL_PROOF_H
#define SIGNET_MDM_RENEWAL_PROOF_H

#include "base/arena.h"
#include "base/err.h"

struct renewal_proof; /* lives in an arena */

/*
 * Reads a CMS SignedData around a PKCS#10 (windows-mdm.md, C.8), with and without signed
 * attributes, and finds its one signer's certificate in it; `cert` is DER in `a`. Nothing is
 * proved yet: the certificate, its key and algorithms may be anybody's, and to compute with them
 * may take long. ERR_PARSE. Thread-safe.
 */
enum err renewal_proof_read(struct arena *a, struct span cms, struct renewal_proof **out,
                            struct span *cert) ERR_MUST_USE;

/*
 * Verifies its one signature by that certificate, once it is known to be one of ours. `csr` is DER
 * in `a`. ERR_AUTH: the signature does not hold; ERR_PARSE: there is nothing under it.
 */
enum err renewal_proof_verify(struct arena *a, const struct renewal_proof *proof,
                              struct span *csr) ERR_MUST_USE;

#endif
