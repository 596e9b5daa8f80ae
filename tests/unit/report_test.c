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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(for_scripts, open_with_enrollment, close_it),
        cmocka_unit_test_setup_teardown(for_people, open_with_enrollment, close_it),
    };
    return cmocka_run_group_tests_name("report", tests, prepare, clean_up);
}
