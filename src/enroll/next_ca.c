/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/pki_operation.h"

enum err scep_get_next_ca(const struct endpoint *endpoint, struct arena *a, struct span *der) {
    if (!endpoint->ca->next.n)
        return err_set(ERR_NOT_FOUND, "no next CA is published");
    return scep_next_ca(a, &endpoint->ca->next, 1, &endpoint->signer, der);
}
