/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    MAX_REQUEST = 8 << 20, /* device.import */
    MAX_ANSWER = 1 << 28,  /* a list of very many enrollments */
    PATIENCE_MS = 5000,
    ANSWER_MS = 300000, /* gateway.add asks another server twice, for 2 minutes each at most */
    PAUSE_MS = 100,
};

struct admin {
    struct admin_scope scope;
    char *path;
    int listener, stop;
    pthread_t thread;
};

static enum err socket_address(const char *folder, struct sockaddr_un *out) {
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(out->sun_path, sizeof out->sun_path, "%s/run/admin.sock", folder);
    if (n < 0 || (size_t)n >= sizeof out->sun_path)
        return err_set(
            ERR_CONFIG,
            "'%s/run/admin.sock' is too long for a Unix socket (%zu bytes at most): use a "
            "shorter path for the data folder",
            folder, sizeof out->sun_path - 1);
    return OK;
}

/* Reads up to a line feed, for at most `patience` ms and `max` bytes. */
static bool read_line(int fd, struct buf *line, size_t max, int64_t patience) {
    int64_t end = clock_monotonic_ms() + patience;
    for (;;) {
        char block[4096];
        int64_t left = end - clock_monotonic_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            return false;
        ssize_t n = read(fd, block, sizeof block);
        if (n <= 0 || line->n + (size_t)n > max)
            return false;
        buf_add(line, block, (size_t)n);
        bool whole = span_find(span_of(block, (size_t)n), '\n') >= 0;
        explicit_bzero(block, (size_t)n); /* it may hold a password or a key */
        if (whole)
            return true;
    }
}

static bool write_line(int fd, const json_t *value) {
    BUF_AUTO(line);
    char *text = json_dumps(value, JSON_COMPACT);
    buf_str(&line, text ? text : "{\"ok\":false,\"error\":\"the answer is no JSON\"}");
    buf_char(&line, '\n');
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    for (struct span left = buf_view(&line); left.n;) {
        ssize_t n = send(fd, left.p, left.n, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        left = span_from(left, (size_t)n);
    }
    return true;
}

static bool is_trusted(int fd) {
    struct ucred peer;
    socklen_t n = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0)
        return false;
    if (peer.uid == 0 || peer.uid == geteuid())
        return true;
    log_write(LOG_WARN, "admin", "peer_uid=%u status=refused", (unsigned)peer.uid);
    return false;
}

static void serve_one(struct admin *admin, int fd) {
    BUF_AUTO(line);
    json_error_t error;
    if (!is_trusted(fd) || !read_line(fd, &line, MAX_REQUEST, PATIENCE_MS))
        return;
    json_t *request = json_loadb((const char *)line.p, line.n, 0, &error);
    json_t *reply = admin_run(&admin->scope, request);
    write_line(fd, reply);
    json_decref(reply);
    json_decref(request);
}

static void *admin_loop(void *user) {
    struct admin *admin = user;
    for (;;) {
        struct pollfd p[] = {{.fd = admin->listener, .events = POLLIN},
                             {.fd = admin->stop, .events = POLLIN}};
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[1].revents)
            break;
        int fd = p[0].revents ? accept4(admin->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd < 0) { /* out of descriptors, perhaps: do not spin */
            poll(NULL, 0, PAUSE_MS);
            continue;
        }
        const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        serve_one(admin, fd);
        close(fd);
    }
    return NULL;
}

static enum err listen_at(const char *folder, struct sockaddr_un *address, int *fd) {
    BUF_AUTO(run);
    buf_printf(&run, "%s/run", folder);
    TRY(file_mkdir(buf_cstr(&run), 0700));
    if (chmod(buf_cstr(&run), 0700) != 0)
        return err_set(ERR_IO, "cannot close '%s' to others: %s", buf_cstr(&run), strerror(errno));
    unlink(address->sun_path); /* of a server that was killed; serve holds the folder's lock */
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = *fd >= 0 && bind(*fd, (struct sockaddr *)address, sizeof *address) == 0 &&
              chmod(address->sun_path, 0600) == 0 && listen(*fd, 64) == 0;
    if (ok)
        return OK;
    enum err e = err_set(ERR_IO, "cannot listen at '%s': %s", address->sun_path, strerror(errno));
    if (*fd >= 0)
        close(*fd);
    return e;
}

enum err admin_start(const char *folder, const struct admin_scope *scope, struct admin **out) {
    struct sockaddr_un address;
    int listener = -1;
    TRY(socket_address(folder, &address));
    TRY(listen_at(folder, &address, &listener));
    struct admin *admin = mem_alloc(sizeof *admin);
    admin->scope = *scope;
    admin->path = mem_strdup(address.sun_path);
    admin->listener = listener;
    admin->stop = eventfd(0, EFD_CLOEXEC);
    if (admin->stop < 0 || pthread_create(&admin->thread, NULL, admin_loop, admin) != 0) {
        close(listener);
        free(admin->path);
        free(admin);
        return err_set(ERR_INTERNAL, "cannot start the administration's thread");
    }
    *out = admin;
    return OK;
}

void admin_stop(struct admin *admin) {
    if (!admin)
        return;
    eventfd_write(admin->stop, 1);
    pthread_join(admin->thread, NULL);
    close(admin->listener);
    close(admin->stop);
    unlink(admin->path);
    free(admin->path);
    free(admin);
}

/* ---- the client's side ---- */

static bool is_data_folder(const char *folder) {
    BUF_AUTO(file);
    buf_printf(&file, "%s/signet.conf", folder);
    return access(buf_cstr(&file), F_OK) == 0;
}

static enum err exchange(int fd, const struct sockaddr_un *address, const json_t *request,
                         const char *folder, json_t **reply) {
    BUF_AUTO(line);
    json_error_t error;
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        if (errno == EACCES)
            return err_set(ERR_FORBIDDEN, "only root and the server's own user may administer '%s'",
                           folder);
        if (!is_data_folder(folder))
            return err_set(ERR_NOT_FOUND,
                           "'%s' is no data folder: give -d DIR, set SIGNET_DIR, or make one with "
                           "signet init",
                           folder);
        return err_set(ERR_NOT_FOUND, "no server runs on '%s': start it with signet serve -d %s",
                       folder, folder);
    }
    if (!write_line(fd, request) || !read_line(fd, &line, MAX_ANSWER, ANSWER_MS))
        return err_set(ERR_IO, "the server on '%s' gave no answer", folder);
    *reply = json_loadb((const char *)line.p, line.n, 0, &error);
    return *reply ? OK : err_set(ERR_PARSE, "the server's answer cannot be read: %s", error.text);
}

enum err admin_call(const char *folder, json_t *request, json_t **reply) {
    struct sockaddr_un address;
    *reply = NULL;
    enum err e = socket_address(folder, &address);
    if (e == OK) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        e = exchange(fd, &address, request, folder, reply);
        close(fd);
    }
    json_decref(request);
    TRY(e);
    if (json_is_true(json_object_get(*reply, "ok")))
        return OK;
    const char *error = json_string_value(json_object_get(*reply, "error"));
    e = err_set(ERR_CONFLICT, "%s", error ? error : "the server gave no reason");
    json_decref(*reply);
    *reply = NULL;
    return e;
}
