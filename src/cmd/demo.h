/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cmd/: the parts of `signet demo`. */
#ifndef SIGNET_CMD_DEMO_H
#define SIGNET_CMD_DEMO_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * The profile of the day on which somebody tried and could not: RSA-1024, SHA-1, four EKUs,
 * KeyUsage 160, a ServerURL behind a tunnel and the challenge "secret". signet was made for it.
 */
extern const char demo_seed_profile[];

/* ---- demo_process.c: this program's own subcommands, and other programs, as processes ---- */

/*
 * Starts argv (NULL-ended); output is appended to the file `log`. The process dies with this one.
 * ERR_IO.
 */
enum err process_start(const char *const *argv, const char *log, pid_t *pid) ERR_MUST_USE;

/* Waits for its end. ERR_CONFLICT names the command and its exit status, and shows the log's end.
 */
enum err process_wait(pid_t pid, const char *name, const char *log) ERR_MUST_USE;

/* Both at once. */
enum err process_run(const char *const *argv, const char *log) ERR_MUST_USE;

/* SIGTERM, and SIGKILL when that does not help within two seconds; pid 0 does nothing. */
void process_stop(pid_t pid);

/* A TCP port of 127.0.0.1 that is free now; 0 when there is none. */
unsigned short process_free_port(void);

/* Removes a folder and all in it. */
void process_remove_folder(const char *path);

/* ---- demo_peer.c: micromdm/scep, the SCEP server of the seed ---- */

/*
 * Runs Debian's scepserver with a throw-away CA in `folder`. It listens on every address, so it
 * gets a network namespace of its own, whose only door is a relay at 127.0.0.1:*port; where none
 * can be had, it runs as it is. ERR_NOT_FOUND says which package is missing.
 */
enum err peer_start(struct arena *a, const char *folder, unsigned short *port, bool *isolated,
                    pid_t *pid) ERR_MUST_USE;

#endif
