/* SPDX-License-Identifier: Apache-2.0 */
/* One SCEP enrollment as its registry key describes it (windows-scep.md, 6.1 and 6.2). */
#ifndef SIGNET_DEVICE_SCEP_SETTINGS_H
#define SIGNET_DEVICE_SCEP_SETTINGS_H

#include "device/host.h"

struct scep_settings {
    const char *key; /* registry path of the UniqueID */
    const char *id;  /* UniqueID */
    bool user_scope; /* HKEY_CURRENT_USER: CurrentUser's store */
    const char *server_url, *challenge, *ekus, *subject, *alt_names, *hash, *ca_thumbprint;
    const char *valid_period, *aad_keys; /* ValidPeriod, AADKeyIdentifierList; NULL without */
    const char *correlation;             /* "{guid}" for the event log */
    uint32_t key_usage, key_length, key_protection, retry_count, retry_delay, attempt;
    bool renews; /* the certificate that is there signs the request; no Challenge is needed */
    bool last;   /* no attempt follows: PENDING means failed */
};

#define SCEP_KEY_MACHINE "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP"
#define SCEP_KEY_USER    "HKEY_CURRENT_USER\\SOFTWARE\\Microsoft\\SCEP"

/*
 * The values of an Install key, with the CSP's defaults. `path` is the path of the UniqueID's key.
 * The texts stay with the registry and `path`. Nodes that are required and missing leave NULL or 0.
 */
void scep_settings_read(const struct reg_key *install, const char *path, struct scep_settings *out);

/* Whether the registry path of a UniqueID is the user's. */
bool scep_settings_is_user(const char *path) __attribute__((nonnull));

/* Name of the first required node that is missing or impossible, or NULL. */
const char *scep_settings_missing(const struct scep_settings *s);

#endif
