/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renewal: the profile goes to the host once more under a new id, while the certificate that it has
 * is still good (windows-mdm.md, A.7: a used id cannot be enrolled again). Only when the host has
 * shown the new one is the old one deleted (enroll_take_places).
 */
#include "base/clock.h"
#include "crypto/digest.h"
#include "enroll/life.h"
#include "enroll/pfx.h"
#include "enroll/record.h"

enum { LEAD_DAYS = 30, MAX_SUCCESSORS = 5, MAX_AT_ONCE = 500 };

/* The same for an id on every machine and after every restart. */
static uint64_t seed_of(const char *id) {
    uint8_t sha256[DIGEST_MAX_SIZE] = {0};
    uint64_t seed = 0;
    if (digest_of(DIGEST_SHA256, span_str(id), sha256) != OK)
        return 0; /* no jitter, then */
    for (size_t i = 0; i < sizeof seed; i++)
        seed = seed << 8 | sha256[i];
    return seed;
}

int64_t renew_due(int64_t not_before, int64_t not_after, const char *id) {
    int64_t life = not_after > not_before ? not_after - not_before : 0;
    int64_t lead = life < 2 * LEAD_DAYS * DAY_MS ? life / 2 : LEAD_DAYS * DAY_MS;
    return not_after - lead - (int64_t)(seed_of(id) % (uint64_t)(lead / 10 + 1));
}

/* A successor that is on its way is looked at again after that: a day, less for short lives. */
static int64_t patience(const struct enrollment *e, int64_t now) {
    int64_t left = e->not_after > now ? (e->not_after - now) / 8 : DAY_MS;
    return left < DAY_MS ? left : DAY_MS;
}

/* The profile as it is now; as it was, where it is not kept any more. */
static enum err current_profile(struct tx *tx, struct arena *a, struct enrollment *e,
                                struct stored_profile *out) {
    enum err found = profile_get(tx, a, e->profile, out);
    if (found != ERR_NOT_FOUND)
        return found;
    TRY(enrollment_body(tx, a, e));
    *out = (struct stored_profile){.name = e->profile,
                                   .endpoint = e->endpoint,
                                   .body = e->body,
                                   .send_anyway = e->send_anyway};
    return OK;
}

enum err enroll_succeed(struct tx *tx, struct arena *a, struct enrollment *e, const char *why,
                        struct enrollment *out) {
    struct device device;
    struct stored_profile p;
    const struct enroll_origin origin = {
        .assignment = e->assignment,
        .replaces = e->id,
        .text = arena_printf(a, "made in the place of %s: %s", e->id, why),
    };
    TRY(device_by_id(tx, a, e->device, &device));
    TRY(current_profile(tx, a, e, &p));
    TRY(enroll_begin(tx, a, &device, &p, &origin, out));
    int64_t now = clock_ms();
    e->renew_at = now + patience(e, now);
    return enroll_record(tx, e, EVENT_EXPIRING,
                         arena_printf(a, "%s: %s is made in its place", why, out->id), "successor",
                         out->id, NULL);
}

/* ---- what is due ---- */

static enum err give_up(struct tx *tx, struct enrollment *e, const char *text, const char *reason) {
    e->renew_at = 0;
    return enroll_record(tx, e, EVENT_ALARM, text, "reason", reason, NULL);
}

static enum err make_another(struct tx *tx, struct arena *a, struct enrollment *e,
                             const char *why) {
    bool revoked;
    struct enrollment successor;
    TRY(enroll_was_revoked(tx, a, e, &revoked));
    if (revoked)
        return give_up(tx, e,
                       "the certificate was revoked: it is not renewed; assign the profile anew, "
                       "or take it away from the host",
                       NULL);
    enum err result = enroll_succeed(tx, a, e, why, &successor);
    if (result == OK || result == ERR_STORE || result == ERR_CRYPTO)
        return result;
    return give_up(tx, e,
                   "the certificate cannot be renewed: the profile cannot be read; add it anew and "
                   "assign it",
                   err_detail());
}

static enum err replaced(struct tx *tx, struct enrollment *e, const struct enrollment *successor) {
    e->renew_at = e->sessions = 0;
    return enroll_record(tx, e, EVENT_RENEWED,
                         "the host has a new certificate in its place: this one is deleted there",
                         "successor", successor->id, NULL);
}

/* A report proves nothing: what it may replace must be of no use any more. */
static enum err wait_for_report(struct tx *tx, struct enrollment *e,
                                const struct enrollment *successor) {
    if (e->state == STATE_GONE)
        return replaced(tx, e, successor);
    e->renew_at = e->not_after;
    return enrollment_update(tx, e);
}

