/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/archive.h"

enum { BLOCK = 65536, SHA256 = 32 };

struct archive_writer {
    struct backup_stream *stream;
    struct buf sums;
    EVP_MD_CTX *digest;
};

enum err archive_begin(struct backup_stream *stream, struct archive_writer **out) {
    struct archive_writer *w = mem_alloc(sizeof *w);
    w->stream = stream;
    w->digest = EVP_MD_CTX_new();
    *out = w;
    return w->digest ? OK : err_set(ERR_CRYPTO, "cannot compute SHA-256");
}

static enum err put_header(struct archive_writer *w, const struct tar_entry *entry) {
    uint8_t block[TAR_BLOCK];
    TRY(tar_put(entry, block));
    return backup_write(w->stream, span_of(block, sizeof block));
}

static enum err put_padding(struct archive_writer *w, uint64_t size) {
    static const uint8_t zeros[TAR_BLOCK];
    return backup_write(w->stream, span_of(zeros, tar_padding(size)));
}

static enum err set_name(struct tar_entry *entry, const char *name) {
    if (strlen(name) >= sizeof entry->name)
        return err_set(ERR_LIMIT, "the name '%s' is too long for a tar", name);
    memcpy(entry->name, name, strlen(name) + 1);
    return OK;
}

enum err archive_add_folder(struct archive_writer *w, const char *name, mode_t mode) {
    struct tar_entry entry = {.folder = true, .mode = mode, .mtime = clock_ms() / 1000};
    TRY(set_name(&entry, name));
    return put_header(w, &entry);
}

/* Exactly as many bytes as the header has said. */
static enum err copy(struct archive_writer *w, int fd, const struct tar_entry *entry) {
    uint8_t block[BLOCK];
    for (uint64_t left = entry->size; left;) {
        ssize_t n = read(fd, block, left < BLOCK ? left : BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(ERR_IO, "cannot read '%s': %s", entry->name, strerror(errno));
        if (n == 0)
            return err_set(ERR_CONFLICT, "'%s' has become shorter while it was read; try again",
                           entry->name);
        if (EVP_DigestUpdate(w->digest, block, (size_t)n) != 1)
            return err_set(ERR_CRYPTO, "cannot compute SHA-256");
        TRY(backup_write(w->stream, span_of(block, (size_t)n)));
        left -= (uint64_t)n;
    }
    explicit_bzero(block, sizeof block);
    return OK;
}

static enum err note_sum(struct archive_writer *w, const char *name) {
    uint8_t sum[EVP_MAX_MD_SIZE];
    char hex[2 * SHA256 + 1];
    if (EVP_DigestFinal_ex(w->digest, sum, NULL) != 1)
        return err_set(ERR_CRYPTO, "cannot compute SHA-256");
    hex_lower(span_of(sum, SHA256), hex);
    buf_printf(&w->sums, "%s  %s\n", hex, name);
    return OK;
}

static enum err add_open(struct archive_writer *w, const char *name, int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0)
        return err_set(ERR_IO, "cannot read '%s': %s", name, strerror(errno));
    struct tar_entry entry = {
        .mode = status.st_mode & 07777, .size = (uint64_t)status.st_size, .mtime = status.st_mtime};
    TRY(set_name(&entry, name));
    TRY(put_header(w, &entry));
    if (EVP_DigestInit_ex(w->digest, EVP_sha256(), NULL) != 1)
        return err_set(ERR_CRYPTO, "cannot compute SHA-256");
    TRY(copy(w, fd, &entry));
    TRY(note_sum(w, name));
    return put_padding(w, entry.size);
}

enum err archive_add_file(struct archive_writer *w, const char *name, const char *path) {
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_set(ERR_IO, "cannot open '%s': %s", path, strerror(errno));
    enum err e = add_open(w, name, fd);
    close(fd);
    return e;
}

enum err archive_end(struct archive_writer *w) {
    static const uint8_t zeros[2 * TAR_BLOCK];
    struct tar_entry entry = {
        .name = ARCHIVE_SUMS, .mode = 0600, .size = w->sums.n, .mtime = clock_ms() / 1000};
    TRY(put_header(w, &entry));
    TRY(backup_write(w->stream, buf_view(&w->sums)));
    TRY(put_padding(w, entry.size));
    return backup_write(w->stream, span_of(zeros, sizeof zeros));
}

void archive_free(struct archive_writer *w) {
    if (!w)
        return;
    EVP_MD_CTX_free(w->digest);
    buf_free(&w->sums);
    free(w);
}
