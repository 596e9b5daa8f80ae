/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backup. No fuzzer guesses sums: so its headers get the checksums that they need, and it gets
 * its SHA256SUMS and its end. Oracles: with them it is accepted just if each header is one that
 * tar_read takes and no content is cut short; one octet changed, and it is not; a header that is
 * read, written and read again is the same; no name leads out of a folder.
 */
#include <ftw.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#include "base/text.h"
#include "cmd/archive.h"
#include "crypto/key.h"

enum { CHECKSUM = 148, CHECKSUM_SIZE = 8, MAX_INPUT = 16384 };

static void set_checksum(uint8_t *block) {
    char text[CHECKSUM_SIZE];
    unsigned sum = 0;
    memset(block + CHECKSUM, ' ', CHECKSUM_SIZE);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += block[i];
    snprintf(text, sizeof text, "%06o", sum);
    memcpy(block + CHECKSUM, text, 7);
}

static void check_header(const struct tar_entry *e) {
    uint8_t block[TAR_BLOCK];
    struct tar_entry again;
    char framed[sizeof e->name + 3];
    must(tar_put(e, block) == OK && tar_read(block, &again) == OK);
    must(strcmp(e->name, again.name) == 0 && e->folder == again.folder && e->mode == again.mode);
    must(e->size == again.size && e->mtime == again.mtime);
    snprintf(framed, sizeof framed, "/%s/", e->name);
    must(!strstr(framed, "/../") && !strstr(framed, "//") && !strstr(framed, "/./"));
}

static void put_sum(struct buf *sums, const char *name, struct span content) {
    uint8_t hash[DIGEST_MAX_SIZE];
    char hex[65];
    must(digest_of(DIGEST_SHA256, content, hash) == OK);
    hex_lower(span_of(hash, 32), hex);
    buf_printf(sums, "%s  %s\n", hex, name);
}

static void put_file(struct buf *out, struct span content) {
    static const uint8_t zeros[TAR_BLOCK];
    buf_span(out, content);
    buf_add(out, zeros, tar_padding(content.n));
}

/* Puts the next entry of `in`; false when there is none that can be read. */
static bool put_entry(struct span *in, struct buf *out, struct buf *sums) {
    uint8_t block[TAR_BLOCK];
    struct tar_entry e;
    memcpy(block, in->p, TAR_BLOCK);
    set_checksum(block);
    buf_add(out, block, TAR_BLOCK);
    if (tar_read(block, &e) != OK)
        return false;
    check_header(&e);
    *in = span_from(*in, TAR_BLOCK);
    if (e.size > in->n || strcmp(e.name, ARCHIVE_SUMS) == 0)
        return false;
    struct span content = span_of(in->p, (size_t)e.size);
    if (!e.folder)
        put_sum(sums, e.name, content);
    put_file(out, content);
    *in = span_from(*in, content.n + tar_padding(content.n));
    return true;
}

static void put_end(struct buf *out, struct buf *sums) {
    static const uint8_t zeros[2 * TAR_BLOCK];
    struct tar_entry e = {.name = ARCHIVE_SUMS, .mode = 0600, .size = sums->n};
    uint8_t block[TAR_BLOCK];
    must(tar_put(&e, block) == OK);
    buf_add(out, block, sizeof block);
    put_file(out, buf_view(sums));
    buf_add(out, zeros, sizeof zeros);
}

/* Counts what is in a folder, and removes it. */
static int found;

static int remove_it(const char *path, const struct stat *status, int kind, struct FTW *at) {
    (void)status;
    (void)kind;
    found += at->level > 0;
    return remove(path);
}

/* Into a folder: all of it is there, or some of it when two have one name or a folder lacks. */
static void unpack(struct backup_stream *s, int entries) {
    char folder[] = "/tmp/signet-fuzz-XXXXXX";
    must(mkdtemp(folder) != NULL);
    enum err e = archive_read(s, folder);
    found = 0;
    must(nftw(folder, remove_it, 16, FTW_DEPTH | FTW_PHYS) == 0);
    must(e == OK ? found == entries : found < entries);
}

/* `entries` -1: it is not unpacked. */
static bool is_accepted(struct span archive, int entries) {
    char path[32];
    struct backup_stream *s;
    int fd = memfd_create("archive", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, archive.p, archive.n) == (ssize_t)archive.n);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    must(backup_open(path, SPAN_NONE, &s) == OK);
    bool good = archive_read(s, NULL) == OK;
    if (good && entries >= 0)
        unpack(s, entries);
    backup_close(s);
    close(fd);
    return good;
}

/* Each octet counts, but for the last of a checksum's field, where writers do not agree. */
static void check_changed(struct buf *archive, size_t at) {
    at %= archive->n;
    archive->p[at] ^= 1;
    must(at % TAR_BLOCK == CHECKSUM + CHECKSUM_SIZE - 1 || !is_accepted(buf_view(archive), -1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    BUF_AUTO(archive);
    BUF_AUTO(sums);
    struct span in = span_of(data, size < MAX_INPUT ? size : MAX_INPUT);
    bool good = true;
    if (span_starts(in, "SIGNETB1"))
        return 0; /* a sealed one: no fuzzer guesses its tag */
    int entries = 0;
    for (; good && in.n >= TAR_BLOCK; entries += good)
        good = put_entry(&in, &archive, &sums);
    put_end(&archive, &sums);
    must(is_accepted(buf_view(&archive), size % 8 ? -1 : entries) == good);
    if (good)
        check_changed(&archive, size * 2654435761U);
    return 0;
}
