/* SPDX-License-Identifier: Apache-2.0 */
#include "xml/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct arena arena;

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct xml_node *parsed(const char *text) {
    struct xml_node *root = NULL;
    if (xml_parse(&arena, span_str(text), &root) != OK)
        fail_msg("%s: %s", text, err_detail());
    return root;
}

static void assert_refused(enum err wanted, struct span text) {
    struct xml_node *root;
    assert_int_equal(xml_parse(&arena, text, &root), wanted);
    assert_true(err_detail()[0] != '\0');
}

static void assert_text(struct span s, const char *wanted) {
    if (!span_is(s, wanted))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(s), wanted);
}

static void prefixes_do_not_matter(void **state) {
    (void)state;
    struct xml_node *a =
        parsed("<s:E xmlns:s='urn:s'><s:B><v xmlns='urn:v' s:k='1'>x</v></s:B></s:E>");
    assert_text(a->name, "E");
    assert_text(a->ns, "urn:s");
    assert_text(xml_path_text(a, "B/v"), "x");
    assert_text(xml_path(a, "B/v")->ns, "urn:v");
    assert_text(xml_attr(xml_path(a, "B/v"), "k"), "1");
    assert_text(xml_attr(xml_path(a, "B/v"), "K"), "");
    assert_text(parsed("<plain/>")->ns, "");
}

static void walks_children_and_siblings(void **state) {
    (void)state;
    struct xml_node *a = parsed("<a>\n<b>1</b><c> 2 </c>\n<b>3</b><a><b>4</b></a></a>");
    assert_text(xml_path_text(a, "b"), "1");
    assert_text(xml_text(xml_next(xml_child(a, "b"))), "3");
    assert_null(xml_next(xml_next(xml_child(a, "b"))));
    assert_text(xml_child(a, "c")->text, " 2 ");
    assert_text(xml_path_text(a, "c"), "2");
    assert_text(xml_path_text(a, "a/b"), "4");
    assert_null(xml_path(a, "a/x"));
    assert_null(xml_path(a, "a/x/y"));
    assert_null(xml_child(NULL, "a"));
    assert_text(xml_path_text(NULL, "a/b"), "");
    assert_text(a->text, "");
    assert_int_equal(xml_child(a, "b")->line, 2);
    assert_int_equal(xml_path(a, "a")->line, 3);
    assert_ptr_equal(xml_path(a, "a/b")->parent->parent, a);
}

static void entities_and_cdata_become_text(void **state) {
    (void)state;
    assert_text(parsed("<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;</a>")->text, "<&>\"'AB");
    assert_text(parsed("<a>x<![CDATA[<&]]>y</a>")->text, "x<&y");
    assert_text(parsed("<a>x<!-- y -->z<?pi?></a>")->text, "xz");
}

static void document_types_are_refused(void **state) {
    (void)state;
    assert_refused(ERR_PARSE, span_str("<!DOCTYPE a><a/>"));
    assert_non_null(strstr(err_detail(), "document type"));
    assert_refused(ERR_PARSE, span_str("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"));
    assert_refused(ERR_PARSE, span_str("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"));
    assert_refused(ERR_PARSE, span_str("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
                                       "<a>&x;</a>"));
    assert_refused(ERR_PARSE,
                   span_str("<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;'>"
                            "<!ENTITY c '&b;&b;&b;&b;&b;'>]><a>&c;</a>"));
    assert_refused(ERR_PARSE, span_str("<a>&unknown;</a>"));
}

static void depth_is_bounded(void **state) {
    (void)state;
    static const unsigned depths[] = {1, 64, 65, 10000};
    for (size_t d = 0; d < 4; d++) {
        unsigned depth = depths[d];
        struct buf b = {0};
        struct xml_node *root;
        for (unsigned i = 0; i < depth; i++)
            buf_str(&b, "<a>");
        for (unsigned i = 0; i < depth; i++)
            buf_str(&b, "</a>");
        assert_int_equal(xml_parse(&arena, buf_view(&b), &root), depth <= 64 ? OK : ERR_LIMIT);
        buf_free(&b);
    }
    /* the element that breaks the limit is empty: expat ends it after the refusal */
    struct buf b = {0};
    for (unsigned i = 0; i < 64; i++)
        buf_str(&b, "<a>");
    buf_str(&b, "<a/>");
    assert_refused(ERR_LIMIT, buf_view(&b));
    buf_free(&b);
}

