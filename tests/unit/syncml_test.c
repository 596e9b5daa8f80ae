/* SPDX-License-Identifier: Apache-2.0 */
#include "syncml/syncml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/file.h"

#define HDR                                                                             \
    "<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1a</SessionID>" \
    "<MsgID>2</MsgID><Target><LocURI>https://mdm.example/m</LocURI></Target>"           \
    "<Source><LocURI>0123456789ABCDEF0123456789ABCDEF</LocURI></Source></SyncHdr>"
#define MESSAGE(body) \
    "<SyncML xmlns=\"SYNCML:SYNCML1.2\">" HDR "<SyncBody>" body "</SyncBody></SyncML>"

static struct arena arena;

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct syncml_message *parsed(const char *text) {
    struct syncml_message *m = NULL;
    if (syncml_parse(&arena, span_str(text), &m) != OK)
        fail_msg("%s: %s", text, err_detail());
    return m;
}

static void assert_refused(enum err wanted, const char *text, const char *detail) {
    struct syncml_message *m;
    assert_int_equal(syncml_parse(&arena, span_str(text), &m), wanted);
    if (!strstr(err_detail(), detail))
        fail_msg("\"%s\" does not tell of %s", err_detail(), detail);
}

static void assert_text(struct span s, const char *wanted) {
    if (!span_is(s, wanted))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(s), wanted);
}

static void reads_the_first_message_of_a_session(void **state) {
    (void)state;
    struct syncml_message *m = parsed(
        MESSAGE("<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
                "<Alert><CmdID>3</CmdID><Data>1226</Data><Item><Meta>"
                "<Type xmlns=\"syncml:metinf\">com.example:x</Type>"
                "<Format xmlns=\"syncml:metinf\">int</Format></Meta><Data> 1 </Data></Item></Alert>"
                "<Replace><CmdID>4</CmdID>"
                "<Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>D</Data></Item>"
                "<Item><Source><LocURI>./DevInfo/Lang</LocURI></Source><Data>de</Data></Item>"
                "</Replace><Final/>"));
    assert_text(m->session_id, "1a");
    assert_int_equal(m->msg_id, 2);
    assert_text(m->target, "https://mdm.example/m");
    assert_text(m->source, "0123456789ABCDEF0123456789ABCDEF");
    assert_true(m->final);
    const struct syncml_command *c = m->commands;
    assert_int_equal(c->kind, SYNCML_ALERT);
    assert_text(c->cmd_id, "2");
    assert_int_equal(syncml_code(c), 1201);
    assert_null(c->items);
    c = c->next;
    assert_int_equal(syncml_code(c), 1226);
    assert_text(c->items->type, "com.example:x");
    assert_text(c->items->format, "int");
    assert_text(c->items->data, " 1 ");
    assert_text(c->items->source, "");
    c = c->next;
    assert_int_equal(c->kind, SYNCML_REPLACE);
    assert_text(c->items->next->source, "./DevInfo/Lang");
    assert_text(c->items->next->data, "de");
    assert_null(c->items->next->next);
    assert_null(c->next);
}

static void reads_credentials(void **state) {
    (void)state;
    struct syncml_message *m = parsed(
        "<SyncML><SyncHdr><SessionID>1</SessionID><MsgID>2</MsgID><Source>"
        "<LocName>host</LocName><LocURI>D</LocURI></Source><Cred><Data>AAEC</Data><Meta>"
        "<Format xmlns=\"syncml:metinf\">b64</Format><Type xmlns=\"syncml:metinf\">"
        "syncml:auth-md5</Type></Meta></Cred></SyncHdr><SyncBody><Final/></SyncBody></SyncML>");
    assert_text(m->source, "D");
    assert_text(m->loc_name, "host");
    assert_text(m->cred_type, "syncml:auth-md5");
    assert_text(m->cred_format, "b64");
    assert_text(m->cred_data, "AAEC");
    m = parsed(MESSAGE("<Final/>"));
    assert_text(m->loc_name, "");
    assert_text(m->cred_type, "");
    assert_text(m->cred_data, "");
}

