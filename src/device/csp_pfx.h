/* SPDX-License-Identifier: Apache-2.0 */
/* What others need of ClientCertificateInstall/PFXCertInstall. */
#ifndef SIGNET_DEVICE_CSP_PFX_H
#define SIGNET_DEVICE_CSP_PFX_H

#include "device/host.h"

/* Removes what the server `provider` installed, in both scopes: nodes, certificates and keys. */
void csp_pfx_remove_all(struct host *h, const char *provider) __attribute__((nonnull));

/* Whether the key of the PFX below the registry key `k` is in the TPM: KeyLocation and switch tpm.
 */
bool csp_pfx_in_tpm(const struct host *h, const struct reg_key *k) __attribute__((nonnull));

#endif
