/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of scep_describe: a message as JSON, and that JSON as text for people. */
#ifndef SIGNET_SCEP_DESCRIBE_H
#define SIGNET_SCEP_DESCRIBE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* The caller frees *out with json_decref. ERR_PARSE. */
enum err describe_message(struct arena *a, struct span der, json_t **out) ERR_MUST_USE;

void describe_as_text(const json_t *message, struct buf *out);

#endif
