/* SPDX-License-Identifier: Apache-2.0 */
/* A profile against the SCEP server that it is for: signet profile lint --server. */
#ifndef SIGNET_CMD_PROFILE_SERVER_H
#define SIGNET_CMD_PROFILE_SERVER_H

#include "cmd/cli.h"
#include "csp/lint.h"

/*
 * Asks the SCEP server for its certificates and adds to `out` whether the profile's CAThumbprint
 * can match, which certificate it should name, and what else would stop Windows there. `server` is
 * a URL (asked as signet probe asks), or the name of an endpoint or upstream of the server whose
 * data folder the command line names. Nothing is asked for a profile that cannot be read: its
 * findings say why. ERR_USAGE for a URL that is none; ERR_NOT_FOUND, ERR_CONFLICT of admin_call.
 */
enum err profile_server_judge(const struct cli *cli, const char *server, struct arena *a,
                              struct span text, struct lint_findings *out) ERR_MUST_USE;

#endif
