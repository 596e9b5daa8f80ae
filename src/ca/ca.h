/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CAs that SCEP issues from. The CA "default" lives in the data folder itself, another in
 * DIR/ca/NAME:
 *
 *   ca.pem, ca.key              the issuing CA; ca.pem holds it first, then its issuers up to the
 *                               root (one certificate: it is the root itself)
 *   ra.pem, ra.key              the RA: opens envelopes and signs CertReps (windows-scep.md, 2.2)
 *   ra-sign.*, ra-enc.*         the same as two, as NDES has them
 *   ocsp.pem, ocsp.key          signs OCSP responses
 *   old/                        RA pairs that were renewed: they open envelopes until they expire
 *   retired-1/ ..               a CA after its rollover: it still signs its CRL and OCSP
 *   next.pem, next.key          the CA that a rollover will bring, published by GetNextCACert
 *   ca.csr                      what an upper CA shall sign: its certificate is put in force at
 * once next.csr                    the same, for a rollover: its certificate becomes next.pem
 *
 * Keys are PEM files, encrypted where the CA has a passphrase; or a token's, and then the file
 * holds its PKCS#11 URI. The certificate says who is in force: the key of ca.pem may, after a
 * crash, still lie in next.key, and is found there. Whoever changes files holds the folder's lock.
 */
#ifndef SIGNET_CA_CA_H
#define SIGNET_CA_CA_H

#include "scep/message.h"

enum { CA_MAX_CHAIN = 6, CA_MAX_OPENERS = 8 };

/* [ca "NAME"] of signet.conf; NULL: the default. */
struct ca_settings {
    const char *name;
    const char *key;      /* key source of the CA: PKCS#11 URI, or a path; NULL: ca.key */
    const char *secret;   /* systemd credential with the passphrase or the PIN; NULL: none */
    int64_t crl_validity; /* ms from thisUpdate to nextUpdate */
    int64_t warn_before;  /* ms before an expiry in which alarms are raised */
};

/* Those of a CA without a section; `name` must outlive them. */
struct ca_settings ca_settings_default(const char *name);

/* Letters, digits, dots, - and _: it is a folder's name. */
bool ca_name_is_valid(const char *name);

/* Where the CA `name` of a data folder lies; the folder need not be there. */
const char *ca_folder(struct arena *a, const char *data, const char *name)
    __attribute__((returns_nonnull));

/* The CAs that lie in a data folder, the default one first, the others by name, also those that
 * still wait for their certificate. ERR_IO, ERR_LIMIT. */
enum err ca_names(const char *data, struct arena *a, const char **out, size_t max,
                  size_t *count) ERR_MUST_USE;

/*
 * Holds the folder against changes (shared), or against anybody else (exclusive), until *fd is
 * closed. The functions below do so by themselves; it is for who copies the files.
 */
enum err ca_lock(const char *folder, bool exclusive, int *fd) ERR_MUST_USE;

/* All members are read-only once loaded: thread-safe. DER spans live in the owner's arena. */
struct ca {
    const char *name;
    const char *folder;
    bool retired; /* after a rollover: signs its CRL and OCSP, issues nothing */
    int64_t crl_validity;
    struct scep_key issuer;          /* certificate and key of the CA */
    struct span chain[CA_MAX_CHAIN]; /* its issuers, upwards, the root last; empty for a root */
    size_t chain_count;
    char sha1[41]; /* upper-case hex of the CA's certificate: CAThumbprint, and `ca` in store/ */
    char root_sha1[41];              /* of the chain's last: the same for a root */
    struct scep_key ra;              /* the one RA */
    struct scep_key ra_sign, ra_enc; /* split; cert.n 0 when no endpoint wants them */
    struct scep_key ocsp;
    struct scep_key openers[CA_MAX_OPENERS]; /* RA certificates that were renewed, still valid */
    size_t opener_count;
    struct span next; /* DER of the CA that is to come; empty: none */
};

/* The root that hosts must trust: the chain's last, or the CA itself. */
static inline struct span ca_root(const struct ca *ca) {
    return ca->chain_count ? ca->chain[ca->chain_count - 1] : ca->issuer.cert;
}

