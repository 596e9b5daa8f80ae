/* SPDX-License-Identifier: Apache-2.0 */
#include "record/recorder.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "record/folder.h"

struct job {
    struct arena arena;
    struct record_exchange exchange;
    const char *kind;
    int64_t ms; /* since the start */
    size_t bytes;
    struct job *next;
};

struct recorder {
    char *path; /* of the folder: for the log only */
    record_opener *opener;
    void *user;
    int64_t since;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ready;
    struct job *first, **last; /* under the lock, as the next five */
    size_t waiting;            /* bytes */
    unsigned dropped;
    bool stopping;
    int64_t deadline; /* once it is stopping: of what is still written; monotonic ms */
    bool full;        /* of disk or limit: nothing is written any more */
    /* of the thread */
    struct pseudonyms names;
    struct folder folder;
};

static const char about[] =
    "signet recording 1\n"
    "\n"
    "What Windows hosts and this signet said to each other: NNNNN-KIND.txt is a request and its\n"
    "answer, in the order in which they were answered. \"+1.204 s\" is the time since the start.\n"
    "\n"
    "Shown are words of the protocols and short numbers. Every other value is replaced by its form\n"
    "in <angle brackets>, with its length: passwords, Cred, tokens, secrets of APPAUTH, PFX blobs and\n"
    "their passwords, challenges, cookies, keys, names, addresses, certificates' contents. Hosts and\n"
    "users have names of this recording (device-1, user-1). Of a SCEP request the decrypted CSR is\n"
    "shown in the same way: its signature cannot be checked any more.\n"
    "\n"
    "What remains tells models, versions and the profile of a host. Look it through before you give\n"
    "it to somebody.\n";

/* ---- the thread ---- */

static void give_up(struct recorder *r, const char *why) {
    pthread_mutex_lock(&r->lock);
    r->full = true;
    r->dropped++;
    pthread_mutex_unlock(&r->lock);
    log_write(LOG_ERROR, "record", "status=ended folder=%s reason=%s", log_q(span_str(r->path)),
              log_q(span_str(why)));
}

static void write_job(struct recorder *r, struct job *j) {
    BUF_AUTO(text);
    const struct tree t = {.out = &text, .a = &j->arena, .names = &r->names};
    buf_printf(&text, "signet recording 1: %s, +%lld.%03d s\n", j->kind, (long long)(j->ms / 1000),
               (int)(j->ms % 1000));
    exchange_write(&t, &j->exchange, r->opener, r->user);
    if (folder_add(&r->folder, j->kind, buf_view(&text)) != OK)
        give_up(r, err_detail());
}

static void free_job(struct job *j) {
    struct arena arena = j->arena; /* the job itself is in it */
    arena_free(&arena);
}

/* `full`: it is only to be freed. */
static struct job *next_job(struct recorder *r, bool *full) {
    pthread_mutex_lock(&r->lock);
    while (!r->first && !r->stopping)
        pthread_cond_wait(&r->ready, &r->lock);
    struct job *j = r->first;
    if (j) {
        r->first = j->next;
        r->waiting -= j->bytes;
    }
    if (!r->first)
        r->last = &r->first;
    *full = r->full || (r->stopping && clock_monotonic_ms() >= r->deadline);
    r->dropped += j && *full;
    pthread_mutex_unlock(&r->lock);
    return j;
}

static void *run(void *recorder) {
    struct recorder *r = recorder;
    struct job *j;
    bool full;
    while ((j = next_job(r, &full))) {
        if (!full)
            write_job(r, j);
        free_job(j);
    }
    return NULL;
}

static struct recorder *make(const char *path, const struct folder *folder, record_opener *opener,
                             void *user) {
    struct recorder *r = mem_alloc(sizeof *r);
    r->path = mem_strdup(path);
    r->folder = *folder;
    r->opener = opener;
    r->user = user;
    r->since = clock_monotonic_ms();
    r->last = &r->first;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->ready, NULL);
    return r;
}

static void dispose(struct recorder *r) {
    folder_close(&r->folder);
    pseudonyms_free(&r->names);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->ready);
    free(r->path);
    free(r);
}

