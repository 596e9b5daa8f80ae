/* SPDX-License-Identifier: Apache-2.0 */
/* Bare commands: what is taken, how it goes out, and what is refused with which cure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "csp/bare.h"

#define GET(uri)  "<Get><Item><Target><LocURI>" uri "</LocURI></Target></Item></Get>"
#define EXEC(uri) "<Exec><Item><Target><LocURI>" uri "</LocURI></Target></Item></Exec>"

static void assert_reads(struct arena *a, const char *text, struct bare_command **out) {
    if (bare_read(a, span_str(text), out) != OK)
        fail_msg("%s", err_detail());
}

static void assert_written(const char *text, unsigned first, const char *wanted) {
    ARENA_AUTO(a);
    BUF_AUTO(out);
    struct bare_command *c;
    assert_reads(&a, text, &c);
    for (; c; c = c->next) {
        bare_write(c, first, &out);
        first += c->count;
    }
    assert_string_equal(buf_cstr(&out), wanted);
}

static void writes_in_one_form(void **state) {
    (void)state;
    assert_written(
        "<?xml version=\"1.0\"?>\n<!-- what -->\n<Get>\n <CmdID>xxcmdidxx</CmdID>\n <Item><Target>"
        "<LocURI> ./DevDetail/SwV </LocURI></Target></Item>\n</Get>\n",
        7,
        "<Get><CmdID>7</CmdID><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target>"
        "</Item></Get>");
    assert_written(
        "<Replace xmlns=\"SYNCML:SYNCML1.2\"><Meta><Type>text/plain</Type></Meta><Item>"
        "<Target><LocURI>./Vendor/MSFT/A</LocURI></Target><Meta><Format "
        "xmlns=\"syncml:metinf\">chr</Format></Meta><Data> <![CDATA[<a b=\"1\"/>&]]> "
        "</Data></Item></Replace>",
        1,
        "<Replace><CmdID>1</CmdID><Item><Target><LocURI>./Vendor/MSFT/A</LocURI></Target>"
        "<Meta><Format xmlns=\"syncml:metinf\">chr</Format><Type xmlns=\"syncml:metinf\">"
        "text/plain</Type></Meta><Data>&lt;a b=&quot;1&quot;/&gt;&amp;</Data></Item>"
        "</Replace>");
    /* an empty Data is not the same as none */
    assert_written(
        "<Delete><Item><Target><LocURI>./A</LocURI></Target><Data/></Item></Delete>", 1,
        "<Delete><CmdID>1</CmdID><Item><Target><LocURI>./A</LocURI></Target><Data></Data>"
        "</Item></Delete>");
}

static void numbers_in_the_order_of_the_document(void **state) {
    ARENA_AUTO(a);
    struct bare_command *c;
    const char *text = GET("./A") "<Atomic>" EXEC("./User/B")
        EXEC("./User/C") "</Atomic>"
                         "<Sequence><CmdID>9</CmdID>" GET("./D") "</Sequence>";
    (void)state;
    assert_written(text, 3,
                   "<Get><CmdID>3</CmdID><Item><Target><LocURI>./A</LocURI></Target></Item></Get>"
                   "<Atomic><CmdID>4</CmdID><Exec><CmdID>5</CmdID><Item><Target><LocURI>./User/B"
                   "</LocURI></Target></Item></Exec><Exec><CmdID>6</CmdID><Item><Target><LocURI>"
                   "./User/C</LocURI></Target></Item></Exec></Atomic>"
                   "<Sequence><CmdID>7</CmdID><Get><CmdID>8</CmdID><Item><Target><LocURI>./D"
                   "</LocURI></Target></Item></Get></Sequence>");
    assert_reads(&a, text, &c);
    assert_int_equal(c->count, 1);
    assert_false(c->user_scope);
    assert_string_equal(bare_title(&a, c), "Get ./A");
    assert_int_equal(c->next->count, 3);
    assert_true(c->next->user_scope);
    assert_string_equal(bare_title(&a, c->next), "Atomic of 2 commands");
}

