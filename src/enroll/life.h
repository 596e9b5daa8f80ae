/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an enrollment after its certificate is confirmed: it is asked after, renewed under a
 * new id before it ends, taken away, and revoked when its host leaves. As all of enroll/: inside
 * store_write, nothing else is touched. What revokes, or closes an open enrollment, wants
 * revocation_changed after the commit.
 *
 *   confirmed -> expiring -> renewed -> removed      a successor (enrollment.replaces) took its
 * place
 *        \-> gone -> renewed -> removed              the host did not show it as valid any more
 *   any -> removing -> removed                       the profile was taken away
 *   any -> revoked                                   the host has left
 */
#ifndef SIGNET_ENROLL_LIFE_H
#define SIGNET_ENROLL_LIFE_H

#include "enroll/enroll.h"

/* ---- assignments ---- */

/* enroll_assign for an assignment (its id in store/assignment.h). ERR_STORE, ERR_CONFIG: the
 * profile cannot be read. */
enum err enroll_assign_for(struct tx *tx, struct arena *a, const struct device *device,
                           const struct stored_profile *profile, int64_t assignment,
                           struct enrollment *out) ERR_MUST_USE;

/*
 * Makes the device's enrollments what its assignments say: a profile that is assigned to it, or to
 * a group of it, gets an enrollment unless it has one (also a rejected or failed one: that wants an
 * administrator, who assigns anew); one that came of an assignment, and whose profile is not
 * assigned any more in any way, is taken away. Does nothing for a host that is leaving or has left.
 * For whoever changes assignments or groups of a host that should not wait for its next session.
 * *changed becomes true when one was taken away: that closes it.
 */
enum err enroll_reconcile(struct tx *tx, struct arena *a, const struct device *device,
                          bool *changed) ERR_MUST_USE;

/*
 * For each session's start, in which a host that was away catches up: enroll_reconcile, and
 * enroll_renew_due. *present gets the device's enrollments that have not ended, as they are then.
 * Two queries when there is nothing to do.
 */
enum err enroll_catch_up(struct tx *tx, struct arena *a, const struct device *device, int64_t now,
                         struct enrollment **present, bool *changed) ERR_MUST_USE;

/* ---- renewal ---- */

/*
 * When a certificate is to be renewed: 30 days before its end, or at half of a life below 60 days;
 * earlier by up to a tenth of that, which the enrollment's id decides, so that a fleet that was
 * enrolled at once does not renew at once. Times in ms.
 */
int64_t renew_due(int64_t not_before, int64_t not_after, const char *id);

/*
 * Gives the profile, as it is now (as it was, where it is not kept any more), to the host of `e`
 * once more, under a new id. `e` is expiring then, or stays gone. The caller has seen to it that
 * there is none yet.
 */
enum err enroll_succeed(struct tx *tx, struct arena *a, struct enrollment *e, const char *why,
                        struct enrollment *out) ERR_MUST_USE;

/*
 * Renews what is due on the device: makes successors, once; another one where the last ended badly,
 * five at most, then an alarm.
 */
enum err enroll_renew_due(struct tx *tx, struct arena *a, const struct device *device,
                          int64_t now) ERR_MUST_USE;

/* The same for all hosts that are here, at most 500 enrollments a call; and what has ended without
 * its host is "gone". *count gets how many enrollments were looked at. */
enum err enroll_renew_all(struct tx *tx, int64_t now, int *count) ERR_MUST_USE;

/* Inside enroll/: 12 hex digits. */
enum err enroll_new_id(struct arena *a, const char **out) ERR_MUST_USE;

/* Inside enroll/: makes an enrollment of the profile under a new id. */
struct enroll_origin {
    int64_t assignment;   /* 0: none */
    const char *replaces; /* the enrollment that it renews; or NULL */
    const char *text;     /* of its first event; NULL: that it was assigned */
};
enum err enroll_begin(struct tx *tx, struct arena *a, const struct device *device,
                      const struct stored_profile *profile, const struct enroll_origin *origin,
                      struct enrollment *out) ERR_MUST_USE;

/*
 * Inside enroll/: `e` has just been confirmed, or reported. What it stands for, and what came of
 * its assignment before it, is renewed then, or taken away where the host never had it; a reported
 * one, which nothing proves, replaces only what is gone. `present` are the device's enrollments
 * that have not ended, oldest first, and `e` is one of them; the rows of those that change are
 * written. The second reads them itself.
 */
enum err enroll_take_places(struct tx *tx, const struct enrollment *e,
                            struct enrollment *present) ERR_MUST_USE;
enum err enroll_take_places_now(struct tx *tx, struct arena *a,
                                const struct enrollment *e) ERR_MUST_USE;

/* ---- is it still there? ---- */

/* Inside enroll/: when a host that showed its certificate now is asked again. */
int64_t enroll_next_check(const struct enrollment *e, int64_t now);

