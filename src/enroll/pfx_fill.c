/* SPDX-License-Identifier: Apache-2.0 */
/* The placeholders of a wish: those of a profile whose values are the host's, under the same rule.
 */
#include "csp/commands.h"
#include "csp/placeholder.h"
#include "enroll/pfx.h"

static bool is_of_host(enum placeholder p) {
    return p == PLACEHOLDER_DEVICE_ID || p == PLACEHOLDER_DEVICE_NAME || p == PLACEHOLDER_USER;
}

/* Challenge and URL are SCEP's, and the enrollment has its id only when the certificate is kept. */
static enum err check(struct span text, bool trust_device_name) {
    struct placeholder_walk w = {.rest = text};
    enum placeholder p;
    do {
        enum err e = placeholder_next(&w, &p);
        if (w.name.n && !is_of_host(p))
            return err_set(ERR_PARSE,
                           "a PKCS#12 has no value for {{%s}}; there are device.id, device.name "
                           "and user.upn",
                           PROFILE_QUOTE(w.name));
        if (p == PLACEHOLDER_DEVICE_NAME && !trust_device_name)
            return err_set(ERR_REFUSED,
                           "{{device.name}} is what the host calls itself, and it can say any "
                           "other name; use {{device.id}}, or --trust-device-name");
        TRY(e);
    } while (p != PLACEHOLDER_NONE);
    return OK;
}

static enum err fill(struct arena *a, const struct device *device, bool trust_device_name,
                     enum placeholder_place place, const char **text) {
    const struct profile_values values = {
        .device_id = device->device_id, .device_name = device->name, .user_upn = device->account};
    BUF_AUTO(filled);
    if (!*text)
        return OK;
    TRY(check(span_str(*text), trust_device_name));
    TRY(placeholder_fill(span_str(*text), place, &values, &filled));
    *text = arena_str(a, buf_view(&filled));
    return OK;
}

enum err pfx_fill(struct arena *a, const struct device *device, bool trust_device_name,
                  struct pfx_wish *wish) {
    enum err e = fill(a, device, trust_device_name, PLACEHOLDER_IN_SUBJECT, &wish->subject);
    if (e != OK)
        return err_context(e, "--subject");
    e = fill(a, device, trust_device_name, PLACEHOLDER_IN_SANS, &wish->san);
    return e == OK ? OK : err_context(e, "--san");
}
