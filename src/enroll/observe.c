/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host's nodes say, held against what the CA knows. "confirmed" is said here and nowhere
 * else: Status is 1, and CertThumbprint is the SHA-1 of a live certificate that was issued for this
 * very enrollment; by an upstream, to us (mode RA), or sealed for the host and imported since. A
 * relayed one that is not known is "reported". What the host says of it later is for checks.c.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "explain/hresult.h"
#include "enroll/life.h"
#include "enroll/observe.h"
#include "enroll/pfx.h"
#include "enroll/promised.h"
#include "enroll/record.h"
#include "store/certificate.h"
#include "wire/scep.h"

enum { MAX_BACKOFF = 240 }; /* minutes between two questions about a failure */
enum { MAX_THUMBPRINT = 64 };

static bool changed(const struct enrollment *e, const struct observation *seen) {
    return !text_same(e->host_status, seen->status) || !text_same(e->host_error, seen->error) ||
           !text_same(e->host_thumbprint, seen->thumbprint) ||
           !text_same(e->respondent, seen->respondent);
}

void observe_remember(struct enrollment *e, const struct observation *seen) {
    e->host_status = seen->status;
    e->host_error = seen->error;
    e->host_thumbprint = seen->thumbprint;
    e->respondent = seen->respondent;
}

void observe_back_off(struct enrollment *e) {
    int64_t minutes = e->asked < 8 ? (int64_t)1 << e->asked : MAX_BACKOFF;
    e->asked++;
    e->next_ask = clock_ms() + (minutes < MAX_BACKOFF ? minutes : MAX_BACKOFF) * MINUTE_MS;
}

/* Not of one that is expiring, whose certificate is imported only now. */
static void settle(struct enrollment *e, int64_t not_before, int64_t not_after) {
    if (e->state != STATE_CONFIRMED && e->state != STATE_REPORTED)
        return;
    e->not_after = not_after;
    e->renew_at = not_after ? renew_due(not_before, not_after, e->id) : 0;
    e->next_check = enroll_next_check(e, clock_ms());
}

enum err observe_confirmed(struct tx *tx, struct enrollment *e, const struct observation *seen,
                           const char *text, int64_t not_before, int64_t not_after) {
    e->deadline = 0;
    TRY(enroll_event(tx, e, EVENT_CONFIRMED, text, "status", seen->status, "thumbprint",
                     seen->thumbprint, "respondent", seen->respondent, NULL));
    settle(e, not_before, not_after);
    return OK;
}

/*
 * The host shows a certificate that a later request superseded: one that was held back on its way,
 * or that somebody else sent with the same challenge. What the host holds is what arrived, so that
 * one is made live again and the later one is revoked. While the enrollment is open no superseded
 * certificate stands in a CRL; one that does, because the time was over, leaves the next.
 */
static enum err prefer_proof(struct tx *tx, struct enrollment *e, struct certificate *certs,
                             struct certificate *held) {
    TRY(enroll_supersede(
        tx, e, certs,
        "the last certificate of this enrollment did not arrive: it was revoked as "
        "superseded"));
    TRY(certificate_reinstate(tx, held->id));
    held->revoked = 0;
    TRY(journal_record(tx, JOURNAL_REINSTATED, held->endpoint, held->id,
                       "the host holds this certificate, not the one that superseded it", NULL));
    return enroll_record(tx, e, EVENT_ALARM,
                         "the host holds an earlier certificate than the last one that was issued: "
                         "another request with its challenge came after its own",
                         "thumbprint", held->sha1, NULL);
}

static enum err judge_own(struct tx *tx, struct enrollment *e, const struct observation *seen,
                          struct certificate *certs, struct certificate *held, bool news) {
    if (held->revoked && text_same(held->reason, "superseded"))
        TRY(prefer_proof(tx, e, certs, held));
    if (!held->revoked)
        return observe_confirmed(tx, e, seen,
                                 "the host has the certificate: Status 1, and its CertThumbprint "
                                 "is the SHA-1 of the certificate that was issued",
                                 held->not_before, held->not_after);
    if (!news)
        return OK;
    return enroll_record(tx, e, EVENT_ALARM, "the host holds a certificate that was revoked",
                         "thumbprint", seen->thumbprint, NULL);
}

/* ---- certificates of an upstream ---- */

/* What it issued twice we cannot revoke: that is for who runs it. An import that breaks the promise
 * was never proved to be this enrollment's. */
static enum err name_others(struct tx *tx, struct arena *a, struct enrollment *e,
                            const struct foreign_certificate *all,
                            const struct foreign_certificate *held) {
    for (const struct foreign_certificate *c = all; c; c = c->next) {
        if (c->id == held->id ||
            (c->source == FOREIGN_IMPORT && observe_keeps_promise(a, e, c) != OK))
            continue;
        const char *serial = hex_text(a, c->serial);
        TRY(enroll_record(tx, e, EVENT_ALARM,
                          arena_printf(a,
                                       "the upstream issued another certificate for this "
                                       "enrollment, which the host does not hold: revoke serial %s "
                                       "at '%s'",
                                       serial, c->upstream),
                          "serial", serial, "thumbprint", c->sha1, NULL));
    }
    return OK;
}

