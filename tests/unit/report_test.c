/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts and people are shown of an enrollment at an upstream. */
#include "store_fixture.h"

#include "cmd/timeline.h"
#include "server/report.h"

static const char ours[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
static const char got[] = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
static const char brought[] = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";

static enum err add_foreign(struct tx *tx, const char *sha1, int source, int64_t not_after) {
    struct foreign_certificate c = {.upstream = "ndes",
                                    .enrollment = "e1",
                                    .source = source,
                                    .serial = span_of("\x01\xab", 2),
                                    .subject = "CN=x",
                                    .sha1 = sha1,
                                    .der = span_str("der"),
                                    .not_before = 1000,
                                    .not_after = not_after,
                                    .seen = 2000};
    return foreign_add(tx, &c);
}

static enum err put(struct tx *tx, void *user) {
    struct device d = {
        .device_id = "D", .name = "HOST", .hw_dev_id = "", .os_version = "", .account = "a"};
    struct certificate c = {.serial = span_str("s"),
                            .ca = "",
                            .endpoint = "default",
                            .enrollment = "e1",
                            .subject = "CN=x",
                            .sha1 = ours,
                            .der = span_str("der")};
    (void)user;
    TRY(device_put(tx, &d));
    struct enrollment e = {
        .id = "e1", .device = d.id, .profile = "vpn", .endpoint = "ndes", .body = "<Atomic/>"};
    TRY(enrollment_add(tx, &e));
    TRY(enroll_record(tx, &e, EVENT_ASSIGNED, "assigned", NULL));
    TRY(enroll_record(tx, &e, EVENT_SENT, "sent", NULL));
    e.host_thumbprint = brought;
    TRY(enroll_record(tx, &e, EVENT_REPORTED, "the host shows it", NULL));
    TRY(certificate_add(tx, &c));
    TRY(add_foreign(tx, got, FOREIGN_RA, 3000));
    return add_foreign(tx, brought, FOREIGN_IMPORT, INT64_C(9000000000000));
}

static enum err report(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment e;
    struct device d;
    TRY(enrollment_get(tx, &a, "e1", &e));
    TRY(device_by_id(tx, &a, e.device, &d));
    *(json_t **)user = report_enrollment(&e, &d);
    return report_add_details(tx, &a, &e, *(json_t **)user);
}

static int open_with_enrollment(void **state) {
    open_fresh(state);
    return store_write(store, put, NULL) == OK ? 0 : -1;
}

static const char *text(const json_t *object, const char *name) {
    const char *s = json_string_value(json_object_get(object, name));
    return s ? s : "(none)";
}

static void for_scripts(void **state) {
    (void)state;
    json_t *out = NULL;
    assert_ok(store_read(store, report, &out));
    assert_string_equal(text(out, "endpoint"), "ndes");
    assert_string_equal(text(out, "state"), "reported");
    json_t *certs = json_object_get(out, "certificates"), *c = json_array_get(certs, 0);
    assert_int_equal(json_array_size(certs), 3);
    assert_string_equal(text(c, "thumbprint"), ours);
    assert_string_equal(text(c, "endpoint"), "default");
    assert_string_equal(text(c, "source"), "(none)");
    c = json_array_get(certs, 1);
    assert_string_equal(text(c, "thumbprint"), got);
    assert_string_equal(text(c, "upstream"), "ndes");
    assert_string_equal(text(c, "source"), "ra");
    assert_string_equal(text(c, "serial"), "01ab");
    assert_string_equal(text(c, "state"), "expired");
    assert_string_equal(text(c, "der"), "ZGVy");
    assert_string_equal(text(c, "seen"), "1970-01-01T00:00:02.000Z");
    c = json_array_get(certs, 2);
    assert_string_equal(text(c, "thumbprint"), brought);
    assert_string_equal(text(c, "source"), "import");
    assert_string_equal(text(c, "state"), "issued");
    json_decref(out);
}

static void for_people(void **state) {
    (void)state;
    json_t *out = NULL;
    BUF_AUTO(lines);
    assert_ok(store_read(store, report, &out));
    timeline_print(&lines, out, 100);
    assert_non_null(strstr(buf_cstr(&lines), "  endpoint ndes\n"));
    assert_non_null(strstr(buf_cstr(&lines), "reported    the host shows it"));
    assert_non_null(strstr(buf_cstr(&lines), "  => REPORTED\n  thumbprint CCCC"));
    buf_clear(&lines);
    json_object_set_new(out, "endpoint", json_string("default"));
    timeline_print(&lines, out, 100);
    assert_null(strstr(buf_cstr(&lines), "endpoint"));
    json_decref(out);
}

/* ---- what the timeline knows beyond the host's code ---- */

struct failure {
    const char *error; /* of the host; decimal */
    enum event_kind kind;
    const char *text, *key, *value; /* the last that was said, and a piece of its evidence */
    const char *cause, *cure;
};

static enum err fail_by(struct tx *tx, void *user) {
    const struct failure *f = user;
    struct enrollment e;
    ARENA_AUTO(a);
    TRY(enrollment_get(tx, &a, "e1", &e));
    e.state = STATE_SENT;
    e.host_error = f->error;
    TRY(enroll_record(tx, &e, EVENT_NOTE, "no root is known", "upstream", "ndes", NULL));
    TRY(enroll_record(tx, &e, EVENT_SENT, "sent", NULL));
    if (f->text)
        TRY(enroll_record(tx, &e, f->kind, f->text, f->key, f->value, "upstream",
                          strcmp(f->key, "own") == 0 ? NULL : "ndes", NULL));
    TRY(enroll_record(tx, &e, EVENT_ALARM, "asked again", "upstream", "ndes", "requests", "2",
                      NULL));
    return enroll_record(tx, &e, EVENT_FAILED, "failed", NULL);
}

static void failures_are_explained(void **state) {
    static const struct failure all[] = {
        {"0x80094014", EVENT_REFUSED, "the CSR has another subject", "own", "1", "another subject",
         "mend what the refusal names"},
        {"0x80094014", EVENT_REFUSED, "refused: failInfo badRequest", "k", "1", "badRequest",
         "-allowrenew"},
        {"0x80094014", EVENT_REFUSED, "refused: failInfo badRequest, because", "k", "1", "because",
         "mend what the refusal names"},
        {"0x80094014", EVENT_NOTE, "the upstream was not reached", "k", "1", "was not reached",
         "signet gateway show ndes"},
        {"0x80094014", EVENT_NOTE, NULL, NULL, NULL, "CertRep FAILURE", "event 'refused'"},
        {"0x801901F4", EVENT_NOTE, "answered HTTP 500", "httpStatus", "500", "HTTP 500",
         "signet gateway check ndes --enroll"},
        {"0x801901F6", EVENT_ALARM, "no CertRep but a page", "httpStatus", "200", "but a page",
         "signet gateway show ndes"},
        {"0x80190193", EVENT_NOTE, "answered HTTP 500", "httpStatus", "500", "forbids the path",
         "from the host"},
        {"0x80190193", EVENT_NOTE, "asked too often", "k", "1", "asked too often", "assign"},
        {"0x80091007", EVENT_NOTE, "answered HTTP 500", "httpStatus", "500", "CAThumbprint is",
         "GetCACert"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        json_t *out = NULL;
        assert_ok(store_write(store, fail_by, (void *)(uintptr_t)&all[i]));
        assert_ok(store_read(store, report, &out));
        const json_t *error = json_object_get(out, "error");
        if (!strstr(text(error, "cause"), all[i].cause) ||
            !strstr(text(error, "cure"), all[i].cure))
            fail_msg("%zu: '%s', '%s'", i, text(error, "cause"), text(error, "cure"));
        json_decref(out);
        close_it(state);
        open_with_enrollment(state);
    }
}

static void an_alarm_says_of_whom(void **state) {
    (void)state;
    const struct journal_entry alarms[] = {
        {.kind = JOURNAL_ALARM, .endpoint = "old", .text = "x", .evidence = "{}"},
        {.kind = JOURNAL_ALARM, .text = "x", .evidence = "{\"upstream\":\"ndes\"}"},
        {.kind = JOURNAL_ALARM,
         .text = "x",
         .evidence = "{\"upstream\":\"ndes\",\"enrollment\":\"e1\"}"},
        {.kind = JOURNAL_ALARM, .text = "x", .evidence = "{\"enrollment\":\"e1\"}"},
        {.kind = JOURNAL_ALARM, .text = "x", .evidence = "{}"}};
    static const char *const about[] = {"old", "ndes", "ndes e1", "e1", "(none)"};
    for (size_t i = 0; i < 5; i++) {
        json_t *list = report_journal(&alarms[i]);
        assert_string_equal(text(json_array_get(list, 0), "about"), about[i]);
        json_decref(list);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(for_scripts, open_with_enrollment, close_it),
        cmocka_unit_test_setup_teardown(for_people, open_with_enrollment, close_it),
        cmocka_unit_test_setup_teardown(failures_are_explained, open_with_enrollment, close_it),
        cmocka_unit_test_setup_teardown(an_alarm_says_of_whom, open_with_enrollment, close_it),
    };
    return cmocka_run_group_tests_name("report", tests, prepare, clean_up);
}
