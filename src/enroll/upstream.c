/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrollments whose certificate an upstream issues. What went out and what came back is counted in
 * the enrollment's row, in the commit before each, so that neither a lost connection nor a killed
 * server makes us forget that the upstream may have issued. Each host's attempt has a new key, and
 * with it a new certificate: whoever asks again must be told that there may be one already.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "enroll/enroll.h"
#include "enroll/record.h"

enum { MAX_ISSUED = 20 }; /* events: a host that polls for ever must not fill the database */

/* How events are known again: the beginning and the end of what they say. */
static const char asked_again[] = "the upstream is asked again, and of an earlier request ";
static const char in_doubt[] = "; what it did with the request is not known";

/* Of the row only what an upstream's answer changes: no index over the rest is written anew. */
static enum err record(struct tx *tx, struct enrollment *e, enum event_kind kind, const char *text,
                       va_list *evidence) {
    TRY(enroll_add_event(tx, e, kind, text, evidence));
    return enrollment_update_asks(tx, e);
}

static enum err record_counts(struct tx *tx, struct enrollment *e, enum event_kind kind,
                              const char *text) {
    char asks[24], answers[24], successes[24];
    snprintf(asks, sizeof asks, "%lld", (long long)e->asks);
    snprintf(answers, sizeof answers, "%lld", (long long)e->answers);
    snprintf(successes, sizeof successes, "%lld", (long long)e->successes);
    return enroll_record(tx, e, kind, text, "upstream", e->endpoint, "requests", asks, "answers",
                         answers, "successes", successes, NULL);
}

static enum err alarm(struct tx *tx, struct enrollment *e, const char *text) {
    return record_counts(tx, e, EVENT_ALARM, text);
}

enum err enroll_may_ask_upstream(const struct enrollment *e, bool poll) {
    if (e->successes >= ENROLL_MAX_SUCCESSES)
        return err_set(ERR_REFUSED,
                       "the upstream has answered %lld requests of this enrollment with SUCCESS, "
                       "and its host has named no certificate: see there what it issued, find out "
                       "why the host cannot use it, and assign the profile anew",
                       (long long)e->successes);
    if (!poll && e->asks >= ENROLL_MAX_ASKS)
        return err_set(ERR_REFUSED,
                       "%lld requests of this enrollment went to the upstream already: find out "
                       "why they fail, and assign the profile anew",
                       (long long)e->asks);
    return OK;
}

/* ---- asked again ---- */

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* What came of a request, without the doubt; NULL: this is another event. */
static const char *doubt_of(struct arena *a, const struct event *v) {
    size_t n = strlen(v->text), end = sizeof in_doubt - 1;
    if (n <= end || strcmp(v->text + n - end, in_doubt) != 0)
        return NULL;
    return arena_str(a, span_of(v->text, n - end));
}

/* Whether this alarm was raised when as much was known as is now. */
static bool says_the_same(const struct enrollment *e, const struct event *v) {
    long long answers = -1;
    if (v->kind != EVENT_ALARM || !begins(v->text, asked_again))
        return false;
    json_t *evidence = json_loads(v->evidence, 0, NULL);
    const char *known = json_string_value(json_object_get(evidence, "answers"));
    if (known)
        sscanf(known, "%lld", &answers);
    json_decref(evidence);
    return answers == e->answers;
}

/* One alarm is enough until the upstream has answered: the next requests are notes. */
static enum err name_open(struct tx *tx, struct enrollment *e) {
    ARENA_AUTO(a);
    struct event *events;
    const char *doubt = NULL;
    bool told = false;
    TRY(enrollment_list_events(tx, &a, e->id, &events));
    for (const struct event *v = events; v; v = v->next) {
        const char *more = doubt_of(&a, v);
        doubt = more ? more : doubt;
        told |= says_the_same(e, v);
    }
    return record_counts(
        tx, e, told ? EVENT_NOTE : EVENT_ALARM,
        arena_printf(&a, "%s%s%s: it may have issued a certificate that nobody has", asked_again,
                     doubt ? "only this is known: " : "no outcome is known", doubt ? doubt : ""));
}

static enum err record_request(struct tx *tx, struct enrollment *e, const char *text,
                               va_list *evidence) {
    bool open = e->asks > e->answers, issued = e->successes > 0;
    e->asks++;
    TRY(record(tx, e, EVENT_REQUESTED, text, evidence));
    if (issued)
        TRY(alarm(tx, e,
                  "the upstream is asked again, although it has issued a certificate for this "
                  "enrollment already: if it grants this, there are two"));
    return open ? name_open(tx, e) : OK;
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
    TRY(record(tx, e, e->successes > MAX_ISSUED ? EVENT_NOTE : EVENT_ISSUED, text, evidence));
    if (enroll_has_ended(e)) /* it was granted late */
        TRY(enroll_keep_ended(tx, e));
    return e->successes > 1 ? name_second(tx, e) : OK;
}

static enum err record_doubt(struct tx *tx, struct enrollment *e, enum event_kind kind,
                             const char *text, va_list *evidence) {
    ARENA_AUTO(a);
    return record(tx, e, kind, arena_printf(&a, "%s%s", text, in_doubt), evidence);
}

static enum err record_outcome(struct tx *tx, struct enrollment *e, enum upstream_outcome outcome,
                               const char *text, va_list *evidence) {
    switch (outcome) {
    case UPSTREAM_SUCCESS:
        return record_success(tx, e, text, evidence);
    case UPSTREAM_REFUSED:
        count_answer(e);
        return record(tx, e, EVENT_REFUSED, text, evidence);
    case UPSTREAM_NO_CERTREP:
        count_answer(e);
        return record(tx, e, EVENT_NOTE, text, evidence);
    case UPSTREAM_UNASKED:
        e->asks -= e->asks > e->answers;
        return record(tx, e, EVENT_NOTE, text, evidence);
    case UPSTREAM_PENDING:
        return record(tx, e, EVENT_NOTE, text, evidence);
    case UPSTREAM_SILENT:
        return record_doubt(tx, e, EVENT_NOTE, text, evidence);
    case UPSTREAM_WRONG:
        return record_doubt(tx, e, EVENT_ALARM, text, evidence);
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
