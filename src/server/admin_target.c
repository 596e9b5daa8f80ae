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

/* "default, corp" */
static const char *list_endpoints(struct arena *a, const struct pki *pki) {
    const char *list = "";
    for (size_t i = 0; i < pki->endpoint_count; i++)
        if (!pki->endpoints[i].upstream)
            list = arena_printf(a, "%s%s%s", list, *list ? ", " : "", pki->endpoints[i].name);
    return list;
}

enum err admin_endpoint(const struct admin_call *c, const struct pki *pki, const char *name,
                        const struct endpoint **out) {
    *out = pki_endpoint(pki, name ? name : PKI_DEFAULT);
    return *out ? OK
                : err_set(ERR_NOT_FOUND, "there is no endpoint '%s' in signet.conf, only: %s", name,
                          list_endpoints(c->a, pki));
}

const char *admin_host_words(struct arena *a, const struct device *d) {
    return arena_printf(a, "the host %s (DeviceID %s) %s %s", d->name, d->device_id,
                        d->state == DEVICE_LEFT ? "has" : "is", device_state_name(d->state));
}

enum err admin_host_is_here(const struct device *d) {
    if (d->state == DEVICE_ENROLLED)
        return OK;
    ARENA_AUTO(a);
    return err_set(ERR_CONFLICT, "%s: it gets nothing until it enrolls anew",
                   admin_host_words(&a, d));
}

void admin_tell_revocation(struct admin_call *c) {
    revocation_changed(c->scope->scep->revocation);
}
