/* SPDX-License-Identifier: Apache-2.0 */
#include "csp/sendable.h"

#include "csp/profile.h"

/* Whoever wants to see Windows fail can be told of the rest; these are ours. */
static const enum lint_id ours_alone[] = {
    LINT_UNIQUE_ID_DIFFERS,   LINT_UNIQUE_ID_CHARACTERS, LINT_UNIQUE_ID_FIXED,
    LINT_PLACEHOLDER_UNKNOWN, LINT_PLACEHOLDER_OPEN,     LINT_PLACEHOLDER_SECRET,
    LINT_PLACEHOLDER_CLAIM,   LINT_PLACEHOLDER_UNQUOTED,
};

static bool is_ours_alone(const struct lint_code *code) {
    for (size_t i = 0; i < sizeof ours_alone / sizeof *ours_alone; i++)
        if (code == lint_code(ours_alone[i]))
            return true;
    return false;
}

enum err profile_sendable(struct arena *a, struct span text, bool trust_device_name) {
    const struct lint_options options = {.ours = true, .trust_device_name = trust_device_name};
    struct lint_findings found = {0};
    struct profile p;
    TRY(profile_read(a, text, &p));
    profile_lint(a, text, &options, &found);
    for (const struct lint_finding *f = found.first; f; f = f->next)
        if (is_ours_alone(f->code))
            return lint_refuse(f);
    return OK;
}

bool profile_refused_for(const struct lint_finding *f) {
    return f->code->severity == LINT_ERROR || f->code == lint_code(LINT_PLACEHOLDER_FOREIGN);
}

const char *profile_fails(struct arena *a, struct span text) {
    ARENA_AUTO(scratch);
    const struct lint_options options = {.ours = true, .trust_device_name = true};
    struct lint_findings found = {0};
    profile_lint(&scratch, text, &options, &found);
    for (const struct lint_finding *f = found.first; f; f = f->next)
        if (profile_refused_for(f))
            return arena_printf(a, "line %u, %s: %s [%s]", f->line, f->node, f->detail,
                                f->code->name);
    return NULL;
}
