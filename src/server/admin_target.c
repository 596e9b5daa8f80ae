/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin_target.h"

enum err admin_host(struct tx *tx, struct admin_call *c, const char *key, struct device *out) {
    const char *name;
    TRY(admin_name(c, key, &name));
    return device_find(tx, c->a, name, out);
}

enum err admin_target(struct tx *tx, struct admin_call *c, const char *key,
                      struct admin_target *out) {
    const char *name;
    *out = (struct admin_target){.is_group = true};
    TRY(admin_name(c, key, &name));
    enum err e = group_get(tx, c->a, name, &out->group);
    if (e == OK)
        return group_count(tx, &out->group);
    if (e != ERR_NOT_FOUND)
        return e;
    out->is_group = false;
    e = device_find(tx, c->a, name, &out->device);
    return e == ERR_NOT_FOUND ? err_set(e,
                                        "there is no host and no group '%s'; signet device list "
                                        "and signet group list show them",
                                        name)
                              : e;
}

enum err admin_host_is_here(const struct device *d) {
    if (d->state == DEVICE_ENROLLED)
        return OK;
    return err_set(ERR_CONFLICT, "the host %s is %s: it gets nothing until it enrolls anew",
                   d->device_id, device_state_name(d->state));
}

void admin_tell_revocation(struct admin_call *c) {
    revocation_changed(c->scope->scep->revocation);
}
