/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cmd/: the parts of `signet bench mdm`. */
#ifndef SIGNET_CMD_BENCH_MDM_H
#define SIGNET_CMD_BENCH_MDM_H

#include "cmd/bench.h"

/* ---- bench_tls.c: HTTP over TLS, many connections, one thread ---- */

struct bench_link;
struct evp_pkey_st;

/* An answer came, complete; the link may send its next request. Errors end the run. */
typedef enum err bench_answer(struct bench_link *l, int status, struct span body);

enum bench_link_state { LINK_CLOSED, LINK_HANDSHAKE, LINK_IDLE, LINK_SENDS, LINK_WAITS };

struct bench_link {
    struct bench_wire *wire;
    void *user;
    int fd;
    struct ssl_st *ssl;
    enum bench_link_state state;
    struct buf request, reply;
    size_t sent;
    double begun, seconds; /* of the handshake; then of the last exchange */
};

struct bench_wire {
    int epoll;
    struct ssl_ctx_st *ctx;
    unsigned short port;
    bench_answer *answer;
    struct bench_link *links;
    int64_t count, busy, done; /* links; those on whom something is under way; answers so far */
    int64_t next;              /* for whoever answers: the link whose turn comes next */
};

/* `count` links to 127.0.0.1:port, none of them connected. `answer` hears every answer. */
enum err bench_wire_open(struct bench_wire *w, unsigned short port, int64_t count,
                         bench_answer *answer) ERR_MUST_USE;

/*
 * Begins a handshake, from a loopback address of the link's own, so that no limit by address is
 * met; with the client certificate `cert` (DER) and its key, or without when it is
 * empty.
 */
enum err bench_wire_connect(struct bench_wire *w, int64_t i, struct span cert,
                            struct evp_pkey_st *key) ERR_MUST_USE;

/* Begins a POST on an idle link. */
enum err bench_wire_post(struct bench_link *l, const char *path, const char *type,
                         struct span body) ERR_MUST_USE;

/* Until nothing is under way. ERR_CONFLICT when nothing comes for half a minute, or a connection
 * ends while something is. */
enum err bench_wire_run(struct bench_wire *w) ERR_MUST_USE;

/* Links that are open still: reads what came meanwhile. */
int64_t bench_wire_alive(struct bench_wire *w);

void bench_wire_close(struct bench_wire *w);

/* ---- bench_mdm_host.c: the emulated hosts' messages ---- */

enum { BENCH_CODE = 32, BENCH_DEVICE_ID = 33, BENCH_THUMBPRINT = 41, BENCH_ENROLLMENT = 16 };

struct bench_mdm_host {
    char device_id[BENCH_DEVICE_ID];
    struct span cert;                 /* its identity, DER */
    char shows[BENCH_THUMBPRINT];     /* CertThumbprint that it answers with */
    char asked[BENCH_ENROLLMENT];     /* the enrollment that it is asked for */
    char delivered[BENCH_ENROLLMENT]; /* and the one whose profile it gets */
    int message;                      /* of the session, that it sent last */
    double begun, seconds;            /* its session, or its enrollment */
    const char *secret;               /* for enrolling: password or code */
    struct span csr;
};

/* Package 1: alerts 1201 and LoginStatus, DevInfo. */
void bench_write_package_1(const struct bench_mdm_host *h, struct buf *b);

/*
 * What a host answers to the server's message: a Status for each command, Results for each Get.
 * *commands gets their number; 0: the session is over. ERR_CONFLICT when the server does not take
 * the host for one of its own.
 */
enum err bench_write_answer(const struct bench_mdm_host *h, struct span reply, struct buf *b,
                            int *commands) ERR_MUST_USE;

#define BENCH_ACCOUNT  "bench@example.com"
#define BENCH_PASSWORD "correct horse battery staple"

void bench_write_discover(struct buf *b);
void bench_write_get_policies(const struct bench_mdm_host *h, struct buf *b);
void bench_write_rst(const struct bench_mdm_host *h, struct buf *b);

/* The CSR of an identity, as Windows makes it. */
enum err bench_identity_csr(struct arena *a, const char *device_id, const struct key *key,
                            struct span *der) ERR_MUST_USE;

/* ---- bench_mdm_fill.c: what is in the store ---- */

enum err bench_random_id(char out[BENCH_DEVICE_ID]) ERR_MUST_USE;

/*
 * Writes straight into the database of a server that does not run: `devices` enrolled hosts with a
 * confirmed enrollment each, which are only there, and the `count` of `hosts`, which will have
 * sessions: their identities, an enrollment whose outcome is asked for and one that waits for its
 * profile. And the account BENCH_ACCOUNT, with a code for any number of hosts.
 */
enum err bench_mdm_fill(const struct bench_host *server, struct arena *a, const struct key *key,
                        int64_t devices, struct bench_mdm_host *hosts, int64_t count,
                        char code[BENCH_CODE]) ERR_MUST_USE;

/* Whether the sessions did what they must: the one enrollment confirmed, the other accepted. */
enum err bench_mdm_verify(const struct bench_host *server, const struct bench_mdm_host *hosts,
                          int64_t count) ERR_MUST_USE;

/* ---- bench_mdm.c: the phases ---- */

struct bench_mdm_options {
    int64_t sessions, enrollments, devices, idle, connections;
};

/* What was done how often, in how much time, with how much CPU of the server's. */
struct mdm_phase {
    double seconds, cpu;
    int64_t count;
    double *times; /* of each */
    int64_t timed;
};

struct mdm_bench {
    const struct bench_mdm_options *options;
    struct arena arena;
    struct bench_host server;
    unsigned short public_port, management_port;
    struct key *key;
    struct evp_pkey_st *tls_key; /* the same */
    struct bench_mdm_host *hosts;
    char code[BENCH_CODE];
    struct mdm_phase handshakes, sessions, by_code, by_password;
    struct bench_bound rsa;
    struct bench_usage after_sessions, before_idle, with_idle;
    int64_t held; /* idle connections that the server kept */
    double sync_us;
};

/* A phase is begun and ended as often as one likes: its parts are added. */
enum err mdm_phase_begin(const struct mdm_bench *m, struct mdm_phase *p) ERR_MUST_USE;
enum err mdm_phase_end(const struct mdm_bench *m, struct mdm_phase *p, int64_t count) ERR_MUST_USE;
void mdm_phase_time(struct mdm_phase *p, double seconds);

/* Opens `count` links, as many at a time as there are hosts at once; `hosts` NULL: without
 * certificates. */
enum err bench_mdm_connect(const struct mdm_bench *m, struct bench_wire *w, int64_t count,
                           const struct bench_mdm_host *hosts, struct mdm_phase *p) ERR_MUST_USE;

enum err bench_mdm(const struct bench_mdm_options *o, bool json) ERR_MUST_USE;

/* ---- bench_mdm_enroll.c, bench_mdm_report.c ---- */

enum err bench_mdm_enroll(struct mdm_bench *m) ERR_MUST_USE;
void bench_mdm_report(struct mdm_bench *m, bool json);

#endif
