/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/session.h"

enum err session_present(struct tx *tx, struct exchange *x, struct enrollment **out) {
    if (!x->listed)
        TRY(enrollment_list_present(tx, x->a, x->device.id, &x->present));
    x->listed = true;
    *out = x->present;
    return OK;
}

enum err session_enrollment(struct tx *tx, struct exchange *x, const char *id,
                            struct enrollment **out) {
    TRY(session_present(tx, x, out));
    while (*out && strcmp((*out)->id, id) != 0)
        *out = (*out)->next;
    if (*out)
        return OK;
    *out = arena_alloc(x->a, sizeof **out);
    return enrollment_get(tx, x->a, id, *out);
}
