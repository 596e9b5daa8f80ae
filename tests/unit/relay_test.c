/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode relay: tokens, what goes to the upstream, what its answers become for the host and in the
 * timeline. The upstream is an endpoint of scep_fixture's; nothing is sent: each test writes the
 * answer that came.
 */
#include "scep_steps.h"

#include "base/text.h"
#include "enroll/enroll.h"
#include "gateway/relay.h"

#define TRANSACTION "relay-1"
#define DEAD        "the address of this enrollment is no longer good: assign the profile anew"

enum { HOUR = 3600000 };

static const struct enroll_policy policy = {.confirm_within = HOUR, .confirm_sessions = 2};
static struct gateway *gateway;
static char token[CHALLENGE_SIZE];

/* ---- an upstream, and an enrollment at it ---- */

static struct upstream settings_of(const char *name, const char *capabilities) {
    const struct endpoint *e = endpoint_of(EP_DEFAULT);
    return (struct upstream){.name = name,
                             .url = "http://user.invalid:8080/scep?ca=7",
                             .mode = UPSTREAM_RELAY,
                             .timeout = 5000,
                             .max_requests = 2,
                             .created = clock_ms(),
                             .thumbprint = e->ca->sha1,
                             .ca_certs = e->ca_certs,
                             .capabilities = capabilities,
                             .learnt = clock_ms()};
}

static enum err add_enrollment(struct tx *tx, const char *id) {
    uint8_t hash[32];
    struct device d = {
        .device_id = id, .name = "H", .hw_dev_id = "", .os_version = "", .account = "alice"};
    struct enrollment e = {.id = id, .profile = "p", .endpoint = "up", .body = "<Atomic/>"};
    TRY(device_put(tx, &d));
    e.device = d.id;
    TRY(enrollment_add(tx, &e));
    TRY(enroll_record(tx, &e, EVENT_ASSIGNED, "assigned", NULL));
    TRY(enroll_record(tx, &e, EVENT_SENT, "sent", NULL));
    TRY(enroll_accepted(tx, &e, &policy, "accepted", "200"));
    TRY(challenge_mint(token));
    TRY(challenge_hash(scep_authority, span_str(token), hash));
    return relay_token_set(tx, span_of(hash, sizeof hash), "up", id, clock_ms() + HOUR);
}

static enum err set_up_work(struct tx *tx, void *user) {
    struct upstream up = settings_of("up", "POSTPKIOperation\nSHA-256\nAES\n");
    struct upstream old = settings_of("old", "SHA-1\nDES3\n");
    (void)user;
    TRY(upstream_add(tx, &up));
    TRY(upstream_add(tx, &old));
    return add_enrollment(tx, "e1");
}

static int open_gateway(void **state) {
    open_store(state);
    assert_ok(store_write(service.store, set_up_work, NULL));
    const struct gateway_options o = {.store = service.store,
                                      .pki = scep_holder,
                                      .authority = scep_authority,
                                      .folder = scep_folder,
                                      .base_url = "https://localhost"};
    assert_ok(gateway_open(&o, &gateway));
    return 0;
}

static int close_gateway(void **state) {
    gateway_close(gateway);
    gateway = NULL;
    return close_store(state);
}

#define RELAY(name) cmocka_unit_test_setup_teardown(name, open_gateway, close_gateway)

/* ---- a request and its answer ---- */

struct visit {
    const struct gateway_upstream *upstream;
    struct relay *relay;
    struct fetch_job *job;
    struct relay_answer answer;
};

static struct span message_of(const char *type, const char *transaction) {
    return message_new(&arena, type, transaction, csr_of("host", "secret", 2), &host);
}

static enum err find_and_ask(struct tx *tx, void *user) {
    struct visit *v = user;
    TRY(relay_find(tx, v->relay));
    return relay_ask(tx, v->relay, &v->job, &v->answer);
}

static struct visit take_at(const char *name, const char *by, struct span message) {
    struct visit v = {.upstream = gateway_acquire(gateway, name)};
    assert_non_null(v.upstream);
    assert_ok(relay_new(gateway, v.upstream, &arena, by, "192.0.2.7", &v.relay));
    relay_take(v.relay, OK, message);
    return v;
}

