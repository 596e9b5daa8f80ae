/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to a host as PKCS#12: the row beside its enrollment. See store/store.h for struct tx.
 */
#ifndef SIGNET_STORE_PFX_H
#define SIGNET_STORE_PFX_H

#include "store/store.h"

struct pfx {
    const char *enrollment;
    bool made;        /* by signet, which has issued its certificate; else it was given */
    const char *sha1; /* of the certificate: what the host's Thumbprint must be */
    struct span cert; /* DER */
    int64_t key_location;
    bool exportable;
    struct span secret; /* the PKCS#12 with its password, sealed; empty: it is not kept any more */
};

enum err pfx_add(struct tx *tx, const struct pfx *pfx) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err pfx_get(struct tx *tx, struct arena *a, const char *enrollment,
                 struct pfx *out) ERR_MUST_USE;

/*
 * Forgets the secret, so that no backup that is made later has it; and the answer to its host,
 * which may hold it, is not given again (store/session.h): in memory it lies ten minutes at most
 * (mdm/replies.h). What it was is overwritten in the database's file by the next checkpoint: after
 * 16 MiB of commits, or when the server ends. Until then, and in the -wal file beside it until
 * later commits have taken their place there, or the server has ended, the sealed bytes can still
 * be found by whoever reads the files themselves; they open with challenge.key.
 */
enum err pfx_wipe(struct tx *tx, const char *enrollment) ERR_MUST_USE;

#endif
