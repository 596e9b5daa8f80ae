/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolling a host: discovery, policies, and the identity that makes it known (MS-MDE2). */
#include "base/clock.h"
#include "base/log.h"

#include "mdm/enrolling.h"
#include "wire/mdm.h"

/* ---- faults ---- */

enum err enrolling_refuse(struct enrolling *q, enum mde_fault fault, enum err e) {
    q->fault = fault;
    return e;
}

/* The fault that tells an error to the host. */
static enum mde_fault fault_of(enum err e) {
    switch (e) {
    case ERR_PARSE:
    case ERR_LIMIT:
        return MDE_MESSAGE_FORMAT;
    case ERR_AUTH:
        return MDE_AUTHENTICATION;
    case ERR_FORBIDDEN:
        return MDE_AUTHORIZATION;
    case ERR_REFUSED:
    case ERR_ALGORITHM:
        return MDE_CERTIFICATE_REQUEST;
    case ERR_INTERNAL:
    case ERR_CRYPTO:
        return MDE_INTERNAL_SERVICE;
    default:
        return MDE_ENROLLMENT_SERVER;
    }
}

static bool answer_fault(struct enrolling *q, enum err e, struct buf *reply) {
    bool chosen = q->fault != MDE_FAULT__MAX;
    enum mde_fault fault = chosen ? q->fault : fault_of(e);
    bool ours = !chosen && e != ERR_BUSY &&
                (fault == MDE_ENROLLMENT_SERVER || fault == MDE_INTERNAL_SERVICE);
    log_write(LOG_WARN, "mde", "op=%s peer=%s user=%s status=fault hresult=0x%08X reason=%s", q->op,
              log_q(span_str(q->peer)), log_q(q->h.username), mde_fault_hresult(fault),
              log_q(span_str(err_detail())));
    mde_write_fault(reply, &q->h, fault,
                    ours ? "the server failed; its log says why" : err_detail());
    return false;
}

static struct enrolling begin(const struct mdm *mdm, struct arena *a, const char *op,
                              const char *peer) {
    return (struct enrolling){
        .mdm = mdm, .a = a, .op = op, .peer = peer, .fault = MDE_FAULT__MAX, .now = clock_ms()};
}

static enum err read_request(struct enrolling *q, struct span soap, const char *action) {
    TRY(mde_read(q->a, soap, &q->h));
    if (!span_is(q->h.action, action))
        return err_set(ERR_PARSE, "the action is not %s", q->op);
    return OK;
}

/* Renewals of hosts that are here go on. */
static enum err check_open(struct enrolling *q) {
    const struct mdm *mdm = q->mdm;
    if (!mdm->closed)
        return OK;
    if (mdm->closed_text)
        return enrolling_refuse(q, MDE_CUSTOM_SERVER_ERROR,
                                err_set(ERR_FORBIDDEN, "%s", mdm->closed_text));
    return enrolling_refuse(q, MDE_IN_MAINTENANCE,
                            err_set(ERR_FORBIDDEN, "no hosts are enrolled at present"));
}

/* ---- discovery ---- */

/* EnrollmentVersion is not above the host's RequestVersion; 4.0 is the most: from 5.0 on a host
 * sends attestation (windows-mdm.md, C.2). */
static enum err choose_version(struct enrolling *q, struct span asked, const char **out) {
    int64_t major;
    ptrdiff_t dot = span_find(asked, '.');
    struct span digits = dot < 0 ? asked : span_of(asked.p, (size_t)dot);
    if (!span_int(digits, &major))
        return err_set(ERR_PARSE, "RequestVersion is no version such as 4.0");
    if (major < 3)
        return enrolling_refuse(q, MDE_DEVICE_NOT_SUPPORTED,
                                err_set(ERR_REFUSED, "RequestVersion is below 3.0, Windows 10's"));
    *out = major < 4 ? "3.0" : "4.0";
    return OK;
}

static enum err choose_policy(struct enrolling *q, const struct mde_discover *d, bool renewing,
                              struct mde_discover_answer *out) {
    if (d->device_type.n && !span_is(d->device_type, DEVICE_TYPE_WINDOWS))
        return enrolling_refuse(q, MDE_DEVICE_NOT_SUPPORTED,
                                err_set(ERR_REFUSED, "DeviceType is not " DEVICE_TYPE_WINDOWS));
    out->sign_in_url = d->federated && !renewing ? q->mdm->sign_in_url : NULL;
    if (!out->sign_in_url && !d->on_premise && !renewing)
        return enrolling_refuse(
            q, MDE_NOT_SUPPORTED,
            err_set(ERR_REFUSED, "the host offers no AuthPolicy of ours: %s",
                    q->mdm->sign_in_url ? "OnPremise, Federated" : "OnPremise"));
    return choose_version(q, d->request_version, &out->version);
}

