/* SPDX-License-Identifier: Apache-2.0 */
/* What a host shall have, and what it shall have no more. */
#include "enroll/life.h"

#include "base/clock.h"
#include "base/text.h"
#include "enroll/pfx.h"
#include "enroll/record.h"
#include "store/assignment.h"

enum { REMOVALS_UNTIL_ALARM = 5, MAX_THUMBPRINT = 64 };

bool enroll_wants_removal(const struct enrollment *e) {
    return e->state == STATE_RENEWED || e->state == STATE_REMOVING;
}

bool enroll_is_under_way(const struct enrollment *e) {
    return e->state == STATE_ASSIGNED || enroll_is_open(e) || enroll_is_kept(e);
}

bool enroll_is_leaving(const struct enrollment *e) {
    return enroll_wants_removal(e) || enroll_has_ended(e);
}

/* ---- assignments ---- */

enum err enroll_assign_for(struct tx *tx, struct arena *a, const struct device *device,
                           const struct stored_profile *profile, int64_t assignment,
                           struct enrollment *out) {
    return enroll_begin(tx, a, device, profile, &(struct enroll_origin){.assignment = assignment},
                        out);
}

static bool has_live(const struct enrollment *all, const char *profile) {
    for (; all; all = all->next)
        if (!enroll_is_leaving(all) && strcmp(all->profile, profile) == 0)
            return true;
    return false;
}

static bool is_assigned(const struct assignment *all, const char *profile) {
    for (; all; all = all->next)
        if (strcmp(all->profile, profile) == 0)
            return true;
    return false;
}

static bool is_to_be_taken(const struct enrollment *e, const struct assignment *wanted) {
    return e->assignment && !enroll_is_leaving(e) && !is_assigned(wanted, e->profile);
}

static bool is_settled(const struct assignment *wanted, const struct enrollment *all) {
    for (const struct assignment *w = wanted; w; w = w->next)
        if (!has_live(all, w->profile))
            return false;
    for (const struct enrollment *e = all; e; e = e->next)
        if (is_to_be_taken(e, wanted))
            return false;
    return true;
}

/* Two assignments may name one profile: the host gets it once. A profile that cannot be read must
 * not end the host's session: it is told, and looked at again in the next. */
static enum err give(struct tx *tx, struct arena *a, const struct device *device,
                     const struct assignment *wanted, struct enrollment *all) {
    for (const struct assignment *w = wanted; w; w = w->next) {
        struct stored_profile p;
        struct enrollment *e = arena_alloc(a, sizeof *e);
        if (has_live(all, w->profile) || profile_get(tx, a, w->profile, &p) != OK)
            continue;
        enum err result = enroll_assign_for(tx, a, device, &p, w->id, e);
        if (result == ERR_STORE || result == ERR_CRYPTO)
            return result;
        if (result != OK) {
            TRY(alarm_record(tx, NULL, "an assigned profile cannot be read: it is given to no host",
                             "profile", w->profile, "reason", err_detail(), NULL));
            continue;
        }
        e->next = all;
        all = e;
    }
    return OK;
}

static enum err reconcile(struct tx *tx, struct arena *a, const struct device *device,
                          const struct assignment *wanted, struct enrollment *all, bool *changed) {
    for (struct enrollment *e = all; e; e = e->next)
        if (is_to_be_taken(e, wanted)) {
            TRY(enroll_take(tx, e, "the profile is not assigned to the host any more"));
            *changed = true;
        }
    return give(tx, a, device, wanted, all);
}

enum err enroll_reconcile(struct tx *tx, struct arena *a, const struct device *device,
                          bool *changed) {
    struct assignment *wanted;
    struct enrollment *all;
    if (device->state != DEVICE_ENROLLED)
        return OK;
    TRY(assignment_list_for(tx, a, device->id, &wanted));
    TRY(enrollment_list_present(tx, a, device->id, &all));
    return reconcile(tx, a, device, wanted, all, changed);
}

static bool one_is_due(const struct enrollment *all, int64_t now) {
    for (; all; all = all->next)
        if (all->renew_at && all->renew_at <= now)
            return true;
    return false;
}

enum err enroll_catch_up(struct tx *tx, struct arena *a, const struct device *device, int64_t now,
                         struct enrollment **present, bool *changed) {
    struct assignment *wanted;
    TRY(enrollment_list_present(tx, a, device->id, present));
    if (device->state != DEVICE_ENROLLED)
        return OK;
    TRY(assignment_list_for(tx, a, device->id, &wanted));
    if (is_settled(wanted, *present) && !one_is_due(*present, now))
        return OK;
    TRY(reconcile(tx, a, device, wanted, *present, changed));
    TRY(enroll_renew_due(tx, a, device, now));
    return enrollment_list_present(tx, a, device->id, present);
}

/* ---- one takes the place of others ---- */

static bool same_text(const char *a, const char *b) {
    return a && b && strcmp(a, b) == 0;
}

static bool stands_for(const struct enrollment *e, const struct enrollment *before) {
    return same_text(e->replaces, before->id) || same_text(e->replaces, before->replaces) ||
           (e->assignment && before->assignment && same_text(e->profile, before->profile));
}