/*
 * What the host says of a certificate that it had (enroll_observe calls it): the same thumbprint
 * sets the next question, in a week; none, another one, or no node is EVENT_GONE, and a successor
 * is made, three times in 30 days at most, then an alarm. One that is gone and shown again is
 * confirmed again.
 */
enum err enroll_check(struct tx *tx, struct arena *a, struct enrollment *e,
                      const struct observation *seen) ERR_MUST_USE;

/* ---- taking away ---- */

/* The profile is taken away from the host: EVENT_TAKEN, and removed at once what was never sent.
 * Its certificate is revoked when its node is gone. */
enum err enroll_take(struct tx *tx, struct enrollment *e, const char *why) ERR_MUST_USE;

/* Inside enroll/: revokes its live certificates; for those of an upstream, which only that one can
 * revoke, an event of `kind` (a note or an alarm) names their serials. *changed becomes true when
 * one was. */
enum err enroll_revoke(struct tx *tx, struct arena *a, struct enrollment *e, const char *reason,
                       enum event_kind kind, bool *changed) ERR_MUST_USE;

/* Whether somebody has revoked its certificate, who did not want the host to have another one. */
enum err enroll_was_revoked(struct tx *tx, struct arena *a, const struct enrollment *e,
                            bool *out) ERR_MUST_USE;

/* Whether its node is to be deleted from the host. */
bool enroll_wants_removal(const struct enrollment *e);

/* Inside enroll/: whether it is on its way out, or at its end. */
bool enroll_is_leaving(const struct enrollment *e);

/* Inside enroll/: whether its host has it, or will get it. */
bool enroll_is_under_way(const struct enrollment *e);

/* The host is told once more to delete the node; an alarm the fifth time. */
enum err enroll_removal_sent(struct tx *tx, struct enrollment *e) ERR_MUST_USE;

/* The node is gone, as `code` (404) of the host proves: EVENT_REMOVED. Live certificates are
 * revoked, as superseded where a successor is in force, else as cessationOfOperation. */
enum err enroll_removed(struct tx *tx, struct arena *a, struct enrollment *e,
                        const char *code) ERR_MUST_USE;

/* ---- hosts that leave ---- */

/*
 * The host has left: its state is DEVICE_LEFT, its identity and all its live certificates are
 * revoked (cessationOfOperation), its enrollments are `revoked`, commands that wait are cancelled;
 * an alarm names what an upstream must revoke. `why` is one sentence without anything that a host
 * chose. Nothing for one that has left already. *changed becomes true when something was revoked,
 * and stays as it was when not; here and below.
 */
enum err enroll_leave(struct tx *tx, struct arena *a, struct device *device, const char *why,
                      bool *changed) ERR_MUST_USE;

/* signet device unenroll: all that enroll_leave does, but the host is DEVICE_LEAVING: its identity
 * stays good, so that it can be told, until it says that it has left or for a week. ERR_CONFLICT
 * when it is not enrolled. */
enum err device_unenroll(struct tx *tx, struct arena *a, struct device *device,
                         bool *changed) ERR_MUST_USE;

/* signet device unenroll --now: enroll_leave. */
enum err device_unenroll_now(struct tx *tx, struct arena *a, struct device *device,
                             bool *changed) ERR_MUST_USE;

/* What the administrator gave to the host ends: its assignments, its groups, its SID. What came of
 * them is for enroll_leave, before. */
enum err device_disown(struct tx *tx, int64_t device) ERR_MUST_USE;

/* signet device remove: enroll_leave and device_disown, and the host is DEVICE_REMOVED, which lists
 * leave out. What is known of it stays. */
enum err device_remove(struct tx *tx, struct arena *a, struct device *device,
                       bool *changed) ERR_MUST_USE;

/* *out: the identity was revoked because the administrator has unenrolled (--now) or removed its
 * host, which is not here again since. That the host still shows it is no surprise. */
enum err enroll_ended_by_administrator(struct tx *tx, const struct identity *identity,
                                       bool *out) ERR_MUST_USE;

/*
 * What signet device confirm and reject settle. A host that has shown another hardware than before
 * (device->hw_other): confirm: it is its own, and its sessions go on; reject: its identity was
 * copied, and the host has left. Else one that claims the hardware of another (device->claims):
 * confirm: it is that hardware, and the host that was known by it has left; reject: they are two
 * hosts, and both stay. ERR_CONFLICT when there is nothing to settle.
 */
enum err device_confirm(struct tx *tx, struct arena *a, struct device *device,
                        bool *changed) ERR_MUST_USE;
enum err device_reject(struct tx *tx, struct arena *a, struct device *device,
                       bool *changed) ERR_MUST_USE;

/* Those that were told to leave a week ago; they have left. *count gets how many. */
enum err enroll_list_leaving(struct tx *tx, struct arena *a, int64_t now,
                             struct device **out) ERR_MUST_USE;
enum err enroll_end_leaving(struct tx *tx, int64_t now, int *count) ERR_MUST_USE;

#endif
