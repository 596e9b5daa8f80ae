/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cmd/: the parts of `signet bench`. */
#ifndef SIGNET_CMD_BENCH_H
#define SIGNET_CMD_BENCH_H

#include <jansson.h>
#include <sys/types.h>

#include "cms/enveloped.h"
#include "cms/signed.h"
#include "scep/message.h"
#include "x509/cert.h"

enum { BENCH_CSR_KEYS = 48, BENCH_SIGNERS = 16, BENCH_NONCE = 16, BENCH_TRANSACTION = 41 };

struct bench_options {
    int64_t requests, connections, fill;
    enum key_transport transport;
    const char *keep; /* the folder; NULL: a temporary one */
};

/* "N things done" on standard error, now and then. */
void bench_progress(const char *what, int64_t done, int64_t all);

/* Seconds of a clock that never jumps: base/clock's ms are too coarse for latencies. */
double bench_seconds(void);

/* ---- bench_host.c: the data folder, and the server's process ---- */

struct bench_host {
    struct arena arena;
    const char *folder, *log;
    unsigned short port;            /* of the plain listener */
    const char *path;               /* of the endpoint "default" */
    struct cert ca, opener, signer; /* certificates: issuing CA, for whom to encrypt, of CertReps */
    pid_t pid;
};

/* Makes the folder by `signet init` (one that is kept is used as it is) and reads it. ERR_IO .. */
enum err bench_host_prepare(struct bench_host *h, const struct bench_options *o) ERR_MUST_USE;

/*
 * Mints a challenge bound to each of `count` subjects, straight into the database: by what
 * `signet challenge new` does, without its one call a challenge. The texts live in `a`.
 */
enum err bench_host_mint(struct bench_host *h, struct arena *a, const char *const *subjects,
                         int64_t count, const char **challenges) ERR_MUST_USE;

enum err bench_host_start(struct bench_host *h) ERR_MUST_USE;
void bench_host_stop(struct bench_host *h);

/* CPU ms of the server's process so far, user and system; its memory in MB, now and at most. */
struct bench_usage {
    double cpu_ms, rss_mb, peak_mb;
};
enum err bench_host_usage(const struct bench_host *h, struct bench_usage *out) ERR_MUST_USE;

/* ---- bench_fill.c: certificates of earlier years ---- */

/*
 * Adds rows, as an issuance writes them, until the database holds `count` certificates or more;
 * *there tells how many it holds.
 */
enum err bench_fill(const struct bench_host *h, int64_t count, int64_t *there) ERR_MUST_USE;

/* ---- bench_prepare.c: the clients ---- */

struct bench_signer { /* a throw-away certificate, as Windows makes one for each request */
    struct key *key;
    struct cert cert;
};

struct bench_clients {
    struct arena arena;
    int key_count, signer_count; /* fewer for a short run: making a key takes long */
    struct key *keys[BENCH_CSR_KEYS];
    struct bench_signer signers[BENCH_SIGNERS];
};

struct bench_request {
    const char *subject, *challenge;
    const struct key *key; /* of the CSR */
    const struct bench_signer *signer;
    char transaction[BENCH_TRANSACTION];
    uint8_t nonce[BENCH_NONCE];
    struct span message; /* the pkiMessage */
    struct span bytes;   /* the HTTP request */
    bool plain;          /* its answer is no CertRep: 200 is all that it must be */
    struct span reply;   /* the body of the answer, for those of the sample */
    double seconds;      /* that it took */
};

/* A POST of the message, and a GET of another operation, as Windows sends them to this path. */
struct span bench_post(struct arena *a, const struct bench_host *h, const char *path,
                       struct span message);
struct span bench_get(struct arena *a, const struct bench_host *h, const char *path,
                      const char *operation);

enum err bench_clients_make(struct bench_clients *c, int64_t requests) ERR_MUST_USE;
void bench_clients_free(struct bench_clients *c);

/* Fills in all but subject, challenge and what comes of the run; `arenas` get the bytes. */
enum err bench_prepare(const struct bench_host *h, const struct bench_clients *c,
                       enum key_transport transport, struct bench_request *requests, int64_t count,
                       struct arena *arenas, unsigned threads) ERR_MUST_USE;

/* ---- bench_load.c: the load ---- */

/* Whether a request is of the sample, whose replies are opened after the run: 1 %, and the first.
 */
static inline bool bench_is_sample(int64_t i) {
    return i % 100 == 0;
}

/*
 * Sends each request from `from` up to `to` once over so many keep-alive connections, and looks at
 * every reply: 200, pkiStatus SUCCESS, its transaction and nonce. ERR_CONFLICT tells the first that
 * is not so.
 */
enum err bench_load(const struct bench_host *h, int64_t connections, struct bench_request *requests,
                    int64_t from, int64_t to, struct arena *a, double *seconds) ERR_MUST_USE;

/* ---- bench_check.c: what came ---- */

/* Signature, envelope, certificate of a reply of the sample. ERR_CONFLICT. */
enum err bench_check(const struct bench_host *h, const struct bench_request *request) ERR_MUST_USE;

/* ---- bench_machine.c: what the machine can do ---- */

/* What three private operations of RSA-2048 cost. Zero-initialise; each measuring adds to it. */
struct bench_bound {
    double times, seconds, cpu; /* how often; in how many seconds; with how much CPU, in seconds */
};

/* Measures for so long with an RSA-2048 key, in so many threads at once. */
enum err bench_measure_rsa(const struct key *key, unsigned threads, double seconds,
                           struct bench_bound *add) ERR_MUST_USE;

/* Median of an fdatasync after 4 KiB, in the folder, in microseconds. */
enum err bench_measure_sync(const char *folder, double *us) ERR_MUST_USE;

const char *bench_cpu_model(struct arena *a);
bool bench_cpu_has(const char *flag);

/* ---- bench.c: a server and the requests for it ---- */

struct bench {
    struct bench_options options;
    struct bench_host host;
    struct bench_clients clients;
    struct bench_request *requests;
    struct arena arena;   /* subjects, challenges, the sample */
    struct arena *slices; /* the requests' bytes, one for each thread */
    unsigned cores;
    int64_t there; /* certificates in the database before */
};

/* The server's folder and the requests, all of them ready to be sent; it does not run yet. */
enum err bench_set_up(struct bench *b) ERR_MUST_USE;

/* Sorts them by time first. `part` of them took at most so many ms. */
double bench_percentile_ms(struct bench_request *requests, int64_t n, double part);

/* ---- bench_scep.c, bench_gateway.c: what is measured; both print it ---- */

enum err bench_scep(struct bench *b, bool json) ERR_MUST_USE;
enum err bench_gateway(struct bench *b, bool json) ERR_MUST_USE;

/* ---- bench_relay.c: signet before that server ---- */

#define BENCH_UPSTREAM "bench"

/*
 * Makes the folder of a gateway (zero-initialise `gateway`) that relays to the server `upstream`,
 * which runs, with `count` enrollments that wait for their certificates: the tokens of their
 * addresses, in `a`. It does not run yet.
 */
enum err bench_relay_prepare(struct bench_host *gateway, const struct bench_host *upstream,
                             struct arena *a, const char **tokens, int64_t count) ERR_MUST_USE;

#endif
