/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a profile, and writing it as it goes over the wire. */
#include "csp/profile.h"

#include <ctype.h>

#include "csp/commands.h"
#include "csp/placeholder.h"
#include "wire/mdm.h"

/* The step goes into a URI and a registry key; with these characters it is the same in both. */
static enum err check_unique_id(const struct profile_commands *p) {
    const struct profile_command *c = p->first;
    struct placeholder_walk w = {.rest = p->unique_id};
    enum placeholder found;
    do {
        TRY(placeholder_next(c, &w, &found));
        for (size_t i = 0; i < w.literal.n; i++)
            if (!isalnum(w.literal.p[i]) && w.literal.p[i] != '_' && w.literal.p[i] != '-')
                return profile_error(c, "UniqueID \"%s\": use only letters, digits, '_' and '-'",
                                     PROFILE_QUOTE(p->unique_id));
    } while (found != PLACEHOLDER_NONE);
    return OK;
}

static struct span value_of(const struct profile_commands *p, const char *name) {
    const struct profile_command *c = profile_command_find(p, name);
    return c ? c->value : SPAN_NONE;
}

enum err profile_read(struct arena *a, struct span text, struct profile *out) {
    struct profile_commands p;
    TRY(profile_commands_read(a, text, &p));
    TRY(check_unique_id(&p));
    *out = (struct profile){
        .unique_id = p.unique_id,
        .user_scope = p.user_scope,
        .server_url = value_of(&p, "ServerURL"),
        .challenge = value_of(&p, "Challenge"),
        .ca_thumbprint = value_of(&p, "CAThumbprint"),
        .subject = value_of(&p, "SubjectName"),
        .san = value_of(&p, "SubjectAlternativeNames"),
        .eku = value_of(&p, "EKUMapping"),
        .key_usage = value_of(&p, "KeyUsage"),
        .key_length = value_of(&p, "KeyLength"),
        .hash_algorithm = value_of(&p, "HashAlgorithm"),
        .commands = p.count,
    };
    return OK;
}

static bool holds(struct span s, const char *wanted) {
    return s.n && memmem(s.p, s.n, wanted, strlen(wanted));
}

/* Asked at each delivery. Only a comment, or a reference to a character, makes the bytes say
 * something else than the values. */
bool profile_uses(struct span text, const char *placeholder) {
    ARENA_AUTO(a);
    struct profile_commands p;
    const char *wanted = arena_printf(&a, "{{%s}}", placeholder);
    if (!holds(text, "<!") && !holds(text, "&#"))
        return holds(text, wanted);
    if (profile_commands_read(&a, text, &p) != OK)
        return false;
    for (const struct profile_command *c = p.first; c; c = c->next)
        if (holds(c->value, wanted) || holds(c->path, wanted))
            return true;
    return false;
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

static enum err write_filled(const struct profile_command *c, const char *tag, struct span text,
                             const struct profile_values *values, struct buf *out) {
    BUF_AUTO(filled);
    TRY(placeholder_fill(c, text, values, &filled));
    xml_leaf(out, tag, buf_view(&filled));
    return OK;
}

static enum err write_command(struct arena *a, const struct profile_command *c, unsigned cmd_id,
                              const struct profile_values *values, struct buf *out) {
    const char *verb = arena_str(a, c->element->name);
    xml_open(out, verb);
    buf_printf(out, "<CmdID>%u</CmdID><Item><Target>", cmd_id);
    TRY(write_filled(c, "LocURI", c->path, values, out));
    xml_close(out, "Target");
    write_meta(c, out);
    if (c->data)
        TRY(write_filled(c, "Data", c->value, values, out));
    xml_close(out, "Item");
    xml_close(out, verb);
    return OK;
}

enum err profile_render(struct arena *a, struct span text, const struct profile_values *values,
                        unsigned first_cmd_id, struct buf *out, struct profile *filled) {
    struct profile_commands p;
    size_t start = out->n;
    TRY(profile_commands_read(a, text, &p));
    xml_open(out, "Atomic");
    buf_printf(out, "<CmdID>%u</CmdID>", first_cmd_id);
    for (const struct profile_command *c = p.first; c; c = c->next)
        TRY(write_command(a, c, ++first_cmd_id, values, out));
    xml_close(out, "Atomic");
    return profile_read(a, span_from(buf_view(out), start), filled);
}
