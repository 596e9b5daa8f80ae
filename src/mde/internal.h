/* SPDX-License-Identifier: Apache-2.0 */
/* What the SOAP writers of this room share. */
#ifndef SIGNET_MDE_INTERNAL_H
#define SIGNET_MDE_INTERNAL_H

#include "mde/mde.h"

/*
 * Opens Envelope and Header with Action and RelatesTo; `h` may be NULL. The writer adds its own
 * header elements, then soap_open_body .. soap_close.
 */
void soap_open(struct buf *b, const struct mde_header *h, const char *action);

/* Closes Header and opens Body. */
void soap_open_body(struct buf *b);

/* Closes Body and Envelope. */
void soap_close(struct buf *b);

/* The request's MessageID without "urn:uuid:"; empty for NULL. */
struct span soap_message_uuid(const struct mde_header *h);

/* The body's first element when it has that local name; ERR_PARSE otherwise. */
enum err soap_expect(const struct mde_header *h, const char *name) ERR_MUST_USE;

/* The text at `path` below `n`; ERR_PARSE naming the path when it is missing or empty. */
enum err soap_required(const struct xml_node *n, const char *path, struct span *out) ERR_MUST_USE;

/* link.c: as a URL's query has it; all but letters, digits and "-._~" is escaped. */
void mde_percent_encode(struct buf *b, const char *s);

#endif
