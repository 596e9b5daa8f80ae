/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetCACert: whether Windows takes the certificates that came (windows-scep.md, 2.2 to 2.4). The
 * rules are those of the emulated host (device/scep_ca.c); there they end at the first fault, here
 * each fault is named and the best candidate plays on.
 */
#include "base/clock.h"
#include "base/text.h"
#include "device/hresult.h"
#include "device/ossl.h"
#include "device/scep_transport.h"
#include "probe/authority.h"
#include "wire/scep.h"
#include "x509/pem.h"

/* ---- words for people; a stranger wrote the names ---- */

static const char *name_text(struct probe *p, const X509_NAME *name) {
    const char *text = probe_dn(p, name);
    return *text ? text : "(empty name)";
}

static const char *subject(struct probe *p, const X509 *x) {
    return name_text(p, X509_get_subject_name(x));
}

static const char *date_text(struct probe *p, const ASN1_TIME *t) {
    struct tm tm;
    char text[64];
    if (ASN1_TIME_to_tm(t, &tm) != 1 || !strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm))
        return "a date that cannot be read";
    return arena_str(p->a, span_str(text));
}

/* ---- thumbprints ---- */

static const char *part_of(const struct probe *p, X509 *x) {
    if (!scep_ca_is_ca(x))
        return p->ca.single ? "no CA" : "RA";
    if (!authority_is_self_signed(x))
        return x == p->ca.issuer ? "issuing CA" : "intermediate CA";
    return x == p->ca.issuer ? "issuing and root CA" : "root CA";
}

/* The certificate whose thumbprint the profile names; each is shown. */
static X509 *show_thumbprints(struct probe *p) {
    const char *wanted = p->options->thumbprint;
    X509 *named = NULL;
    for (int i = 0; i < sk_X509_num(p->ca.all); i++) {
        X509 *x = sk_X509_value(p->ca.all, i);
        char own[THUMBPRINT_SIZE];
        cert_thumbprint(ossl_x509_der(p->a, x), own);
        if (wanted && strcasecmp(own, wanted) == 0)
            named = x;
        if (x == p->ca.issuer)
            p->report->thumbprint = arena_str(p->a, span_str(own));
        probe_fact(p, "thumbprint", "%s  %s (%s)", own, subject(p, x), part_of(p, x));
    }
    return named;
}

/* Those that GetCACert does send, as far as a line takes them. */
static const char *thumbprints(struct probe *p) {
    enum { MAX = 4 };
    BUF_AUTO(out);
    for (int i = 0; i < sk_X509_num(p->ca.all) && i < MAX; i++) {
        X509 *x = sk_X509_value(p->ca.all, i);
        char own[THUMBPRINT_SIZE];
        cert_thumbprint(ossl_x509_der(p->a, x), own);
        buf_printf(&out, "%s%s (%s)", i ? ", " : "", own, part_of(p, x));
    }
    return arena_str(p->a, buf_view(&out));
}

/* A CA that is only sent along proves nothing of the RA: it must stand above it (2.2). */
static void judge_thumbprints(struct probe *p) {
    X509 *named = show_thumbprints(p);
    probe_checked(p, "thumbprints");
    if (!p->options->thumbprint)
        return;
    if (!named)
        probe_found(p, PROBE_THUMBPRINT, "%s is not there; GetCACert sends %s",
                    p->options->thumbprint, thumbprints(p));
    else if (!authority_plays_a_part(p, named))
        probe_found(p, PROBE_THUMBPRINT, "it is that of %s, which did not issue %s",
                    subject(p, named), subject(p, p->ca.encrypt));
    else if (!p->ca.single && !scep_ca_is_ca(named))
        probe_unknown(p, "whether CAThumbprint may be the RA's: Microsoft's documentation wants a "
                         "CA's");
}

/* ---- the RA ---- */

static void no_ra(struct probe *p) {
    int n = sk_X509_num(p->ca.all);
    probe_found(p, PROBE_CA_NO_RA, "%d CA certificate%s, the issuing one: %s", n, n == 1 ? "" : "s",
                subject(p, p->ca.issuer));
}

static const char *usage_text(X509 *x) {
    return X509_get_key_usage(x) == UINT32_MAX ? "it has no KeyUsage" : "its KeyUsage is another";
}

static void judge_usage(struct probe *p) {
    X509 *sign = p->ca.sign, *encrypt = p->ca.encrypt;
    bool signs = authority_has_usage(sign, KU_DIGITAL_SIGNATURE),
         opens = authority_has_usage(encrypt, KU_KEY_ENCIPHERMENT);
    if (!signs && !opens && sign == encrypt) {
        probe_found(p, PROBE_RA_USAGE, "digitalSignature and keyEncipherment are missing on %s: %s",
                    subject(p, sign), usage_text(sign));
        return;
    }
    if (!signs)
        probe_found(p, PROBE_RA_USAGE, "digitalSignature is missing on %s: %s", subject(p, sign),
                    usage_text(sign));
    if (!opens)
        probe_found(p, PROBE_RA_USAGE, "keyEncipherment is missing on %s: %s", subject(p, encrypt),
                    usage_text(encrypt));
}

