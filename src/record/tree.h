/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML and DER as lines that a person can read and a program can compare: two blanks a level, one
 * element a line, "label = value". Values are shown by the rules of words.h; a value that no rule
 * allows stands there by its form. Thread-safe; what is deeper or longer than our own messages are
 * ends in a line that says so.
 */
#ifndef SIGNET_RECORD_TREE_H
#define SIGNET_RECORD_TREE_H

#include "base/arena.h"
#include "record/pseudonyms.h"

struct tree {
    struct buf *out;
    struct arena *a;          /* of this message */
    struct pseudonyms *names; /* of the recording */
    size_t end;               /* of `out`: there a message is cut; 0: nowhere */
};

/* Whether a message has reached its end: what comes is left out, and whoever set it says so. */
bool tree_is_full(const struct tree *t);

/* Appends two blanks for each level. */
void tree_indent(const struct tree *t, unsigned depth);

/* A document in XML, its elements from `depth` on. What is not well-formed is one line. */
void tree_xml(const struct tree *t, struct span xml, unsigned depth);

/*
 * An item of DER, or BER. A SEQUENCE that begins with an OID is called by it; strings in which DER
 * stands are opened. Of values only messageType, pkiStatus and failInfo, small INTEGERs, the OIDs
 * of known arcs and the throw-away signer's name are shown; below challengePassword none.
 */
void tree_der(const struct tree *t, struct span der, unsigned depth);

#endif