static struct visit begin_at(const char *name, const char *by, struct span message) {
    struct visit v = take_at(name, by, message);
    assert_ok(store_write(service.store, find_and_ask, &v));
    return v;
}

static struct visit begin(struct span message) {
    struct visit v = begin_at("up", token, message);
    assert_non_null(v.job);
    return v;
}

static void end(struct visit *v) {
    relay_end(v->relay);
    gateway_release(v->upstream);
}

/* What the upstream says, as the pool hands it over. */
static void answer_with(struct visit *v, int status, const char *type, struct span body) {
    v->job->result = OK;
    v->job->reply.status = status;
    snprintf(v->job->reply.content_type, sizeof v->job->reply.content_type, "%s", type);
    buf_span(&v->job->reply.body, body);
}

static void finish(struct visit *v) {
    relay_read(v->relay, &v->answer);
    assert_ok(store_write(service.store, relay_commit, v->relay));
}

static struct span certrep(struct span message, const struct scep_reply *reply) {
    struct scep_request request;
    struct span der;
    assert_ok(scep_read(&arena, message, &request));
    assert_ok(
        scep_build_reply(&arena, &request, reply, &endpoint_of(EP_DEFAULT)->signer, false, &der));
    return der;
}

static struct scep_reply success(void) {
    return (struct scep_reply){.status = SCEP_SUCCESS, .cert = host.cert};
}

/* A whole request that is answered by a CertRep, which the host gets untouched. */
static void is_passed(const char *type, const struct scep_reply *reply) {
    struct span message = message_of(type, TRANSACTION), body = certrep(message, reply);
    struct visit v = begin(message);
    answer_with(&v, 200, SCEP_TYPE_MESSAGE, body);
    finish(&v);
    assert_int_equal(v.answer.status, 200);
    assert_null(v.answer.text);
    assert_string_equal(v.answer.content_type, SCEP_TYPE_MESSAGE);
    assert_true(span_eq(v.answer.body, body));
    end(&v);
}

/* The host gets a status and one line that tells nothing of the upstream. */
static void gets_line(const struct visit *v, int status) {
    assert_int_equal(v->answer.status, status);
    assert_non_null(v->answer.text);
    assert_int_equal(v->answer.body.n, 0);
    assert_null(strchr(v->answer.text, '\n'));
    assert_null(strstr(v->answer.text, "up"));
    assert_null(strstr(v->answer.text, "invalid"));
    assert_null(strstr(v->answer.text, "Apache"));
}

/* A whole request that is answered by HTTP without a CertRep that the host could use. */
static void is_refused(int status, const char *type, struct span body, int expected) {
    struct visit v = begin(message_of("19", TRANSACTION));
    answer_with(&v, status, type, body);
    finish(&v);
    gets_line(&v, expected);
    end(&v);
}

/* ---- the timeline ---- */

static void events_are(int64_t n, int kind, const char *like) {
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM event WHERE kind = %d AND text || evidence LIKE '%%%s%%'", kind,
             like);
    assert_int_equal(ask(sql), n);
}

static void counts_are(int asks, int answers, int successes) {
    assert_int_equal(ask("SELECT asks FROM enrollment"), asks);
    assert_int_equal(ask("SELECT answers FROM enrollment"), answers);
    assert_int_equal(ask("SELECT successes FROM enrollment"), successes);
}

static void state_is(int state) {
    assert_int_equal(ask("SELECT state FROM enrollment"), state);
}

/* ---- tests ---- */

static void is_dead(const char *name, const char *by) {
    struct visit v = begin_at(name, by, message_of("19", TRANSACTION));
    assert_null(v.job);
    assert_null(relay_enrollment(v.relay));
    assert_int_equal(v.answer.status, 403);
    assert_string_equal(v.answer.text, DEAD);
    end(&v);
}

static enum err record(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment e;
    TRY(enrollment_get(tx, &a, "e1", &e));
    return enroll_record(tx, &e, *(enum event_kind *)user, "by the test", NULL);
}

