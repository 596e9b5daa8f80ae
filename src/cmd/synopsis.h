/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command's usage says, held to: which verbs it has, what each takes. The usage begins with
 * lines such as
 *
 *     Usage: signet cert list [--live] [--max N]
 *                             [-o json] [-d DIR]
 *            signet cert show CERT [-o json] [-d DIR]
 *
 * up to an empty line; so what --help prints is what is true.
 */
#ifndef SIGNET_CMD_SYNOPSIS_H
#define SIGNET_CMD_SYNOPSIS_H

#include "cmd/cli.h"

/*
 * Says what is wrong with the verb or with its arguments, and gives the exit status 2: a verb that
 * is missing or that there is not, with the one that was likely meant; or what the verb takes.
 */
int synopsis_refuse(const char *usage, const struct cli *cli);

/*
 * Whether the usage shows the option (such as "--live", or "-o json") for that verb: on its lines,
 * or by [OPTIONS] there. Of a verb that the usage has no line of: true.
 */
bool synopsis_has(const char *usage, const char *verb, const char *option);

/* "; did you mean list?" of the names, or "" where none is near; in the arena. */
struct arena;
const char *synopsis_hint(struct arena *a, const char *typed, const char *const *names,
                          size_t count);

#endif
