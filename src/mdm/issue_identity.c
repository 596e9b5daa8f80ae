/* SPDX-License-Identifier: Apache-2.0 */
/* RequestType Issue: a host becomes known, and gets the identity that it is known by. */
#include "base/log.h"
#include "base/text.h"
#include "ca/alarm.h"
#include "mdm/claim.h"
#include "mdm/enrolling.h"
#include "wire/mdm.h"
#include "x509/cert.h"

enum { MIN_RSA_BITS = 2048 };

/* ---- what is asked for ---- */

enum err enrolling_check_csr(struct enrolling *q, struct span der, const char *device_id,
                             struct csr *csr) {
    TRY(csr_parse(der, csr));
    TRY(csr_verify(csr));
    unsigned bits = spki_rsa_bits(csr->spki);
    if (bits < MIN_RSA_BITS)
        return err_set(ERR_REFUSED, "the identity's key must be RSA with at least %d bits",
                       MIN_RSA_BITS);
    if (csr->device_id.n && !span_is_nocase(csr->device_id, device_id))
        return enrolling_refuse(q, MDE_INVALID_ENROLLMENT_DATA,
                                err_set(ERR_REFUSED, "the CSR names another DeviceID"));
    return OK;
}

static char *upper(struct arena *a, struct span s) {
    char *text = arena_str(a, s);
    for (char *c = text; *c; c++)
        if (*c >= 'a' && *c <= 'f')
            *c = (char)(*c - 'a' + 'A');
    return text;
}

/* All of it is the host's claim, but for the account. */
static enum err read_device(struct enrolling *q, const struct mde_request_token *r,
                            const struct mdm_user *user, struct new_identity *n) {
    bool device = span_is(r->enrollment_type, "Device");
    if (!mde_is_device_id(r->device_id))
        return enrolling_refuse(q, MDE_INVALID_ENROLLMENT_DATA,
                                err_set(ERR_PARSE, "DeviceID is missing or not 32 hex digits"));
    if (r->device_type.n && !span_is(r->device_type, DEVICE_TYPE_WINDOWS))
        return enrolling_refuse(q, MDE_DEVICE_NOT_SUPPORTED,
                                err_set(ERR_REFUSED, "DeviceType is not " DEVICE_TYPE_WINDOWS));
    if (!device && !span_is(r->enrollment_type, "Full"))
        log_write(LOG_INFO, "mde", "op=%s peer=%s type=%s note=\"taken for Full\"", q->op,
                  log_q(span_str(q->peer)), log_q(r->enrollment_type));
    n->user_store = !device;
    n->device = (struct device){
        .device_id = upper(q->a, r->device_id),
        .name = text_claim(q->a, r->device_name, ENROLLING_MAX_CLAIM),
        .hw_dev_id = text_claim(q->a, r->hw_dev_id, ENROLLING_MAX_CLAIM),
        .os_version = text_claim(q->a, r->os_version, ENROLLING_MAX_CLAIM),
        .account = user->account,
        .enrolled = q->now,
        .enrollment_type = device ? "Device" : "Full",
    };
    return OK;
}

enum err enrolling_sign(struct enrolling *q, const struct csr *csr, struct new_identity *n) {
    const struct mdm *mdm = q->mdm;
    struct issued issued;
    uint8_t *sha256 = arena_alloc(q->a, DIGEST_MAX_SIZE);
    TRY(authority_issue_identity(mdm->authority, q->a, csr->spki, n->device.device_id, q->now,
                                 mdm->identity_validity, &issued));
    TRY(digest_of(DIGEST_SHA256, issued.der, sha256));
    n->identity = (struct identity){
        .sha256 = span_of(sha256, 32),
        .device = n->device.id,
        .der = issued.der,
        .serial = issued.serial,
        .issued = q->now,
        .not_after = issued.not_after,
    };
    return OK;
}

/* ---- what the host gets ---- */

static enum err write_document(struct enrolling *q, const struct new_identity *n, struct buf *doc) {
    const struct mdm *mdm = q->mdm;
    const struct device *d = &n->device;
    struct mde_app_auth app_auth;
    if (n->secret)
        TRY(md5_app_auth(mdm->authority, q->a, n->secret, &app_auth));
    const struct mde_provisioning p = {
        .root_cert = mdm->authority->device_ca_cert,
        .device_cert = n->identity.der,
        .user_store = n->user_store,
        .provider_id = mdm->provider_id,
        .name = mdm->name,
        .management_url = mdm->management_url,
        .subject = arena_printf(q->a, "CN=%s", d->device_id),
        .first_interval = 3,
        .first_retries = 5,
        .second_interval = 15,
        .second_retries = 8,
        .remaining_interval = 60,
        .all_users_poll = true, /* profiles below ./User wait for their user */
        .renew_url = mdm->renew_url,
        .renew_days = RENEW_DAYS,
        .retry_days = RENEW_RETRY_DAYS,
        .ent_dm_id = d->device_id,
        .upn = strchr(d->account, '@') ? d->account : NULL,
        .device_name = *d->name ? d->name : NULL,
        .app_auth = n->secret ? &app_auth : NULL,
    };
    return mde_write_provisioning(doc, &p);
}