/* What a self-made CA is made of. */
struct ca_birth {
    const char *subject; /* X.500 string; NULL: CN="HOST SCEP CA" of `host` */
    const char *host;
    const char *key_kind; /* rsa2048 (NULL) .. p384, or the PKCS#11 URI of a key in a token */
    int64_t validity;     /* ms; 0: ten years */
};

/* Makes a self-signed CA and its RA in a folder that has none. ERR_EXISTS. */
enum err ca_create(const char *folder, const struct ca_settings *settings,
                   const struct ca_birth *birth) ERR_MUST_USE;

/*
 * Makes ca.key (or uses the token's key) and ca.csr, for an upper CA to sign; *csr_pem in `a`.
 * Where a CA is in force its key stays, and the new one waits in next.key; the subject is then by
 * default that of the CA in force. Called again, it makes the request anew for the same key.
 * ERR_CONFLICT while a rollover is under way.
 */
enum err ca_make_csr(const char *folder, const struct ca_settings *settings,
                     const struct ca_birth *birth, struct arena *a,
                     struct span *csr_pem) ERR_MUST_USE;

/*
 * Takes what the upper CA has issued: PEM with the CA's certificate and its issuers up to the root,
 * in any order. Checked before anything is written: the key is ours, CA:TRUE, keyCertSign and
 * cRLSign, every signature up to a self-signed root, every period and pathLen. ERR_REFUSED with
 * what is wrong. What ca.csr asked for is put in force, the CA of today goes to retired-N, and the
 * RAs are made (anew); what next.csr asked for becomes next.pem.
 */
enum err ca_import(const char *folder, const struct ca_settings *settings,
                   struct span pem) ERR_MUST_USE;

/*
 * Rollover, in two steps. Prepare makes next.key and next.pem (a new self-signed CA of the same
 * subject; for a CA under an upper one, next.csr, whose certificate ca_import then takes) and has
 * it published by GetNextCACert. Finish puts it in place: the CA of today goes to retired-N, the
 * RAs are made anew. `key_kind` as in ca_birth. ERR_CONFLICT tells what must come first.
 */
enum err ca_rollover_prepare(const char *folder, const struct ca_settings *settings,
                             const char *key_kind) ERR_MUST_USE;
enum err ca_rollover_finish(const char *folder, const struct ca_settings *settings) ERR_MUST_USE;

/*
 * Makes the RA and OCSP certificates that are missing (`split`: the pair too), and renews those
 * within 30 days of their end, or that another CA issued; OCSP ones live for 30 days and are
 * renewed at half of them, those of retired CAs too. An RA that is renewed goes to old/. Also
 * finishes what a crash has left half done. *changed tells whether anything was made.
 */
enum err ca_keep_ra(const char *folder, const struct ca_settings *settings, bool split,
                    bool *changed) ERR_MUST_USE;

/* Loads a CA, and its retired ones as CAs of their own with `retired` set; at most `max` in all.
 * The caller frees each with ca_unload. ERR_CONFIG names file and cure. */
enum err ca_load(const char *folder, const struct ca_settings *settings, struct arena *a,
                 struct ca *out, size_t max, size_t *count) ERR_MUST_USE;
void ca_unload(struct ca *ca);

/* The certificates of the CA in force alone: no key is opened, no secret needed. For those who only
 * look. RA and OCSP certificates may be missing. */
enum err ca_look(const char *folder, const struct ca_settings *settings, struct arena *a,
                 struct ca *out) ERR_MUST_USE;

/* The secret that a credential names, from $CREDENTIALS_DIRECTORY, without a closing line feed;
 * wiped by the caller. Empty for NULL. ERR_CONFIG tells how systemd brings it. */
enum err ca_secret(const char *credential, struct buf *out) ERR_MUST_USE;

/* What ends, and when: certificates of CAs and RAs. For alarms and `signet ca list`. */
struct expiry {
    const char *what; /* such as "the RA certificate of the CA 'default'" */
    const char *cure;
    int64_t not_after;    /* ms */
    int64_t alarm_within; /* ms before that: earlier it is no alarm, whatever warn_before says */
};
enum { CA_MAX_EXPIRIES = 8 };
size_t ca_expiries(const struct ca *ca, struct arena *a, struct expiry out[CA_MAX_EXPIRIES]);

#endif
