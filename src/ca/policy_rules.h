/* SPDX-License-Identifier: Apache-2.0 */
/* Inside ca/: the subject and SAN rules of a policy (ca/policy.h says how they are read). */
#ifndef SIGNET_CA_POLICY_RULES_H
#define SIGNET_CA_POLICY_RULES_H

#include "ca/policy.h"

/* Whether the rule can be read. ERR_CONFIG with the cure. */
enum err subject_rule_check(struct arena *a, const char *rule) ERR_MUST_USE;
enum err san_rule_check(const char *rule) ERR_MUST_USE;

/* Whether every value of the Name is text without control characters. ERR_REFUSED. */
enum err subject_check_text(struct arena *a, struct span subject) ERR_MUST_USE;

/* Whether the Name has just the attributes of the rule. ERR_REFUSED. */
enum err subject_rule_match(struct arena *a, const char *rule, struct span subject) ERR_MUST_USE;

/*
 * The SAN value without what AD maps to an account (KB5014754); empty when nothing else is in it.
 * ERR_REFUSED for a malformed one, or one with control characters.
 */
enum err san_without_sid(struct arena *a, struct span san, struct span *out) ERR_MUST_USE;

/* Microsoft's SAN URI for strong mapping begins so; the SID follows. */
#define SID_URI_PREFIX "tag:microsoft.com,2022-09-14:sid:"

#endif