static enum err replace(struct tx *tx, const struct enrollment *e, struct enrollment *before) {
    if (enroll_is_leaving(before) || before->state == STATE_REJECTED)
        return OK; /* a rejected Atomic has left nothing on the host */
    if (!enroll_is_kept(before))
        return enroll_take(tx, before, "another enrollment of the profile has taken its place");
    if (e->state == STATE_REPORTED && before->state != STATE_GONE)
        return OK;
    before->deadline = before->renew_at = before->sessions = 0;
    return enroll_record(tx, before, EVENT_RENEWED,
                         "the host has a new certificate in its place: this one is deleted there",
                         "successor", e->id, NULL);
}

enum err enroll_take_places(struct tx *tx, const struct enrollment *e, struct enrollment *present) {
    if (e->state != STATE_CONFIRMED && e->state != STATE_REPORTED)
        return OK;
    for (; present && strcmp(present->id, e->id) != 0; present = present->next)
        if (stands_for(e, present))
            TRY(replace(tx, e, present));
    return OK;
}

enum err enroll_take_places_now(struct tx *tx, struct arena *a, const struct enrollment *e) {
    struct enrollment *present;
    TRY(enrollment_list_present(tx, a, e->device, &present));
    return enroll_take_places(tx, e, present);
}

/* ---- taking away ---- */

enum err enroll_take(struct tx *tx, struct enrollment *e, const char *why) {
    if (enroll_is_leaving(e))
        return OK;
    e->deadline = e->renew_at = e->sessions = 0;
    return enroll_record(tx, e, EVENT_TAKEN, why, NULL);
}

enum err enroll_removal_sent(struct tx *tx, struct enrollment *e) {
    e->sessions++;
    if (e->sessions == 1)
        return enroll_record(tx, e, EVENT_NOTE, "the host is told to delete the certificate", NULL);
    if (e->sessions == REMOVALS_UNTIL_ALARM)
        return enroll_record(tx, e, EVENT_ALARM,
                             "the host was told five times to delete the certificate, and has not "
                             "shown that it is gone: look for it on the host; signet cert revoke "
                             "ends it at once",
                             NULL);
    return enrollment_update(tx, e);
}

enum err enroll_removed(struct tx *tx, struct arena *a, struct enrollment *e, const char *code) {
    bool renewed = e->state == STATE_RENEWED, changed = false;
    if (!enroll_wants_removal(e))
        return OK;
    TRY(enroll_record(tx, e, EVENT_REMOVED, "the certificate is not on the host any more", "status",
                      code, NULL));
    return enroll_revoke(tx, a, e, renewed ? "superseded" : "cessationOfOperation",
                         renewed ? EVENT_NOTE : EVENT_ALARM, &changed);
}

/* ---- revoking ---- */

static enum err revoke_one(struct tx *tx, struct arena *a, struct enrollment *e,
                           const struct certificate *c, const char *reason) {
    TRY(certificate_revoke(tx, c->id, clock_ms(), reason));
    TRY(journal_record(tx, JOURNAL_REVOKED, c->endpoint, c->id,
                       "the certificate was revoked: it is not on its host any more, or the host "
                       "has left",
                       "reason", reason, "enrollment", e->id, NULL));
    return enroll_record(tx, e, EVENT_NOTE, "the certificate was revoked", "serial",
                         hex_text(a, c->serial), "reason", reason, NULL);
}

/* Of a relayed one nothing may be known but what the host has shown. */
static enum err name_unknown(struct tx *tx, struct arena *a, struct enrollment *e,
                             enum event_kind kind) {
    const char *shown = e->host_thumbprint;
    if (!e->successes || !shown || !*shown)
        return OK;
    return enroll_record(tx, e, kind,
                         arena_printf(a,
                                      "the certificate with the SHA-1 %s, which is not known here, "
                                      "is still valid: revoke it at '%s'",
                                      text_claim(a, span_str(shown), MAX_THUMBPRINT), e->endpoint),
                         "upstream", e->endpoint, NULL);
}

static enum err name_foreign(struct tx *tx, struct arena *a, struct enrollment *e,
                             enum event_kind kind) {
    struct foreign_certificate *all;
    TRY(foreign_list(tx, a, e->id, &all));
    for (struct foreign_certificate *c = all; c; c = c->next)
        if (c->not_after > clock_ms())
            TRY(enroll_record(tx, e, kind,
                              arena_printf(a,
                                           "the certificate is still valid: revoke serial %s at "
                                           "'%s'",
                                           hex_text(a, c->serial), c->upstream),
                              "serial", hex_text(a, c->serial), "upstream", c->upstream, NULL));
    return all ? OK : name_unknown(tx, a, e, kind);
}

enum err enroll_revoke(struct tx *tx, struct arena *a, struct enrollment *e, const char *reason,
                       enum event_kind kind, bool *changed) {
    struct certificate *all;
    bool back = false;
    if (e->kind == ENROLLMENT_PFX)
        TRY(pfx_give_back(tx, a, e, &back));
    if (back)
        return OK;
    TRY(certificate_list(tx, a, e->id, &all));
    for (struct certificate *c = all; c; c = c->next)
        if (!c->revoked) {
            TRY(revoke_one(tx, a, e, c, reason));
            *changed = true;
        }
    if (all)
        return OK;
    return e->kind == ENROLLMENT_PFX ? pfx_name_given(tx, a, e, kind)
                                     : name_foreign(tx, a, e, kind);
}

enum err enroll_was_revoked(struct tx *tx, struct arena *a, const struct enrollment *e, bool *out) {
    struct certificate *all;
    TRY(certificate_list(tx, a, e->id, &all));
    *out = all != NULL;
    for (; all; all = all->next)
        *out = *out && all->revoked;
    return OK;
}
