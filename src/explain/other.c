/* SPDX-License-Identifier: Apache-2.0 */
/* Files that people bring to `signet explain`, and that another command reads. */
#include "explain/find.h"

/* Commands with targets, and no answers of a host to them. */
static bool is_profile(struct span text) {
    bool commands = find_nocase(text, "<Add>") >= 0 || find_nocase(text, "<Replace>") >= 0 ||
                    find_nocase(text, "<Exec>") >= 0;
    return commands && find_nocase(text, "<LocURI>") >= 0 && find_nocase(text, "<Status") < 0;
}

/* A SEQUENCE, with a length in the long form or (BER) none. */
static bool is_der(struct span input) {
    enum { SEQUENCE = 0x30, INDEFINITE = 0x80, LONGEST = 0x84 };
    return input.n > 4 && input.p[0] == SEQUENCE && input.p[1] >= INDEFINITE &&
           input.p[1] <= LONGEST;
}

const char *explain_other(struct span input, struct span text) {
    if (is_der(input))
        return "This is DER: signet scep decode FILE reads a SCEP message, openssl the rest.";
    if (is_profile(text))
        return "This is a profile, or other commands for a host: signet profile lint FILE checks it.";
    if (span_find(text, 0) >= 0)
        return "This is no text. Take an export: XML, text or CSV of the Event Viewer, or a .reg.";
    return NULL;
}
