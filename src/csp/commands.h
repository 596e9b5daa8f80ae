/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as its commands: what profile_read, _check, _render and _adopt all start from. */
#ifndef SIGNET_CSP_COMMANDS_H
#define SIGNET_CSP_COMMANDS_H

#include "csp/lint.h"
#include "csp/table.h"
#include "xml/xml.h"

struct profile_command {
    const struct xml_node *element; /* Add, Replace or Exec */
    const struct xml_node *loc_uri; /* the element, for its place in the source */
    const struct xml_node *data;    /* NULL when there is none */
    const struct csp_node *node;
    struct span path;         /* LocURI without white space at its ends */
    struct span value;        /* Data without white space at its ends */
    struct span format, type; /* of Meta; empty when missing */
    struct profile_command *next;
};

struct profile_commands {
    const struct xml_node *root; /* the nameless root above the Atomic */
    struct profile_command *first;
    struct span unique_id; /* any text: a profile of another server may have what ours may not */
    bool user_scope;
    unsigned count; /* the Atomic included */
};

/* The structure that profile.h asks of a profile; values and placeholders are not looked at. The
 * commands live as long as `a`; `text` need not. */
enum err profile_commands_read(struct arena *a, struct span text,
                               struct profile_commands *out) ERR_MUST_USE;

/* The command whose node's last step has that name, or NULL. */
const struct profile_command *profile_command_find(const struct profile_commands *p,
                                                   const char *name);

/* Whether a value or path holds the placeholder, such as "scep.challenge". */
bool profile_commands_use(const struct profile_commands *p, const char *placeholder);

/* The step after SCEP/ of a command's path, as a part of it. */
struct span profile_unique_id(struct span path);

/* The last step of the node's path, such as "ServerURL". */
const char *profile_node_name(const struct csp_node *node) __attribute__((returns_nonnull));

/* Sets "profile line 12, ServerURL: ..." and returns ERR_PARSE. */
enum err profile_error(const struct profile_command *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for an error that is set, and whose detail does not say where: puts that before it. OK
 * stays OK. */
enum err profile_blame(const struct profile_command *c, enum err e) ERR_MUST_USE;

/* Which step of the LocURI Windows does not know, and which was meant. */
struct misspelt {
    struct span step;  /* a part of the path; empty: a '/' too many */
    const char *meant; /* or NULL */
    const char *text;  /* a sentence of it */
};
struct misspelt profile_misspelt(struct arena *a, struct span path);

/* The first part of a LocURI, such as "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/": its
 * length; 0 for another path. */
size_t profile_scep_prefix(struct span path);

/* Whether `child` is a node below `parent`. */
bool profile_is_below(const struct csp_node *child, const struct csp_node *parent);

/* The right that a command of this name needs, enum csp_access; 0 when a profile may not hold it.
 */
unsigned profile_access_of(struct span verb);

/*
 * Whether the text can be a profile at all: ERR_PARSE for an empty file, one of another kind or
 * encoding, a document type, and certificates that signet delivers without a profile.
 */
enum err profile_text_check(struct span text) ERR_MUST_USE;

/* The same in pieces; false when there is no fault. Profiles of other CSPs are none here. */
struct text_fault {
    enum lint_id id;
    unsigned line; /* 0: the text as a whole */
    char text[160];
};
bool profile_text_fault(struct span text, struct text_fault *out);

/* Room for a quoted text, its "..." and a NUL. */
enum { PROFILE_QUOTE_SIZE = 80 + 3 + 1 };

/* Copies the text into `room`; beyond 80 bytes it is cut between characters, and ends in "...". */
const char *profile_quote(struct span text, char room[static PROFILE_QUOTE_SIZE])
    __attribute__((returns_nonnull));

/* For "%s" in a message; lives as long as the block around it. */
#define PROFILE_QUOTE(s) profile_quote(s, (char[PROFILE_QUOTE_SIZE]){0})

#endif
