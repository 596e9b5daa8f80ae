/* SPDX-License-Identifier: Apache-2.0 */
/* Inside ca/: an endpoint as it is configured, put together with its CA. */
#ifndef SIGNET_CA_PKI_ENDPOINT_H
#define SIGNET_CA_PKI_ENDPOINT_H

#include "ca/pki.h"

/* Finds the CA, chooses keys by the form of GetCACert, makes its answers in `a`. ERR_CONFIG. */
enum err endpoint_resolve(struct arena *a, const struct pki *pki,
                          const struct endpoint_settings *settings,
                          struct endpoint *out) ERR_MUST_USE;

/* A gateway's endpoint, copied to `a`, but for what its policy points to. */
struct endpoint_settings *endpoint_copy(struct arena *a, const struct endpoint_settings *from)
    __attribute__((returns_nonnull));

/* ERR_CONFIG when an endpoint of the pki has its name or one of its paths. */
enum err endpoint_is_free(const struct pki *pki, const struct endpoint_settings *s) ERR_MUST_USE;

/* The section of signet.conf that an endpoint is in, for errors. */
const char *endpoint_section(struct arena *a, const char *name) __attribute__((returns_nonnull));

#endif
