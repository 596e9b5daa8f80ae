/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMClient (windows-mdm.md, A.8): the values of DMClient/Provider/ID and Unenroll. The poll
 * schedule stays as the provisioning document set it; Push, FirstSyncStatus and what else stands
 * below the provider are not emulated.
 */
#include "device/workplace.h"
#include "device/csptree.h"
#include "wire/mdm.h"

enum { PROVIDER_STEPS = 2, LEAF_STEPS = 3 };

static bool is_ours(const struct csp_target *t) {
    const struct enrollment *e = t->host->enrollment;
    return e && (t->count < PROVIDER_STEPS || strcmp(t->steps[1], e->provider) == 0);
}

static bool is_leaf(const struct csp_target *t) {
    return t->count == LEAF_STEPS && t->node->format != CSP_NODE && !t->user_scope;
}

static int give(const struct csp_target *t, struct csp_value *out, const char *text) {
    out->data = arena_copy(t->arena, span_str(text));
    return SYNCML_OK;
}

/* Values that the host itself knows. */
static int get_own(const struct csp_target *t, const char *name, struct csp_value *out) {
    const struct enrollment *e = t->host->enrollment;
    if (strcmp(name, "HWDevID") == 0)
        return give(t, out, t->host->hw_id);
    if (strcmp(name, "EnrollmentType") == 0)
        return give(t, out, e->user_store ? "Full" : "Device");
    if (strcmp(name, "Unenroll") == 0)
        return give(t, out, "");
    return SYNCML_NOT_FOUND;
}

static int get(const struct csp_target *t, struct csp_value *out) {
    if (!is_ours(t))
        return SYNCML_NOT_FOUND;
    if (t->count == 0)
        return give(t, out, "Provider");
    const char *name = t->steps[t->count - 1];
    if (t->count == 1 && t->node->format != CSP_NODE)
        return get_own(t, name, out);
    if (t->count == 1)
        return give(t, out, t->host->enrollment->provider);
    const char *key = workplace_client_key(t->host, t->arena);
    if (t->count == PROVIDER_STEPS)
        return csp_value_list(t, key, out);
    if (!is_leaf(t))
        return SYNCML_NOT_FOUND;
    int own = get_own(t, name, out);
    return own == SYNCML_OK ? own : csp_value_get(t, key, name, out);
}

/* The DDF's expression for SyncApplicationVersion: one digit, or two with a dot between. */
static bool is_version(struct span data) {
    struct span v = span_trim(data);
    bool one = v.n == 1 && v.p[0] >= '0' && v.p[0] <= '9';
    return one || (v.n == 3 && v.p[0] >= '0' && v.p[0] <= '9' && v.p[1] == '.' && v.p[2] >= '0' &&
                   v.p[2] <= '9');
}

static int set(const struct csp_target *t, struct span data, bool add) {
    if (!is_ours(t))
        return SYNCML_NOT_FOUND;
    if (!is_leaf(t))
        return SYNCML_NOT_SUPPORTED;
    if (strcmp(t->steps[2], "SyncApplicationVersion") == 0 && !is_version(data))
        return SYNCML_COMMAND_FAILED;
    return csp_value_set(t, workplace_client_key(t->host, t->arena), t->steps[2], span_trim(data),
                         add);
}

static int remove_value(const struct csp_target *t) {
    if (!is_ours(t))
        return SYNCML_NOT_FOUND;
    if (!is_leaf(t))
        return SYNCML_NOT_SUPPORTED;
    return csp_value_remove(t, workplace_client_key(t->host, t->arena), t->steps[2]);
}

/*
 * The server ends the enrollment. No Status comes back; the next session's first message has the
 * alert in its place, or nothing happens at all (windows-mdm.md, C.9).
 */
static int exec(const struct csp_target *t, struct span data) {
    struct host *h = t->host;
    if (strcmp(t->steps[t->count - 1], "Unenroll") != 0)
        return SYNCML_NOT_SUPPORTED;
    if (!is_ours(t))
        return SYNCML_NOT_FOUND;
    if (!span_is(span_trim(data), h->enrollment->provider))
        return SYNCML_COMMAND_FAILED;
    h->enrollment->leaving = host_switch_is(h, "unenroll", "answers");
    return 0;
}

const struct csp_provider csp_dmclient_provider = {CSP_DM_CLIENT, get, set, remove_value, exec};
