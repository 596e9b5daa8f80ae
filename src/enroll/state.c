/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/state.h"

/* The store names these in its SQL (sql.h, upstream.c, journal.c). */
_Static_assert(STATE_ASSIGNED == 1 && STATE_SENT == 2 && STATE_ACCEPTED == 3 &&
                   STATE_REQUESTED == 5 && STATE_ISSUED == 6 && STATE_REFUSED == 7 &&
                   STATE_FAILED == 9 && STATE_REPORTED == 11,
               "numbers of states");
_Static_assert(EVENT_ALARM == 13, "number of alarms");

static const char *const state_names[STATE__MAX] = {
    [STATE_ASSIGNED] = "assigned",   [STATE_SENT] = "sent",
    [STATE_ACCEPTED] = "accepted",   [STATE_REJECTED] = "rejected",
    [STATE_REQUESTED] = "requested", [STATE_ISSUED] = "issued",
    [STATE_REFUSED] = "refused",     [STATE_CONFIRMED] = "confirmed",
    [STATE_FAILED] = "failed",       [STATE_UNCONFIRMED] = "unconfirmed",
    [STATE_REPORTED] = "reported",
};

static const char *const event_names[EVENT__MAX] = {
    [EVENT_ASSIGNED] = "assigned",
    [EVENT_SENT] = "sent",
    [EVENT_ACCEPTED] = "accepted",
    [EVENT_REJECTED] = "rejected",
    [EVENT_LOST] = "lost",
    [EVENT_REQUESTED] = "requested",
    [EVENT_ISSUED] = "issued",
    [EVENT_REFUSED] = "refused",
    [EVENT_CONFIRMED] = "confirmed",
    [EVENT_FAILED] = "failed",
    [EVENT_UNCONFIRMED] = "unconfirmed",
    [EVENT_NOTE] = "note",
    [EVENT_ALARM] = "alarm",
    [EVENT_SUPERSEDED] = "superseded",
    [EVENT_REPORTED] = "reported",
};

const char *enroll_state_name(enum enroll_state state) {
    return state > 0 && state < STATE__MAX ? state_names[state] : "none";
}

const char *event_kind_name(enum event_kind kind) {
    return kind > 0 && kind < EVENT__MAX ? event_names[kind] : "none";
}

bool enroll_state_open(enum enroll_state state) {
    switch (state) {
    case STATE_SENT:
    case STATE_ACCEPTED:
    case STATE_REQUESTED:
    case STATE_ISSUED:
    case STATE_REFUSED:
    case STATE_FAILED:
        return true;
    default:
        return false;
    }
}

enum enroll_state enroll_state_after(enum enroll_state before, enum event_kind event) {
    bool with_host = enroll_state_open(before) || before == STATE_UNCONFIRMED;
    switch (event) {
    case EVENT_ASSIGNED:
        return before == 0 ? STATE_ASSIGNED : before;
    case EVENT_SENT:
        return before == STATE_ASSIGNED ? STATE_SENT : before;
    case EVENT_LOST:
        return before == STATE_SENT ? STATE_ASSIGNED : before;
    case EVENT_ACCEPTED:
        return before == STATE_SENT ? STATE_ACCEPTED : before;
    case EVENT_REJECTED:
        return before == STATE_SENT || before == STATE_ASSIGNED ? STATE_REJECTED : before;
    case EVENT_REQUESTED:
        return with_host ? STATE_REQUESTED : before;
    case EVENT_ISSUED:
        return with_host ? STATE_ISSUED : before;
    case EVENT_REFUSED:
        return before == STATE_SENT || before == STATE_ACCEPTED || before == STATE_REQUESTED
                   ? STATE_REFUSED
                   : before;
    case EVENT_CONFIRMED:
        return with_host || before == STATE_REPORTED ? STATE_CONFIRMED : before;
    case EVENT_REPORTED:
        return with_host ? STATE_REPORTED : before;
    case EVENT_FAILED:
        return with_host ? STATE_FAILED : before;
    case EVENT_UNCONFIRMED:
        return enroll_state_open(before) ? STATE_UNCONFIRMED : before;
    case EVENT_NOTE:
    case EVENT_ALARM:
    case EVENT_SUPERSEDED:
    case EVENT__MAX:
        break;
    }
    return before;
}
