/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CRLs that the certificates of GetCACert name. Whether Windows looks at them here is open
 * (windows-scep.md, 10.6), but whoever checks the RA or the host's certificate later does.
 */
#include "probe/internal.h"

#include "base/clock.h"
#include "base/text.h"

OSSL_OWNER(X509_CRL)
OSSL_OWNER(CRL_DIST_POINTS)

/* A stranger's certificates name them, so there is an end to it. */
enum { MAX_URLS = 8, MAX_URL = 1000 };

struct urls {
    const char *at[MAX_URLS];
    int count;
    bool more, ldap; /* some were left out */
};

/* ---- which ---- */

static void add_url(struct probe *p, struct urls *list, const ASN1_IA5STRING *value) {
    struct span url = span_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    if (url.n > MAX_URL)
        return;
    const char *text = text_claim(p->a, url, MAX_URL);
    if (strncasecmp(text, "ldap", 4) == 0)
        list->ldap = true;
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->at[i], text) == 0)
            return;
    if (strncasecmp(text, "http", 4) != 0)
        return;
    if (list->count < MAX_URLS)
        list->at[list->count++] = text;
    else
        list->more = true;
}

static void add_point(struct probe *p, struct urls *list, const DIST_POINT *point) {
    if (!point->distpoint || point->distpoint->type != 0)
        return;
    GENERAL_NAMES *names = point->distpoint->name.fullname;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI)
            add_url(p, list, name->d.uniformResourceIdentifier);
    }
}

static void add_urls_of(struct probe *p, struct urls *list, X509 *cert) {
    OSSL_AUTO(CRL_DIST_POINTS)
    points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
    for (int i = 0; i < sk_DIST_POINT_num(points); i++)
        add_point(p, list, sk_DIST_POINT_value(points, i));
}

/* ---- what a CRL says ---- */

static X509 *issuer_of(struct probe *p, X509_CRL *crl) {
    X509 *named = NULL;
    for (int i = 0; i < sk_X509_num(p->ca.all); i++) {
        X509 *x = sk_X509_value(p->ca.all, i);
        if (X509_NAME_cmp(X509_get_subject_name(x), X509_CRL_get_issuer(crl)) != 0)
            continue;
        named = x;
        if (X509_CRL_verify(crl, X509_get0_pubkey(x)) == 1)
            return x;
    }
    return named;
}

static const char *date_text(struct probe *p, const ASN1_TIME *t) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    ASN1_TIME_print(out, t);
    return text_claim(p->a, ossl_content(p->a, out), 60);
}

static void judge_dates(struct probe *p, const char *url, X509_CRL *crl) {
    const ASN1_TIME *last = X509_CRL_get0_lastUpdate(crl), *next = X509_CRL_get0_nextUpdate(crl);
    time_t now = (time_t)(clock_ms() / 1000);
    if (!next)
        probe_found(p, PROBE_CRL, "%s has no nextUpdate", url);
    else if (X509_cmp_time(next, &now) < 0)
        probe_found(p, PROBE_CRL, "%s is old: the next one was due %s", url, date_text(p, next));
    if (X509_cmp_time(last, &now) > 0)
        probe_found(p, PROBE_CRL, "%s is of the future: %s", url, date_text(p, last));
}

/* The certificates of GetCACert in a CRL that holds. */
static void judge_entries(struct probe *p, const char *url, X509_CRL *crl) {
    for (int i = 0; i < sk_X509_num(p->ca.all); i++) {
        X509 *x = sk_X509_value(p->ca.all, i);
        X509_REVOKED *entry = NULL;
        if (X509_NAME_cmp(X509_get_issuer_name(x), X509_CRL_get_issuer(crl)) == 0 &&
            X509_CRL_get0_by_cert(crl, &entry, x) == 1)
            probe_found(p, PROBE_REVOKED, "%s says that %s is revoked", url,
                        probe_dn(p, X509_get_subject_name(x)));
    }
}

