/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP server in processes of its own, a process a connection, which does by the path of
 * the request what servers do that break; it counts what it saw.
 */
#ifndef SIGNET_TESTS_FETCH_SERVER_H
#define SIGNET_TESTS_FETCH_SERVER_H

#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct seen { /* shared with the server's processes */
    atomic_uint connections, requests, basic, proxied;
    atomic_ulong sent;
};

struct server {
    pid_t pid;
    int port;
    struct seen *seen;
};

enum { REQUEST_MAX = 65536, HUGE_BODY = 100 << 20 };

/* The type 2 message of NTLM: no flags but Unicode and NTLM, a challenge. */
#define NTLM_CHALLENGE "TlRMTVNTUAACAAAAAAAAADgAAAABAgAAASNFZ4mrze8AAAAAAAAAAAAAAAAAAAAA"

static inline void say(int fd, struct seen *seen, const char *text) {
    ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);
    seen->sent += n > 0 ? (unsigned long)n : 0;
}

static inline void send_huge(int fd, struct seen *seen, const char *head) {
    static char block[65536];
    say(fd, seen, head);
    for (size_t i = 0; i < HUGE_BODY / sizeof block; i++) {
        ssize_t n = send(fd, block, sizeof block, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        seen->sent += (unsigned long)n;
    }
}

/* As IIS does: both schemes are offered, and NTLM asks back on the same connection. */
static inline void ask_ntlm(int fd, struct seen *seen, const char *request) {
    if (strstr(request, "Authorization: NTLM TlRMTVNTUAAD"))
        say(fd, seen, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin");
    else if (strstr(request, "Authorization: NTLM TlRMTVNTUAAB"))
        say(fd, seen,
            "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM " NTLM_CHALLENGE
            "\r\nContent-Length: 2\r\n\r\nno");
    else
        say(fd, seen,
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n"
            "WWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n\r\nno");
}

static inline void cut_off(int fd) {
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Whether the connection stays open. `count` is that of the request on it, from 1. */
static inline bool respond(int fd, struct seen *seen, const char *request, unsigned count) {
    const char *path = strchr(request, '/');
    seen->requests++;
    seen->basic += strstr(request, "Authorization: Basic") != NULL;
    seen->proxied += strncmp(request, "GET http://", 11) == 0;
    if (strncmp(request, "CONNECT ", 8) == 0) { /* of a proxy */
        say(fd, seen, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
    } else if (strncmp(path, "/hang", 5) == 0) {
        pause();
    } else if (strncmp(path, "/reset", 6) == 0) {
        cut_off(fd);
        return false;
    } else if (strncmp(path, "/tired", 6) == 0 && count > 1) { /* read, done, and no answer */
        return false;
    } else if (strncmp(path, "/endless", 8) == 0) {
        send_huge(fd, seen, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        return false;
    } else if (strncmp(path, "/huge", 5) == 0) {
        send_huge(fd, seen, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
        return false;
    } else if (strncmp(path, "/ntlm", 5) == 0) {
        ask_ntlm(fd, seen, request);
    } else if (strncmp(path, "/basic", 6) == 0) {
        say(fd, seen,
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
            "Content-Length: 2\r\n\r\nno");
    } else {
        say(fd, seen, "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok");
    }
    return true;
}

/* A whole request, with its body; false at the end. */
static inline bool read_request(int fd, char *to) {
    for (size_t n = 0; n < REQUEST_MAX - 1;) {
        ssize_t got = read(fd, to + n, REQUEST_MAX - 1 - n);
        if (got <= 0)
            return false;
        n += (size_t)got;
        to[n] = 0;
        const char *end = strstr(to, "\r\n\r\n"), *length = strstr(to, "Content-Length: ");
        if (end && n >= (size_t)(end + 4 - to) + (length ? strtoul(length + 16, NULL, 10) : 0))
            return true;
    }
    return false;
}

static inline void converse(int fd, struct seen *seen) {
    static char request[REQUEST_MAX];
    seen->connections++;
    for (unsigned count = 1; read_request(fd, request); count++)
        if (!respond(fd, seen, request, count))
            break;
    close(fd);
    _exit(0);
}

static inline void serve_forever(int fd, struct seen *seen) {
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int c = accept(fd, NULL, NULL);
        if (c >= 0 && fork() == 0)
            converse(c, seen);
        close(c);
    }
}

/* Before the first thread of a test: it forks. */
static inline struct server server_start(void) {
    struct server s = {0};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&at, n) || listen(fd, 128))
        abort();
    getsockname(fd, (struct sockaddr *)&at, &n);
    s.port = ntohs(at.sin_port);
    s.seen = mmap(NULL, sizeof *s.seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    s.pid = fork();
    if (s.pid == 0) {
        setpgid(0, 0);
        serve_forever(fd, s.seen);
    }
    setpgid(s.pid, s.pid);
    close(fd);
    return s;
}

static inline void server_stop(struct server *s) {
    kill(-s->pid, SIGKILL); /* the group that it leads */
    waitpid(s->pid, NULL, 0);
    munmap(s->seen, sizeof *s->seen);
}

#endif
