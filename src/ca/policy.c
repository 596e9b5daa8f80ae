/* SPDX-License-Identifier: Apache-2.0 */
/* What is granted of a CSR's wishes: its key as it is or not at all, its usages cut to a ceiling.
 */
#include "ca/policy.h"

#include "base/clock.h"
#include "base/text.h"
#include "ca/policy_rules.h"
#include "crypto/public.h"
#include "csp/words.h"
#include "der/der.h"
#include "x509/name.h"

enum {
    KU_NON_REPUDIATION = 0x40,
    KU_DATA_ENCIPHERMENT = 0x10,
    /* What a key of that type can do at all; signing certificates and CRLs is nobody's. */
    KU_OF_RSA =
        KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT,
    KU_OF_EC = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_AGREEMENT,
    MAX_CSR = 65536, /* what is granted is kept */
};

/* ---- whether a policy may be served ---- */

static bool has_rules(const struct policy *p) {
    return p->subject_rule && p->san_rule_count;
}

static enum err check_rules(struct arena *a, const struct policy *p) {
    if (p->subject_rule)
        TRY(subject_rule_check(a, p->subject_rule));
    for (size_t i = 0; i < p->san_rule_count; i++)
        TRY(san_rule_check(p->san_rules[i]));
    return OK;
}

/* The challenge goes there, and what comes back decides: in the clear only within this host. */
static bool is_fit_for_secrets(const char *url) {
    static const char *const here[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    if (strncasecmp(url, "https://", 8) == 0)
        return true;
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
        size_t n = strlen(here[i]);
        if (strncasecmp(url, here[i], n) == 0 && !strchr(url, '@') &&
            (!url[n] || strchr(":/?", url[n])))
            return true;
    }
    return false;
}

static enum err check_webhook(struct arena *a, const struct policy *p) {
    struct span secret = SPAN_NONE;
    if (!p->webhook_url || !is_fit_for_secrets(p->webhook_url))
        return err_set(ERR_CONFIG, "challenge = webhook wants webhook-url, an https address, or an "
                                   "http one on this host: challenges go there");
    if (!p->webhook_id || !p->webhook_secret ||
        base64_decode(a, span_str(p->webhook_secret), &secret) != OK || secret.n == 0)
        return err_set(ERR_CONFIG, "challenge = webhook wants webhook-id, and in "
                                   "webhook-secret-file the hook's secret in base64");
    return OK;
}

/* A secret that many know must not be worth any name (CERT VU#971035). */
static enum err check_challenges(struct arena *a, const struct policy *p) {
    static const char cure[] = "set subject and san, or approval = manual";
    if (p->challenges == CHALLENGES_STATIC && !has_rules(p) && !p->manual_approval)
        return err_set(ERR_CONFIG, "challenge = static would give any name to all who know it: %s",
                       cure);
    if (p->challenges == CHALLENGES_STATIC && (!p->static_challenge || !*p->static_challenge))
        return err_set(ERR_CONFIG, "challenge = static wants its secret in static-challenge-file");
    if (p->challenges == CHALLENGES_NONE && !p->manual_approval)
        return err_set(ERR_CONFIG, "challenge = none wants approval = manual: else everybody who "
                                   "reaches the server gets a certificate");
    if (p->mscep_admin && !has_rules(p) && !p->manual_approval)
        return err_set(ERR_CONFIG, "a challenge of the mscep-admin page is bound to no name: %s",
                       cure);
    if (p->mscep_admin && p->challenges != CHALLENGES_ONE_TIME)
        return err_set(ERR_CONFIG,
                       "mscep-admin gives one-time challenges: set challenge = one-time");
    if (p->mscep_admin && p->mscep_digits != 16 && p->mscep_digits != 32)
        return err_set(ERR_CONFIG, "mscep-digits is %u: it can be 16 or 32", p->mscep_digits);
    return p->challenges == CHALLENGES_WEBHOOK ? check_webhook(a, p) : OK;
}

