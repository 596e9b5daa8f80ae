/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the server: name, connection, TLS, and the path that Windows makes of ServerURL. */
#include "probe/internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "device/hresult.h"
#include "device/scep_transport.h"
#include "wire/scep.h"

enum { CLOCK_TOLERANCE_S = 120 };

/* A new fetch, so that no connection of before is used, and the first request of Windows. */
static void ask_anew(struct probe *p, bool insecure, bool tls12, struct fetch_reply *reply) {
    const struct probe_options *o = p->options;
    fetch_free(p->fetch);
    p->fetch = fetch_new(&(struct fetch_options){.trust = o->trust,
                                                 .system_trust = o->trust.n == 0,
                                                 .insecure = insecure,
                                                 .tls12 = tls12 && !o->gateway,
                                                 .env_proxy = o->gateway,
                                                 .timeout_ms = p->timeout_ms});
    probe_get(p, p->url, "GetCACaps", p->message, reply);
}

static const char *redirect(struct probe *p, const struct fetch_reply *r) {
    const char *to = text_claim(p->a, span_str(r->location), sizeof r->location);
    return *to ? arena_printf(p->a, "HTTP %d (a redirect to %s)", r->status, to)
               : arena_printf(p->a, "HTTP %d (a redirect)", r->status);
}

/* What came, in words: "HTTP 404", "a web page (text/html)". */
static const char *outcome(struct probe *p, const struct fetch_reply *r) {
    if (r->cause == FETCH_LIMIT)
        return arena_printf(p->a, "an answer of more than %d MiB", FETCH_BODY_MAX >> 20);
    if (r->cause != FETCH_OK)
        return probe_why(p);
    if (probe_is_redirect(r))
        return redirect(p, r);
    if (r->status != 200)
        return arena_printf(p->a, "HTTP %d", r->status);
    const char *type = text_claim(p->a, span_str(r->content_type), 80);
    return scep_is_web_page(r)
               ? arena_printf(p->a, "HTTP 200 with a web page (%s)", *type ? type : "no type")
               : "HTTP 200";
}

/* ---- TLS ---- */

/* The host of the URL without brackets and port. */
static const char *host_of(struct probe *p) {
    const char *at = strstr(p->base, "://") + 3;
    if (*at == '[')
        return arena_str(p->a, span_of(at + 1, strcspn(at + 1, "]/")));
    return arena_str(p->a, span_of(at, strcspn(at, ":/")));
}

static bool is_for(X509 *cert, const char *host) {
    uint8_t address[16];
    bool literal =
        inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
    return literal ? X509_check_ip_asc(cert, host, 0) == 1
                   : X509_check_host(cert, host, 0, 0, NULL) == 1;
}

/* The names that the certificate is for, else its subject. */
static const char *names_of(struct probe *p, X509 *cert) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    OSSL_AUTO(GENERAL_NAMES) names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        BIO_puts(out, i ? ", " : "");
        GENERAL_NAME_print(out, sk_GENERAL_NAME_value(names, i));
    }
    return names ? text_claim(p->a, ossl_content(p->a, out), 300)
                 : probe_dn(p, X509_get_subject_name(cert));
}

/* "not valid after DATE", "not valid before DATE", or NULL when its time is now. */
static const char *out_of_time(struct probe *p, const X509 *cert) {
    const ASN1_TIME *from = X509_get0_notBefore(cert), *until = X509_get0_notAfter(cert);
    time_t now = (time_t)(clock_ms() / 1000);
    bool over = X509_cmp_time(until, &now) < 0;
    if (!over && X509_cmp_time(from, &now) <= 0)
        return NULL;
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    BIO_puts(out, over ? "not valid after " : "not valid before ");
    ASN1_TIME_print(out, over ? until : from);
    return text_claim(p->a, ossl_content(p->a, out), 80);
}

