/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a PKCS#12 for a host, and what becomes of them. */
#include "enroll/pfx.h"

#include "base/clock.h"
#include "base/text.h"
#include "enroll/life.h"
#include "enroll/record.h"
#include "x509/name.h"

/* ---- keeping it ---- */

static enum err record_new(struct tx *tx, struct arena *a, const struct device *device,
                           const struct pfx *pfx, struct enrollment *e) {
    const char *text = arena_printf(a, "%s for %s",
                                    pfx->made ? "a key and its certificate were made"
                                              : "a key and its certificate were given",
                                    device->name);
    return enroll_record(tx, e, EVENT_ASSIGNED, text, "device", device->device_id, "subject",
                         e->subject, "thumbprint", pfx->sha1, "key_location",
                         arena_printf(a, "%d", (int)pfx->key_location), "exportable",
                         pfx->exportable ? "true" : "false", NULL);
}

static enum err keep_made(struct tx *tx, const struct pfx_parcel *parcel, struct enrollment *e) {
    const struct issued *i = &parcel->issued;
    char serial[2 * CERT_SERIAL_SIZE + 1];
    struct certificate c = {
        .serial = i->serial,
        .ca = parcel->endpoint->ca->sha1,
        .endpoint = parcel->endpoint->name,
        .enrollment = e->id,
        .subject = e->subject,
        .sha1 = i->sha1,
        .der = i->der,
        .not_before = i->not_before,
        .not_after = i->not_after,
        .issued = clock_ms(),
    };
    hex_lower(i->serial, serial);
    TRY(certificate_add(tx, &c));
    TRY(enroll_record(tx, e, EVENT_ISSUED, "the CA issued the certificate", "serial", serial,
                      "thumbprint", i->sha1, NULL));
    const struct policy *policy = parcel->endpoint->policy;
    bool skips = policy->manual_approval || policy->challenges == CHALLENGES_WEBHOOK;
    return journal_record(tx, JOURNAL_ISSUED, c.endpoint, c.id,
                          skips ? "the certificate was issued for a key that was made here, by an "
                                  "administrator, without the endpoint's approval or webhook"
                                : "the certificate was issued for a key that was made here",
                          "serial", serial, "thumbprint", i->sha1, "subject", e->subject,
                          "enrollment", e->id, NULL);
}

/* ---- one that was given, and that is ours all the same ---- */

static enum err check_free(struct tx *tx, struct arena *a, const struct certificate *c) {
    struct enrollment holder;
    if (c->revoked)
        return err_set(ERR_REFUSED, "the certificate was revoked");
    if (!c->enrollment)
        return OK;
    TRY(enrollment_get(tx, a, c->enrollment, &holder));
    if (holder.state == STATE_REJECTED)
        return OK;
    return err_set(ERR_CONFLICT,
                   "the certificate is that of the enrollment %s: one certificate, one host",
                   holder.id);
}

/* 0: no CA of ours has issued it. A serial can be the same by chance. */
static enum err find_own(struct tx *tx, struct arena *a, const struct pfx_parcel *parcel,
                         struct certificate *out) {
    enum err e = certificate_by_serial(tx, a, parcel->cert.serial, out);
    if (e == ERR_NOT_FOUND || (e == OK && !span_eq(out->der, parcel->cert.der))) {
        *out = (struct certificate){.id = 0};
        return OK;
    }
    TRY(e);
    return check_free(tx, a, out);
}

/* The host would have it twice, and the removal of one would end the other. */
static enum err check_only(struct tx *tx, struct arena *a, const struct enrollment *e,
                           const char *sha1) {
    struct enrollment *all;
    TRY(enrollment_list_present(tx, a, e->device, &all));
    for (; all; all = all->next) {
        struct pfx other;
        if (strcmp(all->id, e->id) == 0)
            continue;
        if (all->kind != ENROLLMENT_PFX || all->user_scope != e->user_scope ||
            enroll_has_ended(all) || all->state == STATE_REJECTED)
            continue;
        TRY(pfx_get(tx, a, all->id, &other));
        if (strcmp(other.sha1, sha1) == 0)
            return err_set(ERR_CONFLICT,
                           "the host has this certificate, or will get it, by the enrollment %s: "
                           "signet pfx remove %s takes that away",
                           all->id, all->id);
    }
    return OK;
}

