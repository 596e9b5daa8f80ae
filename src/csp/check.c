/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a profile may be kept: what the lint calls an error is refused, and so is what another
 * MDM would have filled. */
#include "csp/profile.h"
#include "csp/sendable.h"

/* All of them at once: each is to be replaced by hand. */
static enum err refuse_foreign(struct arena *a, const struct lint_finding *f) {
    const char *all = "";
    for (; f; f = f->next)
        if (profile_refused_for(f))
            all = arena_printf(a, "%s; line %u, %s: %s", all, f->line, f->node, f->detail);
    return *all ? err_set(ERR_PARSE, "profile %s [placeholder-foreign]", all + 2) : OK;
}

enum err profile_check(struct arena *a, struct span text, bool trust_device_name) {
    struct lint_options options = {.ours = true, .trust_device_name = trust_device_name};
    struct lint_findings found = {0};
    profile_lint(a, text, &options, &found);
    for (const struct lint_finding *f = found.first; f; f = f->next)
        if (f->code->severity == LINT_ERROR)
            return lint_refuse(f);
    return refuse_foreign(a, found.first);
}
