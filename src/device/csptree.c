/* SPDX-License-Identifier: Apache-2.0 */
#include "device/csptree.h"

#include <ctype.h>

#include "base/text.h"
#include "device/logon.h"
#include "device/uri.h"
#include "wire/mdm.h"

static const struct csp_provider *const providers[] = {
    &csp_scep_provider,  &csp_pfx_provider,     &csp_root_certs_provider, &csp_dmclient_provider,
    &csp_wstep_provider, &csp_devinfo_provider, &csp_devdetail_provider,  &csp_dmacc_provider};

/* The part below ./Device or ./User, with its slash. */
static struct span split_scope(struct span uri, bool *user) {
    *user = span_starts(uri, "./User/");
    if (*user)
        return span_from(uri, strlen("./User"));
    return span_from(uri, strlen(span_starts(uri, "./Device/") ? "./Device" : "."));
}

static const struct csp_provider *find_provider(struct span path, struct span *below) {
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
        size_t n = strlen(providers[i]->prefix);
        if (span_starts(path, providers[i]->prefix) && (path.n == n || path.p[n] == '/')) {
            *below = span_from(path, n);
            return providers[i];
        }
    }
    return NULL;
}

/*
 * A name that the registry, its .reg text and the host's JSON can hold: a backslash would leave the
 * key that the step stands for. What Windows does with such a name is not known.
 */
static bool is_name(struct span s) {
    bool good = s.n > 0;
    while (good && s.n) {
        uint32_t c = 0;
        size_t n = utf8_character(s, &c);
        bool control = c < ' ' || (c >= 0x7f && c < 0xa0);
        good = n && !control && !(c < 0x80 && strchr("\\/]\"", (int)c));
        s = span_from(s, n);
    }
    return good;
}

static bool split_steps(struct csp_target *t, struct span below) {
    while (below.n) {
        struct span rest = span_from(below, 1);
        ptrdiff_t slash = span_find(rest, '/');
        struct span step = slash < 0 ? rest : span_of(rest.p, (size_t)slash);
        below = span_from(rest, step.n);
        if (t->count == CSP_STEPS_MAX)
            return false;
        struct span name = uri_decode(t->arena, step);
        if (!is_name(name))
            return false;
        t->steps[t->count++] = (const char *)name.p;
    }
    return true;
}

static bool is_allowed(const char *allowed, struct span value) {
    const char *dash = strchr(allowed, '-');
    int64_t low, high, n;
    if (dash && span_int(span_of(allowed, (size_t)(dash - allowed)), &low) &&
        span_int(span_str(dash + 1), &high))
        return span_int(value, &n) && n >= low && n <= high;
    for (const char *p = allowed;; p++) {
        size_t length = strcspn(p, "|");
        if (span_eq(value, span_of(p, length)))
            return true;
        p += length;
        if (!*p)
            return false;
    }
}

static bool is_of_format(const struct csp_node *node, struct span data) {
    int64_t n;
    struct span value = span_trim(data);
    if (node->format == CSP_INT)
        return span_int(value, &n);
    return node->format != CSP_BOOL || span_is(value, "true") || span_is(value, "false");
}

bool csp_value_fits(const struct csp_node *node, struct span value) {
    return !node->allowed || is_allowed(node->allowed, span_trim(value));
}

/*
 * A number that is none fails at once. A value outside the DDF's list or range may, by switches,
 * fail later, or not at all: "if it is larger than 30, the device will use 30" (DDF, RetryCount).
 */
static bool takes_value(const struct csp_target *t, struct span data) {
    bool scep = strncmp(t->node->path, CSP_SCEP_ROOT, strlen(CSP_SCEP_ROOT)) == 0;
    if (!is_of_format(t->node, data))
        return false;
    if (scep && !host_switch_is(t->host, "range-check", "add"))
        return true;
    if (strcmp(t->node->path, CSP_SCEP_ROOT "/{UniqueID}/Install/RetryCount") == 0 &&
        host_switch_is(t->host, "retry-count", "clamp"))
        return !span_starts(span_trim(data), "-");
    return csp_value_fits(t->node, data);
}