/* The roots of this machine are not the hosts'; but what is out of time is so for everybody. */
static void report_trust(struct probe *p, const char *words, X509 *cert) {
    const char *late = cert ? out_of_time(p, cert) : NULL;
    enum probe_code code = p->options->trust.n || late ? PROBE_TLS_TRUST : PROBE_TLS_ROOT;
    if (cert)
        probe_found(p, code, "%s; subject %s, issuer %s%s%s", words,
                    probe_dn(p, X509_get_subject_name(cert)),
                    probe_dn(p, X509_get_issuer_name(cert)), late ? ", " : "", late ? late : "");
    else
        probe_found(p, code, "%s", words);
}

/* Both faults of the certificate: OpenSSL stops at the chain before it looks at the name. */
static void judge_cert(struct probe *p, enum fetch_cause first, const char *words,
                       const struct fetch_reply *r) {
    OSSL_AUTO(BIO) in = ossl_reader(buf_view(&r->server_cert));
    OSSL_AUTO(X509) cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
    const char *host = host_of(p);
    if (first == FETCH_TLS_TRUST)
        report_trust(p, words, cert);
    if (cert && (first == FETCH_TLS_NAME || !is_for(cert, host)))
        probe_found(p, PROBE_TLS_NAME, "ServerURL says %s, the certificate is for %s", host,
                    names_of(p, cert));
    else if (first == FETCH_TLS_NAME)
        probe_found(p, PROBE_TLS_NAME, "%s", words);
}

/* The handshake fails, and neither the version nor the server's certificate is why. */
static void report_no_tls(struct probe *p, bool asked_for_cert, const char *words) {
    if (asked_for_cert)
        probe_found(p, PROBE_TLS_CLIENT_CERT, "it closes the connection without one");
    probe_found(p, PROBE_TLS, "%s", words);
}

/*
 * Without TLS 1.2: is there a TLS 1.3 to be had? A server that asked for a certificate had agreed
 * on TLS 1.2 before it closed the connection. Gives whether `r` is now an answer over TLS 1.3.
 */
static bool mend_version(struct probe *p, struct fetch_reply *r) {
    const char *words = probe_why(p);
    bool asked = r->asked_for_cert, tls13 = false;
    if (!asked) {
        ask_anew(p, false, false, r);
        tls13 = r->cause == FETCH_OK || r->cause == FETCH_TLS_TRUST || r->cause == FETCH_TLS_NAME ||
                r->asked_for_cert;
    }
    if (tls13)
        probe_found(p, PROBE_TLS_VERSION, "%s", words);
    else
        report_no_tls(p, asked, words);
    return tls13;
}

/* Finds out what is wrong with TLS and asks again as if that were mended; false when it cannot. */
static bool mend_tls(struct probe *p, struct fetch_reply *r) {
    bool tls12 = r->cause != FETCH_TLS;
    if (!tls12 && !mend_version(p, r))
        return false;
    enum fetch_cause first = r->cause;
    if (!fetch_is_tls(first))
        return true;
    const char *words = probe_why(p);
    ask_anew(p, true, tls12, r);
    const char *rest = probe_why(p);
    judge_cert(p, first, words, r);
    if (fetch_is_tls(r->cause))
        report_no_tls(p, r->asked_for_cert, rest);
    return !fetch_is_tls(r->cause);
}

/* ---- the path ---- */

/* Nothing came: what Windows says then. */
static void report_silence(struct probe *p, enum fetch_cause cause, const char *seen) {
    static const enum probe_code codes[] = {
        [FETCH_NAME] = PROBE_NAME,        [FETCH_CONNECT] = PROBE_UNREACHABLE,
        [FETCH_RESET] = PROBE_BROKEN,     [FETCH_TIMEOUT] = PROBE_TIMEOUT,
        [FETCH_INVALID] = PROBE_NOT_HTTP, [FETCH_LIMIT] = PROBE_NOT_HTTP,
        [FETCH_URL] = PROBE_NAME,         [FETCH_LOCAL] = PROBE_UNREACHABLE,
    };
    probe_found_as(p, codes[cause], hresult_of_fetch(cause), "%s at %s", seen, p->url);
}

