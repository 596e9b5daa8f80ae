/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many emulated hosts in one process. Each is a host of its own, with names, ids, keys, stores,
 * registry, tasks and clock, and does all that `signet device enroll` and `run` do; it only waits
 * in memory while it has nothing to do. A few threads work: each takes a host that is due, has it
 * do one thing (enroll, one session, one attempt of its SCEP task), and puts it back.
 *
 * A host is settled when it has a certificate and has told the server so; when all are, or have
 * failed for good, the fleet is over.
 */
#ifndef SIGNET_DEVICE_FLEET_H
#define SIGNET_DEVICE_FLEET_H

#include "device/host.h"

enum { FLEET_HOSTS_MAX = 10000, FLEET_THREADS_MAX = 256, FLEET_BUILDS_MAX = 8 };

/* How far a host has come. */
enum fleet_state {
    FLEET_WAITS,     /* it has not begun to enroll */
    FLEET_ENROLLED,  /* the server manages it; no SCEP profile has come */
    FLEET_PROFILE,   /* a profile has come, its SCEP task is at work */
    FLEET_CERTIFIED, /* the certificate is there, and the server has not been told */
    FLEET_SETTLED,
    FLEET_FAILED, /* its enrollment, its profile, or its SCEP task after the last attempt */
    FLEET_STATES
};

/* Where a host got into trouble; a session is tried again, the others end what the host can do. */
enum fleet_trouble_kind {
    TROUBLE_ENROLLMENT,
    TROUBLE_PROFILE, /* `joined` failed: the host is enrolled, and nobody gave it a profile */
    TROUBLE_SESSION,
    TROUBLE_CERTIFICATE
};

struct fleet_trouble {
    enum fleet_trouble_kind kind;
    uint32_t hresult; /* 0: there is none */
    char text[256];   /* of the first */
    int64_t count;
};

/* Distinct troubles that are told apart; what comes later counts as the last of them. */
enum { FLEET_TROUBLES = 16 };

struct fleet_settings { /* what it points to must live as long as the fleet */
    int64_t hosts;
    const char *prefix;            /* PREFIX-0001 ... */
    const char *dir;               /* where the hosts are kept (it exists); NULL: nowhere */
    const struct certstore *trust; /* goes into every LocalMachine\Root */
    const char *server;            /* URL for the enrollment */
    const char *user, *password;   /* of all; the password may be an enrollment code */
    bool sign_in;                  /* on the server's page */
    int64_t spread_ms;             /* the enrollments begin at random within this time */
    int64_t time_scale;
    unsigned threads;
    struct fault fault; /* strikes in each of the first `faulty` hosts */
    int64_t faulty;
    /* What new hosts are, by turns; none: the default. */
    const struct device_build *builds[FLEET_BUILDS_MAX];
    size_t build_count;
    int64_t shared_keys; /* so many for all identities and throw-away signers; 0: each its own */
    /* After each enrollment, in a worker's thread; after an error the host fails. NULL: nothing. */
    enum err (*joined)(void *user, const char *device_id);
    void *joined_user;
};

/* A host's progress, in ms of clock_monotonic_ms. */
struct fleet_member {
    struct host *host;
    enum fleet_state state;
    int64_t due_ms;
    int64_t began_ms;     /* to enroll; 0: it was enrolled before */
    int64_t certified_ms; /* it had its certificate; 0: it has none */
    bool busy;            /* a thread has it */
};

/* What is so at one moment. */
struct fleet_counts {
    int64_t states[FLEET_STATES];
    bool over; /* all are settled or failed */
};

struct fleet;

/*
 * Makes the hosts, or opens those that `dir` holds already; with `dir` each is locked, ERR_BUSY
 * when another command has one. ERR_USAGE for a prefix that makes no host names, or a number of
 * hosts, threads or shared keys that is out of bounds.
 */
enum err fleet_open(const struct fleet_settings *s, struct fleet **out) ERR_MUST_USE;

/* Starts the threads. */
void fleet_start(struct fleet *f);

/* Thread-safe. */
void fleet_count(struct fleet *f, struct fleet_counts *out);

/* Waits until each thread has ended what it does. */
void fleet_stop(struct fleet *f);

/*
 * Writes all hosts into `dir`, when there is one. One that cannot be written does not keep the
 * others from it: then the error is the first one's, and says how many they are. After fleet_stop.
 */
enum err fleet_save(struct fleet *f) ERR_MUST_USE;

/* After fleet_stop: the hosts, and the troubles that they had. */
const struct fleet_member *fleet_members(const struct fleet *f);
const struct fleet_trouble *fleet_troubles(const struct fleet *f, size_t *count);

/* After fleet_stop. NULL is allowed. */
void fleet_close(struct fleet *f);

#endif
