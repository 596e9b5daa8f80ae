/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings read again: what is a fact, what differs, and the profile that is told once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/facts.h"
#include "record/retell.h"

#define BEGIN  "signet recording 1: session, +0.100 s\n"
#define SERVER "server\n  status = 200\n"

static struct recorded *parse(struct arena *a, const char *text) {
    struct recorded *r;
    enum err e = lines_parse(a, span_str(text), &r);
    if (e != OK)
        fail_msg("%s", err_detail());
    return r;
}

/* The differences of two messages, as text. */
static const char *differ(struct arena *a, const char *first, const char *second) {
    BUF_AUTO(out);
    const char *one = arena_printf(a, BEGIN "host\n%s" SERVER, first),
               *other = arena_printf(a, BEGIN "host\n%s" SERVER, second);
    struct facts f = facts_of(a, parse(a, one)), g = facts_of(a, parse(a, other));
    for (struct difference *d = facts_compare(a, &f, &g); d; d = d->next)
        buf_printf(&out, "%s: [%s] [%s]\n", d->place, d->first, d->second);
    return arena_str(a, buf_view(&out));
}

static void same(const char *first, const char *second) {
    ARENA_AUTO(a);
    assert_string_equal(differ(&a, first, second), "");
}

static void differs(const char *first, const char *second, const char *expected) {
    ARENA_AUTO(a);
    assert_string_equal(differ(&a, first, second), expected);
}

static void test_no_facts(void **state) {
    (void)state;
    same("  CmdID = 3\n", "  CmdID = 4\n");
    same("  header Content-Length = 10\n", "  header Content-Length = 11\n");
    same("  header Host = <printable, 4 characters>\n", "  header Host = <ASCII, 9 characters>\n");
    same("  Data = <device-1: 32 upper-case hex>\n", "  Data = <32 upper-case hex>\n");
    same("  Data = <printable, 4 characters>\n", "  Data = <user-2: printable, 9 characters>\n");
    same("  BIT STRING = <256 bytes>\n", "  BIT STRING = <512 bytes>\n");
    same("  line = POST /scep/pkiclient.exe?operation=GetCACaps\n",
         "  line = POST /scep/<5>/pkiclient.exe?operation=GetCACaps\n");
    same("  from = <client-1: printable, 9 characters>\n", "");
    same("  header X-Forwarded-For = <printable, 9 characters>\n", "");
    same("  Item\n    Source\n      LocURI = ./DevInfo/Man\n    Data = <printable, 3 characters>\n",
         "  Item\n    Source\n      LocURI = ./DevInfo/Man\n    Data = <ASCII, 3 characters>\n");
    same("  Status\n    Cmd = Add\n  Status\n    Cmd = Add\n", "  Status\n    Cmd = Add\n");
}

static void test_facts(void **state) {
    (void)state;
    differs("  Data = 200\n", "  Data = 202\n", "Data: [200] [202]\n");
    differs("  Data = <printable, 3 characters>\n", "  Data = <ASCII, 3 characters>\n",
            "Data: [<printable>] [<ASCII>]\n");
    differs("  OCTET STRING = <20 bytes>\n", "  OCTET STRING = <32 bytes>\n",
            "OCTET STRING: [<20 bytes>] [<32 bytes>]\n");
    differs("  INTEGER = <2048 bits>\n", "  INTEGER = <4096 bits>\n",
            "INTEGER: [<2048 bits>] [<4096 bits>]\n");
    differs("  line = GET /pkiclient.exe?message=default\n", "  line = GET /?message=default\n",
            "line: [pkiclient.exe?message=default] [?message=default]\n");
    differs("  Status\n    Cmd = Exec\n    Data = 200\n",
            "  Status\n    Cmd = Exec\n    Data = 202\n", "Status[Exec] > Data: [200] [202]\n");
}

/* An element that one of them lacks is told once, and not for all that is in it. */
static void test_missing(void **state) {
    (void)state;
    differs("  A\n    B\n      C = 1\n    D\n", "  A\n    D\n", "A: [holds B, D] [holds D]\n");
    differs("  A\n    B\n    D\n", "  A\n    D\n    B\n", "A: [holds B, D] [holds D, B]\n");
    differs("  A\n    Status\n      Cmd = Add\n    Status\n      Cmd = Exec\n",
            "  A\n    Status\n      Cmd = Add\n", "A > Status[Exec]: [holds Cmd] []\n");
}

