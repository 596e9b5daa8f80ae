/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolling a host: discovery, policies, and the identity that makes it known (MS-MDE2). */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include "mde/mde.h"
#include "mdm/mdm.h"
#include "mdm/password.h"
#include "wire/mdm.h"
#include "x509/csr.h"

enum { MIN_RSA_BITS = 2048, MAX_CLAIM = 128 };

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
    default:
        return MDE_ENROLLMENT_SERVER;
    }
}

static bool answer_fault(struct buf *reply, const struct mde_header *h, enum err e, const char *op,
                         const char *peer) {
    enum mde_fault fault = fault_of(e);
    log_write(LOG_WARN, "mde", "op=%s peer=%s user=%s status=fault reason=%s", op,
              log_q(span_str(peer)), log_q(h->username), log_q(span_str(err_detail())));
    mde_write_fault(reply, h, fault,
                    fault != MDE_ENROLLMENT_SERVER || e == ERR_BUSY
                        ? err_detail()
                        : "the server failed; its log says why");
    return false;
}

bool mdm_discover(const struct mdm *mdm, struct arena *a, struct span soap, struct buf *reply) {
    struct mde_header h = {0};
    struct mde_discover d;
    enum err e = mde_read(a, soap, &h);
    if (e == OK)
        e = mde_read_discover(&h, &d);
    if (e == OK && !d.on_premise)
        e = err_set(ERR_FORBIDDEN,
                    "the host does not offer AuthPolicy OnPremise, the only one here");
    if (e != OK)
        return answer_fault(reply, &h, e, "Discover", "-");
    mde_write_discover_response(reply, &h, mdm->policy_url, mdm->enrollment_url);
    log_write(LOG_INFO, "mde", "op=Discover user=%s os=%s status=ok", log_q(d.email),
              log_q(d.application_version));
    return true;
}

struct account_query {
    struct arena *a;
    const char *name;
    struct account account;
};

