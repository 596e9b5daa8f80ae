/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/profile_read.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "csp/profile.h"
#include "server/admin.h"

static enum err ask_server(const struct cli *cli, const char *name, struct buf *out) {
    json_t *reply, *request = json_pack("{s:s, s:s}", "command", "profile.show", "name", name);
    if (!request)
        return err_set(ERR_USAGE, "the name of the profile is not UTF-8");
    TRY(admin_call(cli->folder, request, &reply));
    buf_str(out, cli_text(reply, "body"));
    json_decref(reply);
    return OK;
}

enum err profile_text(const struct cli *cli, const char *name, struct buf *out) {
    if (strcmp(name, "-") == 0 || access(name, F_OK) == 0)
        return file_read(name, PROFILE_MAX, out);
    enum err e = strchr(name, '/') ? ERR_NOT_FOUND : ask_server(cli, name, out);
    if (e == OK)
        return OK;
    if (strchr(name, '/'))
        return err_set(e, "there is no file '%s'", name);
    return err_context(e, "there is no file '%s', and no profile that is kept", name);
}
