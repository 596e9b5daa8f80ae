/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases and PINs, as systemd brings them: in a file that only the service can read. */
#include <stdlib.h>

#include "base/file.h"
#include "ca/ca.h"

enum { MAX_SECRET = 1024 };

static enum err check_name(const char *credential) {
    if (!*credential || *credential == '.' || strchr(credential, '/'))
        return err_set(ERR_CONFIG, "'%s' is not the name of a systemd credential", credential);
    return OK;
}

enum err ca_secret(const char *credential, struct buf *out) {
    BUF_AUTO(path);
    buf_clear(out);
    if (!credential)
        return OK;
    TRY(check_name(credential));
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || !*folder)
        return err_set(ERR_CONFIG,
                       "the CA's secret is the systemd credential '%s', but there is no "
                       "$CREDENTIALS_DIRECTORY: put LoadCredential=%s:FILE into the unit (by hand: "
                       "systemd-run -p LoadCredential=%s:FILE --pty signet ...)",
                       credential, credential, credential);
    buf_printf(&path, "%s/%s", folder, credential);
    enum err e = file_read(buf_cstr(&path), MAX_SECRET, out);
    if (e != OK)
        return err_set(
            ERR_CONFIG,
            "the systemd credential '%s' cannot be read: put LoadCredential=%s:FILE into "
            "the unit",
            credential, credential);
    if (out->n && out->p[out->n - 1] == '\n')
        out->n--;
    if (out->n && out->p[out->n - 1] == '\r')
        out->n--;
    return out->n ? OK : err_set(ERR_CONFIG, "the systemd credential '%s' is empty", credential);
}
