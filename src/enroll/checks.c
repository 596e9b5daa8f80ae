/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the host still have it? Windows names no CertThumbprint any more when the certificate has
 * ended, its chain is not trusted or its key is gone (windows-mdm.md, A.3). Since the chain may be
 * the reason, the CA certificates are confirmed anew before a successor goes out, and a host that
 * loses one certificate after the other is left alone, with an alarm.
 */
#include <strings.h>

#include "base/clock.h"
#include "enroll/life.h"
#include "enroll/observe.h"
#include "enroll/pfx.h"
#include "enroll/record.h"

enum { CHECK_DAYS = 7, GONE_DAYS = 30, MAX_GONE = 3 };

/* A week, less up to a tenth of it, by the id: hosts of one day spread. */
int64_t enroll_next_check(const struct enrollment *e, int64_t now) {
    unsigned spread = 0;
    for (const char *c = e->id; *c; c++)
        spread = spread * 31 + (unsigned char)*c;
    return now + CHECK_DAYS * DAY_MS - (int64_t)(spread % 1000) * (CHECK_DAYS * DAY_MS / 10000);
}

/* What the host shows, as far as it is known here. */
struct shown {
    bool named, known, revoked;
    int64_t not_before, not_after;
};

/* One that was given, and that no CA of ours has issued. */
static enum err look_up_given(struct tx *tx, struct arena *a, const struct enrollment *e,
                              const char *thumbprint, struct shown *out) {
    struct pfx pfx;
    struct cert c;
    TRY(pfx_get(tx, a, e->id, &pfx));
    TRY(cert_parse(pfx.cert, &c));
    if (strcasecmp(pfx.sha1, thumbprint) == 0)
        *out = (struct shown){true, true, false, c.not_before, c.not_after};
    return OK;
}

static enum err look_up(struct tx *tx, struct arena *a, const struct enrollment *e,
                        const char *thumbprint, struct shown *out) {
    struct certificate *own;
    struct foreign_certificate *foreign;
    *out = (struct shown){.named = thumbprint && *thumbprint};
    if (!out->named)
        return OK;
    TRY(certificate_list(tx, a, e->id, &own));
    for (; own; own = own->next)
        if (strcasecmp(own->sha1, thumbprint) == 0)
            *out = (struct shown){true, true, own->revoked != 0, own->not_before, own->not_after};
    if (e->kind == ENROLLMENT_PFX)
        return out->known ? OK : look_up_given(tx, a, e, thumbprint, out);
    TRY(foreign_list(tx, a, e->id, &foreign));
    for (; foreign; foreign = foreign->next)
        if (strcasecmp(foreign->sha1, thumbprint) == 0)
            *out = (struct shown){true, true, false, foreign->not_before, foreign->not_after};
    return OK;
}

static bool is_same(const struct enrollment *e, const struct observation *seen) {
    return strcasecmp(e->host_thumbprint ? e->host_thumbprint : "",
                      seen->thumbprint ? seen->thumbprint : "") == 0;
}

/* Relayed, and never imported: a name is all that there is to compare. */
static bool is_report(const struct enrollment *e, const struct observation *seen,
                      const struct shown *shown) {
    return shown->named && !shown->known && e->successes && !e->not_after && is_same(e, seen);
}

/* The name of the certificate that was good stays, for the day that the host shows it again. */
static enum err update(struct tx *tx, struct enrollment *e, const struct observation *seen,
                       bool good) {
    const char *before = e->host_thumbprint;
    observe_remember(e, seen);
    if (!good)
        e->host_thumbprint = before;
    e->next_check = enroll_next_check(e, clock_ms());
    return enrollment_update(tx, e);
}

/* ---- it is there ---- */

static enum err has_successor(struct tx *tx, struct arena *a, const struct enrollment *e,
                              const char **id) {
    struct enrollment *all;
    *id = NULL;
    TRY(enrollment_list_successors(tx, a, e->device, e->id, &all));
    for (; all; all = all->next)
        if (enroll_is_under_way(all))
            *id = all->id;
    return OK;
}

static enum err count_losses(struct tx *tx, const struct enrollment *e, int64_t *out) {
    return enrollment_count_gone(tx, e, clock_ms() - GONE_DAYS * DAY_MS, out);
}

/* A host whose clock is wrong is not believed; nor one that says now this and now that, by which it
 * would fill the timeline. */
static enum err shown_again(struct tx *tx, struct arena *a, struct enrollment *e,
                            const struct observation *seen, const struct shown *shown) {
    const char *successor;
    int64_t times;
    TRY(count_losses(tx, e, &times));
    if (times > MAX_GONE || (shown->not_after && shown->not_after <= clock_ms()))
        return update(tx, e, seen, false);
    bool report = is_report(e, seen, shown);
    observe_remember(e, seen);
    TRY(report ? observe_reported(tx, a, e, seen)
               : observe_confirmed(tx, e, seen, "the host shows the certificate as valid again",
                                   shown->not_before, shown->not_after));
    TRY(enroll_take_places_now(tx, a, e));
    TRY(has_successor(tx, a, e, &successor));
    if (!successor)
        return enrollment_update(tx, e);
    return enroll_record(tx, e, EVENT_EXPIRING, "its successor is on the way all the same",
                         "successor", successor, NULL);
}

