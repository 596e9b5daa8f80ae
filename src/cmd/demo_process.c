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

unsigned short process_free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, n) == 0 &&
              getsockname(fd, (struct sockaddr *)&address, &n) == 0;
    if (fd >= 0)
        close(fd);
    return ok ? ntohs(address.sin_port) : 0;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *place) {
    (void)s, (void)type, (void)place;
    return remove(path);
}

void process_remove_folder(const char *path) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
