/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that leave. Whether Windows deletes certificates of ClientCertificateInstall when it
 * unenrolls is not known, and its alert is sent once (windows-mdm.md, C.9): so they are revoked
 * here the moment that anybody says so.
 */
#include <string.h>

#include "base/clock.h"
#include "enroll/life.h"
#include "enroll/record.h"
#include "store/assignment.h"
#include "store/device_secret.h"
#include "store/group.h"
#include "store/queue.h"

enum { LEAVING_DAYS = 7 };

#define WATCHED_MS (7 * DAY_MS)

static const char *const REASON = "cessationOfOperation";

/* As the journal has it, which enroll_ended_by_administrator asks. */
static const char *const UNENROLLED = "the administrator unenrolled the host";
static const char *const REMOVED = "the administrator removed the host";

static enum err revoke_all(struct tx *tx, struct arena *a, const struct device *device,
                           const char *why, bool *changed) {
    struct enrollment *all;
    TRY(enrollment_list_present(tx, a, device->id, &all));
    for (struct enrollment *e = all; e; e = e->next) {
        TRY(enroll_revoke(tx, a, e, REASON, EVENT_ALARM, changed));
        *changed |= enroll_is_open(e); /* what it superseded is public now */
        e->deadline = e->renew_at = 0;
        TRY(enroll_record(tx, e, EVENT_REVOKED, why, NULL));
    }
    return queue_cancel_all(tx, device->id, clock_ms());
}

static enum err tell(struct tx *tx, const struct device *device, const char *text) {
    const struct journal_entry entry = {
        .at = clock_ms(), .kind = JOURNAL_REVOKED, .device = device->id, .text = text};
    store_log(tx, LOG_INFO, "device", "device=%s name=%s text=%s", device->device_id,
              log_q(span_str(device->name)), log_q(span_str(text)));
    return journal_add(tx, &entry);
}

static enum err move(struct tx *tx, struct device *device, enum device_state state) {
    device->state = (int)state;
    device->left_at = clock_ms();
    device->claims = 0;
    device->hw_other = NULL; /* nothing of worth goes out any more: it may be told that it leaves */
    TRY(device_set_shown(tx, device));
    return device_set_state(tx, device);
}

enum err enroll_leave(struct tx *tx, struct arena *a, struct device *device, const char *why,
                      bool *changed) {
    if (device->state != DEVICE_ENROLLED && device->state != DEVICE_LEAVING)
        return OK;
    TRY(revoke_all(tx, a, device, why, changed));
    TRY(identity_revoke(tx, device->id, clock_ms(), REASON));
    TRY(device_secret_remove(tx, device->id));
    *changed = true; /* the identity at least */
    TRY(tell(tx, device, why));
    return move(tx, device, DEVICE_LEFT);
}

enum err device_unenroll(struct tx *tx, struct arena *a, struct device *device, bool *changed) {
    static const char *const text = "the administrator unenrolls the host: it is told in its next "
                                    "session, and its certificates are revoked now";
    if (device->state == DEVICE_LEAVING)
        return err_set(ERR_CONFLICT,
                       "%s is told to leave already, and has not come since: signet device remove "
                       "waits for nothing",
                       device->name);
    if (device->state != DEVICE_ENROLLED)
        return err_set(ERR_CONFLICT, "%s has left already", device->name);
    TRY(revoke_all(tx, a, device, text, changed));
    TRY(tell(tx, device, text));
    return move(tx, device, DEVICE_LEAVING);
}

enum err device_unenroll_now(struct tx *tx, struct arena *a, struct device *device, bool *changed) {
    return enroll_leave(tx, a, device, UNENROLLED, changed);
}

enum err device_disown(struct tx *tx, int64_t device) {
    TRY(assignment_end_device(tx, device, clock_ms()));
    TRY(group_remove_everywhere(tx, device));
    return device_set_sid(tx, device, NULL);
}

enum err device_remove(struct tx *tx, struct arena *a, struct device *device, bool *changed) {
    if (device->state == DEVICE_REMOVED)
        return err_set(ERR_CONFLICT, "%s is removed already", device->name);
    TRY(enroll_leave(tx, a, device, REMOVED, changed));
    TRY(device_disown(tx, device->id));
    return move(tx, device, DEVICE_REMOVED);
}

