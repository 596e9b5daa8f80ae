/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a whole: defaults, binding, starting and stopping in the right order. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/mem.h"
#include "http/loop.h"
#include "http/notice.h"
#include "http/quota.h"

struct http_server {
    struct http_shared shared;
    unsigned short *ports;
    struct http_loop **loops;
    unsigned loop_count;
};

static void set_default(unsigned *value, unsigned otherwise) {
    if (*value == 0)
        *value = otherwise;
}

static struct http_limits with_defaults(const struct http_limits *given) {
    struct http_limits l = given ? *given : (struct http_limits){0};
    l.body = l.body ? l.body : (size_t)1 << 20;
    l.headers = l.headers ? l.headers : (size_t)96 << 10;
    set_default(&l.idle_seconds, 30);
    set_default(&l.request_seconds, 60);
    set_default(&l.queue, 1024);
    l.memory = l.memory ? l.memory : (size_t)64 << 20;
    set_default(&l.connections, 10000);
    set_default(&l.peer_connections, 1024);
    set_default(&l.loops, (cores() + 1) / 2);
    set_default(&l.workers, 4 * cores());
    return l;
}

static void copy_listeners(struct http_shared *s, const struct http_listener *from, size_t count) {
    s->listeners = mem_alloc((count + 1) * sizeof *s->listeners);
    for (s->count = 0; s->count < count; s->count++) {
        struct http_listener *to = &s->listeners[s->count];
        *to = from[s->count];
        to->name = mem_strdup(to->name);
        to->address = mem_strdup(to->address);
    }
}

/*
 * The loops share a port by SO_REUSEPORT; so could a second signet of the same user, and would
 * silently take half of the clients. A bind without that option finds it.
 */
static enum err check_free(const struct http_listener *l) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
    struct addrinfo *found = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", l->port);
    if (l->port == 0 || getaddrinfo(l->address, port, &hints, &found) != 0)
        return OK; /* http_loop_listen tells what is wrong with the address */
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    enum err e = OK;
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0)
        e = err_set(ERR_IO, "listener %s: cannot listen on '%s' port %u: %s", l->name, l->address,
                    l->port, strerror(errno));
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return e;
}

static enum err bind_all(struct http_server *s) {
    for (size_t i = 0; i < s->shared.count; i++) {
        TRY(check_free(&s->shared.listeners[i]));
        s->ports[i] = s->shared.listeners[i].port;
        for (unsigned k = 0; k < s->loop_count; k++)
            TRY(http_loop_listen(s->loops[k], i, &s->ports[i]));
    }
    return OK;
}

static enum err build(struct http_server *s, const char *cert, const char *key) {
    bool tls = false;
    for (size_t i = 0; i < s->shared.count; i++)
        tls = tls || s->shared.listeners[i].tls;
    if (tls)
        TRY(http_tls_new(cert, key, &s->shared.tls));
    s->shared.quota = http_quota_new(&s->shared.limits);
    s->shared.workers = http_workers_new(s->shared.limits.queue);
    s->loops = mem_alloc(s->shared.limits.loops * sizeof(struct http_loop *));
    for (; s->loop_count < s->shared.limits.loops; s->loop_count++)
        TRY(http_loop_new(&s->shared, &s->loops[s->loop_count]));
    return bind_all(s);
}

static void free_server(struct http_server *s) {
    for (unsigned i = 0; i < s->loop_count; i++)
        http_loop_free(s->loops[i]);
    http_workers_free(s->shared.workers);
    http_quota_free(s->shared.quota);
    http_tls_free(s->shared.tls);
    for (size_t i = 0; i < s->shared.count; i++) {
        free((void *)(uintptr_t)s->shared.listeners[i].name);
        free((void *)(uintptr_t)s->shared.listeners[i].address);
    }
    free(s->shared.listeners);
    free(s->loops);
    free(s->ports);
    free(s);
}

enum err http_new(const struct http_listener *listeners, size_t count,
                  const struct http_limits *limits, const char *cert, const char *key,
                  struct http_server **out) {
    struct http_server *s = mem_alloc(sizeof *s);
    s->shared.limits = with_defaults(limits);
    s->ports = mem_alloc((count + 1) * sizeof *s->ports);
    copy_listeners(&s->shared, listeners, count);
    enum err e = build(s, cert, key);
    if (e != OK) {
        free_server(s);
        return e;
    }
    *out = s;
    return OK;
}

unsigned short http_port(const struct http_server *s, size_t index) {
    return s->ports[index];
}

struct http_usage http_usage(const struct http_server *s) {
    return http_quota_usage(s->shared.quota);
}

enum err http_reload_tls(struct http_server *s) {
    return s->shared.tls ? http_tls_reload(s->shared.tls) : OK;
}

static enum err start_threads(struct http_server *s) {
    TRY(http_workers_start(s->shared.workers, s->shared.limits.workers));
    for (unsigned i = 0; i < s->loop_count; i++)
        TRY(http_loop_start(s->loops[i]));
    return OK;
}

/* Signals stay the business of the thread that called us. */
enum err http_start(struct http_server *s) {
    sigset_t all, before;
    sigfillset(&all);
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    enum err e = start_threads(s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e;
}

/*
 * The order matters: first nothing new comes in, then the workers finish and hand back what they
 * have, then the loops send it. Only then is a request, and what it points to, owned by nobody.
 */
void http_stop(struct http_server *s) {
    if (!s)
        return;
    for (unsigned i = 0; i < s->loop_count; i++)
        http_loop_drain(s->loops[i]);
    http_workers_stop(s->shared.workers);
    for (unsigned i = 0; i < s->loop_count; i++)
        http_loop_join(s->loops[i]);
    http_notice_tell();
    free_server(s);
}
