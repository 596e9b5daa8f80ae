/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emulated Windows host: everything that its state folder holds. A command opens it, changes it
 * in memory and saves it at points where Windows would have it durable. One command at a time may
 * change a host: a lock file sees to that.
 *
 * The device room is a witness: it uses base, wire, xml, the CSP table and fetch, and OpenSSL's own
 * CMS, but none of the code that the server is made of.
 */
#ifndef SIGNET_DEVICE_HOST_H
#define SIGNET_DEVICE_HOST_H

#include <jansson.h>

#include "device/builds.h"
#include "device/certstore.h"
#include "device/eventlog.h"
#include "device/fault.h"
#include "device/registry.h"
#include "device/tasks.h"

/* As in the captures; the version is the build's. */
#define HOST_MANUFACTURER "VMware, Inc."
#define HOST_MODEL        "VMware7,1"
#define HOST_LANGUAGE     "en-US"
#define HOST_OS_EDITION   "72"

/* DMClient's poll schedule: three sets of interval in minutes and number (windows-mdm.md, A.8). */
struct poll_set {
    int64_t minutes, number;
};
enum { POLL_SETS = 3 };

struct enrollment {
    const char *provider;   /* PROVIDER-ID of the w7 APPLICATION */
    const char *user;       /* who enrolled */
    const char *address;    /* ADDR */
    const char *thumbprint; /* of the device identity in LocalMachine\My or CurrentUser\My */
    bool user_store;
    bool poll_on_login;
    bool leaving; /* the server ended it, or the user: the next session says so */
    struct poll_set poll[POLL_SETS];
    int64_t backoff_ms, backoff_max_ms, connect_tries;
};

/* When the next session by schedule is due. */
struct schedule {
    int64_t since_ms, delay_ms;
    int64_t polls;    /* made since the enrollment */
    int64_t failures; /* sessions that failed in a row */
};

struct key_pool;

struct host {
    struct arena mem;
    const char *dir;
    int lock;
    const char *name, *device_id, *hw_id, *guid;
    const struct device_build *build; /* NULL: the first */
    struct enrollment *enrollment;    /* NULL before */
    struct schedule schedule;
    int64_t session;  /* number of the last DM session */
    const char *cv;   /* Ms-Cv's base */
    int64_t cv_count; /* messages sent */
    json_t *switches; /* those that were set */
    struct registry *registry;
    struct certstore certs;
    struct tasks tasks;
    struct eventlog events;
    /* of this command only */
    const char *trace;      /* folder, or NULL */
    const char *connect_to; /* see fetch.h */
    struct fault fault;
    int64_t time_scale;
    bool in_memory;                     /* host_save writes nothing */
    int64_t requests;                   /* that it sent, HTTP */
    const struct key_pool *shared_keys; /* of a fleet; NULL: each key is new */
};

enum host_access { HOST_READ, HOST_CHANGE };

/*
 * Makes a new host in `dir` (made when absent) with random ids; `name` NULL gives DESKTOP-XXXXXXX.
 * ERR_EXISTS when there is one, ERR_USAGE for a name that is no NetBIOS name.
 */
enum err host_create(const char *dir, const char *name) ERR_MUST_USE;

/*
 * The same without a folder: the host is in memory, and gone when it is closed, unless somebody
 * clears `in_memory` and makes the folder `dir` before host_save. ERR_USAGE for the name.
 */
enum err host_make(const char *dir, const char *name, struct host **out) ERR_MUST_USE;

/*
 * Makes the folder of a host that host_make made, and locks it until host_close. ERR_EXISTS when it
 * holds a host, ERR_BUSY when another command has had the lock for 5 s.
 */
enum err host_lock(struct host *h) ERR_MUST_USE __attribute__((nonnull));

/*
 * Opens the host of `dir`. HOST_CHANGE takes the lock and waits for it up to 5 s, then gives
 * ERR_BUSY; HOST_READ sees the last state that was saved. ERR_NOT_FOUND names the cure.
 */
enum err host_open(const char *dir, enum host_access access, struct host **out) ERR_MUST_USE;

/* Makes the state durable: each file is replaced in one step, tasks before what they are for. */
enum err host_save(struct host *h) ERR_MUST_USE __attribute__((nonnull));

/* NULL is allowed. Does not save. */
void host_close(struct host *h);

/* The build of Windows that the host plays. */
const struct device_build *host_build(const struct host *h) __attribute__((nonnull));

/* Value of the switch: as set, else the build's, else the default. The name must exist. */
const char *host_switch(const struct host *h, const char *name) __attribute__((nonnull));
bool host_switch_is(const struct host *h, const char *name, const char *value);

/* The switch tpm: keys can be kept in a TPM. */
bool host_has_tpm(const struct host *h) __attribute__((nonnull));

/* ERR_USAGE for an unknown switch or value. */
enum err host_set_switch(struct host *h, const char *name, const char *value) ERR_MUST_USE;

/*
 * Milliseconds since 1970 by the host's own clock: the machine's, and as far off as the switch
 * clock-offset says. Nothing in this room asks clock_ms but this and the event log, so that hosts
 * with different clocks work side by side in one process.
 */
int64_t host_clock_ms(const struct host *h) __attribute__((nonnull));

/* How far the clock is off the machine's, for this command. */
void host_set_clock(struct host *h, int64_t offset_ms) __attribute__((nonnull));

/*
 * The faults of this command, from now on, in the place of those before. With a clock that is off,
 * waits that run go on for as long as before, in this command and, after host_save, in the next
 * one.
 */
void host_set_fault(struct host *h, const struct fault *f) __attribute__((nonnull));

/* Whether the fault offline is on now. */
bool host_is_offline(const struct host *h) __attribute__((nonnull));

/* The absolute time at which a wait is over, with the time scale applied. */
int64_t host_due_ms(const struct host *h, int64_t since_ms, int64_t delay_ms);

/* What an Atomic takes back when a child fails. Free it by one of the two. */
struct host_snapshot;
struct host_snapshot *host_snapshot_take(const struct host *h) __attribute__((returns_nonnull));
void host_snapshot_restore(struct host *h, struct host_snapshot *s);
void host_snapshot_drop(struct host_snapshot *s);

/* `n` random bytes in upper-case hex. */
const char *host_random_hex(struct arena *a, size_t n) __attribute__((returns_nonnull));

/* "562A7F9A-6CD8-40B0-9E7E-0DBDD8..." */
const char *host_random_guid(struct arena *a) __attribute__((returns_nonnull));

#endif
