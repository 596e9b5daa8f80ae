/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of a recording, as it came by mail. Oracle: what was read differs in nothing from itself,
 * all that would be printed is printable, and a profile that is retold is well-formed XML.
 */
#include "record/facts.h"
#include "record/retell.h"

#include "fuzz.h"

#include "xml/xml.h"

static void must_be_printable(const char *s) {
    for (; *s; s++)
        must(*s >= ' ' && *s < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    BUF_AUTO(profile);
    struct recorded *r;
    if (size > 20000 || lines_parse(&a, span_of(data, size), &r) != OK)
        return 0;
    struct facts facts = facts_of(&a, r), none = {0};
    must(!facts_compare(&a, &facts, &facts));
    must(facts.count > 0 && facts_compare(&a, &facts, &none));
    for (size_t i = 0; i < facts.count; i++) {
        must_be_printable(facts.list[i].kind);
        must_be_printable(facts.list[i].place);
        must_be_printable(facts.list[i].says);
    }
    must(strlen(retell_enrollment_type(r)) >= 4);
    struct xml_node *root;
    if (retell_profile(r, &profile)) {
        enum err e = xml_parse_fragment(&a, buf_view(&profile), &root);
        must(e == OK || e == ERR_LIMIT);
    }
    return 0;
}
