/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request: its grammar (RFC 9112, 3 and 5) and what it says about the body (6). */
#ifndef SIGNET_HTTP_HEAD_H
#define SIGNET_HTTP_HEAD_H

#include "http/reader.h"

/*
 * Parses r->head, whose lines all end in CRLF, in place; then sets keep_alive, expect_continue and
 * has_body, and the phase that reads the body. False: status and why are set.
 */
bool http_head_parse(struct http_reader *r);

/* Refuses: sets status and why; always false. */
bool http_head_refuse(struct http_reader *r, int status, const char *why);

/* A character of a token (RFC 9110, 5.6.2). */
bool http_is_token_char(unsigned char c);

#endif
