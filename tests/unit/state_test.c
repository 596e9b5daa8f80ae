/* SPDX-License-Identifier: Apache-2.0 */
/* The whole table of states and events, written out by hand: nothing here is computed as state.c
 * does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "enroll/state.h"

#define NONE 0
#define AS   STATE_ASSIGNED
#define SE   STATE_SENT
#define AC   STATE_ACCEPTED
#define RJ   STATE_REJECTED
#define RQ   STATE_REQUESTED
#define IS   STATE_ISSUED
#define RF   STATE_REFUSED
#define CO   STATE_CONFIRMED
#define FA   STATE_FAILED
#define UN   STATE_UNCONFIRMED
#define RE   STATE_REPORTED
#define EX   STATE_EXPIRING
#define RN   STATE_RENEWED
#define RI   STATE_REMOVING
#define RM   STATE_REMOVED
#define RV   STATE_REVOKED
#define GO   STATE_GONE

/* Row: the event. Column: the state before it, from none to gone. */
/* clang-format off */
static const int after[EVENT__MAX][STATE__MAX] = {
    /*                     none  AS  SE  AC  RJ  RQ  IS  RF  CO  FA  UN  RE  EX  RN  RI  RM  RV  GO */
    [EVENT_ASSIGNED]    = { AS,   AS, SE, AC, RJ, RQ, IS, RF, CO, FA, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_SENT]        = { NONE, SE, SE, AC, RJ, RQ, IS, RF, CO, FA, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_ACCEPTED]    = { NONE, AS, AC, AC, RJ, RQ, IS, RF, CO, FA, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_REJECTED]    = { NONE, RJ, RJ, AC, RJ, RQ, IS, RF, CO, FA, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_LOST]        = { NONE, AS, AS, AC, RJ, RQ, IS, RF, CO, FA, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_REQUESTED]   = { NONE, AS, RQ, RQ, RJ, RQ, RQ, RQ, CO, RQ, RQ, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_ISSUED]      = { NONE, AS, IS, IS, RJ, IS, IS, IS, CO, IS, IS, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_REFUSED]     = { NONE, AS, RF, RF, RJ, RF, IS, RF, CO, FA, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_CONFIRMED]   = { NONE, AS, CO, CO, RJ, CO, CO, CO, CO, CO, CO, CO, EX, RN, RI, RM, RV, CO },
    [EVENT_FAILED]      = { NONE, AS, FA, FA, RJ, FA, FA, FA, CO, FA, FA, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_UNCONFIRMED] = { NONE, AS, UN, UN, RJ, UN, UN, UN, CO, UN, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_NOTE]        = { NONE, AS, SE, AC, RJ, RQ, IS, RF, CO, FA, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_ALARM]       = { NONE, AS, SE, AC, RJ, RQ, IS, RF, CO, FA, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_SUPERSEDED]  = { NONE, AS, SE, AC, RJ, RQ, IS, RF, CO, FA, UN, RE, EX, RN, RI, RM, RV, GO },
    [EVENT_REPORTED]    = { NONE, AS, RE, RE, RJ, RE, RE, RE, CO, RE, RE, RE, EX, RN, RI, RM, RV, RE },
    [EVENT_EXPIRING]    = { NONE, AS, SE, AC, RJ, RQ, IS, RF, EX, FA, UN, EX, EX, RN, RI, RM, RV, GO },
    [EVENT_GONE]        = { NONE, AS, SE, AC, RJ, RQ, IS, RF, GO, FA, UN, GO, GO, RN, RI, RM, RV, GO },
    [EVENT_RENEWED]     = { NONE, AS, SE, AC, RJ, RQ, IS, RF, RN, FA, UN, RN, RN, RN, RI, RM, RV, RN },
    [EVENT_TAKEN]       = { NONE, RM, RI, RI, RI, RI, RI, RI, RI, RI, RI, RI, RI, RN, RI, RM, RV, RI },
    [EVENT_REMOVED]     = { NONE, AS, SE, AC, RJ, RQ, IS, RF, CO, FA, UN, RE, EX, RM, RM, RM, RV, GO },
    [EVENT_REVOKED]     = { NONE, RV, RV, RV, RV, RV, RV, RV, RV, RV, RV, RV, RV, RV, RV, RM, RV, RV },
};
/* clang-format on */

static void every_transition(void **state) {
    (void)state;
    for (int event = 1; event < EVENT__MAX; event++)
        for (int before = 0; before < STATE__MAX; before++) {
            int got = enroll_state_after((enum enroll_state)before, (enum event_kind)event);
            if (got != after[event][before])
                fail_msg("%s in state %s gives %s", event_kind_name((enum event_kind)event),
                         enroll_state_name((enum enroll_state)before),
                         enroll_state_name((enum enroll_state)got));
        }
}

