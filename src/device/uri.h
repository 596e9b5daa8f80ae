/* SPDX-License-Identifier: Apache-2.0 */
/* Inside device/: percent-encoding (RFC 3986, 2.1) in a LocURI and in SSLCLIENTCERTSEARCHCRITERIA.
 */
#ifndef SIGNET_DEVICE_URI_H
#define SIGNET_DEVICE_URI_H

#include "base/arena.h"

/* Each %XX is the byte it stands for, all else is itself. In the arena, with a NUL behind it. */
struct span uri_decode(struct arena *a, struct span text);

#endif
