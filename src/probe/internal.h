/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of a probe share. Each step adds its findings and leaves what the next one needs.
 */
#ifndef SIGNET_PROBE_INTERNAL_H
#define SIGNET_PROBE_INTERNAL_H

#include "device/scep_message.h"
#include "fetch/fetch.h"
#include "probe/probe.h"

struct probe {
    const struct probe_options *options;
    const char *challenge; /* of the request */
    struct arena *a;
    struct probe_report *report;
    struct host host;      /* in memory only: switches and names of the emulated host */
    struct fetch *fetch;   /* TLS 1.2, and as tolerant as the findings of before made it */
    const char *base;      /* ServerURL without a closing "/" */
    const char *url;       /* where Windows goes; the bare path after PROBE_SUFFIX */
    const char *message;   /* in the query of GetCACaps and GetCACert; NULL: none */
    unsigned timeout_ms;   /* of each request */
    int64_t clock_skew_ms; /* server's Date less ours; 0 when it sends none */

    /* GetCACaps */
    struct scep_caps caps;

    /* GetCACert: the certificates, and who plays which part; as if mended after a finding. */
    struct scep_ca ca;
    X509 **issuers; /* of each in ca.all: who signed it, or NULL */

    /* PKIOperation: what a refusal says of the other attempt; NULL: there was none. */
    const char *other_attempt;

    /* Whether the later steps make sense. */
    bool reached, has_ca;
};

/* ---- findings (run.c) ---- */

/* Adds a finding with what was seen. The HRESULT is the entry's. */
void probe_found(struct probe *p, enum probe_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with an HRESULT of its own, 0 for "code not known". */
void probe_found_as(struct probe *p, enum probe_code code, uint32_t hresult, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for an answer with a fault, of which it has the HRESULT; a web page and a redirect have
 * findings of their own in place of `code`. */
void probe_found_fault(struct probe *p, enum probe_code code, const struct fetch_reply *reply,
                       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

bool probe_was_found(const struct probe *p, enum probe_code code);

void probe_fact(struct probe *p, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void probe_checked(struct probe *p, const char *what);
void probe_unknown(struct probe *p, const char *what);

/* ---- asking, and what came (ask.c) ---- */

/*
 * GET url?operation=OPERATION and, unless it is NULL, &message=MESSAGE, with Windows' headers.
 * FETCH_OK and any status are in `reply`.
 */
void probe_get(struct probe *p, const char *url, const char *operation, const char *message,
               struct fetch_reply *reply);

/* What came instead of an answer, or an HTTP status but 200, or a web page: its HRESULT; 0: fine.
 */
uint32_t probe_fault(const struct fetch_reply *reply);

bool probe_is_redirect(const struct fetch_reply *reply);

/* A name in a certificate as RFC 2253 writes it, cleaned for the terminal. */
const char *probe_dn(struct probe *p, const X509_NAME *name);

/* What a reply with a fault was, for people: "HTTP 404: first line", "a web page". In the arena;
 * right after probe_get, for it uses err_detail. */
const char *probe_seen(struct probe *p, const struct fetch_reply *reply)
    __attribute__((returns_nonnull));

/* curl's words for why the last request has no answer, without the URL before them; cleaned, for
 * some are the server's. */
const char *probe_why(struct probe *p) __attribute__((returns_nonnull));

/* ---- the steps, in Windows' order ---- */

/* ERR_USAGE for a challenge or a subject of which Windows makes no request; asks for nothing.
 * (enrollment.c) */
enum err probe_check_request(struct probe *p) ERR_MUST_USE;

/* Name, connection, TLS, and the path with its suffix. Sets reached, fetch, url. (reach.c) */
void probe_reach(struct probe *p);

/* Whether a finding says that whoever answers may not be the profile's server: then it is neither
 * sent a challenge nor taken at its word for other addresses. (reach.c) */
bool probe_is_refuted(const struct probe *p);

/* GetCACaps. Sets caps. (capabilities.c) */
void probe_capabilities(struct probe *p);

/* The same for an answer that came; asks for nothing. */
void probe_judge_capabilities(struct probe *p, struct span body);

/* GetCACert: form, RA, thumbprints, validity, roots. Sets ca and has_ca. (authority.c) */
void probe_authority(struct probe *p);

/* The same for an answer that came; asks for nothing. `content_type` NULL: that does not matter. */
void probe_judge_ca(struct probe *p, struct span body, const char *content_type);

/* CRLs that the certificates name (crl.c). */
void probe_crls(struct probe *p);

/*
 * A true enrollment: OAEP, then PKCS#1 v1.5. ERR_USAGE for a challenge or a subject of which
 * Windows makes no request. (enrollment.c)
 */
enum err probe_enrollment(struct probe *p) ERR_MUST_USE;

/* All of a CertRep against the request that it answers (certrep.c). */
void probe_certrep(struct probe *p, const struct scep_request *request, struct span message);

/* "failInfo 2 (badRequest)", "no failInfo" for -1. */
const char *probe_fail_info(struct probe *p, int fail_info) __attribute__((returns_nonnull));

/* The certificates of a CertRep SUCCESS, a degenerate PKCS#7, against the request (issued.c). */
void probe_issued(struct probe *p, const struct scep_request *request, struct span bag);

/* A Name's DER, for x509/name.h. */
static inline struct span probe_name_der(const X509_NAME *name) {
    const unsigned char *der = NULL;
    size_t n = 0;
    return X509_NAME_get0_der(name, &der, &n) == 1 ? span_of(der, n) : SPAN_NONE;
}

#endif