static void unknown_events_move_nothing(void **state) {
    (void)state;
    static const int events[] = {0, EVENT__MAX, EVENT__MAX + 1, -1, 1000};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        for (int before = 0; before < STATE__MAX; before++)
            assert_int_equal(
                enroll_state_after((enum enroll_state)before, (enum event_kind)events[i]), before);
}

static enum enroll_state fold(const enum event_kind *events, size_t n) {
    enum enroll_state state = (enum enroll_state)0;
    for (size_t i = 0; i < n; i++)
        state = enroll_state_after(state, events[i]);
    return state;
}

#define FOLD(...)                                \
    fold((const enum event_kind[]){__VA_ARGS__}, \
         sizeof((const enum event_kind[]){__VA_ARGS__}) / sizeof(enum event_kind))
#define DELIVERED EVENT_ASSIGNED, EVENT_SENT, EVENT_ACCEPTED
#define ISSUED    DELIVERED, EVENT_REQUESTED, EVENT_ISSUED

static void stories(void **state) {
    (void)state;
    assert_int_equal(FOLD(ISSUED, EVENT_CONFIRMED), STATE_CONFIRMED);
    assert_int_equal(FOLD(DELIVERED, EVENT_FAILED), STATE_FAILED);
    assert_int_equal(FOLD(DELIVERED, EVENT_FAILED, EVENT_REQUESTED, EVENT_ISSUED), STATE_ISSUED);
    assert_int_equal(FOLD(ISSUED, EVENT_FAILED, EVENT_CONFIRMED), STATE_CONFIRMED);
    assert_int_equal(FOLD(ISSUED, EVENT_UNCONFIRMED, EVENT_CONFIRMED), STATE_CONFIRMED);
    assert_int_equal(FOLD(EVENT_ASSIGNED, EVENT_SENT, EVENT_REJECTED, EVENT_UNCONFIRMED),
                     STATE_REJECTED);
    assert_int_equal(FOLD(EVENT_ASSIGNED, EVENT_SENT, EVENT_LOST), STATE_ASSIGNED);
    assert_int_equal(FOLD(EVENT_ASSIGNED, EVENT_SENT, EVENT_LOST, EVENT_SENT), STATE_SENT);
    assert_int_equal(FOLD(DELIVERED, EVENT_REQUESTED, EVENT_REFUSED), STATE_REFUSED);
    assert_int_equal(FOLD(DELIVERED, EVENT_REQUESTED, EVENT_REFUSED, EVENT_REQUESTED,
                          EVENT_SUPERSEDED, EVENT_ISSUED),
                     STATE_ISSUED);
    /* a relayed enrollment: whatever comes after the report, only the certificate itself counts */
    assert_int_equal(FOLD(ISSUED, EVENT_REPORTED), STATE_REPORTED);
    assert_int_equal(FOLD(ISSUED, EVENT_REPORTED, EVENT_REQUESTED, EVENT_ISSUED, EVENT_REFUSED,
                          EVENT_FAILED, EVENT_UNCONFIRMED),
                     STATE_REPORTED);
    assert_int_equal(FOLD(ISSUED, EVENT_UNCONFIRMED, EVENT_REPORTED, EVENT_CONFIRMED),
                     STATE_CONFIRMED);
    assert_int_equal(FOLD(ISSUED, EVENT_CONFIRMED, EVENT_REPORTED), STATE_CONFIRMED);
    /* nobody is confirmed who was not sent the profile, and nothing begins without an assignment */
    assert_int_equal(FOLD(EVENT_ASSIGNED, EVENT_CONFIRMED), STATE_ASSIGNED);
    assert_int_equal(FOLD(EVENT_SENT, EVENT_ACCEPTED, EVENT_ISSUED, EVENT_CONFIRMED), 0);
    /* the CSR may overtake the host's status */
    assert_int_equal(
        FOLD(EVENT_ASSIGNED, EVENT_SENT, EVENT_REQUESTED, EVENT_ISSUED, EVENT_ACCEPTED),
        STATE_ISSUED);
}

