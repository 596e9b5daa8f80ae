/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guessing made slow: after LOCKOUT_FAILURES wrong passwords within LOCKOUT_MS, an account, or an
 * address, is not listened to for LOCKOUT_MS. In memory and of a fixed size: the entry that was
 * quiet for longest makes room. Whether an account exists makes no difference.
 *
 * An address from which the account's password was right within a day is not hit by what strangers
 * guess at the account elsewhere: else anyone could shut an MDM out. Its own mistakes count.
 */
#ifndef SIGNET_MDM_LOCKOUT_H
#define SIGNET_MDM_LOCKOUT_H

#include <pthread.h>

#include "base/span.h"

enum { LOCKOUT_FAILURES = 5, LOCKOUT_MS = 5 * 60 * 1000, LOCKOUT_ENTRIES = 1024 };

struct lockout_entry {
    uint64_t key;  /* of an account, an address, or an account at an address */
    int64_t since; /* of the first failure that counts */
    int64_t last;  /* when something happened; 0: the entry is free */
    int64_t until; /* not listened to before */
    unsigned failures;
};

struct lockout { /* a static one needs only LOCKOUT_INITIALIZER */
    pthread_mutex_t lock;
    struct lockout_entry entries[LOCKOUT_ENTRIES];
};

#define LOCKOUT_INITIALIZER \
    { .lock = PTHREAD_MUTEX_INITIALIZER }

struct lockout_asker {
    const char *endpoint;
    struct span account;
    const char
        *peer; /* an IPv4 address; of an IPv6 address its /64 counts, which one host can fill */
};

/*
 * `now` is of a clock that never jumps, in ms, and above 0. All are thread-safe and take the same
 * time for everybody.
 */

/* ms until the asker's password will be looked at again; 0: now. */
int64_t lockout_wait(struct lockout *l, const struct lockout_asker *who, int64_t now);

/* The password was wrong. True when the asker will not be listened to from now on. */
bool lockout_failed(struct lockout *l, const struct lockout_asker *who, int64_t now);

/* The password was right. */
void lockout_passed(struct lockout *l, const struct lockout_asker *who, int64_t now);

#endif
