/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/hardware.h"

#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "mdm/claim.h"
#include "mdm/report.h"
#include "mdm/source.h"
#include "wire/mdm.h"

#define WEEK (7 * DAY_MS)

enum { MAX_ID = 128, MAX_MODEL = 64 };

/* ---- what the host says of itself ---- */

void hardware_hear(struct exchange *x, const struct syncml_command *replace) {
    for (const struct syncml_item *i = replace->items; i; i = i->next) {
        struct span value = span_trim(i->data);
        if (span_is(i->source, "./DevInfo/Man"))
            x->maker = text_claim(x->a, value, MAX_MODEL);
        if (span_is(i->source, "./DevInfo/Mod"))
            x->model = text_claim(x->a, value, MAX_MODEL);
        if (span_is(i->source, "./DevInfo/DevId"))
            x->dev_id = text_claim(x->a, value, MAX_ID);
    }
}

static void watch(struct exchange *x) {
    x->device.watched = x->now + WEEK;
}

static enum err check_model(struct tx *tx, struct exchange *x) {
    const char *before = x->device.model;
    if (!x->maker || !x->model)
        return OK;
    const char *now = arena_printf(x->a, "%s %s", x->maker, x->model);
    if (before && strcmp(before, now) == 0)
        return OK;
    x->device.model = now;
    if (before) {
        watch(x);
        TRY(report_of_host(tx, x, JOURNAL_NOTE,
                           "the host names another manufacturer or model than before: it is asked "
                           "for its hardware",
                           "before", before, "now", now, "peer", x->peer, NULL));
    }
    return device_set_shown(tx, &x->device);
}

/* Both are the DeviceID on a real host (windows-mdm.md, B.2). */
static enum err check_dev_id(struct tx *tx, struct exchange *x) {
    if (!x->dev_id || strcasecmp(x->dev_id, x->device.device_id) == 0)
        return OK;
    watch(x);
    TRY(report_of_host(tx, x, JOURNAL_ALARM,
                       "the host's DevInfo names another DeviceID than its messages: its device "
                       "certificate may have been copied",
                       "dev_id", x->dev_id, "peer", x->peer, NULL));
    return device_set_shown(tx, &x->device);
}

enum err hardware_is_in_two_places(struct tx *tx, struct exchange *x) {
    watch(x);
    TRY(report_of_host(tx, x, JOURNAL_ALARM,
                       "one identity is used in two places at once: sessions of two addresses "
                       "contradict each other; its device certificate may have been copied",
                       "peer", x->peer, "other_peer", x->session.peer, NULL));
    return device_set_shown(tx, &x->device);
}

/* ---- its HWDevID ---- */

static enum err is_another(struct tx *tx, struct exchange *x, const char *shown) {
    x->device.hw_other = shown;
    return report_each(tx, x, JOURNAL_ALARM,
                       "the host shows another hardware than before: its device certificate may "
                       "have been copied to another machine. Its sessions are refused until "
                       "signet device confirm or signet device reject settles it",
                       "before", x->device.hw_shown, "now", shown, "peer", x->peer, NULL);
}

/* The first in a session: a host may name itself otherwise there than where it enrolled. */
static enum err is_first(struct tx *tx, struct exchange *x, const char *shown) {
    x->device.hw_shown = shown;
    if (!claim_names_hardware(x->device.hw_dev_id) || !strcasecmp(shown, x->device.hw_dev_id))
        return OK;
    return report_of_host(tx, x, JOURNAL_NOTE,
                          "the host's sessions show another HWDevID than its enrollment named: the "
                          "one of its sessions counts",
                          "enrolled", x->device.hw_dev_id, "now", shown, "peer", x->peer, NULL);
}

static enum err is_same(struct tx *tx, struct exchange *x) {
    return x->identity.sha256.n ? identity_supersede(tx, &x->identity, x->now, &x->moved) : OK;
}

/* Of a host that has shown one before it is no answer while it is watched: what waits for it waits
 * on. */
static enum err is_none(struct tx *tx, struct exchange *x) {
    if (!x->device.hw_shown || x->now >= x->device.watched)
        x->device.hw_told = x->now;
    if (x->device.hw_shown)
        TRY(report_of_host(tx, x, JOURNAL_NOTE,
                           "the host has shown its HWDevID before, and does not show it now",
                           "before", x->device.hw_shown, "peer", x->peer, NULL));
    return device_set_shown(tx, &x->device);
}

