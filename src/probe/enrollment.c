/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A true enrollment. Windows wraps its request in RSAES-OAEP and tries nothing else; where that
 * fails, a fresh request with PKCS#1 v1.5 tells whether OAEP is the reason, and lets the rest be
 * judged. There are never more than these two: each may use up a challenge or issue a certificate.
 *
 * Only a second request that is accepted proves it. One that is refused does not: servers were seen
 * to say HTTP 500 to a request that they could not read, and to a wrong challenge, in the same way.
 */
#include "base/text.h"
#include "cms/signed.h" /* before OpenSSL's headers, which make macros of our KU_ names */
#include "device/hresult.h"
#include "device/scep_transport.h"
#include "device/x500.h"
#include "probe/internal.h"
#include "scep/attributes.h"

enum {
    KEY_LENGTH = 2048,
    KEY_USAGE = 0xa0,
    SOFTWARE_KSP = 3,
    NO_FAIL_INFO = -1,
    SUBJECT_MAX = 200
};

/* How far the server came with a request. */
enum progress {
    NOT_ANSWERED, /* HTTP's fault, or no CertRep: may be the way that it fails to decrypt */
    NOT_READ,     /* a FAILURE that may mean the same */
    REFUSED,      /* another FAILURE */
    MALFORMED,    /* a CertRep that says neither yes nor no */
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

static struct scep_settings settings_of(const struct probe *p) {
    return (struct scep_settings){
        .challenge = p->challenge,
        .subject = p->options->subject,
        .ekus = "1.3.6.1.5.5.7.3.2", /* clientAuth */
        .alt_names = "",
        .hash = "SHA-2",
        .key_usage = KEY_USAGE,
        .key_length = KEY_LENGTH,
        .key_protection = SOFTWARE_KSP,
    };
}

static uint32_t make_request(struct probe *p, const char *key_transport, struct scep_request *r) {
    const struct scep_settings settings = settings_of(p);
    json_object_set_new(p->host.switches, "key-transport", json_string(key_transport));
    return scep_request_make(&p->host, &settings, &p->ca, &p->caps, p->a, r);
}

/* Of what HRESULTs there are, these are about the options; OK for the others. */
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
                       text_claim(p->a, span_str(p->options->subject), SUBJECT_MAX), hr);
    return OK;
}

static enum err no_request(struct probe *p, uint32_t hr) {
    TRY(refuse_options(p, hr));
    probe_found(p, PROBE_CA_KEY, "no request can be encrypted to %s",
                probe_dn(p, X509_get_subject_name(p->ca.encrypt)));
    return OK;
}

/* A CSR does not care for the kind of its key, and a key of this kind is made at once. */
enum err probe_check_request(struct probe *p) {
    const struct scep_settings settings = settings_of(p);
    if (!x500_is_printable(span_str(settings.challenge)))
        return refuse_options(p, HR_CRYPT_NOT_PRINTABLE);
    OSSL_AUTO(EVP_PKEY) key = EVP_EC_gen("P-256");
    OSSL_AUTO(X509_REQ) csr = NULL;
    if (!key)
        return err_set(ERR_CRYPTO, "no key can be made");
    return refuse_options(p, scep_csr_make(&p->host, &settings, key, NULL, &csr));
}

/* ---- the way there and back ---- */

static void submit(struct probe *p, struct span message, struct fetch_reply *reply) {
    BUF_AUTO(url);
    scep_operation_url(&url, p->url, p->caps.post ? SPAN_NONE : message);
    if (strchr(p->url, '?')) /* the query goes on */
        url.p[strlen(p->url)] = '&';
    const char *headers[SCEP_HEADERS];
    scep_headers(&p->host, p->caps.post, headers);
    struct fetch_request q = {.url = buf_cstr(&url),
                              .post = p->caps.post,
                              .once = true,
                              .headers = headers,
                              .body = p->caps.post ? message : SPAN_NONE};
    enum err e = fetch_send(p->fetch, &q, reply);
    (void)e; /* reply->cause says it too; probe_seen takes err_detail() */
}

/* ---- how far it came ---- */

static enum progress progress_of(struct arena *a, struct span message, int *fail_info) {
    struct cms_signed msg;
    struct scep_attributes attributes;
    *fail_info = NO_FAIL_INFO;
    if (cms_signed_read(a, message, &msg) != OK && !msg.signer.digest.oid.n)
        return NOT_ANSWERED;
    /* What cannot be read is judged later; the status may have come before it. */
    if (scep_attributes_read(&msg.signer, &attributes) != OK && attributes.pki_status < 0)
        return MALFORMED;
    if (attributes.pki_status == SCEP_SUCCESS || attributes.pki_status == SCEP_PENDING)
        return ACCEPTED;
    if (attributes.pki_status != SCEP_FAILURE)
        return MALFORMED;
    *fail_info = attributes.fail_info;
    bool unread = *fail_info == SCEP_BAD_ALG || *fail_info == SCEP_BAD_MESSAGE_CHECK ||
                  *fail_info == NO_FAIL_INFO;
    return unread ? NOT_READ : REFUSED;
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
    if (t->progress == NOT_READ || t->progress == REFUSED)
        return arena_printf(p->a, "FAILURE, %s", probe_fail_info(p, t->fail_info));
    return "read";
}

