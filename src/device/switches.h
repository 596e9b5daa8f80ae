/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where nobody knows how Windows behaves, or builds of Windows differ, the emulated host has a
 * switch. Each names its evidence, so that a user knows how sure the default is.
 */
#ifndef SIGNET_DEVICE_SWITCHES_H
#define SIGNET_DEVICE_SWITCHES_H

#include "base/err.h"
#include "base/span.h"

struct device_switch {
    const char *name;
    const char *values; /* "a|b|c"; "hresult", "number" and "seconds" stand for a number */
    const char *initial;
    const char *meaning;
    const char *evidence;
    const char *open; /* the open point of the reference that it answers ("G 2"), or NULL */
};

extern const struct device_switch device_switches[];
extern const size_t device_switch_count;

/* NULL when there is none of that name. */
const struct device_switch *switch_find(const char *name) __attribute__((nonnull));

/* ERR_USAGE when the switch cannot take the value; the detail lists what it can. */
enum err switch_check(const struct device_switch *s, const char *value) ERR_MUST_USE;

#endif
