/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode relay. The upstream is an endpoint of scep_fixture's; nothing is sent: each test writes the
 * answer that came.
 */
#ifndef SIGNET_TESTS_RELAY_FIXTURE_H
#define SIGNET_TESTS_RELAY_FIXTURE_H

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

static inline struct upstream settings_of(const char *name, const char *capabilities) {
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

static inline enum err add_enrollment(struct tx *tx, const char *id) {
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

static inline enum err set_up_work(struct tx *tx, void *user) {
    struct upstream up = settings_of("up", "POSTPKIOperation\nSHA-256\nAES\n");
    struct upstream old = settings_of("old", "SHA-1\nDES3\n");
    (void)user;
    TRY(upstream_add(tx, &up));
    TRY(upstream_add(tx, &old));
    return add_enrollment(tx, "e1");
}

static inline int open_gateway(void **state) {
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

static inline int close_gateway(void **state) {
    gateway_close(gateway);
    gateway = NULL;
    return close_store(state);
}

/* ---- a request and its answer ---- */

struct visit {
    const struct gateway_upstream *upstream;
    struct relay *relay;
    struct fetch_job *job;
    struct relay_answer answer;
};

static inline struct span message_of(const char *type, const char *transaction) {
    return message_new(&arena, type, transaction, csr_of("host", "secret", 2), &host);
}

static inline enum err find_and_ask(struct tx *tx, void *user) {
    struct visit *v = user;
    TRY(relay_find(tx, v->relay));
    return relay_ask(tx, v->relay, &v->job, &v->answer);
}

static inline struct visit take_at(const char *name, const char *by, struct span message) {
    struct visit v = {.upstream = gateway_acquire(gateway, name)};
    assert_non_null(v.upstream);
    assert_ok(relay_new(gateway, v.upstream, &arena, by, "192.0.2.7", &v.relay));
    relay_take(v.relay, OK, message);
    return v;
}

static inline struct visit begin_at(const char *name, const char *by, struct span message) {
    struct visit v = take_at(name, by, message);
    assert_ok(store_write(service.store, find_and_ask, &v));
    return v;
}

static inline struct visit begin(struct span message) {
    struct visit v = begin_at("up", token, message);
    assert_non_null(v.job);
    return v;
}

static inline void end(struct visit *v) {
    relay_end(v->relay);
    gateway_release(v->upstream);
}

/* What the upstream says, as the pool hands it over. */
static inline void answer_with(struct visit *v, int status, const char *type, struct span body) {
    v->job->result = OK;
    v->job->reply.status = status;
    snprintf(v->job->reply.content_type, sizeof v->job->reply.content_type, "%s", type);
    buf_span(&v->job->reply.body, body);
}

static inline void finish(struct visit *v) {
    relay_read(v->relay, &v->answer);
    assert_ok(store_write(service.store, relay_commit, v->relay));
}

static inline struct span certrep(struct span message, const struct scep_reply *reply) {
    struct scep_request request;
    struct span der;
    assert_ok(scep_read(&arena, message, &request));
    assert_ok(
        scep_build_reply(&arena, &request, reply, &endpoint_of(EP_DEFAULT)->signer, false, &der));
    return der;
}

static inline struct scep_reply success(void) {
    return (struct scep_reply){.status = SCEP_SUCCESS, .cert = host.cert};
}

/* A whole request that is answered by a CertRep, which the host gets untouched. */
static inline void is_passed(const char *type, const struct scep_reply *reply) {
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
static inline void gets_line(const struct visit *v, int status) {
    assert_int_equal(v->answer.status, status);
    assert_non_null(v->answer.text);
    assert_int_equal(v->answer.body.n, 0);
    assert_null(strchr(v->answer.text, '\n'));
    assert_null(strstr(v->answer.text, "up"));
    assert_null(strstr(v->answer.text, "invalid"));
    assert_null(strstr(v->answer.text, "Apache"));
}

/* A whole request that is answered by HTTP without a CertRep that the host could use. */
static inline void is_refused(int status, const char *type, struct span body, int expected) {
    struct visit v = begin(message_of("19", TRANSACTION));
    answer_with(&v, status, type, body);
    finish(&v);
    gets_line(&v, expected);
    end(&v);
}

/* ---- the timeline ---- */

static inline void events_are(int64_t n, int kind, const char *like) {
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM event WHERE kind = %d AND text || evidence LIKE '%%%s%%'", kind,
             like);
    assert_int_equal(ask(sql), n);
}

static inline void counts_are(int asks, int answers, int successes) {
    assert_int_equal(ask("SELECT asks FROM enrollment"), asks);
    assert_int_equal(ask("SELECT answers FROM enrollment"), answers);
    assert_int_equal(ask("SELECT successes FROM enrollment"), successes);
}

static inline void state_is(int state) {
    assert_int_equal(ask("SELECT state FROM enrollment"), state);
}

/* ---- tests ---- */

static inline void is_dead(const char *name, const char *by) {
    struct visit v = begin_at(name, by, message_of("19", TRANSACTION));
    assert_null(v.job);
    assert_null(relay_enrollment(v.relay));
    assert_int_equal(v.answer.status, 403);
    assert_string_equal(v.answer.text, DEAD);
    end(&v);
}

static inline enum err record(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment e;
    TRY(enrollment_get(tx, &a, "e1", &e));
    return enroll_record(tx, &e, *(enum event_kind *)user, "by the test", NULL);
}

static inline void happens(enum event_kind kind) {
    assert_ok(store_write(service.store, record, &kind));
}

static inline enum err show_thumbprint(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment e;
    TRY(enrollment_get(tx, &a, "e1", &e));
    e.host_thumbprint = user;
    return enrollment_update(tx, &e);
}

static inline enum err end_deadline(struct tx *tx, void *user) {
    int count;
    ARENA_AUTO(a);
    struct enrollment e;
    (void)user;
    TRY(enrollment_get(tx, &a, "e1", &e));
    e.sessions = policy.confirm_sessions;
    TRY(enrollment_update(tx, &e));
    return enroll_expire(tx, &policy, clock_ms() + 2 * HOUR, &count);
}

static inline enum err end_token(struct tx *tx, void *expires) {
    uint8_t hash[32];
    TRY(challenge_hash(scep_authority, span_str(token), hash));
    return relay_token_set(tx, span_of(hash, sizeof hash), "up", "e1", *(int64_t *)expires);
}

/* As before its acceptance: only then it can get lost. */
static inline enum err send_again(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment e;
    (void)user;
    TRY(enrollment_get(tx, &a, "e1", &e));
    e.state = STATE_SENT;
    return enrollment_update(tx, &e);
}

static inline enum err move_token(struct tx *tx, void *user) {
    uint8_t hash[32];
    TRY(challenge_hash(scep_authority, span_str(token), hash));
    return relay_token_set(tx, span_of(hash, sizeof hash), user, "e1", clock_ms() + HOUR);
}

#define RELAY(name) cmocka_unit_test_setup_teardown(name, open_gateway, close_gateway)

#endif
