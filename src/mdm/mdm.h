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
#include "mdm/acquaintance.h"
#include "mdm/guesses.h"
#include "mdm/replies.h"

/* What a host may prove itself by in its sessions. */
enum device_auth { /* in the order of the configuration's words */
                   DEVICE_AUTH_CERTIFICATE,
                   DEVICE_AUTH_MD5,
                   DEVICE_AUTH_BOTH,
};

struct mdm {
    struct store *store;
    struct profile_shelf *profiles; /* csp/shelf.h; mdm_work's alone, whoever commits: one thread */
    const struct authority *authority;
    struct pki_holder *pki;
    struct gateway *gateway;                 /* NULL: none (tests) */
    struct guesses *guesses;                 /* judges passwords */
    struct acquaintances *acquaintances;     /* for mdm_recognize; NULL: none (tests) */
    struct replies *replies;                 /* for messages that come again */
    struct revocation *revocation;           /* is told when an outcome changes what is public */
    const char *server_url;                  /* https://host, as users type it */
    const char *policy_url, *enrollment_url; /* https://host/EnrollmentServer/... */
    const char *management_url;              /* https://host:8443/ManagementServer/MDM.svc */
    const char *scep_url;                    /* {{scep.url}} of the endpoint "default" */
    const char *scep_base;                   /* of other endpoints: before their path */
    const char *provider_id, *name;
    int64_t identity_validity; /* ms */
    const char *sign_in_url;   /* of the page on which users sign in; NULL: OnPremise only */
    /* Where hosts renew their identities: discovery, and what it then answers. */
    const char *renew_url, *renew_policy_url, *renew_enrollment_url;
    int64_t hosts_per_user;  /* of accounts that have no number of their own; 0: no limit */
    bool closed;             /* no host is enrolled; those that are here go on */
    const char *closed_text; /* what their users are shown; NULL: nothing of ours */
    struct enroll_policy enroll_policy;
    enum device_auth device_auth;
};

/*
 * The three SOAP requests of an enrollment (MS-MDE2), each answered in `reply`: with the response
 * (true), or with a SOAP fault (false: HTTP 500). `renewing`: they came where identities are
 * renewed (ROBO, windows-mdm.md, C.8). There discovery and policies, which hold no secret, ask
 * nobody who he is; the token is given for the same proofs everywhere. Thread-safe.
 */
bool mdm_discover(const struct mdm *mdm, struct arena *a, struct span soap, const char *peer,
                  bool renewing, struct buf *reply);

/*
 * The other two may come with a password, which is slow to judge: they are read, and answered when
 * the guess is done (guesses.h), or at once where mdm_guess is NULL. What is given and returned
 * lives as long as `a`.
 */
struct enrolling;
struct enrolling *mdm_get_policies(const struct mdm *mdm, struct arena *a, struct span soap,
                                   const char *peer, bool renewing);
struct enrolling *mdm_request_token(const struct mdm *mdm, struct arena *a, struct span soap,
                                    const char *peer, bool renewing);
struct guess *mdm_guess(struct enrolling *q);
bool mdm_answer(struct enrolling *q, struct buf *reply);

/*
 * The sign-in page's part (Federated): whether the account's password, or a code in its place, is
 * right, and then the token that the host shows in its requests. Between the two the guess, as
 * above. ERR_AUTH with what to tell the user, ERR_BUSY. Thread-safe.
 */
enum { MDM_SIGN_IN_SIZE = 27 };
struct mdm_sign_in;
enum err mdm_sign_in(const struct mdm *mdm, struct arena *a, struct span name, struct span password,
                     const char *peer, struct mdm_sign_in **out) ERR_MUST_USE;
struct guess *mdm_sign_in_guess(struct mdm_sign_in *s);
enum err mdm_signed_in(const struct mdm_sign_in *s, char token[MDM_SIGN_IN_SIZE]) ERR_MUST_USE;

/*
 * What a listener knows of the sender of a message. `cert` is the certificate of the TLS handshake,
 * unverified: it counts only if the store knows its hash, live, for the device that the message
 * names. Without one, and where `md5_allowed`, the digest in the message decides (mdm/md5.h).
 */
struct mdm_proof {
    struct span cert; /* DER, or empty */
    bool md5_allowed;
};

/*
 * One message of a SyncML session (MS-MDM), in four steps: read, in any thread; what must be
 * fetched before its answer, given; the work, a job of the store; and when that is done, the reply.
 * A stranger is answered by a SyncHdr status of 401 (407 without a certificate), and nothing of his
 * message is looked at. A message that comes again is not heard again, and gets the answer that it
 * got, or one without commands where that is gone (mdm/replies.h).
 */
struct mdm_message;
struct mdm_wanted;

/* Tells how many lines of the log about strangers were left out since it was told last. */
void mdm_tell_left_out(void);

/* ERR_PARSE and ERR_LIMIT for what is no SyncML: HTTP 400 and 413. Everything given lives as long
 * as `a`, which is freed after mdm_finish. */
enum err mdm_read(const struct mdm *mdm, struct arena *a, const struct mdm_proof *proof,
                  struct span message, const char *peer, struct mdm_message **out) ERR_MUST_USE;

/* The id of the host that has proved to have sent it, or 0: a stranger's, whatever name it bears. A
 * certificate that has just proved it is believed for some seconds (mdm/acquaintance.h). Writes
 * nothing. */
enum err mdm_recognize(const struct mdm_message *m, int64_t *device) ERR_MUST_USE;

/* Instead of the rest: there are too many messages of this host. Noted in its journal. */
void mdm_flooded(const struct mdm_message *m);

/*
 * Instead of the rest: there are too many strangers at his address, which may be a tunnel's, and so
 * every host's. Who could log in by MD5 gets the challenge without which he never could: it needs
 * no job of the store. ERR_BUSY: no answer but "later".
 */
enum err mdm_turn_away(const struct mdm_message *m, struct buf *reply) ERR_MUST_USE;

/* What mdm_wants found, filled in. */
void mdm_give(struct mdm_message *m, const struct mdm_wanted *wanted);

/* A store_work: `message` is a struct mdm_message. */
enum err mdm_work(struct tx *tx, void *message) ERR_MUST_USE;

/* Call it once. `committed` is the result of the job, OK: the reply may leave the house. Takes no
 * time. ERR_INTERNAL. */
enum err mdm_finish(struct mdm_message *m, enum err committed, struct buf *reply) ERR_MUST_USE;

/*
 * What the answer may need of an upstream: to be fetched before, since that may take seconds. Looks
 * only; gives an entry for each profile with {{scep.challenge}} that waits for this very host (its
 * certificate counts as in mdm_work) and whose upstream has a challenge to give. An enrollment for
 * which another message has an entry is left out: its profile does not go out with this answer.
 */
struct mdm_wanted {
    const char *enrollment, *upstream;
    const char *challenge; /* the caller sets it, or `reason` why there is none */
    const char *reason;
    struct claim claim;
    struct mdm_wanted *next;
};
enum err mdm_wants(struct mdm_message *m, struct mdm_wanted **out) ERR_MUST_USE;

/* After mdm_finish, in every case: others may ask for the same. */
void mdm_wants_done(const struct mdm *mdm, struct mdm_wanted *wanted);

#endif
