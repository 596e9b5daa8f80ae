/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles that the administrator keeps. See store/store.h for struct tx. */
#ifndef SIGNET_STORE_PROFILE_H
#define SIGNET_STORE_PROFILE_H

#include "store/store.h"

struct stored_profile {
    const char *name;
    const char *endpoint; /* of ours, or an upstream: what {{scep.url}} and its kind stand for; NULL
                           * given to profile_put: "default" */
    const char *body;     /* SyncML with placeholders */
    bool trust_device_name;
    bool send_anyway; /* also where Windows surely fails at it */
    int64_t created;  /* ms */
    struct stored_profile *next;
};

/* Adds a profile, or replaces the one of that name. Enrollments that exist keep their own copy. */
enum err profile_put(struct tx *tx, const struct stored_profile *profile) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err profile_get(struct tx *tx, struct arena *a, const char *name,
                     struct stored_profile *out) ERR_MUST_USE;
/* Enrollments that exist keep their own copy. ERR_NOT_FOUND. */
enum err profile_delete(struct tx *tx, const char *name) ERR_MUST_USE;
enum err profile_list(struct tx *tx, struct arena *a, struct stored_profile **out) ERR_MUST_USE;

#endif
