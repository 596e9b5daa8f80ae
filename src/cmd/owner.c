/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err owner_become(const char *folder) {
    struct stat status;
    if (stat(folder, &status) != 0)
        return err_set(ERR_NOT_FOUND, "there is no data folder '%s'", folder);
    if (geteuid() != 0 || status.st_uid == 0)
        return OK;
    const struct passwd *user = getpwuid(status.st_uid);
    gid_t group = user ? user->pw_gid : status.st_gid;
    if ((user ? initgroups(user->pw_name, group) : setgroups(0, NULL)) != 0 ||
        setegid(group) != 0 || seteuid(status.st_uid) != 0)
        return err_set(ERR_IO, "cannot act for the owner of '%s': %s", folder, strerror(errno));
    return OK;
}

/* That nothing is written with rights that were not meant, when this fails: the process ends. */
void owner_leave(void) {
    if (getuid() == 0 && (seteuid(0) != 0 || setegid(0) != 0))
        _exit(1);
}
