/* SPDX-License-Identifier: Apache-2.0 */
/* An enrollment's timeline as text: what `signet enrollment show` and `signet demo` print. */
#ifndef SIGNET_CMD_TIMELINE_H
#define SIGNET_CMD_TIMELINE_H

#include <jansson.h>

#include "base/buf.h"

/*
 * Appends the timeline of an enrollment (the JSON of enrollment.show), wrapped at `width` columns.
 * Every line ends with a line feed.
 */
void timeline_print(struct buf *out, const json_t *enrollment, size_t width);

/* Appends `count` texts side by side, each padded to `width` columns. */
void timeline_columns(struct buf *out, struct buf *const *texts, size_t count, size_t width);

#endif