/* A status that a server, or what stands before it, sends without having tried to decrypt. */
static bool came_before_reading(int status) {
    static const int all[] = {401, 403, 404, 429, 502, 503, 504};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (status == all[i])
            return true;
    return status >= 300 && status < 400;
}

/* Where the request was not looked at, or nobody can tell what became of it, another tells nothing
 * and may use up a challenge. */
static bool is_worth_another(const struct attempt *t) {
    enum fetch_cause cause = t->reply.cause;
    if (cause != FETCH_OK)
        return cause == FETCH_INVALID;
    return t->progress < REFUSED && !came_before_reading(t->reply.status);
}

/* Whether the first attempt says clearly enough that it was not read. */
static bool was_unreadable(const struct attempt *t) {
    if (t->progress == NOT_READ)
        return t->fail_info != NO_FAIL_INFO;
    return t->progress == NOT_ANSWERED && t->reply.cause == FETCH_OK &&
           (t->reply.status == 200 || t->reply.status == 500);
}

static bool proves_oaep(const struct attempt *pkcs1, const struct attempt *oaep) {
    return pkcs1->progress == ACCEPTED || (pkcs1->progress == MALFORMED && was_unreadable(oaep));
}

/* Whether the request may have arrived, with an answer that got lost. */
static bool may_have_issued(const struct attempt *t) {
    enum fetch_cause cause = t->reply.cause;
    int status = t->reply.status;
    if (cause == FETCH_OK)
        return status == 502 || status == 504;
    return cause == FETCH_TIMEOUT || cause == FETCH_RESET || cause == FETCH_INVALID ||
           cause == FETCH_LIMIT;
}

/* ---- the verdict ---- */

static void judge_type(struct probe *p, const struct fetch_reply *r) {
    if (!scep_is_type(r->content_type, SCEP_TYPE_MESSAGE))
        probe_found(p, PROBE_REPLY_TYPE, "%s",
                    *r->content_type ? text_claim(p->a, span_str(r->content_type), 100)
                                     : "no Content-Type");
}

static void judge_fault(struct probe *p, const struct attempt *t) {
    const char *other = p->other_attempt;
    probe_found_fault(p, PROBE_OPERATION_STATUS, &t->reply, "PKIOperation: %s%s%s", t->words,
                      other ? "; " : "", other ? other : "");
}

static void judge(struct probe *p, const struct attempt *t) {
    if (t->fault) {
        judge_fault(p, t);
        probe_unknown(p, "the CertRep and the certificate");
        if (may_have_issued(t))
            probe_unknown(p, "whether a certificate was issued");
        return;
    }
    judge_type(p, &t->reply);
    probe_certrep(p, &t->request, buf_view(&t->reply.body));
}

/* What PKCS#1 v1.5 brought, when that does not prove OAEP to be the reason. */
static const char *second_words(struct probe *p, const struct attempt *pkcs1,
                                const struct attempt *oaep) {
    const char *words = outcome(p, pkcs1);
    if (strcmp(words, outcome(p, oaep)) == 0)
        return "the same by PKCS#1 v1.5";
    if (pkcs1->progress == NOT_ANSWERED)
        return arena_printf(p->a, "by PKCS#1 v1.5: %s", words);
    return arena_printf(
        p->a,
        "the same request by PKCS#1 v1.5: %s; so RSAES-OAEP is suspected, but a "
        "challenge that is wrong or used up by the first request, or a subject that has a "
        "certificate already, looks the same",
        words);
}

/* OAEP failed: what PKCS#1 v1.5 says about that. */
static enum err try_pkcs1(struct probe *p, const struct attempt *oaep) {
    ATTEMPT_AUTO(pkcs1);
    uint32_t hr = try_with(p, "pkcs1", &pkcs1);
    if (hr != HR_OK)
        return no_request(p, hr);
    if (!proves_oaep(&pkcs1, oaep)) {
        p->other_attempt = second_words(p, &pkcs1, oaep);
        judge(p, oaep);
        probe_unknown(p, "whether it reads RSAES-OAEP");
        return OK;
    }
    probe_found_as(p, PROBE_OAEP, oaep->fault, "PKIOperation by RSAES-OAEP: %s", outcome(p, oaep));
    judge(p, &pkcs1);
    return OK;
}

/* As the gateway asks in mode RA: once. */
static enum err ask_as_ra(struct probe *p) {
    ATTEMPT_AUTO(pkcs1);
    uint32_t hr = try_with(p, "pkcs1", &pkcs1);
    if (hr != HR_OK)
        return no_request(p, hr);
    judge(p, &pkcs1);
    return OK;
}

enum err probe_enrollment(struct probe *p) {
    ATTEMPT_AUTO(oaep);
    p->other_attempt = NULL;
    if (p->options->ra)
        return ask_as_ra(p);
    uint32_t hr = try_with(p, "oaep", &oaep);
    if (hr != HR_OK)
        return no_request(p, hr);
    if (is_worth_another(&oaep))
        return try_pkcs1(p, &oaep);
    judge(p, &oaep);
    if (oaep.progress == ACCEPTED)
        probe_checked(p, "RSAES-OAEP");
    else
        probe_unknown(p, "whether it reads RSAES-OAEP");
    return OK;
}
