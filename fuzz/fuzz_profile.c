/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles. Oracle: a profile that was adopted is a profile, and adopting it again changes nothing;
 * one that was rendered has the commands that it had, no placeholder of ours in its path, and the
 * reader finds in it what the renderer said it filled in.
 */
#include "csp/commands.h"
#include "csp/profile.h"

#include "fuzz.h"

static void check_adopted(struct arena *a, struct span text) {
    BUF_AUTO(once);
    BUF_AUTO(twice);
    BUF_AUTO(changes);
    struct profile p;
    if (profile_adopt(a, text, &once, &changes) != OK)
        return;
    must(profile_read(a, buf_view(&once), &p) == OK);
    must(span_is(p.unique_id, "{{enrollment.id}}") && span_is(p.challenge, "{{scep.challenge}}"));
    buf_clear(&changes);
    must(profile_adopt(a, buf_view(&once), &twice, &changes) == OK);
    must(changes.n == 0 && span_eq(buf_view(&once), buf_view(&twice)));
}

/* Command for command, what the renderer says that it sent is what a reader finds. */
static void must_be_equal(const struct profile_commands *sent,
                          const struct profile_commands *seen) {
    const struct profile_command *a = sent->first, *b = seen->first;
    for (; a && b; a = a->next, b = b->next)
        must(a->node == b->node && span_eq(a->path, b->path) && span_eq(a->value, b->value) &&
             span_eq(a->format, b->format) && span_eq(a->type, b->type));
    must(!a && !b && sent->count == seen->count && sent->user_scope == seen->user_scope);
    must(span_eq(sent->unique_id, seen->unique_id));
}

static void check_rendered(struct arena *a, struct span text) {
    static const struct profile_values values = {
        .scep_url = "https://a.example/scep?<&>",
        .challenge = "Az09'()",
        .ca_thumbprint = "0123456789012345678901234567890123456789",
        .enrollment_id = "e-1",
        .device_id = "d_1",
        .device_name = "PC \"1\"\x01\xff\r\n, </Data>]]> ",
        .user_upn = "a+b@c.example",
    };
    BUF_AUTO(out);
    struct profile_commands p, sent, seen;
    struct profile filled, after;
    if (profile_commands_read(a, text, &p) != OK)
        return;
    if (profile_render(a, &p, &values, 7, &out, &sent) != OK)
        return;
    profile_of(&sent, &filled);
    must(profile_read(a, buf_view(&out), &after) == OK);
    must(after.commands == filled.commands && span_eq(after.subject, filled.subject));
    must(span_eq(after.challenge, filled.challenge) && span_eq(after.san, filled.san));
    must(span_find(filled.unique_id, '{') < 0);
    must(profile_commands_read(a, buf_view(&out), &seen) == OK);
    must_be_equal(&sent, &seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span text = span_of(data, size);
    struct profile p;
    if (profile_check(&a, text, true) == OK)
        must(profile_read(&a, text, &p) == OK && p.commands > 1);
    check_adopted(&a, text);
    check_rendered(&a, text);
    return 0;
}
