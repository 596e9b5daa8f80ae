/* SPDX-License-Identifier: Apache-2.0 */
/* How many hosts an account may have, and how often a host may enroll. */
#include "base/clock.h"
#include "mdm/claim.h"
#include "mdm/enrolling.h"

enum err enrolling_check_rate(struct tx *tx, struct enrolling *q, const struct device *d,
                              bool renews) {
    static const struct {
        int64_t span, count;
        const char *text;
    } limits[] = {{HOUR_MS, 5, "5 in an hour"}, {DAY_MS, 20, "20 in a day"}};
    const char *hw = !renews && claim_names_hardware(d->hw_dev_id) ? d->hw_dev_id : NULL;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        int64_t count, first;
        TRY(identity_count(tx, d, hw, q->now - limits[i].span, &count, &first));
        if (count < limits[i].count)
            continue;
        int64_t minutes = (first + limits[i].span - q->now) / MINUTE_MS + 1;
        return enrolling_refuse(
            q, MDE_ENROLLMENT_SERVER,
            err_set(ERR_BUSY, "this host enrolls too often: %s are allowed; try again in %lld min",
                    limits[i].text, (long long)minutes));
    }
    return OK;
}

enum err enrolling_check_cap(struct tx *tx, struct enrolling *q, const struct device *d,
                             bool here) {
    struct account account;
    int64_t count;
    TRY(account_get(tx, q->a, d->account, &account));
    int64_t max = account.max_devices >= 0 ? account.max_devices : q->mdm->hosts_per_user;
    if (!max || here)
        return OK;
    TRY(device_count_of_account(tx, d->account, max, &count));
    if (count < max)
        return OK;
    return enrolling_refuse(q, MDE_DEVICE_CAP_REACHED,
                            err_set(ERR_FORBIDDEN,
                                    "the account may have %lld hosts enrolled, and has them",
                                    (long long)max));
}
