/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forwarded listener: sessions as on the management listener, from a proxy that ended TLS. Who
 * reaches it could name any certificate, so it is the proxy that must be proved: by the permissions
 * of the socket, its own TLS client certificate, or a secret.
 */
#include "ca/alarm.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/key.h"
#include "http/notice.h"
#include "server/forwarded.h"
#include "server/rate.h"
#include "server/respond.h"
#include "server/route_management.h"

/* A stranger may ask as often as he likes: neither log nor store may grow with it. */
static void refuse(const struct http_request *r, struct http_reply *reply, int status,
                   const char *why) {
    http_notice(LOG_WARN, "event=forwarded_refused status=%d peer=%s reason=%s", status, r->peer,
                log_q(span_str(why)));
    http_text(reply, status, why);
}

static bool shows_secret(const struct forwarded *f, const struct http_request *r) {
    size_t count;
    const char *given = http_header_only(r, FORWARDED_SECRET, &count);
    return !f->secret || (given && same_secret(span_str(given), span_str(f->secret)));
}

/*
 * Of two certificates one may be the host's own invention, and the proxy did not take it out; which
 * of the two that is nobody can tell. An administrator should know, once a day.
 */
static void alarm_of_two(const struct forwarded *f, const struct http_request *r) {
    unsigned wait;
    if (!rate_take(f->services->rate, "forwarded-twice", r->peer, 1, clock_monotonic_ms(), &wait))
        return;
    enum err e = alarm_raise(f->services->mdm.store,
                             "a proxy handed on more than one certificate header: it must replace "
                             "what the host itself sends (docs/proxy.md)",
                             "{}");
    if (e != OK)
        log_write(LOG_ERROR, "server", "op=alarm status=failed reason=%s",
                  log_q(span_str(err_detail())));
}

/* False: refused. */
static bool read_proof(const struct forwarded *f, const struct http_request *r,
                       struct mdm_proof *proof, struct http_reply *reply) {
    size_t own, standard = 0;
    const char *value = http_header_only(r, f->header, &own);
    if (strcasecmp(f->header, FORWARDED_HEADER) != 0)
        http_header_only(r, FORWARDED_HEADER, &standard);
    if (own + standard > 1) {
        alarm_of_two(f, r);
        refuse(r, reply, 400, "more than one header with a client certificate");
        return false;
    }
    if (standard) {
        refuse(r, reply, 400,
               arena_printf(r->arena, "the certificate stands in the header %s, not in %s",
                            FORWARDED_HEADER, f->header));
        return false;
    }
    if (!value || forwarded_read(r->arena, value, &proof->cert) == OK)
        return true;
    refuse(
        r, reply, 400,
        arena_printf(r->arena, "the header %s holds no certificate: %s", f->header, err_detail()));
    return false;
}

void route_forwarded(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct forwarded *f = user;
    struct mdm_proof *proof = arena_alloc(r->arena, sizeof *proof);
    if (!shows_secret(f, r))
        refuse(r, reply, 403, "the header " FORWARDED_SECRET " is missing, or not the secret");
    else if (read_proof(f, r, proof, reply))
        route_session(f->services, proof, r, reply);
}
