/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare commands of an administrator. Oracle: what was read is written in a form that is read again
 * as the same; its CmdIDs run on in the order of the document, as many as it says.
 */
#include "csp/bare.h"

#include "fuzz.h"

static unsigned count_ids(const struct xml_node *n, unsigned next) {
    for (const struct xml_node *c = n->child; c; c = c->next) {
        if (span_is(c->name, "CmdID")) {
            int64_t id;
            must(span_int(c->text, &id) && id == next);
            next++;
        }
        next = count_ids(c, next);
    }
    return next;
}

static void check_one(const struct bare_command *c) {
    ARENA_AUTO(a);
    BUF_AUTO(once);
    BUF_AUTO(twice);
    struct bare_command *again;
    struct xml_node *root;
    bare_write(c, 7, &once);
    must(once.n > 0 && once.n <= BARE_MAX_COMMAND + 4 * c->count);
    must(bare_read(&a, buf_view(&once), &again) == OK && !again->next);
    must(again->count == c->count && again->user_scope == c->user_scope);
    bare_write(again, 7, &twice);
    must(span_eq(buf_view(&once), buf_view(&twice)));
    must(xml_parse(&a, buf_view(&once), &root) == OK);
    must(count_ids(root, 7) == 7 + c->count);
    must(strcmp(bare_title(&a, c), bare_title(&a, again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct bare_command *c;
    unsigned count = 0;
    if (bare_read(&a, span_of(data, size), &c) != OK)
        return 0;
    for (; c; c = c->next, count++)
        check_one(c);
    must(count >= 1 && count <= BARE_MAX_COMMANDS);
    return 0;
}
