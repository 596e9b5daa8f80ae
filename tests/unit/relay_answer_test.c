/* SPDX-License-Identifier: Apache-2.0 */
/* Mode relay: what goes to the upstream, and what its answers become for the host and in the
 * timeline. */
#include "relay_fixture.h"

static void by_post_the_message_goes_as_it_came(void **state) {
    (void)state;
    struct span message = message_of("19", TRANSACTION);
    struct visit v = begin(message);
    const struct fetch_request *q = &v.job->request;
    assert_true(q->post);
    assert_string_equal(q->url, "http://user.invalid:8080/scep?ca=7&operation=PKIOperation");
    assert_string_equal(q->headers[0], "Content-Type: application/x-pki-message");
    assert_null(q->headers[1]);
    assert_ptr_equal(q->body.p, message.p);
    assert_int_equal(q->body.n, message.n);
    end(&v);
}

static void by_get_the_message_is_in_the_url(void **state) {
    static const char start[] =
        "http://user.invalid:8080/scep?ca=7&operation=PKIOperation&message=";
    BUF_AUTO(text);
    struct span back, message = message_of("19", TRANSACTION);
    (void)state;
    assert_ok(store_write(service.store, move_token, (void *)(uintptr_t) "old"));
    struct visit v = begin_at("old", token, message);
    assert_non_null(v.job);
    assert_false(v.job->request.post);
    assert_true(v.job->request.once);
    assert_int_equal(strncmp(v.job->request.url, start, sizeof start - 1), 0);
    for (const char *p = v.job->request.url + sizeof start - 1; *p; p++) {
        assert_null(strchr("+/= ", *p));
        if (*p != '%') {
            buf_char(&text, *p);
            continue;
        }
        buf_char(&text, (char)strtol((char[]){p[1], p[2], 0}, NULL, 16));
        p += 2;
    }
    assert_ok(base64_decode(&arena, buf_view(&text), &back));
    assert_true(span_eq(back, message));
    end(&v);
}

static void success_is_told_and_counted(void **state) {
    struct scep_reply reply = success();
    (void)state;
    is_passed("19", &reply);
    state_is(STATE_ISSUED);
    counts_are(1, 1, 1);
    events_are(1, EVENT_REQUESTED, "192.0.2.7");
    events_are(1, EVENT_REQUESTED, "id-RSAES-OAEP");
    events_are(1, EVENT_ISSUED, TRANSACTION);
    events_are(0, EVENT_ALARM, "");
}

static void a_second_success_is_an_alarm(void **state) {
    struct scep_reply reply = success();
    (void)state;
    is_passed("19", &reply);
    is_passed("19", &reply);
    counts_are(2, 2, 2);
    events_are(1, EVENT_ALARM, "a second SUCCESS");
}

static void failure_is_told_with_its_words(void **state) {
    struct scep_reply reply = {.status = SCEP_FAILURE,
                               .fail_info = SCEP_BAD_REQUEST,
                               .text = "no \x1b[31mway\r\nstatus=SUCCESS"};
    (void)state;
    is_passed("19", &reply);
    state_is(STATE_REFUSED);
    counts_are(1, 1, 0);
    events_are(1, EVENT_REFUSED, "failInfo badRequest, no \\x1b[31mway\\x0d\\x0astatus=SUCCESS");
    assert_int_equal(
        ask("SELECT count(*) FROM event WHERE text || evidence GLOB '*[' || char(1, 45, 31) || ']*'"),
        0);
}

static void pending_is_followed(void **state) {
    struct scep_reply pending = {.status = SCEP_PENDING}, reply = success();
    (void)state;
    is_passed("19", &pending);
    state_is(STATE_REQUESTED);
    is_passed("20", &pending);
    is_passed("20", &reply);
    state_is(STATE_ISSUED);
    counts_are(1, 1, 1);
    events_are(1, EVENT_REQUESTED, "");
    events_are(0, EVENT_ALARM, "");
}

static void another_transaction_is_wrong(void **state) {
    struct scep_reply reply = success();
    (void)state;
    is_refused(200, SCEP_TYPE_MESSAGE, certrep(message_of("19", "relay-2"), &reply), 502);
    events_are(1, EVENT_ALARM, "another transaction: relay-2");
    counts_are(1, 0, 0);
}

