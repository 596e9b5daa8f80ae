/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between what the lint says of a profile and whether it goes to a host: what Windows surely fails
 * at is not sent, unless the administrator has said so of this profile (--send-anyway); what signet
 * itself cannot fill in or follow is never sent.
 */
#ifndef SIGNET_CSP_SENDABLE_H
#define SIGNET_CSP_SENDABLE_H

#include "base/arena.h"
#include "base/err.h"
#include "csp/lint.h"

/*
 * Checks only what signet needs to send a profile and to follow it: profile_read, placeholders that
 * are known and stand where they may, {{enrollment.id}} as the UniqueID. ERR_PARSE with line, node
 * and cure.
 */
enum err profile_sendable(struct arena *a, struct span text, bool trust_device_name) ERR_MUST_USE;

/*
 * Whether the finding keeps a profile off hosts: an error, or another MDM's placeholder, which
 * would come to stand in certificates as it is.
 */
bool profile_refused_for(const struct lint_finding *);

/*
 * The first finding that keeps a profile off hosts: "line 12, KeyUsage: ... [key-usage-bits]".
 * NULL: none. In `a`. Never tells of a challenge.
 */
const char *profile_fails(struct arena *a, struct span text);

#endif