static bool ends_in_suffix(const char *url) {
    size_t n = strlen(url), suffix = strlen(SCEP_WINDOWS_SUFFIX);
    return n > suffix && strcasecmp(url + n - suffix, SCEP_WINDOWS_SUFFIX) == 0;
}

/* What stands behind a finding about the path. */
static const char *remark(const struct probe *p) {
    return ends_in_suffix(p->base) ? " (ServerURL ends in " SCEP_WINDOWS_SUFFIX
                                     " itself, and Windows appends another)"
                                   : "";
}

/* Whether this path answers GetCACert, as far as a status tells. */
static bool has_ca_cert(struct probe *p, const char *url) {
    FETCH_REPLY_AUTO(r);
    probe_get(p, url, "GetCACert", SCEP_WINDOWS_MESSAGE, &r);
    return probe_fault(&r) == HR_OK;
}

/* `seen` came from the path with the suffix, while the bare one answers. */
static void report_suffix(struct probe *p, const struct fetch_reply *r, const char *seen) {
    probe_found_fault(p, PROBE_SUFFIX, r, "%s at %s%s; %s answers", seen, p->url, remark(p),
                      p->base);
    p->url = p->base;
}

static void report_capabilities(struct probe *p, const struct fetch_reply *r, const char *seen) {
    probe_found_fault(p, PROBE_CAPS_STATUS, r, "%s at %s%s", seen, p->url, remark(p));
}

/*
 * The first request was not answered with capabilities: does the path without the suffix do so?
 * Then Windows fails for the suffix alone, and the run goes on there.
 */
static void look_below(struct probe *p, const struct fetch_reply *r, const char *seen) {
    FETCH_REPLY_AUTO(bare);
    probe_get(p, p->base, "GetCACaps", SCEP_WINDOWS_MESSAGE, &bare);
    const char *bare_seen = outcome(p, &bare);
    bool answered = bare.cause == FETCH_OK;
    p->reached = true;
    if (probe_fault(&bare) == HR_OK) {
        report_suffix(p, r, seen);
    } else if (answered && !has_ca_cert(p, p->url) && has_ca_cert(p, p->base)) {
        report_suffix(p, r, seen);
        report_capabilities(p, &bare, bare_seen);
    } else if (r->cause == FETCH_OK) {
        seen = answered ? arena_printf(p->a, "%s, and %s at %s;", seen, bare_seen, p->base) : seen;
        report_capabilities(p, r, seen);
    } else {
        p->reached = false;
    }
}

/* A ServerURL that ends in the suffix makes Windows ask for it twice (1.2). */
static void look_doubled(struct probe *p) {
    FETCH_REPLY_AUTO(r);
    const char *url = arena_printf(p->a, "%s" SCEP_WINDOWS_SUFFIX, p->url);
    probe_get(p, url, "GetCACaps", SCEP_WINDOWS_MESSAGE, &r);
    if (probe_fault(&r) != HR_OK)
        probe_found_as(p, PROBE_SUFFIX_DOUBLED, probe_fault(&r), "%s at %s", outcome(p, &r), url);
}

/* The gateway asks at the URL as it stands: there is no other path to try. */
static void look_once(struct probe *p, const struct fetch_reply *r, const char *seen) {
    if (!p->reached && r->cause == FETCH_OK) {
        report_capabilities(p, r, seen);
        p->reached = true;
    }
}

static void judge_path(struct probe *p, const struct fetch_reply *r, const char *seen) {
    bool other_path_may_work =
        r->cause == FETCH_OK || r->cause == FETCH_RESET || r->cause == FETCH_INVALID;
    p->reached = probe_fault(r) == HR_OK;
    if (p->options->gateway)
        look_once(p, r, seen);
    else if (p->reached && !ends_in_suffix(p->base))
        look_doubled(p);
    else if (!p->reached && other_path_may_work)
        look_below(p, r, seen);
    if (probe_fault(r) == HR_OK && !p->options->gateway)
        probe_checked(p, "the path with its suffix");
    if (!p->reached)
        report_silence(p, r->cause, seen);
}