/* ---- */

static enum err keep_parcel(struct tx *tx, struct arena *a, const struct pfx_parcel *parcel,
                            const struct pfx_placing *placing, const struct enrollment *e,
                            struct pfx *out) {
    char *sha1 = arena_alloc(a, CERT_THUMBPRINT_SIZE);
    TRY(cert_sha1_hex(parcel->cert.der, sha1));
    TRY(check_only(tx, a, e, sha1));
    *out = (struct pfx){.enrollment = e->id,
                        .made = parcel->made,
                        .sha1 = sha1,
                        .cert = parcel->cert.der,
                        .key_location = placing->key_location,
                        .exportable = placing->exportable,
                        .secret = parcel->secret};
    return pfx_add(tx, out);
}

enum err enroll_pfx(struct tx *tx, struct arena *a, const struct device *device,
                    const struct pfx_parcel *parcel, const struct pfx_placing *placing,
                    struct enrollment *out) {
    struct certificate own = {.id = 0};
    struct pfx pfx;
    if (!parcel->made)
        TRY(find_own(tx, a, parcel, &own));
    *out = (struct enrollment){
        .device = device->id,
        .kind = ENROLLMENT_PFX,
        .profile = "",
        .endpoint = parcel->made ? parcel->endpoint->name
                    : own.id     ? own.endpoint
                                 : "",
        .body = "",
        .state = STATE_ASSIGNED,
        .created = clock_ms(),
        .user_scope = placing->user_scope,
        .subject = name_text(a, parcel->cert.subject),
        .renew_at = parcel->cert.not_after, /* for pfx_is_late */
    };
    TRY(enroll_new_id(a, &out->id));
    TRY(enrollment_add(tx, out));
    TRY(keep_parcel(tx, a, parcel, placing, out, &pfx));
    TRY(record_new(tx, a, device, &pfx, out));
    if (own.id)
        return certificate_assign(tx, own.id, out->id);
    return parcel->made ? keep_made(tx, parcel, out) : OK;
}

/* Its key is kept. */
static bool waits(int state) {
    return state == STATE_ASSIGNED || state == STATE_SENT;
}

enum err pfx_moved(struct tx *tx, const struct enrollment *e, enum enroll_state before) {
    if (e->kind != ENROLLMENT_PFX || !waits((int)before) || waits(e->state))
        return OK;
    return pfx_wipe(tx, e->id);
}

/* ---- its end ---- */

enum err pfx_give_back(struct tx *tx, struct arena *a, struct enrollment *e, bool *out) {
    struct pfx pfx;
    struct certificate *all;
    int64_t sent;
    TRY(pfx_get(tx, a, e->id, &pfx));
    TRY(enrollment_count_events(tx, e->id, EVENT_SENT, &sent));
    *out = !pfx.made && !sent;
    if (!*out)
        return OK;
    TRY(certificate_list(tx, a, e->id, &all));
    for (; all; all = all->next)
        if (!all->revoked)
            TRY(certificate_assign(tx, all->id, NULL));
    return enroll_record(tx, e, EVENT_NOTE,
                         "the certificate, which was given, never left: it is as it was before",
                         NULL);
}

static enum err revoke(struct tx *tx, struct arena *a, struct enrollment *e) {
    bool changed;
    return enroll_revoke(tx, a, e, "cessationOfOperation", EVENT_NOTE, &changed);
}