static void reads_status_and_results(void **state) {
    (void)state;
    struct syncml_message *m = parsed(MESSAGE(
        "<Status xmlns:msft=\"http://schemas.microsoft.com/MobileDevice/MDM\"><CmdID>1</CmdID>"
        "<MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>"
        "<Status xmlns:msft=\"http://schemas.microsoft.com/MobileDevice/MDM\"><CmdID>2</CmdID>"
        "<MsgRef>1</MsgRef><CmdRef>7</CmdRef><Cmd>Get</Cmd>"
        "<Data msft:originalerror=\"0x86000002\"> 404 </Data></Status>"
        "<Results><CmdID>3</CmdID><MsgRef>1</MsgRef><CmdRef>8</CmdRef><Meta>"
        "<Format xmlns=\"syncml:metinf\">int</Format></Meta>"
        "<Item><Source><LocURI> ./x/Status\n</LocURI></Source><Data>1</Data></Item>"
        "<Item><Source><LocURI>./x/T</LocURI></Source><Meta>"
        "<Format xmlns=\"syncml:metinf\">chr</Format></Meta><MoreData/></Item></Results>"));
    const struct syncml_command *c = m->commands->next;
    assert_int_equal(c->kind, SYNCML_STATUS);
    assert_text(c->msg_ref, "1");
    assert_text(c->cmd_ref, "7");
    assert_text(c->cmd, "Get");
    assert_int_equal(syncml_code(c), 404);
    assert_text(c->original_error, "0x86000002");
    assert_text(m->commands->original_error, "");
    c = c->next;
    assert_int_equal(c->kind, SYNCML_RESULTS);
    assert_text(c->items->source, "./x/Status");
    assert_text(c->items->format, "int");
    assert_true(c->items->has_data && !c->items->more_data);
    assert_text(c->items->next->format, "chr");
    assert_true(!c->items->next->has_data && c->items->next->more_data);
    assert_false(m->final);
}

static void order_and_prefixes_do_not_matter(void **state) {
    (void)state;
    struct syncml_message *m =
        parsed("<?xml version=\"1.0\"?>\n<y:SyncML xmlns:y='urn:other'>"
               "<y:SyncBody><y:Final/><y:Status><y:Data>200</y:Data><y:Cmd>Exec</y:Cmd>"
               "<y:CmdRef>9</y:CmdRef><y:CmdID>x-1</y:CmdID></y:Status></y:SyncBody>"
               "<y:SyncHdr><y:Source><y:LocURI>dev</y:LocURI></y:Source>"
               "<y:MsgID>1</y:MsgID><y:SessionID>FFFF</y:SessionID></y:SyncHdr></y:SyncML>");
    assert_text(m->session_id, "FFFF");
    assert_text(m->commands->cmd_id, "x-1");
    assert_text(m->commands->cmd, "Exec");
    assert_text(m->target, "");
    assert_true(m->final);
}

static void containers_have_children(void **state) {
    (void)state;
    struct syncml_message *m =
        parsed(MESSAGE("<Atomic><CmdID>1</CmdID><Meta/><Add><CmdID>2</CmdID></Add>"
                       "<Sequence><CmdID>3</CmdID><Get><CmdID>4</CmdID></Get></Sequence>"
                       "<Bogus><CmdID>5</CmdID></Bogus></Atomic><Nonsense>x</Nonsense><Get/>"));
    const struct syncml_command *atomic = m->commands;
    assert_int_equal(atomic->kind, SYNCML_ATOMIC);
    assert_int_equal(atomic->children->kind, SYNCML_ADD);
    assert_int_equal(atomic->children->next->kind, SYNCML_SEQUENCE);
    assert_int_equal(atomic->children->next->children->kind, SYNCML_GET);
    assert_int_equal(atomic->children->next->next->kind, SYNCML_UNKNOWN);
    assert_text(atomic->children->next->next->name, "Bogus");
    assert_null(atomic->children->next->next->next);
    assert_int_equal(atomic->next->kind, SYNCML_UNKNOWN);
    assert_text(atomic->next->name, "Nonsense");
    assert_text(atomic->next->next->cmd_id, "");
}