enum err observe_keeps_promise(struct arena *a, const struct enrollment *e,
                               const struct foreign_certificate *c) {
    struct cert cert;
    const struct promise promise = promise_of(e);
    TRY(cert_parse(c->der, &cert));
    return promise_check_cert(a, &promise, &cert);
}

static enum err name_difference(struct tx *tx, struct arena *a, struct enrollment *e,
                                const struct foreign_certificate *c, const char *difference) {
    return enroll_record(
        tx, e, EVENT_ALARM,
        arena_printf(a, "the certificate is not what the profile promised: %s", difference),
        "thumbprint", c->sha1, "upstream", c->upstream, NULL);
}

/*
 * In mode RA the CSR was held against the promise before the upstream was asked, and what came back
 * against the CSR's key: the certificate is the one, though the upstream may have changed what it
 * says. That is an alarm, and the state is true all the same: the host holds what was issued for
 * it. Of an imported one nothing was known before.
 */
static enum err judge_foreign(struct tx *tx, struct arena *a, struct enrollment *e,
                              const struct observation *seen, const struct foreign_certificate *all,
                              const struct foreign_certificate *held, bool news) {
    bool imported = held->source == FOREIGN_IMPORT, kept = observe_keeps_promise(a, e, held) == OK;
    const char *difference = kept ? NULL : arena_str(a, span_str(err_detail()));
    if (imported && !kept)
        return news ? name_difference(tx, a, e, held, difference) : OK;
    if (!kept)
        TRY(name_difference(tx, a, e, held, difference));
    TRY(name_others(tx, a, e, all, held));
    return observe_confirmed(
        tx, e, seen,
        arena_printf(a,
                     imported ? "the host has the certificate: Status 1, and its CertThumbprint is "
                                "the SHA-1 of the imported certificate of '%s', which is what the "
                                "profile promised"
                              : "the host has the certificate: Status 1, and its CertThumbprint is "
                                "the SHA-1 of the certificate that '%s' issued",
                     held->upstream),
        held->not_before, held->not_after);
}

enum err observe_import(struct tx *tx, struct arena *a, struct enrollment *e,
                        const struct foreign_certificate *c) {
    struct foreign_certificate *all;
    const struct observation seen = {.status = e->host_status,
                                     .error = e->host_error,
                                     .thumbprint = e->host_thumbprint,
                                     .respondent = e->respondent};
    int64_t status;
    if (!seen.status || !span_int(span_str(seen.status), &status) || status != CSP_SCEP_SUCCESS)
        return OK; /* what the host says next is judged with it */
    TRY(foreign_list(tx, a, e->id, &all));
    int before = e->state;
    TRY(judge_foreign(tx, a, e, &seen, all, c, true));
    return e->state == before ? OK : enroll_take_places_now(tx, a, e);
}

/* ---- certificates that are not known ---- */

enum err observe_reported(struct tx *tx, struct arena *a, struct enrollment *e,
                          const struct observation *seen) {
    const char *shown = text_claim(a, span_str(seen->thumbprint), MAX_THUMBPRINT);
    const char *text =
        arena_printf(a,
                     "the host shows the certificate %s after a SUCCESS of '%s'; the certificate "
                     "itself is sealed for the host and was not seen here: signet gateway import "
                     "%s FILE confirms it",
                     shown, e->endpoint, e->endpoint);
    e->deadline = 0;
    TRY(enroll_event(tx, e, EVENT_REPORTED, text, "status", seen->status, "thumbprint", shown,
                     "respondent", seen->respondent, NULL));
    settle(e, 0, 0);
    return OK;
}

static const char *not_known(const struct enrollment *e, bool ra) {
    if (!e->asks)
        return "the host holds a certificate that signet has not issued for this enrollment";
    if (ra)
        return "the host holds a certificate that the upstream has not issued to signet for this "
               "enrollment";
    return "the host holds a certificate, though the upstream has answered no request of this "
           "enrollment with SUCCESS";
}

static enum err judge_unknown(struct tx *tx, struct arena *a, struct enrollment *e,
                              const struct observation *seen, const struct foreign_certificate *all,
                              bool news) {
    bool named = seen->thumbprint && *seen->thumbprint, ra = false;
    for (; all; all = all->next)
        ra |= all->source == FOREIGN_RA;
    if (named && e->successes && !ra)
        return observe_reported(tx, a, e, seen);
    if (!news)
        return OK;
    if (!named)
        return enroll_record(tx, e, EVENT_NOTE,
                             "the host says Status 1 but names no certificate: it is not valid on "
                             "the host, or gone",
                             "status", seen->status, NULL);
    return enroll_record(tx, e, EVENT_NOTE, not_known(e, ra), "thumbprint", seen->thumbprint,
                         "respondent", seen->respondent, NULL);
}

