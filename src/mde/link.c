/* SPDX-License-Identifier: Apache-2.0 */
/* The link that begins an enrollment in Windows' Settings (windows-mdm.md, C.1). */
#include "mde/internal.h"

#include <ctype.h>

void mde_percent_encode(struct buf *b, const char *s) {
    for (; *s; s++) {
        if (isalnum((unsigned char)*s) || strchr("-._~", *s))
            buf_char(b, *s);
        else
            buf_printf(b, "%%%02X", (unsigned char)*s);
    }
}

void mde_write_link(struct buf *b, const char *user, const char *server) {
    buf_str(b, "ms-device-enrollment:?mode=mdm&username=");
    mde_percent_encode(b, user);
    buf_str(b, "&servername=");
    mde_percent_encode(b, server);
}
