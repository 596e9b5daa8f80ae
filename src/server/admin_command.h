/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the administration: what a command is, and what the files with commands share. */
#ifndef SIGNET_SERVER_ADMIN_COMMAND_H
#define SIGNET_SERVER_ADMIN_COMMAND_H

#include "server/admin.h"
#include "store/device.h"

struct admin_call {
    const struct admin_scope *scope;
    struct arena *a;
    json_t *request;
    json_t *reply;
    const char *password_hash; /* of the argument `password`, made before the transaction: slow */
};

enum admin_mode {
    ADMIN_READS,
    ADMIN_WRITES,
    ADMIN_ALONE, /* without a transaction (tx is NULL): it opens its own, or needs none */
};

struct admin_command {
    const char *name;
    enum err (*run)(struct tx *tx, struct admin_call *c);
    enum admin_mode mode;
    void (*committed)(struct admin_call *c); /* after a commit; or NULL */
};

/* Each ends with a row without a name. */
extern const struct admin_command admin_host_commands[];        /* admin_hosts.c */
extern const struct admin_command admin_device_commands[];      /* admin_devices.c */
extern const struct admin_command admin_group_commands[];       /* admin_groups.c */
extern const struct admin_command admin_queue_commands[];       /* admin_queue.c */
extern const struct admin_command admin_pfx_commands[];         /* admin_pfx.c */
extern const struct admin_command admin_user_commands[];        /* admin_users.c */
extern const struct admin_command admin_certificate_commands[]; /* admin_certificates.c */
extern const struct admin_command admin_challenge_commands[];   /* admin_challenges.c */
extern const struct admin_command admin_gateway_commands[];     /* admin_gateway.c */
extern const struct admin_command admin_endpoint_commands[];    /* admin_endpoints.c */

enum { ADMIN_MAX_NAME = 200 };

/* A text argument that must be there. ERR_USAGE, ERR_LIMIT. */
enum err admin_argument(const struct admin_call *c, const char *key, size_t max,
                        const char **out) ERR_MUST_USE;

/* The same for a name, which goes into URLs, logs and timelines: no control characters. */
enum err admin_name(const struct admin_call *c, const char *key, const char **out) ERR_MUST_USE;

/* A text argument that may be missing or empty: NULL then. */
enum err admin_optional(const struct admin_call *c, const char *key, const char **out) ERR_MUST_USE;

/* A number argument; `otherwise` when it is missing. ERR_USAGE. */
enum err admin_number(const struct admin_call *c, const char *key, int64_t least, int64_t most,
                      int64_t otherwise, int64_t *out) ERR_MUST_USE;

bool admin_flag(const struct admin_call *c, const char *key);

/* Puts a value, taken over, into the reply. */
void admin_put(struct admin_call *c, const char *key, json_t *value);

/* An empty list in the reply. */
json_t *admin_put_list(struct admin_call *c, const char *key);

#endif
