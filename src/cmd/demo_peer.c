/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay process opens its listening socket in our network, then leaves for a network namespace
 * of its own and starts scepserver there. A socket stays in the namespace in which it was made:
 * what the relay accepts comes from us, what it connects to is in there, and nobody else can reach
 * it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/demo.h"

enum { FIRST_PORT = 8080, TRIES = 400, BLOCK = 16384, RELAY_SECONDS = 120 };

static struct sockaddr_in loopback(unsigned short port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_on(unsigned short *port) {
    struct sockaddr_in address = loopback(0);
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, n) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &n) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

static int connect_to(unsigned short port) {
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The server needs a moment to start. */
static int connect_patiently(unsigned short port) {
    const struct timespec moment = {.tv_nsec = 50000000};
    for (int i = 0; i < TRIES; i++) {
        int fd = connect_to(port);
        if (fd >= 0)
            return fd;
        nanosleep(&moment, NULL);
    }
    return -1;
}

static bool enter_namespace(void) {
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    struct ifreq lo = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &lo) == 0;
    lo.ifr_flags |= IFF_UP;
    ok = ok && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool copy_block(int from, int to) {
    char block[BLOCK];
    ssize_t n = read(from, block, sizeof block);
    for (ssize_t done = 0; done < n;) {
        ssize_t w = write(to, block + done, (size_t)(n - done));
        if (w <= 0)
            return false;
        done += w;
    }
    return n > 0;
}

static void relay(int outer, int inner) {
    struct pollfd p[] = {{.fd = outer, .events = POLLIN}, {.fd = inner, .events = POLLIN}};
    while (poll(p, 2, RELAY_SECONDS * 1000) > 0) {
        if (p[0].revents && !copy_block(outer, inner))
            break;
        if (p[1].revents && !copy_block(inner, outer))
            break;
    }
}

/* A process for each connection: clients keep theirs open. It ends with the relay. */
static void serve(int outer, unsigned short port, pid_t parent) {
    if (fork() != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int inner = getppid() == parent ? connect_patiently(port) : -1;
    if (inner >= 0)
        relay(outer, inner);
    _exit(0);
}

static _Noreturn void relay_loop(int listener, unsigned short port) {
    pid_t self = getpid();
    signal(SIGCHLD, SIG_IGN); /* nobody waits for them */
    for (;;) {
        int outer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (outer < 0)
            _exit(1);
        serve(outer, port, self);
        close(outer);
    }
}

/* In the relay's process: says over `report` whether it is isolated, then serves for ever. */
static _Noreturn void run_relay(int listener, int report, const char *const *argv, const char *log,
                                unsigned short inner) {
    pid_t server;
    char isolated = enter_namespace() ? 'y' : 'n';
    if (process_start(argv, log, &server) != OK || write(report, &isolated, 1) != 1)
        _exit(1);
    close(report);
    relay_loop(listener, inner);
}

static enum err make_ca(const char *depot, const char *log) {
    const char *argv[] = {"scepserver", "ca", "-init", "-depot", depot, "-keySize", "2048", NULL};
    if (process_run(argv, log) != OK)
        return err_set(ERR_NOT_FOUND,
                       "cannot run scepserver of micromdm/scep, the seed's SCEP server: "
                       "install the Debian package 'scep'");
    return OK;
}

/* Forks the relay and hears from it whether it is isolated. */
static enum err start_relay(struct demo_peer *peer, const char *const *argv, const char *log,
                            unsigned short inner) {
    int report[2], listener = listen_on(&peer->port);
    char answer = 0;
    if (listener < 0 || pipe(report) != 0)
        return err_set(ERR_IO, "cannot open a relay to scepserver: %s", strerror(errno));
    pid_t parent = getpid();
    peer->pid = fork();
    if (peer->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(report[0]);
        if (getppid() == parent)
            run_relay(listener, report[1], argv, log, inner);
        _exit(1);
    }
    close(listener);
    close(report[1]);
    bool ok = peer->pid > 0 && read(report[0], &answer, 1) == 1;
    close(report[0]);
    peer->isolated = answer == 'y';
    return ok ? OK : err_set(ERR_IO, "cannot start scepserver");
}

/* -allowrenew 0: a host that asks again gets a certificate, not only in the last two weeks. */
enum err peer_start(struct arena *a, struct demo_peer *peer, unsigned number) {
    unsigned short inner = (unsigned short)(FIRST_PORT + number);
    const char *log = arena_printf(a, "%s.log", peer->folder);
    const char *argv[] = {"scepserver",
                          "-depot",
                          peer->folder,
                          "-port",
                          arena_printf(a, "%u", inner),
                          "-allowrenew",
                          "0",
                          peer->challenge ? "-challenge" : NULL,
                          peer->challenge,
                          NULL};
    TRY(make_ca(peer->folder, log));
    return start_relay(peer, argv, log, inner);
}

const char *peer_place(const struct demo_peer *peer) {
    return peer->isolated ? "in a network namespace of its own"
                          : "on every address of this machine while the demo runs";
}
