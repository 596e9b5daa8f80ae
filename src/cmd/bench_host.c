/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cmd/bench.h"
#include "cmd/demo.h"
#include "enroll/challenges.h"
#include "server/config.h"

enum { WAIT_TRIES = 600, BATCH = 500, MAX_PROC = 65536 };

#define SELF "/proc/self/exe"

/* ---- the port ---- */

static bool answers(unsigned short port) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

/* A stranger on the port, or a server of the folder, would be measured in ours' stead. */
static enum err expect_silence(unsigned short port) {
    return answers(port) ? err_set(ERR_CONFLICT, "something listens on 127.0.0.1:%u already", port)
                         : OK;
}

/* ---- the folder ---- */

static char *temporary(struct arena *a, const char *name) {
    const char *folder = getenv("TMPDIR");
    return arena_printf(a, "%s/%s.XXXXXX", folder && *folder ? folder : "/tmp", name);
}

static enum err init(struct bench_host *h) {
    unsigned short public;
    char *log = temporary(&h->arena, "signet-bench-init"); /* init wants its folder empty */
    int fd = mkstemp(log);
    if (fd < 0)
        return err_set(ERR_IO, "cannot make '%s': %s", log, strerror(errno));
    close(fd);
    enum err e = process_init(SELF, h->folder, "127.0.0.1", log, &public);
    unlink(log);
    return e;
}

static enum err make_folder(struct bench_host *h, const char *keep) {
    struct arena *a = &h->arena;
    if (!keep) {
        char *folder = temporary(a, "signet-bench");
        if (!mkdtemp(folder))
            return err_set(ERR_IO, "cannot make '%s': %s", folder, strerror(errno));
        keep = folder;
    }
    h->folder = keep;
    h->log = arena_printf(a, "%s/bench.log", keep);
    return access(arena_printf(a, "%s/signet.conf", keep), F_OK) == 0 ? OK : init(h);
}

static enum err copy_cert(struct bench_host *h, struct span der, struct cert *out) {
    return cert_parse(arena_copy(&h->arena, der), out);
}

/* The RA opens, or the half of it that does, or the CA itself: the signer does, unless it is split.
 */
static enum err read_endpoint(struct bench_host *h, const struct endpoint *e) {
    bool split = e->policy->ca_certs == CA_CERTS_SPLIT_RA;
    h->path = arena_str(&h->arena, span_str(e->settings->paths[0]));
    TRY(copy_cert(h, e->ca->issuer.cert, &h->ca));
    TRY(copy_cert(h, e->signer.cert, &h->signer));
    return copy_cert(h, split ? e->ca->ra_enc.cert : e->signer.cert, &h->opener);
}

/* What the folder of a server that does not run holds. */
struct closed {
    struct config config;
    struct authority *authority;
    struct pki_holder *holder;
    const struct pki *pki;
};

static enum err open_closed(const char *folder, struct closed *c) {
    TRY(config_load(folder, &c->config));
    TRY(authority_load(folder, &c->authority));
    TRY(pki_open(&c->config.pki, &c->holder));
    c->pki = pki_acquire(c->holder);
    return OK;
}

static void close_closed(struct closed *c) {
    if (c->pki)
        pki_release(c->pki);
    if (c->holder)
        pki_close(c->holder);
    authority_free(c->authority);
    config_free(&c->config);
}

enum err bench_host_prepare(struct bench_host *h, const struct bench_options *o) {
    struct closed c = {.authority = NULL};
    TRY(make_folder(h, o->keep));
    enum err e = open_closed(h->folder, &c);
    h->port = c.config.listen_plain.port;
    if (e == OK && !h->port)
        e = err_set(ERR_CONFIG, "'%s' has no plain listener, which the load goes to", h->folder);
    if (e == OK)
        e = expect_silence(h->port);
    if (e == OK)
        e = read_endpoint(h, &c.pki->endpoints[0]);
    close_closed(&c);
    return e;
}

/* ---- challenges ---- */

struct minting {
    const struct closed *closed;
    struct arena *a;
    const char *const *subjects;
    const char **challenges;
    int64_t count;
};

static enum err mint(struct tx *tx, void *user) {
    struct minting *m = user;
    char text[NDES_CHALLENGE_SIZE];
    struct challenge kept;
    for (int64_t i = 0; i < m->count; i++) {
        struct challenge_order order = {
            .kind = CHALLENGE_ONE_TIME, .subject = m->subjects[i], .lifetime = DAY_MS};
        TRY(challenge_order(tx, m->closed->authority, &m->closed->pki->endpoints[0], &order, &kept,
                            text));
        m->challenges[i] = arena_str(m->a, span_str(text));
    }
    return OK;
}

static enum err mint_all(struct store *store, struct minting m, int64_t count) {
    for (int64_t i = 0; i < count; i += BATCH) {
        struct minting batch = m;
        batch.subjects += i;
        batch.challenges += i;
        batch.count = count - i < BATCH ? count - i : BATCH;
        TRY(store_write(store, mint, &batch));
        bench_progress("challenges", i + batch.count, count);
    }
    return OK;
}

enum err bench_host_mint(struct bench_host *h, struct arena *a, const char *const *subjects,
                         int64_t count, const char **challenges) {
    struct closed c = {.authority = NULL};
    struct store *store = NULL;
    enum err e = open_closed(h->folder, &c);
    if (e == OK)
        e = store_open(arena_printf(&h->arena, "%s/signet.db", h->folder), &store);
    if (e == OK)
        e = mint_all(store, (struct minting){&c, a, subjects, challenges, 0}, count);
    store_close(store);
    close_closed(&c);
    return e;
}

/* ---- the process ---- */

enum err bench_host_start(struct bench_host *h) {
    const char *argv[] = {SELF, "serve", "-d", h->folder, NULL};
    const struct timespec moment = {.tv_nsec = 50000000};
    TRY(expect_silence(h->port));
    TRY(process_start(argv, h->log, &h->pid));
    for (int i = 0; i < WAIT_TRIES; i++) {
        if (waitpid(h->pid, NULL, WNOHANG) != 0) {
            h->pid = 0;
            break;
        }
        if (answers(h->port))
            return OK;
        nanosleep(&moment, NULL);
    }
    return err_set(ERR_CONFLICT, "the server does not start; with --keep, its log is in %s",
                   h->log);
}

void bench_host_stop(struct bench_host *h) {
    process_stop(h->pid);
    h->pid = 0;
}

/* Of all its threads, also those that have ended; to the ns, where /proc counts in 10 ms. */
static enum err read_cpu(pid_t pid, double *ms) {
    clockid_t clock;
    struct timespec t;
    int cause = clock_getcpuclockid(pid, &clock);
    if (cause == 0 && clock_gettime(clock, &t) != 0)
        cause = errno;
    if (cause != 0)
        return err_set(ERR_IO, "cannot read the server's CPU time: %s", strerror(cause));
    *ms = (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
    return OK;
}

static double megabytes(const char *status, const char *name) {
    const char *at = strstr(status, name);
    return at ? (double)strtoul(at + strlen(name), NULL, 10) / 1024 : 0;
}

enum err bench_host_usage(const struct bench_host *h, struct bench_usage *out) {
    ARENA_AUTO(a);
    BUF_AUTO(status);
    TRY(file_read(arena_printf(&a, "/proc/%d/status", (int)h->pid), MAX_PROC, &status));
    out->rss_mb = megabytes(buf_cstr(&status), "VmRSS:");
    out->peak_mb = megabytes(buf_cstr(&status), "VmHWM:");
    return read_cpu(h->pid, &out->cpu_ms);
}
