/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, rendering and adopting profiles. */
#include "base/file.h"
#include "csp/shelf.h"
#include "profile_fixture.h"

static void assert_read_refuses(const char *text, const char *detail) {
    struct profile p;
    if (profile_read(&arena, span_str(text), &p) != ERR_PARSE)
        fail_msg("not refused, though %s", detail);
    if (!strstr(err_detail(), detail))
        fail_msg("\"%s\" does not tell of \"%s\"", err_detail(), detail);
}

/* ---- Reading ---- */

static void reads_the_values(void **state) {
    (void)state;
    struct profile p;
    assert_int_equal(profile_read(&arena, span_str(PROFILE), &p), OK);
    assert_text(p.unique_id, "0a1b-c2_D");
    assert_false(p.user_scope);
    assert_text(p.server_url, "https://old.example/scep");
    assert_text(p.challenge, "hunter2");
    assert_text(p.ca_thumbprint, "0123456789ABCDEF0123456789abcdef01234567");
    assert_text(p.subject, "CN=old");
    assert_text(p.san, "");
    assert_text(p.eku, "1.3.6.1.5.5.7.3.2+1.3.6.1.4.1.311.20.2.2");
    assert_text(p.key_usage, "160");
    assert_text(p.key_length, "2048");
    assert_text(p.hash_algorithm, "SHA-1");
    assert_int_equal(p.commands, 12);
}

static void reads_other_spellings(void **state) {
    (void)state;
    struct profile p;
    const char *user = swap(PROFILE, "./Device/", "./User/", true);
    assert_int_equal(profile_read(&arena, span_str(user), &p), OK);
    assert_true(p.user_scope);
    const char *bare = swap(PROFILE, "./Device/", "./", true);
    assert_int_equal(profile_read(&arena, span_str(bare), &p), OK);
    assert_false(p.user_scope);
    const char *loose = swap(PROFILE, "<LocURI>", "<LocURI>\n\t <!-- where -->", true);
    assert_int_equal(profile_read(&arena, span_str(loose), &p), OK);
    assert_text(p.unique_id, "0a1b-c2_D");
    const char *replace =
        swap(swap(PROFILE, "<Add>", "<Replace>", true), "</Add>", "</Replace>", true);
    assert_int_equal(profile_read(&arena, span_str(replace), &p), OK);
    const char *declared =
        arena_printf(&arena, "<?xml version=\"1.0\"?>\n<!-- mine -->%s\n", PROFILE);
    assert_int_equal(profile_read(&arena, span_str(declared), &p), OK);
    assert_int_equal(profile_read(&arena, span_str(ATOMIC(REST SUBJECT EKU SERVER EXEC)), &p), OK);
    assert_int_equal(p.commands, 11);
}

static void each_required_node_must_be_there(void **state) {
    (void)state;
    assert_read_refuses(ATOMIC(NODE LENGTH HASH SUBJECT EKU SERVER EXEC),
                        "KeyUsage is missing; Windows requires it: write an Add for it");
    assert_read_refuses(ATOMIC(NODE USAGE HASH SUBJECT EKU SERVER EXEC), "KeyLength is missing");
    assert_read_refuses(ATOMIC(NODE USAGE LENGTH SUBJECT EKU SERVER EXEC),
                        "HashAlgorithm is missing");
    assert_read_refuses(ATOMIC(NODE REST EKU SERVER EXEC), "SubjectName is missing");
    assert_read_refuses(ATOMIC(NODE REST SUBJECT SERVER EXEC), "EKUMapping is missing");
    assert_read_refuses(ATOMIC(NODE REST SUBJECT EKU SECRET THUMB EXEC), "ServerURL is missing");
    assert_read_refuses(ATOMIC(NODE REST SUBJECT EKU URL THUMB EXEC), "Challenge is missing");
    assert_read_refuses(ATOMIC(NODE REST SUBJECT EKU URL SECRET EXEC), "CAThumbprint is missing");
    assert_read_refuses(ATOMIC(NODE REST SUBJECT EKU SERVER),
                        "Enroll is missing; Windows requires it: write an Exec for it");
    assert_read_refuses(ATOMIC(""), "missing");
}

