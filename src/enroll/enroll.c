/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/enroll.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/key.h"
#include "csp/profile.h"
#include "enroll/life.h"
#include "enroll/pfx.h"
#include "enroll/record.h"

#define KEPT_MS   (30 * DAY_MS) /* from its end on; see enrollment_end */
#define UNSEEN_MS (366 * DAY_MS)

enum { ID_BYTES = 6, MAX_TEXT = 1024, MAX_EVENTS = 50, MAX_LOST = 20, MAX_LOST_PASSWORDS = 3 };

const char *enroll_what(const struct enrollment *e) {
    return e->kind == ENROLLMENT_PFX ? "the PKCS#12" : "the profile";
}

const char *enroll_how_anew(const struct enrollment *e) {
    return e->kind == ENROLLMENT_PFX ? "make a new one (signet pfx make)"
                                     : "assign the profile anew";
}

/*
 * A client that repeats itself for ever must not fill the database: after the fiftieth event of a
 * kind that costs him nothing, the rest of that kind stands in the log only. SENT and LOST always
 * move the state, so that what is sent is known as sent: enroll_lost bounds them.
 */
static enum err has_enough(struct tx *tx, const struct enrollment *e, enum event_kind kind,
                           bool *enough) {
    int64_t count;
    *enough = false;
    if (e->events < MAX_EVENTS)
        return OK;
    if (kind != EVENT_NOTE && kind != EVENT_ALARM && kind != EVENT_REQUESTED &&
        kind != EVENT_REFUSED && kind != EVENT_FAILED)
        return OK;
    TRY(enrollment_count_events(tx, e->id, (int)kind, &count));
    *enough = count >= MAX_EVENTS;
    return OK;
}

enum err enroll_keep_ended(struct tx *tx, const struct enrollment *e) {
    return enrollment_end(tx, e->id, clock_ms() + KEPT_MS, clock_ms() + UNSEEN_MS);
}

/* The state moves with the event; `row`: all else that has changed is written, too. */
static enum err write_event(struct tx *tx, struct enrollment *e, enum event_kind kind,
                            const char *text, va_list *evidence, bool row) {
    ARENA_AUTO(a);
    struct event event = {.at = clock_ms(),
                          .kind = kind,
                          .text = text_claim(&a, span_str(text), MAX_TEXT),
                          .evidence = evidence_json(&a, evidence)};
    e->state = enroll_state_after((enum enroll_state)e->state, kind);
    e->events++;
    return row ? enrollment_record(tx, e, &event) : enrollment_add_event(tx, e->id, &event);
}

static enum err add_event(struct tx *tx, struct enrollment *e, enum event_kind kind,
                          const char *text, va_list *evidence, bool row) {
    bool enough;
    TRY(has_enough(tx, e, kind, &enough));
    if (enough) { /* nor does it move the state, which is a function of the events */
        store_log(tx, LOG_WARN, "enrollment", "id=%s event=%s status=uncounted text=%s", e->id,
                  event_kind_name(kind), log_q(span_str(text)));
        return row ? enrollment_update(tx, e) : OK;
    }
    enum enroll_state before = (enum enroll_state)e->state;
    TRY(write_event(tx, e, kind, text, evidence, row));
    TRY(pfx_moved(tx, e, before));
    if (e->state != (int)before && enroll_has_ended(e))
        TRY(enroll_keep_ended(tx, e));
    store_log(tx, kind == EVENT_ALARM ? LOG_WARN : LOG_INFO, "enrollment",
              "id=%s event=%s state=%s was=%s text=%s", e->id, event_kind_name(kind),
              enroll_state_name((enum enroll_state)e->state), enroll_state_name(before),
              log_q(span_str(text)));
    return OK;
}

enum err enroll_add_event(struct tx *tx, struct enrollment *e, enum event_kind kind,
                          const char *text, va_list *evidence) {
    return add_event(tx, e, kind, text, evidence, false);
}

enum err enroll_record(struct tx *tx, struct enrollment *e, enum event_kind kind, const char *text,
                       ...) {
    va_list ap;
    va_start(ap, text);
    enum err result = add_event(tx, e, kind, text, &ap, true);
    va_end(ap);
    return result;
}

enum err enroll_event(struct tx *tx, struct enrollment *e, enum event_kind kind, const char *text,
                      ...) {
    va_list ap;
    va_start(ap, text);
    enum err result = add_event(tx, e, kind, text, &ap, false);
    va_end(ap);
    return result;
}

enum err enroll_new_id(struct arena *a, const char **out) {
    uint8_t random[ID_BYTES];
    char *id = arena_alloc(a, 2 * ID_BYTES + 1);
    TRY(random_bytes(random, sizeof random));
    hex_lower(span_of(random, sizeof random), id);
    *out = id;
    return OK;
}

