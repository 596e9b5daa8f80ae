/* SPDX-License-Identifier: Apache-2.0 */
#include "device/legacy.h"

bool legacy_open(struct legacy *l) {
    l->ctx = OSSL_LIB_CTX_new();
    l->old = OSSL_PROVIDER_load(l->ctx, "legacy");
    l->standard = OSSL_PROVIDER_load(l->ctx, "default"); /* RSA, AES, digests */
    return l->old && l->standard;
}

void legacy_close(struct legacy *l) {
    if (l->standard)
        OSSL_PROVIDER_unload(l->standard);
    if (l->old)
        OSSL_PROVIDER_unload(l->old);
    OSSL_LIB_CTX_free(l->ctx);
}
