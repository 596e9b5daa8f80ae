/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SyncApplicationVersion: from 3.0 on a host tells with a Status that failed why it did
 * (msft:originalerror); 1.0 is the default (windows-mdm.md, A.8). In its first session a host is
 * asked which it has, since an answer may have been lost, and for the highest that it knows; one
 * that does not know that node is believed to know 3.0. Nothing depends on it: a host that does not
 * take it is asked no more.
 */
#include <string.h>

#include "base/log.h"
#include "mdm/source.h"
#include "wire/mdm.h"

enum { VERSION = 3, NONE = -1 };

static enum err keep(struct tx *tx, struct exchange *x, int64_t version, const char *why) {
    if (version == NONE)
        store_log(tx, LOG_INFO, "mdm", "op=version device=%s status=none reason=%s",
                  x->device.device_id, why);
    x->device.sync_version = version;
    return device_set_shown(tx, &x->device);
}

/* "5.0", or "5". */
static bool is_enough(struct span max) {
    struct span major = span_trim(max);
    const uint8_t *dot = major.n ? memchr(major.p, '.', major.n) : NULL;
    int64_t n;
    if (dot)
        major.n = (size_t)(dot - major.p);
    return span_int(major, &n) && n >= VERSION;
}

/* It has it already: nothing is done twice. */
static enum err hear_now(struct tx *tx, struct exchange *x, const struct heard *h) {
    return h->results && is_enough(h->results->data) ? keep(tx, x, VERSION, NULL) : OK;
}

static enum err hear_max(struct tx *tx, struct exchange *x, const struct heard *h) {
    if (!h->results && h->status < 300)
        return OK; /* the value comes with the Results */
    if (h->results && !is_enough(h->results->data))
        return x->device.sync_version ? OK : keep(tx, x, NONE, "max");
    x->set_version = PURPOSE_VERSION;
    return OK;
}

/* Whether a Replace makes a node that is missing differs between hosts (B.5). */
static enum err hear(struct tx *tx, struct exchange *x, const struct heard *h) {
    if (h->sent->purpose == PURPOSE_VERSION_NOW)
        return hear_now(tx, x, h);
    if (h->sent->purpose == PURPOSE_VERSION_MAX)
        return hear_max(tx, x, h);
    if (h->status >= 200 && h->status < 300)
        return keep(tx, x, VERSION, NULL);
    if (h->sent->purpose != PURPOSE_VERSION || h->status != SYNCML_NOT_FOUND)
        return keep(tx, x, NONE, "refused");
    x->set_version = PURPOSE_VERSION_ADD;
    return OK;
}

static enum err ask(struct tx *tx, struct exchange *x, enum command_purpose purpose,
                    const char *uri) {
    return session_keep(tx, x, syncml_write_get(&x->out, uri), purpose, NULL, uri);
}

static enum err plan(struct tx *tx, struct exchange *x) {
    bool set = x->set_version && !x->device.sync_version;
    if (!set && (x->joined || x->device.sync_version || x->device.state != DEVICE_ENROLLED))
        return OK;
    const char *node =
        arena_printf(x->a, "./Device" CSP_DM_CLIENT "/Provider/%s", x->mdm->provider_id);
    const char *uri = arena_printf(x->a, "%s/SyncApplicationVersion", node);
    struct span value = span_str("3.0");
    if (set)
        return session_keep(tx, x,
                            x->set_version == PURPOSE_VERSION
                                ? syncml_write_replace(&x->out, uri, "chr", value)
                                : syncml_write_add(&x->out, uri, "chr", value),
                            x->set_version, NULL, uri);
    TRY(ask(tx, x, PURPOSE_VERSION_NOW, uri));
    return ask(tx, x, PURPOSE_VERSION_MAX,
               arena_printf(x->a, "%s/MaxSyncApplicationVersion", node));
}

const struct session_source version_source = {PURPOSE_VERSION_NOW, PURPOSE_VERSION_ADD, hear, NULL,
                                              plan};