static enum err after_failure(struct tx *tx, struct arena *a, struct enrollment *e,
                              struct enrollment *last, int count) {
    if (count >= MAX_SUCCESSORS)
        return give_up(tx, e,
                       "the certificate was to be renewed five times, and no new one arrived: look "
                       "at the timelines of the enrollments that were made in its place, then "
                       "assign the profile anew",
                       NULL);
    TRY(enroll_take(tx, last, "the renewal failed: another one is tried"));
    return make_another(tx, a, e, "the last renewal failed");
}

/* The newest that was made in its place (*count: how many were), or that the administrator has
 * assigned anew since and that may still arrive. One that is gone gets a successor itself. */
static enum err find_last(struct tx *tx, struct arena *a, const struct enrollment *e,
                          struct enrollment **last, int *count) {
    struct enrollment *all;
    *last = NULL;
    *count = 0;
    TRY(enrollment_list_successors(tx, a, e->device, e->id, &all));
    for (; all; all = all->next) {
        bool own = all->replaces && strcmp(all->replaces, e->id) == 0;
        *count += own;
        if (own || enroll_is_under_way(all))
            *last = all;
    }
    return OK;
}

static bool is_in_force(const struct enrollment *e, int64_t now) {
    return enroll_is_kept(e) && e->state != STATE_GONE && (!e->not_after || e->not_after > now);
}

/* Whether the host came since the new one was made, and neither has it nor is about to get it. */
static enum err was_missed(struct tx *tx, struct arena *a, const struct enrollment *e, int64_t seen,
                           int64_t now, bool *out) {
    struct enrollment *last;
    int count;
    TRY(find_last(tx, a, e, &last, &count));
    *out = last && last->created < seen && !is_in_force(last, now) &&
           !(enroll_is_open(last) && last->deadline > now);
    return OK;
}

/* `device` is the host as it was before the session that is under way. */
static enum err end(struct tx *tx, struct arena *a, struct enrollment *e,
                    const struct device *device, int64_t now) {
    bool missed;
    if (!e->not_after || e->not_after > now || e->state == STATE_GONE)
        return OK;
    TRY(enroll_record(tx, e, EVENT_GONE, "the certificate has ended", NULL));
    TRY(was_missed(tx, a, e, device->last_seen, now, &missed));
    if (!missed)
        return OK;
    return enroll_record(tx, e, EVENT_ALARM,
                         "the certificate has ended, and the host, which had sessions, has no new "
                         "one: look at the timeline of the enrollment that was made in its place",
                         NULL);
}

static enum err end_of_host(struct tx *tx, struct arena *a, struct enrollment *e, int64_t now) {
    struct device device;
    TRY(device_by_id(tx, a, e->device, &device));
    return end(tx, a, e, &device, now);
}

/* `device`: NULL, where it is none of a session's. */
static enum err renew_one(struct tx *tx, struct arena *a, struct enrollment *e,
                          const struct device *device, int64_t now) {
    struct enrollment *last;
    int count;
    e->renew_at = 0;
    if (!enroll_is_kept(e))
        return e->kind == ENROLLMENT_PFX ? pfx_is_late(tx, a, e) : enrollment_update(tx, e);
    TRY(device ? end(tx, a, e, device, now) : end_of_host(tx, a, e, now));
    if (e->kind == ENROLLMENT_PFX)
        return pfx_ends_soon(tx, a, e);
    TRY(find_last(tx, a, e, &last, &count));
    if (!last)
        return make_another(tx, a, e,
                            e->state == STATE_GONE ? "the certificate has ended"
                                                   : "the certificate will end");
    if (last->state == STATE_REPORTED)
        return wait_for_report(tx, e, last);
    if (is_in_force(last, now))
        return replaced(tx, e, last);
    if (!enroll_is_under_way(last))
        return after_failure(tx, a, e, last, count);
    e->renew_at = now + patience(e, now);
    return enrollment_update(tx, e);
}

static enum err renew_list(struct tx *tx, struct arena *a, struct enrollment *due,
                           const struct device *device, int64_t now) {
    for (; due; due = due->next)
        TRY(renew_one(tx, a, due, device, now));
    return OK;
}

enum err enroll_renew_due(struct tx *tx, struct arena *a, const struct device *device,
                          int64_t now) {
    struct enrollment *due;
    if (device->state != DEVICE_ENROLLED)
        return OK;
    TRY(enrollment_list_renewals(tx, a, device->id, now, MAX_AT_ONCE, &due));
    return renew_list(tx, a, due, device, now);
}

enum err enroll_renew_all(struct tx *tx, int64_t now, int *count) {
    ARENA_AUTO(a);
    struct enrollment *ended, *due;
    *count = 0;
    TRY(enrollment_list_ended(tx, &a, now, MAX_AT_ONCE, &ended));
    for (; ended; ended = ended->next, ++*count)
        TRY(end_of_host(tx, &a, ended, now));
    TRY(enrollment_list_renewals(tx, &a, 0, now, MAX_AT_ONCE, &due));
    for (struct enrollment *e = due; e; e = e->next)
        ++*count;
    return renew_list(tx, &a, due, NULL, now);
}
