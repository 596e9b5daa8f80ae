/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of windows-scep.md, 6.3, each provoked and held against the text that is quoted there
 * (and against gradenegger.eu's examples of 86 and 87). In a pattern * stands for what differs from
 * host to host; the two blanks that Windows writes are part of it.
 */
#include "device_task_fixture.h"

#include <fnmatch.h>

#include "device/csptree.h"
#include "wire/mdm.h"

#define URL  "http://127.0.0.1:*/scep"
#define GUID "{[0-9A-F]*-*-*-*-*}"

#define ACCEPTED(location)                                                          \
    "SCEP: CspExecute for UniqueId : (one) InstallUserSid : (*) InstallLocation : " \
    "(" location ") NodePath : (clientinstall)  KeyProtection: (0x3) Result : "     \
    "(Unknown Win32 Error code: 0x2ab0003)."
#define GENERATED                                                                               \
    "SCEP: Certificate request generated successfully. Enhanced Key Usage: "                    \
    "(1.3.6.1.5.5.7.3.2), NDES URL: (" URL "/pkiclient.exe), Container Name: (), KSP Setting: " \
    "(0x3), Store Location: (0x2)."
#define INSTALLED "SCEP: Certificate installed successfully."
#define SUMMARY(thumbprint, status, count, result)                                           \
    "SCEP: InstallFromRegEntries. CorrelationGuid : (" GUID                                  \
    ") UniqueId : (one) Certificate Thumbprint : (" thumbprint ") Respondent Server : (" URL \
    "/pkiclient.exe) Install Status : (" status ") Current Retry Count :  (" count           \
    ") Result : (" result ")"
#define FAILED(result) "SCEP: Certificate enroll failed. Result: (" result ")."
#define LOG_ERROR(thumbprint, code)                                                          \
    "SCEP: Failed LogError Message : (SCEPInstallCertificateWithScepHelper:Failed to "       \
    "Initialize SCEP enrollment with NDES Server '" URL "', CA cert thumbprint '" thumbprint \
    "' and server certs ''. LogError " code ")"
#define INIT(stage, error)                                                               \
    "SCEP Certificate enrollment initialization for WORKGROUP\\\\DESKTOP-TEST$ via " URL \
    "/pkiclient.exe failed: " stage " Method: GET([0-9]*ms) Stage: " stage " " error
#define ENROLL(message, stage, error)                                     \
    "SCEP Certificate enrollment for WORKGROUP\\\\DESKTOP-TEST$ via " URL \
    "/pkiclient.exe failed: " message " Method: POST([0-9]*ms) Stage: " stage " " error

struct wanted {
    int id;
    bool error;
    const char *pattern;
};

/* These events and no others but signet's own. The log is empty afterwards. */
static void assert_events(struct fixture *f, const struct wanted *w, size_t n) {
    const struct eventlog *l = &f->h->events;
    size_t at = 0;
    for (size_t i = 0; i < n; i++, at++) {
        while (at < l->count && l->events[at].id == EVENT_COMMAND)
            at++;
        if (at == l->count)
            fail_msg("event %d did not come", w[i].id);
        const struct event *e = &l->events[at];
        if (e->id != w[i].id || e->error != w[i].error || fnmatch(w[i].pattern, e->text, 0) != 0)
            fail_msg("event %d (%s)\n%s\ninstead of %d\n%s", e->id, e->error ? "error" : "good",
                     e->text, w[i].id, w[i].pattern);
    }
    assert_int_equal(at, l->count);
    eventlog_free(&f->h->events);
}

#define ASSERT_EVENTS(f, ...)                               \
    do {                                                    \
        const struct wanted list[] = {__VA_ARGS__};         \
        assert_events(f, list, sizeof list / sizeof *list); \
    } while (0)

static void exec(struct fixture *f, const char *scope) {
    ARENA_AUTO(a);
    struct csp_value value;
    const char *uri = arena_printf(
        &a, "./%s/Vendor/MSFT/ClientCertificateInstall/SCEP/one/Install/Enroll", scope);
    struct csp_command c = {.verb = CSP_EXEC, .uri = span_str(uri)};
    assert_int_equal(csptree_apply(f->h, &c, &a, &value), SYNCML_OK);
}

static void test_success(void **state) {
    struct fixture *f = *state;
    exec(f, "Device");
    ASSERT_EVENTS(f, {306, false, ACCEPTED("device")});
    attempt(f);
    ASSERT_EVENTS(
        f, {36, false, GENERATED}, {39, false, INSTALLED},
        {309, false, SUMMARY("[0-9A-F]*", "0x1", "0x1", "The operation completed successfully.")});
}

/* The user's: Microsoft's example of 306 and 36 is of one. */
static void test_user(void **state) {
    struct fixture *f = *state;
    struct registry *r = f->h->registry;
    struct registry copy = {0};
    registry_copy(&copy, r);
    const struct reg_key *from = registry_open(&copy, KEY "\\Install");
    struct reg_key *to = registry_create(r, SCEP_KEY_USER "\\Test MDM\\one\\Install");
    for (const struct reg_value *v = from->values; v; v = v->next)
        if (v->text)
            reg_set_text(r, to, v->name, span_str(v->text));
        else
            reg_set_number(r, to, v->name, v->number);
    reg_set_text(r, registry_create(r, SCEP_KEY_USER "\\Test MDM\\one\\Install\\Challenge"),
                 "Challenge", span_str("secret"));
    registry_free(&copy);
    exec(f, "User");
    ASSERT_EVENTS(f, {306, false, ACCEPTED("user")});
    assert_int_equal(scep_task_run(f->h, SCEP_KEY_USER "\\Test MDM\\one"), OK);
    const struct event *e = &f->h->events.events[0];
    assert_int_equal(e->id, 36);
    assert_non_null(strstr(e->text, "Store Location: (0x1)."));
}

static void test_no_route(void **state) {
    struct fixture *f = *state;
    f->v->status = 404;
    exec(f, "Device");
    eventlog_free(&f->h->events);
    attempt(f);
    ASSERT_EVENTS(
        f, {86, true, INIT("GetCACaps", "* 0x80190194 (-2145844844 HTTP_E_STATUS_NOT_FOUND)")},
        {307, true, LOG_ERROR("*", "0x80190194")},
        {32, true, "SCEP: Certificate enroll failed. Result: (*)."},
        {309, true,
         "SCEP: InstallFromRegEntries. CorrelationGuid : (" GUID
         ") UniqueId : (one) Certificate Thumbprint : () Respondent Server : () Install "
         "Status : (0x10) Current Retry Count :  (0x1) Result : (*)"});
}

/* gradenegger.eu's example of 86, and the hash error of windows-scep.md, 2.2. */
static void test_init(void **state) {
    struct fixture *f = *state;
    set_text(f, "CAThumbprint", "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57");
    exec(f, "Device");
    eventlog_free(&f->h->events);
    attempt(f);
    ASSERT_EVENTS(f,
                  {86, true,
                   INIT("GetCACert", "The hash value is not correct. 0x80091007 (-2146889721 "
                                     "CRYPT_E_HASH_VALUE)")},
                  {307, true, LOG_ERROR("3559DC5D5C4017BD4CDBD0466AF14DDA41655E57", "0x80091007")},
                  {32, true, FAILED("The hash value is not correct.")},
                  {309, true, SUMMARY("", "0x10", "0x1", "The hash value is not correct.")});
    ARENA_AUTO(a);
    assert_string_equal(hresult_full(&a, 0x80072F8F),
                        "A security error occurred 0x80072f8f (WinHttp: 12175 "
                        "ERROR_WINHTTP_SECURE_FAILURE)");
}

/* windows-scep.md, 4.10. */
static void test_refused(void **state) {
    struct fixture *f = *state;
    f->v->reply = (struct reply){
        .status = "2",
        .fail = "2",
        .text = "The public key does not meet the minimum size required by the specified "
                "certificate template. 0x80094811 (-2146875375 CERTSRV_E_KEY_LENGTH)"};
    exec(f, "Device");
    eventlog_free(&f->h->events);
    attempt(f);
    ASSERT_EVENTS(
        f, {36, false, GENERATED},
        {87, true,
         ENROLL("PkiStatus(2): SCEPDispositionFailure / FailInfo(2): SCEPFailBadRequest / "
                "EnrollStatus(256): EnrollDenied / The public key does not meet the minimum size "
                "required by the specified certificate template. 0x80094811 (-2146875375 "
                "CERTSRV_E_KEY_LENGTH)",
                "SubmitDone",
                "The public key does not meet the minimum size required by the specified "
                "certificate template. 0x80094811 (-2146875375 CERTSRV_E_KEY_LENGTH)")},
        {32, true, FAILED("The public key does not meet the minimum size *")},
        {309, true, SUMMARY("", "0x10", "0x1", "The public key does not meet *")});
}

static void test_attribute_is_missing(void **state) {
    struct fixture *f = *state;
    f->v->reply = (struct reply){.no_sender = true};
    exec(f, "Device");
    eventlog_free(&f->h->events);
    attempt(f);
    ASSERT_EVENTS(f, {36, false, GENERATED},
                  {87, true,
                   ENROLL("ProcessResponseMessage", "ProcessResponseMessage",
                          "The cryptographic message does not contain an expected authenticated "
                          "attribute. 0x80091006 (-2146889722 CRYPT_E_AUTH_ATTR_MISSING)")},
                  {32, true,
                   FAILED("The cryptographic message does not contain an expected authenticated "
                          "attribute.")},
                  {309, true, SUMMARY("", "0x10", "0x1", "The cryptographic message *")});
}

/* Nobody has published what Windows logs then: the summary alone, with Status 2. */
static void test_pending(void **state) {
    struct fixture *f = *state;
    f->v->pend = 1;
    exec(f, "Device");
    eventlog_free(&f->h->events);
    attempt(f);
    ASSERT_EVENTS(f, {36, false, GENERATED},
                  {309, false, SUMMARY("", "0x2", "0x1", "The operation completed successfully.")});
    attempt(f);
    ASSERT_EVENTS(
        f, {39, false, INSTALLED},
        {309, false, SUMMARY("[0-9A-F]*", "0x1", "0x2", "The operation completed successfully.")});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_success), TEST(test_user),    TEST(test_no_route),
        TEST(test_init),    TEST(test_refused), TEST(test_attribute_is_missing),
        TEST(test_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
