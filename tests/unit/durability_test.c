/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SUCCESS promises, held against a power cut. A child process serves SCEP requests in
 * several threads over a database on the forgetful VFS, and tells its parent of every certificate
 * that left it; the parent kills it at some moment and looks at what is left on the disk.
 *
 * The same with a weaker PRAGMA synchronous loses certificates: so this test can fail.
 */
#include "scep_fixture.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "base/text.h"
#include "enroll/enroll.h"
#include "store/certificate.h"
#include "store/challenge.h"

#include "../support/forgetful_vfs.c"

enum { ROUNDS = 8, HOSTS = 36, THREADS = 4, LIFETIME = 3600000 };

/* Every third host asks twice, with a new key, as one whose first reply was lost. */
struct host {
    char id[24], subject[40], challenge[CHALLENGE_SIZE];
    uint8_t hash[32];
    struct span requests[2];
};

static struct arena shared;
static struct pair client_key, second_key;
static struct signer client;
static struct host hosts[HOSTS];

/* What the child tells: this host now holds this certificate. */
struct report {
    int host;
    char sha1[41];
};

/* ---- the requests, by OpenSSL's pen ---- */

static struct span new_request(const struct host *h, EVP_PKEY *key, const char *transaction) {
    struct wishes w = {.cn = h->subject + strlen("CN="), .challenge = h->challenge};
    return message_new(&shared, "19", arena_printf(&shared, "%s-%s", h->id, transaction),
                       csr_new(&shared, &w, key), &client);
}

static void new_host(int round, int i) {
    struct host *h = &hosts[i];
    *h = (struct host){0};
    snprintf(h->id, sizeof h->id, "r%02dh%02d", round, i);
    snprintf(h->subject, sizeof h->subject, "CN=host-%d-%d", round, i);
    assert_ok(challenge_mint(h->challenge));
    assert_ok(challenge_hash(scep_authority, span_str(h->challenge), h->hash));
    h->requests[0] = new_request(h, client_key.theirs, "first");
    if (i % 3 == 0)
        h->requests[1] = new_request(h, second_key.theirs, "second");
}

/* ---- the enrollments that wait for them ---- */

static enum err seed_one(struct tx *tx, int64_t device, const struct host *h) {
    static const struct enroll_policy policy = {LIFETIME, 2};
    int64_t now = clock_ms();
    struct enrollment e = {
        .id = h->id, .device = device, .profile = "p", .body = "", .created = now};
    struct challenge c = {.hash = span_of(h->hash, 32),
                          .kind = CHALLENGE_ENROLLMENT,
                          .endpoint = PKI_DEFAULT,
                          .enrollment = h->id,
                          .created = now,
                          .expires = now + LIFETIME};
    TRY(enrollment_add(tx, &e));
    TRY(enroll_record(tx, &e, EVENT_ASSIGNED, "assigned", NULL));
    TRY(challenge_replace(tx, &c));
    e.subject = h->subject;
    e.eku = "1.3.6.1.5.5.7.3.2";
    e.key_usage = 160;
    e.key_length = 2048;
    TRY(enroll_record(tx, &e, EVENT_SENT, "sent", NULL));
    return enroll_accepted(tx, &e, &policy, "accepted", "200");
}

static enum err seed_all(struct tx *tx, void *user) {
    struct device d = {.device_id = "0123456789ABCDEF0123456789ABCDEF",
                       .name = "HOST",
                       .hw_dev_id = "",
                       .os_version = "10",
                       .account = "alice",
                       .enrolled = clock_ms()};
    (void)user;
    TRY(device_put(tx, &d));
    for (int i = 0; i < HOSTS; i++)
        TRY(seed_one(tx, d.id, &hosts[i]));
    return OK;
}

/* The parent has no thread of the store's when it forks. */
static void seed(int round) {
    struct store *s = NULL;
    for (int i = 0; i < HOSTS; i++)
        new_host(round, i);
    assert_ok(store_open(scep_database, &s));
    assert_ok(store_write(s, seed_all, NULL));
    store_close(s);
}

/* ---- the child that will be killed ---- */

static void need(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "child: %s: %s\n", what, err_detail());
    _exit(3);
}

