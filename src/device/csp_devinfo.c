/* SPDX-License-Identifier: Apache-2.0 */
/* ./DevInfo and ./DevDetail: what the host tells about itself. Read only. */
#include "device/csptree.h"
#include "wire/mdm.h"

/* NULL for a node that the emulated host does not have. */
static const char *value_of(const struct host *h, const char *path) {
    const struct {
        const char *path, *value;
    } values[] = {
        {"/DevInfo/DevId", h->device_id},
        {"/DevInfo/Man", HOST_MANUFACTURER},
        {"/DevInfo/Mod", HOST_MODEL},
        {"/DevInfo/DmV", "1.3"},
        {"/DevInfo/Lang", HOST_LANGUAGE},
        {"/DevDetail/SwV", host_build(h)->version},
        {"/DevDetail/OEM", HOST_MANUFACTURER},
        {"/DevDetail/DevTyp", HOST_MODEL},
        {"/DevDetail/LrgObj", "true"},
        {"/DevDetail/Ext/Microsoft/DeviceName", h->name},
        {"/DevDetail/Ext/Microsoft/DNSComputerName", h->name},
        {"/DevDetail/Ext/Microsoft/OSPlatform", host_build(h)->platform},
        {"/DevDetail/Ext/Microsoft/ProcessorArchitecture", "9"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strcmp(values[i].path, path) == 0)
            return values[i].value;
    return NULL;
}

/* The steps below `path` that lead to a value or have some below them. */
static struct span list_children(const struct csp_target *t, const char *path) {
    BUF_AUTO(list);
    size_t n = strlen(path);
    for (size_t i = 0; i < csp_table_size; i++) {
        const char *p = csp_table[i].path;
        bool child = strncmp(p, path, n) == 0 && p[n] == '/' && !strchr(p + n + 1, '/');
        if (child && (csp_table[i].format == CSP_NODE || value_of(t->host, p)))
            csp_list_add(&list, p + n + 1);
    }
    return arena_copy(t->arena, buf_view(&list));
}

static int get(const struct csp_target *t, struct csp_value *out) {
    const char *value = value_of(t->host, t->node->path);
    if (t->node->format == CSP_NODE)
        out->data = list_children(t, t->node->path);
    else
        out->data = arena_copy(t->arena, span_str(value));
    return t->node->format == CSP_NODE || value ? SYNCML_OK : SYNCML_NOT_FOUND;
}

const struct csp_provider csp_devinfo_provider = {"/DevInfo", get, NULL, NULL, NULL};
const struct csp_provider csp_devdetail_provider = {"/DevDetail", get, NULL, NULL, NULL};