/* The host says success: is it the right certificate that it holds? */
static enum err judge_success(struct tx *tx, struct arena *a, struct enrollment *e,
                              const struct observation *seen, bool news) {
    const char *shown = seen->thumbprint ? seen->thumbprint : "";
    struct certificate *certs, *own = NULL;
    struct foreign_certificate *all, *foreign = NULL;
    TRY(certificate_list(tx, a, e->id, &certs));
    for (struct certificate *c = certs; c; c = c->next)
        if (strcasecmp(c->sha1, shown) == 0)
            own = c;
    if (own)
        return judge_own(tx, e, seen, certs, own, news);
    TRY(foreign_list(tx, a, e->id, &all));
    for (struct foreign_certificate *c = all; c; c = c->next)
        if (strcasecmp(c->sha1, shown) == 0)
            foreign = c;
    if (foreign)
        return judge_foreign(tx, a, e, seen, all, foreign, news);
    return judge_unknown(tx, a, e, seen, all, news);
}

static enum err judge_failure(struct tx *tx, struct arena *a, struct enrollment *e,
                              const struct observation *seen, bool news) {
    uint32_t code = 0;
    char hex[11];
    observe_back_off(e);
    if (!news && e->state == STATE_FAILED)
        return enrollment_update(tx, e);
    if (!seen->error || !hresult_parse(span_str(seen->error), &code))
        return enroll_record(
            tx, e, EVENT_FAILED,
            "the host failed and gives no readable ErrorCode: look at events 32 and "
            "307 in its Event Viewer",
            "status", seen->status, "error", seen->error, NULL);
    const struct explain_entry *h = hresult_find(code);
    snprintf(hex, sizeof hex, "0x%08X", code);
    const char *text = arena_printf(a, "the host failed with %s %s: %s", hex, h->name, h->meaning);
    return enroll_record(tx, e, EVENT_FAILED, text, "status", seen->status, "error", hex, "name",
                         h->name, "meaning", h->meaning, "cause", h->cause, "cure", h->cure,
                         "respondent", seen->respondent, NULL);
}

static enum err judge_absence(struct tx *tx, struct arena *a, struct enrollment *e) {
    if (e->state == STATE_SENT)
        return enroll_lost(
            tx, a, e,
            arena_printf(a, "%s did not reach the host: it will be sent again", enroll_what(e)),
            "404");
    if (e->state == STATE_FAILED && text_same(e->host_status, "absent"))
        return OK;
    e->host_status = "absent";
    observe_back_off(e);
    return enroll_record(tx, e, EVENT_FAILED,
                         arena_printf(a,
                                      "%s is gone from the host: it was reset, or somebody deleted "
                                      "it; %s",
                                      enroll_what(e), enroll_how_anew(e)),
                         "status", "404", NULL);
}

static enum err judge_waiting(struct tx *tx, struct arena *a, struct enrollment *e,
                              const struct observation *seen) {
    int64_t status = -1;
    span_int(span_str(seen->status), &status);
    const struct explain_entry *known =
        status > 0 && status < 256 ? explain_entry_find(&explain_status_table, (uint32_t)status)
                                   : NULL;
    const char *meaning = known ? known->here : "a value that the CSP does not document";
    return enroll_record(tx, e, EVENT_NOTE,
                         arena_printf(a, "the host says Status %s: %s",
                                      seen->status ? seen->status : "(none)", meaning),
                         "status", seen->status, "respondent", seen->respondent, NULL);
}

static enum err judge_scep(struct tx *tx, struct arena *a, struct enrollment *e,
                           const struct observation *seen, bool news) {
    int64_t status = 0;
    if (!seen->status || !span_int(span_str(seen->status), &status))
        status = 0;
    if (status == CSP_SCEP_SUCCESS)
        return judge_success(tx, a, e, seen, news);
    if (status == CSP_SCEP_FAILED)
        return judge_failure(tx, a, e, seen, news);
    return news ? judge_waiting(tx, a, e, seen) : OK;
}

enum err enroll_observe(struct tx *tx, struct arena *a, struct enrollment *e,
                        struct enrollment *present, const struct enroll_policy *policy,
                        const struct observation *seen) {
    if (enroll_is_kept(e))
        return enroll_check(tx, a, e, seen);
    if (!enroll_state_open((enum enroll_state)e->state) && e->state != STATE_UNCONFIRMED)
        return OK; /* a repeated message cannot take back what is decided */
    if (seen->absent)
        return judge_absence(tx, a, e);
    if (e->state == STATE_SENT)
        TRY(enroll_accepted(
            tx, e, policy,
            arena_printf(a, "%s is on the host, though its answer to it was lost", enroll_what(e)),
            NULL));
    else if (!e->deadline && e->state != STATE_FAILED && e->state != STATE_UNCONFIRMED)
        e->deadline = clock_ms() + policy->confirm_within;
    bool news = changed(e, seen);
    observe_remember(e, seen);
    TRY(e->kind == ENROLLMENT_PFX ? pfx_judge(tx, a, e, seen, news)
                                  : judge_scep(tx, a, e, seen, news));
    TRY(enrollment_update(tx, e));
    return enroll_take_places(tx, e, present);
}
