/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording may show: words of the protocols, and short numbers. The list is the only way by
 * which text of a message gets into a recording; all else is blanked to its form. Thread-safe.
 */
#ifndef SIGNET_RECORD_WORDS_H
#define SIGNET_RECORD_WORDS_H

#include "base/buf.h"

/* Whether the text as a whole is a word of the list, or a step of a node in the CSP table. */
bool word_known(struct span text);

/* Appends the form of a value instead of it: "<40 upper-case hex>", "<text, 12 characters>". */
void word_form(struct buf *out, struct span value);

/* Appends the value if it is a word of the list, else its form. */
void word_or_form(struct buf *out, struct span value);

/* Appends a decimal number of at most ten digits, with its sign, else the form. */
void word_number(struct buf *out, struct span value);

enum { WORD_MAX_PIECES = 2048 /* characters: no value that has pieces is longer */ };

/*
 * Appends the value piece by piece: words and numbers of up to six digits as they are, with the
 * punctuation between them; every other piece as the number of its characters, "<7>".
 * A longer value than WORD_MAX_PIECES gets its form.
 */
void word_pieces(struct buf *out, struct span value);

/* Appends "Name" of a tag, a header or a step: if it is no word, "<name, 7 characters>". */
void word_name(struct buf *out, struct span name);

#endif
