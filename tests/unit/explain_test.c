/* SPDX-License-Identifier: Apache-2.0 */
/* Codes, lines and bare numbers in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "device/hresult.h"
#include "explain/hresult.h"
#include "explain_asked.h"
#include "explain_lines.h"

/* ---- the lists of the references ---- */

static bool is_whole(const struct explain_entry *e) {
    return e->name && *e->name && e->here && *e->here && e->cause && *e->cause && e->cure &&
           *e->cure && e->fact && *e->fact;
}

/* windows-scep.md 6.4 and 5, windows-mdm.md C.7: each has an entry of its own. */
static void every_code_of_the_references(void **state) {
    (void)state;
    static const uint32_t codes[] = {
        0x80190194, 0x80190190, 0x80190191, 0x80190193, 0x801901F4, 0x800700CE, 0x80072F8F,
        0x80072F78, 0x80072EE2, 0x80072EE7, 0x80072EFD, 0x80072EFE, 0x80091007, 0x8010002C,
        0x800B0109, 0x80091006, 0x80092021, 0x800B0110, 0x80096004, 0x80070490, 0x80094001,
        0x80094811, 0x800706BA, 0x02AB0003, 0x80092023, 0x800B0101, 0x80090005, 0x86000002,
        0x800710DF, 0x80180001, 0x80180002, 0x80180003, 0x80180004, 0x80180005, 0x80180006,
        0x80180007, 0x80180008, 0x80180009, 0x8018000A, 0x8018000D, 0x80180010, 0x80180012,
        0x80180013, 0x80180014, 0x80180015, 0x80180016, 0x80180017, 0x80180018, 0x80180019,
        0x8018001A, 0x8018001C, 0x8018001E, 0x8018001F, 0x80180020, 0x80180022, 0x80180023,
        0x80180024, 0x80180026, 0x80180027, 0x80180029, 0x80180030, 0x80180031, 0x80180032,
        0x8018002A, 0x8018002B};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char text[16], signed_text[16];
        snprintf(text, sizeof text, "0x%x", codes[i]);
        snprintf(signed_text, sizeof signed_text, "%d", (int32_t)codes[i]);
        assert_true(hresult_known(codes[i]));
        const char *spellings[] = {text, text + 2, signed_text};
        for (int k = 0; k < 3; k++) {
            struct explain_report r = explain(spellings[k]);
            assert_true(r.known && count(&r) == 1);
            assert_int_equal(r.first->kind, EXPLAIN_HRESULT);
            assert_int_equal(r.first->entry->number, codes[i]);
            assert_true(is_whole(r.first->entry) && r.first->entry->steps);
        }
    }
}

static void every_entry_is_whole(void **state) {
    (void)state;
    const struct explain_table *tables[] = {&explain_hresult_scep,    &explain_hresult_mdm,
                                            &explain_hresult_windows, &explain_syncml_table,
                                            &explain_status_table,    &explain_wstep_table,
                                            &explain_pfx_table,       &explain_failinfo_table,
                                            &explain_pkistatus_table, &explain_alert_table};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct explain_entry *e = &tables[t]->entries[i];
            if (!is_whole(e) || explain_entry_find(tables[t], e->number) != e)
                fail_msg("table %zu, entry %zu (%u)", t, i, e->number);
        }
    const struct explain_phrases *lists[] = {&explain_events_host, &explain_events_ndes,
                                             &explain_texts};
    for (size_t t = 0; t < 3; t++)
        for (size_t i = 0; i < lists[t]->count; i++)
            assert_true(is_whole(&lists[t]->list[i].entry));
}

/* The witness has a table of its own: what both print must be the same. */
static void the_emulated_host_says_the_same(void **state) {
    (void)state;
    const struct explain_table *tables[] = {&explain_hresult_scep, &explain_hresult_mdm};
    int both = 0;
    for (int t = 0; t < 2; t++)
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct explain_entry *e = &tables[t]->entries[i];
            const char *theirs = hresult_text(&arena, e->number);
            if (!e->meaning || strstr(theirs, "Unknown Win32"))
                continue;
            assert_string_equal(e->meaning, theirs);
            both++;
        }
    assert_true(both > 50);
}

static void every_quoted_line(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof explain_lines / sizeof *explain_lines; i++)
        finds(explain_lines[i].line, explain_lines[i].found);
}

/* ---- numbers ---- */