static enum err find_account(struct tx *tx, void *user) {
    struct account_query *q = user;
    enum err e = account_get(tx, q->a, q->name, &q->account);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* A user name as Windows sends it may be a UPN or DOMAIN\user: it is taken as it is. */
static enum err authenticate(const struct mdm *mdm, struct arena *a, const struct mde_header *h) {
    if (!h->username.n || !h->password.n)
        return err_set(ERR_AUTH, "the request has no user name and password (OnPremise)");
    struct account_query q = {.a = a, .name = arena_str(a, h->username)};
    TRY(store_read(mdm->store, find_account, &q));
    return password_check(h->password, q.account.password);
}

bool mdm_get_policies(const struct mdm *mdm, struct arena *a, struct span soap, const char *peer,
                      struct buf *reply) {
    struct mde_header h = {0};
    enum err e = mde_read(a, soap, &h);
    if (e == OK && !span_is(h.action, ACTION_GET_POLICIES))
        e = err_set(ERR_PARSE, "the action is not GetPolicies");
    if (e == OK)
        e = authenticate(mdm, a, &h);
    if (e != OK)
        return answer_fault(reply, &h, e, "GetPolicies", peer);
    mde_write_policies_response(reply, &h);
    log_write(LOG_INFO, "mde", "op=GetPolicies peer=%s user=%s status=ok", log_q(span_str(peer)),
              log_q(h.username));
    return true;
}

struct new_device {
    struct arena *a;
    struct device device;
    struct identity identity;
};

/* DeviceID is a claim: only the account that enrolled it may take it again. */
static enum err commit_device(struct tx *tx, void *user) {
    struct new_device *n = user;
    struct device known;
    enum err e = device_by_device_id(tx, n->a, n->device.device_id, &known);
    if (e == OK && strcmp(known.account, n->device.account) != 0)
        return err_set(ERR_FORBIDDEN, "this DeviceID is enrolled by another account");
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    TRY(device_put(tx, &n->device));
    n->identity.device = n->device.id;
    return identity_replace(tx, &n->identity);
}

static enum err check_request(const struct mde_request_token *r, struct csr *csr) {
    if (!span_is(r->request_type, REQUEST_ISSUE))
        return err_set(ERR_REFUSED, "RequestType is not Issue; renewal is not served here yet");
    TRY(csr_parse(r->csr, csr));
    TRY(csr_verify(csr));
    unsigned bits = spki_rsa_bits(csr->spki);
    if (bits < MIN_RSA_BITS)
        return err_set(ERR_REFUSED, "the identity's key must be RSA with at least %d bits",
                       MIN_RSA_BITS);
    return OK;
}

static char *upper(struct arena *a, struct span s) {
    char *text = arena_str(a, s);
    for (char *c = text; *c; c++)
        if (*c >= 'a' && *c <= 'f')
            *c = (char)(*c - 'a' + 'A');
    return text;
}

/* Issues the identity, makes it durable, and writes the document that configures the host. */
static enum err enroll_device(const struct mdm *mdm, struct arena *a, const struct mde_header *h,
                              const struct mde_request_token *r, struct new_device *n,
                              struct buf *doc) {
    struct csr csr;
    struct issued issued;
    uint8_t *sha256 = arena_alloc(a, DIGEST_MAX_SIZE);
    int64_t now = clock_ms();
    TRY(check_request(r, &csr));
    n->device = (struct device){
        .device_id = upper(a, r->device_id),
        .name = text_claim(a, r->device_name, MAX_CLAIM),
        .hw_dev_id = text_claim(a, r->hw_dev_id, MAX_CLAIM),
        .os_version = text_claim(a, r->os_version, MAX_CLAIM),
        .account = arena_str(a, h->username),
        .enrolled = now,
    };
    TRY(authority_issue_identity(mdm->authority, a, csr.spki, n->device.device_id, now,
                                 mdm->identity_validity, &issued));
    TRY(digest_of(DIGEST_SHA256, issued.der, sha256));
    n->identity = (struct identity){
        .sha256 = span_of(sha256, 32),
        .der = issued.der,
        .issued = now,
        .not_after = issued.not_after,
    };
    /* Built before the commit: a failure then has cost nothing. */
    struct mde_provisioning p = {
        .root_cert = mdm->authority->device_ca_cert,
        .device_cert = issued.der,
        .user_store = !span_is(r->enrollment_type, "Device"),
        .provider_id = mdm->provider_id,
        .name = mdm->name,
        .management_url = mdm->management_url,
        .subject = arena_printf(a, "CN=%s", n->device.device_id),
        .first_interval = 3,
        .first_retries = 5,
        .second_interval = 15,
        .second_retries = 8,
        .remaining_interval = 60,
    };
    TRY(mde_write_provisioning(a, doc, &p));
    return store_write(mdm->store, commit_device, n);
}

bool mdm_request_token(const struct mdm *mdm, struct arena *a, struct span soap, const char *peer,
                       struct buf *reply) {
    BUF_AUTO(doc);
    struct mde_header h = {0};
    struct mde_request_token r;
    struct new_device n = {.a = a};
    enum err e = mde_read(a, soap, &h);
    if (e == OK && !span_is(h.action, ACTION_RST))
        e = err_set(ERR_PARSE, "the action is not RST/wstep");
    if (e == OK)
        e = authenticate(mdm, a, &h);
    if (e == OK)
        e = mde_read_request_token(a, &h, &r);
    if (e == OK)
        e = enroll_device(mdm, a, &h, &r, &n, &doc);
    if (e != OK)
        return answer_fault(reply, &h, e, "RequestSecurityToken", peer);
    mde_write_token_response(reply, &h, buf_view(&doc));
    log_write(LOG_INFO, "mde",
              "op=RequestSecurityToken peer=%s user=%s device=%s name=%s os=%s status=enrolled",
              log_q(span_str(peer)), log_q(h.username), n.device.device_id,
              log_q(span_str(n.device.name)), log_q(span_str(n.device.os_version)));
    return true;
}
