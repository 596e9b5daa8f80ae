/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on PKCS#12 for hosts: made here, given, taken away. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "enroll/pfx.h"
#include "server/admin_target.h"
#include "server/report.h"
#include "server/report_device.h"

enum { MAX_TEXT = 1024 };

/* Keys are made and used before the commit; so the host is looked at twice. */
struct pfx_order {
    struct admin_call *call;
    struct device device;
    struct pfx_placing placing;
    enum pkcs12_form form;
    struct pfx_parcel parcel;
    struct enrollment e;
};

/* ---- arguments ---- */

static enum err read_text(const struct admin_call *c, const char *key, const char **out) {
    *out = NULL;
    return json_object_get(c->request, key) ? admin_argument(c, key, MAX_TEXT, out) : OK;
}

static enum err read_form(const struct admin_call *c, enum pkcs12_form *out) {
    const char *form;
    TRY(admin_optional(c, "pkcs12", &form));
    *out = form && strcmp(form, "3des") == 0 ? PKCS12_3DES : PKCS12_AES;
    if (form && *out == PKCS12_AES && strcmp(form, "aes") != 0)
        return err_set(ERR_USAGE, "pkcs12 '%s': it can be aes or 3des", form);
    return OK;
}

static enum err read_placing(const struct admin_call *c, struct pfx_placing *out) {
    enum { SOFTWARE = 3 };
    *out = (struct pfx_placing){.user_scope = admin_flag(c, "user"),
                                .exportable = admin_flag(c, "exportable")};
    TRY(admin_number(c, "key_location", 1, SOFTWARE, SOFTWARE, &out->key_location));
    if (out->exportable && out->key_location != SOFTWARE)
        return err_set(
            ERR_USAGE,
            "an exportable key lies in software (--protection software): elsewhere the host's "
            "import fails");
    return OK;
}

static enum err find_host(struct tx *tx, void *user) {
    struct pfx_order *o = user;
    TRY(admin_host(tx, o->call, "device", &o->device));
    return admin_host_is_here(&o->device);
}

static enum err read_order(struct admin_call *c, struct pfx_order *out) {
    *out = (struct pfx_order){.call = c};
    TRY(read_form(c, &out->form));
    TRY(read_placing(c, &out->placing));
    return store_read(c->scope->store, find_host, out);
}

/* ---- keeping what is ready ---- */

static bool is_same(const char *before, const char *now) {
    return strcmp(before ? before : "", now ? now : "") == 0;
}

static enum err keep_work(struct tx *tx, void *user) {
    struct pfx_order *o = user;
    const struct device before = o->device;
    TRY(device_by_id(tx, o->call->a, before.id, &o->device));
    TRY(admin_host_is_here(&o->device));
    if (!is_same(before.account, o->device.account) || !is_same(before.sid, o->device.sid) ||
        !is_same(before.name, o->device.name))
        return err_set(ERR_CONFLICT,
                       "name, account or SID of %s have changed meanwhile: say it once more",
                       o->device.name);
    return enroll_pfx(tx, o->call->a, &o->device, &o->parcel, &o->placing, &o->e);
}

static enum err keep(struct pfx_order *o) {
    struct admin_call *c = o->call;
    char sha1[CERT_THUMBPRINT_SIZE];
    TRY(store_write(c->scope->store, keep_work, o));
    TRY(cert_sha1_hex(o->parcel.cert.der, sha1));
    admin_put(c, "id", json_string(o->e.id));
    admin_put(c, "subject", json_string(o->e.subject));
    admin_put(c, "thumbprint", json_string(sha1));
    report_time(c->reply, "not_after", o->parcel.cert.not_after);
    admin_put(c, "device", report_host(&o->device));
    return OK;
}

/* ---- made here ---- */

