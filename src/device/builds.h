/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds of Windows by name: what the emulated host says that it is, and the switches in which the
 * reference tells builds apart. Where it does not, all builds behave alike.
 */
#ifndef SIGNET_DEVICE_BUILDS_H
#define SIGNET_DEVICE_BUILDS_H

#include <stddef.h>

enum { BUILD_SWITCHES = 3 };

struct device_build {
    const char *name;    /* "win11-26100" */
    const char *version; /* "10.0.26100.9278": DevDetail's SwV, and of the enrollment */
    const char *csr;     /* the OS version of a CSR: with the platform's number in the last place */
    const char *ndes_agent; /* the SCEP client's User-Agent header */
    const char *platform;   /* DevDetail's OSPlatform */
    struct build_switch {
        const char *name, *value;
    } switches[BUILD_SWITCHES]; /* what it changes; a NULL name ends them */
    const char *evidence;
};

/* The first one is what a host is that was not told. */
extern const struct device_build device_builds[];
extern const size_t device_build_count;

/* NULL when there is none of that name. */
const struct device_build *build_find(const char *name) __attribute__((nonnull));

/* What the build makes of the switch; NULL where it has the switch's default. */
const char *build_switch(const struct device_build *b, const char *name) __attribute__((nonnull));

#endif
