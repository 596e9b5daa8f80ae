/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles. Oracle: a profile that was adopted is a profile, and adopting it again changes nothing;
 * one that was rendered has the commands that it had, no placeholder of ours in its path, and the
 * reader finds in it what the renderer said it filled in.
 */
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

static void check_rendered(struct arena *a, struct span text) {
    static const struct profile_values values = {
        .scep_url = "https://a.example/scep?<&>",
        .challenge = "Az09'()",
        .ca_thumbprint = "0123456789012345678901234567890123456789",
        .enrollment_id = "e-1",
        .device_id = "d_1",
        .device_name = "PC \"1\", </Data>",
        .user_upn = "a+b@c.example",
    };
    BUF_AUTO(out);
    struct profile filled, after;
    if (profile_render(a, text, &values, 7, &out, &filled) != OK)
        return;
    must(profile_read(a, buf_view(&out), &after) == OK);
    must(after.commands == filled.commands && span_eq(after.subject, filled.subject));
    must(span_eq(after.challenge, filled.challenge) && span_eq(after.san, filled.san));
    must(span_find(filled.unique_id, '{') < 0);
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
