/* SPDX-License-Identifier: Apache-2.0 */
/* How findings are told and mended; which there are is tests/broken's. */
#include "profile_fixture.h"

#include <time.h>

#include "csp/lint.h"

static const struct lint_options foreign = {0}, ours = {.ours = true};

static struct lint_findings lint(const char *text, const struct lint_options *options) {
    struct lint_findings found = {0};
    profile_lint(&arena, span_str(text), options, &found);
    return found;
}

static const struct lint_finding *find(const struct lint_findings *found, const char *code) {
    for (const struct lint_finding *f = found->first; f; f = f->next)
        if (strcmp(f->code->name, code) == 0)
            return f;
    return NULL;
}

static void assert_fixed(const char *text, const char *wanted) {
    BUF_AUTO(out);
    BUF_AUTO(changes);
    bool changed = profile_fix(&arena, span_str(text), &ours, &out, &changes);
    assert_string_equal(buf_cstr(&out), wanted);
    assert_int_equal(changed, strcmp(text, wanted) != 0);
    assert_int_equal(changed, changes.n > 0);
}

static void every_code_is_whole(void **state) {
    (void)state;
    for (int i = 0; i < LINT_CODES; i++) {
        const struct lint_code *c = lint_code((enum lint_id)i);
        assert_non_null(c->name);
        assert_ptr_equal(lint_code_find(c->name), c);
        assert_true(c->windows[strlen(c->windows) - 1] == '.' &&
                    c->mend[strlen(c->mend) - 1] == '.');
        assert_non_null(c->fact);
    }
    assert_null(lint_code_find("no-such-code"));
}

static void findings_come_by_line(void **state) {
    (void)state;
    struct lint_findings found =
        lint(swap(with("CN=old", "old"), ">2048<", ">1536<", false), &ours);
    unsigned line = 0;
    for (const struct lint_finding *f = found.first; f; f = f->next) {
        assert_true(f->line >= line);
        line = f->line;
    }
    assert_non_null(find(&found, "subject-syntax"));
    assert_string_equal(find(&found, "value-not-allowed")->node, "KeyLength");
    assert_int_equal(found.count[LINT_ERROR], 3); /* these, and the UniqueID */
}

static void one_with_our_placeholders_is_ours(void **state) {
    (void)state;
    struct lint_findings theirs = lint(PROFILE, &foreign),
                         adopted = lint(with("hunter2", "{{scep.challenge}}"), &foreign);
    assert_non_null(find(&theirs, "unique-id-reused"));
    assert_null(find(&theirs, "unique-id-fixed"));
    assert_non_null(find(&adopted, "unique-id-fixed"));
}

/* Of another MDM's placeholder nothing is judged, unless signet would send it as it stands. */
static void a_foreign_placeholder_is_no_value(void **state) {
    (void)state;
    const char *text = with("hunter2", "$FLEET_VAR_SCEP_CHALLENGE_a");
    struct lint_findings theirs = lint(text, &foreign), sent = lint(text, &ours);
    assert_non_null(find(&theirs, "placeholder-foreign"));
    assert_null(find(&theirs, "challenge-characters"));
    assert_non_null(find(&sent, "challenge-characters"));
    static const char *const values[] = {"CN=${NAME}", "CN=%NAME%", "CN={Name}", "CN=$NAME"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        theirs = lint(with("CN=old", values[i]), &foreign);
        assert_non_null(find(&theirs, "placeholder-foreign"));
    }
    theirs = lint(with("CN=old", "CN={{DeviceName}}"), &foreign);
    assert_non_null(find(&theirs, "placeholder-foreign"));
    assert_null(find(&theirs, "placeholder-unknown"));
    theirs = lint(with("0a1b-c2_D", "$FLEET_VAR_ID"), &foreign);
    assert_non_null(find(&theirs, "placeholder-foreign"));
    assert_null(find(&theirs, "unique-id-characters"));
    assert_null(find(&theirs, "unique-id-reused"));
    theirs = lint(with("CN=old", "CN=5 $ or 7%, O=a {b c}"), &foreign);
    assert_null(find(&theirs, "placeholder-foreign"));
}