/* ---- the clock ---- */

/* Date has whole seconds: the middle of that second is the best guess. */
static void judge_clock(struct probe *p, const struct fetch_reply *r, int64_t now_ms) {
    if (!r->date_ms) {
        probe_unknown(p, "the server's clock: its answer has no Date");
        return;
    }
    p->clock_skew_ms = r->date_ms + 500 - now_ms;
    int64_t seconds = llabs(p->clock_skew_ms) / 1000;
    const char *side = p->clock_skew_ms > 0 ? "ahead" : "behind";
    if (seconds > CLOCK_TOLERANCE_S)
        probe_found(p, PROBE_CLOCK, "the server is %lld s %s", (long long)seconds, side);
    probe_fact(p, "clock", "%lld s %s", (long long)seconds, seconds ? side : "apart");
    probe_checked(p, "clock");
}

/* ---- the step ---- */

/* For a query; only letters, digits and - . _ ~ stand for themselves (RFC 3986, 2.3). */
static const char *percent_encoded(struct arena *a, const char *text) {
    BUF_AUTO(out);
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            buf_char(&out, *text);
        else
            buf_printf(&out, "%%%02X", (unsigned char)*text);
    return arena_str(a, buf_view(&out));
}

static void set_urls(struct probe *p) {
    struct span url = span_str(p->options->url);
    while (!p->options->gateway && url.n > strlen("https://") && url.p[url.n - 1] == '/')
        url.n--;
    p->base = arena_str(p->a, url);
    p->url = arena_printf(p->a, "%s%s", p->base, p->options->gateway ? "" : SCEP_WINDOWS_SUFFIX);
    p->message = SCEP_WINDOWS_MESSAGE;
    if (p->options->gateway)
        p->message = p->options->message ? percent_encoded(p->a, p->options->message) : NULL;
    probe_fact(p, "url", "%s", p->url);
}

bool probe_is_refuted(const struct probe *p) {
    return probe_was_found(p, PROBE_TLS_TRUST) || probe_was_found(p, PROBE_TLS_ROOT) ||
           probe_was_found(p, PROBE_TLS_NAME) || probe_was_found(p, PROBE_THUMBPRINT) ||
           probe_was_found(p, PROBE_ROOT_TRUST);
}

/* Something came: what is known of the way to it. */
static void report_way(struct probe *p, const struct fetch_reply *r) {
    if (r->asked_for_cert)
        probe_found(p, PROBE_TLS_CLIENT_CERT, "%s",
                    r->cause == FETCH_OK ? "it answers without one, too" : "and then no answer");
    if (r->cause != FETCH_OK)
        return;
    bool tls = fetch_url_is_https(p->base);
    if (tls && !p->options->gateway)
        probe_fact(p, "tls", probe_was_found(p, PROBE_TLS_VERSION) ? "TLS 1.3" : "TLS 1.2");
    bool proved = tls && !probe_is_refuted(p);
    probe_checked(p, !tls                  ? "name and connection"
                     : !proved             ? "name, connection and TLS"
                     : p->options->gateway ? "name, connection, TLS and trust"
                                           : "name, connection, TLS 1.2 and trust");
    if (probe_was_found(p, PROBE_TLS_ROOT))
        probe_unknown(p, "whether hosts trust the TLS certificate");
    judge_clock(p, r, clock_ms());
}

void probe_reach(struct probe *p) {
    FETCH_REPLY_AUTO(r);
    set_urls(p);
    ask_anew(p, false, true, &r);
    if (fetch_is_tls(r.cause) && !mend_tls(p, &r))
        return;
    const char *seen = outcome(p, &r); /* before another request changes err_detail() */
    report_way(p, &r);
    judge_path(p, &r, seen);
}
