/* SPDX-License-Identifier: Apache-2.0 */
/* The first form of an HTML page: as much of HTML as a sign-in page needs. */
#ifndef SIGNET_DEVICE_HTML_FORM_H
#define SIGNET_DEVICE_HTML_FORM_H

#include "base/arena.h"
#include "base/buf.h"

enum { HTML_INPUTS_MAX = 32 };

struct html_input {
    const char *name, *type, *value; /* "" when the page does not say */
};

struct html_form {
    const char *action; /* "" when there is none: the page's own address */
    const char *method; /* in lower case; "get" when there is none */
    struct html_input inputs[HTML_INPUTS_MAX];
    size_t count;
};

/* False when the page has no form, or one with too many inputs. Texts live in `a`. */
bool html_form_read(struct arena *a, struct span page, struct html_form *out);

/* The input of that name, or NULL. */
struct html_input *html_form_find(struct html_form *f, const char *name);

/* name=value&..., as a browser would send it. */
void html_form_encode(const struct html_form *f, struct buf *out);

/* One value of it. */
void html_encode_value(struct span value, struct buf *out);

#endif
