/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Windows MDM service: enrolling hosts, and the SyncML sessions in which profiles are delivered
 * and their outcome is asked for. Bytes in, bytes out; no HTTP.
 */
#ifndef SIGNET_MDM_MDM_H
#define SIGNET_MDM_MDM_H

#include "base/buf.h"
#include "ca/revocation.h"
#include "enroll/enroll.h"
#include "gateway/challenge.h"

struct mdm {
    struct store *store;
    const struct authority *authority;
    struct pki_holder *pki;
    struct gateway *gateway;                 /* NULL: none (tests) */
    struct revocation *revocation;           /* is told when an outcome changes what is public */
    const char *policy_url, *enrollment_url; /* https://host/EnrollmentServer/... */
    const char *management_url;              /* https://host:8443/ManagementServer/MDM.svc */
    const char *scep_url;                    /* {{scep.url}} of the endpoint "default" */
    const char *scep_base;                   /* of other endpoints: before their path */
    const char *provider_id, *name;
    int64_t identity_validity; /* ms */
    struct enroll_policy enroll_policy;
};

/*
 * The three SOAP requests of an enrollment (MS-MDE2), each answered in `reply`: with the response
 * (true), or with a SOAP fault (false: HTTP 500). Thread-safe.
 */
bool mdm_discover(const struct mdm *mdm, struct arena *a, struct span soap, struct buf *reply);
bool mdm_get_policies(const struct mdm *mdm, struct arena *a, struct span soap, const char *peer,
                      struct buf *reply);
bool mdm_request_token(const struct mdm *mdm, struct arena *a, struct span soap, const char *peer,
                       struct buf *reply);

struct mdm_wanted;

/*
 * One message of a SyncML session (MS-MDM). `client_cert` is the certificate of the TLS handshake,
 * unverified: it counts only if the store knows its hash, live, for the device that the message
 * names. A stranger is answered by a SyncHdr status of 401 (407 without a certificate), and nothing
 * of his message is looked at. ERR_PARSE and ERR_LIMIT for what is no SyncML: HTTP 400 and 413.
 * `wanted` is what mdm_wants found, filled in.
 * Thread-safe; everything that a message changes is durable before the reply is returned.
 */
enum err mdm_session(const struct mdm *mdm, struct arena *a, struct span client_cert,
                     struct span message, const char *peer, const struct mdm_wanted *wanted,
                     struct buf *reply) ERR_MUST_USE;

/*
 * What mdm_session's answer may need of an upstream: to be fetched before, since that may take
 * seconds. Looks only; gives an entry for each profile with {{scep.challenge}} that waits for this
 * very host (its certificate counts as in mdm_session) and whose upstream has a challenge to give.
 * An enrollment for which another message has an entry is left out: its profile does not go out
 * with this answer. ERR_PARSE and ERR_LIMIT as mdm_session.
 */
struct mdm_wanted {
    const char *enrollment, *upstream;
    const char *challenge; /* the caller sets it, or `reason` why there is none */
    const char *reason;
    struct claim claim;
    struct mdm_wanted *next;
};
enum err mdm_wants(const struct mdm *mdm, struct arena *a, struct span client_cert,
                   struct span message, struct mdm_wanted **out) ERR_MUST_USE;

/* After mdm_session, in every case: others may ask for the same. */
void mdm_wants_done(const struct mdm *mdm, struct mdm_wanted *wanted);

#endif
