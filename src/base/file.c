/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum err file_read(const char *path, size_t max, struct buf *b) {
    bool standard_input = strcmp(path, "-") == 0;
    int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot open '%s': %s", path,
                       strerror(errno));
    enum err e = OK;
    for (size_t total = 0; e == OK;) {
        uint8_t block[16384];
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            e = err_set(ERR_IO, "cannot read '%s': %s", path, strerror(errno));
        if (n <= 0)
            break;
        total += (size_t)n;
        if (total > max)
            e = err_set(ERR_LIMIT, "'%s' is larger than %zu bytes", path, max);
        else
            buf_add(b, block, (size_t)n);
    }
    if (!standard_input)
        close(fd);
    return e;
}

enum err file_check_closed(const char *path) {
    struct stat at;
    if (stat(path, &at) != 0 || !(at.st_mode & S_IRWXO))
        return OK;
    return err_set(ERR_CONFIG,
                   "'%s' is open to other users: chmod 600 it, and change what it holds if "
                   "somebody may have read it",
                   path);
}

bool file_write_all(int fd, struct span s) {
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        s = span_from(s, (size_t)n);
    }
    return true;
}

static bool sync_folder_of(const char *path) {
    BUF_AUTO(folder);
    const char *slash = strrchr(path, '/');
    if (slash == path)
        buf_str(&folder, "/");
    else if (slash)
        buf_add(&folder, path, (size_t)(slash - path));
    else
        buf_str(&folder, ".");
    int fd = open(buf_cstr(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

enum err file_write(const char *path, struct span content, mode_t mode) {
    BUF_AUTO(temporary);
    buf_printf(&temporary, "%s.XXXXXX", path);
    buf_cstr(&temporary);
    int fd = mkostemp((char *)temporary.p, O_CLOEXEC);
    if (fd < 0)
        return err_set(ERR_IO, "cannot create a file beside '%s': %s", path, strerror(errno));
    bool ok = fchmod(fd, mode) == 0 && file_write_all(fd, content) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && rename((char *)temporary.p, path) == 0 && sync_folder_of(path);
    if (ok)
        return OK;
    enum err e = err_set(ERR_IO, "cannot write '%s': %s", path, strerror(errno));
    unlink((char *)temporary.p);
    return e;
}

enum err file_mkdir(const char *path, mode_t mode) {
    struct stat at;
    if (mkdir(path, mode) == 0)
        return OK;
    if (errno == ENOENT)
        return err_set(ERR_IO, "cannot make the folder '%s': its parent folder does not exist",
                       path);
    if (errno == EEXIST && stat(path, &at) == 0)
        return S_ISDIR(at.st_mode) ? OK : err_set(ERR_IO, "'%s' is a file, not a folder", path);
    return err_set(ERR_IO, "cannot make the folder '%s': %s", path, strerror(errno));
}
