/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside mdm/: one SOAP request of an enrollment while it is answered. enrollment.c reads it and
 * answers, sign_in.c says who asks, issue_identity.c and renew_identity.c make what he gets.
 */
#ifndef SIGNET_MDM_ENROLLING_H
#define SIGNET_MDM_ENROLLING_H

#include "mde/mde.h"
#include "mdm/guesses.h"
#include "mdm/md5.h"
#include "mdm/mdm.h"
#include "mdm/tickets.h"
#include "store/device.h"
#include "x509/csr.h"

enum { ENROLLING_MAX_CLAIM = 128 }; /* bytes of a text that the host chose */
enum { RENEW_DAYS = 42, RENEW_RETRY_DAYS = 4 };

/* What the store has to say of an account and its proof. */
struct sign_in_query {
    const struct authority *authority;
    struct arena *a;
    int kind; /* of the ticket that is looked for; 0: none */
    struct span text;
    int64_t now;
    const char *name; /* of the account; a sign-in names it itself */
    struct account account;
    struct ticket ticket;
};

/* sign_in.c: somebody proves who he is. */
struct mdm_sign_in {
    const struct mdm *mdm;
    struct span name;
    const char *peer;
    struct sign_in_query query;
    bool by_password, known; /* by `guess`, which has its result already */
    struct guess guess;
};

struct enrolling {
    const struct mdm *mdm;
    struct arena *a;
    const char *op, *peer;
    struct mde_header h;
    enum mde_fault fault; /* that tells the error, where its code does not; else MDE_FAULT__MAX */
    int64_t now;
    struct mde_request_token request; /* of RequestSecurityToken */
    struct mdm_sign_in sign_in;       /* not of renewals */
    enum err result;                  /* of what came before the guess */
    enum err (*answer)(struct enrolling *q, struct buf *reply);
};

/* Returns `e`, and has the host told by that fault, with the error's detail. */
enum err enrolling_refuse(struct enrolling *q, enum mde_fault fault, enum err e);

/* Who enrolls a host, and by what he proved it. */
struct mdm_user {
    const char *account;
    struct ticket ticket; /* kind 0: the password */
};

/*
 * sign_in.c: by UsernameToken or by the token of the sign-in page, in two steps, between which
 * mdm_sign_in_guess may have to be judged. A ticket is looked at, and not spent. ERR_AUTH,
 * ERR_BUSY.
 */
enum err enrolling_sign_in(struct enrolling *q) ERR_MUST_USE;
enum err enrolling_signed_in(const struct enrolling *q, struct mdm_user *out) ERR_MUST_USE;

/* What an identity is made of. */
struct new_identity {
    struct device device; /* of the first enrollment; of a renewal as it is known */
    struct identity identity;
    struct device_secret *secret; /* for logins by MD5 (md5.h); NULL: none */
    bool user_store;
};

/* issue_identity.c: whether the CSR is one for an identity of that device. ERR_PARSE, ERR_REFUSED,
 * ERR_ALGORITHM. */
enum err enrolling_check_csr(struct enrolling *q, struct span der, const char *device_id,
                             struct csr *csr) ERR_MUST_USE;
/* Signs n->identity for n->device. ERR_CRYPTO. */
enum err enrolling_sign(struct enrolling *q, const struct csr *csr,
                        struct new_identity *n) ERR_MUST_USE;
/* Whether the device's newest identity was issued for that key a moment ago: then the answer to
 * this very request was lost, and *out is what it held. */
enum err enrolling_find_repeat(struct tx *tx, struct arena *a, const struct device *device,
                               const struct identity *asked, int64_t now, struct identity *out,
                               bool *repeat) ERR_MUST_USE;
/*
 * enrolling_limits.c: ERR_BUSY (fault EnrollmentServer) when the device got too many lately; or,
 * unless it renews, hosts of its account with its hardware did. What another account says of its
 * hardware must not stop it.
 */
enum err enrolling_check_rate(struct tx *tx, struct enrolling *q, const struct device *device,
                              bool renews) ERR_MUST_USE;

/* The fault DeviceCapReached where the account has its number of hosts, and this is none that is
 * `here`. */
enum err enrolling_check_cap(struct tx *tx, struct enrolling *q, const struct device *device,
                             bool here) ERR_MUST_USE;

/* RequestType Issue: makes the host known. `doc` gets the provisioning document. */
enum err enrolling_issue(struct enrolling *q, const struct mde_request_token *r,
                         struct new_identity *n, struct buf *doc) ERR_MUST_USE;
/* renew_identity.c, RequestType Renew: a new identity by the proof of the present one. */
enum err enrolling_renew(struct enrolling *q, const struct mde_request_token *r,
                         struct new_identity *n, struct buf *doc) ERR_MUST_USE;

#endif
