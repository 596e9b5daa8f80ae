/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles that are assigned to hosts and to groups. What a host gets of them are its enrollments;
 * enroll/life.h makes them. See store/store.h for struct tx.
 */
#ifndef SIGNET_STORE_ASSIGNMENT_H
#define SIGNET_STORE_ASSIGNMENT_H

#include "store/store.h"

struct assignment {
    int64_t id;
    const char *profile;  /* name */
    int64_t device;       /* 0: to a group */
    int64_t device_group; /* 0: to a host */
    int64_t created;      /* ms */
    struct assignment *next;
};

/* Sets out->id, of an earlier one that is in force, too: *added tells which. */
enum err assignment_put(struct tx *tx, struct assignment *out, bool *added) ERR_MUST_USE;

/* The one in force of a profile and a device, or a group (the other is 0). ERR_NOT_FOUND. */
enum err assignment_find(struct tx *tx, struct arena *a, const char *profile, int64_t device,
                         int64_t device_group, struct assignment *out) ERR_MUST_USE;

/* Those in force, oldest first: of a profile, of a group, or of all when it is NULL or 0. */
enum err assignment_list(struct tx *tx, struct arena *a, const char *profile, int64_t device_group,
                         struct assignment **out) ERR_MUST_USE;
/* Those in force for a device: its own, then those of its groups. */
enum err assignment_list_for(struct tx *tx, struct arena *a, int64_t device,
                             struct assignment **out) ERR_MUST_USE;

/* Ends one; ends all of a profile, of a device. What came of them is for enroll_reconcile. */
enum err assignment_end(struct tx *tx, int64_t id, int64_t at) ERR_MUST_USE;
enum err assignment_end_profile(struct tx *tx, const char *profile, int64_t at) ERR_MUST_USE;
enum err assignment_end_device(struct tx *tx, int64_t device, int64_t at) ERR_MUST_USE;

#endif
