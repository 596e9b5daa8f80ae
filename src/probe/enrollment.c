/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A true enrollment. Windows wraps its request in RSAES-OAEP and tries nothing else; where that
 * fails, a fresh request with PKCS#1 v1.5 tells whether OAEP is the reason, and lets the rest be
 * judged. There are never more than these two: each may use up a challenge or issue a certificate.
 */
#include "base/text.h"
#include "cms/signed.h" /* before OpenSSL's headers, which make macros of our KU_ names */
#include "device/hresult.h"
#include "device/scep_transport.h"
#include "probe/internal.h"
#include "scep/attributes.h"

enum { KEY_LENGTH = 2048, KEY_USAGE = 0xa0, SOFTWARE_KSP = 3, NO_FAIL_INFO = -1 };

/* How far the server came with a request. */
enum progress {
    NOT_ANSWERED, /* HTTP's fault, or no CertRep: may be the way that it fails to decrypt */
    NOT_READ,     /* a FAILURE that may mean the same */
    WAS_READ,     /* another FAILURE, or a CertRep that is malformed */
    ACCEPTED,     /* SUCCESS, PENDING */
};

struct attempt {
    struct scep_request request;
    struct fetch_reply reply;
    uint32_t fault;    /* HRESULT when HTTP brought nothing */
    const char *words; /* what came, when it is no CertRep */
    int fail_info;
    enum progress progress;
};

static void attempt_free(struct attempt *t) {
    scep_request_free(&t->request);
    fetch_reply_free(&t->reply);
}
#define ATTEMPT_AUTO(name) struct attempt name __attribute__((cleanup(attempt_free))) = {0}

/* ---- the request ---- */

/* Of what HRESULTs there are, these are about the options. */
static enum err refuse_options(struct probe *p, uint32_t hr) {
    if (hr == HR_CRYPT_NOT_PRINTABLE)
        return err_set(ERR_USAGE,
                       "the challenge has characters outside PrintableString: Windows "
                       "makes no request of it and fails with 0x%08X",
                       hr);
    if (hr == HR_CRYPT_BAD_X500 || hr == HR_INVALID_ARGUMENT)
        return err_set(ERR_USAGE,
                       "'%s' is no subject for Windows, which fails with 0x%08X: write "
                       "\"CN=name,O=organization\"",
                       p->options->subject, hr);
    probe_found(p, PROBE_CA_KEY, "no request can be encrypted to %s",
                probe_dn(p, X509_get_subject_name(p->ca.encrypt)));
    return OK;
}

static uint32_t make_request(struct probe *p, const char *key_transport, struct scep_request *r) {
    const struct scep_settings settings = {
        .challenge = p->options->challenge,
        .subject = p->options->subject,
        .ekus = "1.3.6.1.5.5.7.3.2", /* clientAuth */
        .alt_names = "",
        .hash = "SHA-2",
        .key_usage = KEY_USAGE,
        .key_length = KEY_LENGTH,
        .key_protection = SOFTWARE_KSP,
    };
    json_object_set_new(p->host.switches, "key-transport", json_string(key_transport));
    return scep_request_make(&p->host, &settings, &p->ca, &p->caps, p->a, r);
}

/* ---- the way there and back ---- */

static void submit(struct probe *p, struct span message, struct fetch_reply *reply) {
    static const char *const headers[] = {
        SCEP_USER_AGENT,    "Cache-Control: no-cache",          "Connection: Keep-Alive",
        "Pragma: no-cache", "Content-Type: " SCEP_TYPE_MESSAGE, NULL};
    static const char *const get_headers[] = {SCEP_USER_AGENT, "Cache-Control: no-cache",
                                              "Connection: Keep-Alive", "Pragma: no-cache", NULL};
    BUF_AUTO(url);
    scep_operation_url(&url, p->url, p->caps.post ? SPAN_NONE : message);
    struct fetch_request q = {.url = buf_cstr(&url),
                              .post = p->caps.post,
                              .once = true,
                              .headers = p->caps.post ? headers : get_headers,
                              .body = p->caps.post ? message : SPAN_NONE};
    enum err e = fetch_send(p->fetch, &q, reply);
    (void)e; /* reply->cause says it too; probe_seen takes err_detail() */
}

/* ---- how far it came ---- */

static enum progress progress_of(struct arena *a, struct span message, int *fail_info) {
    struct cms_signed msg;
    struct scep_attributes attributes;
    *fail_info = NO_FAIL_INFO;
    if (cms_signed_read(a, message, &msg) != OK)
        return msg.signer.digest.oid.n ? WAS_READ : NOT_ANSWERED; /* a CertRep, though malformed */
    if (scep_attributes_read(&msg.signer, &attributes) != OK)
        return WAS_READ;
    if (attributes.pki_status == SCEP_SUCCESS || attributes.pki_status == SCEP_PENDING)
        return ACCEPTED;
    if (attributes.pki_status != SCEP_FAILURE)
        return WAS_READ;
    *fail_info = attributes.fail_info;
    bool unread = *fail_info == SCEP_BAD_ALG || *fail_info == SCEP_BAD_MESSAGE_CHECK ||
                  *fail_info == NO_FAIL_INFO;
    return unread ? NOT_READ : WAS_READ;
}