static void the_structure_must_be_one_atomic(void **state) {
    (void)state;
    assert_read_refuses("<!-- nothing -->", "nothing where one Atomic belongs");
    assert_read_refuses(NODE, "Add where one Atomic belongs");
    assert_read_refuses("<SyncML>" PROFILE "</SyncML>",
                        "SyncML where one Atomic belongs; keep only the Atomic");
    assert_read_refuses("<SyncBody>" PROFILE "</SyncBody>", "keep only the Atomic");
    assert_read_refuses(PROFILE "<Get/>", "Get after the Atomic");
    assert_read_refuses(PROFILE PROFILE, "Atomic after the Atomic");
    assert_read_refuses("<Atomic>", "XML line");
    assert_read_refuses(ATOMIC(NODE "<Atomic/>" EXEC), "Atomic inside an Atomic");
    assert_read_refuses(ATOMIC(NODE "<Get/>" EXEC), "Get does not work inside an Atomic");
    assert_read_refuses(ATOMIC("<Delete/>"), "Delete has no place");
    assert_read_refuses(ATOMIC("<Bogus/>"), "Bogus has no place");
    assert_read_refuses(ATOMIC("<Add/>"), "no Item");
    assert_read_refuses(ATOMIC("<Add><Item/></Add>"), "LocURI");
    assert_read_refuses(with("</Item>", "</Item><Item/>"), "more than one Item");
}

