/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/internal.h"

bool claim_take(struct gateway *g, struct claim **list, struct claim *c, const char *enrollment) {
    bool taken = false;
    *c = (struct claim){.enrollment = enrollment};
    pthread_mutex_lock(&g->guard);
    for (const struct claim *k = *list; k && !taken; k = k->next)
        taken = strcmp(k->enrollment, enrollment) == 0;
    if (!taken) {
        c->next = *list;
        *list = c;
    }
    pthread_mutex_unlock(&g->guard);
    return !taken;
}

void claim_give_back(struct gateway *g, struct claim **list, struct claim *c) {
    pthread_mutex_lock(&g->guard);
    struct claim **at = list;
    while (*at && *at != c)
        at = &(*at)->next;
    if (*at)
        *at = c->next;
    pthread_mutex_unlock(&g->guard);
}