enum err recorder_start(const char *path, record_opener *opener, void *user,
                        struct recorder **out) {
    struct folder folder;
    *out = NULL;
    TRY(folder_open(path, &folder));
    struct recorder *r = make(path, &folder, opener, user);
    enum err e = folder_begin(&r->folder, span_str(about));
    if (e != OK)
        e = err_context(e, "cannot write into the folder '%s'", path);
    else if (pthread_create(&r->thread, NULL, run, r) != 0)
        e = err_set(ERR_INTERNAL, "no thread for the recording");
    if (e != OK) {
        dispose(r);
        return e;
    }
    log_write(LOG_WARN, "record",
              "status=recording folder=%s note=\"what hosts and server say is written there, "
              "blanked; look it through before you give it to somebody\"",
              log_q(span_str(path)));
    *out = r;
    return OK;
}

/* ---- the queue ---- */

static size_t size_of(const struct record_exchange *x) {
    size_t n = sizeof(struct job) + x->body.n + x->answer.n + strlen(x->path) + strlen(x->query);
    for (size_t i = 0; i < x->header_count; i++)
        n += strlen(x->headers[i].name) + strlen(x->headers[i].value);
    return n;
}

static const char *copy(struct arena *a, const char *s) {
    return s ? arena_str(a, span_str(s)) : NULL;
}

static struct job *copy_job(const struct record_exchange *x) {
    struct arena a = {0};
    struct job *j = arena_alloc(&a, sizeof *j);
    struct record_header *headers = arena_alloc(&a, (x->header_count + 1) * sizeof *headers);
    j->exchange = *x;
    j->exchange.listener = copy(&a, x->listener);
    j->exchange.method = copy(&a, x->method);
    j->exchange.path = copy(&a, x->path);
    j->exchange.query = copy(&a, x->query);
    j->exchange.peer = copy(&a, x->peer);
    j->exchange.answer_type = copy(&a, x->answer_type);
    j->exchange.body = arena_copy(&a, x->body);
    j->exchange.answer = arena_copy(&a, x->answer);
    for (size_t i = 0; i < x->header_count; i++)
        headers[i] =
            (struct record_header){copy(&a, x->headers[i].name), copy(&a, x->headers[i].value)};
    j->exchange.headers = headers;
    j->arena = a;
    return j;
}

/* Takes the room before anything is copied; false: there is none. */
static bool reserve(struct recorder *r, size_t bytes) {
    pthread_mutex_lock(&r->lock);
    bool room = !r->full && r->waiting + bytes <= RECORDER_QUEUE_BYTES;
    if (room)
        r->waiting += bytes;
    else
        r->dropped++;
    pthread_mutex_unlock(&r->lock);
    return room;
}

void recorder_take(struct recorder *r, const struct record_exchange *x) {
    const char *kind = exchange_kind(x);
    size_t bytes = size_of(x);
    if (!kind || !reserve(r, bytes))
        return;
    struct job *j = copy_job(x);
    j->kind = kind;
    j->bytes = bytes;
    j->ms = clock_monotonic_ms() - r->since;
    pthread_mutex_lock(&r->lock);
    *r->last = j;
    r->last = &j->next;
    pthread_cond_signal(&r->ready);
    pthread_mutex_unlock(&r->lock);
}

static void say_end(const struct recorder *r) {
    BUF_AUTO(text);
    buf_printf(&text, "\nThe end: %u exchanges were written, %u left out%s.\n", r->folder.files,
               r->dropped,
               r->full      ? " (the disk or the recording was full)"
               : r->dropped ? " (they came faster than they could be written)"
                            : "");
    if (folder_end(&r->folder, buf_view(&text)) != OK && !r->full)
        log_write(LOG_WARN, "record", "end=unwritten reason=%s", log_q(span_str(err_detail())));
    log_write(r->dropped ? LOG_WARN : LOG_INFO, "record",
              "status=done folder=%s written=%u left_out=%u", log_q(span_str(r->path)),
              r->folder.files, r->dropped);
}

void recorder_stop(struct recorder *r) {
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    r->deadline = clock_monotonic_ms() + RECORDER_DRAIN_MS;
    pthread_cond_signal(&r->ready);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    say_end(r);
    dispose(r);
}
