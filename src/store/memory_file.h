/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the store: SQLite's temporary files, in memory. The one that is used all the time has what
 * a savepoint would restore, page by page; SQLite's own form of it in memory takes four pieces of
 * heap for a page. What was a secret in the database is so never written elsewhere.
 */
#ifndef SIGNET_STORE_MEMORY_FILE_H
#define SIGNET_STORE_MEMORY_FILE_H

#include <sqlite3.h>

struct memory_file {
    sqlite3_file base; /* first */
    unsigned char *p;
    sqlite3_int64 n, capacity;
};

/* Makes an empty file of `out`, which has room for the struct; its xClose frees all. */
void memory_file_open(sqlite3_file *out);

#endif