static void a_strangers_certrep_is_wrong(void **state) {
    struct scep_request request;
    struct scep_reply reply = success();
    struct scep_key self = {.cert = stranger.cert, .key = keys[1].ours};
    struct span der;
    (void)state;
    assert_ok(cert_parse(self.cert, &self.parsed));
    assert_ok(scep_read(&arena, message_of("19", TRANSACTION), &request));
    assert_ok(scep_build_reply(&arena, &request, &reply, &self, false, &der));
    is_refused(200, SCEP_TYPE_MESSAGE, der, 502);
    events_are(1, EVENT_ALARM, "a stranger signed the CertRep");
}

static void a_certrep_that_was_changed_is_wrong(void **state) {
    struct scep_reply reply = success();
    struct span der = certrep(message_of("19", TRANSACTION), &reply);
    (void)state;
    ((uint8_t *)(uintptr_t)der.p)[der.n - 9] ^= 1;
    is_refused(200, SCEP_TYPE_MESSAGE, der, 502);
    events_are(1, EVENT_ALARM, "does not hold");
}

static void what_is_no_certrep_is_wrong(void **state) {
    struct scep_reply reply = success();
    struct span der = certrep(message_of("19", TRANSACTION), &reply);
    (void)state;
    is_refused(200, "text/html", span_str("  <!DOCTYPE html><p>Apache says\x1b[31m hello</p>"),
               502);
    events_are(1, EVENT_ALARM, "a web page (text/html) that begins <!DOCTYPE html>");
    is_refused(200, SCEP_TYPE_MESSAGE, SPAN_NONE, 502);
    events_are(1, EVENT_ALARM, "an empty body");
    is_refused(200, SCEP_TYPE_MESSAGE, (struct span){der.p, der.n / 2}, 502);
    is_refused(200, "application/json\x1b", span_str("{\"error\": 7}"), 502);
    is_refused(200, SCEP_TYPE_MESSAGE, message_of("19", TRANSACTION), 502); /* a mirror */
    assert_int_equal(ask("SELECT count(*) FROM event WHERE text GLOB '*[' || char(27) || ']*'"), 0);
    assert_int_equal(ask("SELECT successes FROM enrollment"), 0);
}

static void http_errors_are_passed_on(void **state) {
    (void)state;
    is_refused(500, "text/plain", span_str("Apache: internal server error"), 500);
    events_are(1, EVENT_NOTE, "HTTP 500");
    is_refused(404, "text/html", span_str("<html>"), 404);
    counts_are(2, 1, 0); /* who says 500 may have issued before; 404 was said instead */
    events_are(1, EVENT_ALARM, "may have issued");
    is_refused(407, "text/plain", SPAN_NONE, 502); /* of a proxy of ours */
    is_refused(302, "text/plain", SPAN_NONE, 502);
    is_refused(299, "text/plain", SPAN_NONE, 502);
    is_refused(999, "text/plain", SPAN_NONE, 502);
    struct visit v = begin(message_of("19", TRANSACTION));
    answer_with(&v, 503, "text/plain", SPAN_NONE);
    v.job->reply.retry_after_s = 7;
    finish(&v);
    gets_line(&v, 503);
    assert_int_equal(v.answer.retry_after_s, 7);
    end(&v);
}

/* Servers say 500 after they have issued, and proxies 503 when the server died with the request. */
static void no_5xx_is_an_outcome(void **state) {
    static const int statuses[] = {500, 501, 502, 503, 504, 520, 599};
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        is_refused(statuses[i], "text/plain", SPAN_NONE, statuses[i]);
    counts_are(7, 0, 0);
    /* The first time that it is asked again; nothing new is known then. */
    events_are(
        1, EVENT_ALARM,
        "only this is known: the upstream answered HTTP 500 and no CertRep: it may have issued");
    events_are(1, EVENT_ALARM, "may have issued");
    events_are(5, EVENT_NOTE, "may have issued");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        RELAY(by_post_the_message_goes_as_it_came), RELAY(by_get_the_message_is_in_the_url),
        RELAY(success_is_told_and_counted),         RELAY(a_second_success_is_an_alarm),
        RELAY(failure_is_told_with_its_words),      RELAY(pending_is_followed),
        RELAY(another_transaction_is_wrong),        RELAY(a_strangers_certrep_is_wrong),
        RELAY(a_certrep_that_was_changed_is_wrong), RELAY(what_is_no_certrep_is_wrong),
        RELAY(http_errors_are_passed_on),           RELAY(no_5xx_is_an_outcome),
    };
    return cmocka_run_group_tests_name("relay_answer", tests, prepare, clean_up);
}
