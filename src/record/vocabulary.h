/* SPDX-License-Identifier: Apache-2.0 */
/* The words of words.h, as whole texts: case counts. The steps of csp_table belong to them, too. */
#ifndef SIGNET_RECORD_VOCABULARY_H
#define SIGNET_RECORD_VOCABULARY_H

#include <stddef.h>

extern const char *const record_vocabulary[];
extern const size_t record_vocabulary_size;

#endif
