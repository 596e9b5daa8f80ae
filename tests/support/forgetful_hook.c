/* SPDX-License-Identifier: Apache-2.0 */
/* SIGNET_FORGETFUL=1 puts the forgetful VFS below the database of a test build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "forgetful_vfs.h"

__attribute__((constructor)) static void forget(void) {
    const char *wanted = getenv("SIGNET_FORGETFUL");
    if (!wanted || strcmp(wanted, "1") != 0)
        return;
    if (forgetful_vfs_register() != SQLITE_OK) {
        fprintf(stderr, "SIGNET_FORGETFUL: the VFS cannot be registered\n");
        abort();
    }
}
