/* SPDX-License-Identifier: Apache-2.0 */
/* Inside `signet profile lint`: telling of a code. */
#ifndef SIGNET_CMD_PROFILE_LINT_H
#define SIGNET_CMD_PROFILE_LINT_H

#include "cmd/cli.h"
#include "csp/lint.h"

/* Prints, indented, what Windows will do, the code that one would see, the mend, the evidence. */
void lint_print_code(struct arena *a, const struct lint_code *c);

/* The same as JSON; the caller frees it. */
json_t *lint_json_code(const struct lint_code *c);

/* --explain: the codes that are named, or a list of all; returns the exit status. */
int lint_explain(const struct cli *cli, const char *usage);

#endif
