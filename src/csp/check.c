/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a profile may be kept: what the lint calls an error is refused, and nothing else. */
#include <ctype.h>

#include "csp/lint.h"
#include "csp/profile.h"

/* What is wrong, and its mend as a part of the same sentence. */
static enum err refuse(const struct lint_finding *f) {
    const char *mend = f->code->mend;
    if (!f->line)
        return err_set(ERR_PARSE, "%s", f->detail);
    if (!*f->node)
        return err_set(ERR_PARSE, "profile line %u: %s", f->line, f->detail);
    return err_set(ERR_PARSE, "profile line %u, %s: %s; %c%.*s", f->line, f->node, f->detail,
                   tolower((unsigned char)mend[0]), (int)strlen(mend + 1) - 1, mend + 1);
}

enum err profile_check(struct arena *a, struct span text, bool trust_device_name) {
    struct lint_options options = {.ours = true, .trust_device_name = trust_device_name};
    struct lint_findings found = {0};
    profile_lint(a, text, &options, &found);
    for (const struct lint_finding *f = found.first; f; f = f->next)
        if (f->code->severity == LINT_ERROR)
            return refuse(f);
    return OK;
}
