/* SPDX-License-Identifier: Apache-2.0 */
/* What a host proves in a renewal: that it holds the identity that is to be renewed. */
#ifndef SIGNET_MDM_RENEWAL_PROOF_H
#define SIGNET_MDM_RENEWAL_PROOF_H

#include "base/arena.h"
#include "base/err.h"

/*
 * Reads a CMS SignedData around a PKCS#10 (windows-mdm.md, C.8), with and without signed
 * attributes, and verifies its one signature by the certificate in it that the signer names. Whose
 * that certificate is, is for the caller to judge: it may be anybody's. `cert` and `csr` are DER in
 * `a`. ERR_PARSE; ERR_AUTH: the signature does not hold. Thread-safe.
 */
enum err renewal_proof_read(struct arena *a, struct span cms, struct span *cert,
                            struct span *csr) ERR_MUST_USE;

#endif
