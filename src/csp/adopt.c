/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a profile over from another server: edits of the text, so that all else stays as it is. */
#include "csp/commands.h"
#include "csp/placeholder.h"
#include "csp/profile.h"
#include "csp/source.h"

#include <stdlib.h>

static const char ENROLLMENT_ID[] = "{{enrollment.id}}";

/* The nodes whose values belong to the server that sends them. */
static const struct {
    const char *node, *placeholder;
    bool secret;
} ours[] = {
    {"ServerURL", "{{scep.url}}", false},
    {"Challenge", "{{scep.challenge}}", true},
    {"CAThumbprint", "{{scep.ca_thumbprint}}", false},
};

struct edit {
    struct span old; /* in the source */
    struct span new;
};

struct adoption {
    struct arena *a;
    const struct profile_commands *p;
    const struct source *source;
    struct buf *changes;
    struct edit *edits;
    size_t count;
};

static void add_edit(struct adoption *d, struct span old, struct span new) {
    d->edits[d->count++] = (struct edit){old, new};
}

static void tell(struct adoption *d, const char *what, struct span old, const char *new) {
    buf_str(d->changes, what);
    buf_str(d->changes, ": ");
    for (size_t i = 0; i < old.n; i++)
        buf_char(d->changes, old.p[i] < ' ' ? '?' : (char)old.p[i]);
    buf_printf(d->changes, "%s-> %s\n", old.n ? " " : "", new);
}

/* Only the step itself is replaced, unless the path is spelled with entities or comments. */
static enum err adopt_path(struct adoption *d, const struct profile_command *c) {
    struct span raw = source_of(d->source, d->p->root, c->loc_uri);
    struct span id = d->p->unique_id;
    size_t before =
        (size_t)((const uint8_t *)memmem(c->path.p, c->path.n, "/SCEP/", 6) - c->path.p) + 6;
    if (!raw.n)
        return err_set(ERR_INTERNAL, "profile line %u: lost the LocURI's place", c->element->line);
    const uint8_t *hit = memmem(raw.p, raw.n, c->path.p, c->path.n);
    if (hit) {
        add_edit(d, span_of(hit + before, id.n), span_str(ENROLLMENT_ID));
        return OK;
    }
    BUF_AUTO(path);
    xml_escape(&path, span_of(c->path.p, before));
    buf_str(&path, ENROLLMENT_ID);
    xml_escape(&path, span_from(c->path, before + id.n));
    add_edit(d, raw, arena_copy(d->a, buf_view(&path)));
    return OK;
}

static enum err adopt_paths(struct adoption *d) {
    if (span_is(d->p->unique_id, ENROLLMENT_ID))
        return OK;
    for (const struct profile_command *c = d->p->first; c; c = c->next)
        TRY(adopt_path(d, c));
    tell(d, "UniqueID", d->p->unique_id, ENROLLMENT_ID);
    return OK;
}

static enum err adopt_values(struct adoption *d) {
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        const struct profile_command *c = profile_command_find(d->p, ours[i].node);
        struct span raw = span_trim(source_of(d->source, d->p->root, c->data));
        if (!raw.n)
            return profile_error(c, "no Data to put a placeholder into; write <Data>%s</Data>",
                                 ours[i].placeholder);
        if (span_is(c->value, ours[i].placeholder))
            continue;
        add_edit(d, raw, span_str(ours[i].placeholder));
        tell(d, ours[i].node, ours[i].secret ? SPAN_NONE : c->value, ours[i].placeholder);
    }
    return OK;
}

static int by_place(const void *a, const void *b) {
    const struct edit *x = a, *y = b;
    return (x->old.p > y->old.p) - (x->old.p < y->old.p);
}

static void apply(const struct adoption *d, struct span text, struct buf *out) {
    const uint8_t *at = text.p;
    for (size_t i = 0; i < d->count; i++) {
        const struct edit *e = &d->edits[i];
        buf_add(out, at, (size_t)(e->old.p - at));
        buf_span(out, e->new);
        at = e->old.p + e->old.n;
    }
    buf_add(out, at, (size_t)(text.p + text.n - at));
}

enum err profile_adopt(struct arena *a, struct span text, struct buf *out, struct buf *changes) {
    struct profile_commands p;
    struct profile adopted;
    struct source source;
    size_t start = out->n;
    TRY(profile_commands_read(a, text, &p));
    TRY(source_scan(a, text, &source));
    struct adoption d = {.a = a, .p = &p, .source = &source, .changes = changes};
    d.edits = arena_alloc(a, (p.count + sizeof ours / sizeof ours[0]) * sizeof *d.edits);
    TRY(adopt_paths(&d));
    TRY(adopt_values(&d));
    qsort(d.edits, d.count, sizeof *d.edits, by_place);
    apply(&d, text, out);
    return profile_read(a, span_from(buf_view(out), start), &adopted);
}
