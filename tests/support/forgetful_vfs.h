/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SQLite VFS that forgets, for test builds: what was written to a file and not yet synced is kept
 * in the process's memory only. A kill -9 then does to the database what a power cut would do, and
 * a test can see whether "committed" was said too early.
 *
 * It stands before the default VFS. Databases, journals and WALs are covered; temporary files and
 * the -shm file (which recovery never trusts) are not. Every handle of the process sees the pending
 * writes; another process does not, so only one may have the database open. Closing a file syncs
 * nothing: a normal end of the process forgets as well. That a file was created, or deleted, is
 * never forgotten.
 */
#ifndef SIGNET_TESTS_FORGETFUL_VFS_H
#define SIGNET_TESTS_FORGETFUL_VFS_H

/* Makes it the default VFS, before the first sqlite3_open. Returns SQLite's result code. */
int forgetful_vfs_register(void);

#endif
