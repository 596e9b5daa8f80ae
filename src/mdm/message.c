/* SPDX-License-Identifier: Apache-2.0 */
/* A message of a host, step by step: read, worked on in the store's transaction, and its reply. */
#include "base/clock.h"
#include "base/log.h"
#include "mdm/session.h"

struct mdm_message {
    struct exchange x;
};

static void release_pki(void *pki) {
    pki_release(pki);
}

enum err mdm_read(const struct mdm *mdm, struct arena *a, const struct mdm_proof *proof,
                  struct span message, const char *peer, struct mdm_message **out) {
    struct syncml_message *in;
    TRY(syncml_parse(a, message, &in));
    struct mdm_message *m = *out = arena_alloc(a, sizeof *m);
    m->x = (struct exchange){
        .mdm = mdm, .a = a, .peer = peer, .proof = proof, .in = in, .now = clock_ms()};
    TRY(digest_of(DIGEST_SHA256, message, m->x.digest));
    TRY(digest_of(DIGEST_SHA256, proof->cert, m->x.cert));
    m->x.pki = pki_acquire(mdm->pki);
    arena_defer(a, release_pki, (void *)(uintptr_t)m->x.pki);
    return OK;
}

const struct exchange *session_exchange(const struct mdm_message *m) {
    return &m->x;
}

void mdm_give(struct mdm_message *m, const struct mdm_wanted *wanted) {
    m->x.wanted = wanted;
}

static void log_message(struct tx *tx, const struct exchange *x) {
    store_log(tx, LOG_INFO, "mdm",
              "op=session peer=%s device=%s session=%s msg=%d reply=%d hint=%s status=ok",
              log_q(span_str(x->peer)), x->device.device_id, log_q(x->in->session_id),
              (int)x->in->msg_id, (int)x->msg_id, x->hint ? "yes" : "no");
}

enum err mdm_work(struct tx *tx, void *message) {
    struct exchange *x = &((struct mdm_message *)message)->x;
    enum err e = session_identify(tx, x);
    if (e == ERR_AUTH || e == ERR_FORBIDDEN)
        return session_refuse(tx, x);
    TRY(e);
    TRY(session_answer(tx, x));
    log_message(tx, x);
    return OK;
}

enum err mdm_finish(struct mdm_message *m, enum err committed, struct buf *reply) {
    struct exchange *x = &m->x;
    session_free(x);
    if (committed != OK) {
        buf_free(&x->out.out);
        return ERR_INTERNAL; /* whatever failed in there is not the host's doing */
    }
    if (x->moved) /* what was superseded may be public now, or live again; an identity, too */
        revocation_changed(x->mdm->revocation);
    *reply = x->out.out;
    return OK;
}