static struct scep_service service;
static atomic_int next_host;
static int report_fd;

static void thumbprint(struct span cert, char out[41]) {
    uint8_t sha1[DIGEST_MAX_SIZE];
    need(digest_of(DIGEST_SHA1, cert, sha1) == OK, "SHA-1");
    hex_upper(span_of(sha1, 20), out);
}

static void enroll_once(int i, struct span request) {
    ARENA_AUTO(a);
    struct span reply;
    struct answer answer;
    struct report r = {.host = i};
    need(serve_at_once(&service, endpoint_of(EP_DEFAULT), &a, request, "test", &reply) == OK,
         "PKIOperation");
    need(answer_read(&a, reply, &client, &answer), "the reply");
    if (answer.cert.n) /* else a FAILURE: the request is of before the kill, and superseded since */
        thumbprint(answer.cert, r.sha1);
    need(write(report_fd, &r, sizeof r) == sizeof r, "report");
}

static void *be_hosts(void *unused) {
    for (int i; (i = atomic_fetch_add(&next_host, 1)) < HOSTS;)
        for (int k = 0; k < 2 && hosts[i].requests[k].n; k++)
            enroll_once(i, hosts[i].requests[k]);
    return unused;
}

/* What a careless change of the store would do: its own PRAGMA synchronous=FULL has no effect. */
static const char *careless;

static int refuse_synchronous(void *user, int action, const char *what, const char *value,
                              const char *db, const char *trigger) {
    (void)user, (void)value, (void)db, (void)trigger;
    bool it = action == SQLITE_PRAGMA && strcasecmp(what, "synchronous") == 0;
    return it ? SQLITE_IGNORE : SQLITE_OK;
}

static int on_connection(sqlite3 *db, char **error, const struct sqlite3_api_routines *api) {
    (void)error, (void)api;
    sqlite3_exec(db, careless, NULL, NULL, NULL);
    return sqlite3_set_authorizer(db, refuse_synchronous, NULL);
}

static void serve_until_killed(int report) {
    pthread_t threads[THREADS];
    report_fd = report;
    need(forgetful_vfs_register() == SQLITE_OK, "register");
    if (careless)
        need(sqlite3_auto_extension((void (*)(void))on_connection) == SQLITE_OK, "extension");
    service.authority = scep_authority;
    need(store_open(scep_database, &service.store) == OK, "store_open");
    need(revocation_open(service.store, &service.revocation) == OK, "revocation_open");
    for (int i = 0; i < THREADS; i++)
        need(pthread_create(&threads[i], NULL, be_hosts, NULL) == 0, "thread");
    for (;;)
        pause(); /* the store is never closed, and so never checkpointed at the end */
}

/* ---- the parent that looks at what is left ---- */

struct told {
    struct report reports[2 * HOSTS];
    int n;
};

static bool hear(int fd, struct told *told) {
    return told->n < 2 * HOSTS &&
           read(fd, &told->reports[told->n], sizeof *told->reports) == sizeof *told->reports &&
           ++told->n;
}

/* Kills the child some moment after its n-th report; what it said before its death counts. */
static void serve_and_kill(int n, useconds_t moment, struct told *told) {
    int pipes[2], status;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        serve_until_killed(pipes[1]);
    }
    assert_true(child > 0);
    close(pipes[1]);
    told->n = 0;
    while (told->n < n && hear(pipes[0], told))
        continue;
    usleep(moment);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (hear(pipes[0], told))
        continue;
    close(pipes[0]);
    assert_true(told->n >= n);
}

