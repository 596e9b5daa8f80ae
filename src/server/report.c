/* SPDX-License-Identifier: Apache-2.0 */
#include "server/report.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "explain/hresult.h"
#include "store/pfx.h"
#include "x509/cert.h"
#include "x509/name.h"

void report_text(json_t *object, const char *key, const char *text) {
    if (text)
        json_object_set_new(object, key, json_stringn_nocheck(text, strlen(text)));
}

void report_time(json_t *object, const char *key, int64_t ms) {
    char iso[CLOCK_ISO_SIZE];
    if (ms)
        report_text(object, key, clock_iso(ms, iso));
}

/* The host's ErrorCode in words; of PKCS#12 its Status, if that is an error. */
static void add_error(const struct enrollment *e, json_t *out) {
    uint32_t code;
    char text[11];
    bool pfx = e->kind == ENROLLMENT_PFX;
    const char *said = pfx ? e->host_status : e->host_error;
    if (e->state != STATE_FAILED || !said || !hresult_parse(span_str(said), &code) ||
        (pfx && !code))
        return;
    const struct explain_entry of_pfx = hresult_of_pfx(code),
                               *h = pfx ? &of_pfx : hresult_find(code);
    json_t *error = json_object();
    snprintf(text, sizeof text, pfx && code < 0x10000 ? "%u" : "0x%08X", code);
    report_text(error, "code", text);
    report_text(error, "name", h->name);
    report_text(error, "meaning", h->meaning);
    report_text(error, "cause", h->cause);
    report_text(error, "cure", h->cure);
    json_object_set_new(out, "error", error);
}

json_t *report_enrollment(const struct enrollment *e, const struct device *d) {
    json_t *out = json_object(), *device = json_object(), *host = json_object();
    report_text(out, "id", e->id);
    report_text(out, "state", enroll_state_name((enum enroll_state)e->state));
    report_text(out, "kind", e->kind == ENROLLMENT_PFX ? "pfx" : "scep");
    report_text(out, "profile", e->kind == ENROLLMENT_PFX ? "(pfx)" : e->profile);
    report_text(out, "endpoint", *e->endpoint ? e->endpoint : NULL);
    report_text(device, "device_id", d->device_id);
    report_text(device, "name", d->name);
    json_object_set_new(out, "device", device);
    report_text(out, "subject", e->subject);
    report_time(out, "created", e->created);
    report_time(out, "deadline", e->deadline);
    report_text(out, "replaces", e->replaces);
    report_time(out, "not_after", e->not_after);
    if (e->kind != ENROLLMENT_PFX) /* nobody here has the key */
        report_time(out, "renew_at", e->renew_at);
    report_text(host, "status", e->host_status);
    report_text(host, "error", e->host_error);
    report_text(host, "thumbprint", e->host_thumbprint);
    report_text(host, "respondent", e->respondent);
    json_object_set_new(out, "host", host);
    add_error(e, out);
    return out;
}

static enum err add_events(struct tx *tx, struct arena *a, const struct enrollment *e,
                           json_t *out) {
    json_t *list = json_array();
    struct event *events;
    json_object_set_new(out, "events", list);
    TRY(enrollment_list_events(tx, a, e->id, &events));
    for (struct event *v = events; v; v = v->next) {
        json_t *item = json_object(), *evidence = json_loads(v->evidence, 0, NULL);
        report_time(item, "at", v->at);
        report_text(item, "kind", event_kind_name((enum event_kind)v->kind));
        report_text(item, "text", v->text);
        json_object_set_new(item, "evidence", evidence ? evidence : json_object());
        json_array_append_new(list, item);
    }
    return OK;
}

static const char *certificate_state(const struct certificate *c) {
    if (c->revoked)
        return "revoked";
    return c->not_after < clock_ms() ? "expired" : "live";
}

static void put_der(json_t *object, struct span der) {
    BUF_AUTO(base64);
    base64_encode(&base64, der);
    report_text(object, "der", buf_cstr(&base64));
}

json_t *report_certificate(const struct certificate *c) {
    json_t *out = json_object();
    char serial[2 * CERT_SERIAL_SIZE + 1] = "";
    if (c->serial.n <= CERT_SERIAL_SIZE)
        hex_lower(c->serial, serial);
    report_text(out, "serial", serial);
    report_text(out, "thumbprint", c->sha1);
    report_text(out, "subject", c->subject);
    report_text(out, "state", certificate_state(c));
    report_text(out, "endpoint", c->endpoint);
    report_text(out, "ca", c->ca);
    report_text(out, "enrollment", c->enrollment);
    report_time(out, "not_before", c->not_before);
    report_time(out, "not_after", c->not_after);
    report_time(out, "issued", c->issued);
    report_time(out, "revoked", c->revoked);
    report_text(out, "reason", c->reason);
    put_der(out, c->der);
    return out;
}

/* Whether it was revoked only its upstream knows. */
static json_t *report_foreign(struct arena *a, const struct foreign_certificate *c) {
    json_t *out = json_object();
    report_text(out, "serial", hex_text(a, c->serial));
    report_text(out, "thumbprint", c->sha1);
    report_text(out, "subject", c->subject);
    report_text(out, "state", c->not_after < clock_ms() ? "expired" : "issued");
    report_text(out, "upstream", c->upstream);
    report_text(out, "source", c->source == FOREIGN_RA ? "ra" : "import");
    report_text(out, "enrollment", c->enrollment);
    report_time(out, "not_before", c->not_before);
    report_time(out, "not_after", c->not_after);
    report_time(out, "seen", c->seen);
    put_der(out, c->der);
    return out;
}

