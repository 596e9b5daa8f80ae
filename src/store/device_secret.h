/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host proves itself by where no certificate arrives (mdm/md5.h). The secrets are sealed:
 * the store cannot read them. See store/store.h for struct tx.
 */
#ifndef SIGNET_STORE_DEVICE_SECRET_H
#define SIGNET_STORE_DEVICE_SECRET_H

#include "store/store.h"

struct device_secret {
    int64_t device;
    const char *name;         /* that the host logs in with */
    struct span host, server; /* the host proves itself by the one, the server by the other */
    struct span next;         /* what takes the place of `host`; empty: nothing is on its way */
    int64_t taken;            /* ms: since when the host says that it has `next`; 0: it does not */
    int64_t logins;           /* how often it was used: a nonce that was used is never one again */
    int64_t changed;          /* ms: when `host` was made, or `next` was taken; 0: replace it */
};

/* Writes the row, new or not. */
enum err device_secret_put(struct tx *tx, const struct device_secret *secret) ERR_MUST_USE;
/* ERR_NOT_FOUND: the host has none. */
enum err device_secret_get(struct tx *tx, struct arena *a, int64_t device,
                           struct device_secret *out) ERR_MUST_USE;
/* Nothing happens when there is none. */
enum err device_secret_remove(struct tx *tx, int64_t device) ERR_MUST_USE;

#endif
