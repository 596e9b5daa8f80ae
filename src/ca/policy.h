/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an endpoint demands and grants. What a CSR asks for is a wish; the policy decides. A CSR
 * that wants to be a CA, brings a SID, a template name or any other extension gets none of it: only
 * subject, key, SAN, EKU and KeyUsage are ever looked at.
 */
#ifndef SIGNET_CA_POLICY_H
#define SIGNET_CA_POLICY_H

#include "x509/cert.h"
#include "x509/csr.h"

/* Where a request's right to a certificate comes from, beside renewals. */
enum challenge_mode {
    CHALLENGES_ONE_TIME, /* minted here: by mdm/, signet challenge, the mscep_admin page */
    CHALLENGES_STATIC,   /* one secret for all; needs rules or approval */
    CHALLENGES_WEBHOOK,  /* somebody else decides (ca/webhook.h) */
    CHALLENGES_NONE      /* an administrator decides: needs approval */
};

enum ca_certs_form { CA_CERTS_RA, CA_CERTS_SPLIT_RA, CA_CERTS_SINGLE };
enum strong_mapping { MAPPING_NONE, MAPPING_EXTENSION, MAPPING_SAN_URI };

enum { POLICY_MAX_EKU = 16, POLICY_MAX_RULES = 16 };

/* The keys of [scep] and [endpoint "NAME"], parsed. Times in ms. */
struct policy {
    enum challenge_mode challenges;
    const char *static_challenge; /* for CHALLENGES_STATIC; secret */
    bool manual_approval;
    bool rsa, p256, p384; /* key types that are taken */
    unsigned rsa_min_bits, rsa_max_bits;
    const char
        *eku[POLICY_MAX_EKU]; /* the ceiling, dotted; the first is given when the CSR names none */
    size_t eku_count;
    unsigned key_usage;       /* ceiling, KU_ bits; given whole when the CSR names none */
    const char *subject_rule; /* X.500 string whose values may hold *; NULL: none */
    const char *san_rules[POLICY_MAX_RULES]; /* "dns:*.example.com"; also upn, email, uri, ip */
    size_t san_rule_count;
    int64_t validity, backdate;
    int64_t challenge_lifetime;
    int64_t renewal_window; /* before NotAfter in which a certificate renews itself; 0: never */
    bool renewal_same_key;
    unsigned requests_per_minute; /* of one address; 0: no limit */
    bool allow_des, mirror_sha1;
    enum ca_certs_form ca_certs;
    enum strong_mapping mapping;
    /* CDP and AIA, where {{ca}} stands for the issuing CA's thumbprint; NULL: none. */
    const char *crl_url, *ocsp_url, *issuer_url;
    const char *mscep_admin;                               /* path of its NDES page; NULL: none */
    unsigned mscep_digits;                                 /* 16 or 32 */
    unsigned mscep_quota;                                  /* open challenges of one account */
    const char *webhook_url, *webhook_id, *webhook_secret; /* secret: base64 as step-ca has it */
    int64_t webhook_timeout;                               /* ms */
    const char *webhook_trust; /* PEM file of the roots for its https; NULL: those of the system */
};

/*
 * Whether the policy is one that may be served. ERR_CONFIG names the key and the cure: static
 * challenges and the mscep_admin page want a subject rule and SAN rules, or manual approval;
 * CHALLENGES_NONE wants manual approval; a rule that cannot be read; nothing in the EKU ceiling.
 *
 * How rules are read: a * stands for any characters, dots too. The subject has just the attributes
 * of its rule, in any order, and case does not matter. Each SAN matches a rule of its type; case
 * matters in a uri only, and no rule grants a dns name that holds a * itself.
 */
enum err policy_check(struct arena *a, const struct policy *policy) ERR_MUST_USE;

/* What a certificate will hold: wishes of the CSR, cut to the policy. DER in the arena. */
struct grant {
    struct span subject, spki;
    struct span san, eku; /* values of the extensions, or empty */
    unsigned key_usage;
    const char *eku_left_out; /* EKUs that were asked for and are none of the policy's, by their
                                 names: "documentSigning, 1.2.3"; NULL: none */
    const char *sid;          /* for MAPPING_EXTENSION; or NULL */
    int64_t validity;         /* ms: the policy's; a webhook may shorten it */
};

/*
 * Holds the CSR against the policy: key type and size, subject and SAN rules; cuts EKU and KeyUsage
 * to the ceiling; a SAN that would map to an account in AD is left out (policy_map_sid puts the one
 * that the administrator knows). An empty subject is granted only with a SAN. ERR_REFUSED says what
 * differs, and which key of signet.conf rules it. `rules` false leaves the subject and SAN rules
 * out: for what an enrollment's profile has promised, which is the administrator's own word.
 */
enum err policy_grant(struct arena *a, const struct policy *policy, const struct csr *csr,
                      bool rules, struct grant *out) ERR_MUST_USE;

/* Whether `eku` of the policy has that dotted OID; if not, its name, as signet.conf takes it, is
 * added to the list `left_out`: "documentSigning, 1.2.3". */
bool policy_takes_eku(const struct policy *policy, struct span oid, struct buf *left_out);

/* Whether every name of a SAN value matches one of the rules; ERR_REFUSED, naming it. `key` is what
 * rules it, for the detail. ERR_CONFIG for a rule that cannot be read. */
enum err policy_check_sans(struct arena *a, const char *const *rules, size_t count, struct span san,
                           const char *key) ERR_MUST_USE;

/* Adds the device's SID as the policy's mapping says; NULL or MAPPING_NONE: nothing. */
enum err policy_map_sid(struct arena *a, const struct policy *policy, const char *sid,
                        struct grant *grant) ERR_MUST_USE;

/* Whether text is a SID such as S-1-5-21-1-2-3-1105. */
bool sid_is_valid(const char *text);

#endif