static enum err check_keys(const struct policy *p) {
    if (!p->rsa && !p->p256 && !p->p384)
        return err_set(ERR_CONFIG, "keys names no key type: set it to some of rsa, p256, p384");
    if (p->rsa && (p->rsa_min_bits < 1024 || p->rsa_max_bits < p->rsa_min_bits))
        return err_set(
            ERR_CONFIG,
            "RSA keys from rsa-min-bits %u to rsa-max-bits %u: the first must be 1024 or "
            "more, the second not below it",
            p->rsa_min_bits, p->rsa_max_bits);
    if ((p->rsa && !(p->key_usage & KU_OF_RSA)) ||
        ((p->p256 || p->p384) && !(p->key_usage & KU_OF_EC)))
        return err_set(ERR_CONFIG, "key-usage has nothing that all key types of keys can do: add "
                                   "digitalSignature");
    return OK;
}

static enum err check_usages(const struct policy *p) {
    uint8_t encoded[OID_MAX_SIZE];
    if (p->eku_count == 0)
        return err_set(ERR_CONFIG, "eku is empty: name at least one, such as clientAuth");
    for (size_t i = 0; i < p->eku_count; i++)
        if (oid_encode(p->eku[i], encoded) == 0)
            return err_set(ERR_CONFIG, "eku: '%s' is no OID in dotted form", p->eku[i]);
    return OK;
}

static enum err check_times(const struct policy *p) {
    if (p->validity <= 0)
        return err_set(ERR_CONFIG, "validity must be longer than nothing, such as 365d");
    if (p->backdate < 0 || p->backdate > DAY_MS)
        return err_set(ERR_CONFIG, "backdate can be from 0 to 24h");
    if (p->renewal_window < 0 || p->challenge_lifetime <= 0)
        return err_set(ERR_CONFIG, "renewal-window and challenge-lifetime cannot be negative");
    return OK;
}

enum err policy_check(struct arena *a, const struct policy *policy) {
    TRY(check_keys(policy));
    TRY(check_usages(policy));
    TRY(check_times(policy));
    TRY(check_rules(a, policy));
    return check_challenges(a, policy);
}

/* ---- granting ---- */

static enum err grant_key(const struct policy *p, struct span spki, unsigned *can) {
    struct spki key;
    enum err e = spki_parse(spki, &key);
    if (e != OK)
        return e == ERR_PARSE ? err_set(ERR_REFUSED, "the request's key is malformed") : e;
    *can = key.rsa ? KU_OF_RSA : KU_OF_EC;
    if (key.rsa) {
        unsigned bits = spki_rsa_bits(spki);
        if (p->rsa && bits >= p->rsa_min_bits && bits <= p->rsa_max_bits)
            return OK;
        return err_set(ERR_REFUSED,
                       "the request has an RSA key of %u bits, which keys, "
                       "rsa-min-bits and rsa-max-bits of the endpoint do not take",
                       bits);
    }
    if ((p->p256 && strcmp(key.curve, "P-256") == 0) ||
        (p->p384 && strcmp(key.curve, "P-384") == 0))
        return OK;
    return err_set(ERR_REFUSED,
                   "the request has an EC key on %s, which keys of the endpoint does not take",
                   key.curve);
}

/* Without the extension a key could do all: nothing left is no grant. */
static enum err grant_key_usage(const struct policy *p, const struct csr *csr, unsigned can,
                                unsigned *out) {
    unsigned wish = csr->has_key_usage ? csr->key_usage : p->key_usage;
    *out = wish & p->key_usage & can;
    return *out
               ? OK
               : err_set(ERR_REFUSED,
                         "nothing of the requested KeyUsage %u is in key-usage of the endpoint and "
                         "fit for the key",
                         wish);
}

static const char *in_ceiling(const struct policy *p, struct span oid) {
    for (size_t i = 0; i < p->eku_count; i++)
        if (span_is(oid, p->eku[i]))
            return p->eku[i];
    return NULL;
}

bool policy_takes_eku(const struct policy *policy, struct span oid, struct buf *left_out) {
    if (in_ceiling(policy, oid))
        return true;
    const struct eku_word *known = eku_by_oid(oid);
    buf_str(left_out, left_out->n ? ", " : "");
    if (known)
        buf_str(left_out, known->name);
    else
        buf_span(left_out, oid);
    return false;
}

static void add_once(const char **list, size_t *n, const char *oid) {
    for (size_t i = 0; i < *n; i++)
        if (list[i] == oid)
            return;
    list[(*n)++] = oid;
}

