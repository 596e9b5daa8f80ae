/* SPDX-License-Identifier: Apache-2.0 */
/* A listening socket in the file system. */
#ifndef SIGNET_HTTP_UNIX_H
#define SIGNET_HTTP_UNIX_H

#include "base/err.h"

/*
 * Binds and listens; the socket is for our user, and for the members of `group` (NULL: none). A
 * file that nobody listens at any more is replaced. ERR_IO: somebody does, or it cannot be made
 * there; ERR_CONFIG: there is no such group, or the path is too long.
 */
enum err http_unix_listen(const char *path, const char *group, int *fd) ERR_MUST_USE;

#endif
