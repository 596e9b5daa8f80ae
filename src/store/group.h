/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of devices: names that the administrator gave. See store/store.h for struct tx. */
#ifndef SIGNET_STORE_GROUP_H
#define SIGNET_STORE_GROUP_H

#include "store/device.h"

struct group {
    int64_t id;
    const char *name;
    int64_t created; /* ms */
    int64_t members; /* those that were removed do not count; of group_list and group_count */
    struct group *next;
};

/* A group of that name, made where there is none: *made says so. */
enum err group_make(struct tx *tx, struct arena *a, const char *name, int64_t now,
                    struct group *out, bool *made) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err group_get(struct tx *tx, struct arena *a, const char *name,
                   struct group *out) ERR_MUST_USE;
/* Sets g->members. */
enum err group_count(struct tx *tx, struct group *g) ERR_MUST_USE;
/* All of them, or those that a device is in when `device` is not 0; by name. */
enum err group_list(struct tx *tx, struct arena *a, int64_t device,
                    struct group **out) ERR_MUST_USE;
/* With its memberships. */
enum err group_delete(struct tx *tx, int64_t id) ERR_MUST_USE;

/* *changed: it was not in it before, or it was. */
enum err group_add_member(struct tx *tx, int64_t id, int64_t device, bool *changed) ERR_MUST_USE;
enum err group_remove_member(struct tx *tx, int64_t id, int64_t device, bool *changed) ERR_MUST_USE;
/* Out of all groups. */
enum err group_remove_everywhere(struct tx *tx, int64_t device) ERR_MUST_USE;

#endif
