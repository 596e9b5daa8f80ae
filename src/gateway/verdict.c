/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/verdict.h"

#include "base/text.h"
#include "scep/attributes.h"

enum { MAX_CLAIM = 300, MAX_LOOK = 60 };

static struct verdict judge_silence(struct arena *a, const struct fetch_job *job) {
    enum fetch_cause cause = job->reply.cause;
    const char *detail = text_claim(a, span_str(job->detail), MAX_CLAIM);
    if (cause == FETCH_LIMIT)
        return (struct verdict){
            UPSTREAM_WRONG,
            arena_printf(a, "the upstream's answer is larger than %d MiB: no CertRep",
                         FETCH_BODY_MAX >> 20)};
    if (cause == FETCH_INVALID)
        return (struct verdict){
            UPSTREAM_WRONG, arena_printf(a, "what the upstream answers is no HTTP: %s", detail)};
    if (fetch_was_unsent(&job->reply)) /* else it may have issued */
        return (struct verdict){
            UPSTREAM_UNASKED,
            arena_printf(a, "the upstream was not reached and got no request: %s", detail)};
    return (struct verdict){UPSTREAM_SILENT,
                            arena_printf(a,
                                         cause == FETCH_TIMEOUT
                                             ? "the upstream did not answer in time: %s"
                                             : "no answer of the upstream came: %s",
                                         detail)};
}

/*
 * No 5xx tells what was done before: proxies say 502, 503 and 504 when the server died with the
 * request, and servers say 500 after they have issued.
 */
static enum upstream_outcome outcome_of(int status) {
    return status >= 500 ? UPSTREAM_SILENT : UPSTREAM_NO_CERTREP;
}

bool verdict_no_answer(struct arena *a, const struct fetch_job *job, struct verdict *out) {
    int status = job->reply.status;
    if (job->result == OK && status >= 200 && status <= 299)
        return false;
    *out = job->result != OK
               ? judge_silence(a, job)
               : (struct verdict){
                     outcome_of(status),
                     arena_printf(a, "the upstream answered HTTP %d and no CertRep", status)};
    return true;
}

/* What came instead: of a web page its beginning; of other bytes why they are no CertRep. */
static const char *look_of(struct arena *a, const struct fetch_reply *reply, const char *reason) {
    struct span body = span_trim(buf_view(&reply->body));
    const char *type = text_claim(a, span_str(reply->content_type), MAX_LOOK);
    if (!body.n)
        return "an empty body";
    if (body.p[0] == '<')
        return arena_printf(a, "a web page (%s) that begins %s", *type ? type : "no type",
                            text_claim(a, body, MAX_LOOK));
    return arena_printf(a, "%zu bytes (%s): %s", body.n, *type ? type : "no type", reason);
}

struct verdict verdict_unreadable(struct arena *a, const struct fetch_reply *reply, enum err e) {
    const char *detail = text_claim(a, span_str(err_detail()), MAX_CLAIM), *said;
    if (e == ERR_FORBIDDEN)
        said = arena_printf(a, "a stranger signed the CertRep: %s", detail);
    else if (e == ERR_PARSE)
        said =
            arena_printf(a, "the upstream answered no CertRep but %s", look_of(a, reply, detail));
    else
        said = arena_printf(a, "the signature of the CertRep does not hold: %s", detail);
    return (struct verdict){UPSTREAM_WRONG, said};
}

struct verdict verdict_transaction(struct arena *a, struct span transaction_id) {
    return (struct verdict){UPSTREAM_WRONG,
                            arena_printf(a, "the CertRep belongs to another transaction: %s",
                                         text_claim(a, transaction_id, 80))};
}

struct verdict verdict_failure(struct arena *a, const struct scep_certrep *reply) {
    const char *text = reply->text ? text_claim(a, span_str(reply->text), MAX_CLAIM) : NULL;
    return (struct verdict){
        UPSTREAM_REFUSED,
        arena_printf(a, "the upstream refused the request: failInfo %s%s%s",
                     reply->fail_info < 0 ? "none" : scep_fail_info_name(reply->fail_info),
                     text ? ", " : "", text ? text : "")};
}
