/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judgement of a profile. Oracle: what has no error is kept, read and, with any values,
 * rendered into what a reader takes; findings are counted, by line, printable; and what was mended
 * has nothing left to mend, is XML if it was, and is as good as before: no error comes of a mend.
 */
#include "csp/commands.h"
#include "csp/lint.h"
#include "csp/profile.h"
#include "xml/xml.h"

#include "fuzz.h"

static const struct lint_options options = {.ours = true, .trust_device_name = true};

static void check_findings(struct span text, const struct lint_findings *found) {
    size_t count[LINT_ERROR + 1] = {0};
    unsigned line = 0;
    for (const struct lint_finding *f = found->first; f; f = f->next) {
        must(f->line >= line && *f->detail && f->node);
        line = f->line;
        count[f->code->severity]++;
        for (const char *p = f->detail; *p; p++)
            must((unsigned char)*p >= ' ' && *p != 0x7f);
        for (const struct lint_edit *e = f->edits; e; e = e->next)
            must(e->old.p >= text.p && e->old.p + e->old.n <= text.p + text.n);
    }
    for (int s = LINT_NOTE; s <= LINT_ERROR; s++)
        must(count[s] == found->count[s] || (found->more && count[s] < found->count[s]));
    must(!found->count[LINT_ERROR] == !count[LINT_ERROR]);
}

static void check_fixed(struct arena *a, struct span text, const struct lint_findings *before) {
    BUF_AUTO(fixed);
    BUF_AUTO(changes);
    struct lint_findings after = {0};
    struct xml_node *root;
    bool was_xml = xml_parse_fragment(a, text, &root) == OK;
    bool changed = profile_fix(a, text, &options, &fixed, &changes);
    must(changed == (changes.n > 0));
    must(changed || span_eq(buf_view(&fixed), text));
    must(!was_xml || xml_parse_fragment(a, buf_view(&fixed), &root) == OK);
    profile_lint(a, buf_view(&fixed), &options, &after);
    for (const struct lint_finding *f = after.first; f; f = f->next)
        must(!f->edits || before->more);
    must(before->count[LINT_ERROR] || !after.count[LINT_ERROR]);
}

static void check_kept(struct arena *a, struct span text, bool good) {
    static const struct profile_values values = {
        "https://a.example/b", "c", "d", "e", "f", "g", "h"};
    struct profile_commands p, filled;
    struct profile read;
    BUF_AUTO(out);
    must((profile_check(a, text, true) == OK) == good);
    if (!good)
        return;
    must(profile_commands_read(a, text, &p) == OK);
    must(profile_render(a, &p, &values, 1, &out, &filled) == OK);
    must(profile_read(a, buf_view(&out), &read) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct lint_findings found = {0}, others = {0};
    struct lint_options foreign = {0};
    struct span text = span_of(data, size);
    if (size > 64 * 1024)
        return 0;
    profile_lint(&a, text, &options, &found);
    check_findings(text, &found);
    check_kept(&a, text, found.count[LINT_ERROR] == 0);
    check_fixed(&a, text, &found);
    profile_lint(&a, text, &foreign, &others);
    check_findings(text, &others);
    return 0;
}
