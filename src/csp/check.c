/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a profile may be kept: what the lint calls an error is refused, and nothing else. */
#include "csp/lint.h"
#include "csp/profile.h"

enum err profile_check(struct arena *a, struct span text, bool trust_device_name) {
    struct lint_options options = {.ours = true, .trust_device_name = trust_device_name};
    struct lint_findings found = {0};
    profile_lint(a, text, &options, &found);
    for (const struct lint_finding *f = found.first; f; f = f->next)
        if (f->code->severity == LINT_ERROR)
            return lint_refuse(f);
    return OK;
}
