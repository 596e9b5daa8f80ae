/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrollments whose certificate an upstream issues. What went out and what came back is counted in
 * the enrollment's row, in the commit before each, so that neither a lost connection nor a killed
 * server makes us forget that the upstream may have issued. Each host's attempt has a new key, and
 * with it a new certificate: whoever asks again must be told that there may be one already.
 */
#include <stdio.h>

#include "base/clock.h"
#include "enroll/enroll.h"
#include "enroll/observe.h"
#include "enroll/record.h"

enum { MAX_ISSUED = 20 }; /* events: a host that polls for ever must not fill the database */

static enum err alarm(struct tx *tx, struct enrollment *e, const char *text) {
    char asks[24], answers[24], successes[24];
    snprintf(asks, sizeof asks, "%lld", (long long)e->asks);
    snprintf(answers, sizeof answers, "%lld", (long long)e->answers);
    snprintf(successes, sizeof successes, "%lld", (long long)e->successes);
    return enroll_record(tx, e, EVENT_ALARM, text, "upstream", e->endpoint, "requests", asks,
                         "answers", answers, "successes", successes, NULL);
}

static enum err record_request(struct tx *tx, struct enrollment *e, const char *text,
                               va_list *evidence) {
    bool open = e->asks > e->answers, issued = e->successes > 0;
    e->asks++;
    TRY(enroll_record_list(tx, e, EVENT_REQUESTED, text, evidence));
    if (issued)
        TRY(alarm(tx, e,
                  "the upstream is asked again, although it has issued a certificate for this "
                  "enrollment already: if it grants this, there are two"));
    if (open)
        TRY(alarm(tx, e,
                  "the upstream is asked again, and the outcome of an earlier request is not known "
                  "here: it may have issued a certificate that nobody has"));
    return OK;
}

enum err enroll_asks_upstream(struct tx *tx, struct enrollment *e, const char *text, ...) {
    va_list ap;
    va_start(ap, text);
    enum err result = record_request(tx, e, text, &ap);
    va_end(ap);
    return result;
}

/* ---- what came of it ---- */

/* More answers than requests come of polling twice; they must not make up for a lost one. */
static void count_answer(struct enrollment *e) {
    if (e->answers < e->asks)
        e->answers++;
}

/* In mode RA the certificates are known: the same one twice is one. In mode relay they are not. */
static enum err name_second(struct tx *tx, struct enrollment *e) {
    ARENA_AUTO(a);
    struct foreign_certificate *all;
    int known = 0;
    TRY(foreign_list(tx, &a, e->id, &all));
    for (; all; all = all->next)
        known += all->source == FOREIGN_RA;
    if (known == 1)
        return OK;
    return alarm(tx, e,
                 known ? "a second certificate: the upstream has issued one for this enrollment "
                         "already, and cannot be told by us to revoke the one that the host does "
                         "not hold"
                       : "a second SUCCESS: the upstream has issued a certificate for this "
                         "enrollment already; whether this is another is sealed for the host, so "
                         "see at the upstream, and revoke there the one that the host does not "
                         "show");
}

static enum err record_success(struct tx *tx, struct enrollment *e, const char *text,
                               va_list *evidence) {
    count_answer(e);
    e->successes++;
    TRY(enroll_record_list(tx, e, e->successes > MAX_ISSUED ? EVENT_NOTE : EVENT_ISSUED, text,
                           evidence));
    return e->successes > 1 ? name_second(tx, e) : OK;
}

static enum err record_outcome(struct tx *tx, struct enrollment *e, enum upstream_outcome outcome,
                               const char *text, va_list *evidence) {
    switch (outcome) {
    case UPSTREAM_SUCCESS:
        return record_success(tx, e, text, evidence);
    case UPSTREAM_REFUSED:
        count_answer(e);
        return enroll_record_list(tx, e, EVENT_REFUSED, text, evidence);
    case UPSTREAM_NO_CERTREP:
        count_answer(e);
        return enroll_record_list(tx, e, EVENT_NOTE, text, evidence);
    case UPSTREAM_UNASKED:
        e->asks -= e->asks > e->answers;
        return enroll_record_list(tx, e, EVENT_NOTE, text, evidence);
    case UPSTREAM_PENDING:
    case UPSTREAM_SILENT:
        return enroll_record_list(tx, e, EVENT_NOTE, text, evidence);
    case UPSTREAM_WRONG:
        return enroll_record_list(tx, e, EVENT_ALARM, text, evidence);
    }
    return err_set(ERR_INTERNAL, "an upstream's outcome of kind %d", (int)outcome);
}

enum err enroll_upstream_said(struct tx *tx, struct enrollment *e, enum upstream_outcome outcome,
                              const char *text, ...) {
    va_list ap;
    va_start(ap, text);
    enum err result = record_outcome(tx, e, outcome, text, &ap);
    va_end(ap);
    return result;
}

/* ---- import ---- */

static enum err check_import(const struct enrollment *e, const struct foreign_certificate *c) {
    if (strcmp(e->endpoint, c->upstream) != 0)
        return err_set(ERR_REFUSED, "the enrollment %s is of '%s', not of the upstream '%s'", e->id,
                       e->endpoint, c->upstream);
    if (!e->host_thumbprint || strcasecmp(e->host_thumbprint, c->sha1) != 0)
        return err_set(
            ERR_REFUSED, "the certificate %s is not the one that the host of %s shows: %s", c->sha1,
            e->id, e->host_thumbprint && *e->host_thumbprint ? e->host_thumbprint : "none");
    return OK;
}

enum err enroll_import(struct tx *tx, struct arena *a, struct enrollment *e,
                       struct foreign_certificate *c) {
    TRY(check_import(e, c));
    c->enrollment = e->id;
    c->source = FOREIGN_IMPORT;
    c->seen = clock_ms();
    TRY(foreign_add(tx, c));
    TRY(enroll_record(tx, e, EVENT_NOTE, "the certificate that the host shows was imported",
                      "thumbprint", c->sha1, "subject", c->subject, "upstream", c->upstream, NULL));
    return observe_import(tx, a, e, c);
}
