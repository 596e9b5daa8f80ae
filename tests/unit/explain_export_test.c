/* SPDX-License-Identifier: Apache-2.0 */
/* Exports of the Event Viewer and of the registry, in the forms in which Windows writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "explain/explain.h"

#define ADMIN "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider"
#define FAIL  "SCEP: Certificate enroll failed. Result: (The hash value is not correct.)."

static struct arena arena;

static int set_up(void **state) {
    (void)state;
    arena = (struct arena){0};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct explain_report explain_span(struct span text) {
    struct explain_report r;
    assert_int_equal(explain_text(&arena, text, &r), OK);
    return r;
}

static struct explain_report explain(const char *text) {
    return explain_span(span_str(text));
}

static const struct explanation *found(const struct explain_report *r, const char *what) {
    for (const struct explanation *x = r->first; x; x = x->next)
        if (strncmp(x->what, what, strlen(what)) == 0)
            return x;
    return NULL;
}

/* As Windows saves: UTF-16LE or BE, with a BOM or without. ASCII only. */
static struct span utf16(const char *text, bool big, bool bom) {
    BUF_AUTO(out);
    if (bom)
        buf_add(&out, big ? "\xfe\xff" : "\xff\xfe", 2);
    for (; *text; text++) {
        char unit[2] = {big ? 0 : *text, big ? *text : 0};
        buf_add(&out, unit, 2);
    }
    return arena_copy(&arena, buf_view(&out));
}

#define EVENT(provider, id, at, rest)                                                         \
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider " \
    "Name='" provider "' Guid='{3da494e4-0fe2-415c-b895-fb5265c5c83b}'/><EventID>" id         \
    "</EventID><Level>2</Level><TimeCreated SystemTime='" at                                  \
    "'/><Channel>x</Channel></System>" rest "</Event>"
#define DATA(name, value) "<EventData><Data Name='" name "'>" value "</Data></EventData>"
#define RENDERED(text)    "<RenderingInfo Culture='en-US'><Message>" text "</Message></RenderingInfo>"
#define STORY                                                                                     \
    EVENT(ADMIN, "32", "2026-11-23T09:14:08.7654321Z", DATA("HRESULT", "2148077575"))             \
    EVENT(ADMIN, "36", "2026-11-23T09:14:07.1Z", RENDERED("SCEP: Certificate request generated")) \
    EVENT(ADMIN, "306", "2026-11-23T09:14:06Z", DATA("HRESULT", "0x2ab0003"))                     \
    EVENT("Microsoft-Windows-Other", "32", "2026-11-23T09:00:00Z", DATA("Result", "0x80070005"))

static void check_story(const struct explain_report *r) {
    static const uint32_t ids[] = {306, 36, 32};
    const struct explain_moment *m = r->story;
    assert_int_equal(r->moments, 3);
    for (int i = 0; i < 3; i++, m = m->next)
        assert_int_equal(m->event, ids[i]);
    assert_string_equal(r->story->at, "2026-11-23 09:14:06");
    assert_string_equal(r->story->codes, "0x02AB0003 DM_S_ACCEPTED_FOR_PROCESSING");
    assert_string_equal(r->story->next->next->codes, "0x80091007 CRYPT_E_HASH_VALUE");
    assert_int_equal(r->strangers, 1);
    assert_non_null(found(r, "0x80091007"));
    assert_null(found(r, "0x80070005"));
    assert_true(r->known && !r->more);
}

static void events_as_xml(void **state) {
    (void)state;
    static const char file[] =
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>" STORY
        "</Events>";
    struct explain_report r = explain(file);
    check_story(&r);
    r = explain(STORY);
    check_story(&r);
    r = explain_span(utf16(file, false, true));
    check_story(&r);
    r = explain_span(utf16(file, false, false));
    check_story(&r);
    r = explain_span(utf16(file, true, true));
    check_story(&r);
    r = explain_span(utf16(file, true, false));
    check_story(&r);
}