static void codes_are_numbers_or_nothing(void **state) {
    (void)state;
    static const struct {
        const char *data;
        int code;
    } cases[] = {{"200", 200}, {"", 0}, {"abc", 0}, {"-1", 0}, {"99999999999", 0}, {"2 0", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct syncml_command c = {.data = span_str(cases[i].data)};
        assert_int_equal(syncml_code(&c), cases[i].code);
    }
    assert_int_equal(syncml_kind_of(span_str("Exec")), SYNCML_EXEC);
    assert_int_equal(syncml_kind_of(span_str("exec")), SYNCML_UNKNOWN);
    assert_int_equal(syncml_kind_of(span_str("SyncHdr")), SYNCML_UNKNOWN);
}

#define HEADER(content) "<SyncML><SyncHdr>" content "</SyncHdr><SyncBody/></SyncML>"
#define SOURCE          "<Source><LocURI>d</LocURI></Source>"

static void bad_messages_are_refused(void **state) {
    (void)state;
    assert_refused(ERR_PARSE, "<Envelope/>", "Envelope");
    assert_refused(ERR_PARSE, "<SyncML><SyncBody/></SyncML>", "SyncHdr");
    assert_refused(ERR_PARSE, "<SyncML>" HDR "</SyncML>", "SyncBody");
    assert_refused(ERR_PARSE, HEADER("<MsgID>1</MsgID>" SOURCE), "SessionID");
    assert_refused(ERR_PARSE, HEADER("<SessionID>1g</SessionID><MsgID>1</MsgID>" SOURCE),
                   "SessionID");
    assert_refused(ERR_PARSE, HEADER("<SessionID>123456789</SessionID><MsgID>1</MsgID>" SOURCE),
                   "SessionID");
    assert_refused(ERR_PARSE, HEADER("<SessionID>1</SessionID>" SOURCE), "MsgID");
    assert_refused(ERR_PARSE, HEADER("<SessionID>1</SessionID><MsgID>0</MsgID>" SOURCE), "MsgID");
    assert_refused(ERR_PARSE, HEADER("<SessionID>1</SessionID><MsgID>-1</MsgID>" SOURCE), "MsgID");
    assert_refused(ERR_PARSE, HEADER("<SessionID>1</SessionID><MsgID>1x</MsgID>" SOURCE), "MsgID");
    assert_refused(ERR_PARSE,
                   HEADER("<SessionID>1</SessionID><MsgID>99999999999999999999</MsgID>" SOURCE),
                   "MsgID");
    assert_refused(ERR_PARSE, HEADER("<SessionID>1</SessionID><MsgID>1</MsgID><Source/>"),
                   "Source");
    assert_refused(ERR_PARSE, "<!DOCTYPE x><SyncML/>", "document type");
    assert_refused(ERR_PARSE, "", "XML");
}

static void commands_are_bounded(void **state) {
    (void)state;
    for (unsigned count = 2000; count <= 2001; count++) {
        BUF_AUTO(b);
        buf_str(&b, "<SyncML>" HDR "<SyncBody><Atomic>");
        for (unsigned i = 1; i < count; i++)
            buf_str(&b, "<Get/>");
        buf_str(&b, "</Atomic></SyncBody></SyncML>");
        struct syncml_message *m;
        assert_int_equal(syncml_parse(&arena, buf_view(&b), &m), count == 2000 ? OK : ERR_LIMIT);
    }
}

static void writes_the_captured_shape(void **state) {
    (void)state;
    struct syncml_writer w = {0};
    syncml_begin(&w, span_str("1"), 3, span_str("DEVICE"),
                 span_str("https://mdm.example/m?a=1&b=2"));
    syncml_write_status(&w, 2, span_str("0"), span_str("SyncHdr"), 200);
    assert_int_equal(syncml_write_get(&w, "./DevDetail/SwV"), 2);
    assert_int_equal(syncml_write_add(&w, "./x/y", "chr", span_str("a<b")), 3);
    syncml_write_raw(&w, span_str("<Exec><CmdID>4</CmdID></Exec>"), 1);
    assert_int_equal(syncml_write_delete(&w, "./x"), 5);
    syncml_end(&w);
    assert_string_equal(
        buf_cstr(&w.out),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr>"
        "<VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>3</MsgID>"
        "<Target><LocURI>DEVICE</LocURI></Target>"
        "<Source><LocURI>https://mdm.example/m?a=1&amp;b=2</LocURI></Source></SyncHdr><SyncBody>"
        "<Status><CmdID>1</CmdID><MsgRef>2</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd>"
        "<Data>200</Data></Status>"
        "<Get><CmdID>2</CmdID><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target></Item></Get>"
        "<Add><CmdID>3</CmdID><Item><Target><LocURI>./x/y</LocURI></Target>"
        "<Meta><Format xmlns=\"syncml:metinf\">chr</Format></Meta><Data>a&lt;b</Data></Item></Add>"
        "<Exec><CmdID>4</CmdID></Exec>"
        "<Delete><CmdID>5</CmdID><Item><Target><LocURI>./x</LocURI></Target></Item></Delete>"
        "<Final/></SyncBody></SyncML>");
    struct syncml_message *m = parsed(buf_cstr(&w.out));
    assert_int_equal(m->msg_id, 3);
    assert_text(m->commands->next->next->items->data, "a<b");
    buf_free(&w.out);
}

/* The device chooses its CmdIDs: what comes back in a Status must not break out of it. */
static void echoed_values_are_escaped(void **state) {
    (void)state;
    struct syncml_writer w = {0};
    syncml_begin(&w, span_str("1"), 1, span_str("<d>"), span_str("s"));
    syncml_write_status(&w, 1, span_str("</CmdRef>"), span_str("A&B"), 400);
    syncml_end(&w);
    struct syncml_message *m = parsed(buf_cstr(&w.out));
    assert_text(m->target, "<d>");
    assert_text(m->commands->cmd_ref, "</CmdRef>");
    assert_text(m->commands->cmd, "A&B");
    buf_free(&w.out);
}

/* Both directions of a captured session: the pretty-printed messages parse, and ours is as theirs.
 */
static void reads_a_captured_session(void **state) {
    (void)state;
    BUF_AUTO(text);
    const char *shared = getenv("SIGNET_SHARED");
    const char *path = arena_printf(&arena, "%s/captures/windows10-mdm-session.txt",
                                    shared ? shared : "../shared");
    if (file_read(path, 65536, &text) != OK) {
        print_message("skipped: %s\n", err_detail());
        skip();
    }
    static const unsigned commands[] = {3, 4, 4, 1}; /* device, server, device, server */
    const char *at = buf_cstr(&text), *end;
    unsigned messages = 0;
    for (; (at = strstr(at, "<SyncML")) && (end = strstr(at, "</SyncML>")); at = end, messages++) {
        struct syncml_message *m;
        assert_int_equal(syncml_parse(&arena, span_of(at, (size_t)(end + 9 - at)), &m), OK);
        unsigned count = 0;
        for (const struct syncml_command *c = m->commands; c; c = c->next)
            count += c->kind != SYNCML_UNKNOWN;
        assert_true(m->final && messages < 4 && count == commands[messages]);
    }
    assert_int_equal(messages, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_the_first_message_of_a_session, teardown),
        cmocka_unit_test_teardown(reads_credentials, teardown),
        cmocka_unit_test_teardown(reads_status_and_results, teardown),
        cmocka_unit_test_teardown(order_and_prefixes_do_not_matter, teardown),
        cmocka_unit_test_teardown(containers_have_children, teardown),
        cmocka_unit_test_teardown(codes_are_numbers_or_nothing, teardown),
        cmocka_unit_test_teardown(bad_messages_are_refused, teardown),
        cmocka_unit_test_teardown(commands_are_bounded, teardown),
        cmocka_unit_test_teardown(writes_the_captured_shape, teardown),
        cmocka_unit_test_teardown(echoed_values_are_escaped, teardown),
        cmocka_unit_test_teardown(reads_a_captured_session, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
