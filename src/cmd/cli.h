/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share: the data folder, messages, the administrator's calls, tables. */
#ifndef SIGNET_CMD_CLI_H
#define SIGNET_CMD_CLI_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define CLI_DEFAULT_FOLDER "/var/lib/signet"

/* Options that most administrator's commands take. */
struct cli {
    const char *folder; /* -d DIR, else $SIGNET_DIR, else /var/lib/signet */
    bool json;          /* -o json */
    int argc;           /* what is left: the positional arguments */
    char **argv;
};

/* An option of one command: --name VALUE when `value` is set, --name alone when `flag` is. */
struct cli_option {
    const char *name;
    const char **value;
    bool *flag;
};

/*
 * Reads -d, -o, --help and the command's own options (NULL, or ended by a NULL name); `usage` is
 * printed for --help (and exit 0) or on a wrong option. False when the command should return
 * *status at once.
 */
bool cli_options(int argc, char **argv, const char *usage, const struct cli_option *own,
                 struct cli *out, int *status);

/* An option that may be given again and again: its values in the order of the command line. */
enum { CLI_MANY = 64 };
struct cli_many {
    const char *name; /* NULL ends a list of them */
    size_t count;
    const char *values[CLI_MANY];
};

/* The same for a command that has such options; `many` is ended by a NULL name. */
bool cli_options_many(int argc, char **argv, const char *usage, const struct cli_option *own,
                      struct cli_many *many, struct cli *out, int *status);

/* Prints "signet: detail" with this thread's error, and returns the exit status 1. */
int cli_fail(void);

/*
 * Prints "signet: message" and where help is to standard error, and returns the exit status 2.
 * `usage` begins with "Usage: signet COMMAND"; where its synopsis is of one verb alone, the help
 * named is that verb's.
 */
int cli_usage(const char *usage, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints JSON, indented, and frees it. */
void cli_print_json(json_t *value);

/* The challenge in a file, without the end of its line. ERR_PARSE: it is empty, or no text. */
enum err cli_read_challenge(const char *file, struct buf *out) ERR_MUST_USE;

/* The text of a key; "-" when it is missing. */
const char *cli_text(const json_t *object, const char *key);

/* A column of a list of objects: its head, and the key of the text or number in it; "device.name"
 * is one of an object in it. */
struct cli_column {
    const char *head, *key;
};

/* Prints the objects as a table of at most 16 columns; the line `none` when there are none. */
void cli_print_list(const json_t *list, const struct cli_column *columns, size_t count,
                    const char *none);

/* Puts the number that an option gives into the request; false when it is none from 1 on. NULL puts
 * nothing. */
bool cli_put_number(json_t *request, const char *key, const char *text);

/*
 * Sends the request (taken over) again and again, each time from where the last answer's "next"
 * says
 * ("after"), and gives the lists under `key` as one; NULL after a failure. The caller frees it.
 */
json_t *cli_pages(const struct cli *cli, json_t *request, const char *key);

/*
 * Sends the request (taken over) and prints the list that its answer has under `key`, as JSON or as
 * a table. Returns the exit status.
 */
int cli_list(const struct cli *cli, json_t *request, const char *key,
             const struct cli_column *columns, size_t count, const char *none);

/*
 * Appends the text in lines of at most `width` columns, each ended, broken at blanks where there
 * are any: it begins in the column `at`, and goes on in the column `indent`.
 */
void cli_wrap(struct buf *out, const char *text, size_t at, size_t indent, size_t width);

/* Columns of the terminal on standard output, at least 60; `otherwise` when it is none. */
size_t cli_width(size_t otherwise);

#endif