/* A rendered result in another language: its number stands in the data. */
static void a_result_with_its_number(void **state) {
    (void)state;
    struct explain_report r =
        explain(EVENT(ADMIN, "32", "2026-11-23T09:14:08Z",
                      DATA("HRESULT", "2148077575") RENDERED("Result: (Der Hash stimmt nicht.)")));
    assert_non_null(found(&r, "0x80091007"));
    assert_null(found(&r, "a result whose text"));
    r = explain(EVENT(ADMIN, "32", "2026-11-23T09:14:08Z", RENDERED("Result: (Der Hash.)")));
    assert_non_null(found(&r, "a result whose text"));
}

/* One that is broken, or cut off, costs only itself; the same id of another log is another event.
 */
static void broken_xml(void **state) {
    (void)state;
    struct explain_report r = explain("<Events><Event><System></wrong></Event>" STORY
                                      "<Event><System><EventID>39</EventID>");
    assert_int_equal(r.moments, 3);
    assert_int_equal(r.strangers, 2);
    r = explain(EVENT(
        "Microsoft-Windows-CAPI2", "30", "2026-11-23T09:00:00Z",
        "<UserData><CertVerifyCertificateChainPolicy><Result value='800B0109'>A certificate chain "
        "processed, but terminated in a root certificate which is not trusted by the trust "
        "provider.</Result></CertVerifyCertificateChainPolicy></UserData>"));
    assert_non_null(found(&r, "event 30: the chain"));
    assert_non_null(found(&r, "0x800B0109"));
    r = explain(EVENT("Microsoft-Windows-NetworkDeviceEnrollmentService", "29",
                      "2026-11-23T09:00:00Z", ""));
    assert_non_null(found(&r, "event 29: NDES"));
    r = explain(EVENT(ADMIN, "29", "2026-11-23T09:00:00Z", ""));
    assert_non_null(found(&r, "event 29: a SCEP event"));
    assert_false(r.known);
    r = explain("<!DOCTYPE x [<!ENTITY a 'b'>]><Event><System>&a;</System></Event>");
    assert_null(r.first);
}

/* "Save all events as": text with tabs, CSV; and what PowerShell and wevtutil print. */
static void events_as_text(void **state) {
    (void)state;
    static const char *const forms[] = {
        "Level\tDate and Time\tSource\tEvent ID\tTask Category\r\n"
        "Error\t11/23/2026 9:14:08 AM\t" ADMIN "\t32\tNone\t" FAIL "\r\n",
        "Level,Date and Time,Source,Event ID,Task Category\r\n"
        "Error,23.11.2026 09:14:08," ADMIN ",32,None,\"" FAIL "\"\r\n",
        "TimeCreated  : 11/23/2026 9:14:08 AM\r\nProviderName : " ADMIN "\r\nId           : 32\r\n"
        "Message      : " FAIL "\r\n",
        "Event[0]:\r\n  Log Name: " ADMIN "/Admin\r\n  Source: " ADMIN
        "\r\n  Date: 2026-11-23T09:14:08.7650000Z\r\n"
        "  Event ID: 32\r\n  Task: N/A\r\n  Level: Error\r\n  Description: \r\n" FAIL "\r\n",
        "2026-11-23T09:14:08.000Z  Error         32  " ADMIN "\n    " FAIL "\n",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct explain_report r = explain(forms[i]);
        if (!found(&r, "event 32") || !found(&r, "0x80091007"))
            fail_msg("form %zu is not understood", i);
        assert_int_equal(r.moments, 1);
        assert_string_equal(r.story->codes, "0x80091007 CRYPT_E_HASH_VALUE");
        assert_null(found(&r, "0x80091007")->next);
    }
}

/* Its id by the header, its text that of 404: one event. */
static void one_text_of_two_ids(void **state) {
    (void)state;
    struct explain_report r =
        explain("Event[0]:\n  Source: " ADMIN "\n  Date: 2026-11-23T09:14:08.7650000Z\n"
                "  Event ID: 400\n  Description: \nMDM ConfigurationManager: Command failure "
                "status. Result: (Access is denied.).\n");
    assert_int_equal(r.moments, 1);
    assert_int_equal(r.story->event, 400);
    assert_string_equal(r.story->codes, "0x80070005 E_ACCESSDENIED");
    assert_null(found(&r, "event 404"));
}