/* As many places as files may have lines: this ends only if nothing is looked for one by one. */
static void test_many(void **state) {
    enum { LINES = 20000 };
    ARENA_AUTO(a);
    BUF_AUTO(first);
    BUF_AUTO(second);
    unsigned found = 0;
    (void)state;
    buf_str(&first, BEGIN "host\n");
    buf_str(&second, BEGIN "host\n");
    for (int i = 0; i < LINES; i++) {
        buf_printf(&first, "  %c%d = 1\n", 'A' + i % 26, i);
        buf_printf(&second, "  %c%d = 2\n", 'A' + i % 26, 2 * i);
    }
    buf_str(&first, SERVER);
    buf_str(&second, SERVER);
    struct facts f = facts_of(&a, parse(&a, buf_cstr(&first))),
                 g = facts_of(&a, parse(&a, buf_cstr(&second)));
    for (struct difference *d = facts_compare(&a, &f, &g); d; d = d->next)
        found++;
    assert_true(found > LINES && found <= 2 * LINES + 1);
}

static void refuses(const char *text) {
    ARENA_AUTO(a);
    struct recorded *r;
    assert_int_equal(lines_parse(&a, span_str(text), &r), ERR_PARSE);
}

static void test_refuses(void **state) {
    (void)state;
    refuses("");
    refuses("something else\nhost\n" SERVER);
    refuses(BEGIN SERVER);
    refuses(BEGIN "host\n");
    refuses(BEGIN "host\n a\n" SERVER);
    refuses(BEGIN "host\n    a\n" SERVER);
    refuses(BEGIN "host\n  \033[2J\n" SERVER);
}

#define TARGET(uri) "        Item\n          Target\n            LocURI = " uri "\n"
#define ID          "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/<printable, 12 characters>"
#define FORMAT(f)   "          Meta\n            Format {syncml:metinf} = " f "\n"

static void test_profile(void **state) {
    ARENA_AUTO(a);
    BUF_AUTO(out);
    (void)state;
    const struct recorded *r = parse(
        &a, BEGIN
        "host\n  line = x\n" SERVER "  xml\n    Atomic\n"
        "      Add\n" TARGET(ID) FORMAT("node") "      Add\n" TARGET(ID "/Install/KeyLength") FORMAT(
            "int") "          Data = 2048\n"
                   "      Add\n" TARGET(ID "/Install/SubjectName") FORMAT(
                       "chr") "          Data = CN=<device-1: 32 upper-case hex>,O=\"<ASCII, 3 characters>\"\n"
                              "      Add\n" TARGET(ID "/Install/Challenge")
                                  FORMAT("chr") "          Data = <base64, 32 characters>\n"
                                                "      Exec\n" TARGET(ID "/Install/Enroll"));
    assert_true(retell_profile(r, &out));
    const char *text = buf_cstr(&out);
    assert_non_null(strstr(text, "<LocURI>./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/"
                                 "{{enrollment.id}}/Install/KeyLength</LocURI></Target><Meta>"
                                 "<Format xmlns=\"syncml:metinf\">int</Format></Meta>"
                                 "<Data>2048</Data>"));
    assert_non_null(strstr(text, "CN={{device.id}},O=&quot;_xx&quot;"));
    assert_non_null(strstr(text, "<Data>{{scep.challenge}}</Data>"));
    assert_non_null(strstr(text, "<Exec><CmdID>6</CmdID>"));
    assert_string_equal(retell_enrollment_type(r), "Full");
    BUF_AUTO(none);
    assert_false(retell_profile(parse(&a, BEGIN "host\n" SERVER), &none));
    assert_int_equal(none.n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_facts), cmocka_unit_test(test_facts),
        cmocka_unit_test(test_missing),  cmocka_unit_test(test_many),
        cmocka_unit_test(test_refuses),  cmocka_unit_test(test_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
