/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/init_folder.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

/* Also with an ending: file_write's temporary files, SQLite's -wal and -shm. */
static const char *const own_files[] = {"ca.pem",   "ca.key",   "ra.pem",        "ra.key",
                                        "ocsp.pem", "ocsp.key", "device-ca.pem", "device-ca.key",
                                        "tls.pem",  "tls.key",  "challenge.key", "signet.conf",
                                        "signet.db"};

static bool is_own(const char *name) {
    for (size_t i = 0; i < sizeof own_files / sizeof *own_files; i++) {
        size_t n = strlen(own_files[i]);
        if (strncmp(name, own_files[i], n) == 0 && strchr(".-", name[n]))
            return true; /* strchr finds the NUL, too */
    }
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The configuration is written last: with it, the folder is in use. */
static enum err check_content(const char *folder, DIR *dir) {
    enum err e = OK;
    for (const struct dirent *entry; e == OK && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, "signet.conf") == 0)
            e = err_set(ERR_EXISTS, "'%s' is a data folder already", folder);
        else if (!is_own(entry->d_name))
            e = err_set(ERR_EXISTS, "'%s' is not empty (it holds '%s'); name a new folder", folder,
                        entry->d_name);
    }
    return e;
}

enum err init_folder(const char *folder) {
    TRY(file_mkdir(folder, 0700));
    DIR *dir = opendir(folder);
    if (!dir)
        return err_set(ERR_IO, "cannot open the folder '%s': %s", folder, strerror(errno));
    struct stat status;
    enum err e = OK;
    if (fstat(dirfd(dir), &status) != 0 || status.st_uid != geteuid())
        e = err_set(ERR_FORBIDDEN, "the folder '%s' belongs to another user", folder);
    if (e == OK)
        e = check_content(folder, dir);
    if (e == OK && fchmod(dirfd(dir), 0700) != 0)
        e = err_set(ERR_IO, "cannot close the folder '%s' to others: %s", folder, strerror(errno));
    closedir(dir);
    return e;
}