enum err enroll_pfx_remove(struct tx *tx, struct arena *a, struct enrollment *e) {
    if (e->kind != ENROLLMENT_PFX)
        return err_set(ERR_CONFLICT,
                       "%s is an enrollment of the profile '%s': signet profile unassign takes it "
                       "away",
                       e->id, e->profile);
    if (enroll_is_leaving(e))
        return err_set(ERR_CONFLICT, "%s is %s already", e->id,
                       enroll_state_name((enum enroll_state)e->state));
    TRY(enroll_take(tx, e, "the administrator takes the certificate away"));
    return e->state == STATE_REMOVED ? revoke(tx, a, e) : OK;
}

enum err enroll_pfx_rejected(struct tx *tx, struct arena *a, struct enrollment *e) {
    struct pfx pfx;
    bool back;
    if (e->kind != ENROLLMENT_PFX || e->state != STATE_REJECTED)
        return OK;
    TRY(pfx_get(tx, a, e->id, &pfx));
    return pfx.made ? revoke(tx, a, e) : pfx_give_back(tx, a, e, &back);
}

enum err enroll_pfx_ended(struct tx *tx, struct arena *a, struct enrollment *e) {
    TRY(enroll_record(tx, e, EVENT_REJECTED,
                      "the certificate has ended before it could be sent: make a new one (signet "
                      "pfx make)",
                      NULL));
    return enroll_pfx_rejected(tx, a, e);
}

enum err pfx_is_late(struct tx *tx, struct arena *a, struct enrollment *e) {
    if (e->state == STATE_ASSIGNED)
        return enroll_pfx_ended(tx, a, e);
    if (e->state != STATE_SENT)
        return enrollment_update(tx, e);
    TRY(pfx_wipe(tx, e->id));
    return enroll_record(tx, e, EVENT_NOTE,
                         "the certificate has ended, and the host has not said whether it took it: "
                         "its key is kept no longer",
                         NULL);
}

enum err enroll_pfx_cut_off(struct tx *tx, struct arena *a, int64_t device) {
    struct enrollment *all;
    TRY(enrollment_list_present(tx, a, device, &all));
    for (; all; all = all->next)
        if (all->kind == ENROLLMENT_PFX && waits(all->state))
            TRY(enroll_record(tx, all, EVENT_ALARM,
                              "the host has enrolled anew before it took the PKCS#12, which ends "
                              "with its former enrollment: make a new one (signet pfx make), or "
                              "give it again (signet pfx send)",
                              NULL));
    return OK;
}

enum err pfx_ends_soon(struct tx *tx, struct arena *a, struct enrollment *e) {
    char iso[CLOCK_ISO_SIZE];
    bool revoked;
    e->renew_at = 0;
    TRY(enroll_was_revoked(tx, a, e, &revoked));
    if (revoked)
        return enrollment_update(tx, e);
    clock_iso(e->not_after, iso);
    return enroll_record(
        tx, e, EVENT_ALARM,
        arena_printf(a,
                     "the certificate %s on %.10s and is not renewed, since nobody here has its "
                     "key: make a new one (signet pfx make), or give one (signet pfx send); when "
                     "that is confirmed, signet pfx remove %s takes this one away",
                     e->not_after > clock_ms() ? "ends" : "has ended", iso, e->id),
        "not_after", iso, NULL);
}

enum err pfx_name_given(struct tx *tx, struct arena *a, struct enrollment *e,
                        enum event_kind kind) {
    struct pfx pfx;
    struct cert c;
    TRY(pfx_get(tx, a, e->id, &pfx));
    TRY(cert_parse(pfx.cert, &c));
    if (c.not_after <= clock_ms())
        return OK;
    char *serial = arena_alloc(a, 2 * c.serial.n + 1);
    hex_lower(c.serial, serial);
    return enroll_record(tx, e, kind,
                         arena_printf(a,
                                      "the certificate, which was given, is still valid: revoke "
                                      "serial %s at its CA (%s)",
                                      serial, name_text(a, c.issuer)),
                         "serial", serial, NULL);
}
