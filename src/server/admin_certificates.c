/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on certificates, alarms and the CAs in force. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "server/admin_command.h"
#include "server/report.h"
#include "store/device.h"
#include "store/enrollment.h"
#include "x509/crl.h"

enum { DEFAULT_LIST = 100, MAX_LIST = 100000 };

/* A list tells in "next" from where on to ask for the rest. */
static enum err cert_list(struct tx *tx, struct admin_call *c) {
    struct certificate_filter filter = {.live = admin_flag(c, "live"),
                                        .revoked = admin_flag(c, "revoked")};
    struct certificate *all;
    int64_t count = 0;
    json_t *list = admin_put_list(c, "certificates");
    TRY(admin_optional(c, "endpoint", &filter.endpoint));
    TRY(admin_optional(c, "subject", &filter.subject));
    TRY(admin_number(c, "before", 0, INT64_MAX, 0, &filter.before));
    TRY(admin_number(c, "max", 1, MAX_LIST, DEFAULT_LIST, &filter.max));
    TRY(certificate_search(tx, c->a, &filter, &all));
    for (const struct certificate *cert = all; cert; cert = cert->next) {
        json_array_append_new(list, report_certificate(cert));
        if (++count == filter.max)
            admin_put(c, "next", json_integer(cert->id));
    }
    return OK;
}

static enum err find(struct tx *tx, struct admin_call *c, struct certificate *out) {
    const char *id;
    TRY(admin_name(c, "id", &id));
    return certificate_find(tx, c->a, id, out);
}

static enum err cert_show(struct tx *tx, struct admin_call *c) {
    struct certificate cert;
    struct journal_entry *journal;
    TRY(find(tx, c, &cert));
    TRY(journal_of_certificate(tx, c->a, cert.id, &journal));
    json_t *out = report_certificate(&cert);
    admin_put(c, "certificate", out);
    json_object_set_new(out, "journal", report_journal(journal));
    return OK;
}

/* ---- revoking ---- */

static enum err read_reason(const struct admin_call *c, const char **name) {
    enum crl_reason reason;
    TRY(admin_optional(c, "reason", name));
    if (!*name)
        *name = crl_reason_name(CRL_UNSPECIFIED);
    if (!crl_reason_parse(*name, &reason))
        return err_set(ERR_USAGE,
                       "'%s' is no reason; there are unspecified, keyCompromise, "
                       "affiliationChanged, superseded, cessationOfOperation and "
                       "privilegeWithdrawn",
                       *name);
    *name = crl_reason_name(reason);
    return OK;
}

/* The timeline of an enrollment shows what became of its certificate. */
static enum err note(struct tx *tx, struct admin_call *c, const struct certificate *cert,
                     const char *serial, const char *reason) {
    struct enrollment e;
    if (!cert->enrollment)
        return OK;
    TRY(enrollment_get(tx, c->a, cert->enrollment, &e));
    return enroll_record(tx, &e, EVENT_NOTE, "the administrator revoked the certificate", "serial",
                         serial, "reason", reason, NULL);
}

static enum err cert_revoke(struct tx *tx, struct admin_call *c) {
    struct certificate cert;
    const char *reason;
    int64_t now = clock_ms();
    TRY(read_reason(c, &reason));
    TRY(find(tx, c, &cert));
    TRY(certificate_revoke(tx, cert.id, now, reason));
    const char *serial = hex_text(c->a, cert.serial);
    const struct journal_entry entry = {
        .at = now,
        .kind = JOURNAL_REVOKED,
        .endpoint = cert.endpoint,
        .certificate = cert.id,
        .text = "the administrator revoked the certificate",
        .evidence = arena_printf(c->a, "{\"serial\":\"%s\",\"reason\":\"%s\"}", serial, reason)};
    TRY(journal_add(tx, &entry));
    TRY(note(tx, c, &cert, serial, reason));
    admin_put(c, "serial", json_string(serial));
    admin_put(c, "subject", json_string(cert.subject));
    admin_put(c, "reason", json_string(reason));
    return OK;
}

static void tell_revocation(struct admin_call *c) {
    revocation_changed(c->scope->scep->revocation);
}

static enum err cert_export(struct tx *tx, struct admin_call *c) {
    struct certificate cert;
    BUF_AUTO(pem);
    TRY(find(tx, c, &cert));
    TRY(cert_to_pem(cert.der, &pem));
    admin_put(c, "pem", json_string(buf_cstr(&pem)));
    return OK;
}

/* ---- */

/* The host that an alarm speaks of, itself or by its enrollment; ERR_NOT_FOUND where there is none
 * (any more). */
static enum err host_of_alarm(struct tx *tx, struct arena *a, const struct journal_entry *alarm,
                              const json_t *evidence, struct device *out) {
    struct enrollment e = {.device = alarm->device};
    const char *id = json_string_value(json_object_get(evidence, "enrollment"));
    if (!e.device && !id)
        return ERR_NOT_FOUND;
    if (!e.device)
        TRY(enrollment_get(tx, a, id, &e));
    return device_by_id(tx, a, e.device, out);
}

/* One of another hardware is open until an administrator has said which it is. */
static void put_state(json_t *item, const json_t *evidence, const struct device *d) {
    const char *now = json_string_value(json_object_get(evidence, "now"));
    if (now && json_object_get(evidence, "before"))
        report_text(item, "state", d->hw_other && !strcmp(d->hw_other, now) ? "open" : "settled");
}

static enum err put_host(struct tx *tx, struct arena *a, const struct journal_entry *alarm,
                         json_t *item) {
    struct device d;
    const json_t *evidence = json_object_get(item, "evidence");
    enum err e = host_of_alarm(tx, a, alarm, evidence, &d);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    report_text(item, "device_id", d.device_id);
    report_text(item, "name", d.name);
    if (!json_object_get(item, "about"))
        report_text(item, "about", d.name);
    put_state(item, evidence, &d);
    return OK;
}

static enum err alarm_list(struct tx *tx, struct admin_call *c) {
    struct journal_entry *all;
    int64_t max;
    size_t i = 0;
    TRY(admin_number(c, "max", 1, MAX_LIST, DEFAULT_LIST, &max));
    TRY(journal_alarms(tx, c->a, max, &all));
    json_t *list = report_journal(all);
    admin_put(c, "alarms", list);
    for (; all; all = all->next)
        TRY(put_host(tx, c->a, all, json_array_get(list, i++)));
    return OK;
}

static enum err reload(struct tx *none, struct admin_call *c) {
    (void)none;
    return pki_reload(c->scope->pki);
}

const struct admin_command admin_certificate_commands[] = {
    {"cert.list", cert_list, ADMIN_READS, NULL},
    {"cert.show", cert_show, ADMIN_READS, NULL},
    {"cert.revoke", cert_revoke, ADMIN_WRITES, tell_revocation},
    {"cert.export", cert_export, ADMIN_READS, NULL},
    {"alarm.list", alarm_list, ADMIN_READS, NULL},
    {"pki.reload", reload, ADMIN_ALONE, NULL},
    {NULL, NULL, ADMIN_READS, NULL},
};
