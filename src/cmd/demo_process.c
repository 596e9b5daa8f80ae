/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "cmd/demo.h"
#include "crypto/key.h"

enum { MAX_LOG = 4 << 20, SHOWN = 2000, STOP_TRIES = 200 };

enum err process_start(const char *const *argv, const char *log, pid_t *pid) {
    pid_t parent = getpid();
    *pid = fork();
    if (*pid < 0)
        return err_set(ERR_IO, "cannot start %s: %s", argv[0], strerror(errno));
    if (*pid > 0)
        return OK;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600), in = open("/dev/null", O_RDONLY);
    if (getppid() != parent || fd < 0 || in < 0 || dup2(in, 0) < 0 || dup2(fd, 1) < 0 ||
        dup2(fd, 2) < 0)
        _exit(126);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static enum err await(pid_t pid, const char *name, int *status) {
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return err_set(ERR_IO, "cannot wait for %s: %s", name, strerror(errno));
    return OK;
}

enum err process_end(pid_t pid, const char *name, int *status) {
    int ended;
    TRY(await(pid, name, &ended));
    *status = WEXITSTATUS(ended);
    return WIFEXITED(ended)
               ? OK
               : err_set(ERR_CONFLICT, "%s ended with signal %d", name, WTERMSIG(ended));
}

enum err process_wait(pid_t pid, const char *name, const char *log) {
    BUF_AUTO(text);
    int status;
    TRY(await(pid, name, &status));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OK;
    if (file_read(log, MAX_LOG, &text) == OK)
        fprintf(stderr, "%s", buf_cstr(&text) + (text.n > SHOWN ? text.n - SHOWN : 0));
    return err_set(ERR_CONFLICT, "%s ended with %s %d (its output stands above)", name,
                   WIFEXITED(status) ? "exit status" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

enum err process_run(const char *const *argv, const char *log) {
    BUF_AUTO(name);
    pid_t pid;
    for (int i = 1; i < 4 && argv[i]; i++)
        buf_printf(&name, "%s%s", i > 1 ? " " : "", argv[i]);
    TRY(process_start(argv, log, &pid));
    return process_wait(pid, buf_cstr(&name), log);
}

void process_stop(pid_t pid) {
    const struct timespec moment = {.tv_nsec = 10000000};
    if (pid <= 0)
        return;
    kill(pid, SIGTERM);
    for (int i = 0; i < STOP_TRIES; i++) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return;
        nanosleep(&moment, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* ---- a server's folder ---- */

enum { PORTS = 3, FIRST_PORT = 15000, END_PORT = 32768, PORT_TRIES = 1000 };

/* A socket that holds a port of 127.0.0.1; -1 when somebody has it. */
static int hold_port(unsigned short port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Different ones that are free now. They lie below those that the kernel gives to clients, since
 * any of these may have one, or rest in TIME-WAIT with one, by the time that the server wants it.
 */
static enum err free_ports(unsigned short ports[PORTS]) {
    int held[PORTS], n = 0;
    enum err e = OK;
    for (int tries = 0; e == OK && n < PORTS && tries < PORT_TRIES; tries++) {
        uint32_t r = 0;
        e = random_bytes((uint8_t *)&r, sizeof r);
        ports[n] = (unsigned short)(FIRST_PORT + r % (END_PORT - FIRST_PORT));
        held[n] = hold_port(ports[n]);
        n += held[n] >= 0;
    }
    bool found = n == PORTS;
    while (n > 0)
        close(held[--n]);
    return e != OK || found ? e : err_set(ERR_IO, "no port of 127.0.0.1 is free");
}

enum err process_init(const char *self, const char *folder, const char *host, const char *log,
                      unsigned short *public) {
    unsigned short ports[PORTS];
    char text[PORTS][8];
    TRY(free_ports(ports));
    for (int i = 0; i < PORTS; i++)
        snprintf(text[i], sizeof text[i], "%u", ports[i]);
    const char *argv[] = {
        self,       "init",         folder,          "--host", host,
        "--listen", "127.0.0.1",    "--public-port", text[0],  "--management-port",
        text[1],    "--plain-port", text[2],         NULL};
    *public = ports[0];
    return process_run(argv, log);
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *place) {
    (void)s, (void)type, (void)place;
    return remove(path);
}

void process_remove_folder(const char *path) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
