/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may have a certificate. A challenge decides where there is one: it was minted here for one
 * name and one use, or is the endpoint's own, or somebody else's program knows it. Where it decides
 * nothing, a live certificate of the endpoint may renew itself: clients such as certmonger carry
 * the challenge of their first enrollment along for ever.
 */
#include "enroll/operation.h"
#include "enroll/promised.h"

static enum err check_host(const struct device *d) {
    return d->hw_other
               ? err_set(ERR_REFUSED, "the host has shown another hardware than before: signet "
                                      "device confirm or signet device reject settles it")
               : OK;
}

enum err right_of_host(struct tx *tx, struct arena *a, const char *enrollment) {
    struct enrollment *e;
    struct device d;
    TRY(request_enrollment(tx, a, enrollment, &e));
    if (!e)
        return OK;
    TRY(device_by_id(tx, a, e->device, &d));
    return check_host(&d);
}

enum err right_grant(struct tx *tx, struct operation *op, bool rules) {
    struct enrollment e;
    struct device d;
    TRY(policy_grant(op->a, op->endpoint->policy, &op->content.csr, rules, &op->grant));
    if (!op->enrollment)
        return OK;
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    TRY(device_by_id(tx, op->a, e.device, &d));
    TRY(check_host(&d));
    return policy_map_sid(op->a, op->endpoint->policy, d.sid, &op->grant);
}

/* ---- the challenge of an MDM enrollment ---- */

/*
 * The challenge serves its enrollment until that is confirmed: a host whose reply was lost comes
 * with a new transaction (windows-scep.md, 3) and gets a new certificate, while the one that never
 * arrived is revoked as superseded in the same commit. So there is never more than one live
 * certificate.
 */
enum err enrollment_must_wait(const struct enrollment *e) {
    if (e->state == STATE_CONFIRMED || e->state == STATE_EXPIRING || e->state == STATE_GONE)
        return err_set(ERR_REFUSED, "the challenge has served its enrollment already; if the host "
                                    "needs another certificate, assign the profile anew");
    if (!enroll_state_open((enum enroll_state)e->state) && e->state != STATE_UNCONFIRMED)
        return err_set(ERR_REFUSED, "the profile that the challenge came with is not on the host");
    return OK;
}

static enum err check_enrollment(const struct operation *op, const struct challenge *c,
                                 const struct enrollment *e) {
    TRY(enrollment_must_wait(e));
    if (op->now > c->expires)
        return err_set(ERR_REFUSED, "the challenge has expired; assign the profile anew");
    return OK;
}

static enum err by_enrollment(struct tx *tx, struct operation *op, const struct challenge *c) {
    struct enrollment e;
    TRY(enrollment_get(tx, op->a, c->enrollment, &e));
    TRY(check_enrollment(op, c, &e));
    struct promise promise = promise_of(&e);
    TRY(promise_check(op->a, &promise, &op->content.csr));
    op->right = RIGHT_ENROLLMENT;
    return right_grant(tx, op, false);
}

/* ---- a one-time challenge ---- */

static enum err check_one_time(struct operation *op, const struct challenge *c) {
    if (c->used) {
        op->alarm = "a one-time challenge was used again";
        return err_set(ERR_REFUSED, "the challenge was used already: it is good for one request");
    }
    if (c->revoked)
        return err_set(ERR_REFUSED, "the challenge was revoked");
    if (op->now > c->expires)
        return err_set(ERR_REFUSED, "the challenge has expired");
    return OK;
}

static enum err by_one_time(struct tx *tx, struct operation *op, const struct challenge *c) {
    TRY(check_one_time(op, c));
    struct promise promise = {.subject = c->subject,
                              .san = c->san,
                              .eku = c->eku,
                              .any_usage = true,
                              .any_name = !c->subject && !c->san};
    enum err e = promise_check(op->a, &promise, &op->content.csr);
    if (e == ERR_REFUSED)
        op->alarm = "a one-time challenge was used for something else than it was minted for";
    TRY(e);
    op->right = RIGHT_CHALLENGE;
    return right_grant(tx, op, true);
}

/* ---- which challenge it is ---- */