/* Of whom an entry speaks: the endpoint, or the upstream and the enrollment in its evidence. */
static void put_about(json_t *item, const char *endpoint, const json_t *evidence) {
    const char *upstream = json_string_value(json_object_get(evidence, "upstream"));
    const char *enrollment = json_string_value(json_object_get(evidence, "enrollment"));
    const char *first = endpoint ? endpoint : upstream;
    if (first || enrollment)
        json_object_set_new(item, "about",
                            json_sprintf("%s%s%s", first ? first : "",
                                         first && enrollment ? " " : "",
                                         enrollment ? enrollment : ""));
}

json_t *report_journal(const struct journal_entry *all) {
    json_t *list = json_array();
    for (; all; all = all->next) {
        json_t *item = json_object(), *evidence = json_loads(all->evidence, 0, NULL);
        report_time(item, "at", all->at);
        report_text(item, "kind", journal_kind_name((enum journal_kind)all->kind));
        report_text(item, "endpoint", all->endpoint);
        report_text(item, "text", all->text);
        put_about(item, all->endpoint, evidence);
        json_object_set_new(item, "evidence", evidence ? evidence : json_object());
        json_array_append_new(list, item);
    }
    return list;
}

static const char *challenge_state(const struct challenge *c) {
    if (c->used)
        return "used";
    if (c->revoked)
        return "revoked";
    return c->expires < clock_ms() ? "expired" : "open";
}

json_t *report_challenge(const struct challenge *c) {
    json_t *out = json_object();
    json_object_set_new(out, "id", json_integer(c->id));
    report_text(out, "state", challenge_state(c));
    report_text(out, "endpoint", c->endpoint);
    report_text(out, "account", c->account);
    report_text(out, "subject", c->subject);
    report_text(out, "san", c->san);
    report_text(out, "eku", c->eku);
    report_time(out, "created", c->created);
    report_time(out, "expires", c->expires);
    report_time(out, "used", c->used);
    report_time(out, "revoked", c->revoked);
    return out;
}

static const char *request_state_name(int state) {
    return state == REQUEST_PENDING ? "pending" : state == REQUEST_ISSUED ? "issued" : "denied";
}

json_t *report_request(const struct request *r) {
    json_t *out = json_object();
    BUF_AUTO(id);
    text_printable(&id, r->transaction_id);
    json_object_set_new(out, "id", json_integer(r->id));
    report_text(out, "state", request_state_name(r->state));
    report_text(out, "endpoint", r->endpoint);
    report_text(out, "subject", r->subject);
    report_text(out, "peer", r->peer);
    report_text(out, "transaction_id", buf_cstr(&id));
    report_text(out, "enrollment", r->enrollment);
    report_text(out, "reason", r->reason);
    report_time(out, "created", r->created);
    report_time(out, "decided", r->decided);
    return out;
}

/* Of a CA that is not ours; whether it was revoked only that one knows. */
static enum err add_given(struct tx *tx, struct arena *a, const struct enrollment *e,
                          json_t *list) {
    struct pfx pfx;
    struct cert c;
    json_t *out = json_object();
    json_array_append_new(list, out);
    TRY(pfx_get(tx, a, e->id, &pfx));
    TRY(cert_parse(pfx.cert, &c));
    char *serial = arena_alloc(a, 2 * c.serial.n + 1);
    hex_lower(c.serial, serial);
    report_text(out, "serial", serial);
    report_text(out, "thumbprint", pfx.sha1);
    report_text(out, "subject", e->subject);
    report_text(out, "issuer", name_text(a, c.issuer));
    report_text(out, "state", c.not_after < clock_ms() ? "expired" : "given");
    report_text(out, "enrollment", e->id);
    report_time(out, "not_before", c.not_before);
    report_time(out, "not_after", c.not_after);
    put_der(out, pfx.cert);
    return OK;
}

static enum err add_certificates(struct tx *tx, struct arena *a, const struct enrollment *e,
                                 json_t *out) {
    json_t *list = json_array();
    struct certificate *certs;
    struct foreign_certificate *foreign;
    json_object_set_new(out, "certificates", list);
    TRY(certificate_list(tx, a, e->id, &certs));
    for (struct certificate *c = certs; c; c = c->next)
        json_array_append_new(list, report_certificate(c));
    if (e->kind == ENROLLMENT_PFX)
        return certs ? OK : add_given(tx, a, e, list);
    TRY(foreign_list(tx, a, e->id, &foreign));
    for (struct foreign_certificate *c = foreign; c; c = c->next)
        json_array_append_new(list, report_foreign(a, c));
    return OK;
}

/* ---- what the timeline knows beyond the host's code ---- */

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

enum err report_add_details(struct tx *tx, struct arena *a, const struct enrollment *e,
                            json_t *out) {
    TRY(add_certificates(tx, a, e, out));
    TRY(add_events(tx, a, e, out));
    explain_answer(a, out);
    return e->state == STATE_REJECTED ? explain_rejection(tx, a, e, out) : OK;
}
