/* SPDX-License-Identifier: Apache-2.0 */
/* PEM (RFC 7468): base64 between two lines that name what it is. */
#ifndef SIGNET_X509_PEM_H
#define SIGNET_X509_PEM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define PEM_CERTIFICATE "CERTIFICATE"
#define PEM_REQUEST     "CERTIFICATE REQUEST"

/* Appends one item with its label, such as PEM_CERTIFICATE. */
void pem_put(struct buf *b, const char *label, struct span der);

/*
 * The next item of that label in `*rest`, decoded in `a`; `*rest` moves behind it. ERR_NOT_FOUND at
 * the end, ERR_PARSE for one that does not end or is no base64.
 */
enum err pem_next(struct arena *a, struct span *rest, const char *label,
                  struct span *der) ERR_MUST_USE;

#endif
