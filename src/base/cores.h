/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_CORES_H
#define SIGNET_BASE_CORES_H

/* The cores that this process may use, at least 1. */
unsigned cores(void);

#endif
