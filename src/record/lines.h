/* SPDX-License-Identifier: Apache-2.0 */
/* A recording read again: each file as a tree of its lines. Thread-safe. */
#ifndef SIGNET_RECORD_LINES_H
#define SIGNET_RECORD_LINES_H

#include "base/arena.h"
#include "base/err.h"

struct line {
    struct span label; /* what stands before " = ", or the whole line */
    struct span value; /* what stands behind it; p NULL: nothing does */
    struct line *parent, *child, *last, *next;
};

struct recorded {
    struct span kind;    /* "session" */
    struct line *host;   /* what stands below the line "host" */
    struct line *server; /* and below "server" */
    struct recorded *next;
};

/* Is told why a file is left out: it is above a limit, or has a line that no recorder wrote. */
typedef void lines_skipped(const char *why);

/*
 * The exchanges in the folder, in their order, in `a`. ERR_NOT_FOUND: the folder is not there, or
 * holds no recording; ERR_LIMIT: more than RECORD_MAX_FILES; where no file can be read, the error
 * of the last one.
 */
enum err lines_read(struct arena *a, const char *folder, lines_skipped *skipped,
                    struct recorded **out) ERR_MUST_USE;

/*
 * The text of one file: for lines_read, and for tests. What is not printable is refused, as a
 * recording may come by mail. ERR_PARSE.
 */
enum err lines_parse(struct arena *a, struct span text, struct recorded **out) ERR_MUST_USE;

/* The first child whose label begins with that word, or NULL; `n` may be NULL. */
struct line *line_child(const struct line *n, const char *word);

/* The same down a path, "Target/LocURI": the value, or an empty span. */
struct span line_value(const struct line *n, const char *path);

#endif
