/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as another server wrote it, in pieces, and a way to change it. */
#ifndef SIGNET_TESTS_PROFILE_FIXTURE_H
#define SIGNET_TESTS_PROFILE_FIXTURE_H

#include "csp/commands.h"
#include "csp/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define UID "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/0a1b-c2_D"

/* One command in the shape that users write: a tab for each level, a line for each tag. */
#define PATH(uri) "\t\t\t<Target>\n\t\t\t\t<LocURI>" uri "</LocURI>\n\t\t\t</Target>\n"
#define META(format) \
    "\t\t\t<Meta>\n\t\t\t\t<Format xmlns=\"syncml:metinf\">" format "</Format>\n\t\t\t</Meta>\n"
#define ADD(node, format, value)                                             \
    "\t<Add>\n\t\t<CmdID>7</CmdID>\n\t\t<Item>\n" PATH(UID "/Install/" node) \
        META(format) "\t\t\t<Data>" value "</Data>\n\t\t</Item>\n\t</Add>\n"
#define NODE \
    "\t<Add>\n\t\t<CmdID>2</CmdID>\n\t\t<Item>\n" PATH(UID) META("node") "\t\t</Item>\n\t</Add>\n"
#define EXEC                                                                                    \
    "\t<Exec>\n\t\t<CmdID>13</CmdID>\n\t\t<Item>\n" PATH(UID "/Install/Enroll") "\t\t</Item>\n" \
                                                                                "\t</Exec>\n"
#define ATOMIC(content) "<Atomic>\n\t<CmdID>1</CmdID>\n" content "</Atomic>"

#define RETRY   ADD("RetryCount", "int", "3")
#define USAGE   ADD("KeyUsage", "int", "160")
#define LENGTH  ADD("KeyLength", "int", "2048")
#define HASH    ADD("HashAlgorithm", "chr", "SHA-1")
#define SUBJECT ADD("SubjectName", "chr", "CN=old")
#define EKU     ADD("EKUMapping", "chr", "1.3.6.1.5.5.7.3.2+1.3.6.1.4.1.311.20.2.2")
#define URL     ADD("ServerURL", "chr", "https://old.example/scep")
#define SECRET  ADD("Challenge", "chr", "hunter2")
#define THUMB   ADD("CAThumbprint", "chr", "0123456789ABCDEF0123456789abcdef01234567")
#define REST    RETRY USAGE LENGTH HASH
#define SERVER  URL SECRET THUMB
#define PROFILE ATOMIC(NODE REST SUBJECT EKU SERVER EXEC)

static struct arena arena;

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static inline void assert_text(struct span s, const char *wanted) {
    if (!span_is(s, wanted))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(s), wanted);
}

/* `text` with the first `old` replaced; with every one when `all`. */
static const char *swap(const char *text, const char *old, const char *new, bool all) {
    BUF_AUTO(b);
    const char *hit = strstr(text, old);
    if (!hit)
        fail_msg("\"%s\" does not stand in the profile", old);
    for (; hit; hit = all ? strstr(text, old) : NULL) {
        buf_add(&b, text, (size_t)(hit - text));
        buf_str(&b, new);
        text = hit + strlen(old);
    }
    buf_str(&b, text);
    return arena_str(&arena, buf_view(&b));
}

static inline const char *with(const char *old, const char *new) {
    return swap(PROFILE, old, new, false);
}

#endif