static enum err hear(struct tx *tx, struct exchange *x, const struct heard *h) {
    if (!h->results && h->status < 300)
        return OK; /* the value comes with the Results */
    const char *shown = h->results ? text_claim(x->a, span_trim(h->results->data), MAX_ID) : "";
    if (!claim_names_hardware(shown))
        return is_none(tx, x);
    x->device.hw_told = x->now;
    if (!x->device.hw_shown)
        TRY(is_first(tx, x, shown));
    else if (strcasecmp(shown, x->device.hw_shown) != 0)
        TRY(is_another(tx, x, shown));
    else
        TRY(is_same(tx, x));
    return device_set_shown(tx, &x->device);
}

/* A Status of 200, and all of the message (or the one after it) without Results. */
static enum err check_silence(struct tx *tx, struct exchange *x) {
    for (struct sent_command *s = x->session.sent; s; s = s->next) {
        if (s->purpose != PURPOSE_HARDWARE || !s->answered || s->shown || s->done)
            continue;
        if (x->session.chunk_uri || (!x->in->final && s->msg_id + 1 >= x->msg_id))
            continue;
        s->done = true;
        TRY(is_none(tx, x));
    }
    return OK;
}

static enum err settle(struct tx *tx, struct exchange *x) {
    if (x->joined)
        return check_silence(tx, x);
    TRY(check_model(tx, x));
    return check_dev_id(tx, x);
}

/* ---- a new identity ---- */

static bool is_unproved(const struct exchange *x) {
    return x->identity.sha256.n && !x->identity.used && x->device.hw_shown;
}

enum err hardware_see_identity(struct tx *tx, struct exchange *x) {
    if (!x->identity.sha256.n || x->identity.used)
        return OK;
    TRY(identity_first_used(tx, &x->identity, x->now));
    if (!is_unproved(x))
        return identity_supersede(tx, &x->identity, x->now, &x->moved);
    watch(x);
    return device_set_shown(tx, &x->device);
}

/*
 * It is not taken: the copy could end the host, and its certificates, by one message, which nothing
 * undoes. What is lost by that is time: an administrator has to settle it anyway.
 */
static const char leaves[] =
    "a host that has shown another hardware says that its user has unenrolled it, which is not "
    "taken from it: if that is so, signet device reject revokes its certificates";

enum err hardware_hear_leaving(struct tx *tx, struct exchange *x) {
    return x->leaves ? report_of_host(tx, x, JOURNAL_ALARM, leaves, "peer", x->peer, NULL) : OK;
}

enum err hardware_check(struct exchange *x) {
    if (!x->device.hw_other)
        return OK;
    x->alarm = session_says_it_leaves(x) ? leaves : NULL; /* else it was told already */
    return err_set(ERR_FORBIDDEN,
                   "the host %s has shown another hardware than before: signet device confirm or "
                   "signet device reject settles it",
                   x->device.device_id);
}

/* ---- when it is asked ---- */

/* When the message is only looked at, the host's answer has not been taken. */
static bool was_answered(const struct exchange *x) {
    for (const struct sent_command *s = x->session.sent; s && x->looking; s = s->next)
        if (s->purpose == PURPOSE_HARDWARE && (s->shown || (s->done && !x->device.hw_shown)))
            return true;
    return x->device.hw_told >= x->session.started;
}

bool hardware_is_awaited(const struct exchange *x) {
    return (x->now < x->device.watched || is_unproved(x)) && !(x->joined && was_answered(x));
}

enum err hardware_guard_key(struct tx *tx, struct exchange *x) {
    bool answered = x->joined && was_answered(x);
    if (!x->device.hw_shown || x->now < x->device.watched || answered)
        return OK;
    x->device.watched = x->now + HOUR_MS; /* the session's time */
    return device_set_shown(tx, &x->device);
}

static enum err plan(struct tx *tx, struct exchange *x) {
    bool due = x->now - x->device.hw_told >= WEEK || x->now < x->device.watched;
    if (x->joined || !due || x->device.state != DEVICE_ENROLLED)
        return OK;
    const char *uri =
        arena_printf(x->a, "./Device" CSP_DM_CLIENT "/Provider/%s/HWDevID", x->mdm->provider_id);
    return session_keep(tx, x, syncml_write_get(&x->out, uri), PURPOSE_HARDWARE, NULL, uri);
}

const struct session_source hardware_source = {PURPOSE_HARDWARE, PURPOSE_HARDWARE, hear, settle,
                                               plan};