/* A '$' or '%' in a value is no placeholder, and hides no error. */
static void what_only_looks_foreign_is_judged(void **state) {
    (void)state;
    static const struct {
        const char *old, *new, *code;
    } cases[] = {
        {"hunter2", "S3cret$ABcdefghijklmnop", "challenge-characters"},
        {"hunter2", "a_b${X}", "challenge-characters"},
        {"hunter2", "${X}_$FLEET_VAR_Y", "challenge-characters"},
        {"https://old.example/scep", "ftp://h/%C3%A9%20b", "server-url-scheme"},
        {"https://old.example/scep", "ftp://{Host}/x", "server-url-scheme"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lint_findings found = lint(with(cases[i].old, cases[i].new), &foreign);
        assert_non_null(find(&found, cases[i].code));
    }
    struct lint_findings found = lint(with("hunter2", "a${X}b"), &foreign);
    assert_null(find(&found, "challenge-characters"));
    found = lint(with("https://old.example/scep", "${BASE}/scep"), &foreign);
    assert_null(find(&found, "server-url-scheme"));
}

static void a_challenge_is_not_quoted(void **state) {
    (void)state;
    static const char *const values[] = {
        "hunter2",   "hunter2_",          "hunter2{{",        "$HUNTER2hunter2",    "hunter2&amp;",
        " hunter2 ", "pre{{my_hunter2}}", "abc<hunter2/>def", "abc{{hunter2.x}}def"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct lint_findings found = lint(with("hunter2", values[i]), &ours);
        for (const struct lint_finding *f = found.first; f; f = f->next)
            assert_null(strcasestr(f->detail, "hunter2"));
    }
}

static void a_flood_is_cut(void **state) {
    (void)state;
    BUF_AUTO(text);
    buf_str(&text, "<Atomic>");
    for (int i = 0; i < 2 * LINT_MAX; i++)
        buf_str(&text, "<Bogus/>\n");
    buf_str(&text, "</Atomic>");
    struct lint_findings found = lint(buf_cstr(&text), &ours);
    assert_true(found.more);
    assert_int_equal(found.listed, LINT_MAX);
    assert_true(found.count[LINT_ERROR] >= 2 * LINT_MAX);
}

/* Whoever looks for the first error must find one, wherever it was found. */
static void an_error_is_not_lost_in_a_flood(void **state) {
    (void)state;
    BUF_AUTO(san);
    for (int i = 0; i < 2 * LINT_MAX; i++) /* a warning each */
        buf_str(&san, i ? ";3+a b" : "3+a b");
    const char *add = arena_printf(&arena, ADD("SubjectAlternativeNames", "chr", "%s") "%s",
                                   buf_cstr(&san), SUBJECT);
    const char *flood = swap(swap(PROFILE, SUBJECT, add, false), ">160<", ">1<", false);
    struct lint_findings found = lint(flood, &foreign);
    assert_true(found.more);
    assert_int_equal(found.listed, LINT_MAX);
    assert_true(found.count[LINT_WARNING] >= 2 * LINT_MAX);
    assert_non_null(find(&found, "key-usage-bits"));
    assert_int_equal(found.count[LINT_ERROR], 1);
}

/* A text of nothing but '&' was walked from its begin for each of them. */
static void a_flood_takes_no_time(void **state) {
    (void)state;
    enum { MOST = 250000 };
    BUF_AUTO(text);
    buf_str(&text, "<Atomic>");
    while (text.n < MOST)
        buf_str(&text, "&");
    buf_str(&text, "</Atomic>");
    clock_t start = clock();
    struct lint_findings found = lint(buf_cstr(&text), &ours);
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    assert_true(found.more);
    assert_int_equal(found.listed, LINT_MAX);
}

/* Only what a mend names is changed: blanks, comments, line ends of Windows stay. */
static void all_else_stays(void **state) {
    (void)state;
    static const char before[] =
        "<!-- a & b -->\r\n<Atomic>\r\n <CmdID>1</CmdID><Add><CmdID>2</CmdID><Item><Target><LocURI>"
        "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/{{enrollment.id}}/Install/CAThumbprint"
        "</LocURI></Target><Data  a=''>\r\n<!-- x -->";
    static const char digits[] = "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57";
    static const char after[] =
        "</Data></Item></Add>\r\n<Exec ><CmdID>3</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/"
        "ClientCertificateInstall/SCEP/{{enrollment.id}}/Install/Enroll</LocURI></Target></Item>"
        "</Exec>\r\n</Atomic>\r\n";
    const char *good = arena_printf(&arena, "%s%s%s", before, digits, after);
    BUF_AUTO(out);
    BUF_AUTO(changes);
    assert_true(profile_fix(&arena, span_str(good), &ours, &out, &changes)); /* the blanks */
    assert_non_null(strstr(buf_cstr(&out), "<!-- a & b -->\r\n<Atomic>\r\n <CmdID>"));
    assert_non_null(strstr(buf_cstr(&out), after));
    assert_string_equal(buf_cstr(&changes),
                        "line 3, CAThumbprint: data-blanks: white space around the value\n");
}

static void a_mend_may_let_another_be_seen(void **state) {
    (void)state;
    BUF_AUTO(numbered); /* the fixture's CmdIDs are all the same */
    BUF_AUTO(changes);
    const char *base = swap(PROFILE, "0a1b-c2_D", "{{enrollment.id}}", true);
    assert_true(profile_fix(&arena, span_str(base), &ours, &numbered, &changes));
    base = buf_cstr(&numbered);
    assert_fixed(swap(base, "SHA-1<", "<![CDATA[SHA256]]><", false),
                 swap(base, "SHA-1<", "SHA-2<", false));
    assert_fixed(swap(base, "CN=old", "CN=a &\\, b", false),
                 swap(base, "CN=old", "CN=&quot;a &amp;, b&quot;", false));
    assert_fixed(swap(base, "<Data>3</Data>", "<Data>3</Data><!-- & -->", false),
                 swap(base, "<Data>3</Data>", "<Data>3</Data><!-- & -->", false));
    assert_fixed("no profile", "no profile");
}

/* What Windows reads may be what was meant. */
static void a_subject_that_windows_reads_is_left(void **state) {
    (void)state;
    static const char *const values[] = {"OU=DOM\\,O=Org,CN=x", "CN=A\\,B\\2CC", "CN=A\\,B\\\\C"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct lint_findings found = lint(with("CN=old", values[i]), &ours);
        const struct lint_finding *f = find(&found, "subject-backslash");
        assert_non_null(f);
        assert_null(f->edits);
    }
}

/* Nobody has seen these fail: they are no errors. */
static void what_windows_takes_is_no_error(void **state) {
    (void)state;
    static const char *const changes[][2] = {
        {">3<", ">31<"},
        {"https://old.example/scep", "HTTPS://old.example/scep"},
        {"https://old.example/scep", "https://old.example/scep;"},
        {"https://old.example/scep", "https://old.example/scep/pkiclient.exe"},
        {"0123456789ABCDEF0123456789abcdef01234567", ""},
        {SUBJECT, SUBJECT ADD("TemplateName", "chr", "")},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct lint_findings found = lint(with(changes[i][0], changes[i][1]), &foreign);
        assert_int_equal(found.count[LINT_ERROR], 0);
    }
}

/* The URL that ends so is mended, not the first that holds it. */
static void the_right_url_of_a_list_is_mended(void **state) {
    (void)state;
    static const char urls[] = "https://a/pkiclient.exe.old;https://a/pkiclient.exe";
    BUF_AUTO(out);
    BUF_AUTO(changes);
    assert_true(profile_fix(&arena, span_str(with("https://old.example/scep", urls)), &foreign,
                            &out, &changes));
    assert_non_null(strstr(buf_cstr(&out), ">https://a/pkiclient.exe.old;https://a<"));
}

static void numbers_are_counted_as_x500_and_asn1_do(void **state) {
    (void)state;
    static const char eku[] = "1.3.6.1.5.5.7.3.2+1.3.6.1.4.1.311.20.2.2";
    static const char *const bad[] = {"9.9", "3.1.2", "1.40.3", "1", "1."};
    static const char *const good[] = {"2.999.1", "1.39.3", "0.9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct lint_findings found = lint(with(eku, bad[i]), &foreign);
        assert_non_null(find(&found, "eku-syntax"));
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct lint_findings found = lint(with(eku, good[i]), &foreign);
        assert_null(find(&found, "eku-syntax"));
    }
    const char *name = "12345678901234567890123456789012345678901234567890123456789012";
    const char *fits = arena_printf(&arena, "CN=\"%s\"\"\"\"\"", name); /* 64 characters */
    const char *longer = arena_printf(&arena, "CN=\"%s\"\"\"\"x\"", name);
    struct lint_findings found = lint(with("CN=old", fits), &foreign);
    assert_null(find(&found, "subject-long"));
    found = lint(with("CN=old", longer), &foreign);
    assert_non_null(find(&found, "subject-long"));
}

/* A Format that is there but empty is filled; a second one would be no cure. */
static void an_empty_format_is_filled(void **state) {
    (void)state;
    static const char *const empty[] = {META(""), "<Meta/>", "<Meta><Format/></Meta>",
                                        "<Meta><Format></Format></Meta>", ""};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        BUF_AUTO(out);
        BUF_AUTO(changes);
        const char *text = with(META("int"), empty[i]);
        assert_true(profile_fix(&arena, span_str(text), &foreign, &out, &changes));
        struct lint_findings found = lint(buf_cstr(&out), &foreign);
        assert_int_equal(found.count[LINT_ERROR], 0);
        assert_null(strstr(buf_cstr(&out), "</Format><Format"));
        assert_null(strstr(buf_cstr(&out), "<Meta/>"));
    }
}