static void a_get_of_several(void **state) {
    ARENA_AUTO(a);
    struct bare_command *c;
    (void)state;
    assert_reads(&a,
                 "<Get><Item><Target><LocURI>./A</LocURI></Target></Item>"
                 "<Item><Target><LocURI>./B</LocURI></Target></Item></Get>",
                 &c);
    assert_string_equal(bare_title(&a, c), "Get ./A and 1 more");
    assert_int_equal(c->count, 1);
}

static void assert_refused(const char *text, const char *why) {
    ARENA_AUTO(a);
    struct bare_command *c;
    enum err e = bare_read(&a, span_str(text), &c);
    if (e != ERR_PARSE && e != ERR_LIMIT)
        fail_msg("taken: %s", text);
    if (!strstr(err_detail(), why))
        fail_msg("%s: not '%s' but '%s'", text, why, err_detail());
}

static void refuses_with_the_cure(void **state) {
    (void)state;
    assert_refused("", "no command in it");
    assert_refused("Get the version", "no command in it");
    assert_refused("<Get>", "line 1");
    assert_refused("<SyncML><SyncBody/></SyncML>", "keep only the commands");
    assert_refused("<Alert><Data>1201</Data></Alert>", "is no command for a host");
    assert_refused("\n<Get/>", "line 2, Get: no Item");
    assert_refused("<Get><Item/></Get>", "no Target/LocURI");
    assert_refused(GET("/Vendor/MSFT/A"), "does not begin with ./");
    assert_refused("<Get><NoResp/></Get>", "NoResp: has no place");
    assert_refused("<Get><Item><Source/></Item></Get>", "Source: has no place");
    assert_refused("<Get><Meta><Mark>x</Mark></Meta><Item/></Get>", "Mark: has no place");
    assert_refused("<Exec><Item><Target><LocURI>./A</LocURI></Target></Item><Item/></Exec>",
                   "a second Item");
    assert_refused("<Add><Item><Target><LocURI>./A</LocURI></Target><Data><x/></Data></Item></Add>",
                   "CDATA");
    assert_refused("<Atomic/>", "no command in it");
    assert_refused("<Atomic>" GET("./A") "</Atomic>", "does not work inside an Atomic");
    assert_refused("<Atomic><Atomic/></Atomic>", "inside another Atomic");
    assert_refused("<Sequence><Atomic/></Sequence>", "inside another Sequence");
    assert_refused("<Atomic>" EXEC("./User/A") EXEC("./Device/A") "</Atomic>",
                   "./Device and ./User in one Atomic");
    assert_refused(EXEC("./A/{{enrollment.id}}"), "filled in profiles only");
    assert_refused("<!DOCTYPE x><Get/>", "line");
}

static void repeat(struct buf *b, const char *text, int times) {
    while (times--)
        buf_str(b, text);
}

static void is_bounded(void **state) {
    static const struct {
        const char *open, *each, *close;
        int most;
        const char *why;
    } cases[] = {
        {"", GET("./A"), "", BARE_MAX_COMMANDS, "more than 100 commands; send several"},
        {"<Atomic>", EXEC("./A"), "</Atomic>", BARE_MAX_CHILDREN, "more than 200 commands in one"},
        {"<Get>", "<Item><Target><LocURI>./A</LocURI></Target></Item>", "</Get>", BARE_MAX_CHILDREN,
         "more than 200 Items"},
        {"<Add><Item><Target><LocURI>./A</LocURI></Target><Data>", "0123456789",
         "</Data></Item></Add>", 6500, "a command has 65536 at most"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int more = 0; more <= 1; more++) {
            ARENA_AUTO(a);
            BUF_AUTO(text);
            struct bare_command *c;
            buf_str(&text, cases[i].open);
            repeat(&text, cases[i].each, cases[i].most + more * (i == 3 ? 60 : 1));
            buf_str(&text, cases[i].close);
            if (more)
                assert_refused(buf_cstr(&text), cases[i].why);
            else
                assert_reads(&a, buf_cstr(&text), &c);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_in_one_form),
        cmocka_unit_test(numbers_in_the_order_of_the_document),
        cmocka_unit_test(a_get_of_several),
        cmocka_unit_test(refuses_with_the_cure),
        cmocka_unit_test(is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
