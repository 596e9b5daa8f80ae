/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/challenges.h"

#include "base/clock.h"
#include "x509/name.h"

static enum err check_binding(const struct policy *policy, const struct challenge_order *order) {
    ARENA_AUTO(a);
    struct span name;
    if (order->subject)
        return name_from_x500(&a, span_str(order->subject), &name);
    if (order->san || (policy->subject_rule && policy->san_rule_count) || policy->manual_approval)
        return OK;
    return err_set(ERR_REFUSED,
                   "a challenge that is bound to no name would be worth any: give it a "
                   "subject, or set subject and san, or approval = manual, for the "
                   "endpoint");
}

static enum err check_quota(struct tx *tx, const struct endpoint *endpoint,
                            const struct challenge_order *order, int64_t now) {
    int64_t open;
    if (order->kind != CHALLENGE_NDES)
        return OK;
    TRY(challenge_count_open(tx, endpoint->name, order->account, now, &open));
    if (open >= endpoint->policy->mscep_quota)
        return err_set(ERR_LIMIT, "the account '%s' has %lld challenges that nobody has used",
                       order->account, (long long)open);
    return OK;
}

static enum err mint(const struct policy *policy, int kind, char out[NDES_CHALLENGE_SIZE]) {
    return kind == CHALLENGE_NDES ? challenge_mint_ndes(policy->mscep_digits, out)
                                  : challenge_mint(out);
}

enum err challenge_order(struct tx *tx, const struct authority *auth,
                         const struct endpoint *endpoint, const struct challenge_order *order,
                         struct challenge *kept, char out[NDES_CHALLENGE_SIZE]) {
    const struct policy *policy = endpoint->policy;
    int64_t now = clock_ms();
    uint8_t hash[32];
    if (policy->challenges != CHALLENGES_ONE_TIME)
        return err_set(ERR_REFUSED, "the endpoint '%s' takes no one-time challenges",
                       endpoint->name);
    TRY(check_binding(policy, order));
    TRY(check_quota(tx, endpoint, order, now));
    TRY(mint(policy, order->kind, out));
    TRY(challenge_hash(auth, span_str(out), hash));
    *kept = (struct challenge){
        .hash = span_of(hash, sizeof hash),
        .kind = order->kind,
        .endpoint = endpoint->name,
        .account = order->account,
        .subject = order->subject,
        .san = order->san,
        .eku = order->eku,
        .created = now,
        .expires = now + (order->lifetime ? order->lifetime : policy->challenge_lifetime),
    };
    TRY(challenge_add(tx, kept));
    kept->hash = SPAN_NONE;
    return OK;
}
