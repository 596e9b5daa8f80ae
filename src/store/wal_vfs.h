/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SQLite VFS for the connection that writes. It joins the frames of a transaction into few writes
 * to the WAL: SQLite writes the header and the page of each frame by itself, and every write of a
 * part of a page of the file costs the kernel as much as a whole one.
 *
 * What is held back is never part of a transaction that anybody may see: the frame that commits, by
 * which alone readers and recovery know the frames before it, goes to the file before its xWrite
 * returns, with all that was held, and what goes wrong with any of it is that call's error. So it
 * makes no difference whether SQLite syncs before it tells readers of the frames.
 *
 * Temporary files, which have no name, are in memory (store/memory_file.h).
 */
#ifndef SIGNET_STORE_WAL_VFS_H
#define SIGNET_STORE_WAL_VFS_H

/*
 * The name to give to sqlite3_open_v2, or NULL where SQLite has no VFS at all. It stands before
 * what is the default VFS at the time of the call, and does not become the default. Thread-safe.
 */
const char *wal_vfs(void);

#endif