static void counts_are_bounded(void **state) {
    (void)state;
    struct buf b = {0};
    struct xml_node *root;
    buf_str(&b, "<a>");
    for (unsigned i = 0; i < 19999; i++)
        buf_str(&b, "<b/>");
    size_t length = b.n;
    buf_str(&b, "</a>");
    assert_int_equal(xml_parse(&arena, buf_view(&b), &root), OK);
    b.n = length;
    buf_str(&b, "<b/></a>");
    assert_refused(ERR_LIMIT, buf_view(&b));
    for (unsigned attrs = 64; attrs <= 65; attrs++) {
        buf_clear(&b);
        buf_str(&b, "<a");
        for (unsigned i = 0; i < attrs; i++)
            buf_printf(&b, " k%u='%u'", i, i);
        buf_str(&b, "/>");
        assert_int_equal(xml_parse(&arena, buf_view(&b), &root), attrs == 64 ? OK : ERR_LIMIT);
    }
    buf_free(&b);
}

static void large_text_comes_whole(void **state) {
    (void)state;
    struct buf b = {0};
    buf_str(&b, "<a><b>");
    for (unsigned i = 0; i < 100000; i++)
        buf_str(&b, "12345&amp;789\n");
    buf_str(&b, "</b></a>");
    struct xml_node *root;
    assert_int_equal(xml_parse(&arena, buf_view(&b), &root), OK);
    buf_free(&b); /* the tree must not point into the input */
    assert_int_equal(xml_child(root, "b")->text.n, 1000000);
    assert_memory_equal(xml_child(root, "b")->text.p + 999990, "12345&789\n", 10);
}

static void encodings_are_read(void **state) {
    (void)state;
    assert_text(parsed("\xef\xbb\xbf<a>\xc3\xa4</a>")->text, "\xc3\xa4");
    assert_text(parsed("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>")->text, "\xc3\xa4");
    static const uint8_t utf16[] = {0xff, 0xfe, '<', 0,   'a', 0,   '>', 0,   0xe4,
                                    0,    '<',  0,   '/', 0,   'a', 0,   '>', 0};
    struct xml_node *root;
    assert_int_equal(xml_parse(&arena, span_of(utf16, sizeof utf16), &root), OK);
    assert_text(root->text, "\xc3\xa4");
    assert_refused(ERR_PARSE, span_str("<a>\xe4</a>"));
    assert_refused(ERR_PARSE, span_str("<a>\xc0\xbc</a>")); /* overlong '<' */
    assert_refused(ERR_PARSE, span_str("<?xml version='1.0' encoding='EBCDIC-X'?><a/>"));
    assert_refused(ERR_PARSE, span_of("<a>\0</a>", 8));
}

