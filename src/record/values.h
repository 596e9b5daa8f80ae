/* SPDX-License-Identifier: Apache-2.0 */
/* Values that stand in XML, each by the rule of its place; what has no rule is blanked. */
#ifndef SIGNET_RECORD_VALUES_H
#define SIGNET_RECORD_VALUES_H

#include "record/tree.h"
#include "xml/xml.h"

/* Appends the text of a leaf. */
void value_show(const struct tree *t, const struct xml_node *leaf);

/* Appends the value of an attribute. */
void value_show_attribute(const struct tree *t, const struct xml_node *n,
                          const struct xml_attr *attribute);

/* Whether the leaf is base64 of a document, or of DER, that is to be opened: of an enrollment. */
enum inside { INSIDE_NOTHING, INSIDE_DER, INSIDE_XML };
enum inside value_inside(const struct xml_node *leaf);

/* Appends a LocURI: the steps that the CSP table has, and the others by their length. */
void value_uri(const struct tree *t, struct span uri);

/* Learns who the message says he is, before anything of it is shown. */
void value_learn(struct pseudonyms *names, const struct xml_node *root);

#endif
