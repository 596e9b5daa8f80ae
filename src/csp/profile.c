/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a profile, and writing it as it goes over the wire. */
#include "csp/profile.h"

#include <ctype.h>

#include "csp/commands.h"
#include "csp/placeholder.h"
#include "wire/mdm.h"

/* The step goes into a URI and a registry key; with these characters it is the same in both. */
static enum err check_characters(const struct profile_command *c, struct span part,
                                 struct span unique_id) {
    for (size_t i = 0; i < part.n; i++)
        if (!isalnum(part.p[i]) && part.p[i] != '_' && part.p[i] != '-')
            return profile_error(c, "UniqueID \"%s\": use only letters, digits, '_' and '-'",
                                 PROFILE_QUOTE(unique_id));
    return OK;
}

static enum err check_unique_id(const struct profile_commands *p) {
    const struct profile_command *c = p->first;
    struct placeholder_walk w = {.rest = p->unique_id};
    enum placeholder found;
    do {
        TRY(profile_blame(c, placeholder_next(&w, &found)));
        TRY(check_characters(c, w.literal, p->unique_id));
    } while (found != PLACEHOLDER_NONE);
    return OK;
}

static struct span value_of(const struct profile_commands *p, const char *name) {
    const struct profile_command *c = profile_command_find(p, name);
    return c ? c->value : SPAN_NONE;
}

void profile_of(const struct profile_commands *p, struct profile *out) {
    *out = (struct profile){
        .unique_id = p->unique_id,
        .user_scope = p->user_scope,
        .server_url = value_of(p, "ServerURL"),
        .challenge = value_of(p, "Challenge"),
        .ca_thumbprint = value_of(p, "CAThumbprint"),
        .subject = value_of(p, "SubjectName"),
        .san = value_of(p, "SubjectAlternativeNames"),
        .eku = value_of(p, "EKUMapping"),
        .key_usage = value_of(p, "KeyUsage"),
        .key_length = value_of(p, "KeyLength"),
        .hash_algorithm = value_of(p, "HashAlgorithm"),
        .commands = p->count,
    };
}

enum err profile_read(struct arena *a, struct span text, struct profile *out) {
    struct profile_commands p;
    TRY(profile_commands_read(a, text, &p));
    TRY(check_unique_id(&p));
    profile_of(&p, out);
    return OK;
}

static bool holds(struct span s, const char *wanted) {
    return s.n && memmem(s.p, s.n, wanted, strlen(wanted));
}

bool profile_commands_use(const struct profile_commands *p, const char *placeholder) {
    ARENA_AUTO(a);
    const char *wanted = arena_printf(&a, "{{%s}}", placeholder);
    for (const struct profile_command *c = p->first; c; c = c->next)
        if (holds(c->value, wanted) || holds(c->path, wanted))
            return true;
    return false;
}

/* Only a comment, or a reference to a character, makes the bytes say something else than the
 * values. */
bool profile_uses(struct span text, const char *placeholder) {
    ARENA_AUTO(a);
    struct profile_commands p;
    if (!holds(text, "<!") && !holds(text, "&#"))
        return holds(text, arena_printf(&a, "{{%s}}", placeholder));
    return profile_commands_read(&a, text, &p) == OK && profile_commands_use(&p, placeholder);
}

/* ---- filling it in, and writing it ---- */

/* Of the paths only this step may hold placeholders: there is no node of such a name. */
static enum err fill_unique_id(struct arena *a, const struct profile_commands *p,
                               const struct profile_values *values, struct span *out) {
    BUF_AUTO(id);
    TRY(profile_blame(p->first, placeholder_fill(p->unique_id, PLACEHOLDER_IN_TEXT, values, &id)));
    *out = arena_copy(a, buf_view(&id));
    if (!out->n)
        return profile_error(p->first, "the UniqueID is empty");
    return check_characters(p->first, *out, *out);
}

static struct span path_with(struct arena *a, struct span path, struct span unique_id) {
    BUF_AUTO(out);
    struct span old = profile_unique_id(path);
    buf_add(&out, path.p, (size_t)(old.p - path.p));
    buf_span(&out, unique_id);
    buf_span(&out, span_from(path, (size_t)(old.p - path.p) + old.n));
    return arena_copy(a, buf_view(&out));
}

static enum placeholder_place place_of(const struct profile_command *c) {
    const char *node = profile_node_name(c->node);
    return strcmp(node, "SubjectName") == 0               ? PLACEHOLDER_IN_SUBJECT
           : strcmp(node, "SubjectAlternativeNames") == 0 ? PLACEHOLDER_IN_SANS
                                                          : PLACEHOLDER_IN_TEXT;
}

/* What goes into a promise is what the host will read. */
static enum err fill_value(struct arena *a, struct profile_command *c,
                           const struct profile_values *values) {
    BUF_AUTO(filled);
    BUF_AUTO(clean);
    if (!holds(c->value, "{{"))
        return OK;
    TRY(profile_blame(c, placeholder_fill(c->value, place_of(c), values, &filled)));
    xml_clean(&clean, buf_view(&filled));
    c->value = arena_copy(a, buf_view(&clean));
    return OK;
}

static void write_meta(const struct profile_command *c, struct buf *out) {
    if (!c->format.n && !c->type.n)
        return;
    xml_open(out, "Meta");
    if (c->format.n)
        xml_leaf(out, "Format xmlns=\"" NS_METINF "\"", c->format);
    if (c->type.n)
        xml_leaf(out, "Type xmlns=\"" NS_METINF "\"", c->type);
    xml_close(out, "Meta");
}

static void write_command(struct arena *a, const struct profile_command *c, unsigned cmd_id,
                          struct buf *out) {
    const char *verb = arena_str(a, c->element->name);
    xml_open(out, verb);
    xml_number(out, "CmdID", cmd_id);
    buf_str(out, "<Item><Target>");
    xml_leaf(out, "LocURI", c->path);
    xml_close(out, "Target");
    write_meta(c, out);
    if (c->data)
        xml_leaf(out, "Data", c->value);
    xml_close(out, "Item");
    xml_close(out, verb);
}

enum err profile_render(struct arena *a, const struct profile_commands *p,
                        const struct profile_values *values, unsigned first_cmd_id, struct buf *out,
                        struct profile_commands *filled) {
    struct profile_command **tail = &filled->first;
    *filled = *p;
    TRY(fill_unique_id(a, p, values, &filled->unique_id));
    xml_open(out, "Atomic");
    xml_number(out, "CmdID", first_cmd_id);
    for (const struct profile_command *c = p->first; c; c = c->next) {
        struct profile_command *f = *tail = arena_alloc(a, sizeof *f);
        *f = *c;
        f->path = path_with(a, c->path, filled->unique_id);
        TRY(fill_value(a, f, values));
        write_command(a, f, ++first_cmd_id, out);
        f->value = span_trim(f->value);
        tail = &f->next;
    }
    xml_close(out, "Atomic");
    return OK;
}
