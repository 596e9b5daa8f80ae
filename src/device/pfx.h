/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a PFX, that is a PKCS#12 file (RFC 7292), as PFXImportCertStore would. */
#ifndef SIGNET_DEVICE_PFX_H
#define SIGNET_DEVICE_PFX_H

#include "base/arena.h"

enum { PFX_MAX = 64 * 1024 };

enum pfx_result {
    PFX_OPENED,
    PFX_WRONG_PASSWORD,
    PFX_UNUSABLE, /* `why` says it in words */
};

struct pfx_content {
    struct span cert; /* DER of the certificate that belongs to the key */
    struct span key;  /* PKCS#8 PEM */
    const char *why;
};

/*
 * `password` may be NULL: then the PFX has none, or an empty one. Neither it nor the PFX is
 * trusted: PFX_MAX bytes, one key, and an iteration count that Windows would take. Other
 * certificates of the PFX are left out. `out` lives in `a`.
 */
enum pfx_result pfx_open(struct arena *a, struct span pfx, const char *password,
                         struct pfx_content *out) __attribute__((nonnull(1, 4)));

#endif
