/* SPDX-License-Identifier: Apache-2.0 */
/* The store's committer: batches, snapshots, threads. */
#include "store_fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { ID_SIZE = 16 };

/* ---- one write and one read ---- */

static enum err write_and_fail(struct tx *tx, void *name) {
    TRY(add_account(tx, name));
    return err_set(ERR_REFUSED, "the reason of %s", (const char *)name);
}

static enum err count_accounts(struct tx *tx, void *count) {
    ARENA_AUTO(a);
    struct account *list;
    TRY(account_list(tx, &a, &list));
    for (*(int *)count = 0; list; list = list->next)
        ++*(int *)count;
    return OK;
}

static int accounts(void) {
    int n = -1;
    assert_ok(store_read(store, count_accounts, &n));
    return n;
}

static void failed_work_writes_nothing(void **state) {
    (void)state;
    assert_int_equal(write_name(write_and_fail, "bob"), ERR_REFUSED);
    assert_string_equal(err_detail(), "the reason of bob");
    assert_int_equal(accounts(), 0);
    assert_ok(write_name(add_account, "bob"));
    assert_int_equal(write_name(add_account, "bob"), ERR_EXISTS);
    assert_non_null(strstr(err_detail(), "'bob'"));
    assert_int_equal(accounts(), 1);
}

static void reading_cannot_write(void **state) {
    (void)state;
    char name[] = "eve";
    assert_int_equal(store_read(store, add_account, name), ERR_STORE);
    assert_int_equal(accounts(), 0);
    assert_ok(write_name(add_account, "eve")); /* nothing is left locked */
    assert_int_equal(accounts(), 1);
}

/* ---- batches ---- */

enum { JOBS = 24 };

struct gate {
    atomic_int waiting; /* jobs whose threads are about to queue them */
    atomic_int commits;
    char keeper[ID_SIZE + 4];
};

static int count_commit(void *user) {
    atomic_fetch_add((atomic_int *)user, 1);
    return 0;
}

/* Keeps the committer busy until every other job has had time to queue. */
static enum err hold_the_gate(struct tx *tx, void *user) {
    struct gate *g = user;
    sqlite3_commit_hook(tx->db, count_commit, &g->commits);
    while (atomic_load(&g->waiting) < JOBS)
        usleep(1000);
    usleep(100000);
    return add_account(tx, g->keeper);
}

struct ticket {
    pthread_t thread;
    struct gate *gate;
    int number;
    enum err result;
    char detail[64];
};

/* Of three jobs one fails by itself, one by a constraint, each after it has written; one is good.
 */
static enum err one_of_many(struct tx *tx, void *user) {
    const struct ticket *t = user;
    char name[ID_SIZE], more[ID_SIZE];
    snprintf(name, sizeof name, "%s%d", t->number % 3 ? "bad" : "good", t->number);
    snprintf(more, sizeof more, "more%d", t->number);
    TRY(add_account(tx, name));
    if (t->number % 3 == 1)
        return err_set(ERR_REFUSED, "job %d", t->number);
    if (t->number % 3 == 2)
        return add_account(tx, name);
    return add_account(tx, more);
}

static void *queue_one(void *user) {
    struct ticket *t = user;
    atomic_fetch_add(&t->gate->waiting, 1);
    t->result = store_write(store, one_of_many, t);
    snprintf(t->detail, sizeof t->detail, "%s", t->result == OK ? "" : err_detail());
    return NULL;
}

static void *hold(void *gate) {
    static enum err result;
    result = store_write(store, hold_the_gate, gate);
    return &result;
}

static void check_ticket(const struct ticket *t) {
    static const enum err wanted[] = {OK, ERR_REFUSED, ERR_EXISTS};
    char text[64] = "";
    if (t->number % 3 == 1)
        snprintf(text, sizeof text, "job %d", t->number);
    if (t->number % 3 == 2)
        snprintf(text, sizeof text, "there is an account 'bad%d' already", t->number);
    assert_int_equal(t->result, wanted[t->number % 3]);
    assert_string_equal(t->detail, text);
}

/* The first of the batch is a good one, one that fails by itself, or one that fails by a
 * constraint. */
static void write_batch(int round) {
    struct gate gate = {0};
    struct ticket tickets[JOBS] = {{0}};
    pthread_t keeper;
    void *kept;
    snprintf(gate.keeper, sizeof gate.keeper, "keeper%d", round);
    assert_int_equal(pthread_create(&keeper, NULL, hold, &gate), 0);
    for (int i = 0; i < JOBS; i++) {
        tickets[i] = (struct ticket){.gate = &gate, .number = round * (3 * JOBS + 1) + i};
        assert_int_equal(pthread_create(&tickets[i].thread, NULL, queue_one, &tickets[i]), 0);
        while (atomic_load(&gate.waiting) <= i)
            usleep(100);
    }
    for (int i = 0; i < JOBS; i++)
        pthread_join(tickets[i].thread, NULL);
    pthread_join(keeper, &kept);
    assert_int_equal(*(enum err *)kept, OK);
    for (int i = 0; i < JOBS; i++)
        check_ticket(&tickets[i]);
    assert_in_range(atomic_load(&gate.commits), 1, JOBS / 3); /* they did travel together */
}