static void bare_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text, *found;
    } all[] = {
        {"404", "event 404|SyncML status 404|0x80190194"},
        {"32", "event 32|Status 32"},
        {"16", "event 16|Status 16"},
        {"2", "event 2|Status 2|WSTEP/Renew/Status 2|failInfo 2|pkiStatus 2|0x80070002"},
        {"1", "event 1|Status 1|WSTEP/Renew/Status 1|failInfo 1"},
        {"30", "event 30: the chain|event 30: a SCEP event"},
        {"1226", "Alert 1226"},
        {"0x0", "0x00000000 S_OK|WSTEP/Renew/Status 0|PFXCertInstall Status 0"},
        {"0",
         "0x00000000 S_OK|WSTEP/Renew/Status 0|PFXCertInstall Status 0|failInfo 0|pkiStatus 0"},
        {"5", "0x80070005 E_ACCESSDENIED"},
        {"-2016281112", "0x87D1FDE8 (Intune)"},
        {"2149056555", "0x8018002B"},
        {"12175", "0x80072F8F"},
        {"12029", "0x80072EFD"},
        {"206", "0x800700CE"},
        {"0x10", "Status 16"},
        {"0x20\r\n", "Status 32"},
        {"418", "SyncML status 418|0x801901A2 HTTP 418"},
        {"0X80091007", "0x80091007"},
        {"80180013", "0x80180013"},
        {"2AB0003", "0x02AB0003"},
        {"44761091", "0x02AB0003"},
        {"0x80091007 -2146889721 0x8010002c", "0x80091007|0x8010002C"},
        {"event 307", "event 307"},
        {"Event ID: 32", "event 32"},
        {"syncml 507", "SyncML status 507"},
        {"HTTP 404", "0x80190194"},
        {"WinHttp 12002", "0x80072EE2"},
        {"failinfo 4", "failInfo 4"},
        {"pkistatus 11", "pkiStatus 11"},
        {"status 16", "Status 16"},
        {"status 86", "ERROR_INVALID_PASSWORD"},
        {"hresult -2146889721", "0x80091007"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        finds(all[i].text, all[i].found);
}

static void what_is_not_known(void **state) {
    (void)state;
    static const struct {
        const char *text, *what, *note;
    } all[] = {
        {"0x80070006", "0x80070006 unknown", "Win32 error 6"},
        {"0x8009FFFF", "0x8009FFFF unknown", "cryptography"},
        {"0x80180099", "0x80180099 unknown", "MDM enrollment"},
        {"0x80284008", "0x80284008 unknown", "TPM"},
        {"0xDEADBEEF", "0xDEADBEEF unknown", "none that we know"},
        {"event 999", "event 999", NULL},
        {"event 33", "event 33: a SCEP event", NULL},
        {"syncml 999", "syncml 999", NULL},
        {"failinfo 9", "failinfo 9", NULL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct explain_report r = explain(all[i].text);
        assert_int_equal(count(&r), 1);
        assert_false(r.known);
        assert_int_equal(strncmp(r.first->what, all[i].what, strlen(all[i].what)), 0);
        if (all[i].note)
            assert_non_null(strstr(r.first->note, all[i].note));
    }
}

static void numbers_of_a_kind(void **state) {
    (void)state;
    struct explain_report r;
    assert_int_equal(explain_one(&arena, EXPLAIN_EVENT, span_str("32"), &r), OK);
    assert_true(count(&r) == 1 && r.first->entry->number == 32);
    assert_int_equal(explain_one(&arena, EXPLAIN_SYNCML, span_str(" 418 "), &r), OK);
    assert_string_equal(r.first->what, "SyncML status 418 Already exists");
    assert_int_equal(explain_one(&arena, EXPLAIN_STATUS, span_str("0x20"), &r), OK);
    assert_true(count(&r) == 1 && r.known);
    assert_int_equal(explain_one(&arena, EXPLAIN_STATUS, span_str("77"), &r), OK);
    assert_true(count(&r) == 1 && !r.known);
    assert_int_equal(explain_one(&arena, EXPLAIN_EVENT, span_str("x"), &r), ERR_USAGE);
    assert_int_equal(explain_one(&arena, EXPLAIN_HRESULT, SPAN_NONE, &r), ERR_USAGE);
}

/* ---- what only looks like a code ---- */

static void no_code_at_all(void **state) {
    (void)state;
    static const char *const all[] = {
        "",
        " \n\t",
        "hello",
        "the certificate of PC-1",
        "{80091007-1111-2222-3333-444444444444}",
        "PC-80091007 came",
        "serial 8009ABCD",
        "CAThumbprint 8009100780091007800910078009100780091007",
        "listens on port 12029",
        "2148077576 bytes were sent",
        "Listening on 10.0.0.404",
        "status=ok",
        "Status Monitor 404x",
        "0x",
        "0xzz",
        "at 2026-11-23T09:14:06Z",
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct explain_report r = explain(all[i]);
        if (r.first || r.known)
            fail_msg("'%s' leads to '%s'", all[i], r.first->what);
    }
}

/* What is quoted is what was recognised: no line, no value. */
static void tells_no_secret(void **state) {
    (void)state;
    static const char *const all[] = {
        "The enrollment challenge password is: <B> hunter2 </B>",
        "GET /scep/hunter2/pkiclient.exe?operation=PKIOperation&message=hunter2 HTTP/1.1\" 500",
        "SCEP: Failed LogError NDES Server 'https://x/hunter2' LogError 0x80190194",
        "<Status><Data>404</Data></Status><Challenge>hunter2</Challenge>",
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\signet\\a]\n\"Status\"=dword:10\n"
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\signet\\a\\Install\\Challenge]\n"
        "\"Challenge\"=\"hunter2\"\n",
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct explain_report r = explain(all[i]);
        assert_non_null(r.first);
        for (const struct explanation *x = r.first; x; x = x->next) {
            assert_null(strstr(x->what, "hunter2"));
            assert_true(!x->found || !strstr(x->found, "hunter2"));
            assert_true(!x->note || !strstr(x->note, "hunter2"));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_code_of_the_references, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_entry_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_emulated_host_says_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_quoted_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bare_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_of_a_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_code_at_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_no_secret, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
