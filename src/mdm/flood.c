/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before a message is worked on: who sent it, for those who count messages. Only who has proved
 * that he is a host counts as that host: else anyone could use up what another may send.
 */
#include "base/clock.h"
#include "base/log.h"
#include "mdm/report.h"

static bool is_stranger(enum err e) {
    return e == ERR_AUTH || e == ERR_FORBIDDEN;
}

static enum err recognize(struct tx *tx, void *exchange) {
    return session_recognize(tx, exchange);
}

/* 0: the store is to be asked. */
static int64_t known_by_certificate(const struct exchange *x) {
    struct acquaintances *all = x->mdm->acquaintances;
    return all && x->proof->cert.n ? acquaintance_find(all, x->cert, clock_monotonic_ms()) : 0;
}

enum err mdm_recognize(const struct mdm_message *m, int64_t *device) {
    struct exchange x = *session_exchange(m);
    if ((*device = known_by_certificate(&x)))
        return OK;
    x.looking = true;
    enum err e = store_read(x.mdm->store, recognize, &x);
    session_free(&x);
    *device = e == OK ? x.device.id : 0;
    if (*device && x.proof->cert.n && x.mdm->acquaintances)
        acquaintance_keep(x.mdm->acquaintances, x.cert, *device, clock_monotonic_ms());
    return is_stranger(e) ? OK : e;
}

/* ---- too many of them ---- */

static enum err turn_away(struct tx *tx, void *exchange) {
    struct exchange *x = exchange;
    enum err e = session_identify(tx, x);
    if (is_stranger(e) && x->login.asked)
        return session_refuse(tx, x);
    return e == OK || is_stranger(e) ? err_set(ERR_BUSY, "too many messages: come again later") : e;
}

enum err mdm_turn_away(const struct mdm_message *m, struct buf *reply) {
    struct exchange x = *session_exchange(m);
    x.looking = true;
    enum err e = store_read(x.mdm->store, turn_away, &x);
    session_free(&x);
    if (e == OK)
        *reply = x.out.out;
    else
        buf_free(&x.out.out);
    return e;
}

static enum err note_flood(struct tx *tx, void *exchange) {
    struct exchange *x = exchange;
    enum err e = session_recognize(tx, x);
    if (is_stranger(e))
        return OK;
    TRY(e);
    return report_misuse(tx, x, "the host sends too many messages, and is told to come later");
}

void mdm_flooded(const struct mdm_message *m) {
    struct exchange x = *session_exchange(m);
    if (store_write(x.mdm->store, note_flood, &x) != OK)
        log_write(LOG_ERROR, "mdm", "op=flood peer=%s reason=%s", log_q(span_str(x.peer)),
                  log_q(span_str(err_detail())));
    session_free(&x);
}
