/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ./SyncML/DMAcc: the account that the enrollment made, as its server sees it. What a server
 * replaces there are the credentials of AppAuth; the rest can be read, as far as the emulated host
 * has it.
 */
#include "device/csptree.h"
#include "device/md5.h"
#include "wire/mdm.h"

static bool is_ours(const struct csp_target *t) {
    const struct enrollment *e = t->host->enrollment;
    return e && strcmp(t->steps[0], md5_account_uid(t->arena, e->provider)) == 0;
}

/* {AccountUID}/AppAuth/CLCRED/...: the registry key with its values, or NULL. */
static const char *auth_key(const struct csp_target *t) {
    if (t->count < 3 || strcmp(t->steps[1], "AppAuth") != 0 ||
        (strcmp(t->steps[2], "CLCRED") != 0 && strcmp(t->steps[2], "SRVCRED") != 0))
        return NULL;
    return md5_key(t->host, t->arena, t->steps[2]);
}

static bool is(const struct csp_target *t, const char *first, const char *last) {
    return strcmp(t->steps[1], first) == 0 && (!last || strcmp(t->steps[t->count - 1], last) == 0);
}

/* NULL for what the emulated host does not have. */
static const char *leaf(const struct csp_target *t) {
    const struct enrollment *e = t->host->enrollment;
    if (is(t, "AppID", NULL))
        return "w7";
    if (is(t, "ServerID", NULL))
        return e->provider;
    if (is(t, "AppAddr", "Addr") && strcmp(t->steps[2], "1") == 0)
        return e->address;
    if (is(t, "AppAddr", "AddrType") && strcmp(t->steps[2], "1") == 0)
        return "URI";
    return NULL;
}

static const char *children(const struct csp_target *t) {
    if (t->count == 1)
        return "AppID/ServerID/AppAddr/AppAuth";
    if (t->count == 2)
        return is(t, "AppAddr", NULL) ? "1" : is(t, "AppAuth", NULL) ? "CLCRED/SRVCRED" : NULL;
    if (t->count == 3 && is(t, "AppAddr", "1"))
        return "Addr/AddrType";
    return t->count == 3 && auth_key(t) ? "AAuthLevel/AAuthType/AAuthName" : NULL;
}

static int get(const struct csp_target *t, struct csp_value *out) {
    const char *text = NULL, *key = t->count ? auth_key(t) : NULL;
    if (t->count && !is_ours(t))
        return SYNCML_NOT_FOUND;
    if (t->node->format == CSP_NODE && t->count)
        text = children(t);
    else if (t->node->format == CSP_NODE)
        text = t->host->enrollment ? md5_account_uid(t->arena, t->host->enrollment->provider) : "";
    else if (key && strcmp(t->steps[3], "AAuthLevel") == 0)
        text = t->steps[2];
    else if (key && strcmp(t->steps[3], "AAuthType") == 0)
        text = "DIGEST";
    else if (key)
        return csp_value_get(t, key, t->steps[3], out);
    else
        text = leaf(t);
    out->data = arena_copy(t->arena, span_str(text));
    return text ? SYNCML_OK : SYNCML_NOT_FOUND;
}

/* The values are the provisioning document's: Add finds them there. */
static int set(const struct csp_target *t, struct span data, bool add) {
    if (!t->count || !is_ours(t))
        return SYNCML_NOT_FOUND;
    const char *key = auth_key(t);
    if (!key || t->count != 4 ||
        (strcmp(t->steps[3], "AAuthName") != 0 && strcmp(t->steps[3], "AAuthSecret") != 0 &&
         strcmp(t->steps[3], "AAuthData") != 0))
        return SYNCML_NOT_SUPPORTED;
    return csp_value_set(t, key, t->steps[3], data, add);
}

const struct csp_provider csp_dmacc_provider = {CSP_DMACC, get, set, NULL, NULL};
