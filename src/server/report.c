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

/* The last that was made to take its place. */
static enum err add_successor(struct tx *tx, struct arena *a, const struct enrollment *e,
                              json_t *out) {
    struct enrollment *all;
    TRY(enrollment_list_successors(tx, a, e->device, e->id, &all));
    for (; all; all = all->next)
        if (all->replaces && strcmp(all->replaces, e->id) == 0)
            report_text(out, "replaced_by", all->id);
    return OK;
}

enum err report_add_details(struct tx *tx, struct arena *a, const struct enrollment *e,
                            json_t *out) {
    TRY(add_successor(tx, a, e, out));
    TRY(add_certificates(tx, a, e, out));
    TRY(add_events(tx, a, e, out));
    return report_explain(tx, a, e, out);
}