/* What follows an event of somebody else is not told as one of ours. */
static void other_events_between(void **state) {
    (void)state;
    struct explain_report r =
        explain("2026-11-23 09:14:08 Error 32 " ADMIN "\n" FAIL "\n"
                "2026-11-23 09:14:09 Error 72 " ADMIN "\nanother 0x80190194\n");
    assert_int_equal(r.moments, 1);
    assert_string_equal(r.story->codes, "0x80091007 CRYPT_E_HASH_VALUE");
    assert_non_null(found(&r, "0x80190194"));
}

/* What the emulated host notes between its events, with 200 to each command, is none of theirs; nor
 * is what an event of another source says. */
static void notes_of_signet(void **state) {
    (void)state;
    struct explain_report r = explain(
        "Level        Date and Time        Source  Event ID  Task Category  Log\n"
        "Information  2026-11-23 09:14:08  DeviceManagement-Enterprise-Diagnostics-Provider  306  "
        "None  Admin\n    SCEP: CspExecute for UniqueId : (beb0c2077be5) InstallUserSid : () Result "
        ": (Unknown Win32 Error code: 0x2ab0003).\n"
        "Information  2026-11-23 09:14:08  signet  0  None  signet\n    Add ./Device status 200\n"
        "Error        11/23/2026 9:14:09   Other   32  None  Other\n    it failed: 0x80070005\n");
    assert_int_equal(r.moments, 1);
    assert_string_equal(r.story->codes, "0x02AB0003 DM_S_ACCEPTED_FOR_PROCESSING");
    assert_string_equal(r.story->unique_id, "beb0c2077be5");
    assert_null(found(&r, "SyncML status 200"));
    assert_non_null(found(&r, "0x80070005"));
}

#define KEY "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\MS DM Server\\"
#define REG                                                                                      \
    "Windows Registry Editor Version 5.00\r\n\r\n[" KEY "failed]\r\n\"CertThumbprint\"=\"\"\r\n" \
    "\"Status\"=dword:00000010\r\n\"ErrorCode\"=dword:80091007\r\n\r\n[" KEY                     \
    "failed\\Install]\r\n"                                                                       \
    "\"ServerURL\"=\"https://x\"\r\n\"Status\"=dword:00000001\r\n\r\n[" KEY "good]\r\n"          \
    "\"CertThumbprint\"=\"3559DC5D\"\r\n\"Status\"=dword:00000001\r\n\r\n[" KEY "lost]\r\n"      \
    "\"CertThumbprint\"=\"\"\r\n\"Status\"=dword:00000001\r\n\r\n[" KEY "slow]\r\n"              \
    "\"Status\"=dword:00000002\r\n\r\n[" KEY "new]\r\n\"Status\"=dword:00000020\r\n\r\n"         \
    "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Enrollments\\x]\r\n\"Status\"=dword:00000010\r\n"

static void check_registry(const struct explain_report *r) {
    const struct explanation *x = found(r, "enrollment MS DM Server\\failed: failed");
    assert_non_null(x);
    assert_string_equal(x->note, "Status 16, ErrorCode 0x80091007 CRYPT_E_HASH_VALUE");
    assert_non_null(found(r, "0x80091007"));
    assert_non_null(found(r, "enrollment MS DM Server\\good: issued"));
    assert_non_null(found(r, "enrollment MS DM Server\\lost: issued, and not valid any more"));
    assert_non_null(found(r, "enrollment MS DM Server\\slow: pending"));
    assert_non_null(found(r, "enrollment MS DM Server\\new: not finished, or never started"));
    size_t n = 0;
    for (x = r->first; x; x = x->next)
        n++;
    assert_int_equal(n, 6);
}

