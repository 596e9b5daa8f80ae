/* SPDX-License-Identifier: Apache-2.0 */
#include "http/loop.h"

#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "http/conn.h"
#include "http/notice.h"

enum {
    STACK = 512 * 1024, /* a TLS handshake needs a tenth of it */
    BACKLOG = 1024,
    PAUSE_US = 200000, /* after accept() failed: without descriptors it would fail at once again */
    GRACE_SECONDS = 2,
    TELL_SECONDS = 1
};

enum order { RUN, DRAIN, END };

/* One listener's socket in this loop. */
struct door {
    struct http_loop *loop;
    const struct http_listener *listener;
    struct evconnlistener *listening;
    struct event *resume;
};

struct http_loop {
    const struct http_shared *shared;
    struct event_base *base;
    struct door *doors;
    struct http_conn_list conns;
    int wake_fd;
    struct event *wake;
    struct event *tell;
    pthread_t thread;
    bool started;
    enum order obeyed;

    pthread_mutex_t lock;
    struct http_conn *back; /* under the lock, as the next */
    enum order order;
};

struct event_base *http_loop_base(const struct http_loop *l) {
    return l->base;
}

const struct http_shared *http_loop_shared(const struct http_loop *l) {
    return l->shared;
}

struct http_conn_list *http_loop_conns(struct http_loop *l) {
    return &l->conns;
}

bool http_loop_draining(const struct http_loop *l) {
    return l->obeyed != RUN;
}

void http_loop_check_end(struct http_loop *l) {
    if (l->obeyed == END && LIST_EMPTY(&l->conns))
        event_base_loopbreak(l->base);
}

static void on_tell(evutil_socket_t fd, short what, void *arg) {
    (void)fd;
    (void)what;
    (void)arg;
    http_notice_tell();
}

void http_loop_tell_soon(struct http_loop *l) {
    struct timeval soon = {TELL_SECONDS, 0};
    if (!evtimer_pending(l->tell, NULL))
        evtimer_add(l->tell, &soon);
}

static void close_doors(struct http_loop *l) {
    for (size_t i = 0; i < l->shared->count; i++) {
        struct door *d = &l->doors[i];
        if (d->listening)
            evconnlistener_free(d->listening);
        if (d->resume)
            event_free(d->resume);
        d->listening = NULL;
        d->resume = NULL;
    }
}

/* ---- messages from other threads ---- */

static void wake(struct http_loop *l) {
    uint64_t one = 1;
    ssize_t written = write(l->wake_fd, &one, sizeof one);
    (void)written; /* a full counter wakes just as well */
}

void http_loop_give(struct http_conn *c) {
    struct http_loop *l = c->loop;
    pthread_mutex_lock(&l->lock);
    bool first = !l->back;
    c->next = l->back;
    l->back = c;
    pthread_mutex_unlock(&l->lock);
    if (first)
        wake(l);
}

static void give_order(struct http_loop *l, enum order order) {
    pthread_mutex_lock(&l->lock);
    l->order = order;
    pthread_mutex_unlock(&l->lock);
    wake(l);
}

static void drain(struct http_loop *l) {
    close_doors(l);
    for (struct http_conn *c = LIST_FIRST(&l->conns), *next; c; c = next) {
        next = LIST_NEXT(c, link);
        http_conn_drain(c);
    }
}

/* DRAIN may have been overtaken by END before this thread woke up. */
static void obey(struct http_loop *l, enum order order) {
    if (order == l->obeyed)
        return;
    if (l->obeyed == RUN)
        drain(l);
    l->obeyed = order;
    struct timeval grace = {GRACE_SECONDS, 0};
    if (order == END)
        event_base_loopexit(l->base, &grace);
    http_loop_check_end(l);
}

static void on_wake(evutil_socket_t fd, short what, void *arg) {
    struct http_loop *l = arg;
    (void)what;
    uint64_t counter;
    if (read(fd, &counter, sizeof counter) < 0 && errno != EAGAIN)
        log_write(LOG_ERROR, "http", "event=wake error=%s", log_q(span_str(strerror(errno))));
    pthread_mutex_lock(&l->lock);
    struct http_conn *back = l->back;
    enum order order = l->order;
    l->back = NULL;
    pthread_mutex_unlock(&l->lock);
    while (back) {
        struct http_conn *c = back;
        back = c->next;
        http_conn_come_back(c);
    }
    obey(l, order);
}

/* ---- listening ---- */

static void on_accept(struct evconnlistener *listening, evutil_socket_t fd, struct sockaddr *from,
                      int length, void *arg) {
    struct door *d = arg;
    (void)listening;
    (void)length;
    http_conn_open(d->loop, d->listener, fd, from);
}

static void on_resume(evutil_socket_t fd, short what, void *arg) {
    struct door *d = arg;
    (void)fd;
    (void)what;
    evconnlistener_enable(d->listening);
}

