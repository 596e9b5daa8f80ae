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
#include "http/unix.h"

struct http_server {
    struct http_shared shared;
    unsigned short *ports;
    int *unix_fds; /* of each listener; -1: none */
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
    set_default(&l.workers, 2 * cores());
    return l;
}

static char *copy_text(const char *text) {
    return text ? mem_strdup(text) : NULL;
}

static const struct http_name *copy_names(const struct http_listener *l) {
    struct http_name *names = mem_alloc((l->name_count + 1) * sizeof *names);
    for (size_t i = 0; i < l->name_count; i++) {
        names[i] = l->names[i];
        names[i].host = mem_strdup(names[i].host);
    }
    return names;
}

static void copy_listeners(struct http_shared *s, const struct http_listener *from, size_t count) {
    s->listeners = mem_alloc((count + 1) * sizeof *s->listeners);
    for (s->count = 0; s->count < count; s->count++) {
        struct http_listener *to = &s->listeners[s->count];
        *to = from[s->count];
        to->name = mem_strdup(to->name);
        to->address = copy_text(to->address);
        to->unix_path = copy_text(to->unix_path);
        to->unix_group = copy_text(to->unix_group);
        to->verify_ca = copy_text(to->verify_ca);
        to->names = copy_names(to);
        set_default(&to->idle_seconds, s->limits.idle_seconds);
    }
}

static void free_const(const void *p) {
    free((void *)(uintptr_t)p);
}

static void free_listener(struct http_listener *l) {
    for (size_t i = 0; i < l->name_count; i++)
        free_const(l->names[i].host);
    free_const(l->names);
    free_const(l->name);
    free_const(l->address);
    free_const(l->unix_path);
    free_const(l->unix_group);
    free_const(l->verify_ca);
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

static enum err bind_address(struct http_server *s, size_t i) {
    TRY(check_free(&s->shared.listeners[i]));
    s->ports[i] = s->shared.listeners[i].port;
    for (unsigned k = 0; k < s->loop_count; k++)
        TRY(http_loop_listen(s->loops[k], i, &s->ports[i]));
    return OK;
}

/* One socket for all loops: a Unix socket has no SO_REUSEPORT. */
static enum err bind_path(struct http_server *s, size_t i) {
    const struct http_listener *l = &s->shared.listeners[i];
    enum err e = http_unix_listen(l->unix_path, l->unix_group, &s->unix_fds[i]);
    if (e != OK)
        return err_context(e, "listener %s", l->name);
    for (unsigned k = 0; k < s->loop_count; k++)
        TRY(http_loop_share(s->loops[k], i, s->unix_fds[i]));
    return OK;
}

static enum err bind_all(struct http_server *s) {
    for (size_t i = 0; i < s->shared.count; i++)
        TRY(s->shared.listeners[i].unix_path ? bind_path(s, i) : bind_address(s, i));
    return OK;
}

static enum err build(struct http_server *s, const char *cert, const char *key) {
    bool tls = false;
    const char *verify_ca = NULL;
    for (size_t i = 0; i < s->shared.count; i++) {
        const struct http_listener *l = &s->shared.listeners[i];
        if (l->verify_ca && l->name_count)
            return err_set(ERR_INTERNAL, "listener %s: names, and one CA for all", l->name);
        verify_ca = l->verify_ca ? l->verify_ca : verify_ca;
        tls = tls || l->tls;
    }
    if (tls)
        TRY(http_tls_new(cert, key, verify_ca, &s->shared.tls));
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
        if (s->unix_fds[i] >= 0) {
            unlink(s->shared.listeners[i].unix_path);
            close(s->unix_fds[i]);
        }
        free_listener(&s->shared.listeners[i]);
    }
    free(s->unix_fds);
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
    s->unix_fds = mem_alloc((count + 1) * sizeof *s->unix_fds);
    for (size_t i = 0; i < count; i++)
        s->unix_fds[i] = -1;
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
