/* SPDX-License-Identifier: Apache-2.0 */
#include "server/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"

/* Database, listeners, loops, requests to upstreams (fetch/pool.h), administration. */
enum { OWN_FILES = 512, LEAST = 16 };

/* Above the hard limit only root gets (CAP_SYS_RESOURCE): it is tried, and then what is below. */
static bool raise_to(rlim_t want, struct rlimit *now) {
    struct rlimit more = {want, now->rlim_max > want ? now->rlim_max : want};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) {
        *now = more;
        return true;
    }
    more = (struct rlimit){now->rlim_max, now->rlim_max};
    if (now->rlim_cur < now->rlim_max && setrlimit(RLIMIT_NOFILE, &more) == 0)
        *now = more;
    return false;
}

unsigned limits_raise_files(unsigned connections) {
    struct rlimit now;
    rlim_t want = (rlim_t)connections + OWN_FILES;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0) {
        log_write(LOG_WARN, "server", "limit=files status=unknown reason=%s",
                  log_q(span_str(strerror(errno))));
        return connections;
    }
    if (now.rlim_cur >= want || raise_to(want, &now))
        return connections;
    unsigned fit = now.rlim_cur >= OWN_FILES + LEAST ? (unsigned)(now.rlim_cur - OWN_FILES) : LEAST;
    log_write(LOG_WARN, "server",
              "limit=files wanted=%llu allowed=%llu connections=%u note=\"set LimitNOFILE=%llu in "
              "the systemd unit (or ulimit -n), or lower `connections` in signet.conf\"",
              (unsigned long long)want, (unsigned long long)now.rlim_cur, fit,
              (unsigned long long)want);
    return fit;
}