bool mdm_discover(const struct mdm *mdm, struct arena *a, struct span soap, const char *peer,
                  bool renewing, struct buf *reply) {
    struct enrolling q = begin(mdm, a, "Discover", peer);
    struct mde_discover d;
    struct mde_discover_answer answer = {
        .policy_url = renewing ? mdm->renew_policy_url : mdm->policy_url,
        .enrollment_url = renewing ? mdm->renew_enrollment_url : mdm->enrollment_url};
    enum err e = mde_read(a, soap, &q.h); /* any Action: the path says what it is */
    if (e == OK)
        e = mde_read_discover(&q.h, &d);
    if (e == OK)
        e = choose_policy(&q, &d, renewing, &answer);
    if (e != OK)
        return answer_fault(&q, e, reply);
    mde_write_discover_response(reply, &q.h, &answer);
    log_write(LOG_INFO, "mde", "op=Discover peer=%s user=%s os=%s policy=%s status=ok",
              log_q(span_str(peer)), log_q(d.email), log_q(d.application_version),
              answer.sign_in_url ? "Federated" : "OnPremise");
    return true;
}

/* ---- those that may come with a password ---- */

struct guess *mdm_guess(struct enrolling *q) {
    return q->result == OK ? mdm_sign_in_guess(&q->sign_in) : NULL;
}

bool mdm_answer(struct enrolling *q, struct buf *reply) {
    enum err e = q->result == OK ? q->answer(q, reply) : q->result;
    return e == OK || answer_fault(q, e, reply);
}

/* Who enrolls a host that is new here. */
static enum err let_in(struct enrolling *q) {
    TRY(check_open(q));
    return enrolling_sign_in(q);
}

/* ---- policies ---- */

static enum err answer_policies(struct enrolling *q, struct buf *reply) {
    struct mdm_user user;
    TRY(enrolling_signed_in(q, &user));
    mde_write_policies_response(reply, &q->h);
    log_write(LOG_INFO, "mde", "op=GetPolicies peer=%s user=%s status=ok", log_q(span_str(q->peer)),
              log_q(span_str(user.account ? user.account : "-")));
    return OK;
}

struct enrolling *mdm_get_policies(const struct mdm *mdm, struct arena *a, struct span soap,
                                   const char *peer, bool renewing) {
    struct enrolling *q = arena_alloc(a, sizeof *q);
    *q = begin(mdm, a, "GetPolicies", peer);
    q->answer = answer_policies;
    q->result = read_request(q, soap, ACTION_GET_POLICIES);
    if (q->result == OK && !renewing)
        q->result = let_in(q);
    return q;
}

/* ---- the identity ---- */

static enum err answer_token(struct enrolling *q, struct buf *reply) {
    BUF_AUTO(doc);
    struct new_identity n = {0};
    const struct mde_request_token *r = &q->request;
    TRY(r->renew ? enrolling_renew(q, r, &n, &doc) : enrolling_issue(q, r, &n, &doc));
    mde_write_token_response(reply, &q->h, buf_view(&doc));
    log_write(LOG_INFO, "mde",
              "op=RequestSecurityToken peer=%s user=%s device=%s name=%s os=%s status=%s",
              log_q(span_str(q->peer)), log_q(span_str(n.device.account)), n.device.device_id,
              log_q(span_str(n.device.name)), log_q(span_str(n.device.os_version)),
              r->renew ? "renewed" : "enrolled");
    return OK;
}

static enum err read_token_request(struct enrolling *q, struct span soap) {
    TRY(read_request(q, soap, ACTION_RST));
    TRY(mde_read_request_token(q->a, &q->h, &q->request));
    return q->request.renew ? OK : let_in(q);
}

struct enrolling *mdm_request_token(const struct mdm *mdm, struct arena *a, struct span soap,
                                    const char *peer, bool renewing) {
    struct enrolling *q = arena_alloc(a, sizeof *q);
    (void)renewing; /* what is asked for says which it is */
    *q = begin(mdm, a, "RequestSecurityToken", peer);
    q->answer = answer_token;
    q->result = read_token_request(q, soap);
    return q;
}
