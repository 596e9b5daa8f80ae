/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrollments by PKCS#12: the host gets key and certificate at once, from ClientCertificateInstall/
 * PFXCertInstall (windows-mdm.md, A.4). They have the timeline, states and life of a profile's, but
 * no successor, since nobody here has the key any more:
 *
 *   assigned -> sent -> accepted -> confirmed | failed | unconfirmed
 *                   \-> rejected
 *
 * Key, certificate and password are kept sealed while the state is assigned or sent, and wiped by
 * the event that moves it on (enroll_record), at the latest when the certificate has ended.
 */
#ifndef SIGNET_ENROLL_PFX_H
#define SIGNET_ENROLL_PFX_H

#include "ca/pki.h"
#include "crypto/pkcs12.h"
#include "enroll/enroll.h"
#include "store/pfx.h"

/* ---- before: outside of any transaction, since keys and signatures take their time ---- */

/* What a certificate is wished to say; NULL or 0: as the endpoint's policy has it. */
struct pfx_wish {
    const char *subject;   /* X.500 string */
    const char *san, *eku; /* as in a profile */
    unsigned key_usage;    /* KU_ bits */
    const char *key;       /* as key_generate has it; RSA only */
    const char *sid;       /* of the host; or NULL */
};

/*
 * Fills {{device.id}}, {{user.upn}} and {{device.name}} in subject and alternative names, as in a
 * profile (csp/placeholder.h); the texts live in `a`. ERR_REFUSED for {{device.name}}, a claim of
 * the host, unless that is trusted. ERR_PARSE for any other placeholder, for "{{" without "}}", and
 * when a value would change what is around it.
 */
enum err pfx_fill(struct arena *a, const struct device *device, bool trust_device_name,
                  struct pfx_wish *wish) ERR_MUST_USE;

/* A PKCS#12 that is ready to be kept; lives in the arena it was made in. */
struct pfx_parcel {
    bool made;                       /* here; else it was given */
    const struct endpoint *endpoint; /* that has issued it; NULL: given */
    struct cert cert;
    struct issued issued; /* when made */
    struct span secret;   /* sealed */
};

/*
 * Makes a key, has the endpoint issue for it what is wished, and seals both. Nothing is cut down as
 * it is for a CSR: ERR_REFUSED when the policy does not grant a usage, or the key; when the
 * endpoint's certificates come from an upstream. ERR_PARSE: subject, names or EKUs cannot be read.
 */
enum err pfx_make(const struct authority *auth, const struct endpoint *endpoint, struct arena *a,
                  const struct pfx_wish *wish, enum pkcs12_form form, int64_t now,
                  struct pfx_parcel *out) ERR_MUST_USE;

/*
 * Takes what was given, and seals it anew. ERR_PARSE, ERR_ALGORITHM; ERR_REFUSED: the key is not
 * the certificate's, which has ended or is a CA's; ERR_LIMIT: it is too large.
 */
enum err pfx_take(const struct authority *auth, struct arena *a, const struct pkcs12 *given,
                  enum pkcs12_form form, int64_t now, struct pfx_parcel *out) ERR_MUST_USE;

/* Opens what was sealed: both are secret, and live in `a`. */
enum err pfx_unpack(const struct authority *auth, struct arena *a, const struct pfx *pfx,
                    const char **password, struct span *file) ERR_MUST_USE;

/* ---- in a transaction ---- */

struct pfx_placing {
    bool user_scope, exportable;
    int64_t key_location; /* 1 TPM, 2 TPM if there is one, 3 software */
};

/*
 * Keeps the parcel for the host: its enrollment, its certificate when it was made here. One that
 * was given and that a CA of ours has issued becomes the enrollment's, too: ERR_CONFLICT when it is
 * that of another one whose host may have it, ERR_REFUSED when it is revoked. ERR_CONFLICT also
 * when the host has the certificate in that store, or will get it, whoever has issued it.
 */
enum err enroll_pfx(struct tx *tx, struct arena *a, const struct device *device,
                    const struct pfx_parcel *parcel, const struct pfx_placing *placing,
                    struct enrollment *out) ERR_MUST_USE;

/* signet pfx remove: its node is deleted from the host; what the host never had is removed at once.
 * ERR_CONFLICT: it is no PKCS#12's, or has ended. */
enum err enroll_pfx_remove(struct tx *tx, struct arena *a, struct enrollment *e) ERR_MUST_USE;

/* Its certificate has ended before it could be sent, or the host did not take it: EVENT_REJECTED
 * was recorded. What was made for it is of no use to anybody, and revoked. */
enum err enroll_pfx_rejected(struct tx *tx, struct arena *a, struct enrollment *e) ERR_MUST_USE;

/* The certificate has ended before it could be sent: EVENT_REJECTED, and the rest of that. */
enum err enroll_pfx_ended(struct tx *tx, struct arena *a, struct enrollment *e) ERR_MUST_USE;

/* The host has enrolled anew, and leaves as what it was (enroll_leave comes next): an alarm for
 * each that waits for it, since nobody gives it the like again, as a profile is. */
enum err enroll_pfx_cut_off(struct tx *tx, struct arena *a, int64_t device) ERR_MUST_USE;

/* ---- inside enroll/ ---- */

/* What enroll_record does after a change of the state. */
enum err pfx_moved(struct tx *tx, const struct enrollment *e,
                   enum enroll_state before) ERR_MUST_USE;

/* What the host's nodes say; `news`: they said something else before. */
enum err pfx_judge(struct tx *tx, struct arena *a, struct enrollment *e,
                   const struct observation *seen, bool news) ERR_MUST_USE;

/* Instead of a revocation: *out becomes true for one that was given and that was never sent. Its
 * certificate is nobody's again. */
enum err pfx_give_back(struct tx *tx, struct arena *a, struct enrollment *e,
                       bool *out) ERR_MUST_USE;

/* Its certificate has ended, and no host has shown it (renew_at, until one has). What waits has
 * waited too long, whether its host comes or not; one that was sent may be on the host. Writes the
 * row. */
enum err pfx_is_late(struct tx *tx, struct arena *a, struct enrollment *e) ERR_MUST_USE;

/* Instead of a renewal. */
enum err pfx_ends_soon(struct tx *tx, struct arena *a, struct enrollment *e) ERR_MUST_USE;

/* An event that says whose certificate it is that signet cannot revoke. */
enum err pfx_name_given(struct tx *tx, struct arena *a, struct enrollment *e,
                        enum event_kind kind) ERR_MUST_USE;

#endif
