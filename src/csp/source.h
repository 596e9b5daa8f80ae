/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the content of each element stands in a profile's text, so that profile_adopt can change a
 * value and leave every other byte as it is: the tree of xml/ does not keep that.
 */
#ifndef SIGNET_CSP_SOURCE_H
#define SIGNET_CSP_SOURCE_H

#include "xml/xml.h"

struct source {
    struct span *inner; /* what stands between start and end tag, by order of the start tags */
    struct span *outer; /* the same with its tags */
    size_t count;
    struct span cdata; /* the first section of CDATA; or empty */
};

/*
 * `text` must be what xml_parse_fragment accepted. ERR_PARSE for a CDATA section, which Windows
 * does not understand (windows-mdm.md, A.2).
 */
enum err source_scan(struct arena *a, struct span text, struct source *out) ERR_MUST_USE;

/* As source_scan, but takes CDATA, and says where the first one is. */
void source_look(struct arena *a, struct span text, struct source *out);

/* The content of the element `n` of the tree below `root`; empty when there is no such element. */
struct span source_of(const struct source *s, const struct xml_node *root,
                      const struct xml_node *n);

/* The element with its tags. */
struct span source_whole(const struct source *s, const struct xml_node *root,
                         const struct xml_node *n);

/* The line of a place in the text, from 1. */
unsigned source_line(struct span text, const uint8_t *at);

#endif