static void broken_xml_is_refused_with_its_line(void **state) {
    (void)state;
    static const char *const broken[] = {"",           " ",
                                         "x",          "<a>",
                                         "<a></b>",    "<a/><b/>",
                                         "<a b=1/>",   "<a b='1' b='2'/>",
                                         "<a>&</a>",   "<p:a/>",
                                         "<a>]]></a>", "<a><!-- -- --></a>",
                                         "</a>",       "<a xmlns:x='u&#10;v'/>"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_refused(ERR_PARSE, span_str(broken[i]));
    assert_refused(ERR_PARSE, span_str("<a>\n\n</b>"));
    assert_non_null(strstr(err_detail(), "line 3"));
    assert_refused(ERR_PARSE, SPAN_NONE);
}

static void fragments_may_hold_several_elements(void **state) {
    (void)state;
    struct xml_node *root;
    assert_int_equal(
        xml_parse_fragment(&arena, span_str("<?xml version='1.0'?>\n<a>1</a><b/>"), &root), OK);
    assert_text(root->name, "");
    assert_text(xml_path_text(root, "a"), "1");
    assert_text(root->child->next->name, "b");
    assert_null(root->child->next->next);
    assert_int_equal(root->child->line, 2);
    assert_int_equal(xml_parse_fragment(&arena, SPAN_NONE, &root), OK);
    assert_null(root->child);
    static const char *const broken[] = {"<a>", "</fragment><fragment>", "</fragment>",
                                         "<!DOCTYPE a>", "<a/></fragment><b>"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_int_equal(xml_parse_fragment(&arena, span_str(broken[i]), &root), ERR_PARSE);
}

static void each_element_has_its_line(void **state) {
    (void)state;
    static const char text[] =
        "<?xml version='1.0'?>\r\n<a b='\n'>\n\n<c/><!--\n--><d>x\ny</d\n><e/></a>";
    static const unsigned lines[] = {4, 5, 7};
    struct xml_node *root;
    assert_int_equal(xml_parse(&arena, span_str(text), &root), OK);
    assert_int_equal(root->line, 2);
    const struct xml_node *n = root->child;
    for (size_t i = 0; i < 3; i++, n = n->next)
        assert_int_equal(n->line, 1 + lines[i]);
    assert_int_equal(xml_parse_fragment(&arena, span_str("\xef\xbb\xbf<a/>\n<b>\n<c/></b>"), &root),
                     OK);
    assert_int_equal(root->child->line, 1);
    assert_int_equal(root->child->next->line, 2);
    assert_int_equal(root->child->next->child->line, 3);
}

/* What a reader finds is what was cleaned, byte for byte. */
static void cleaning_is_writing_and_reading(void **state) {
    (void)state;
    BUF_AUTO(all);
    for (unsigned c = 0; c < 0x3000; c++) /* each byte, each pair with some */
        buf_char(&all, (char)(c & 0x10 ? c >> 5 : c));
    buf_str(&all, "\xef\xbf\xbf\xef\xbf\xbe\xef\xbf\xbd\xed\xa0\x80\xf0\x9f\x98\x80]]>\r\n\r");
    BUF_AUTO(clean);
    BUF_AUTO(written);
    struct xml_node *root;
    xml_clean(&clean, buf_view(&all));
    xml_leaf(&written, "a", buf_view(&all));
    assert_int_equal(xml_parse(&arena, buf_view(&written), &root), OK);
    assert_true(span_eq(root->text, buf_view(&clean)));
    buf_clear(&written);
    xml_number(&written, "n", -12);
    assert_string_equal(buf_cstr(&written), "<n>-12</n>");
}

static void writing_escapes(void **state) {
    (void)state;
    BUF_AUTO(b);
    xml_leaf(&b, "a k=\"v\"", span_str("<&>\"'\x01\tx"));
    assert_string_equal(buf_cstr(&b), "<a k=\"v\">&lt;&amp;&gt;&quot;&apos;\xef\xbf\xbd\tx</a>");
    struct xml_node *n = parsed(buf_cstr(&b));
    assert_text(n->text, "<&>\"'\xef\xbf\xbd\tx");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(prefixes_do_not_matter, teardown),
        cmocka_unit_test_teardown(walks_children_and_siblings, teardown),
        cmocka_unit_test_teardown(entities_and_cdata_become_text, teardown),
        cmocka_unit_test_teardown(document_types_are_refused, teardown),
        cmocka_unit_test_teardown(depth_is_bounded, teardown),
        cmocka_unit_test_teardown(counts_are_bounded, teardown),
        cmocka_unit_test_teardown(large_text_comes_whole, teardown),
        cmocka_unit_test_teardown(encodings_are_read, teardown),
        cmocka_unit_test_teardown(broken_xml_is_refused_with_its_line, teardown),
        cmocka_unit_test_teardown(fragments_may_hold_several_elements, teardown),
        cmocka_unit_test_teardown(each_element_has_its_line, teardown),
        cmocka_unit_test_teardown(cleaning_is_writing_and_reading, teardown),
        cmocka_unit_test_teardown(writing_escapes, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
