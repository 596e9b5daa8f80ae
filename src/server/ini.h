/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INI text: [section], key = value, comments that begin with # or ; (after a value with " ;").
 * Lines may have any length, and a section without keys is told of, too.
 */
#ifndef SIGNET_SERVER_INI_H
#define SIGNET_SERVER_INI_H

#include "base/err.h"

/* Gets each [section] when it begins (key NULL), and each pair below it. An error ends the reading.
 */
typedef enum err ini_handler(void *user, int line, const char *section, const char *key,
                             const char *value);

/* Reads `text`, which it cuts into pieces. *line is the one it ended at. ERR_CONFIG. */
enum err ini_read(char *text, ini_handler *handler, void *user, int *line) ERR_MUST_USE;

#endif