static void judge_signature(struct probe *p, const char *url, X509_CRL *crl) {
    X509 *issuer = issuer_of(p, crl);
    const char *name = probe_dn(p, X509_CRL_get_issuer(crl));
    if (!issuer)
        probe_unknown(p,
                      arena_printf(p->a, "the signature of %s: its issuer %s is not in GetCACert",
                                   url, name));
    else if (X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
        probe_found(p, PROBE_CRL, "%s is not signed by %s", url, name);
    else
        judge_entries(p, url, crl);
}

static X509_CRL *read_crl(struct span body) {
    const unsigned char *at = body.p;
    X509_CRL *crl = body.n ? d2i_X509_CRL(NULL, &at, (long)body.n) : NULL;
    if (crl && at == body.p + body.n)
        return crl;
    X509_CRL_free(crl);
    return NULL;
}

/* ---- getting them ---- */

/* False when no answer holds a CRL; that is reported. */
static bool get_crl(struct probe *p, struct fetch *fetch, const char *url,
                    struct fetch_reply *reply) {
    enum err e = fetch_send(fetch, &(struct fetch_request){.url = url}, reply);
    if (reply->cause == FETCH_LIMIT)
        probe_unknown(
            p, arena_printf(p->a, "%s: it is larger than %d MiB", url, FETCH_BODY_MAX >> 20));
    else if (probe_is_redirect(reply))
        probe_unknown(p, arena_printf(p->a, "%s: it redirects, which was not followed", url));
    else if (e != OK)
        probe_found(p, PROBE_CRL, "%s", text_claim(p->a, span_str(err_detail()), 400));
    else if (reply->status != 200)
        probe_found(p, PROBE_CRL, "%s: HTTP %d", url, reply->status);
    return e == OK && reply->status == 200;
}

/* Whether a CRL was had, good or not. */
static bool check_url(struct probe *p, struct fetch *fetch, const char *url) {
    if (strncasecmp(url, "http:", 5) != 0) {
        probe_found(p, PROBE_CRL, "%s is over https, not fetched: a CRL's place is plain http",
                    url);
        return false;
    }
    FETCH_REPLY_AUTO(reply);
    if (!get_crl(p, fetch, url, &reply))
        return false;
    struct span body = buf_view(&reply.body);
    OSSL_AUTO(X509_CRL) crl = read_crl(body);
    if (!crl) {
        probe_found(p, PROBE_CRL, "%s is no CRL in DER%s", url,
                    span_starts(span_trim(body), "-----BEGIN") ? ", but PEM" : "");
        return false;
    }
    judge_dates(p, url, crl);
    judge_signature(p, url, crl);
    return true;
}

static void report_urls(struct probe *p, const struct urls *list) {
    if (list->ldap)
        probe_unknown(p, "CRLs over ldap: not fetched");
    if (list->more)
        probe_unknown(p, "some of the CRLs: the certificates name more than eight");
    if (!list->count && !list->ldap)
        probe_fact(p, "crl", "the certificates name none");
    for (int i = 0; i < list->count; i++)
        probe_fact(p, "crl", "%s", list->at[i]);
}

void probe_crls(struct probe *p) {
    struct urls list = {0};
    int had = 0;
    for (int i = 0; i < sk_X509_num(p->ca.all); i++)
        add_urls_of(p, &list, sk_X509_value(p->ca.all, i));
    report_urls(p, &list);
    if (list.count && probe_is_refuted(p)) { /* nobody vouches for these URLs */
        probe_unknown(p, "CRLs: the server is not proved");
        return;
    }
    struct fetch *fetch = fetch_new(&(struct fetch_options){.timeout_ms = p->timeout_ms});
    for (int i = 0; i < list.count; i++)
        had += check_url(p, fetch, list.at[i]);
    fetch_free(fetch);
    if (had)
        probe_checked(p, "CRLs over http");
}