static void happens(enum event_kind kind) {
    assert_ok(store_write(service.store, record, &kind));
}

static enum err show_thumbprint(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment e;
    TRY(enrollment_get(tx, &a, "e1", &e));
    e.host_thumbprint = user;
    return enrollment_update(tx, &e);
}

static enum err end_deadline(struct tx *tx, void *user) {
    int count;
    ARENA_AUTO(a);
    struct enrollment e;
    (void)user;
    TRY(enrollment_get(tx, &a, "e1", &e));
    e.sessions = policy.confirm_sessions;
    TRY(enrollment_update(tx, &e));
    return enroll_expire(tx, &policy, clock_ms() + 2 * HOUR, &count);
}

static enum err end_token(struct tx *tx, void *expires) {
    uint8_t hash[32];
    TRY(challenge_hash(scep_authority, span_str(token), hash));
    return relay_token_set(tx, span_of(hash, sizeof hash), "up", "e1", *(int64_t *)expires);
}

/* As before its acceptance: only then it can get lost. */
static enum err send_again(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment e;
    (void)user;
    TRY(enrollment_get(tx, &a, "e1", &e));
    e.state = STATE_SENT;
    return enrollment_update(tx, &e);
}

static void only_a_live_token_is_served(void **state) {
    (void)state;
    is_dead("up", NULL);
    is_dead("up", "");
    is_dead("up", "AAAAAAAAAAAAAAAAAAAAAAAAAA");
    is_dead("up", arena_printf(&arena, "%0200d", 7));
    is_dead("up", arena_printf(&arena, "%sA", token));
    is_dead("old", token); /* of another upstream */
    struct visit v = begin_at("UP", token, message_of("19", TRANSACTION));
    assert_non_null(v.job);
    end(&v);
    counts_are(1, 0, 0);
}

static void a_token_ends_with_the_thumbprint(void **state) {
    (void)state;
    assert_ok(store_write(service.store, show_thumbprint, (void *)(uintptr_t) ""));
    struct visit v = begin_at("up", token, message_of("19", TRANSACTION));
    assert_non_null(v.job);
    end(&v);
    assert_ok(store_write(service.store, show_thumbprint,
                          (void *)(uintptr_t) "00112233445566778899AABBCCDDEEFF00112233"));
    is_dead("up", token);
}

static void a_token_ends_with_the_enrollment(void **state) {
    (void)state;
    happens(EVENT_FAILED); /* so far: it is still open */
    struct visit v = begin_at("up", token, message_of("19", TRANSACTION));
    assert_non_null(v.job);
    end(&v);
    happens(EVENT_UNCONFIRMED);
    is_dead("up", token);
}

static void a_token_ends_with_a_failure_that_is_over(void **state) {
    (void)state;
    happens(EVENT_FAILED);
    assert_ok(store_write(service.store, end_deadline, NULL));
    state_is(STATE_FAILED);
    is_dead("up", token);
}

/* A host that does not come any more never gets an outcome: its sessions do not suffice. */
static void a_token_ends_by_itself(void **state) {
    struct visit v = begin_at("up", token, message_of("19", TRANSACTION));
    int64_t past = clock_ms() - 1;
    (void)state;
    assert_non_null(v.job);
    end(&v);
    assert_ok(store_write(service.store, end_token, &past));
    state_is(STATE_REQUESTED);
    is_dead("up", token);
}

static void a_token_of_a_profile_that_was_lost_is_dead(void **state) {
    (void)state;
    assert_ok(store_write(service.store, send_again, NULL));
    happens(EVENT_LOST); /* to be sent again, with another token */
    is_dead("up", token);
}

static enum err show_another(struct tx *tx, void *user) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, "e1", &d));
    d.hw_other = user;
    return device_set_shown(tx, &d);
}

static void a_token_of_a_copy_is_dead(void **state) {
    char hw[] = "AB";
    (void)state;
    assert_ok(store_write(service.store, show_another, hw));
    is_dead("up", token);
}

