/* SPDX-License-Identifier: Apache-2.0 */
/* What the system lets the server have. */
#ifndef SIGNET_SERVER_LIMITS_H
#define SIGNET_SERVER_LIMITS_H

/*
 * Raises this process's limit of open files (RLIMIT_NOFILE) so far that `connections` fit beside
 * what the server needs itself. What is not allowed is logged with its cure; returns how many fit.
 */
unsigned limits_raise_files(unsigned connections);

#endif