/* Base64 is text: Microsoft's own example sends PFXCertBlob, a bin in the DDF, as chr. */
static bool is_format(const struct csp_node *node, struct span format) {
    return span_is(format, csp_format_name(node->format)) ||
           (node->format == CSP_BIN && span_is(format, csp_format_name(CSP_CHR)));
}

/* OMA DM's default of a missing Meta/Format is chr. */
static bool has_format(const struct csp_target *t, const struct csp_command *c) {
    if (!c->format.n && host_switch_is(t->host, "missing-format", "accept"))
        return true;
    return is_format(t->node, c->format.n ? c->format : span_str(csp_format_name(CSP_CHR)));
}

static int set(const struct csp_provider *p, const struct csp_target *t,
               const struct csp_command *c) {
    if (!has_format(t, c))
        return SYNCML_NOT_SUPPORTED;
    if (t->node->format != CSP_NODE && !takes_value(t, c->data))
        return SYNCML_COMMAND_FAILED;
    return p->set ? p->set(t, c->data, c->verb == CSP_ADD) : SYNCML_NOT_SUPPORTED;
}

static int dispatch(const struct csp_provider *p, const struct csp_target *t,
                    const struct csp_command *c, struct csp_value *out) {
    switch (c->verb) {
    case CSP_GET:
        out->format = t->node->format;
        return p->get(t, out);
    case CSP_ADD:
    case CSP_REPLACE:
        return set(p, t, c);
    case CSP_DELETE:
        return p->remove ? p->remove(t) : SYNCML_NOT_SUPPORTED;
    case CSP_EXEC:
        return p->exec ? p->exec(t, c->data) : SYNCML_NOT_SUPPORTED;
    }
    return SYNCML_BAD_REQUEST;
}

/* {UniqueID} carries AtomicRequired in the DDF. Delete may stand alone (windows-mdm.md, A.7). */
static bool lacks_atomic(const struct csp_target *t, const struct csp_command *c) {
    static const char scep[] = CSP_SCEP_ROOT "/{", pfx[] = CSP_PFX_ROOT "/{";
    bool required = strncmp(t->node->path, scep, strlen(scep)) == 0 ||
                    strncmp(t->node->path, pfx, strlen(pfx)) == 0;
    return required && !c->atomic && (c->verb & (CSP_ADD | CSP_REPLACE | CSP_EXEC)) &&
           host_switch_is(t->host, "atomic-required", "enforced");
}

int csptree_apply(struct host *h, const struct csp_command *c, struct arena *a,
                  struct csp_value *out) {
    struct csp_target t = {
        .host = h, .arena = a, .uri = span_trim(c->uri), .node = csp_find(span_trim(c->uri))};
    struct span below, path = split_scope(t.uri, &t.user_scope);
    *out = (struct csp_value){0};
    if (!t.node)
        return SYNCML_NOT_FOUND;
    if (t.user_scope && !logon_user_is_there(h))
        return SYNCML_COMMAND_FAILED;
    if (!(t.node->access & c->verb))
        return SYNCML_NOT_ALLOWED;
    if (lacks_atomic(&t, c))
        return SYNCML_COMMAND_FAILED;
    const struct csp_provider *p = find_provider(path, &below);
    if (!p)
        return c->verb == CSP_GET ? SYNCML_NOT_FOUND : SYNCML_NOT_SUPPORTED;
    if (!split_steps(&t, below))
        return SYNCML_COMMAND_FAILED;
    return dispatch(p, &t, c, out);
}

void csp_list_add(struct buf *list, const char *name) {
    if (list->n)
        buf_char(list, '/');
    for (; *name; name++)
        if (isalnum((unsigned char)*name) || strchr("-_.~", *name))
            buf_char(list, *name);
        else
            buf_printf(list, "%%%02X", (unsigned char)*name);
}

int csp_absent(const struct csp_target *t) {
    return host_switch_is(t->host, "absent-output", "empty") ? SYNCML_OK : SYNCML_NOT_FOUND;
}

bool csp_upserts(const struct csp_target *t) {
    return host_switch_is(t->host, "replace-upsert", "yes");
}
