/* SPDX-License-Identifier: Apache-2.0 */
#include "record/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "record/limits.h"

static const char about[] = "recording.txt";

/* ---- the folder ---- */

/* The stream gets a descriptor of its own, as its end closes it. */
static enum err must_be_empty(int fd, const char *path) {
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = own < 0 ? NULL : fdopendir(own);
    if (!d) {
        enum err e = err_set(ERR_IO, "cannot read the folder '%s': %s", path, strerror(errno));
        if (own >= 0)
            close(own);
        return e;
    }
    bool empty = true;
    for (struct dirent *e; (e = readdir(d));)
        empty = empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
    closedir(d);
    return empty ? OK
                 : err_set(ERR_EXISTS,
                           "'%s' is not empty: a recording wants a folder of its own, which it "
                           "makes",
                           path);
}

/* Whose folder it is could give it away, or put files of that name there before us. */
static enum err take(int fd, const char *path) {
    struct stat s;
    if (fstat(fd, &s) != 0)
        return err_set(ERR_IO, "cannot look at the folder '%s': %s", path, strerror(errno));
    if (s.st_uid != geteuid())
        return err_set(ERR_REFUSED,
                       "'%s' is the folder of another user (uid %u): name one that is not there "
                       "yet",
                       path, (unsigned)s.st_uid);
    TRY(must_be_empty(fd, path));
    return fchmod(fd, 0700) == 0 ? OK
                                 : err_set(ERR_IO, "cannot close the folder '%s' to others: %s",
                                           path, strerror(errno));
}

enum err folder_open(const char *path, struct folder *out) {
    *out = (struct folder){.fd = -1};
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return err_set(ERR_IO, "cannot make the folder '%s': %s", path, strerror(errno));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOTDIR || errno == ELOOP
                   ? err_set(ERR_REFUSED, "'%s' is no folder, or a symbolic link to one", path)
                   : err_set(ERR_IO, "cannot open the folder '%s': %s", path, strerror(errno));
    enum err e = take(fd, path);
    if (e == OK)
        out->fd = fd;
    else
        close(fd);
    return e;
}

void folder_close(struct folder *f) {
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

/* ---- files ---- */

/* A new file, or, with O_APPEND, the end of one. What could not be written whole is taken away. */
static enum err put(const struct folder *f, const char *name, int how, struct span text) {
    int fd = openat(f->fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | how, 0600);
    if (fd < 0)
        return err_set(ERR_IO, "%s: %s", name, strerror(errno));
    bool ok = file_write_all(fd, text);
    int error = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (!ok && !(how & O_APPEND))
        unlinkat(f->fd, name, 0);
    return ok ? OK : err_set(ERR_IO, "%s: %s", name, strerror(error));
}

/* A file takes whole blocks: many small ones fill a disk, too. */
static size_t on_disk(size_t bytes) {
    return (bytes + RECORD_BLOCK - 1) / RECORD_BLOCK * RECORD_BLOCK;
}

enum err folder_begin(struct folder *f, struct span text) {
    f->bytes += on_disk(text.n);
    return put(f, about, O_CREAT | O_EXCL, text);
}

enum err folder_end(const struct folder *f, struct span text) {
    return put(f, about, O_APPEND, text);
}

enum err folder_add(struct folder *f, const char *kind, struct span text) {
    char name[64];
    if (f->files == RECORD_MAX_FILES)
        return err_set(ERR_LIMIT, "the recording has %d exchanges: its limit", RECORD_MAX_FILES);
    if (f->bytes + on_disk(text.n) > (size_t)RECORD_MAX_MB << 20)
        return err_set(ERR_LIMIT, "the recording has reached its limit, %d MiB", RECORD_MAX_MB);
    snprintf(name, sizeof name, "%05u-%s.txt", f->files + 1, kind);
    TRY(put(f, name, O_CREAT | O_EXCL, text));
    f->files++;
    f->bytes += on_disk(text.n);
    return OK;
}
