/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite's online backup, in one step: it reads one snapshot of the WAL, which writers do not wait
 * for, and so never has to begin anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "store/store.h"

static enum err failed(sqlite3 *db, const char *path) {
    return err_set(ERR_STORE, "cannot copy the database '%s': %s", path, sqlite3_errmsg(db));
}

static enum err make_file(const char *out) {
    int fd = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(errno == EEXIST ? ERR_EXISTS : ERR_IO, "cannot make '%s': %s", out,
                       strerror(errno));
    close(fd);
    return OK;
}

static enum err copy(sqlite3 *from, const char *path, sqlite3 *to) {
    sqlite3_busy_timeout(from, 10000);
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    if (!b)
        return failed(to, path);
    int code = sqlite3_backup_step(b, -1);
    sqlite3_backup_finish(b);
    return code == SQLITE_DONE ? OK : failed(code == SQLITE_BUSY ? from : to, path);
}

enum err store_backup(const char *path, const char *out) {
    sqlite3 *from = NULL, *to = NULL;
    if (access(path, F_OK) != 0)
        return err_set(ERR_NOT_FOUND, "there is no database '%s'", path);
    TRY(make_file(out));
    /* Written to, too: a reader of the WAL notes there how far it reads. */
    enum err e = sqlite3_open_v2(path, &from, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
                     ? OK
                     : failed(from, path);
    if (e == OK && sqlite3_open_v2(out, &to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        e = failed(to, out);
    if (e == OK)
        e = copy(from, path, to);
    sqlite3_close(to);
    sqlite3_close(from);
    if (e != OK)
        unlink(out);
    return e;
}
