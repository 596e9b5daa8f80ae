/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endpoints and their CAs as they are in force: one object that is never changed, counted by
 * those who use it, and replaced as a whole when a CA or an RA has been renewed. So a request is
 * answered by what it began with, and nobody waits.
 */
#ifndef SIGNET_CA_PKI_H
#define SIGNET_CA_PKI_H

#include "ca/authority.h"
#include "ca/ca.h"
#include "ca/policy.h"

#define PKI_DEFAULT "default" /* the name of the first CA and the first endpoint */

enum {
    PKI_MAX_CAS = 32,
    PKI_MAX_ENDPOINTS = 32, /* of signet.conf */
    PKI_MAX_GATEWAYS = 32,  /* beside them */
    PKI_MAX_UPSTREAM_CERTS = 16,
    ENDPOINT_MAX_PATHS = 4
};

struct endpoint_settings {
    const char *name;                      /* "default", or of [endpoint "NAME"] */
    const char *paths[ENDPOINT_MAX_PATHS]; /* such as "/scep/corp"; lower-cased, no closing slash */
    size_t path_count;
    const char *ca; /* name */
    struct policy policy;
    /* Of an upstream in RA mode (gateway/): its name, and its CA certificates (DER), which hosts
     * get with GetCACert to chain what it issues: no RA of the upstream, which Windows might pick.
     * NULL and 0: the endpoint's own CA issues. */
    const char *upstream;
    const struct span *upstream_certs;
    size_t upstream_cert_count;
};

struct pki_settings {
    const char *folder; /* the data folder */
    struct ca_settings cas[PKI_MAX_CAS];
    size_t ca_count;
    struct endpoint_settings endpoints[PKI_MAX_ENDPOINTS]; /* the default one first */
    size_t endpoint_count;
};

struct endpoint {
    const char *name;
    const struct endpoint_settings *settings;
    const struct policy *policy; /* &settings->policy */
    const struct ca *ca;
    const char *upstream;                      /* who issues; NULL: the CA */
    struct scep_key openers[SCEP_MAX_OPENERS]; /* all that may open an envelope sent to it */
    size_t opener_count;
    struct scep_key signer;   /* signs CertReps: the RA, its signing half, or the CA */
    struct span ca_certs;     /* the answer to GetCACert, DER */
    bool ca_certs_single;     /* it is one bare certificate */
    const char *capabilities; /* the answer to GetCACaps */
};

struct pki {
    struct endpoint endpoints[PKI_MAX_ENDPOINTS + PKI_MAX_GATEWAYS]; /* the configured ones first */
    size_t endpoint_count, configured_count;
    struct ca cas[PKI_MAX_CAS]; /* with the retired ones */
    size_t ca_count;
};

struct pki_holder; /* holds the pki in force */

/*
 * Loads it; makes RA and OCSP certificates that are missing. `settings` must outlive the holder.
 * ERR_CONFIG names the file or key that is wrong, and the cure: an endpoint without its CA, the
 * single form on an EC CA or on one whose KeyUsage lacks digitalSignature or keyEncipherment,
 * policy_check.
 */
enum err pki_open(const struct pki_settings *settings, struct pki_holder **out) ERR_MUST_USE;
void pki_close(struct pki_holder *holder);

/* The pki in force, counted: pki_release it. Thread-safe, cheap. */
const struct pki *pki_acquire(struct pki_holder *holder) __attribute__((returns_nonnull));
void pki_release(const struct pki *pki);

/* Reads all anew (`signet ca` has changed files) and puts it in force; an error leaves the old. */
enum err pki_reload(struct pki_holder *holder) ERR_MUST_USE;

/*
 * Puts these endpoints beside the configured ones, in place of those of the last call, and in
 * force. `gateways` is copied, but for what its policies point to: that must outlive the holder.
 * ERR_CONFIG as of pki_open, and when a name or a path is taken; then the old ones stay.
 */
enum err pki_set_gateways(struct pki_holder *holder, const struct endpoint_settings *gateways,
                          size_t count) ERR_MUST_USE;

/* Renews what is about to end (ca_keep_ra) and reloads if so. For housekeeping. */
enum err pki_keep(struct pki_holder *holder, bool *changed) ERR_MUST_USE;

/* By name, or NULL. */
const struct endpoint *pki_endpoint(const struct pki *pki, const char *name);
const struct ca *pki_ca(const struct pki *pki, const char *name); /* the one that issues */
const struct ca *pki_ca_by_sha1(const struct pki *pki, const char *sha1);

/*
 * The endpoint that serves a URL path (any case): the longest configured path that is the path or
 * is followed by a slash in it. Once signet.conf has an endpoint beside the default, the default
 * serves below its own path nothing but "/pkiclient.exe", once or repeated. NULL: nobody.
 */
const struct endpoint *pki_route(const struct pki *pki, const char *path);

/* Issues a grant from the endpoint's CA, by the policy's validity, which never outlives the CA. */
enum err pki_issue(const struct endpoint *endpoint, struct arena *a, const struct grant *grant,
                   int64_t now, struct issued *out) ERR_MUST_USE;

#endif
