/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the world is told of revocations: CRLs, always fresh, and OCSP. A CRL is made anew when a
 * revocation was committed, and when half its life is over; OCSP responses without a nonce are kept
 * until something is revoked or they are half as old as they may be.
 */
#ifndef SIGNET_CA_REVOCATION_H
#define SIGNET_CA_REVOCATION_H

#include "ca/pki.h"
#include "store/certificate.h"

struct revocation; /* thread-safe */

enum err revocation_open(struct store *store, struct revocation **out) ERR_MUST_USE;
void revocation_close(struct revocation *r);

/* Something was revoked or reinstated, or an enrollment has closed that had a certificate
 * superseded: what is kept is stale. Cheap. */
void revocation_changed(struct revocation *r);

/*
 * The CRL of the CA, in `a`; made, numbered and committed first when there is no fresh one. Callers
 * that come at once wait for one making.
 */
enum err revocation_crl(struct revocation *r, const struct ca *ca, struct arena *a,
                        struct published_crl *out) ERR_MUST_USE;

/*
 * Answers an OCSP request with an OCSPResponse in `a`, whatever comes: `unknown` for a serial that
 * was never issued, unauthorized for an issuer that is not ours, malformedRequest for what cannot
 * be read. Never fails but by the machine's fault (internalError). A certificate superseded while
 * its enrollment is open is `good`: its host may hold it. *next_update (ms) is until when the
 * answer may be kept; 0: not at all.
 */
struct span revocation_ocsp(struct revocation *r, const struct pki *pki, struct arena *a,
                            struct span request, int64_t *next_update);

#endif
