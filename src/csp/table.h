/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes of the configuration service providers that signet deals with, from Microsoft's DDF
 * files: path, format, access, occurrence, default and allowed values. Server and emulated host
 * share this table; it holds facts, no behaviour.
 */
#ifndef SIGNET_CSP_TABLE_H
#define SIGNET_CSP_TABLE_H

#include "base/span.h"

enum csp_format { CSP_NODE, CSP_INT, CSP_CHR, CSP_BOOL, CSP_BIN, CSP_B64, CSP_NULL, CSP_TIME };

enum csp_access {
    CSP_ADD = 1,
    CSP_DELETE = 2,
    CSP_GET = 4,
    CSP_REPLACE = 8,
    CSP_EXEC = 16,
};

enum csp_occurrence { CSP_ONE, CSP_ZERO_OR_ONE, CSP_ZERO_OR_MORE, CSP_ONE_OR_MORE };

enum csp_scope { CSP_DEVICE = 1, CSP_USER = 2 };

struct csp_node {
    /* Below ./Device or ./User, with its first slash; a step in braces stands for any name. */
    const char *path;
    enum csp_format format;
    unsigned access; /* enum csp_access, joined */
    enum csp_occurrence occurrence;
    unsigned scopes;           /* enum csp_scope, joined */
    const char *default_value; /* NULL when there is none */
    const char *allowed;       /* "1|2|3|4", "0-30" or NULL for anything */
};

/*
 * The node that the LocURI names: "./Device/Vendor/...", "./User/Vendor/...", "./Vendor/..."
 * (which means the device) or "./DevInfo/...". NULL when there is none in that scope. Steps are
 * compared with regard to case. Thread-safe.
 */
const struct csp_node *csp_find(struct span loc_uri);

/* All nodes: csp_table[0 .. csp_table_size). */
extern const struct csp_node csp_table[];
extern const size_t csp_table_size;

/* The format's name in SyncML: "node", "int", "chr", "bool", "bin", "b64", "null", "time". */
const char *csp_format_name(enum csp_format f) __attribute__((returns_nonnull));

#endif
