/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dm_apply.h"

enum err dm_apply(struct host *h, struct span text, struct arena *a, struct dm_answer *answer) {
    struct xml_node *body;
    TRY(xml_parse_fragment(a, text, &body));
    if (!body->child)
        return err_set(ERR_USAGE, "there is no command in it; a profile begins with <Atomic> or "
                                  "with <Add>");
    return dm_commands_run(h, body, a, answer);
}

const struct dm_status *dm_deciding(const struct dm_answer *answer) {
    for (const struct dm_status *s = answer->statuses; s; s = s->next)
        if (s->code >= 300)
            return s;
    return answer->statuses;
}
