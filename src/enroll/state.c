/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/state.h"

#include <string.h>

/* The store names these in its SQL (sql.h, enrollment.c, upstream.c, journal.c, renewal.c). */
_Static_assert(STATE_ASSIGNED == 1 && STATE_SENT == 2 && STATE_ACCEPTED == 3 &&
                   STATE_REQUESTED == 5 && STATE_ISSUED == 6 && STATE_REFUSED == 7 &&
                   STATE_CONFIRMED == 8 && STATE_FAILED == 9 && STATE_REPORTED == 11 &&
                   STATE_EXPIRING == 12 && STATE_RENEWED == 13 && STATE_REMOVING == 14 &&
                   STATE_REMOVED == 15 && STATE_REVOKED == 16 && STATE_GONE == 17,
               "numbers of states");
_Static_assert(EVENT_ALARM == 13 && EVENT_GONE == 17 && EVENT_RENEWED == 18, "numbers of events");

static const char *const state_names[STATE__MAX] = {
    [STATE_ASSIGNED] = "assigned",   [STATE_SENT] = "sent",
    [STATE_ACCEPTED] = "accepted",   [STATE_REJECTED] = "rejected",
    [STATE_REQUESTED] = "requested", [STATE_ISSUED] = "issued",
    [STATE_REFUSED] = "refused",     [STATE_CONFIRMED] = "confirmed",
    [STATE_FAILED] = "failed",       [STATE_UNCONFIRMED] = "unconfirmed",
    [STATE_REPORTED] = "reported",   [STATE_EXPIRING] = "expiring",
    [STATE_RENEWED] = "renewed",     [STATE_REMOVING] = "removing",
    [STATE_REMOVED] = "removed",     [STATE_REVOKED] = "revoked",
    [STATE_GONE] = "gone",
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
    [EVENT_EXPIRING] = "expiring",
    [EVENT_GONE] = "gone",
    [EVENT_RENEWED] = "renewed",
    [EVENT_TAKEN] = "taken",
    [EVENT_REMOVED] = "removed",
    [EVENT_REVOKED] = "revoked",
};

const char *enroll_state_name(enum enroll_state state) {
    return state > 0 && state < STATE__MAX ? state_names[state] : "none";
}

bool enroll_state_parse(const char *name, enum enroll_state *out) {
    for (int state = STATE_ASSIGNED; state < STATE__MAX; state++)
        if (strcmp(name, state_names[state]) == 0) {
            *out = (enum enroll_state)state;
            return true;
        }
    return false;
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

/* What the host does and says until the outcome is known. */
static enum enroll_state on_the_way(enum enroll_state before, enum event_kind event) {
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
        return with_host || before == STATE_REPORTED || before == STATE_GONE ? STATE_CONFIRMED
                                                                             : before;
    case EVENT_REPORTED:
        return with_host || before == STATE_GONE ? STATE_REPORTED : before;
    case EVENT_FAILED:
        return with_host ? STATE_FAILED : before;
    case EVENT_UNCONFIRMED:
        return enroll_state_open(before) ? STATE_UNCONFIRMED : before;
    default:
        return before;
    }
}

/* What becomes of it after that. */
static enum enroll_state afterwards(enum enroll_state before, enum event_kind event) {
    bool held = before == STATE_CONFIRMED || before == STATE_REPORTED;
    bool ended = before == STATE_REMOVED || before == STATE_REVOKED;
    switch (event) {
    case EVENT_EXPIRING:
        return held ? STATE_EXPIRING : before;
    case EVENT_GONE:
        return held || before == STATE_EXPIRING ? STATE_GONE : before;
    case EVENT_RENEWED:
        return held || before == STATE_EXPIRING || before == STATE_GONE ? STATE_RENEWED : before;
    case EVENT_TAKEN:
        if (before == STATE_ASSIGNED) /* the host never had it */
            return STATE_REMOVED;
        return before && !ended && before != STATE_RENEWED ? STATE_REMOVING : before;
    case EVENT_REMOVED:
        return before == STATE_RENEWED || before == STATE_REMOVING ? STATE_REMOVED : before;
    case EVENT_REVOKED:
        return before && !ended ? STATE_REVOKED : before;
    default:
        return before;
    }
}

enum enroll_state enroll_state_after(enum enroll_state before, enum event_kind event) {
    return event < EVENT_EXPIRING ? on_the_way(before, event) : afterwards(before, event);
}
