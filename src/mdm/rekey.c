/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New secrets for hosts that log in by MD5: every month, and when the administrator says so. The
 * host is sent one in a session and logs in with it from then on. Both are good until it has done
 * so: a host that lost the answer, or never took the secret, is not locked out.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "mdm/source.h"
#include "store/journal.h"
#include "wire/mdm.h"

enum { CHANGE_DAYS = 30, RETRY_DAYS = 1 };

/*
 * The account's node: its name is made of the SHA-256 of the PROVIDER-ID (DMAcc's DDF), in the form
 * that another server's rekeying has: over UTF-16 without NUL, upper case, after 0x0000800c.
 */
static enum err secret_uri(struct exchange *x, const char **uri) {
    uint8_t sha256[DIGEST_MAX_SIZE];
    char hex[65];
    BUF_AUTO(utf16);
    for (const char *c = x->mdm->provider_id; *c; c++) { /* ASCII: mde/provisioning.c */
        buf_char(&utf16, *c);
        buf_char(&utf16, 0);
    }
    TRY(digest_of(DIGEST_SHA256, buf_view(&utf16), sha256));
    hex_upper(span_of(sha256, 32), hex);
    *uri =
        arena_printf(x->a, "." CSP_DMACC "/" DMACC_UID_PREFIX "%s/AppAuth/CLCRED/AAuthSecret", hex);
    return OK;
}

/* ---- what the host says ---- */

static enum err hear(struct tx *tx, struct exchange *x, const struct heard *heard) {
    (void)tx;
    if (heard->status)
        x->login.rekeyed = heard->status;
    return OK;
}

/* It has a node for the secret, or it has not: asked again tomorrow, not in every session. */
static enum err note_refusal(struct tx *tx, struct exchange *x, struct device_secret *s) {
    const struct journal_entry entry = {.at = x->now,
                                        .kind = JOURNAL_ALARM,
                                        .device = x->device.id,
                                        .text = "a host did not take its new secret",
                                        .evidence =
                                            arena_printf(x->a, "{\"device\":\"%s\",\"status\":%d}",
                                                         x->device.device_id, x->login.rekeyed)};
    s->next = SPAN_NONE;
    s->changed = x->now - (CHANGE_DAYS - RETRY_DAYS) * DAY_MS;
    return journal_add(tx, &entry);
}

static enum err settle(struct tx *tx, struct exchange *x) {
    struct device_secret s;
    if (!x->login.rekeyed)
        return OK;
    enum err e = device_secret_get(tx, x->a, x->device.id, &s);
    if (e == ERR_NOT_FOUND || (e == OK && !s.next.n))
        return OK;
    TRY(e);
    if (x->login.rekeyed < 300)
        s.taken = s.changed = x->now;
    else
        TRY(note_refusal(tx, x, &s));
    store_log(tx, LOG_INFO, "mdm", "op=rekey device=%s status=%d", x->device.device_id,
              x->login.rekeyed);
    return device_secret_put(tx, &s);
}

/* ---- what goes out ---- */

/* One is on its way that the host has not taken; or it logs in with the old one all the same: with
 * the new one, it would be the only one by now (md5_accept). */
static bool is_missing(const struct exchange *x, const struct device_secret *s) {
    return s->next.n && (!s->taken || x->login.proved);
}

/* It is sent again. Else one that was taken, by a host that shows its certificate, is what it has
 * now, and another follows. */
static enum err next_secret(struct exchange *x, struct device_secret *s, struct span *secret) {
    const char *fresh;
    if (is_missing(x, s))
        return md5_open_secret(x->mdm->authority, x->a, s->next, secret);
    if (s->next.n)
        s->host = s->next;
    s->taken = 0;
    TRY(md5_new_secret(x->mdm->authority, x->a, &fresh, &s->next));
    *secret = span_str(fresh);
    return OK;
}

static enum err plan(struct tx *tx, struct exchange *x) {
    struct device_secret s;
    struct span secret;
    const char *uri;
    if (x->joined || x->mdm->device_auth == DEVICE_AUTH_CERTIFICATE)
        return OK;
    enum err e = device_secret_get(tx, x->a, x->device.id, &s);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (!is_missing(x, &s) && s.changed + CHANGE_DAYS * DAY_MS > x->now)
        return OK;
    TRY(next_secret(x, &s, &secret));
    TRY(secret_uri(x, &uri));
    TRY(device_secret_put(tx, &s));
    unsigned id = syncml_write_replace(&x->out, uri, "chr", secret);
    return session_keep(tx, x, id, PURPOSE_REKEY, NULL, uri);
}

const struct session_source rekey_source = {PURPOSE_REKEY, PURPOSE_REKEY, hear, settle, plan};