enum err enroll_begin(struct tx *tx, struct arena *a, const struct device *device,
                      const struct stored_profile *profile, const struct enroll_origin *origin,
                      struct enrollment *out) {
    const char *id;
    struct profile p;
    TRY(profile_read(a, span_str(profile->body), &p));
    TRY(enroll_new_id(a, &id));
    *out = (struct enrollment){
        .id = id,
        .device = device->id,
        .profile = profile->name,
        .endpoint = profile->endpoint,
        .body = profile->body,
        .send_anyway = profile->send_anyway,
        .state = STATE_ASSIGNED,
        .created = clock_ms(),
        .user_scope = p.user_scope,
        .assignment = origin->assignment,
        .replaces = origin->replaces,
    };
    TRY(enrollment_add(tx, out));
    const char *text = origin->text ? origin->text
                                    : arena_printf(a, "profile '%s' was assigned to %s",
                                                   profile->name, device->name);
    return enroll_record(tx, out, EVENT_ASSIGNED, text, "profile", profile->name, "device",
                         device->device_id, "replaces", origin->replaces, NULL);
}

enum err enroll_assign(struct tx *tx, struct arena *a, const struct device *device,
                       const struct stored_profile *profile, struct enrollment *out) {
    return enroll_begin(tx, a, device, profile, &(struct enroll_origin){0}, out);
}

enum err enroll_accepted(struct tx *tx, struct enrollment *e, const struct enroll_policy *policy,
                         const char *text, const char *code) {
    e->deadline = clock_ms() + policy->confirm_within;
    e->sessions = 0;
    return enroll_record(tx, e, EVENT_ACCEPTED, text, "status", code, NULL);
}

static enum err takes_passwords(struct tx *tx, struct arena *a, struct enrollment *e, bool *out) {
    struct upstream u;
    enum err found = upstream_get(tx, a, e->endpoint, &u);
    *out = false;
    if (found != OK || u.mode != UPSTREAM_RELAY || !u.ndes_url)
        return found == ERR_NOT_FOUND ? OK : found;
    TRY(enrollment_body(tx, a, e));
    *out = profile_uses(span_str(e->body), "scep.challenge");
    return OK;
}

enum err enroll_lost(struct tx *tx, struct arena *a, struct enrollment *e, const char *text,
                     const char *code) {
    int64_t lost;
    bool passwords;
    TRY(takes_passwords(tx, a, e, &passwords));
    TRY(enrollment_count_events(tx, e->id, EVENT_LOST, &lost));
    lost++;
    if (lost < (passwords ? MAX_LOST_PASSWORDS : MAX_LOST))
        return enroll_record(tx, e, EVENT_LOST, text, "status", code, NULL);
    TRY(enroll_record(
        tx, e, EVENT_REJECTED,
        arena_printf(a,
                     "%s did not arrive at the host %d times%s: it is not sent any more. Look at "
                     "the events before this one and at the host, then %s",
                     enroll_what(e), (int)lost,
                     passwords ? ", and each time took a password of the upstream's NDES" : "",
                     enroll_how_anew(e)),
        "attempts", arena_printf(a, "%d", (int)lost), NULL));
    return enroll_pfx_rejected(tx, a, e);
}

enum err enroll_supersede(struct tx *tx, struct enrollment *e, const struct certificate *certs,
                          const char *text) {
    for (const struct certificate *c = certs; c; c = c->next) {
        if (c->revoked)
            continue;
        TRY(certificate_revoke(tx, c->id, clock_ms(), "superseded"));
        TRY(journal_record(tx, JOURNAL_REVOKED, c->endpoint, c->id, text, "reason", "superseded",
                           NULL));
        TRY(enroll_record(tx, e, EVENT_SUPERSEDED, text, "thumbprint", c->sha1, NULL));
    }
    return OK;
}

bool enroll_is_open(const struct enrollment *e) {
    return enroll_state_open((enum enroll_state)e->state) &&
           (e->state != STATE_FAILED || e->deadline);
}

bool enroll_has_ended(const struct enrollment *e) {
    return e->state == STATE_REMOVED || e->state == STATE_REVOKED;
}

bool enroll_is_kept(const struct enrollment *e) {
    return e->state == STATE_CONFIRMED || e->state == STATE_REPORTED ||
           e->state == STATE_EXPIRING || e->state == STATE_GONE;
}

bool enroll_wants_answer(const struct enrollment *e, int64_t now, bool hint) {
    if (e->state == STATE_UNCONFIRMED)
        return hint; /* late, and still welcome */
    if (enroll_is_kept(e))
        return hint || now >= e->next_check;
    if (!enroll_is_open(e))
        return false;
    if (!e->deadline) /* its acceptance was lost on the way */
        return true;
    return hint || e->state != STATE_FAILED || now >= e->next_ask;
}

static enum err expire_one(struct tx *tx, struct enrollment *e) {
    e->deadline = 0;
    if (!enroll_state_open((enum enroll_state)e->state))
        return enrollment_update(tx, e);
    if (e->state == STATE_FAILED)
        return enroll_record(tx, e, EVENT_NOTE,
                             "the time for a later success is over: the enrollment stays failed",
                             NULL);
    return enroll_record(tx, e, EVENT_UNCONFIRMED,
                         "the time is over, and the host has not shown the certificate",
                         "last_status", e->host_status, NULL);
}

enum err enroll_expire(struct tx *tx, const struct enroll_policy *policy, int64_t now, int *count) {
    ARENA_AUTO(a);
    struct enrollment *due;
    *count = 0;
    TRY(enrollment_list_due(tx, &a, now, policy->confirm_sessions, &due));
    for (struct enrollment *e = due; e; e = e->next, ++*count)
        TRY(expire_one(tx, e));
    return OK;
}
