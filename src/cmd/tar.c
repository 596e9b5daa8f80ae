/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/tar.h"

#include <stdio.h>

/* As it lies in the block. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};

_Static_assert(sizeof(struct header) == TAR_BLOCK, "a ustar header is one block");

static const uint64_t MAX_SIZE = UINT64_C(077777777777);

/* Relative, each component a name, and nothing in it that a terminal or SHA256SUMS stumbles over.
 */
static bool is_safe(const char *name) {
    for (const char *at = name;; at++) {
        size_t n = strcspn(at, "/");
        if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        for (size_t i = 0; i < n; i++)
            if ((uint8_t)at[i] < ' ' || at[i] == 0x7f || at[i] == '\\')
                return false;
        at += n;
        if (!*at)
            return true;
    }
}

/* With the field itself taken as blanks. */
static unsigned sum_of(const struct header *h) {
    struct header copy = *h;
    uint8_t bytes[TAR_BLOCK];
    unsigned sum = 0;
    memset(copy.checksum, ' ', sizeof copy.checksum);
    memcpy(bytes, &copy, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        sum += bytes[i];
    return sum;
}

static void put_octal(char *field, size_t n, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%0*llo", (int)n - 1, (unsigned long long)value);
    memcpy(field, text, n); /* with the NUL */
}

static bool read_octal(const char *field, size_t n, uint64_t *out) {
    *out = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        if (field[i] < '0' || field[i] > '7')
            return false;
        *out = *out << 3 | (uint64_t)(field[i] - '0');
    }
    return field[n - 1] == 0;
}

enum err tar_put(const struct tar_entry *e, uint8_t out[TAR_BLOCK]) {
    struct header h = {.magic = "ustar", .version = {'0', '0'}};
    size_t n = strlen(e->name);
    if (!is_safe(e->name))
        return err_set(ERR_PARSE, "the file name '%s' cannot be in a backup", e->name);
    if (n + e->folder >= sizeof h.name || e->size > MAX_SIZE)
        return err_set(ERR_LIMIT, "'%s' is too large, or its name too long, for a tar", e->name);
    memcpy(h.name, e->name, n);
    if (e->folder)
        h.name[n] = '/';
    put_octal(h.mode, sizeof h.mode, e->mode & 07777);
    put_octal(h.uid, sizeof h.uid, 0);
    put_octal(h.gid, sizeof h.gid, 0);
    put_octal(h.size, sizeof h.size, e->size);
    put_octal(h.mtime, sizeof h.mtime, e->mtime > 0 ? (uint64_t)e->mtime : 0);
    h.type = e->folder ? '5' : '0';
    snprintf(h.checksum, sizeof h.checksum, "%06o", sum_of(&h));
    h.checksum[7] = ' ';
    memcpy(out, &h, TAR_BLOCK);
    return OK;
}

static enum err read_name(const struct header *h, struct tar_entry *out) {
    size_t n = strnlen(h->name, sizeof h->name);
    if (n == sizeof h->name || h->prefix[0])
        return err_set(ERR_PARSE, "the backup holds a name that is too long");
    memcpy(out->name, h->name, n + 1);
    if (out->folder && n > 1 && out->name[n - 1] == '/')
        out->name[n - 1] = 0;
    if (!is_safe(out->name))
        return err_set(ERR_PARSE, "the backup holds a name that leads out of its folder");
    return OK;
}

enum err tar_read(const uint8_t block[TAR_BLOCK], struct tar_entry *out) {
    static const uint8_t zeros[TAR_BLOCK];
    struct header h;
    uint64_t mode, mtime, sum;
    *out = (struct tar_entry){0};
    if (memcmp(block, zeros, TAR_BLOCK) == 0)
        return err_set(ERR_NOT_FOUND, "the end of the archive");
    memcpy(&h, block, sizeof h);
    if (memcmp(h.magic, "ustar", sizeof h.magic) != 0 || memcmp(h.version, "00", 2) != 0 ||
        !read_octal(h.checksum, 7, &sum) || sum != sum_of(&h) ||
        !read_octal(h.mode, sizeof h.mode, &mode) ||
        !read_octal(h.size, sizeof h.size, &out->size) ||
        !read_octal(h.mtime, sizeof h.mtime, &mtime) || (h.type != '0' && h.type != '5'))
        return err_set(ERR_PARSE, "this is no backup, or it is damaged");
    out->folder = h.type == '5';
    out->mode = (mode_t)(mode & 0777);
    out->mtime = (int64_t)mtime;
    if (out->folder && out->size)
        return err_set(ERR_PARSE, "this is no backup: a folder with content");
    return read_name(&h, out);
}