static void other_files_are_named(void **state) {
    (void)state;
    static const struct {
        const char *text, *detail;
    } cases[] = {
        {"", "the profile is empty"},
        {"\xef\xbb\xbf \n", "the profile is empty"},
        {"\xff\xfe<", "is UTF-16: save it as UTF-8"},
        {"\xfe\xff", "is UTF-16: save it as UTF-8"},
        {"<Atomic>\n\xe4</Atomic>", "profile line 2: the profile is not UTF-8"},
        {"{\"Atomic\": 1}", "is not XML: it begins with \"{"},
        {"<!DOCTYPE x>" PROFILE, "a DOCTYPE is not allowed: take it out"},
        {"<?xml version='1.0'?> <!-- > --> <!DOCTYPE x []>" PROFILE, "a DOCTYPE is not allowed"},
        {"<Atomic><Add><Item><Target><LocURI>./Device/Vendor/MSFT/RootCATrustedCertificates/Root/"
         "00/EncodedCertificate</LocURI></Target></Item></Add></Atomic>",
         "signet delivers its CA certificate by itself: a profile holds"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_read_refuses(cases[i].text, cases[i].detail);
    struct profile p;
    assert_int_equal(profile_read(&arena, SPAN_NONE, &p), ERR_PARSE);
    assert_non_null(strstr(err_detail(), "is empty"));
    static const uint8_t wide[] = {'<', 0, 'A', 0, 't', 0, 'o', 0};
    assert_int_equal(profile_read(&arena, span_of(wide, sizeof wide), &p), ERR_PARSE);
    assert_non_null(strstr(err_detail(), "is UTF-16"));
    assert_int_equal(profile_read(&arena, span_str("\xef\xbb\xbf" PROFILE), &p), OK);
    assert_int_equal(profile_read(&arena, span_str("<!-- <!DOCTYPE x> -->" PROFILE), &p), OK);
}

static void a_misspelled_step_is_quoted(void **state) {
    (void)state;
    static const struct {
        const char *old, *new, *detail;
    } cases[] = {
        {"Install/SubjectName", "Install/SubjectNam",
         "Add: there is no node 'SubjectNam' below Install; did you mean SubjectName?"},
        {"Install/KeyUsage", "Install/Keyusage",
         "no node 'Keyusage' below Install; did you mean "
         "KeyUsage?"},
        {"Install/KeyUsage", "Instal/KeyUsage",
         "no node 'Instal' below 0a1b-c2_D; did you mean "
         "Install?"},
        {"Install/KeyUsage", "Install/AttestPrivateKey", "'AttestPrivateKey' below Install; see "},
        {"Install/KeyUsage", "Install/KeyUsage/Deep", "'Deep' below KeyUsage; see its spelling"},
        {"Install/KeyUsage", "Install/KeyUsage/", "a '/' too many after 'KeyUsage'"},
        {"Install/KeyUsage", "Install//KeyUsage", "a '/' too many after 'Install'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_read_refuses(with(cases[i].old, cases[i].new), cases[i].detail);
    assert_read_refuses(ATOMIC("<Add><Item/></Add>"), "profile line 3, Add: no Item/Target/LocURI");
}

static void enroll_comes_last_and_once(void **state) {
    (void)state;
    assert_read_refuses(ATOMIC(NODE REST SUBJECT EKU URL SECRET EXEC THUMB), "last command");
    assert_read_refuses(ATOMIC(NODE REST SUBJECT EKU SERVER EXEC EXEC), "second command");
    assert_read_refuses(ATOMIC(EXEC NODE REST SUBJECT EKU SERVER), "last command");
}

static void addresses_must_agree(void **state) {
    (void)state;
    assert_read_refuses(with("0a1b-c2_D/Install/KeyUsage", "other/Install/KeyUsage"),
                        "one profile, one certificate");
    assert_read_refuses(
        with(UID "/Install/KeyUsage",
             "./User/Vendor/MSFT/ClientCertificateInstall/SCEP/0a1b-c2_D/Install/KeyUsage"),
        "./Device and ./User");
    assert_read_refuses(with("Install/KeyUsage", "Install/Keyusage"), "there is no node");
    assert_non_null(strstr(err_detail(), "profile line 26"));
    assert_read_refuses(with("Install/KeyUsage", "Install/AttestPrivateKey"), "there is no node");
    assert_read_refuses(with(UID "/Install/KeyUsage", "./Device/Vendor/MSFT/Policy/Config/X"),
                        "not below ClientCertificateInstall/SCEP");
    assert_read_refuses(
        with(UID "/Install/KeyUsage",
             "./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/a/Status"),
        "not below ClientCertificateInstall/SCEP");
    assert_read_refuses(with("0a1b-c2_D/Install/RetryCount", "0a1b-c2_D/Status"),
                        "host alone writes");
    assert_read_refuses(with("Install/RetryCount", "Install/KeyUsage"), "second command");
    assert_read_refuses(ATOMIC(REST NODE SUBJECT EKU SERVER EXEC), "put it first");
    assert_read_refuses(swap(swap(PROFILE, "<Exec>", "<Add>", false), "</Exec>", "</Add>", false),
                        "use Exec");
    /* one name may begin with another */
    struct profile p;
    const char *text = ATOMIC(NODE REST ADD("ValidPeriodUnits", "int", "1")
                                  ADD("ValidPeriod", "chr", "Years") SUBJECT EKU SERVER EXEC);
    assert_int_equal(profile_read(&arena, span_str(text), &p), OK);
}

static void unique_ids_are_plain(void **state) {
    (void)state;
    struct profile p;
    static const char *const bad[] = {"a.b", "a%20b", "a b", "\xc3\xa4", "a&amp;b", "{x}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_read_refuses(swap(PROFILE, "0a1b-c2_D", bad[i], true), "use only letters");
    const char *good = swap(PROFILE, "0a1b-c2_D", "wifi-{{enrollment.id}}", true);
    assert_int_equal(profile_read(&arena, span_str(good), &p), OK);
    assert_text(p.unique_id, "wifi-{{enrollment.id}}");
}

static void cdata_and_elements_in_data_are_refused(void **state) {
    (void)state;
    assert_read_refuses(with("CN=old", "<![CDATA[CN=old]]>"), "CDATA");
    assert_read_refuses(with("CN=old", "<b>CN=old</b>"), "&lt;");
    struct profile p;
    const char *comment = with("CN=old", "CN=old<!-- <![CDATA[ -->");
    assert_int_equal(profile_read(&arena, span_str(comment), &p), OK);
    assert_text(p.subject, "CN=old");
}

/* ---- Rendering ---- */

static const struct profile_values values = {
    .scep_url = "https://scep.example/scep?a=1&b=2",
    .challenge = "Az09-'()",
    .ca_thumbprint = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
    .enrollment_id = "e-17",
    .device_id = "a,b",
    .device_name = "PC \"1\"",
};

static enum err render(const char *text, const struct profile_values *v, unsigned first,
                       struct buf *out, struct profile *filled) {
    struct profile_commands p, sent;
    TRY(profile_commands_read(&arena, span_str(text), &p));
    TRY(profile_render(&arena, &p, v, first, out, &sent));
    profile_of(&sent, filled);
    return OK;
}

static const char *rendered(const char *text, struct profile *filled) {
    BUF_AUTO(b);
    if (render(text, &values, 40, &b, filled) != OK)
        fail_msg("%s", err_detail());
    return arena_str(&arena, buf_view(&b));
}

static void assert_render_refuses(const char *text, const struct profile_values *v,
                                  const char *detail) {
    BUF_AUTO(b);
    struct profile p;
    assert_int_equal(render(text, v, 1, &b, &p), ERR_PARSE);
    if (!strstr(err_detail(), detail))
        fail_msg("\"%s\" does not tell of \"%s\"", err_detail(), detail);
}

static const char *adopted(const char *text) {
    BUF_AUTO(b);
    BUF_AUTO(changes);
    if (profile_adopt(&arena, span_str(text), &b, &changes) != OK)
        fail_msg("%s", err_detail());
    return arena_str(&arena, buf_view(&b));
}

static void renders_for_the_wire(void **state) {
    (void)state;
    struct profile p;
    const char *out = rendered(swap(adopted(PROFILE), "CN=old", "CN={{device.id}}", false), &p);
#define WIRE(id, verb, path, rest)                                                           \
    "<" verb "><CmdID>" id "</CmdID><Item><Target><LocURI>"                                  \
    "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/e-17" path "</LocURI></Target>" rest \
    "</Item></" verb ">"
#define WIRE_META(f) "<Meta><Format xmlns=\"syncml:metinf\">" f "</Format></Meta>"
#define WIRE_ADD(id, node, f, value) \
    WIRE(id, "Add", "/Install/" node, WIRE_META(f) "<Data>" value "</Data>")
    assert_string_equal(
        out,
        "<Atomic><CmdID>40</CmdID>" WIRE("41", "Add", "",
                                         WIRE_META("node")) WIRE_ADD("42", "RetryCount", "int", "3")
            WIRE_ADD("43", "KeyUsage", "int", "160") WIRE_ADD("44", "KeyLength", "int", "2048")
                WIRE_ADD("45", "HashAlgorithm", "chr", "SHA-1") WIRE_ADD("46", "SubjectName", "chr",
                                                                         "CN=&quot;a,b&quot;")
                    WIRE_ADD("47", "EKUMapping", "chr", "1.3.6.1.5.5.7.3.2+1.3.6.1.4.1.311.20.2.2")
                        WIRE_ADD("48", "ServerURL", "chr", "https://scep.example/scep?a=1&amp;b=2")
                            WIRE_ADD("49", "Challenge", "chr", "Az09-&apos;()")
                                WIRE_ADD("50", "CAThumbprint", "chr",
                                         "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")
                                    WIRE("51", "Exec", "/Install/Enroll", "") "</Atomic>");
    assert_text(p.unique_id, "e-17");
    assert_text(p.subject, "CN=\"a,b\"");
    assert_text(p.challenge, "Az09-'()");
    assert_text(p.server_url, "https://scep.example/scep?a=1&b=2");
    assert_int_equal(p.commands, 12);
}

/* The promise is held against what the host asks for, and that is what it has read. */
static void says_what_a_reader_finds(void **state) {
    (void)state;
    static const char *const names[] = {"a\x01z",      "\xff\xc3", "  blanks\t ",  "]]>",
                                        "a\rb\r\nc\n", "",         "\xef\xbf\xbf", "&amp;<x/>",
                                        "\"q\"",       "\xc3\xa4"};
    const char *text = swap(swap(PROFILE, UID,
                                 "./User/Vendor/MSFT/ClientCertificateInstall/SCEP/"
                                 "x-{{enrollment.id}}",
                                 true),
                            "CN=old", "CN={{device.name}}", false);
    text = swap(swap(text, "hunter2", "{{device.name}}", false), "1.3.6", " {{device.name}}1.3.6",
                false);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct profile_values v = values;
        struct profile_commands p, sent, seen;
        BUF_AUTO(out);
        v.device_name = names[i];
        assert_int_equal(profile_commands_read(&arena, span_str(text), &p), OK);
        assert_int_equal(profile_render(&arena, &p, &v, 1, &out, &sent), OK);
        assert_int_equal(profile_commands_read(&arena, buf_view(&out), &seen), OK);
        assert_true(seen.count == 12 && sent.count == 12 && sent.user_scope);
        assert_text(sent.unique_id, "x-e-17");
        const struct profile_command *a = sent.first, *b = seen.first;
        for (; a && b; a = a->next, b = b->next) {
            assert_true(span_eq(a->path, b->path) && span_eq(a->value, b->value));
            assert_true(a->node == b->node && span_eq(a->format, b->format));
        }
        assert_true(!a && !b);
    }
}

/* More profiles than it has places for, each more than once. */
static void a_shelf_gives_the_profile_that_is_asked_for(void **state) {
    (void)state;
    struct profile_shelf shelf = {.next = 0};
    const struct kept_profile *p, *again;
    for (unsigned i = 0; i < 3 * SHELF_SIZE; i++) {
        const char *subject = arena_printf(&arena, "CN=%u", i % (SHELF_SIZE + 1));
        const char *text = with("CN=old", subject);
        assert_int_equal(profile_shelf_read(&shelf, span_str(text), &p), OK);
        assert_text(profile_command_find(&p->commands, "SubjectName")->value, subject);
        assert_non_null(strstr(p->fails, "[unique-id-fixed]"));
        assert_int_equal(
            profile_shelf_read(&shelf, span_str(arena_printf(&arena, "%s", text)), &again), OK);
        assert_ptr_equal(p, again);
        assert_int_equal(profile_shelf_read(&shelf, span_str("<Atomic/>"), &p), ERR_PARSE);
    }
    profile_shelf_clear(&shelf);
}

static void quotes_only_what_it_inserts(void **state) {
    (void)state;
    static const struct {
        const char *template, *subject;
    } cases[] = {
        {"CN={{device.id}},OU=x", "CN=\"a,b\",OU=x"},
        {"OU=x; CN = {{device.name}} + L=y", "OU=x; CN = \"PC \"\"1\"\"\" + L=y"},
        {"CN=\"{{device.name}}\"", "CN=\"PC \"\"1\"\"\""},
        {"CN=\"x {{device.name}} y {{device.id}}\"", "CN=\"x PC \"\"1\"\" y a,b\""},
        {"CN=x-{{enrollment.id}}", "CN=x-e-17"},
        {"CN=\"q\"\"\",OU={{device.id}}", "CN=\"q\"\"\",OU=\"a,b\""},
    };
    struct profile p;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rendered(with("CN=old", cases[i].template), &p);
        assert_text(p.subject, cases[i].subject);
    }
    assert_render_refuses(with("CN=old", "CN=x {{device.id}}"), &values, "needs quotes");
}

static void a_value_stays_a_value(void **state) {
    (void)state;
    struct profile_values v = values;
    const char *san = ATOMIC(NODE REST SUBJECT EKU SERVER ADD("SubjectAlternativeNames", "chr",
                                                              "3+{{device.name}}") EXEC);
    v.device_name = "a;11+admin@example.com";
    assert_render_refuses(san, &v, "';' separates");
    v.device_name = "</Data><Data>";
    struct profile p;
    BUF_AUTO(b);
    assert_int_equal(render(san, &v, 1, &b, &p), OK);
    assert_text(p.san, "3+</Data><Data>");
    v.device_name = "{{scep.challenge}}"; /* a value is not filled again */
    buf_clear(&b);
    assert_int_equal(render(san, &v, 1, &b, &p), OK);
    assert_text(p.san, "3+{{scep.challenge}}");
}

static void what_cannot_be_filled_is_refused(void **state) {
    (void)state;
    struct profile_values v = values;
    assert_render_refuses(with("CN=old", "CN={{user.upn}}"), &v, "no value for {{user.upn}}");
    assert_render_refuses(with("CN=old", "CN={{x}}"), &v, "unknown placeholder {{x}}");
    assert_render_refuses("<Atomic/>", &v, "missing");
    v.enrollment_id = "a/b";
    assert_render_refuses(adopted(PROFILE), &v, "line");
    v.enrollment_id = "a.b";
    assert_render_refuses(adopted(PROFILE), &v, "use only letters");
}

static void uses_tells_of_placeholders(void **state) {
    (void)state;
    struct span ours = span_str(adopted(PROFILE));
    assert_true(profile_uses(ours, "scep.challenge"));
    assert_true(profile_uses(ours, "enrollment.id"));
    assert_false(profile_uses(ours, "user.upn"));
    assert_false(profile_uses(span_str(PROFILE), "scep.challenge"));
    assert_false(profile_uses(span_str(with("<Add>", "<!-- {{user.upn}} --><Add>")), "user.upn"));
    assert_false(profile_uses(span_str("<!-- {{user.upn}} -->"), "user.upn"));
}

/* ---- Adopting ---- */

static void adopting_changes_four_things(void **state) {
    (void)state;
    BUF_AUTO(out);
    BUF_AUTO(changes);
    buf_str(&out, "before ");
    assert_int_equal(profile_adopt(&arena, span_str(PROFILE "\n\n<!-- end -->\n"), &out, &changes),
                     OK);
    const char *wanted =
        swap("before " PROFILE "\n\n<!-- end -->\n", "0a1b-c2_D", "{{enrollment.id}}", true);
    wanted = swap(wanted, "https://old.example/scep", "{{scep.url}}", false);
    wanted = swap(wanted, "hunter2", "{{scep.challenge}}", false);
    wanted =
        swap(wanted, "0123456789ABCDEF0123456789abcdef01234567", "{{scep.ca_thumbprint}}", false);
    assert_string_equal(buf_cstr(&out), wanted);
    assert_string_equal(buf_cstr(&changes),
                        "UniqueID: 0a1b-c2_D -> {{enrollment.id}}\n"
                        "ServerURL: https://old.example/scep -> {{scep.url}}\n"
                        "Challenge: -> {{scep.challenge}}\n"
                        "CAThumbprint: 0123456789ABCDEF0123456789abcdef01234567 -> "
                        "{{scep.ca_thumbprint}}\n");
}

static void adopting_twice_changes_nothing(void **state) {
    (void)state;
    BUF_AUTO(out);
    BUF_AUTO(changes);
    const char *once = adopted(PROFILE);
    assert_int_equal(profile_adopt(&arena, span_str(once), &out, &changes), OK);
    assert_string_equal(buf_cstr(&out), once);
    assert_int_equal(changes.n, 0);
}

static void adopting_takes_odd_spellings(void **state) {
    (void)state;
    /* an id that ours may not have, entities, comments, attributes with '>' */
    const char *text = swap(PROFILE, "0a1b-c2_D", "{4F.x}%20", true);
    text = swap(text, "<Atomic>", "<?pi <x> ?><Atomic a='>' b=\"/>\">", false);
    text = swap(text, "./Device/Vendor", "&#46;/Device/Vendor", false);
    text = swap(text, ">hunter2<", ">\n  hun<!-- <Data> -->ter2 \n<", false);
    const char *out = adopted(text);
    struct profile p;
    assert_int_equal(profile_read(&arena, span_str(out), &p), OK);
    assert_text(p.unique_id, "{{enrollment.id}}");
    assert_text(p.challenge, "{{scep.challenge}}");
    assert_null(strstr(out, "4F.x"));
    assert_null(strstr(out, "ter2"));
    assert_non_null(strstr(out, ">\n  {{scep.challenge}} \n<"));
    assert_non_null(strstr(out, "<?pi <x> ?><Atomic a='>' b=\"/>\">"));
}

static void adopting_refuses_what_it_cannot_do(void **state) {
    (void)state;
    static const struct {
        const char *old, *new, *detail;
    } cases[] = {
        {"<Data>hunter2</Data>", "", "Challenge: no Data"},
        {"<Data>hunter2</Data>", "<Data/>", "Challenge: no Data"},
        {"CN=old", "<![CDATA[CN=old]]>", "CDATA"},
        {"</Atomic>", "", "XML"},
        {"Install/KeyUsage", "Install/Bogus", "no node 'Bogus'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(out);
        BUF_AUTO(changes);
        const char *text = with(cases[i].old, cases[i].new);
        assert_int_equal(profile_adopt(&arena, span_str(text), &out, &changes), ERR_PARSE);
        if (!strstr(err_detail(), cases[i].detail))
            fail_msg("\"%s\" does not tell of \"%s\"", err_detail(), cases[i].detail);
    }
}

/* Counts the lines that differ; each text has as many. */
static unsigned lines_that_differ(const char *a, const char *b) {
    unsigned count = 0;
    while (*a && *b) {
        size_t x = strcspn(a, "\n"), y = strcspn(b, "\n");
        count += x != y || memcmp(a, b, x) != 0;
        a += x + (a[x] != '\0');
        b += y + (b[y] != '\0');
    }
    assert_true(*a == '\0' && *b == '\0');
    return count;
}

static void the_seed_is_adopted(void **state) {
    (void)state;
    BUF_AUTO(text);
    BUF_AUTO(out);
    BUF_AUTO(changes);
    const char *shared = getenv("SIGNET_SHARED");
    const char *path = arena_printf(&arena, "%s/seed/profile.xml", shared ? shared : "../shared");
    if (file_read(path, 65536, &text) != OK) {
        print_message("skipped: %s\n", err_detail());
        skip();
    }
    if (profile_adopt(&arena, buf_view(&text), &out, &changes) != OK)
        fail_msg("%s", err_detail());
    assert_int_equal(lines_that_differ(buf_cstr(&text), buf_cstr(&out)), 12 + 3);
    assert_int_equal(profile_check(&arena, buf_view(&out), false), OK);
    assert_int_equal(profile_check(&arena, buf_view(&text), false), ERR_PARSE);
    assert_non_null(strstr(err_detail(), "is fixed"));
    struct profile p;
    rendered(buf_cstr(&out), &p);
    assert_text(p.key_length, "1024");
    assert_text(p.hash_algorithm, "SHA-1");
    assert_int_equal(p.commands, 13);
}

static void quoting_follows_windows(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"plain", "plain"},     {"a b", "a b"},           {"a,b", "\"a,b\""},   {"a=b", "\"a=b\""},
        {"a+b", "\"a+b\""},     {"a;b", "\"a;b\""},       {" a", "\" a\""},     {"a ", "\"a \""},
        {"a\"b", "\"a\"\"b\""}, {"a\\b", "a\\b"},         {"", "\"\""},         {"#a", "\"#a\""},
        {"\"", "\"\"\"\""},     {"\xc3\xa4", "\xc3\xa4"}, {"a\nb", "\"a\nb\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(b);
        x500_quote(&b, span_str(cases[i][0]));
        assert_string_equal(buf_cstr(&b), cases[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_the_values, teardown),
        cmocka_unit_test_teardown(reads_other_spellings, teardown),
        cmocka_unit_test_teardown(each_required_node_must_be_there, teardown),
        cmocka_unit_test_teardown(the_structure_must_be_one_atomic, teardown),
        cmocka_unit_test_teardown(other_files_are_named, teardown),
        cmocka_unit_test_teardown(a_misspelled_step_is_quoted, teardown),
        cmocka_unit_test_teardown(enroll_comes_last_and_once, teardown),
        cmocka_unit_test_teardown(addresses_must_agree, teardown),
        cmocka_unit_test_teardown(unique_ids_are_plain, teardown),
        cmocka_unit_test_teardown(cdata_and_elements_in_data_are_refused, teardown),
        cmocka_unit_test_teardown(renders_for_the_wire, teardown),
        cmocka_unit_test_teardown(says_what_a_reader_finds, teardown),
        cmocka_unit_test_teardown(a_shelf_gives_the_profile_that_is_asked_for, teardown),
        cmocka_unit_test_teardown(quotes_only_what_it_inserts, teardown),
        cmocka_unit_test_teardown(a_value_stays_a_value, teardown),
        cmocka_unit_test_teardown(what_cannot_be_filled_is_refused, teardown),
        cmocka_unit_test_teardown(uses_tells_of_placeholders, teardown),
        cmocka_unit_test_teardown(adopting_changes_four_things, teardown),
        cmocka_unit_test_teardown(adopting_twice_changes_nothing, teardown),
        cmocka_unit_test_teardown(adopting_takes_odd_spellings, teardown),
        cmocka_unit_test_teardown(adopting_refuses_what_it_cannot_do, teardown),
        cmocka_unit_test_teardown(the_seed_is_adopted, teardown),
        cmocka_unit_test_teardown(quoting_follows_windows, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
