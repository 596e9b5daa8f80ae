/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bound: a PKIOperation needs three private operations (open the envelope, sign the
 * certificate, sign the CertRep), whatever the server is like. It is measured beside the run, as a
 * machine drifts by a third within an hour (costs-and-traps.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cmd/bench.h"
#include "crypto/rsa.h"

enum { PRIVATE_OPERATIONS = 3, RSA_BYTES = 256, SYNCS = 100, PAGE = 4096, MAX_CPUINFO = 1 << 22 };

struct worker {
    pthread_t thread;
    const struct key *key;
    double end, times, cpu;
    enum err e;
};

static double thread_cpu(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *work(void *user) {
    struct worker *w = user;
    uint8_t number[RSA_BYTES] = {0, 2, 3, 5, 7}; /* below every modulus */
    double cpu = thread_cpu();
    while (w->e == OK && bench_seconds() < w->end) {
        ARENA_AUTO(a);
        struct span out;
        for (int i = 0; i < PRIVATE_OPERATIONS && w->e == OK; i++)
            w->e = key_decrypt_raw(w->key, span_of(number, sizeof number), &a, &out);
        w->times++;
    }
    w->cpu = thread_cpu() - cpu;
    return NULL;
}

static enum err run(struct worker *workers, unsigned threads, struct bench_bound *add) {
    unsigned started = 0;
    double begin = bench_seconds();
    enum err e = OK;
    while (started < threads && e == OK)
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
            started++;
        else
            e = err_set(ERR_INTERNAL, "cannot start a thread");
    for (unsigned i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        add->times += workers[i].times;
        add->cpu += workers[i].cpu;
        if (workers[i].e != OK)
            e = err_set(workers[i].e, "measuring RSA failed");
    }
    add->seconds += bench_seconds() - begin;
    return e;
}

enum err bench_measure_rsa(const struct key *key, unsigned threads, double seconds,
                           struct bench_bound *add) {
    struct worker *workers = mem_alloc(threads * sizeof *workers);
    for (unsigned i = 0; i < threads; i++)
        workers[i] = (struct worker){.key = key, .end = bench_seconds() + seconds};
    enum err e = run(workers, threads, add);
    free(workers);
    return e;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum err bench_measure_sync(const char *folder, double *us) {
    ARENA_AUTO(a);
    static const uint8_t page[PAGE];
    double took[SYNCS];
    char *path = arena_printf(&a, "%s/bench.sync", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (int i = 0; i < SYNCS && good; i++) {
        good = write(fd, page, sizeof page) == PAGE;
        double begin = bench_seconds();
        good = good && fdatasync(fd) == 0;
        took[i] = bench_seconds() - begin;
    }
    int cause = errno;
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    if (!good)
        return err_set(ERR_IO, "cannot write '%s': %s", path, strerror(cause));
    qsort(took, SYNCS, sizeof *took, compare);
    *us = took[SYNCS / 2] * 1e6;
    return OK;
}

/* The value of the first line of that name in /proc/cpuinfo; "" when there is none. */
static const char *cpuinfo(struct arena *a, const char *name) {
    BUF_AUTO(text);
    if (file_read("/proc/cpuinfo", MAX_CPUINFO, &text) != OK)
        return "";
    const char *line = strstr(buf_cstr(&text), name), *value = line ? strchr(line, ':') : NULL;
    return value ? arena_str(a, span_trim(span_of(value + 1, strcspn(value + 1, "\n")))) : "";
}

const char *bench_cpu_model(struct arena *a) {
    const char *model = cpuinfo(a, "model name");
    return *model ? model : "unknown";
}

bool bench_cpu_has(const char *flag) {
    ARENA_AUTO(a);
    struct span flags = span_str(cpuinfo(&a, "flags")), word;
    for (; flags.n; flags = span_from(flags, word.n + 1)) {
        ptrdiff_t blank = span_find(flags, ' ');
        word = blank < 0 ? flags : span_of(flags.p, (size_t)blank);
        if (span_is(word, flag))
            return true;
    }
    return false;
}
