/* SPDX-License-Identifier: Apache-2.0 */
/* Polls while the server says PENDING, the validity that is wished for, the template. */
#include "csp/lint_inner.h"

static void judge_retries(struct lint *l) {
    const struct profile_command *count = lint_find(l, "RetryCount"),
                                 *delay = lint_find(l, "RetryDelay");
    const struct profile_command *first = count ? count : delay;
    if (first)
        lint_tell(l, first, LINT_RETRY_PENDING_ONLY, "%s counts for PENDING only",
                  count && delay ? "with RetryDelay, it" : "it");
    if (count && span_is(count->value, "0"))
        lint_tell(l, count, LINT_RETRY_ZERO, "0: no poll after PENDING");
    if (delay && span_is(delay->value, "0"))
        lint_tell(l, delay, LINT_RETRY_ZERO, "0 minutes, where 1 is the least");
}

static void judge_validity(struct lint *l) {
    const struct profile_command *unit = lint_find(l, "ValidPeriod"),
                                 *units = lint_find(l, "ValidPeriodUnits");
    if (unit && (!units || span_is(units->value, "0")))
        lint_tell(l, unit, LINT_VALIDITY_HALF,
                  "without ValidPeriodUnits above 0 it wishes nothing");
    else if (units && !unit)
        lint_tell(l, units, LINT_VALIDITY_HALF, "without ValidPeriod it counts days");
    if (units && !span_is(units->value, "0"))
        lint_tell(l, units, LINT_VALIDITY_ASKED, "a wish that the CA need not grant");
}

void lint_schedule(struct lint *l) {
    judge_retries(l);
    judge_validity(l);
    const struct profile_command *template = lint_find(l, "TemplateName");
    if (template)
        lint_tell(l, template, LINT_TEMPLATE_IGNORED, "SCEP servers normally ignore it");
}
