/* SPDX-License-Identifier: Apache-2.0 */
/* HOST or GROUP, as commands of the administrator name them. */
#ifndef SIGNET_SERVER_ADMIN_TARGET_H
#define SIGNET_SERVER_ADMIN_TARGET_H

#include "server/admin_command.h"
#include "store/group.h"

struct admin_target {
    bool is_group;
    struct group group;   /* or */
    struct device device; /* this one */
};

/* The host that an argument names by its DeviceID or name. ERR_USAGE, ERR_NOT_FOUND; ERR_CONFLICT
 * when several are called so. */
enum err admin_host(struct tx *tx, struct admin_call *c, const char *key,
                    struct device *out) ERR_MUST_USE;

/* The same, or a group. A group's name, which the administrator gave, comes before a host's, which
 * is the host's own claim. */
enum err admin_target(struct tx *tx, struct admin_call *c, const char *key,
                      struct admin_target *out) ERR_MUST_USE;

/* The endpoint of that name (NULL: the default) in a PKI that the caller holds. ERR_NOT_FOUND lists
 * those of signet.conf. */
enum err admin_endpoint(const struct admin_call *c, const struct pki *pki, const char *name,
                        const struct endpoint **out) ERR_MUST_USE;

/* "the host PC-1 (DeviceID 0123...) has left": who it is, whichever way it was named, and what has
 * become of it. In the arena. */
const char *admin_host_words(struct arena *a, const struct device *d);

/* ERR_CONFLICT for one that is leaving or has left: it gets nothing any more. */
enum err admin_host_is_here(const struct device *d) ERR_MUST_USE;

/* For `committed`: certificates may be revoked now. */
void admin_tell_revocation(struct admin_call *c);

#endif
