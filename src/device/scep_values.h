/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the SCEP task makes of a profile's values. The CSP has taken them: what is wrong with them
 * now is seen in Status and ErrorCode only (windows-mdm.md, A.3).
 */
#ifndef SIGNET_DEVICE_SCEP_VALUES_H
#define SIGNET_DEVICE_SCEP_VALUES_H

#include "device/ossl.h"
#include "device/scep_settings.h"

/*
 * HR_OK, or what the enrollment fails with before its key is made: a challenge that is no
 * PrintableString, a key length that no RSA key may have, KeyProtection without the hardware that
 * it asks for, an AADKeyIdentifierList (this host has no Entra key that could be in it). What
 * nobody has published the code of has that of the switch unknown-hresult.
 */
uint32_t scep_values_check(const struct host *h, const struct scep_settings *s);

/* The HRESULT of what nobody has published the code of: the switch unknown-hresult. */
uint32_t scep_values_unpublished(const struct host *h);

/* Whether the key is made in the TPM: KeyProtection 1, and 2 where there is one (switch tpm). */
bool scep_values_in_tpm(const struct host *h, const struct scep_settings *s);

/* The provider that keeps such a key. */
const char *scep_values_provider(bool in_tpm) __attribute__((returns_nonnull));

/*
 * The digest that signs the CSR: of the families "SHA-1", "SHA-2" and "SHA-3", joined by '+' or, as
 * Intune does, by ';', the best that Windows' provider has, or the first (the switch csr-digest).
 * NULL when there is none.
 */
const EVP_MD *scep_values_digest(const struct host *h, const char *hash_algorithm)
    __attribute__((nonnull));

#endif