/* Somebody has revoked it since, and the host holds it all the same: told once of each. */
static enum err still_revoked(struct tx *tx, struct arena *a, struct enrollment *e,
                              const struct observation *seen) {
    static const char text[] = "the host holds a certificate that was revoked";
    struct event *all;
    TRY(update(tx, e, seen, true));
    TRY(enrollment_list_events(tx, a, e->id, &all));
    for (; all; all = all->next)
        if (strcmp(all->text, text) == 0 && strcasestr(all->evidence, seen->thumbprint))
            return OK;
    return enroll_record(tx, e, EVENT_ALARM, text, "thumbprint", seen->thumbprint, NULL);
}

static enum err still_there(struct tx *tx, struct arena *a, struct enrollment *e,
                            const struct observation *seen, const struct shown *shown) {
    if (shown->revoked)
        return still_revoked(tx, a, e, seen);
    if (e->state == STATE_GONE)
        return shown_again(tx, a, e, seen, shown);
    if (shown->known && shown->not_after != e->not_after) { /* of before signet kept it */
        e->not_after = shown->not_after;
        e->renew_at = renew_due(shown->not_before, shown->not_after, e->id);
    }
    return update(tx, e, seen, true);
}

/* ---- it is not ---- */

static const char *how(struct arena *a, const struct enrollment *e, const struct observation *seen,
                       const struct shown *shown) {
    if (seen->absent)
        return arena_printf(a, "%s is gone from the host: it was reset, or somebody deleted it",
                            enroll_what(e));
    if (shown->named)
        return "the host shows another certificate than the one that was issued for it";
    return "the host does not show the certificate as valid any more: it was deleted, its key is "
           "gone, it has ended, or its chain is not trusted there";
}

static enum err make_successor(struct tx *tx, struct arena *a, struct enrollment *e,
                               int64_t times) {
    struct enrollment made;
    const char *known;
    bool revoked;
    TRY(has_successor(tx, a, e, &known));
    TRY(enroll_was_revoked(tx, a, e, &revoked));
    if (known || revoked)
        return OK;
    if (times > MAX_GONE) {
        e->renew_at = 0;
        return enroll_record(tx, e, EVENT_ALARM,
                             "the host has lost this profile's certificate again and again: no new "
                             "one is sent; look at its certificate store and at the trust in the "
                             "CA's chain, then assign the profile anew",
                             NULL);
    }
    enum err result = enroll_succeed(tx, a, e, "the host has no valid certificate", &made);
    if (result == OK || result == ERR_STORE || result == ERR_CRYPTO)
        return result;
    return enroll_record(tx, e, EVENT_ALARM,
                         "no new certificate can be sent: the profile cannot be read; add it anew "
                         "and assign it",
                         "reason", err_detail(), NULL);
}

/* Nobody here has the key. Its removal, which finds no node, revokes what is ours. */
static enum err no_successor(struct tx *tx, struct arena *a, struct enrollment *e) {
    e->renew_at = 0;
    return enroll_record(tx, e, EVENT_ALARM,
                         arena_printf(a,
                                      "the host has no valid certificate, and none is made in its "
                                      "place, since nobody here has the key: signet pfx remove %s, "
                                      "then %s",
                                      e->id, enroll_how_anew(e)),
                         NULL);
}

static enum err gone(struct tx *tx, struct arena *a, struct enrollment *e,
                     const struct observation *seen, const struct shown *shown) {
    int64_t times;
    bool known = e->state == STATE_GONE;
    TRY(update(tx, e, seen, false));
    if (known)
        return OK;
    TRY(enroll_record(tx, e, EVENT_GONE, how(a, e, seen, shown), "status",
                      seen->absent ? "404" : seen->status, "thumbprint", seen->thumbprint, NULL));
    if (seen->absent)
        TRY(enroll_record(tx, e, EVENT_ALARM,
                          arena_printf(a, "the host has lost %s: was it reset without unenrolling?",
                                       enroll_what(e)),
                          NULL));
    if (e->kind == ENROLLMENT_PFX)
        return no_successor(tx, a, e);
    TRY(device_forget_trust(tx, e->device));
    TRY(count_losses(tx, e, &times));
    return make_successor(tx, a, e, times);
}

enum err enroll_check(struct tx *tx, struct arena *a, struct enrollment *e,
                      const struct observation *seen) {
    struct shown shown;
    TRY(look_up(tx, a, e, seen->absent ? NULL : seen->thumbprint, &shown));
    if (shown.known || is_report(e, seen, &shown))
        return still_there(tx, a, e, seen, &shown);
    return gone(tx, a, e, seen, &shown);
}