static void lives(void **state) {
    (void)state;
    assert_int_equal(
        FOLD(ISSUED, EVENT_CONFIRMED, EVENT_EXPIRING, EVENT_RENEWED, EVENT_NOTE, EVENT_REMOVED),
        STATE_REMOVED);
    /* what is gone and shown again is confirmed again; what is replaced stays so */
    assert_int_equal(FOLD(ISSUED, EVENT_CONFIRMED, EVENT_GONE, EVENT_CONFIRMED), STATE_CONFIRMED);
    assert_int_equal(FOLD(ISSUED, EVENT_REPORTED, EVENT_GONE, EVENT_REPORTED), STATE_REPORTED);
    assert_int_equal(FOLD(ISSUED, EVENT_CONFIRMED, EVENT_GONE, EVENT_RENEWED, EVENT_CONFIRMED),
                     STATE_RENEWED);
    assert_int_equal(FOLD(ISSUED, EVENT_CONFIRMED, EVENT_EXPIRING, EVENT_GONE), STATE_GONE);
    /* a host that had nothing has nothing to delete; another one may, whatever it said */
    assert_int_equal(FOLD(EVENT_ASSIGNED, EVENT_TAKEN), STATE_REMOVED);
    assert_int_equal(FOLD(EVENT_ASSIGNED, EVENT_SENT, EVENT_TAKEN, EVENT_ACCEPTED), STATE_REMOVING);
    assert_int_equal(FOLD(ISSUED, EVENT_CONFIRMED, EVENT_TAKEN, EVENT_CONFIRMED), STATE_REMOVING);
    /* nothing is deleted that was not to be; nothing comes back after a host has left */
    assert_int_equal(FOLD(ISSUED, EVENT_CONFIRMED, EVENT_REMOVED), STATE_CONFIRMED);
    assert_int_equal(FOLD(ISSUED, EVENT_REVOKED, EVENT_ISSUED, EVENT_CONFIRMED, EVENT_REMOVED),
                     STATE_REVOKED);
}

/* What comes late from the way there, in any order of two. */
static void confirmed_is_never_lost(void **state) {
    (void)state;
    for (int one = 1; one < EVENT_EXPIRING; one++)
        for (int two = 1; two < EVENT_EXPIRING; two++)
            assert_int_equal(
                FOLD(ISSUED, EVENT_CONFIRMED, (enum event_kind)one, (enum event_kind)two),
                STATE_CONFIRMED);
}

static void open_states(void **state) {
    (void)state;
    static const bool open[STATE__MAX] = {
        [STATE_SENT] = true,   [STATE_ACCEPTED] = true, [STATE_REQUESTED] = true,
        [STATE_ISSUED] = true, [STATE_REFUSED] = true,  [STATE_FAILED] = true,
    };
    for (int s = 0; s < STATE__MAX; s++)
        assert_int_equal(enroll_state_open((enum enroll_state)s), open[s]);
}

static void names(void **state) {
    (void)state;
    assert_string_equal(enroll_state_name(STATE_ASSIGNED), "assigned");
    assert_string_equal(enroll_state_name(STATE_UNCONFIRMED), "unconfirmed");
    assert_string_equal(event_kind_name(EVENT_SUPERSEDED), "superseded");
    for (int s = 1; s < STATE__MAX; s++)
        for (int t = s + 1; t < STATE__MAX; t++)
            assert_string_not_equal(enroll_state_name((enum enroll_state)s),
                                    enroll_state_name((enum enroll_state)t));
    for (int e = 1; e < EVENT__MAX; e++)
        for (int f = e + 1; f < EVENT__MAX; f++)
            assert_string_not_equal(event_kind_name((enum event_kind)e),
                                    event_kind_name((enum event_kind)f));
    static const int foreign[] = {0, -1, 99};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(enroll_state_name((enum enroll_state)foreign[i]), "none");
        assert_string_equal(event_kind_name((enum event_kind)foreign[i]), "none");
    }
}

/* They are in databases. */
static void numbers_stay(void **state) {
    (void)state;
    assert_int_equal(STATE_ASSIGNED, 1);
    assert_int_equal(STATE_CONFIRMED, 8);
    assert_int_equal(STATE_UNCONFIRMED, 10);
    assert_int_equal(EVENT_ASSIGNED, 1);
    assert_int_equal(EVENT_CONFIRMED, 9);
    assert_int_equal(EVENT_SUPERSEDED, 14);
    assert_int_equal(STATE_REPORTED, 11);
    assert_int_equal(EVENT_REPORTED, 15);
    assert_int_equal(STATE_EXPIRING, 12);
    assert_int_equal(STATE_GONE, 17);
    assert_int_equal(EVENT_EXPIRING, 16);
    assert_int_equal(EVENT_REVOKED, 21);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition),
        cmocka_unit_test(unknown_events_move_nothing),
        cmocka_unit_test(stories),
        cmocka_unit_test(lives),
        cmocka_unit_test(confirmed_is_never_lost),
        cmocka_unit_test(open_states),
        cmocka_unit_test(names),
        cmocka_unit_test(numbers_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
