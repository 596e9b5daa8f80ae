/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the management server has set for its account on the host: DMClient's values and those of
 * the certificate's renewal. They are values of the registry, below Enrollments\\GUID; that the
 * nodes are kept there under their own names is our choice, not a fact.
 */
#ifndef SIGNET_DEVICE_WORKPLACE_H
#define SIGNET_DEVICE_WORKPLACE_H

#include "device/host.h"

/* The key of the account, of DMClient/Provider/ID, of CertificateStore/MY/WSTEP/Renew. */
const char *workplace_key(const struct host *h, struct arena *a) __attribute__((returns_nonnull));
const char *workplace_client_key(const struct host *h, struct arena *a)
    __attribute__((returns_nonnull));
const char *workplace_renew_key(const struct host *h, struct arena *a)
    __attribute__((returns_nonnull));

/* Where the enrollment began; a renewal begins there, too, unless Renew/ServerURL says otherwise.
 */
void workplace_set_discovery(struct host *h, const char *url);
const char *workplace_discovery(const struct host *h); /* or NULL */

/* A value of CertificateStore/MY/WSTEP/Renew, or NULL. It lives until the next change. */
const char *workplace_renew_value(const struct host *h, const char *name);

/* A value of DMClient/Provider/ID, or NULL. It lives until the next change. */
const char *workplace_client_value(const struct host *h, const char *name);

/* Whether SyncApplicationVersion is at least 3.0: then a Status tells the original error (A.8). */
bool workplace_tells_errors(const struct host *h);

/*
 * The end of the enrollment, from whichever side: identity, settings and scheduled tasks go; the
 * certificates that it delivered, and their keys, by the switch unenroll-certs. In memory.
 */
void workplace_remove(struct host *h) __attribute__((nonnull));

#endif