static enum err by_minted(struct tx *tx, struct operation *op) {
    struct challenge c;
    TRY(challenge_hash(op->service->authority, op->content.csr.challenge, op->challenge_hash));
    enum err e = challenge_get(tx, op->a, sha256_span(op->challenge_hash), &c);
    if (e == ERR_NOT_FOUND)
        return err_set(ERR_REFUSED, "the challenge is not known: it was never minted here, or the "
                                    "profile has been sent anew since");
    TRY(e); /* a fault of the database is no refusal */
    op->enrollment = c.enrollment;
    op->challenge = c.id;
    if (strcmp(c.endpoint, op->endpoint->name) != 0) {
        op->alarm = "a challenge was used at another endpoint than its own";
        return err_set(ERR_REFUSED, "the challenge was minted for another endpoint");
    }
    return c.kind == CHALLENGE_ENROLLMENT ? by_enrollment(tx, op, &c) : by_one_time(tx, op, &c);
}

/* `id` is the challenge's own. */
static enum err check_minted(struct tx *tx, struct operation *op, int64_t *id) {
    struct challenge c;
    struct enrollment e;
    enum err found = challenge_get(tx, op->a, sha256_span(op->challenge_hash), &c);
    if (found == ERR_NOT_FOUND)
        return err_set(ERR_REFUSED, "the challenge was replaced while it was being used");
    TRY(found);
    *id = c.id;
    if (c.kind != CHALLENGE_ENROLLMENT)
        return check_one_time(op, &c);
    TRY(enrollment_get(tx, op->a, c.enrollment, &e));
    return check_enrollment(op, &c, &e);
}

static enum err use_minted(struct tx *tx, struct operation *op) {
    int64_t id;
    bool first;
    TRY(right_of_host(tx, op->a, op->enrollment));
    TRY(check_minted(tx, op, &id));
    return challenge_use(tx, id, op->now, &first);
}

static enum err by_secret(struct tx *tx, struct operation *op) {
    if (!same_secret(op->content.csr.challenge, span_str(op->endpoint->policy->static_challenge)))
        return err_set(ERR_REFUSED, "the challenge is not that of this endpoint");
    op->right = RIGHT_SECRET;
    return right_grant(tx, op, true);
}

static enum err by_challenge(struct tx *tx, struct operation *op) {
    enum challenge_mode mode = op->endpoint->policy->challenges;
    if (mode != CHALLENGES_NONE && op->content.csr.challenge.n == 0)
        return err_set(ERR_REFUSED, "the request holds no challenge");
    if (mode == CHALLENGES_ONE_TIME)
        return by_minted(tx, op);
    if (mode == CHALLENGES_STATIC)
        return by_secret(tx, op);
    op->right = mode == CHALLENGES_WEBHOOK ? RIGHT_WEBHOOK : RIGHT_APPROVAL;
    return right_grant(tx, op, true);
}

enum err authorize(struct tx *tx, void *operation) {
    struct operation *op = operation;
    TRY(signer_find(tx, op));
    op->renewal = renewal_is_asked(op);
    TRY(known_check(tx, op));
    if (op->repeated)
        return OK;
    if (op->request.message_type == SCEP_RENEWAL_REQ ||
        (op->renewal && op->content.csr.challenge.n == 0))
        return renewal_authorize(tx, op);
    enum err e = by_challenge(tx, op);
    if (e != ERR_REFUSED || !op->renewal)
        return e;
    const char *alarm = op->alarm;
    op->alarm = NULL;
    op->enrollment = NULL;
    op->challenge = 0;
    e = renewal_authorize(tx, op);
    if (e != OK && !op->alarm)
        op->alarm = alarm;
    return e;
}

/* All of it may have changed since `authorize`: the challenge been used beside this, the profile
 * been sent anew, the host have confirmed or shown another hardware, the signer been revoked. */
enum err right_check(struct tx *tx, struct operation *op) {
    int64_t id;
    TRY(right_of_host(tx, op->a, op->enrollment));
    switch (op->right) {
    case RIGHT_ENROLLMENT:
    case RIGHT_CHALLENGE:
        return check_minted(tx, op, &id);
    case RIGHT_RENEWAL:
        TRY(signer_find(tx, op));
        return signer_must_live(op);
    case RIGHT_SECRET:
    case RIGHT_WEBHOOK:
    case RIGHT_APPROVAL:
        return OK;
    case RIGHT_NONE:
        break;
    }
    return err_set(ERR_INTERNAL, "a commit without a right");
}

enum err right_use(struct tx *tx, struct operation *op) {
    if (op->right == RIGHT_ENROLLMENT || op->right == RIGHT_CHALLENGE)
        return use_minted(tx, op);
    return right_check(tx, op);
}
