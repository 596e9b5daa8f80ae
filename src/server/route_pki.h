/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What everybody may learn of the CAs: their certificates, their CRLs, and OCSP.
 *
 *   /pki/NAME.crt        the certificate of the CA that issues
 *   /pki/NAME.crl        its CRL
 *   /pki/THUMBPRINT.*    the same of any CA, retired ones too
 *   /pki/device.*        the same of the CA of the hosts' identities, unless a CA has that name
 *   /ocsp                POST, or GET of /ocsp/BASE64 (RFC 6960, A.1)
 */
#ifndef SIGNET_SERVER_ROUTE_PKI_H
#define SIGNET_SERVER_ROUTE_PKI_H

#include "server/routes.h"

/* False, and nothing done, when the path is none of these. */
bool route_pki(const struct services *s, const struct pki *pki, const struct http_request *r,
               struct http_reply *reply);

#endif
