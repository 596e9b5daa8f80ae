/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on hosts: what is known of them, what the administrator says of them, and their end. */
#include "ca/policy.h"
#include "enroll/life.h"
#include "mdm/mdm.h"
#include "server/admin_target.h"
#include "server/config.h"
#include "server/report_device.h"
#include "store/device_secret.h"

enum { DEFAULT_PAGE = 1000, MAX_PAGE = 1000 };

/* ---- looking ---- */

/* By pages: "next" is the "after" of the next one, which may have fewer, since those that were
 * removed are left out without "all". */
static enum err list_devices(struct tx *tx, struct admin_call *c) {
    struct device *page;
    int64_t after, max, count = 0;
    json_t *list = admin_put_list(c, "devices");
    TRY(admin_number(c, "after", 0, INT64_MAX, 0, &after));
    TRY(admin_number(c, "max", 1, MAX_PAGE, DEFAULT_PAGE, &max));
    TRY(device_page(tx, c->a, after, max, &page));
    for (; page; page = page->next) {
        if (page->state != DEVICE_REMOVED || admin_flag(c, "all"))
            json_array_append_new(list, report_host(page));
        if (++count == max)
            admin_put(c, "next", json_integer(page->id));
    }
    return OK;
}

static enum err device_show(struct tx *tx, struct admin_call *c) {
    struct device d;
    TRY(admin_host(tx, c, "device", &d));
    json_t *out = report_host(&d);
    admin_put(c, "device", out);
    return report_add_device(tx, c->a, &d, out);
}

/* ---- what the administrator says ---- */

/* NULL takes it back. */
static enum err set_sid(struct tx *tx, struct admin_call *c, const char *host, const char *sid) {
    struct device d;
    if (sid && !sid_is_valid(sid))
        return err_set(ERR_USAGE, "'%s' is not a SID such as S-1-5-21-1-2-3-1105", sid);
    TRY(device_find(tx, c->a, host, &d));
    return device_set_sid(tx, d.id, sid);
}

static enum err device_set(struct tx *tx, struct admin_call *c) {
    const char *host, *sid;
    TRY(admin_name(c, "device", &host));
    TRY(admin_optional(c, "sid", &sid));
    if (!json_is_string(json_object_get(c->request, "sid")))
        return err_set(ERR_USAGE, "the argument 'sid' is missing; an empty one takes it back");
    return set_sid(tx, c, host, sid);
}

/* All rows, or none: the error names the line of the first that is wrong. */
static enum err device_import(struct tx *tx, struct admin_call *c) {
    const json_t *rows = json_object_get(c->request, "rows"), *row;
    size_t i;
    if (!json_is_array(rows))
        return err_set(ERR_USAGE, "the argument 'rows' is not a list");
    json_array_foreach(rows, i, row) {
        const char *host = json_string_value(json_object_get(row, "device"));
        const char *sid = json_string_value(json_object_get(row, "sid"));
        enum err e = host && *host && sid ? set_sid(tx, c, host, *sid ? sid : NULL)
                                          : err_set(ERR_USAGE, "no host and SID");
        if (e != OK)
            return err_context(e, "line %d", (int)json_integer_value(json_object_get(row, "line")));
    }
    admin_put(c, "count", json_integer((json_int_t)json_array_size(rows)));
    return OK;
}

/* ---- hosts that leave ---- */

/* With "now" the host is not told: for one that is lost or stolen. */
static enum err unenroll(struct tx *tx, struct admin_call *c) {
    struct device d;
    bool changed = false;
    TRY(admin_host(tx, c, "device", &d));
    if (d.state != DEVICE_ENROLLED && !(d.state == DEVICE_LEAVING && admin_flag(c, "now")))
        return err_set(ERR_CONFLICT, "%s already%s", admin_host_words(c->a, &d),
                       d.state == DEVICE_LEAVING ? "; --now does not wait for it" : "");
    TRY(admin_flag(c, "now") ? device_unenroll_now(tx, c->a, &d, &changed)
                             : device_unenroll(tx, c->a, &d, &changed));
    admin_put(c, "device", report_host(&d));
    return OK;
}

static enum err remove_device(struct tx *tx, struct admin_call *c) {
    struct device d;
    bool changed = false;
    TRY(admin_host(tx, c, "device", &d));
    if (d.state == DEVICE_REMOVED)
        return err_set(ERR_CONFLICT, "%s already", admin_host_words(c->a, &d));
    TRY(device_remove(tx, c->a, &d, &changed));
    admin_put(c, "device", report_host(&d));
    return OK;
}

/* mdm/rekey.c sends it one in its next session. */
static enum err rekey(struct tx *tx, struct admin_call *c) {
    struct device d;
    struct device_secret s;
    TRY(admin_host(tx, c, "device", &d));
    if (c->scope->config->device_auth == DEVICE_AUTH_CERTIFICATE)
        return err_set(ERR_CONFLICT, "hosts prove themselves by their certificates here: "
                                     "signet.conf, [mdm] device-auth");
    enum err e = device_secret_get(tx, c->a, d.id, &s);
    if (e == ERR_NOT_FOUND)
        return err_set(ERR_CONFLICT,
                       "the host %s has no secret: it enrolled before [mdm] device-auth was set; "
                       "it gets one when it enrolls anew",
                       d.device_id);
    TRY(e);
    s.changed = 0;
    TRY(device_secret_put(tx, &s));
    admin_put(c, "device", report_host(&d));
    return OK;
}

/* ---- hosts that show another hardware, or name that of another one ---- */

static enum err find_claimed(struct tx *tx, struct admin_call *c, struct device *d) {
    struct device known;
    TRY(admin_host(tx, c, "device", d));
    if (d->hw_other || !d->claims)
        return OK; /* the host alone; or nothing, as device_confirm and device_reject say */
    TRY(device_by_id(tx, c->a, d->claims, &known));
    admin_put(c, "known", report_host(&known));
    return OK;
}

static enum err confirm(struct tx *tx, struct admin_call *c) {
    struct device d;
    bool changed = false;
    TRY(find_claimed(tx, c, &d));
    TRY(device_confirm(tx, c->a, &d, &changed));
    admin_put(c, "device", report_host(&d));
    return OK;
}

static enum err reject(struct tx *tx, struct admin_call *c) {
    struct device d;
    bool changed = false;
    TRY(find_claimed(tx, c, &d));
    TRY(device_reject(tx, c->a, &d, &changed));
    admin_put(c, "device", report_host(&d));
    return OK;
}

const struct admin_command admin_device_commands[] = {
    {"device.list", list_devices, ADMIN_READS, NULL},
    {"device.show", device_show, ADMIN_READS, NULL},
    {"device.set", device_set, ADMIN_WRITES, NULL},
    {"device.import", device_import, ADMIN_WRITES, NULL},
    {"device.unenroll", unenroll, ADMIN_WRITES, admin_tell_revocation},
    {"device.remove", remove_device, ADMIN_WRITES, admin_tell_revocation},
    {"device.rekey", rekey, ADMIN_WRITES, NULL},
    {"device.confirm", confirm, ADMIN_WRITES, admin_tell_revocation},
    {"device.reject", reject, ADMIN_WRITES, admin_tell_revocation},
    {NULL, NULL, ADMIN_READS, NULL},
};