/* ---- the commit ---- */

enum err enrolling_find_repeat(struct tx *tx, struct arena *a, const struct device *device,
                               const struct identity *asked, int64_t now, struct identity *out,
                               bool *repeat) {
    struct cert before, wanted;
    *repeat = false;
    enum err e = identity_latest(tx, a, device->id, out);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    TRY(cert_parse(out->der, &before));
    TRY(cert_parse(asked->der, &wanted));
    *repeat = now - out->issued < TICKET_REPEAT_MS && span_eq(before.spki, wanted.spki);
    return OK;
}

struct issuing {
    struct enrolling *q;
    const struct mdm_user *user;
    struct new_identity *n;
    struct claim_verdict verdict;
    bool repeat; /* n->identity is what was issued before */
    bool busy;
};

static bool is_here(const struct device *d) {
    return d->state == DEVICE_ENROLLED || d->state == DEVICE_LEAVING;
}

/* What it had before is good no more. */
static enum err put_secret(struct tx *tx, int64_t device, const struct new_identity *n) {
    if (!n->secret)
        return device_secret_remove(tx, device);
    n->secret->device = device;
    return device_secret_put(tx, n->secret);
}

static enum err repeat_secret(struct tx *tx, const struct enrolling *q, int64_t device,
                              struct new_identity *n) {
    n->secret = n->secret ? n->secret : arena_alloc(q->a, sizeof *n->secret);
    enum err e = device_secret_get(tx, q->a, device, n->secret);
    if (e == ERR_NOT_FOUND)
        n->secret = NULL;
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err commit_device(struct tx *tx, void *user) {
    struct issuing *i = user;
    struct enrolling *q = i->q;
    struct device known = {0}, *d = &i->n->device;
    struct identity before;
    enum err e = device_by_device_id(tx, q->a, d->device_id, &known);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    bool mine = e == OK && is_here(&known) && strcmp(known.account, d->account) == 0;
    if (mine) {
        TRY(enrolling_find_repeat(tx, q->a, &known, &i->n->identity, q->now, &before, &i->repeat));
        if (i->repeat) {
            i->n->identity = before;
            return repeat_secret(tx, q, known.id, i->n);
        }
    }
    TRY(claim_check(tx, q->a, d, &i->verdict));
    if (i->verdict.refused)
        return OK;
    TRY(ticket_take(tx, &i->user->ticket, q->now));
    TRY(enrolling_check_cap(tx, q, d, mine));
    e = enrolling_check_rate(tx, q, d, false);
    i->busy = e == ERR_BUSY;
    TRY(e);
    TRY(device_put(tx, d));
    i->n->identity.device = d->id;
    TRY(put_secret(tx, d->id, i->n));
    return identity_replace(tx, &i->n->identity);
}

/* Whoever enrolls one host all day long has something wrong, or means it. */
static enum err raise_busy(struct enrolling *q, const struct device *d) {
    const char *said = arena_str(q->a, span_str(err_detail())); /* for the host, still */
    if (alarm_raise(q->mdm->store, "a host enrolled so often that it is not listened to",
                    arena_printf(q->a, "{\"device\":\"%s\"}", d->device_id)) != OK)
        log_write(LOG_ERROR, "mde", "op=alarm reason=%s", log_q(span_str(err_detail())));
    return err_set(ERR_BUSY, "%s", said);
}

enum err enrolling_issue(struct enrolling *q, const struct mde_request_token *r,
                         struct new_identity *n, struct buf *doc) {
    struct mdm_user user;
    struct csr csr;
    TRY(enrolling_signed_in(q, &user));
    if (!span_is(r->request_type, REQUEST_ISSUE))
        return err_set(ERR_REFUSED, "RequestType is neither Issue nor Renew");
    TRY(read_device(q, r, &user, n));
    TRY(enrolling_check_csr(q, r->content, n->device.device_id, &csr));
    TRY(enrolling_sign(q, &csr, n));
    if (q->mdm->device_auth != DEVICE_AUTH_CERTIFICATE)
        TRY(md5_enroll(q->mdm->authority, q->a, n->device.device_id, q->now, &n->secret));
    TRY(write_document(q, n, doc)); /* before the commit: a failure then has cost nothing */
    struct issuing i = {.q = q, .user = &user, .n = n};
    enum err e = store_write(q->mdm->store, commit_device, &i);
    if (i.busy)
        return raise_busy(q, &n->device);
    TRY(e);
    if (i.verdict.refused)
        return err_set(ERR_FORBIDDEN, "this DeviceID is enrolled by another account");
    if (i.verdict.changed)
        revocation_changed(q->mdm->revocation);
    if (!i.repeat)
        return OK;
    buf_clear(doc);
    return write_document(q, n, doc);
}