static void registry_files(void **state) {
    (void)state;
    struct explain_report r = explain(REG);
    check_registry(&r);
    r = explain_span(utf16(REG, false, true));
    check_registry(&r);
    r = explain(
        "\r\n" KEY
        "failed\r\n    CertThumbprint    REG_SZ    \r\n    Status    REG_DWORD    0x10\r\n"
        "    ErrorCode    REG_DWORD    0x80091007\r\n\r\n" KEY "failed\\Install\r\n"
        "    Status    REG_DWORD    0x1\r\n\r\n" KEY
        "good\r\n    CertThumbprint    REG_SZ    3559DC\r\n"
        "    Status    REG_DWORD    0x1\r\n" KEY "lost\r\n    CertThumbprint    REG_SZ    \r\n"
        "    Status    REG_DWORD    0x1\r\n" KEY "slow\r\n    Status    REG_DWORD    0x2\r\n" KEY
        "new\r\n    Status    REG_DWORD    0x20\r\n");
    check_registry(&r);
    r = explain(
        "Windows Registry Editor Version 5.00\n\n[HKEY_CURRENT_USER\\Software\\X]\n\"a\"=\"b\"\n");
    assert_null(r.first);
    assert_false(r.known);
}

/* Lines of an export without its head. */
static void registry_lines(void **state) {
    (void)state;
    struct explain_report r = explain("\"ErrorCode\"=dword:80091007\n\"Status\"=dword:00000010\n");
    assert_non_null(found(&r, "0x80091007"));
    assert_non_null(found(&r, "Status 16"));
}

static void what_is_no_text(void **state) {
    (void)state;
    struct explain_report r;
    assert_int_equal(explain_text(&arena, span_of("ElfFile\0\0\0", 10), &r), ERR_PARSE);
    assert_non_null(strstr(err_detail(), "wevtutil"));
    r = explain_span(span_of("\xff\xfe\x00", 3));
    assert_null(r.first);
    r = explain_span(span_of("\xff\xfe\x00\xd8\x00\xd8\x41", 7));
    assert_null(r.first);
}

/* What another command reads; a host's answer with the same elements is none of it. */
static void what_others_read(void **state) {
    (void)state;
    assert_non_null(strstr(explain("<Add><LocURI>./x</LocURI></Add>").other, "profile lint"));
    assert_non_null(strstr(explain("<Exec><LocURI>./x</LocURI></Exec>").other, "profile lint"));
    assert_null(explain("<Status><Data>200</Data></Status><Add><LocURI>x</LocURI></Add>").other);
    assert_null(explain("see <LocURI> in the log").other);
    assert_non_null(strstr(explain_span(span_of("\x30\x82\x01\x00\x06", 5)).other, "scep decode"));
    assert_non_null(strstr(explain_span(span_of("a\0b", 3)).other, "no text"));
    assert_null(explain("0x80091007").other);
}

/* More than is told: bounded, and said. */
static void too_much(void **state) {
    (void)state;
    BUF_AUTO(text);
    for (unsigned i = 0; i < EXPLAIN_MAX_MOMENTS + 10; i++)
        buf_printf(&text, "2026-11-23 09:%02u:%02u " FAIL " 0x8009%04x\n", i / 60 % 60, i % 60, i);
    struct explain_report r = explain_span(buf_view(&text));
    size_t n = 0;
    for (const struct explanation *x = r.first; x; x = x->next)
        n++;
    assert_int_equal(n, EXPLAIN_MAX);
    assert_int_equal(r.moments, EXPLAIN_MAX_MOMENTS);
    assert_true(r.more);
}

/* A key's name is a stranger's: no escape reaches a terminal. */
static void no_escapes(void **state) {
    (void)state;
    struct explain_report r =
        explain("[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\a\x1b[31m\\b\xff]\n\"Status\"="
                "dword:10\n");
    assert_non_null(r.first);
    assert_string_equal(r.first->what, "enrollment a\\x1b[31m\\b\\xff: failed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_as_xml, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_result_with_its_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_xml, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_as_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_text_of_two_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_events_between, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notes_of_signet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(registry_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(registry_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_others_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_escapes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
