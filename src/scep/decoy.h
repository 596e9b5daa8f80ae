/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work in the place of work: what cannot be read as a CSR is parsed and verified as this one, so
 * that the answer to it takes as long as the answer to a CSR whose signature is broken.
 */
#ifndef SIGNET_SCEP_DECOY_H
#define SIGNET_SCEP_DECOY_H

#include "x509/csr.h"

/*
 * Parses a fixed CSR of the usual shape, an RSA key of 2048 bits, and puts `signed_part` where
 * csr_verify looks for what was signed: the check costs what the right one would, and fails.
 */
void decoy_csr(struct span signed_part, struct csr *out);

#endif
