/* SPDX-License-Identifier: Apache-2.0 */
#include "server/doors.h"

#include <string.h>

#include "base/file.h"
#include "server/judges.h"
#include "server/limits.h"
#include "server/route_management.h"

enum {
    LISTENERS = 4,
    SESSION_IDLE = 120 /* s: a host thinks between two messages; a proxy keeps its connections */
};

bool doors_has_forwarded(const struct config *c) {
    return c->listen_forwarded.port || c->listen_forwarded.path;
}

/* Whether one address serves both, and the hosts are told apart by the name. */
static bool is_shared(const struct config *c) {
    const struct address *a = &c->listen_public, *b = &c->listen_management;
    return a->port && a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* The name in a URL that config_read_url took. */
static const char *name_in(struct arena *a, const char *url) {
    const char *host = strstr(url, "://") + 3;
    return arena_str(a, span_of(host, strcspn(host, ":/")));
}

static enum err check_judges(const struct config *c, const struct services *s) {
    if (!c->forwarded_ca)
        return OK;
    const struct pki *pki = pki_acquire(s->pki);
    enum err e = judges_check(c->forwarded_ca, pki, s->mdm.authority->device_ca_cert);
    pki_release(pki);
    return e;
}

static struct http_listener public_door(const struct config *c, struct services *s,
                                        const struct http_name *management) {
    struct http_listener l = {.name = "public",
                              .address = c->listen_public.host,
                              .port = c->listen_public.port,
                              .tls = true,
                              .handler = route_public,
                              .user = s,
                              .refuse = route_refused};
    if (is_shared(c)) {
        l.names = management;
        l.name_count = 1;
        l.idle_seconds = SESSION_IDLE;
    }
    return l;
}

static struct http_listener management_door(const struct config *c, struct services *s) {
    return (struct http_listener){.name = "management",
                                  .address = c->listen_management.host,
                                  .port = c->listen_management.port,
                                  .tls = true,
                                  .ask_client_cert = true,
                                  .handler = route_management,
                                  .user = s,
                                  .refuse = route_refused,
                                  .idle_seconds = SESSION_IDLE};
}

static struct http_listener plain_door(const struct config *c, struct services *s) {
    return (struct http_listener){.name = "plain",
                                  .address = c->listen_plain.host,
                                  .port = c->listen_plain.port,
                                  .handler = route_plain,
                                  .user = s};
}

/* By TCP always with TLS: else a secret, and who has which certificate, would be seen on the way.
 */
static struct http_listener forwarded_door(const struct config *c, struct forwarded *f) {
    return (struct http_listener){.name = "forwarded",
                                  .address = c->listen_forwarded.host,
                                  .port = c->listen_forwarded.port,
                                  .unix_path = c->listen_forwarded.path,
                                  .unix_group = c->forwarded_group,
                                  .tls = !c->listen_forwarded.path,
                                  .verify_ca = c->forwarded_ca,
                                  .handler = route_forwarded,
                                  .user = f,
                                  .refuse = route_refused,
                                  .idle_seconds = SESSION_IDLE};
}

enum err doors_open(const struct config *c, struct services *services, struct forwarded *forwarded,
                    const struct http_witness *witness, struct http_server **out) {
    ARENA_AUTO(a);
    struct http_listener doors[LISTENERS];
    size_t n = 0;
    const struct http_name management = {name_in(&a, c->management_url), true, route_management,
                                         services};
    const struct http_limits limits = {.body = 1 << 20,
                                       .headers = 96 << 10,
                                       .idle_seconds = 30,
                                       .request_seconds = 60,
                                       .queue = 1024,
                                       .connections = limits_raise_files(c->connections)};
    TRY(file_check_closed(c->tls_key));
    TRY(check_judges(c, services));
    doors[n++] = public_door(c, services, &management);
    if (!is_shared(c))
        doors[n++] = management_door(c, services);
    if (c->listen_plain.port)
        doors[n++] = plain_door(c, services);
    if (doors_has_forwarded(c))
        doors[n++] = forwarded_door(c, forwarded);
    for (size_t i = 0; i < n; i++)
        doors[i].witness = witness;
    return http_new(doors, n, &limits, c->tls_cert, c->tls_key, out);
}

enum err doors_reload(const struct config *c, const struct services *services,
                      struct http_server *server) {
    TRY(file_check_closed(c->tls_key));
    TRY(check_judges(c, services));
    return http_reload_tls(server);
}