static enum err read_wish(const struct admin_call *c, struct pfx_wish *out) {
    static const char *const kinds[] = {"rsa2048", "rsa3072", "rsa4096"};
    int64_t usage;
    bool known = false;
    *out = (struct pfx_wish){.key = kinds[0]};
    TRY(admin_argument(c, "subject", MAX_TEXT, &out->subject));
    TRY(read_text(c, "san", &out->san));
    TRY(read_text(c, "eku", &out->eku));
    TRY(admin_number(c, "key_usage", 1, UINT8_MAX, 0, &usage));
    out->key_usage = (unsigned)usage;
    if (json_object_get(c->request, "key"))
        TRY(admin_name(c, "key", &out->key));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        known |= strcmp(kinds[i], out->key) == 0;
    return known ? OK
                 : err_set(ERR_USAGE, "key '%s': it can be rsa2048, rsa3072 or rsa4096", out->key);
}

static enum err make_at(struct pfx_order *o, struct pfx_wish *wish, const struct pki *pki) {
    struct admin_call *c = o->call;
    const char *name;
    TRY(admin_optional(c, "endpoint", &name));
    const struct endpoint *endpoint;
    TRY(admin_endpoint(c, pki, name, &endpoint));
    wish->sid = o->device.sid;
    TRY(pfx_fill(c->a, &o->device, admin_flag(c, "trust_device_name"), wish));
    TRY(pfx_make(c->scope->scep->authority, endpoint, c->a, wish, o->form, clock_ms(), &o->parcel));
    return keep(o);
}

static enum err make(struct tx *none, struct admin_call *c) {
    struct pfx_order o;
    struct pfx_wish wish;
    (void)none;
    TRY(read_wish(c, &wish));
    TRY(read_order(c, &o));
    const struct pki *pki = pki_acquire(c->scope->pki);
    enum err e = make_at(&o, &wish, pki);
    pki_release(pki);
    return e;
}

/* ---- given ---- */

static enum err read_base64(const struct admin_call *c, const json_t *text, const char *what,
                            struct span *out) {
    enum { MAX_BASE64 = PKCS12_MAX_SIZE / 3 * 4 + 4 };
    size_t n = json_string_length(text);
    if (!n || n > MAX_BASE64)
        return err_set(ERR_USAGE, "'%s' is missing or too long", what);
    return base64_decode(c->a, span_of(json_string_value(text), n), out);
}

static enum err read_given(const struct admin_call *c, struct pkcs12 *out) {
    const json_t *certs = json_object_get(c->request, "certificates");
    size_t n = json_array_size(certs);
    *out = (struct pkcs12){.count = n};
    if (!n || n > PKCS12_MAX_CERTS)
        return err_set(ERR_USAGE, "'certificates' is no list of 1 to %d", PKCS12_MAX_CERTS);
    for (size_t i = 0; i < n; i++)
        TRY(read_base64(c, json_array_get(certs, i), "certificates", &out->certs[i]));
    return read_base64(c, json_object_get(c->request, "key"), "key", &out->key);
}

static void wipe(json_t *text) {
    if (json_is_string(text))
        explicit_bzero((void *)(uintptr_t)json_string_value(text), json_string_length(text));
}

static enum err take(struct admin_call *c) {
    struct pfx_order o;
    struct pkcs12 given;
    TRY(read_order(c, &o));
    TRY(read_given(c, &given));
    TRY(pfx_take(c->scope->scep->authority, c->a, &given, o.form, clock_ms(), &o.parcel));
    return keep(&o);
}

static enum err send(struct tx *none, struct admin_call *c) {
    (void)none;
    enum err e = take(c);
    wipe(json_object_get(c->request, "key"));
    return e;
}

/* ---- */

static enum err remove_pfx(struct tx *tx, struct admin_call *c) {
    const char *id;
    struct enrollment e;
    TRY(admin_name(c, "id", &id));
    TRY(enrollment_get(tx, c->a, id, &e));
    admin_put(c, "before", json_string(enroll_state_name((enum enroll_state)e.state)));
    TRY(enroll_pfx_remove(tx, c->a, &e));
    admin_put(c, "state", json_string(enroll_state_name((enum enroll_state)e.state)));
    return OK;
}

const struct admin_command admin_pfx_commands[] = {
    {"pfx.make", make, ADMIN_ALONE, NULL},
    {"pfx.send", send, ADMIN_ALONE, NULL},
    {"pfx.remove", remove_pfx, ADMIN_WRITES, admin_tell_revocation},
    {NULL, NULL, ADMIN_READS, NULL},
};