static bool holds_name(const struct probe *p, const X509_NAME *name) {
    for (int i = 0; i < sk_X509_num(p->ca.all); i++)
        if (X509_NAME_cmp(X509_get_subject_name(sk_X509_value(p->ca.all, i)), name) == 0)
            return true;
    return false;
}

static void judge_issuer(struct probe *p, X509 *ra) {
    if (authority_issuer(p, ra))
        return;
    const X509_NAME *issuer = X509_get_issuer_name(ra);
    const char *why = "is not in the answer";
    if (authority_is_self_signed(ra))
        why = "is itself";
    else if (holds_name(p, issuer))
        why = "is in the answer, but did not sign it or may not sign certificates";
    probe_found(p, PROBE_RA_ISSUER, "%s: its issuer %s %s", subject(p, ra), name_text(p, issuer),
                why);
}

static void judge_eku(struct probe *p, X509 *ra) {
    if (!scep_ca_has_ra_eku(ra))
        probe_found(p, PROBE_RA_EKU, "%s%s", subject(p, ra),
                    X509_get_ext_by_NID(ra, NID_ext_key_usage, -1) < 0 ? ": it has no EKU" : "");
}

static void judge_ra(struct probe *p) {
    X509 *sign = p->ca.sign, *encrypt = p->ca.encrypt;
    if (scep_ca_is_ca(sign)) {
        no_ra(p);
        return;
    }
    judge_usage(p);
    judge_issuer(p, sign);
    if (encrypt != sign)
        judge_issuer(p, encrypt);
    judge_eku(p, sign);
    if (encrypt != sign)
        judge_eku(p, encrypt);
}

/* ---- key, validity, roots ---- */

static void judge_key(struct probe *p) {
    const EVP_PKEY *key = X509_get0_pubkey(p->ca.encrypt);
    p->has_ca = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    if (!p->has_ca)
        probe_found(p, PROBE_CA_KEY, "%s: %s", subject(p, p->ca.encrypt),
                    key ? OBJ_nid2sn(EVP_PKEY_get_base_id(key)) : "a key that cannot be read");
    probe_fact(p, "recipient", "%s", subject(p, p->ca.encrypt));
}

static void judge_validity(struct probe *p) {
    time_t now = (time_t)(clock_ms() / 1000);
    for (int i = 0; i < sk_X509_num(p->ca.all); i++) {
        const X509 *x = sk_X509_value(p->ca.all, i);
        if (!authority_plays_a_part(p, x))
            continue;
        const ASN1_TIME *from = X509_get0_notBefore(x), *to = X509_get0_notAfter(x);
        if (ASN1_TIME_cmp_time_t(from, now) > 0)
            probe_found(p, PROBE_CA_VALIDITY, "%s: valid from %s", subject(p, x),
                        date_text(p, from));
        else if (ASN1_TIME_cmp_time_t(to, now) < 0) /* -2: no date at all */
            probe_found(p, PROBE_CA_VALIDITY, "%s: expired on %s", subject(p, x), date_text(p, to));
    }
}

static void judge_root_absent(struct probe *p) {
    for (int i = 0; i < sk_X509_num(p->ca.all); i++)
        if (authority_is_self_signed(sk_X509_value(p->ca.all, i)))
            return;
    X509 *top = authority_top(p, p->ca.issuer);
    probe_found(p, PROBE_ROOT_ABSENT, "the top is %s, issued by %s", subject(p, top),
                name_text(p, X509_get_issuer_name(top)));
}

static X509_STORE *given_roots(struct probe *p) {
    X509_STORE *roots = X509_STORE_new();
    struct span der, rest = p->options->trust;
    while (pem_next(p->a, &rest, PEM_CERTIFICATE, &der) == OK) {
        OSSL_AUTO(X509) x = ossl_x509_read(der);
        if (x)
            X509_STORE_add_cert(roots, x);
    }
    return roots;
}

/* The dates of GetCACert's certificates have a finding of their own; a given root's have not. */
static int but_for_dates(int ok, X509_STORE_CTX *ctx) {
    int error = X509_STORE_CTX_get_error(ctx);
    if (error != X509_V_ERR_CERT_HAS_EXPIRED && error != X509_V_ERR_CERT_NOT_YET_VALID)
        return ok;
    const X509 *x = X509_STORE_CTX_get_current_cert(ctx);
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(ctx);
    for (int i = 0; i < sk_X509_num(sent); i++)
        if (X509_cmp(sk_X509_value(sent, i), x) == 0)
            return 1;
    return ok;
}

