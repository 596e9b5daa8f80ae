/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/wait.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* Idle connections that are kept; those under way are limited by whoever asks. */
enum { MAX_IDLE = 2048, MAX_EVENTS = 64, MAX_WAIT_MS = 60000 };

static void grow(struct wait *w, size_t n) {
    w->wanted = mem_realloc(w->wanted, n * sizeof *w->wanted);
    memset(w->wanted + w->n_wanted, 0, (n - w->n_wanted) * sizeof *w->wanted);
    w->n_wanted = n;
}

/*
 * curl tells which sockets it waits for. What it wants no more stays in the epoll until something
 * happens on it: curl may have closed it before it says so, and the number be another thread's file
 * by then; and most connections are wanted again by the next request. An error here would end all
 * of the multi handle: what cannot be waited for times out instead.
 */
static int on_socket(CURL *c, curl_socket_t fd, int what, void *user, void *of_socket) {
    struct wait *w = user;
    (void)c, (void)of_socket;
    if ((size_t)fd >= w->n_wanted)
        grow(w, 2 * (size_t)fd + 64);
    w->wanted[fd] = what != CURL_POLL_REMOVE;
    if (!w->wanted[fd])
        return 0;
    struct epoll_event e = {.data.fd = fd};
    if (what != CURL_POLL_OUT)
        e.events |= EPOLLIN;
    if (what != CURL_POLL_IN)
        e.events |= EPOLLOUT;
    if (epoll_ctl(w->epoll, EPOLL_CTL_MOD, fd, &e) != 0)
        epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e);
    return 0;
}

static int on_timer(CURLM *m, long timeout_ms, void *user) {
    struct wait *w = user;
    (void)m;
    w->deadline = timeout_ms < 0 ? -1 : clock_monotonic_ms() + timeout_ms;
    return 0;
}

enum err wait_open(struct wait *w) {
    *w = (struct wait){.multi = curl_multi_init(),
                       .epoll = epoll_create1(EPOLL_CLOEXEC),
                       .event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                       .deadline = -1};
    struct epoll_event e = {.events = EPOLLIN, .data.fd = w->event};
    if (!w->multi)
        abort(); /* curl gives NULL only without memory */
    curl_multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w);
    curl_multi_setopt(w->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(w->multi, CURLMOPT_TIMERDATA, w);
    curl_multi_setopt(w->multi, CURLMOPT_MAXCONNECTS, (long)MAX_IDLE);
    if (w->epoll < 0 || w->event < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->event, &e) != 0)
        return err_set(ERR_INTERNAL, "no more files can be opened (ulimit -n)");
    return OK;
}

void wait_close(struct wait *w) {
    curl_multi_cleanup(w->multi);
    if (w->epoll >= 0)
        close(w->epoll);
    if (w->event >= 0)
        close(w->event);
    free(w->wanted);
}

void wait_wake(struct wait *w) {
    eventfd_write(w->event, 1);
}

/* On an error or an end curl finds out by itself which it is; of an idle connection's end it does
 * before it uses that again. */
static void act(struct wait *w, const struct epoll_event *e) {
    eventfd_t ignored;
    int running, bits = 0;
    if (e->data.fd == w->event) {
        eventfd_read(w->event, &ignored);
        return;
    }
    if (!w->wanted[e->data.fd]) {
        epoll_ctl(w->epoll, EPOLL_CTL_DEL, e->data.fd, NULL);
        return;
    }
    if (e->events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        bits |= CURL_CSELECT_IN;
    if (e->events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        bits |= CURL_CSELECT_OUT;
    curl_multi_socket_action(w->multi, e->data.fd, bits, &running);
}

static int wait_ms(const struct wait *w) {
    int64_t left = w->deadline < 0 ? MAX_WAIT_MS : w->deadline - clock_monotonic_ms();
    return left < 0 ? 0 : left > MAX_WAIT_MS ? MAX_WAIT_MS : (int)left;
}

void wait_work(struct wait *w) {
    struct epoll_event events[MAX_EVENTS];
    int running, n = epoll_wait(w->epoll, events, MAX_EVENTS, wait_ms(w));
    for (int i = 0; i < n; i++)
        act(w, &events[i]);
    if (w->deadline < 0 || wait_ms(w) > 0)
        return;
    w->deadline = -1; /* curl sets the next */
    curl_multi_socket_action(w->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}