static void failing_jobs_take_nothing_with_them(void **state) {
    (void)state;
    for (int round = 0; round < 3; round++)
        write_batch(round);
    assert_int_equal(accounts(), 3 * (1 + 2 * JOBS / 3));
    assert_int_equal(ask_file("SELECT count(*) FROM account WHERE name LIKE 'bad%'"), 0);
    assert_int_equal(ask_file("SELECT count(*) FROM account WHERE name LIKE 'good%'"), JOBS);
}

/* ---- many threads ---- */

enum { WRITERS = 4, READERS = 4, WRITES = 25 };

static enum err add_pair(struct tx *tx, void *user) {
    const char *name = user;
    char other[2 * ID_SIZE];
    snprintf(other, sizeof other, "%s-twin", name);
    TRY(add_account(tx, user));
    return add_account(tx, other);
}

struct crowd {
    atomic_int letters, errors, torn, writing;
};

struct submitted {
    struct store_job job; /* first */
    sem_t done;
    pthread_t by; /* who called `done` */
};

static void on_submitted(struct store_job *job) {
    struct submitted *s = (struct submitted *)job;
    s->by = pthread_self();
    sem_post(&s->done);
}

/* Commits without a sync, in this thread or the committer's; gives whose. */
static enum err submit_unsynced(store_work *work, void *user, pthread_t *by) {
    struct submitted s = {
        .job = {.work = work, .user = user, .done = on_submitted, .unsynced = true}};
    sem_init(&s.done, 0, 0);
    store_submit(store, &s.job);
    while (sem_wait(&s.done) != 0)
        ;
    sem_destroy(&s.done);
    *by = s.by;
    return store_result(&s.job);
}

static void *write_pairs(void *user) {
    struct crowd *c = user;
    int letter = 'a' + atomic_fetch_add(&c->letters, 1);
    for (int i = 0; i < WRITES; i++) {
        char name[ID_SIZE];
        pthread_t by;
        snprintf(name, sizeof name, "%c%d", letter, i);
        if ((i % 3 ? submit_unsynced(add_pair, name, &by) : store_write(store, add_pair, name)) !=
            OK)
            atomic_fetch_add(&c->errors, 1);
    }
    atomic_fetch_sub(&c->writing, 1);
    return NULL;
}

struct two_looks {
    int first, second;
};

static enum err look_twice(struct tx *tx, void *user) {
    struct two_looks *l = user;
    TRY(count_accounts(tx, &l->first));
    usleep(500);
    return count_accounts(tx, &l->second);
}

/* A snapshot shows whole pairs, and the same ones twice; later snapshots show no fewer. */
static void *read_pairs(void *user) {
    struct crowd *c = user;
    for (int before = 0; atomic_load(&c->writing) > 0;) {
        struct two_looks l = {0, 0};
        if (store_read(store, look_twice, &l) != OK)
            atomic_fetch_add(&c->errors, 1);
        if (l.first != l.second || l.first % 2 || l.first < before)
            atomic_fetch_add(&c->torn, 1);
        before = l.first;
    }
    return NULL;
}

static void many_threads(void **state) {
    (void)state;
    struct crowd c = {.writing = WRITERS};
    pthread_t threads[WRITERS + READERS];
    for (int i = 0; i < WRITERS + READERS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i < WRITERS ? write_pairs : read_pairs, &c), 0);
    for (int i = 0; i < WRITERS + READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.torn, 0);
    assert_int_equal(accounts(), 2 * WRITERS * WRITES);
}

/* Nobody is woken for what nobody waits to be synced; what it fails with is its own. */
static void a_lone_unsynced_job_is_done_by_its_thread(void **state) {
    char name[ID_SIZE] = "alone";
    pthread_t by;
    (void)state;
    assert_ok(submit_unsynced(add_pair, name, &by));
    assert_true(pthread_equal(by, pthread_self()));
    assert_int_equal(submit_unsynced(add_pair, name, &by), ERR_EXISTS);
    assert_true(pthread_equal(by, pthread_self()));
    assert_int_equal(accounts(), 2);
    usleep(2 * STORE_SYNC_MS * 1000); /* the committer has synced it, and goes on */
    assert_ok(write_name(add_account, "after"));
    assert_int_equal(accounts(), 3);
}

/* What is in the queue when the store closes is still done. */
static void close_finishes_the_queue(void **state) {
    (void)state;
    struct crowd c = {.writing = 1};
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_pairs, &c), 0);
    pthread_join(writer, NULL);
    store_close(store);
    store = NULL;
    char wal[80];
    snprintf(wal, sizeof wal, "%s-wal", path);
    assert_int_not_equal(access(wal, F_OK), 0); /* checkpointed */
    assert_int_equal(ask_file("SELECT count(*) FROM account"), 2 * WRITES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_STORE(failed_work_writes_nothing),
        WITH_STORE(reading_cannot_write),
        WITH_STORE(failing_jobs_take_nothing_with_them),
        WITH_STORE(many_threads),
        WITH_STORE(a_lone_unsynced_job_is_done_by_its_thread),
        WITH_STORE(close_finishes_the_queue),
    };
    return cmocka_run_group_tests_name("store", tests, prepare, clean_up);
}
