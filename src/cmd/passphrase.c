/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/passphrase.h"

#include "base/file.h"

enum { MIN = 8, MAX = 1024 };

enum err passphrase_read(const char *file, struct buf *out) {
    buf_clear(out);
    if (!file)
        return OK;
    TRY(file_read(file, MAX, out));
    out->n = strcspn(buf_cstr(out), "\r\n");
    return out->n >= MIN
               ? OK
               : err_set(ERR_USAGE, "the passphrase in '%s' is shorter than %d characters", file,
                         MIN);
}
