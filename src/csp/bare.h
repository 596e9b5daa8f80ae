/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare SyncML commands, as an administrator writes them for hosts:
 *
 *     <Get><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target></Item></Get>
 *     <Exec>...</Exec>
 *
 * Add, Replace, Delete, Get and Exec; Atomic and Sequence around them. CmdIDs may be missing, or be
 * placeholders of another server: what goes out is numbered anew.
 */
#ifndef SIGNET_CSP_BARE_H
#define SIGNET_CSP_BARE_H

#include "xml/xml.h"

enum {
    BARE_MAX_COMMANDS = 100,      /* in one text */
    BARE_MAX_CHILDREN = 200,      /* in one Atomic or Sequence; Items of a Get */
    BARE_MAX_COMMAND = 64 * 1024, /* bytes of one, as it goes out */
};

struct bare_item {
    struct span loc_uri, format, type; /* format, type: of its Meta or the command's; or empty */
    struct span data;                  /* without white space at its ends */
    bool has_data;
    struct bare_item *next;
};

struct bare_command {
    const char *verb;              /* "Get" */
    unsigned line;                 /* in the text, from 1 */
    struct bare_item *items;       /* NULL for an Atomic or a Sequence */
    struct bare_command *children; /* of these */
    unsigned count;                /* CmdIDs that it takes, with its children */
    bool user_scope;               /* it addresses ./User: somebody must be signed in */
    struct bare_command *next;
};

/*
 * Reads one or more commands, and refuses what a host refuses or answers in a way that nobody could
 * match to it: a LocURI that does not begin with "./", a Get or another container inside an Atomic,
 * ./Device and ./User in one Atomic, several Items but in a Get, elements inside Data (CDATA is
 * fine: it goes out escaped), placeholders of profiles, envelopes. ERR_PARSE, ERR_LIMIT name the
 * line and the cure. `text` must outlive nothing.
 */
enum err bare_read(struct arena *a, struct span text, struct bare_command **out) ERR_MUST_USE;

/* Writes one command, CmdIDs from `first` on in the document's order, with no white space between
 * elements. bare_read takes it again. */
void bare_write(const struct bare_command *c, unsigned first, struct buf *out);

/* "Get ./DevDetail/SwV", "Atomic of 3 commands": for lists. */
const char *bare_title(struct arena *a, const struct bare_command *c)
    __attribute__((returns_nonnull));

#endif
