/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's registry: keys with values, and the text form of Windows' .reg exports, so that a
 * person can read and edit it (`signet device registry`). Names are compared without regard to
 * case, as Windows does. Texts belong to the registry and live as long as it.
 */
#ifndef SIGNET_DEVICE_REGISTRY_H
#define SIGNET_DEVICE_REGISTRY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct reg_value {
    const char *name;
    const char *text; /* REG_SZ; NULL for a REG_DWORD */
    uint32_t number;
    struct reg_value *next;
};

struct reg_key {
    const char *name;
    struct reg_value *values;
    struct reg_key *child, *next;
};

struct registry { /* zero-initialise */
    struct arena mem;
    struct reg_key root;
};

/* The key "HKEY_LOCAL_MACHINE\\SOFTWARE\\..." or NULL. */
struct reg_key *registry_open(struct registry *r, const char *path) __attribute__((nonnull));

/* The same; it and its parents are made when they are missing. */
struct reg_key *registry_create(struct registry *r, const char *path)
    __attribute__((nonnull, returns_nonnull));

/* Removes the key with all below it; false when there is none. */
bool registry_delete(struct registry *r, const char *path) __attribute__((nonnull));

/* A child key of `k`, or NULL. `k` may be NULL. */
struct reg_key *reg_child(const struct reg_key *k, const char *name);

/* The value, or NULL. `k` may be NULL. */
struct reg_value *reg_value(const struct reg_key *k, const char *name);

/* Text of a REG_SZ, or NULL. */
const char *reg_text(const struct reg_key *k, const char *name);

/* A REG_DWORD, or a REG_SZ that is a decimal number; false when there is neither. */
bool reg_number(const struct reg_key *k, const char *name, uint32_t *out);

void reg_set_text(struct registry *r, struct reg_key *k, const char *name, struct span text);
void reg_set_number(struct registry *r, struct reg_key *k, const char *name, uint32_t number);

/* False when there was no such value. */
bool reg_delete_value(struct reg_key *k, const char *name);

/* Appends the .reg text of `k` and all below it; `path` is the path of `k`, "" for the root. */
void registry_print(const struct reg_key *k, const char *path, struct buf *b);

/*
 * Reads .reg text into an empty registry: strings, dwords, "name"=- and [-key]. ERR_PARSE names
 * the line and what is wrong there.
 */
enum err registry_parse(struct registry *r, struct span text) ERR_MUST_USE;

/* A deep copy into an empty registry. */
void registry_copy(struct registry *to, const struct registry *from);

void registry_free(struct registry *r);

#endif