/* One request; HR_OK or why there is none. */
static uint32_t try_with(struct probe *p, const char *key_transport, struct attempt *t) {
    uint32_t hr = make_request(p, key_transport, &t->request);
    if (hr != HR_OK)
        return hr;
    submit(p, t->request.message, &t->reply);
    t->fault = probe_fault(&t->reply);
    t->words = t->fault ? probe_seen(p, &t->reply) : "an answer that is no CertRep";
    t->fail_info = NO_FAIL_INFO;
    if (!t->fault)
        t->progress = progress_of(p->a, buf_view(&t->reply.body), &t->fail_info);
    return HR_OK;
}

static const char *outcome(struct probe *p, const struct attempt *t) {
    if (t->progress == NOT_ANSWERED)
        return t->words;
    if (t->progress == NOT_READ)
        return arena_printf(p->a, "FAILURE, %s", probe_fail_info(p, t->fail_info));
    return "read";
}

/* Where the request never arrived, or nobody can tell what became of it, another tells nothing. */
static bool is_worth_another(const struct attempt *t) {
    enum fetch_cause cause = t->reply.cause;
    return t->progress < WAS_READ &&
           (cause == FETCH_OK || cause == FETCH_RESET || cause == FETCH_INVALID);
}

static bool came_further(const struct attempt *now, const struct attempt *before) {
    bool silent_failure = now->progress == NOT_READ && now->fail_info == NO_FAIL_INFO;
    return now->progress >= WAS_READ || (silent_failure && before->progress == NOT_ANSWERED);
}

/* ---- the verdict ---- */

static void judge_type(struct probe *p, const struct fetch_reply *r) {
    size_t n = strcspn(r->content_type, "; ");
    if (!span_is_nocase(span_of(r->content_type, n), SCEP_TYPE_MESSAGE))
        probe_found(p, PROBE_REPLY_TYPE, "%s",
                    *r->content_type ? text_claim(p->a, span_str(r->content_type), 100)
                                     : "no Content-Type");
}

static void judge_fault(struct probe *p, const struct attempt *t) {
    bool page = t->fault == HR_FILENAME_EXCED_RANGE;
    probe_found_as(p, page ? PROBE_WEB_PAGE : PROBE_OPERATION_STATUS, t->fault,
                   "PKIOperation: %s%s%s", t->words, p->other_attempt ? "; " : "",
                   p->other_attempt ? p->other_attempt : "");
}

static void judge(struct probe *p, const struct attempt *t) {
    if (t->fault) {
        judge_fault(p, t);
        probe_unknown(p, "the CertRep and the certificate");
        return;
    }
    judge_type(p, &t->reply);
    probe_certrep(p, &t->request, buf_view(&t->reply.body));
}

static const char *same_words(struct probe *p, const struct attempt *pkcs1,
                              const struct attempt *oaep) {
    const char *words = outcome(p, pkcs1);
    return strcmp(words, outcome(p, oaep)) == 0 ? "the same by PKCS#1 v1.5"
                                                : arena_printf(p->a, "by PKCS#1 v1.5: %s", words);
}

/* OAEP failed: what PKCS#1 v1.5 says about that. */
static enum err try_pkcs1(struct probe *p, const struct attempt *oaep) {
    ATTEMPT_AUTO(pkcs1);
    uint32_t hr = try_with(p, "pkcs1", &pkcs1);
    if (hr != HR_OK)
        return refuse_options(p, hr);
    if (!came_further(&pkcs1, oaep)) {
        p->other_attempt = same_words(p, &pkcs1, oaep);
        judge(p, oaep);
        probe_unknown(p, "whether it reads RSAES-OAEP");
        return OK;
    }
    probe_found_as(p, PROBE_OAEP, oaep->fault, "PKIOperation by RSAES-OAEP: %s", outcome(p, oaep));
    p->other_attempt = "the request by RSAES-OAEP came before: it may have used up a one-time "
                       "challenge";
    judge(p, &pkcs1);
    return OK;
}

enum err probe_enrollment(struct probe *p) {
    ATTEMPT_AUTO(oaep);
    p->other_attempt = NULL;
    uint32_t hr = try_with(p, "oaep", &oaep);
    if (hr != HR_OK)
        return refuse_options(p, hr);
    if (is_worth_another(&oaep))
        return try_pkcs1(p, &oaep);
    judge(p, &oaep);
    if (oaep.progress == ACCEPTED)
        probe_checked(p, "RSAES-OAEP");
    else
        probe_unknown(p, "whether it reads RSAES-OAEP");
    return OK;
}