static bool judge_trust(struct probe *p, X509_STORE *roots, X509 *x) {
    OSSL_AUTO(X509_STORE_CTX) ctx = X509_STORE_CTX_new();
    if (X509_STORE_CTX_init(ctx, roots, x, p->ca.all) != 1)
        return false;
    X509_STORE_CTX_set_time(ctx, 0, (time_t)(clock_ms() / 1000));
    X509_STORE_CTX_set_verify_cb(ctx, but_for_dates);
    if (X509_verify_cert(ctx) == 1)
        return true;
    int error = X509_STORE_CTX_get_error(ctx);
    bool dated = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
    X509 *at = X509_STORE_CTX_get_current_cert(ctx);
    probe_found_as(p, PROBE_ROOT_TRUST, dated ? 0 : HR_CERT_UNTRUSTEDROOT, "%s: %s, at %s",
                   subject(p, x), X509_verify_cert_error_string(error), subject(p, at ? at : x));
    return false;
}

static void judge_roots(struct probe *p) {
    judge_root_absent(p);
    if (p->options->gateway) /* `trust` is for its TLS; the root goes to hosts before the profile */
        return;
    if (p->options->trust.n) {
        OSSL_AUTO(X509_STORE) roots = given_roots(p);
        if (judge_trust(p, roots, p->ca.sign) && p->ca.encrypt != p->ca.sign)
            judge_trust(p, roots, p->ca.encrypt);
        probe_checked(p, "chain to the given roots");
        return;
    }
    X509 *top = authority_top(p, p->ca.sign);
    probe_unknown(p, arena_printf(p->a,
                                  "whether hosts trust %s: deliver it first (--trust FILE checks "
                                  "it)",
                                  name_text(p, X509_get_issuer_name(top))));
}

/* ---- the whole ---- */

static void judge_type(struct probe *p, const char *content_type) {
    const char *wanted = p->ca.single ? SCEP_TYPE_CA_CERT : SCEP_TYPE_CA_RA_CERT;
    if (scep_is_type(content_type, ""))
        probe_found(p, PROBE_CA_TYPE, "none; %s is usual", wanted);
    else if (!scep_is_type(content_type, wanted))
        probe_found(p, PROBE_CA_TYPE, "%s; %s is usual",
                    text_claim(p->a, span_str(content_type), 100), wanted);
}

/* What the gateway puts beside the server's certificates; a single one it leaves alone (2.2). */
static void add_chain(struct probe *p) {
    struct span der, rest = p->options->chain;
    while (!p->ca.single && sk_X509_num(p->ca.all) < AUTHORITY_MAX &&
           pem_next(p->a, &rest, PEM_CERTIFICATE, &der) == OK) {
        X509 *x = ossl_x509_read(der);
        if (x)
            sk_X509_push(p->ca.all, x);
    }
}

void probe_judge_ca(struct probe *p, struct span body, const char *content_type) {
    bool single;
    STACK_OF(X509) *all = authority_read(p, body, &single);
    if (!all)
        return;
    p->ca = (struct scep_ca){.all = all, .single = single};
    if (content_type)
        judge_type(p, content_type);
    add_chain(p);
    authority_choose(p);
    judge_thumbprints(p);
    if (!single)
        judge_ra(p);
    else if (!scep_ca_is_ca(p->ca.sign))
        probe_unknown(p, "whether Windows takes a single certificate that is no CA's");
    judge_key(p);
    judge_validity(p);
    judge_roots(p);
    probe_checked(p, "form of GetCACert, RA KeyUsage, EKU and issuer, validity");
}

static bool is_usable(const struct fetch_reply *reply) {
    return !probe_fault(reply) && authority_is_readable(buf_view(&reply->body));
}

/* Whether another `message` gets what Windows' own did not; goes on with that answer. */
static bool other_message(struct probe *p, uint32_t fault, const char *seen) {
    static const char *const messages[] = {NULL, "ca"};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        FETCH_REPLY_AUTO(reply);
        probe_get(p, p->url, "GetCACert", messages[i], &reply);
        if (!is_usable(&reply))
            continue;
        probe_found_as(p, PROBE_MESSAGE_DEFAULT, fault, "%s; but %s%s is answered", seen,
                       messages[i] ? "message=" : "without message",
                       messages[i] ? messages[i] : "");
        probe_judge_ca(p, buf_view(&reply.body), reply.content_type);
        return true;
    }
    return false;
}

/* What cannot be reached or is silent gives no other answer to another question. */
static bool may_answer(const struct fetch_reply *reply) {
    return reply->cause == FETCH_OK || reply->cause == FETCH_RESET;
}

void probe_authority(struct probe *p) {
    FETCH_REPLY_AUTO(reply);
    bool chain = p->caps.chain; /* answered, else capabilities.c would have cleared it */
    const char *operation = chain ? "GetCACertChain" : "GetCACert";
    probe_get(p, p->url, operation, p->message, &reply);
    uint32_t fault = probe_fault(&reply);
    const char *seen = fault ? probe_seen(p, &reply) : "HTTP 200 without a certificate";
    bool another = !chain && !p->options->gateway && !is_usable(&reply) && may_answer(&reply);
    if (another && other_message(p, fault, seen))
        return;
    if (!fault)
        probe_judge_ca(p, buf_view(&reply.body), chain ? NULL : reply.content_type);
    else
        probe_found_fault(p, PROBE_CA_STATUS, &reply, "%s: %s", operation, seen);
}
