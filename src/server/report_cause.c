/* SPDX-License-Identifier: Apache-2.0 */
/* What the timeline knows beyond the host's code: why an enrollment failed, and the cure. */
#include <string.h>

#include "base/text.h"
#include "explain/explain.h"
#include "explain/hresult.h"
#include "server/report.h"
#include "store/pfx.h"

static bool is_kind(const json_t *event, enum event_kind kind) {
    const char *name = json_string_value(json_object_get(event, "kind"));
    return name && strcmp(name, event_kind_name(kind)) == 0;
}

static const json_t *last_event(const json_t *out, enum event_kind kind) {
    const json_t *events = json_object_get(out, "events"), *event, *found = NULL;
    size_t i;
    json_array_foreach(events, i, event) if (is_kind(event, kind)) found = event;
    return found;
}

/* Whether it says what came of a request to an upstream; the alarms with counts say no news. */
static bool is_of_upstream(const json_t *event) {
    const json_t *evidence = json_object_get(event, "evidence");
    return (is_kind(event, EVENT_NOTE) || is_kind(event, EVENT_ALARM)) &&
           json_object_get(evidence, "upstream") && !json_object_get(evidence, "requests");
}

/* The last that the CA, or its upstream, said to the host or failed to say; since it was sent. */
static const json_t *last_word(const json_t *out) {
    const json_t *events = json_object_get(out, "events"), *event, *found = NULL;
    size_t i;
    json_array_foreach(events, i, event) {
        if (is_kind(event, EVENT_SENT))
            found = NULL;
        else if (is_kind(event, EVENT_REFUSED) || is_of_upstream(event))
            found = event;
    }
    return found;
}

static const char *upstream_of(const json_t *event) {
    return json_string_value(json_object_get(json_object_get(event, "evidence"), "upstream"));
}

static bool ends_with(const char *text, const char *end) {
    size_t n = text ? strlen(text) : 0, m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static const char *cure_of_refusal(const json_t *refused) {
    const char *text = json_string_value(json_object_get(refused, "text"));
    if (upstream_of(refused) && ends_with(text, "failInfo badRequest"))
        return "the upstream does not say why: a wrong or used challenge, or a rule of its own "
               "(micromdm/scep: -allowrenew); see its log, and assign the profile anew";
    return "mend what the refusal names, and assign the profile anew";
}

static const char *cure_of_upstream(struct arena *a, const json_t *event, uint32_t code) {
    const char *name = text_claim(a, span_str(upstream_of(event)), 64);
    if (code == 0x801901F4)
        return arena_printf(a,
                            "signet gateway check %s --enroll tells whether the upstream reads "
                            "OAEP; if it does not: remove it, add it with --mode ra, and assign "
                            "the profile anew",
                            name);
    return arena_printf(a,
                        "signet gateway show %s, and the upstream's log; then assign the "
                        "profile anew",
                        name);
}

/* A host that got a CertRep FAILURE or an HTTP error knows only that; the timeline knows why. */
static void explain_answer(struct arena *a, json_t *out) {
    json_t *error = json_object_get(out, "error");
    const json_t *word = last_word(out);
    const char *text = json_string_value(json_object_get(error, "code"));
    uint32_t code = 0;
    if (!word || !text || !hresult_parse(span_str(text), &code))
        return;
    bool denied = code == 0x80094014, http = code >= 0x80190190 && code <= 0x80190257;
    bool refused = is_kind(word, EVENT_REFUSED);
    const char *http_status =
        json_string_value(json_object_get(json_object_get(word, "evidence"), "httpStatus"));
    if (code == 0x80190193 && http_status && strcmp(http_status, "403") != 0)
        return; /* signet's own, to an address that is over: the word was on an earlier request */
    if (!(denied || (http && !refused)))
        return;
    json_object_set(error, "cause", json_object_get(word, "text"));
    report_text(error, "cure", refused ? cure_of_refusal(word) : cure_of_upstream(a, word, code));
}

static const struct explain_entry *status_entry(int64_t status) {
    return status > 0 && status < 1000 ? explain_syncml((uint32_t)status) : NULL;
}

static const char *cure_of(struct arena *a, int64_t status) {
    const struct explain_entry *e = status_entry(status);
    if (!e)
        return "look the status up in SyncML, and at the host's Event Viewer";
    return arena_printf(a, "%s: %s", e->here, e->cure);
}

/* "0x800710DF: ERROR_DEVICE_NOT_AVAILABLE, The device is not ready for use." beside the status. */
static const char *original_meaning(struct arena *a, const json_t *evidence) {
    const char *original = json_string_value(json_object_get(evidence, "original_error"));
    uint32_t code;
    if (!original || !hresult_parse(span_str(original), &code) || !hresult_known(code))
        return NULL;
    const struct explain_entry *h = hresult_find(code);
    return arena_printf(a, "0x%08X: %s%s%s", code, h->name, h->meaning ? ", " : "",
                        h->meaning ? h->meaning : "");
}

/* A key that may lie in the TPM only is what a host without one refuses. */
static enum err cure_of_pfx(struct tx *tx, struct arena *a, const struct enrollment *e,
                            int64_t status, const char **out) {
    enum { COMMAND_FAILED = 500, TPM_ONLY = 1 };
    struct pfx pfx;
    *out = cure_of(a, status);
    if (e->kind != ENROLLMENT_PFX || status != COMMAND_FAILED)
        return OK;
    TRY(pfx_get(tx, a, e->id, &pfx));
    if (pfx.key_location == TPM_ONLY)
        *out = "the key was for the TPM only (--protection tpm): if the host has none that is "
               "ready, send it anew with --protection tpm-or-software, or software";
    return OK;
}

static enum err explain_rejection(struct tx *tx, struct arena *a, const struct enrollment *e,
                                  json_t *out) {
    const json_t *rejected = last_event(out, EVENT_REJECTED);
    const json_t *evidence = json_object_get(rejected, "evidence");
    const char *nodes = json_string_value(json_object_get(evidence, "nodes"));
    const char *status = json_string_value(json_object_get(evidence, "status"));
    const char *guilty = nodes ? nodes : status ? status : "";
    int64_t code;
    if (!rejected || !span_int(span_of(guilty, strcspn(guilty, " ")), &code))
        return OK;
    const struct explain_entry *known = status_entry(code);
    const char *original = original_meaning(a, evidence), *cure;
    TRY(cure_of_pfx(tx, a, e, code, &cure));
    json_t *error = json_object();
    json_object_set_new(error, "code", json_sprintf("%d", (int)code));
    report_text(error, "name", known ? known->name : NULL);
    report_text(error, "meaning", original ? original : known ? known->meaning : NULL);
    report_text(error, "cause", guilty);
    report_text(error, "cure", cure);
    json_object_set_new(out, "error", error);
    return OK;
}

enum err report_explain(struct tx *tx, struct arena *a, const struct enrollment *e, json_t *out) {
    explain_answer(a, out);
    return e->state == STATE_REJECTED ? explain_rejection(tx, a, e, out) : OK;
}
