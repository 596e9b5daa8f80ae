/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/file.h"
#include "cmd/archive.h"

enum { BLOCK = 65536, SHA256 = 32, MAX_SUMS = 1 << 20 };

struct reading {
    struct backup_stream *stream;
    int folder; /* where files are made; -1: nowhere */
    EVP_MD_CTX *digest;
    struct buf sums; /* of what has been read so far */
};

static enum err skip_padding(struct reading *r, uint64_t size) {
    static const uint8_t zeros[TAR_BLOCK];
    uint8_t padding[TAR_BLOCK];
    size_t n = tar_padding(size);
    TRY(backup_read(r->stream, padding, n));
    return memcmp(padding, zeros, n) == 0 ? OK : err_set(ERR_PARSE, "the backup is damaged");
}

static enum err make_error(const struct tar_entry *entry) {
    return err_set(errno == EEXIST ? ERR_PARSE : ERR_IO, "cannot make '%s': %s", entry->name,
                   strerror(errno));
}

static enum err make_folder(struct reading *r, const struct tar_entry *entry) {
    if (r->folder >= 0 && mkdirat(r->folder, entry->name, 0700) != 0)
        return make_error(entry);
    return OK;
}

static enum err copy(struct reading *r, const struct tar_entry *entry, int fd) {
    uint8_t block[BLOCK];
    for (uint64_t left = entry->size; left;) {
        size_t n = left < BLOCK ? left : BLOCK;
        TRY(backup_read(r->stream, block, n));
        if (EVP_DigestUpdate(r->digest, block, n) != 1)
            return err_set(ERR_CRYPTO, "cannot compute SHA-256");
        if (fd >= 0 && !file_write_all(fd, span_of(block, n)))
            return make_error(entry);
        left -= n;
    }
    explicit_bzero(block, sizeof block);
    return OK;
}

static enum err note_sum(struct reading *r, const char *name) {
    uint8_t sum[EVP_MAX_MD_SIZE];
    char hex[2 * SHA256 + 1];
    if (EVP_DigestFinal_ex(r->digest, sum, NULL) != 1)
        return err_set(ERR_CRYPTO, "cannot compute SHA-256");
    hex_lower(span_of(sum, SHA256), hex);
    buf_printf(&r->sums, "%s  %s\n", hex, name);
    return OK;
}

static enum err read_file(struct reading *r, const struct tar_entry *entry) {
    int fd = -1;
    if (EVP_DigestInit_ex(r->digest, EVP_sha256(), NULL) != 1)
        return err_set(ERR_CRYPTO, "cannot compute SHA-256");
    if (r->folder >= 0) {
        fd = openat(r->folder, entry->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
        if (fd < 0)
            return make_error(entry);
    }
    enum err e = copy(r, entry, fd);
    if (e == OK && fd >= 0 && (fchmod(fd, (entry->mode & 0755) | 0600) != 0 || fsync(fd) != 0))
        e = make_error(entry);
    if (fd >= 0)
        close(fd);
    TRY(e);
    TRY(note_sum(r, entry->name));
    return skip_padding(r, entry->size);
}

static enum err check_end(struct reading *r) {
    uint8_t block[TAR_BLOCK];
    struct tar_entry entry;
    for (int i = 0; i < 2; i++) {
        TRY(backup_read(r->stream, block, sizeof block));
        if (tar_read(block, &entry) != ERR_NOT_FOUND)
            return err_set(ERR_PARSE, "the backup goes on behind its end");
    }
    return backup_at_end(r->stream) ? OK : err_set(ERR_PARSE, "the backup goes on behind its end");
}

/* It must say just what was computed: so no file can be missing, or be there twice. */
static enum err check_sums(struct reading *r, const struct tar_entry *entry) {
    uint8_t block[TAR_BLOCK];
    size_t at = 0;
    bool same = entry->size == r->sums.n && entry->size <= MAX_SUMS;
    for (uint64_t left = same ? entry->size : 0; left;) {
        size_t n = left < sizeof block ? left : sizeof block;
        TRY(backup_read(r->stream, block, n));
        same = same && memcmp(block, r->sums.p + at, n) == 0;
        at += n;
        left -= n;
    }
    if (!same)
        return err_set(ERR_PARSE,
                       "the backup is damaged: its files are not what " ARCHIVE_SUMS " says");
    TRY(skip_padding(r, entry->size));
    return check_end(r);
}

static enum err read_all(struct reading *r) {
    uint8_t block[TAR_BLOCK];
    struct tar_entry entry;
    for (;;) {
        TRY(backup_read(r->stream, block, sizeof block));
        enum err e = tar_read(block, &entry);
        if (e == ERR_NOT_FOUND)
            return err_set(ERR_PARSE, "the backup has been cut short: " ARCHIVE_SUMS " is missing");
        TRY(e);
        if (strcmp(entry.name, ARCHIVE_SUMS) == 0)
            return check_sums(r, &entry);
        TRY(entry.folder ? make_folder(r, &entry) : read_file(r, &entry));
    }
}

enum err archive_read(struct backup_stream *stream, const char *folder) {
    struct reading r = {.stream = stream, .folder = -1, .digest = EVP_MD_CTX_new()};
    enum err e = r.digest ? backup_rewind(stream) : err_set(ERR_CRYPTO, "cannot compute SHA-256");
    if (e == OK && folder) {
        r.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (r.folder < 0)
            e = err_set(ERR_IO, "cannot open '%s': %s", folder, strerror(errno));
    }
    if (e == OK)
        e = read_all(&r);
    if (r.folder >= 0)
        close(r.folder);
    EVP_MD_CTX_free(r.digest);
    buf_free(&r.sums);
    return e;
}