static enum err grant_eku(struct arena *a, const struct policy *p, struct span wishes,
                          struct grant *out) {
    const char *granted[POLICY_MAX_EKU], *oid;
    size_t n = 0;
    BUF_AUTO(left_out);
    if (wishes.n == 0)
        return eku_build(a, p->eku, 1, &out->eku);
    while (eku_next(a, &wishes, &oid))
        if (policy_takes_eku(p, span_str(oid), &left_out))
            add_once(granted, &n, in_ceiling(p, span_str(oid)));
    if (wishes.n)
        return err_set(ERR_REFUSED, "the EKU extension of the request is malformed");
    if (n == 0)
        return err_set(ERR_REFUSED,
                       "none of the requested EKUs (%s) is in eku of the endpoint's section of "
                       "signet.conf ([scep], or [endpoint \"NAME\"])",
                       buf_cstr(&left_out));
    if (left_out.n)
        out->eku_left_out = arena_str(a, buf_view(&left_out));
    return eku_build(a, granted, n, &out->eku);
}

static bool is_empty_name(struct span name) {
    return name.n <= 2; /* SEQUENCE {} */
}

static enum err grant_names(struct arena *a, const struct policy *p, const struct csr *csr,
                            bool rules, struct grant *out) {
    TRY(subject_check_text(a, csr->subject));
    TRY(san_without_sid(a, csr->san, &out->san));
    out->subject = csr->subject;
    if (is_empty_name(csr->subject) && out->san.n == 0)
        return err_set(ERR_REFUSED, "the request names nobody: no subject, no alternative name");
    if (rules && p->subject_rule)
        TRY(subject_rule_match(a, p->subject_rule, csr->subject));
    if (rules && p->san_rule_count)
        TRY(policy_check_sans(a, p->san_rules, p->san_rule_count, out->san, "san of the endpoint"));
    return OK;
}

enum err policy_grant(struct arena *a, const struct policy *policy, const struct csr *csr,
                      bool rules, struct grant *out) {
    unsigned can = 0;
    if (csr->der.n > MAX_CSR)
        return err_set(ERR_REFUSED, "a request of %zu octets; %d are the most", csr->der.n,
                       MAX_CSR);
    *out = (struct grant){.spki = csr->spki, .validity = policy->validity};
    TRY(grant_key(policy, csr->spki, &can));
    TRY(grant_names(a, policy, csr, rules, out));
    TRY(grant_key_usage(policy, csr, can, &out->key_usage));
    return grant_eku(a, policy, csr->eku, out);
}

/* ---- strong mapping ---- */

enum err policy_map_sid(struct arena *a, const struct policy *policy, const char *sid,
                        struct grant *grant) {
    if (!sid || policy->mapping == MAPPING_NONE)
        return OK;
    if (!sid_is_valid(sid))
        return err_set(ERR_INTERNAL, "the device's record holds '%s', which is no SID", sid);
    if (policy->mapping == MAPPING_EXTENSION) {
        grant->sid = arena_str(a, span_str(sid));
        return OK;
    }
    return san_add_uri(a, grant->san, arena_printf(a, SID_URI_PREFIX "%s", sid), &grant->san);
}

/* A decimal number without needless zeros, up to `max`; `text` moves behind it. */
static bool take_number(const char **text, int64_t max) {
    const char *start = *text;
    int64_t value;
    size_t n = strspn(start, "0123456789");
    *text += n;
    return n && (n == 1 || *start != '0') && span_int(span_of(start, n), &value) && value <= max;
}

/* MS-DTYP, 2.4.2.1: S-1-authority and 1 to 15 sub-authorities. */
bool sid_is_valid(const char *text) {
    enum { MAX_SUB_AUTHORITIES = 15 };
    int subs = 0;
    if (strncmp(text, "S-1-", 4) != 0)
        return false;
    text += 4;
    if (!take_number(&text, ((int64_t)1 << 48) - 1))
        return false;
    for (; *text == '-'; subs++)
        if (text++, !take_number(&text, UINT32_MAX))
            return false;
    return *text == 0 && subs > 0 && subs <= MAX_SUB_AUTHORITIES;
}
