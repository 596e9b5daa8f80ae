/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree: one command on one node. The CSP table says what a node allows; a provider (one
 * file each) does what its CSP does. Answers are SyncML status codes:
 *
 *     200 done   202 accepted   404 absent   405 the node does not allow it   406 wrong format or
 *     a part of Windows that is not emulated   418 Add of what exists   500 the CSP failed
 *     0 the host says nothing to this command
 */
#ifndef SIGNET_DEVICE_CSPTREE_H
#define SIGNET_DEVICE_CSPTREE_H

#include "csp/table.h"
#include "device/host.h"

struct csp_command {
    enum csp_access verb; /* exactly one */
    struct span uri;
    struct span format; /* Meta/Format; empty when there is none */
    struct span data;
    bool atomic; /* it stands in an Atomic */
};

struct csp_value {
    struct span data;
    enum csp_format format;
};

/* Applies the command in memory. With Get and 200 `out` holds the value, in `a`. */
int csptree_apply(struct host *h, const struct csp_command *c, struct arena *a,
                  struct csp_value *out) __attribute__((nonnull));

/* ---- for the providers ---- */

enum { CSP_STEPS_MAX = 8 };

struct csp_target {
    struct host *host;
    struct arena *arena;
    const struct csp_node *node;
    struct span uri;
    bool user_scope;
    const char *steps[CSP_STEPS_MAX]; /* below the provider's prefix, %XX decoded */
    size_t count;
};

struct csp_provider {
    const char *prefix; /* below ./Device or ./User */
    int (*get)(const struct csp_target *t, struct csp_value *out);
    int (*set)(const struct csp_target *t, struct span data, bool add); /* Add or Replace */
    int (*remove)(const struct csp_target *t);
    int (*exec)(const struct csp_target *t, struct span data);
};

extern const struct csp_provider csp_scep_provider, csp_pfx_provider, csp_root_certs_provider,
    csp_devinfo_provider, csp_devdetail_provider, csp_dmclient_provider, csp_wstep_provider,
    csp_dmacc_provider;

/*
 * For leaves that are values of the registry key `path`. Get of one that is not there gives the
 * DDF's default, else 404.
 */
int csp_value_get(const struct csp_target *t, const char *path, const char *name,
                  struct csp_value *out);
int csp_value_set(const struct csp_target *t, const char *path, const char *name, struct span data,
                  bool add);
int csp_value_remove(const struct csp_target *t, const char *path, const char *name);

/* Lists the values of the key: what a Get of the node above them says. */
int csp_value_list(const struct csp_target *t, const char *path, struct csp_value *out);

/* Appends `name`, URI-encoded, to a node's list of children ("a/b/c"). */
void csp_list_add(struct buf *list, const char *name);

/* Lists the keys right below the key: the UniqueIDs of a kind of certificate. */
int csp_key_list(const struct csp_target *t, const char *path, struct csp_value *out);

/* The answer to a Get of an output that is not there yet: the switch absent-output. */
int csp_absent(const struct csp_target *t);

/* Whether the value is one that the DDF allows for the node. */
bool csp_value_fits(const struct csp_node *node, struct span value);

/* Whether a Replace may make a node that is missing: the switch replace-upsert. */
bool csp_upserts(const struct csp_target *t);

#endif