static void only_pkcsreq_and_certpoll(void **state) {
    static const char *const types[] = {"17", "21", "22", "3", "99"};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct visit v = begin_at("up", token, message_of(types[i], TRANSACTION));
        assert_null(v.job);
        gets_line(&v, 403);
        end(&v);
    }
    events_are(0, EVENT_NOTE, "");
    counts_are(0, 0, 0);
}

static void what_is_no_message_goes_nowhere(void **state) {
    (void)state;
    struct span good = message_of("19", TRANSACTION);
    struct span forged = arena_copy(&arena, good);
    ((uint8_t *)(uintptr_t)forged.p)[forged.n - 9] ^= 1; /* in the signature */
    struct span bad[] = {span_str("<html>"), SPAN_NONE, {good.p, good.n - 1}, forged};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct visit v = begin_at("up", token, bad[i]);
        assert_null(v.job);
        assert_int_equal(v.answer.status, 400);
        end(&v);
    }
    counts_are(0, 0, 0);
}

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

static enum err move_token(struct tx *tx, void *user) {
    uint8_t hash[32];
    TRY(challenge_hash(scep_authority, span_str(token), hash));
    return relay_token_set(tx, span_of(hash, sizeof hash), user, "e1", clock_ms() + HOUR);
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

/* ---- what is too much ---- */

static void stays(const char *type, int status, const char *why) {
    struct visit v = begin_at("up", token, message_of(type, TRANSACTION));
    assert_null(v.job);
    gets_line(&v, status);
    events_are(1, EVENT_NOTE, why);
    end(&v);
}

static void it_goes_on(const char *type) {
    struct visit v = begin_at("up", token, message_of(type, TRANSACTION));
    assert_non_null(v.job);
    end(&v);
}

static void who_asks_for_ever_is_stopped(void **state) {
    (void)state;
    for (int i = 0; i < ENROLL_MAX_ASKS; i++)
        is_refused(404, "text/plain", SPAN_NONE, 404);
    stays("19", 403, "20 requests of this enrollment went to the upstream already");
    it_goes_on("20"); /* the last may wait for its approval */
    counts_are(ENROLL_MAX_ASKS, ENROLL_MAX_ASKS, 0);
}

static void so_many_certificates_are_enough(void **state) {
    struct scep_reply reply = success();
    (void)state;
    for (int i = 0; i < ENROLL_MAX_SUCCESSES; i++)
        is_passed("19", &reply);
    stays("19", 403, "answered 5 requests of this enrollment with SUCCESS");
    struct visit v = begin_at("up", token, message_of("20", TRANSACTION));
    assert_null(v.job);
    end(&v);
    counts_are(ENROLL_MAX_SUCCESSES, ENROLL_MAX_SUCCESSES, ENROLL_MAX_SUCCESSES);
}

/* A well-signed message around so many bytes, which nobody here opens. */
static struct visit sends(const char *upstream, size_t n) {
    struct span bytes = span_of(arena_alloc(&arena, n), n);
    return begin_at(upstream, token, message_new(&arena, "19", TRANSACTION, bytes, &host));
}

static void is_too_long(const char *upstream, size_t n) {
    struct visit v = sends(upstream, n);
    assert_null(v.job);
    gets_line(&v, 413);
    end(&v);
}

static void is_not_too_long(const char *upstream, size_t n) {
    struct visit v = sends(upstream, n);
    assert_non_null(v.job);
    end(&v);
}

static void only_so_large_a_message_goes_on(void **state) {
    (void)state;
    is_not_too_long("up", 60 * 1024);
    is_too_long("up", 64 * 1024);
    is_too_long("up", 900 * 1024);
    assert_ok(store_write(service.store, move_token, (void *)(uintptr_t) "old"));
    is_not_too_long("old", 14 * 1024);
    is_too_long("old", 16 * 1024);
    counts_are(2, 0, 0);
}

static void breaks(enum fetch_cause cause, int expected) {
    struct visit v = begin(message_of("19", TRANSACTION));
    v.job->result = ERR_IO;
    v.job->reply.cause = cause;
    snprintf(v.job->detail, sizeof v.job->detail, "cannot reach 'http://user.invalid': %d", cause);
    finish(&v);
    gets_line(&v, expected);
    end(&v);
}

static void silence_may_have_issued(void **state) {
    (void)state;
    breaks(FETCH_TIMEOUT, 504);
    events_are(1, EVENT_NOTE, "did not answer in time");
    counts_are(1, 0, 0);
    breaks(FETCH_RESET, 502);
    counts_are(2, 0, 0);
    events_are(1, EVENT_ALARM, "may have issued");
    breaks(FETCH_LIMIT, 502);
    events_are(1, EVENT_ALARM, "larger than 4 MiB");
}

static void what_was_not_reached_has_issued_nothing(void **state) {
    static const enum fetch_cause causes[] = {FETCH_NAME, FETCH_CONNECT, FETCH_TLS_TRUST, FETCH_URL,
                                              FETCH_LOCAL};
    (void)state;
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        breaks(causes[i], 502);
    counts_are(0, 0, 0);
    events_are(5, EVENT_NOTE, "got no request");
    events_are(0, EVENT_ALARM, "");
}

/* So one host cannot take all the places that its upstream has. */
static void one_request_at_a_time(void **state) {
    (void)state;
    struct visit a = begin(message_of("19", "t1"));
    struct visit b = begin_at("up", token, message_of("19", "t2"));
    assert_null(b.job);
    gets_line(&b, 503);
    assert_true(b.answer.retry_after_s > 0);
    events_are(1, EVENT_NOTE, "another request of this enrollment is under way");
    counts_are(1, 0, 0);
    end(&b);
    end(&a); /* never started: it leaves all the same */
    struct visit c = begin(message_of("19", "t3"));
    end(&c);
}

/* However long ago the message came, it counts what is in the database when it goes on. */
static void the_last_look_counts(void **state) {
    (void)state;
    struct visit late = take_at("up", token, message_of("19", "late"));
    assert_null(relay_enrollment(late.relay));
    for (int i = 0; i < ENROLL_MAX_ASKS; i++)
        is_refused(404, "text/plain", SPAN_NONE, 404);
    assert_ok(store_write(service.store, find_and_ask, &late));
    assert_null(late.job);
    gets_line(&late, 403);
    counts_are(ENROLL_MAX_ASKS, ENROLL_MAX_ASKS, 0);
    end(&late);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        RELAY(only_a_live_token_is_served),
        RELAY(a_token_ends_with_the_thumbprint),
        RELAY(a_token_ends_with_the_enrollment),
        RELAY(a_token_ends_with_a_failure_that_is_over),
        RELAY(a_token_ends_by_itself),
        RELAY(a_token_of_a_profile_that_was_lost_is_dead),
        RELAY(a_token_of_a_copy_is_dead),
        RELAY(only_pkcsreq_and_certpoll),
        RELAY(what_is_no_message_goes_nowhere),
        RELAY(by_post_the_message_goes_as_it_came),
        RELAY(by_get_the_message_is_in_the_url),
        RELAY(success_is_told_and_counted),
        RELAY(a_second_success_is_an_alarm),
        RELAY(failure_is_told_with_its_words),
        RELAY(pending_is_followed),
        RELAY(another_transaction_is_wrong),
        RELAY(a_strangers_certrep_is_wrong),
        RELAY(a_certrep_that_was_changed_is_wrong),
        RELAY(what_is_no_certrep_is_wrong),
        RELAY(http_errors_are_passed_on),
        RELAY(no_5xx_is_an_outcome),
        RELAY(who_asks_for_ever_is_stopped),
        RELAY(so_many_certificates_are_enough),
        RELAY(only_so_large_a_message_goes_on),
        RELAY(silence_may_have_issued),
        RELAY(what_was_not_reached_has_issued_nothing),
        RELAY(one_request_at_a_time),
        RELAY(the_last_look_counts),
    };
    return cmocka_run_group_tests_name("relay", tests, prepare, clean_up);
}
