/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML: expat into a small tree, and a writer that always escapes.
 *
 * Windows' messages come with any prefixes, any order of children and, from other senders, any
 * namespace spelling, so that the tree is asked by local names (windows-mdm.md, C.2 and F.1). A
 * document type, entities of its own, a depth above 64, more than 20,000 elements or 64 attributes
 * on one element are refused before they cost anything.
 */
#ifndef SIGNET_XML_XML_H
#define SIGNET_XML_XML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct xml_attr {
    struct span name; /* local name */
    struct span value;
    struct xml_attr *next;
};

struct xml_node {
    struct span ns;   /* namespace name, empty when there is none */
    struct span name; /* local name */
    struct span text; /* character data of a leaf, not trimmed; empty when there are children */
    unsigned line;    /* of the start tag, from 1 */
    unsigned index;   /* of the start tag among all of the text, from 0: the root's */
    bool cdata;       /* some of the text stood in a CDATA section */
    struct xml_attr *attrs;
    struct xml_node *parent, *next;
    struct xml_node *child, *last; /* first and last child, in the document's order */
};

/*
 * Parses the whole of `in` (UTF-8 or what its declaration says) into a tree in `a`. `in` may be
 * freed afterwards. ERR_PARSE with line and cause for XML that is not well-formed or holds a
 * document type; ERR_LIMIT for one too deep or too large. Thread-safe.
 */
enum err xml_parse(struct arena *a, struct span in, struct xml_node **root) ERR_MUST_USE;

/*
 * As xml_parse, for UTF-8 text that may hold several elements side by side (a profile of two
 * commands): they become children of a nameless root.
 */
enum err xml_parse_fragment(struct arena *a, struct span in, struct xml_node **root) ERR_MUST_USE;

/* The first child with that local name, or NULL. `n` may be NULL. */
struct xml_node *xml_child(const struct xml_node *n, const char *name);

/* The next sibling with the same local name as `n`, or NULL. */
struct xml_node *xml_next(const struct xml_node *n) __attribute__((nonnull));

/* Walks first children: xml_path(n, "Body/Discover/request"). NULL when a step is missing. */
struct xml_node *xml_path(const struct xml_node *n, const char *path);

/* The node's text without white space at its ends; empty for NULL. */
struct span xml_text(const struct xml_node *n);

/* xml_text of xml_path. */
struct span xml_path_text(const struct xml_node *n, const char *path);

/* Value of the attribute with that local name; empty when it is missing. */
struct span xml_attr(const struct xml_node *n, const char *name);

/* Appends `text` with & < > " and ' escaped; bytes that XML forbids become U+FFFD. */
void xml_escape(struct buf *b, struct span text);

/* Appends `text` as a reader will find it that was written by xml_escape. */
void xml_clean(struct buf *b, struct span text);

/* Appends <tag>. `tag` may hold attributes that the caller has written. */
void xml_open(struct buf *b, const char *tag);

/* Appends </tag>: up to the first blank of `tag`, so that it can be the same string. */
void xml_close(struct buf *b, const char *tag);

/* Appends <tag>text</tag> with the text escaped. */
void xml_leaf(struct buf *b, const char *tag, struct span text);

/* The same of a number. */
void xml_number(struct buf *b, const char *tag, int64_t value);

#endif
