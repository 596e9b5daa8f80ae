/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys are the first 8 octets of a SHA-256: a stranger cannot make a name whose entry is that
 * of another. The table is small enough to be walked whole each time.
 */
#include "mdm/lockout.h"

#include <arpa/inet.h>

#include "base/clock.h"
#include "crypto/digest.h"

/* What an entry is about. */
enum subject { ACCOUNT = 'a', ADDRESS = 'p', ACCOUNT_AT_ADDRESS = 'k' };

static struct span network_of(const char *peer, struct in6_addr *room) {
    if (inet_pton(AF_INET6, peer, room) == 1)
        return span_of(room, 8);
    return span_str(peer);
}

static uint64_t key_of(enum subject subject, const struct lockout_asker *who) {
    struct in6_addr room;
    uint8_t hash[DIGEST_MAX_SIZE] = {0}, kind = (uint8_t)subject;
    bool account = subject != ADDRESS, address = subject != ACCOUNT;
    const struct span parts[] = {
        span_of(&kind, 1),
        account ? span_of(who->endpoint, strlen(who->endpoint) + 1) : SPAN_NONE, /* with its NUL */
        address ? network_of(who->peer, &room) : SPAN_NONE,
        account ? span_of("", 1) : SPAN_NONE,
        account ? who->account : SPAN_NONE,
    };
    uint64_t key;
    if (digest_of_parts(DIGEST_SHA256, parts, sizeof parts / sizeof *parts, hash) != OK)
        return 0; /* then all share an entry: nobody guesses on */
    memcpy(&key, hash, sizeof key);
    return key;
}

/* The entry of that key; NULL when there is none. */
static struct lockout_entry *find(struct lockout *l, uint64_t key) {
    struct lockout_entry *hit = NULL;
    for (size_t i = 0; i < LOCKOUT_ENTRIES; i++)
        if (l->entries[i].last && l->entries[i].key == key)
            hit = &l->entries[i];
    return hit;
}

/* The same, made where there is none. */
static struct lockout_entry *take(struct lockout *l, uint64_t key) {
    struct lockout_entry *hit = find(l, key), *oldest = &l->entries[0];
    if (hit)
        return hit;
    for (size_t i = 1; i < LOCKOUT_ENTRIES; i++)
        if (l->entries[i].last < oldest->last)
            oldest = &l->entries[i];
    *oldest = (struct lockout_entry){.key = key};
    return oldest;
}

static int64_t wait_of(const struct lockout_entry *entry, int64_t now) {
    return entry && entry->until > now ? entry->until - now : 0;
}

int64_t lockout_wait(struct lockout *l, const struct lockout_asker *who, int64_t now) {
    uint64_t account = key_of(ACCOUNT, who), address = key_of(ADDRESS, who);
    uint64_t known = key_of(ACCOUNT_AT_ADDRESS, who);
    pthread_mutex_lock(&l->lock);
    const struct lockout_entry *acquaintance = find(l, known);
    int64_t for_account = wait_of(find(l, account), now), wait = wait_of(find(l, address), now);
    if (acquaintance && now - acquaintance->last < DAY_MS)
        for_account = 0;
    pthread_mutex_unlock(&l->lock);
    return wait > for_account ? wait : for_account;
}

static bool count_failure(struct lockout *l, uint64_t key, int64_t now) {
    struct lockout_entry *entry = take(l, key);
    if (!entry->failures || now - entry->since >= LOCKOUT_MS) {
        entry->failures = 0;
        entry->since = now;
    }
    entry->last = now;
    if (++entry->failures < LOCKOUT_FAILURES)
        return false;
    entry->failures = 0;
    entry->until = now + LOCKOUT_MS;
    return true;
}

bool lockout_failed(struct lockout *l, const struct lockout_asker *who, int64_t now) {
    uint64_t account = key_of(ACCOUNT, who), address = key_of(ADDRESS, who);
    pthread_mutex_lock(&l->lock);
    bool closed = count_failure(l, account, now);
    closed = count_failure(l, address, now) || closed;
    pthread_mutex_unlock(&l->lock);
    return closed;
}

void lockout_passed(struct lockout *l, const struct lockout_asker *who, int64_t now) {
    uint64_t known = key_of(ACCOUNT_AT_ADDRESS, who);
    pthread_mutex_lock(&l->lock);
    take(l, known)->last = now;
    pthread_mutex_unlock(&l->lock);
}
