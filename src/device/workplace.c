/* SPDX-License-Identifier: Apache-2.0 */
#include "device/workplace.h"

#include <stdlib.h>

#include "device/csp_pfx.h"
#include "device/scep_pending.h"
#include "device/scep_task.h"

#define ENROLLMENTS "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Enrollments"

const char *workplace_key(const struct host *h, struct arena *a) {
    return arena_printf(a, ENROLLMENTS "\\%s", h->guid);
}

const char *workplace_client_key(const struct host *h, struct arena *a) {
    return arena_printf(a, "%s\\DMClient\\%s", workplace_key(h, a), h->enrollment->provider);
}

const char *workplace_renew_key(const struct host *h, struct arena *a) {
    return arena_printf(a, "%s\\WSTEP\\Renew", workplace_key(h, a));
}

const char *workplace_client_value(const struct host *h, const char *name) {
    ARENA_AUTO(a);
    return reg_text(registry_open(h->registry, workplace_client_key(h, &a)), name);
}

const char *workplace_renew_value(const struct host *h, const char *name) {
    ARENA_AUTO(a);
    return reg_text(registry_open(h->registry, workplace_renew_key(h, &a)), name);
}

void workplace_set_discovery(struct host *h, const char *url) {
    ARENA_AUTO(a);
    reg_set_text(h->registry, registry_create(h->registry, workplace_key(h, &a)), "DiscoveryURL",
                 span_str(url));
}

const char *workplace_discovery(const struct host *h) {
    ARENA_AUTO(a);
    return reg_text(registry_open(h->registry, workplace_key(h, &a)), "DiscoveryURL");
}

bool workplace_tells_errors(const struct host *h) {
    const char *version = workplace_client_value(h, "SyncApplicationVersion");
    return version && atoi(version) >= 3;
}

static bool is_user_key(const char *key) {
    return strncmp(key, SCEP_KEY_USER, strlen(SCEP_KEY_USER)) == 0;
}

/* Only what this server delivered: below its PROVIDER-ID. */
static void remove_certs(struct host *h) {
    ARENA_AUTO(a);
    const char *part = arena_printf(&a, "\\%s\\", h->enrollment->provider);
    for (const char **key = scep_task_keys(h, &a); *key; key++) {
        if (!strstr(*key, part))
            continue;
        const char *thumbprint = reg_text(registry_open(h->registry, *key), "CertThumbprint");
        if (thumbprint && *thumbprint)
            certstore_remove(&h->certs, is_user_key(*key) ? STORE_USER_MY : STORE_MY,
                             span_str(thumbprint));
        scep_pending_drop(h, *key);
        registry_delete(h->registry, *key);
    }
    csp_pfx_remove_all(h, h->enrollment->provider);
}

void workplace_remove(struct host *h) {
    ARENA_AUTO(a);
    const struct enrollment *e = h->enrollment;
    if (host_switch_is(h, "unenroll-certs", "remove"))
        remove_certs(h);
    while (h->tasks.count)
        tasks_remove(&h->tasks, h->tasks.list[0].key);
    certstore_remove(&h->certs, e->user_store ? STORE_USER_MY : STORE_MY, span_str(e->thumbprint));
    registry_delete(h->registry, workplace_key(h, &a));
    h->enrollment = NULL;
    h->schedule = (struct schedule){0};
}
