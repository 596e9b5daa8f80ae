/* SPDX-License-Identifier: Apache-2.0 */
#include "http/unix.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static int open_socket(void) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* A socket that a killed server left refuses; anything else is not ours to remove. */
static enum err make_room(const struct sockaddr_un *address) {
    struct stat status;
    const char *path = address->sun_path;
    if (lstat(path, &status) != 0)
        return OK; /* bind tells what is wrong with the folder */
    if (!S_ISSOCK(status.st_mode))
        return err_set(ERR_IO, "cannot listen at '%s': there is a file already, and no socket",
                       path);
    int fd = open_socket();
    bool left = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    if (!left)
        return err_set(ERR_IO, "cannot listen at '%s': another server does", path);
    unlink(path);
    return OK;
}

/* Closed to all between bind and here, by the umask. */
static enum err open_to(const char *path, const char *group) {
    const struct group *g = group ? getgrnam(group) : NULL;
    if (group && !g)
        return err_set(ERR_CONFIG, "there is no group '%s'", group);
    if (g && lchown(path, (uid_t)-1, g->gr_gid) != 0)
        return err_set(ERR_IO,
                       "cannot give '%s' to the group '%s': %s; the server's user must be a "
                       "member of it",
                       path, group, strerror(errno));
    if (chmod(path, g ? 0660 : 0600) != 0)
        return err_set(ERR_IO, "cannot set the mode of '%s': %s", path, strerror(errno));
    return OK;
}

static enum err bind_closed(int fd, const struct sockaddr_un *address) {
    mode_t before = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)address, sizeof *address);
    int failure = errno;
    umask(before);
    return bound == 0
               ? OK
               : err_set(ERR_IO, "cannot listen at '%s': %s", address->sun_path, strerror(failure));
}

enum err http_unix_listen(const char *path, const char *group, int *out) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(ERR_CONFIG, "'%s' is too long for a socket: at most %zu bytes", path,
                       sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    TRY(make_room(&address));
    int fd = open_socket();
    if (fd < 0)
        return err_set(ERR_IO, "no socket: %s", strerror(errno));
    enum err e = bind_closed(fd, &address);
    if (e == OK) {
        e = open_to(path, group);
        if (e == OK && listen(fd, BACKLOG) != 0)
            e = err_set(ERR_IO, "cannot listen at '%s': %s", path, strerror(errno));
        if (e != OK)
            unlink(path);
    }
    if (e == OK)
        *out = fd;
    else
        close(fd);
    return e;
}
