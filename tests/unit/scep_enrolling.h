/* SPDX-License-Identifier: Apache-2.0 */
/* Enrollments of MDM for the tests of PKIOperation. */
#ifndef SIGNET_TESTS_SCEP_ENROLLING_H
#define SIGNET_TESTS_SCEP_ENROLLING_H

#include "scep_steps.h"

#include "enroll/enroll.h"
#include "store/challenge.h"

static const char enrolling_sid[] = "S-1-5-21-1004336348-1177238915-682003330-1105";

struct enrolling {
    const char *id, *subject, *endpoint;
    char challenge[CHALLENGE_SIZE];
};

static inline enum err enroll_work(struct tx *tx, void *user) {
    struct enrolling *x = user;
    uint8_t hash[32];
    struct device d = {
        .device_id = x->id, .name = "H", .hw_dev_id = "", .os_version = "", .account = "alice"};
    TRY(device_put(tx, &d));
    TRY(device_set_sid(tx, d.id, enrolling_sid));
    struct enrollment e = {
        .id = x->id, .device = d.id, .profile = "p", .endpoint = x->endpoint, .body = ""};
    TRY(enrollment_add(tx, &e));
    TRY(enroll_record(tx, &e, EVENT_ASSIGNED, "assigned", NULL));
    e.subject = x->subject;
    e.eku = "1.3.6.1.5.5.7.3.2";
    e.key_usage = 160;
    e.key_length = 2048;
    TRY(enroll_record(tx, &e, EVENT_SENT, "sent", NULL));
    TRY(challenge_mint(x->challenge));
    TRY(challenge_hash(scep_authority, span_str(x->challenge), hash));
    struct challenge c = {.hash = span_of(hash, 32),
                          .kind = CHALLENGE_ENROLLMENT,
                          .endpoint = x->endpoint,
                          .enrollment = x->id,
                          .created = clock_ms(),
                          .expires = clock_ms() + DAY};
    return challenge_replace(tx, &c);
}

/* An enrollment that was sent, at that endpoint; its challenge. */
static inline const char *assign_at(int endpoint, const char *id, const char *subject) {
    struct enrolling x = {.id = id, .subject = subject, .endpoint = endpoint_of(endpoint)->name};
    assert_ok(store_write(service.store, enroll_work, &x));
    return arena_printf(&arena, "%s", x.challenge);
}

static inline const char *assign(const char *id, const char *subject) {
    return assign_at(EP_DEFAULT, id, subject);
}

/* As the rows of a time when a pending request did not keep its enrollment. */
static inline void forget_enrollment(void) {
    static const char *const tables[] = {"event", "challenge", "enrollment"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        ask(arena_printf(&arena, "DELETE FROM %s", tables[i]));
}

static inline int64_t events(int kind) {
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM event WHERE kind = %d", kind);
    return ask(sql);
}

#endif
