/* SPDX-License-Identifier: Apache-2.0 */
/* A host whose enrollments live: certificates that it gets, shows, loses; and a clock to move. */
#ifndef SIGNET_TESTS_LIFE_FIXTURE_H
#define SIGNET_TESTS_LIFE_FIXTURE_H

#include "mdm_fixture.h"

#include "base/clock.h"
#include "enroll/life.h"
#include "store/assignment.h"
#include "store/group.h"
#include "store/journal.h"

static int64_t shifted;

static inline void move_clock(int64_t ms) {
    clock_shift(ms);
    shifted += ms;
}

/* ---- works on the store: one function with one argument each ---- */

struct job {
    enum err (*run)(struct tx *tx, struct job *job);
    struct device device;
    const char *id, *sha1, *text;
    int64_t life, n;
    bool flag;
    struct observation seen;
    struct enrollment e, *all;
};

static inline enum err run_job(struct tx *tx, void *user) {
    struct job *j = user;
    TRY(device_by_device_id(tx, &arena, DEVICE, &j->device));
    if (j->id)
        TRY(enrollment_get(tx, &arena, j->id, &j->e));
    return j->run(tx, j);
}

static inline struct job done(struct job j) {
    assert_ok(store_write(store, run_job, &j));
    return j;
}

static inline enum err put_profile(struct tx *tx, struct job *j) {
    const struct stored_profile p = {.name = j->text, .body = filled_profile(), .created = 1};
    return profile_put(tx, &p);
}

static inline enum err assign_it(struct tx *tx, struct job *j) {
    bool added;
    struct assignment s = {.profile = j->text, .device = j->device.id, .created = clock_ms()};
    TRY(assignment_put(tx, &s, &added));
    return enroll_reconcile(tx, &arena, &j->device, &j->flag);
}

static inline enum err reconcile(struct tx *tx, struct job *j) {
    return enroll_reconcile(tx, &arena, &j->device, &j->flag);
}

static inline enum err renew(struct tx *tx, struct job *j) {
    return enroll_renew_due(tx, &arena, &j->device, clock_ms());
}

static inline enum err list(struct tx *tx, struct job *j) {
    return enrollment_list(tx, &arena, j->device.id, &j->all);
}

static inline enum err take(struct tx *tx, struct job *j) {
    return enroll_take(tx, &j->e, "taken");
}

static inline enum err leave(struct tx *tx, struct job *j) {
    return enroll_leave(tx, &arena, &j->device, "it left", &j->flag);
}

static inline enum err record(struct tx *tx, struct job *j) {
    return enroll_record(tx, &j->e, (enum event_kind)j->n, "an event", NULL);
}

static inline enum err add_cert(struct tx *tx, const char *id, const char *sha1, int64_t life) {
    struct certificate c = {.serial = span_str(sha1),
                            .ca = "ca",
                            .endpoint = "default",
                            .enrollment = id,
                            .subject = "CN=PC",
                            .sha1 = sha1,
                            .der = span_str(sha1),
                            .not_before = clock_ms(),
                            .not_after = clock_ms() + life,
                            .issued = clock_ms()};
    return certificate_add(tx, &c);
}

static inline enum err observe(struct tx *tx, struct job *j) {
    struct enrollment *present;
    TRY(enrollment_list_present(tx, &arena, j->e.device, &present));
    return enroll_observe(tx, &arena, &j->e, present, &mdm.enroll_policy, &j->seen);
}

/* Sent, accepted, asked for, issued, shown. */
static inline enum err get_it(struct tx *tx, struct job *j) {
    TRY(enroll_record(tx, &j->e, EVENT_SENT, "sent", NULL));
    TRY(enroll_accepted(tx, &j->e, &mdm.enroll_policy, "accepted", "200"));
    TRY(enroll_record(tx, &j->e, EVENT_REQUESTED, "requested", NULL));
    TRY(add_cert(tx, j->id, j->sha1, j->life));
    TRY(enroll_record(tx, &j->e, EVENT_ISSUED, "issued", NULL));
    j->seen = (struct observation){.status = "1", .thumbprint = j->sha1};
    return observe(tx, j);
}

/* ---- steps ---- */

static inline struct enrollment *all_of_it(void) {
    return done((struct job){.run = list}).all;
}

static inline int count_all(void) {
    int n = 0;
    for (struct enrollment *e = all_of_it(); e; e = e->next)
        n++;
    return n;
}

static inline const char *newest(void) {
    const char *id = NULL;
    for (struct enrollment *e = all_of_it(); e; e = e->next)
        id = e->id;
    return id;
}

static inline const char *assigned(const char *profile) {
    done((struct job){.run = assign_it, .text = profile});
    return enrollment.id = newest();
}

static inline void gets(const char *id, const char *sha1, int64_t life) {
    done((struct job){.run = get_it, .id = id, .sha1 = sha1, .life = life});
}

static inline void shows(const char *id, const char *thumbprint) {
    done((struct job){.run = observe, .id = id, .seen = {.status = "1", .thumbprint = thumbprint}});
}

static inline void has_lost(const char *id) {
    done((struct job){.run = observe, .id = id, .seen = {.absent = true}});
}

static inline void happens(const char *id, enum event_kind event) {
    done((struct job){.run = record, .id = id, .n = event});
}

static inline struct enrollment get(const char *id) {
    enrollment.id = id;
    return look().e;
}

static inline void state_is(const char *id, const char *state) {
    assert_string_equal(enroll_state_name((enum enroll_state)get(id).state), state);
}

static inline int events(const char *id, int kind, const char *word) {
    enrollment.id = id;
    return count_events(kind, word);
}

/* "" when it is live; else the reason. */
static inline enum err find_cert(struct tx *tx, struct job *j) {
    struct certificate c;
    TRY(certificate_find(tx, &arena, j->sha1, &c));
    j->text = c.revoked ? c.reason : "";
    return OK;
}

static inline const char *reason(const char *sha1) {
    return done((struct job){.run = find_cert, .sha1 = sha1}).text;
}

static const char A1[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
static const char B1[] = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
static const char C1[] = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";

static inline int open_life(void **state) {
    log_set_level(LOG_ERROR);
    open_house(state);
    done((struct job){.run = put_profile, .text = "wifi"});
    done((struct job){.run = put_profile, .text = "vpn"});
    return 0;
}

static inline int close_life(void **state) {
    move_clock(-shifted);
    return close_house(state);
}

#define WITH_LIFE(test) cmocka_unit_test_setup_teardown(test, open_life, close_life)

#endif
