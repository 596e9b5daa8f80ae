/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CertificateStore/MY/WSTEP (windows-mdm.md, A.8): the identity's thumbprint and how it is renewed.
 * RenewNow is not emulated: `signet device renew` does it.
 */
#include "device/workplace.h"
#include "device/csptree.h"
#include "wire/mdm.h"

static bool is_renew(const struct csp_target *t, size_t count) {
    return t->host->enrollment && t->count == count && strcmp(t->steps[0], "Renew") == 0;
}

static int get(const struct csp_target *t, struct csp_value *out) {
    const struct enrollment *e = t->host->enrollment;
    if (!e)
        return SYNCML_NOT_FOUND;
    if (is_renew(t, 2))
        return csp_value_get(t, workplace_renew_key(t->host, t->arena), t->steps[1], out);
    if (is_renew(t, 1))
        return csp_value_list(t, workplace_renew_key(t->host, t->arena), out);
    out->data = span_str(t->count == 0 ? "CertThumprint/Renew" : e->thumbprint);
    return SYNCML_OK;
}

static int set(const struct csp_target *t, struct span data, bool add) {
    if (!is_renew(t, 2))
        return SYNCML_NOT_SUPPORTED;
    return csp_value_set(t, workplace_renew_key(t->host, t->arena), t->steps[1], span_trim(data),
                         add);
}

static int remove_value(const struct csp_target *t) {
    if (!is_renew(t, 2))
        return SYNCML_NOT_SUPPORTED;
    return csp_value_remove(t, workplace_renew_key(t->host, t->arena), t->steps[1]);
}

const struct csp_provider csp_wstep_provider = {CSP_WSTEP, get, set, remove_value, NULL};
