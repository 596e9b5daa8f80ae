/* SPDX-License-Identifier: Apache-2.0 */
#include "csp/shelf.h"

#include "csp/sendable.h"

static void clear(struct kept_profile *k) {
    arena_free(&k->arena);
    *k = (struct kept_profile){0};
}

static enum err put(struct profile_shelf *s, struct span text, const struct kept_profile **out) {
    struct kept_profile *k = &s->kept[s->next];
    clear(k);
    enum err e = profile_commands_read(&k->arena, text, &k->commands);
    if (e != OK) {
        clear(k);
        return e;
    }
    k->text = arena_copy(&k->arena, text);
    s->next = (s->next + 1) % SHELF_SIZE;
    k->fails = profile_fails(&k->arena, text);
    k->uses_challenge = profile_commands_use(&k->commands, "scep.challenge");
    *out = k;
    return OK;
}

enum err profile_shelf_read(struct profile_shelf *s, struct span text,
                            const struct kept_profile **out) {
    for (size_t i = 0; i < SHELF_SIZE; i++)
        if (s->kept[i].text.n && span_eq(s->kept[i].text, text)) {
            *out = &s->kept[i];
            return OK;
        }
    return put(s, text, out);
}

void profile_shelf_clear(struct profile_shelf *s) {
    for (size_t i = 0; s && i < SHELF_SIZE; i++)
        clear(&s->kept[i]);
}
