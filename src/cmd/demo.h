/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cmd/: the parts of `signet demo`. */
#ifndef SIGNET_CMD_DEMO_H
#define SIGNET_CMD_DEMO_H

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * The profile of the day on which somebody tried and could not: RSA-1024, SHA-1, four EKUs,
 * KeyUsage 160, a ServerURL behind a tunnel and the challenge "secret". signet was made for it.
 */
extern const char demo_seed_profile[];

/* ---- a story: hosts that get a profile each, and how their enrollments must end ---- */

enum { DEMO_MAX_HOSTS = 5, DEMO_MAX_PEERS = 2 };

struct demo;

struct demo_host {
    const char *name, *profile, *title;
    const char *state, *error; /* how it ends; error NULL: without one */
    const char *told;          /* what its timeline must say; or NULL */
    const char *set;           /* a switch of the host, NAME=VALUE; or NULL */
};

struct demo_story {
    const struct demo_host *hosts;
    size_t count;
    enum err (*peers)(struct demo *d);    /* other servers, before ours */
    enum err (*profiles)(struct demo *d); /* and what is asked of ours */
    const char *lesson, *answers;         /* the last words: what was seen, what it means */
};

extern const struct demo_story demo_seed_story, demo_gateway_story;

/* A micromdm/scep, the SCEP server of the seed. */
struct demo_peer {
    const char *folder, *challenge; /* its depot; NULL: whoever asks gets a certificate */
    unsigned short port;            /* at 127.0.0.1 */
    bool isolated;                  /* in a network namespace of its own */
    pid_t pid;
};

struct demo {
    const struct demo_story *story;
    struct arena *a;
    const char *folder, *data, *self;
    const char *url; /* where hosts enroll */
    FILE *words;     /* where the story is told */
    pid_t server;
    struct demo_peer peers[DEMO_MAX_PEERS];
    const char *ids[DEMO_MAX_HOSTS];
    json_t *enrollments[DEMO_MAX_HOSTS];
    const char *foretold; /* by signet gateway check, before the hosts ran; or NULL */
};

/* A path in the demo's folder. */
const char *demo_path(const struct demo *d, const char *file) __attribute__((returns_nonnull));

/* Runs a subcommand to its end; its output goes into the demo's folder. */
enum err demo_run(const struct demo *d, const char *const *argv) ERR_MUST_USE;

/* ---- demo_server.c: our server and its profiles ---- */

enum err demo_start_server(struct demo *d) ERR_MUST_USE;

/* The seed's profile as `profile adopt` gives it. */
enum err demo_adopt(const struct demo *d, struct buf *adopted) ERR_MUST_USE;

/* The text with the first `what` in it replaced, in `out`. */
enum err demo_replace(struct buf *out, const char *text, const char *what,
                      const char *with) ERR_MUST_USE;

/* Of the endpoint "default", or an upstream. */
enum err demo_add_profile(const struct demo *d, const char *name, const char *endpoint,
                          struct span text) ERR_MUST_USE;

/* ---- demo_hosts.c: the emulated hosts ---- */

/* Each enrolls and is given its profile. */
enum err demo_enroll_hosts(struct demo *d) ERR_MUST_USE;

/* All at once: each runs until its SCEP task is done and told. */
enum err demo_run_hosts(struct demo *d) ERR_MUST_USE;

/* ---- demo_outcome.c ---- */

enum err demo_fetch_outcomes(struct demo *d) ERR_MUST_USE;

/* Shows what came of each, in words or as JSON. False when one did not end as it must. */
bool demo_report(struct demo *d, bool json, double seconds);

/* ---- demo_process.c: this program's own subcommands, and other programs, as processes ---- */

/*
 * Starts argv (NULL-ended); output is appended to the file `log`. The process dies with this one.
 * ERR_IO.
 */
enum err process_start(const char *const *argv, const char *log, pid_t *pid) ERR_MUST_USE;

/* Waits for its end. ERR_CONFLICT names the command and its exit status, and shows the log's end.
 */
enum err process_wait(pid_t pid, const char *name, const char *log) ERR_MUST_USE;

/* As that, but any exit status of its own is fine: *status gets it. */
enum err process_end(pid_t pid, const char *name, int *status) ERR_MUST_USE;

/* process_start and process_wait. */
enum err process_run(const char *const *argv, const char *log) ERR_MUST_USE;

/* SIGTERM, and SIGKILL when that does not help within two seconds; pid 0 does nothing. */
void process_stop(pid_t pid);

/*
 * signet init of `folder`, for a server that hosts reach as `host` on three ports of 127.0.0.1 that
 * are free now; *public gets that of the public listener. `self` is this program. ERR_CONFLICT as
 * process_wait says, ERR_IO without ports.
 */
enum err process_init(const char *self, const char *folder, const char *host, const char *log,
                      unsigned short *public) ERR_MUST_USE;

/* Removes a folder and all in it. */
void process_remove_folder(const char *path);

/* ---- demo_peer.c ---- */

/*
 * Runs Debian's scepserver with a throw-away CA in peer->folder. It listens on every address, so it
 * gets a network namespace of its own, whose only door is a relay at 127.0.0.1:port; where none can
 * be had, it runs as it is, on a port of which there is one for each `number`. ERR_NOT_FOUND says
 * which package is missing.
 */
enum err peer_start(struct arena *a, struct demo_peer *peer, unsigned number) ERR_MUST_USE;

/* For the story: where it runs. */
const char *peer_place(const struct demo_peer *peer) __attribute__((returns_nonnull));

#endif
