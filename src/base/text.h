/* SPDX-License-Identifier: Apache-2.0 */
/* Hex and base64, in both directions. */
#ifndef SIGNET_BASE_TEXT_H
#define SIGNET_BASE_TEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Lower-case hex of `in` into `out`, which must have room for 2 * in.n + 1 bytes. */
void hex_lower(struct span in, char *out) __attribute__((nonnull));

/* The same in upper case, as Windows writes thumbprints. */
void hex_upper(struct span in, char *out) __attribute__((nonnull));

/* Lower-case hex in the arena. */
char *hex_text(struct arena *a, struct span in) __attribute__((returns_nonnull));

/* Hex digits of either case, nothing else between them; ERR_PARSE otherwise. */
enum err hex_decode(struct arena *a, struct span text, struct span *out) ERR_MUST_USE;

/* Appends standard base64 with padding and without line breaks. */
void base64_encode(struct buf *b, struct span in);

/*
 * Standard base64 (RFC 4648, section 4). White space anywhere is skipped, as MIME and Windows
 * produce it; any other foreign byte, wrong padding or bits after the end give ERR_PARSE.
 */
enum err base64_decode(struct arena *a, struct span text, struct span *out) ERR_MUST_USE;

/*
 * Length of the well-formed UTF-8 character at the start of `s`, and the character; 0 when there is
 * none (overlong forms, surrogates and values above U+10FFFF are none).
 */
size_t utf8_character(struct span s, uint32_t *character);

/*
 * Appends text that a stranger chose as text that is safe to print, log and keep: well-formed UTF-8
 * without control characters, line breaks or directional overrides; each of those, and every stray
 * byte, is written as \xNN or \u{NNNN}.
 */
void text_printable(struct buf *b, struct span s);

/* The same, cut at `max` bytes of input ("..." follows), as a string in the arena. */
char *text_claim(struct arena *a, struct span s, size_t max) __attribute__((returns_nonnull));

/* Appends the string, which is well-formed UTF-8, as a string of JSON (RFC 8259, section 7). */
void text_quote_json(struct buf *b, const char *s);

/* Whether they are equal; NULL is as the empty text. */
bool text_same(const char *a, const char *b);

#endif