static void on_accept_error(struct evconnlistener *listening, void *arg) {
    struct door *d = arg;
    log_write(LOG_ERROR, "http", "event=accept listener=%s error=%s", d->listener->name,
              log_q(span_str(strerror(errno))));
    struct timeval pause = {0, PAUSE_US};
    evconnlistener_disable(listening);
    evtimer_add(d->resume, &pause);
}

static unsigned short local_port(evutil_socket_t fd) {
    struct sockaddr_storage ss = {0};
    socklen_t n = sizeof ss;
    if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0)
        return 0;
    const struct sockaddr_in *v4 = (const void *)&ss;
    const struct sockaddr_in6 *v6 = (const void *)&ss;
    return ntohs(ss.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

static enum err open_door(struct door *d) {
    d->resume = evtimer_new(d->loop->base, on_resume, d);
    if (!d->resume)
        return err_set(ERR_INTERNAL, "no timer");
    evconnlistener_set_error_cb(d->listening, on_accept_error);
    return OK;
}

enum { DOOR_FLAGS = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC };

enum err http_loop_listen(struct http_loop *l, size_t index, unsigned short *port) {
    const struct http_listener *spec = &l->shared->listeners[index];
    struct door *d = &l->doors[index];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
    struct addrinfo *found = NULL;
    char text[8];
    snprintf(text, sizeof text, "%u", *port);
    if (getaddrinfo(spec->address, text, &hints, &found) != 0)
        return err_set(ERR_IO, "listener %s: '%s' is not an IP address", spec->name, spec->address);
    *d = (struct door){.loop = l, .listener = spec};
    d->listening = evconnlistener_new_bind(l->base, on_accept, d,
                                           DOOR_FLAGS | LEV_OPT_REUSEABLE | LEV_OPT_REUSEABLE_PORT,
                                           BACKLOG, found->ai_addr, (int)found->ai_addrlen);
    int failure = errno;
    freeaddrinfo(found);
    if (!d->listening)
        return err_set(ERR_IO, "listener %s: cannot listen on '%s' port %u: %s", spec->name,
                       spec->address, *port, strerror(failure));
    /* Accepted sockets inherit it; without it TLS stalls for 40 ms between small writes. */
    evutil_socket_t fd = evconnlistener_get_fd(d->listening);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    *port = local_port(fd);
    return open_door(d);
}

enum err http_loop_share(struct http_loop *l, size_t index, int fd) {
    struct door *d = &l->doors[index];
    *d = (struct door){.loop = l, .listener = &l->shared->listeners[index]};
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own >= 0)
        d->listening = evconnlistener_new(l->base, on_accept, d, DOOR_FLAGS, 0, own);
    if (d->listening)
        return open_door(d);
    enum err e = err_set(ERR_IO, "listener %s: %s", d->listener->name, strerror(errno));
    if (own >= 0)
        close(own);
    return e;
}

/* ---- life ---- */

enum err http_loop_new(const struct http_shared *shared, struct http_loop **out) {
    struct http_loop *l = mem_alloc(sizeof *l);
    l->shared = shared;
    l->doors = mem_alloc((shared->count + 1) * sizeof *l->doors);
    LIST_INIT(&l->conns);
    pthread_mutex_init(&l->lock, NULL);
    l->base = event_base_new();
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (l->base && l->wake_fd >= 0) {
        l->wake = event_new(l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
        l->tell = evtimer_new(l->base, on_tell, NULL);
    }
    if (!l->wake || !l->tell || event_add(l->wake, NULL) != 0) {
        http_loop_free(l);
        return err_set(ERR_INTERNAL, "no event loop: %s", strerror(errno));
    }
    *out = l;
    return OK;
}

static void *run(void *arg) {
    struct http_loop *l = arg;
    event_base_dispatch(l->base);
    return NULL;
}

enum err http_loop_start(struct http_loop *l) {
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    l->started = pthread_create(&l->thread, &attr, run, l) == 0;
    pthread_attr_destroy(&attr);
    return l->started ? OK : err_set(ERR_INTERNAL, "no thread for an HTTP loop");
}

void http_loop_drain(struct http_loop *l) {
    give_order(l, DRAIN);
}

void http_loop_join(struct http_loop *l) {
    if (!l->started)
        return;
    give_order(l, END);
    pthread_join(l->thread, NULL);
    l->started = false;
}

void http_loop_free(struct http_loop *l) {
    if (!l)
        return;
    for (struct http_conn *c; (c = LIST_FIRST(&l->conns));)
        http_conn_free(c);
    close_doors(l);
    if (l->wake)
        event_free(l->wake);
    if (l->tell)
        event_free(l->tell);
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    if (l->base)
        event_base_free(l->base);
    pthread_mutex_destroy(&l->lock);
    free(l->doors);
    free(l);
}