enum err enroll_ended_by_administrator(struct tx *tx, const struct identity *identity, bool *out) {
    ARENA_AUTO(a);
    struct device d;
    int64_t unenrolled, removed;
    *out = false;
    TRY(device_by_id(tx, &a, identity->device, &d));
    if ((d.state != DEVICE_LEFT && d.state != DEVICE_REMOVED) || !identity->revoked ||
        !identity->reason || strcmp(identity->reason, REASON) != 0)
        return OK;
    TRY(journal_count_of_device(tx, d.id, UNENROLLED, identity->revoked, &unenrolled));
    TRY(journal_count_of_device(tx, d.id, REMOVED, identity->revoked, &removed));
    *out = unenrolled || removed;
    return OK;
}

/* ---- another hardware than before ---- */

/* Of the two questions that an alarm may have been about, which one is confirmed? */
static enum err claims_nobody_here(struct tx *tx, const struct device *device) {
    ARENA_AUTO(a);
    struct device known;
    if (!device->claims)
        return OK;
    TRY(device_by_id(tx, &a, device->claims, &known));
    if (known.state != DEVICE_ENROLLED && known.state != DEVICE_LEAVING)
        return OK;
    return err_set(
        ERR_CONFLICT,
        "%s has shown another hardware than before, and claims that of the host %s, too: "
        "where that is the same machine, signet device remove %s, and confirm again; "
        "else signet device reject %s, and enroll it anew",
        device->name, known.device_id, known.device_id, device->device_id);
}

static enum err confirm_hardware(struct tx *tx, struct device *device) {
    const struct journal_entry entry = {
        .at = clock_ms(),
        .kind = JOURNAL_NOTE,
        .device = device->id,
        .text = "the administrator confirmed the hardware that the host shows now"};
    TRY(claims_nobody_here(tx, device));
    device->hw_shown = device->hw_other;
    device->hw_other = NULL;
    device->hw_told = 0; /* the other one may be in session, too: it is asked, each time */
    device->watched = clock_ms() + WATCHED_MS;
    TRY(journal_add(tx, &entry));
    return device_set_shown(tx, device);
}

/* ---- claims ---- */

static enum err claims_something(const struct device *device) {
    return device->claims
               ? OK
               : err_set(ERR_CONFLICT,
                         "%s has shown no other hardware than before, and claims that of no other "
                         "host",
                         device->name);
}

static enum err settle(struct tx *tx, struct device *device) {
    device->claims = 0;
    return device_set_state(tx, device);
}

enum err device_confirm(struct tx *tx, struct arena *a, struct device *device, bool *changed) {
    struct device known;
    if (device->hw_other)
        return confirm_hardware(tx, device);
    TRY(claims_something(device));
    TRY(device_by_id(tx, a, device->claims, &known));
    TRY(enroll_leave(tx, a, &known,
                     "the administrator confirmed that its hardware has enrolled anew", changed));
    return settle(tx, device);
}

enum err device_reject(struct tx *tx, struct arena *a, struct device *device, bool *changed) {
    if (device->hw_other)
        return enroll_leave(tx, a, device,
                            "the administrator found that its device certificate was copied",
                            changed);
    TRY(claims_something(device));
    return settle(tx, device);
}

/* ---- who was told, and does not answer ---- */

enum err enroll_list_leaving(struct tx *tx, struct arena *a, int64_t now, struct device **out) {
    return device_list_leaving(tx, a, now - LEAVING_DAYS * DAY_MS, out);
}

enum err enroll_end_leaving(struct tx *tx, int64_t now, int *count) {
    ARENA_AUTO(a);
    struct device *all;
    bool changed = false;
    *count = 0;
    TRY(enroll_list_leaving(tx, &a, now, &all));
    for (; all; all = all->next, ++*count)
        TRY(enroll_leave(tx, &a, all, "the host was told to leave, and has said nothing for a week",
                         &changed));
    return OK;
}
