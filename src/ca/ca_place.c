/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of CAs: names, locks, files. */
#include "ca/ca_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

enum { MAX_NAME = 64, CRL_DAYS = 7, WARN_DAYS = 30 };

struct ca_settings ca_settings_default(const char *name) {
    return (struct ca_settings){
        .name = name, .crl_validity = CRL_DAYS * DAY_MS, .warn_before = WARN_DAYS * DAY_MS};
}

bool ca_name_is_valid(const char *name) {
    size_t n = strlen(name);
    return n > 0 && n <= MAX_NAME && strspn(name, NAME_CHARACTERS) == n && !strchr(".-", *name);
}

const char *ca_folder(struct arena *a, const char *data, const char *name) {
    return strcmp(name, "default") == 0 ? arena_str(a, span_str(data))
                                        : arena_printf(a, "%s/ca/%s", data, name);
}

static bool is_there(const char *folder, const char *file) {
    BUF_AUTO(path);
    buf_printf(&path, "%s/%s", folder, file);
    return access(buf_cstr(&path), F_OK) == 0;
}

static bool holds_ca(const char *folder) {
    return is_there(folder, "ca.pem") || is_there(folder, "ca.csr");
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err list_folder(DIR *dir, const char *data, struct arena *a, const char **out,
                            size_t max, size_t *count) {
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (!ca_name_is_valid(entry->d_name) || !holds_ca(ca_folder(a, data, entry->d_name)))
            continue;
        if (*count == max)
            return err_set(ERR_LIMIT, "there are more than %zu CAs in '%s/ca'", max, data);
        out[(*count)++] = arena_str(a, span_str(entry->d_name));
    }
    return OK;
}

enum err ca_names(const char *data, struct arena *a, const char **out, size_t max, size_t *count) {
    *count = 0;
    if (max && holds_ca(data))
        out[(*count)++] = "default";
    size_t first = *count;
    const char *path = arena_printf(a, "%s/ca", data);
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT ? OK
                               : err_set(ERR_IO, "cannot read '%s': %s", path, strerror(errno));
    enum err e = list_folder(dir, data, a, out, max, count);
    closedir(dir);
    qsort(out + first, *count - first, sizeof *out, by_name);
    return e;
}

/* The folder itself is locked: there is no file that could be forgotten, or copied. */
enum err ca_lock(const char *folder, bool exclusive, int *fd) {
    *fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT)
        return err_set(ERR_NOT_FOUND, "there is no CA in '%s': signet ca new NAME makes one",
                       folder);
    if (*fd < 0)
        return err_set(ERR_IO, "cannot open the folder '%s': %s", folder, strerror(errno));
    int locked;
    do
        locked = flock(*fd, exclusive ? LOCK_EX : LOCK_SH);
    while (locked != 0 && errno == EINTR);
    if (locked == 0)
        return OK;
    enum err e = err_set(ERR_IO, "cannot lock the folder '%s': %s", folder, strerror(errno));
    close(*fd);
    *fd = -1;
    return e;
}

enum err ca_place_open(const char *folder, const struct ca_settings *settings, bool exclusive,
                       struct ca_place *out) {
    *out = (struct ca_place){.folder = folder, .settings = settings, .lock = -1};
    TRY(ca_lock(folder, exclusive, &out->lock));
    return ca_secret(settings->secret, &out->secret);
}

void ca_place_close(struct ca_place *p) {
    if (p->lock >= 0)
        close(p->lock);
    buf_free(&p->secret);
    arena_free(&p->arena);
    p->lock = -1;
}

const char *ca_path(struct ca_place *p, const char *file) {
    return arena_printf(&p->arena, "%s/%s", p->folder, file);
}

bool ca_has(struct ca_place *p, const char *file) {
    return is_there(p->folder, file);
}

void ca_remove(struct ca_place *p, const char *file) {
    unlink(ca_path(p, file));
}

/* The folder is open for its lock, and can be synced through it. */
enum err ca_rename(struct ca_place *p, const char *from, const char *to) {
    if (rename(ca_path(p, from), ca_path(p, to)) != 0 || fsync(p->lock) != 0)
        return err_set(ERR_IO, "cannot rename '%s/%s' to '%s': %s", p->folder, from, to,
                       strerror(errno));
    return OK;
}

enum err ca_missing(struct ca_place *p) {
    if (ca_has(p, "ca.csr"))
        return err_set(ERR_CONFIG,
                       "the CA '%s' waits for the certificate of its request %s/ca.csr (signet ca "
                       "import %s FILE)",
                       p->settings->name, p->folder, p->settings->name);
    if (ca_has(p, "ca.key"))
        return err_set(ERR_CONFIG,
                       "the CA '%s' in '%s' has its key (ca.key), but not its certificate, ca.pem: "
                       "bring that file back from a backup. Only if it has never issued: signet ca "
                       "new %s",
                       p->settings->name, p->folder, p->settings->name);
    return err_set(ERR_CONFIG, "there is no CA '%s' in '%s': signet ca new %s makes one",
                   p->settings->name, p->folder, p->settings->name);
}
