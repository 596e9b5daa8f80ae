/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request that the server pended. It waits as long as its enrollment: the throw-away signer and a
 * self-signed stand-in for the certificate, both with their keys, in the store REQUEST, the rest
 * below the enrollment's registry key:
 *
 *     <UniqueID>\Pending   TransactionId, ServerUrl, Signer and Request (thumbprints)
 */
#ifndef SIGNET_DEVICE_SCEP_PENDING_H
#define SIGNET_DEVICE_SCEP_PENDING_H

#include "device/scep_message.h"

/* `url` is the one that answered, with /pkiclient.exe. False when OpenSSL fails. */
bool scep_pending_keep(struct host *h, const struct scep_settings *s, const char *url,
                       const struct scep_request *r);

/* False when nothing is pended. `*url` lives in `a`. */
bool scep_pending_load(struct host *h, const struct scep_settings *s, struct arena *a,
                       struct scep_request *r, const char **url);

/* Forgets the pended request of the enrollment with that registry key, if there is one. */
void scep_pending_drop(struct host *h, const char *key);

#endif
