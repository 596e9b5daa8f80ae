/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/open_files.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

enum { OTHER_FILES = 64 };

enum err open_files_allow(int64_t count, const char *what) {
    struct rlimit files;
    rlim_t need = (rlim_t)count + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= need)
        return OK;
    if (files.rlim_max < need)
        return err_set(ERR_LIMIT, "%lld %s need %llu open files, and %llu are allowed: ulimit -n",
                       (long long)count, what, (unsigned long long)need,
                       (unsigned long long)files.rlim_max);
    files.rlim_cur = need;
    return setrlimit(RLIMIT_NOFILE, &files) == 0
               ? OK
               : err_set(ERR_IO, "cannot raise the limit of open files: %s", strerror(errno));
}
