/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cmd/: the emulated host recorded on the spot, for `signet device compare`. */
#ifndef SIGNET_CMD_DEVICE_COMPARE_H
#define SIGNET_CMD_DEVICE_COMPARE_H

#include "base/arena.h"
#include "record/facts.h"
#include "record/lines.h"

/*
 * A server of its own on loopback, in a temporary folder. Each trial is a new host that enrolls,
 * gets the profile, runs until it is settled, and has been recorded by the server.
 */
struct stage {
    struct arena *a;
    const char *self, *folder, *data, *url;
    const char *build; /* of Windows, by name; NULL: that of a new host */
    const char *enrollment_type;
    bool has_profile;
    unsigned trials;
};

/* lines_skipped: on standard error. */
void stage_skipped(const char *why);

/*
 * Makes folder and server after what the recording shows; from then on SIGINT and SIGTERM end a
 * trial with ERR_CONFLICT between two of its steps. stage_end in any case.
 */
enum err stage_make(struct stage *s, const struct recorded *recording) ERR_MUST_USE;

/*
 * One trial with these switches (NAME=VALUE): what was recorded of it. A host that fails on its way
 * is no error: it has said something until then. ERR_IO, ERR_CONFLICT: the server does not run.
 */
enum err stage_try(struct stage *s, const char *const *switches, size_t count,
                   struct facts *out) ERR_MUST_USE;

/* Removes the folder, in which there are keys; after a signal, ends the process by it. */
void stage_end(struct stage *s);

#endif
