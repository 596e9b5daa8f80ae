/* SPDX-License-Identifier: Apache-2.0 */
/* A node that Windows does not know: the step that is wrong, and the name that was likely meant. */
#include "base/spelling.h"
#include "csp/commands.h"

static bool is_child(const struct csp_node *n, const struct csp_node *parent) {
    size_t length = strlen(parent->path);
    return (size_t)(strrchr(n->path, '/') - n->path) == length &&
           strncmp(n->path, parent->path, length) == 0;
}

static const char *nearest(const struct csp_node *parent, struct span step) {
    const char *best = NULL;
    unsigned typos = SPELLING_MAX_TYPOS + 1;
    for (size_t i = 0; i < csp_table_size; i++) {
        const char *name = profile_node_name(&csp_table[i]);
        unsigned d =
            is_child(&csp_table[i], parent) ? spelling_distance(step, span_str(name)) : typos;
        if (d < typos) {
            best = name;
            typos = d;
        }
    }
    return best;
}

static struct span last_step(struct span path) {
    size_t at = path.n;
    while (at && path.p[at - 1] != '/')
        at--;
    return span_from(path, at);
}

/* The path without its last step. */
static struct span parent_of(struct span path) {
    size_t n = path.n - last_step(path).n;
    return span_of(path.p, n ? n - 1 : 0);
}

struct misspelt profile_misspelt(struct arena *a, struct span path) {
    struct misspelt out;
    while (!csp_find(parent_of(path)) && parent_of(path).n)
        path = parent_of(path);
    struct span parent = parent_of(path);
    const struct csp_node *known = csp_find(parent);
    out.step = last_step(path);
    out.meant = known && out.step.n ? nearest(known, out.step) : NULL;
    out.text = out.step.n ? arena_printf(a, "there is no node '%s' below %s; %s%s%s",
                                         PROFILE_QUOTE(out.step), PROFILE_QUOTE(last_step(parent)),
                                         out.meant ? "did you mean " : "",
                                         out.meant ? out.meant : "see its spelling and case",
                                         out.meant ? "?" : "")
                          : arena_printf(a, "a '/' too many after '%s'; take it out",
                                         PROFILE_QUOTE(last_step(parent)));
    return out;
}
