/* SPDX-License-Identifier: Apache-2.0 */
/* The few HTML pages that users see. */
#ifndef SIGNET_SERVER_PAGE_H
#define SIGNET_SERVER_PAGE_H

#include "http/http.h"

/*
 * Begins a page: its title, and the header fields that keep it from loading anything, from being
 * framed and from being cached. `script` is the text of its one script, or NULL; it stands at the
 * end of the page. `form_action` is what its forms may be sent to, as Content-Security-Policy has
 * it. Texts that others chose are written by xml_escape.
 */
void page_open(const struct http_request *r, struct http_reply *reply, const char *title,
               const char *script, const char *form_action);
void page_close(struct http_reply *reply, const char *script);

#endif