static void a_delete_is_not_answered_with_400(void **state) {
    (void)state;
    const char *text = with("\t<Exec>", "<Delete/><Install/>\t<Exec>");
    struct lint_findings found = lint(text, &foreign);
    assert_int_equal(find(&found, "command-misplaced")->code->status, 0);
    assert_int_equal(find(&found, "command-alien")->code->status, 400);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_code_is_whole, teardown),
        cmocka_unit_test_teardown(findings_come_by_line, teardown),
        cmocka_unit_test_teardown(one_with_our_placeholders_is_ours, teardown),
        cmocka_unit_test_teardown(a_foreign_placeholder_is_no_value, teardown),
        cmocka_unit_test_teardown(what_only_looks_foreign_is_judged, teardown),
        cmocka_unit_test_teardown(a_challenge_is_not_quoted, teardown),
        cmocka_unit_test_teardown(a_flood_is_cut, teardown),
        cmocka_unit_test_teardown(an_error_is_not_lost_in_a_flood, teardown),
        cmocka_unit_test_teardown(a_flood_takes_no_time, teardown),
        cmocka_unit_test_teardown(all_else_stays, teardown),
        cmocka_unit_test_teardown(a_mend_may_let_another_be_seen, teardown),
        cmocka_unit_test_teardown(a_subject_that_windows_reads_is_left, teardown),
        cmocka_unit_test_teardown(what_windows_takes_is_no_error, teardown),
        cmocka_unit_test_teardown(numbers_are_counted_as_x500_and_asn1_do, teardown),
        cmocka_unit_test_teardown(an_empty_format_is_filled, teardown),
        cmocka_unit_test_teardown(a_delete_is_not_answered_with_400, teardown),
        cmocka_unit_test_teardown(the_right_url_of_a_list_is_mended, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