static int ask_number(const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int n = -1;
    assert_int_equal(sqlite3_open(scep_database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    if (sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

static int lost(struct tx *tx, struct arena *a, const struct told *told) {
    int n = 0;
    for (int i = 0; i < told->n; i++) {
        struct certificate *c;
        if (!told->reports[i].sha1[0])
            continue;
        assert_ok(certificate_list(tx, a, hosts[told->reports[i].host].id, &c));
        while (c && strcmp(c->sha1, told->reports[i].sha1) != 0)
            c = c->next;
        n += c == NULL;
    }
    return n;
}

/* A certificate, the use of the challenge and the state are there together, or none of them is. */
static void check_host(struct tx *tx, struct arena *a, const struct host *h) {
    struct certificate *c;
    struct challenge challenge;
    struct enrollment e;
    struct event *events;
    int live = 0, all = 0, superseded = 0;
    assert_ok(certificate_list(tx, a, h->id, &c));
    assert_ok(challenge_get(tx, a, span_of(h->hash, 32), &challenge));
    assert_ok(enrollment_get(tx, a, h->id, &e));
    assert_ok(enrollment_list_events(tx, a, h->id, &events));
    for (; events; events = events->next)
        superseded += events->kind == EVENT_SUPERSEDED;
    for (; c; c = c->next, all++) {
        live += c->revoked == 0;
        if (c->revoked)
            assert_string_equal(c->reason, "superseded");
        else
            assert_null(c->next);
    }
    assert_int_equal(live, all > 0);
    assert_int_equal(superseded, all - live);
    assert_int_equal(challenge.used != 0, all > 0);
    assert_int_equal(e.state, all ? STATE_ISSUED : STATE_ACCEPTED);
}

struct look {
    const struct told *told;
    int lost;
};

static enum err look_at_all(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct look *l = user;
    l->lost = lost(tx, &a, l->told);
    for (int i = 0; i < HOSTS; i++)
        check_host(tx, &a, &hosts[i]);
    return OK;
}

/* How many of the certificates that were told of are gone. The rest must be sound in any case. */
static int look(const struct told *told) {
    struct store *s = NULL;
    struct look l = {told, 0};
    assert_int_equal(
        ask_number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    assert_int_equal(ask_number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_ok(store_open(scep_database, &s));
    assert_ok(store_read(s, look_at_all, &l));
    store_close(s);
    return l.lost;
}

static void no_certificate_is_lost(void **state) {
    (void)state;
    srand((unsigned)getpid());
    for (int round = 0; round < ROUNDS; round++) {
        struct told told;
        seed(round);
        serve_and_kill(1 + rand() % (HOSTS - THREADS), (useconds_t)(rand() % 6000), &told);
        assert_int_equal(look(&told), 0);
    }
    assert_true(ask_number("SELECT count(*) FROM certificate WHERE reason = 'superseded'") > 0);
}

/* After the kill the same hosts come again, to a server that kept its word: all end well. */
static void goes_on_after_a_kill(void **state) {
    (void)state;
    struct told first, second;
    seed(ROUNDS);
    serve_and_kill(HOSTS / 2, 0, &first);
    assert_int_equal(look(&first), 0);
    serve_and_kill(HOSTS + HOSTS / 3, 0, &second);
    assert_int_equal(look(&second), 0);
    assert_int_equal(look(&first), 0);
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM certificate WHERE revoked IS NULL AND enrollment LIKE 'r%02d%%'",
             ROUNDS);
    assert_int_equal(ask_number(sql), HOSTS);
}

static void weaker_settings_lose_certificates(void **state) {
    static const char *const settings[] = {"PRAGMA synchronous=OFF", "PRAGMA synchronous=NORMAL"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct told told;
        seed(ROUNDS + 1 + i);
        careless = settings[i];
        serve_and_kill(HOSTS / 2, 0, &told);
        careless = NULL;
        assert_true(look(&told) > 0);
    }
}

static int prepare(void **state) {
    (void)state;
    log_set_level(LOG_ERROR);
    scep_server_new();
    client_key = pair_new(2048);
    second_key = pair_new(2048);
    client = (struct signer){cert_new(&shared, "CN=SCEP Protocol Certificate", client_key.ours,
                                      "CN=SCEP Protocol Certificate", client_key.ours, false),
                             client_key.theirs};
    return 0;
}

static int clean_up(void **state) {
    (void)state;
    pair_free(&client_key);
    pair_free(&second_key);
    scep_server_free();
    arena_free(&shared);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_certificate_is_lost),
        cmocka_unit_test(goes_on_after_a_kill),
        cmocka_unit_test(weaker_settings_lose_certificates),
    };
    return cmocka_run_group_tests_name("durability", tests, prepare, clean_up);
}
