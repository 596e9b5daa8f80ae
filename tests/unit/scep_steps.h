/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that the tests of PKIOperation are made of: send, mint, enroll, renew, revoke, look. */
#ifndef SIGNET_TESTS_SCEP_STEPS_H
#define SIGNET_TESTS_SCEP_STEPS_H

#include "scep_fixture.h"

static struct scep_service service;
static struct arena arena; /* of one test */
static struct pair keys[4];
static struct signer host, stranger; /* throw-away signers, each with a key of its own */

/* ---- steps ---- */

static inline struct answer send_to(int endpoint, const char *type, const char *transaction,
                                    struct span content, const struct signer *signer) {
    struct answer answer;
    struct span reply;
    struct span message = message_new(&arena, type, transaction, content, signer);
    assert_ok(serve_at_once(&service, endpoint_of(endpoint), &arena, message, "::1", &reply));
    assert_true(answer_read(&arena, reply, signer, &answer));
    return answer;
}

static inline void succeeds(const struct answer *a) {
    assert_string_equal(a->text, "");
    assert_int_equal(a->status, SCEP_SUCCESS);
    assert_true(a->cert.n > 0);
}

static inline void fails(struct answer a, int fail_info, const char *text) {
    assert_int_equal(a.status, SCEP_FAILURE);
    assert_int_equal(a.fail_info, fail_info);
    if (!strstr(a.text, text))
        assert_string_equal(a.text, text);
}

struct order {
    int endpoint;
    struct challenge_order order;
    struct challenge kept;
    char challenge[NDES_CHALLENGE_SIZE];
};

static inline enum err order_work(struct tx *tx, void *user) {
    struct order *o = user;
    return challenge_order(tx, scep_authority, endpoint_of(o->endpoint), &o->order, &o->kept,
                           o->challenge);
}

static inline const char *mint(int endpoint, const char *subject) {
    struct order o = {.endpoint = endpoint,
                      .order = {.kind = CHALLENGE_ONE_TIME, .subject = subject}};
    assert_ok(store_write(service.store, order_work, &o));
    return arena_printf(&arena, "%s", o.challenge);
}

static inline struct span csr_of(const char *cn, const char *challenge, int key) {
    struct wishes w = {.cn = cn, .challenge = challenge};
    return csr_new(&arena, &w, keys[key].theirs);
}

/* IssuerAndSubject: what a CertPoll asks about. */
static inline struct span names_of(struct span issuer, struct span subject) {
    struct der_writer w = der_writer_in(&arena);
    der_put(&w, subject);
    der_put(&w, issuer);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

/* The host gets a certificate for keys[2], which it may sign with from then on. */
static inline struct signer enrolled(int endpoint, const char *cn) {
    const char *challenge = mint(endpoint, arena_printf(&arena, "CN=%s", cn));
    struct answer a = send_to(endpoint, "19", arena_printf(&arena, "enroll-%s", cn),
                              csr_of(cn, challenge, 2), &host);
    succeeds(&a);
    return (struct signer){a.cert, keys[2].theirs};
}

static inline struct answer renew(int endpoint, const char *type, const char *transaction,
                                  const char *cn, int key, const struct signer *old) {
    return send_to(endpoint, type, transaction, csr_of(cn, NULL, key), old);
}

static inline void pends(struct answer a) {
    assert_int_equal(a.status, SCEP_PENDING);
    assert_int_equal(a.inside.n, 0);
}

/* ---- looking ---- */

static inline int64_t ask(const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int64_t n = -1;
    assert_int_equal(sqlite3_open(scep_database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    if (sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

static inline int64_t certificates(void) {
    return ask("SELECT count(*) FROM certificate");
}

static inline void alarms_are(int64_t n, const char *like) {
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM journal WHERE kind = 7 AND text LIKE '%%%s%%'",
             like);
    assert_int_equal(ask(sql), n);
}

struct revoking {
    struct span cert;
};

static inline enum err revoke_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct cert parsed;
    struct certificate c;
    TRY(cert_parse(((struct revoking *)user)->cert, &parsed));
    TRY(certificate_by_serial(tx, &a, parsed.serial, &c));
    return certificate_revoke(tx, c.id, clock_ms(), "keyCompromise");
}

static inline void revoke_cert(struct span cert) {
    struct revoking r = {cert};
    assert_ok(store_write(service.store, revoke_work, &r));
    revocation_changed(service.revocation);
}

/* ---- many at once ---- */

enum { CROWD = 64 };

struct one_of_crowd {
    pthread_t thread;
    struct span message;
    struct span reply;
    struct arena arena;
    enum err result;
};

static inline void *ask_beside_others(void *user) {
    struct one_of_crowd *o = user;
    o->result =
        serve_at_once(&service, endpoint_of(EP_DEFAULT), &o->arena, o->message, "::1", &o->reply);
    return NULL;
}

/* How many of them get SUCCESS. */
static inline int all_at_once(const char *challenge, bool distinct) {
    static struct one_of_crowd crowd[CROWD];
    struct answer answer;
    int good = 0;
    for (int i = 0; i < CROWD; i++) {
        struct wishes w = {.cn = "one", .challenge = challenge};
        w.mark = distinct ? arena_printf(&arena, "%d", i) : "same";
        crowd[i] = (struct one_of_crowd){
            .message = message_new(&arena, "19", arena_printf(&arena, "t%d", distinct ? i : 0),
                                   csr_new(&arena, &w, keys[2].theirs), &host)};
    }
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, ask_beside_others, &crowd[i]), 0);
    for (int i = 0; i < CROWD; i++) {
        pthread_join(crowd[i].thread, NULL);
        assert_int_equal(crowd[i].result, OK);
        assert_true(answer_read(&arena, crowd[i].reply, &host, &answer));
        good += answer.status == SCEP_SUCCESS;
        arena_free(&crowd[i].arena);
    }
    return good;
}

/* ---- each test has a store of its own ---- */

static inline int open_store(void **state) {
    (void)state;
    assert_ok(store_open(scep_database, &service.store));
    assert_ok(revocation_open(service.store, &service.revocation));
    service.authority = scep_authority;
    usual_policies();
    return 0;
}

static inline int close_store(void **state) {
    (void)state;
    revocation_close(service.revocation);
    store_close(service.store);
    arena_free(&arena);
    fetch_pool_free(service.pool);
    service.pool = NULL;
    return unlink(scep_database);
}

static inline int prepare(void **state) {
    static struct arena forever;
    (void)state;
    log_set_level((enum log_level) - 1);
    scep_server_new();
    for (int i = 0; i < 4; i++)
        keys[i] = pair_new(2048);
    host = (struct signer){cert_new(&forever, "CN=SCEP Protocol Certificate", keys[0].ours,
                                    "CN=SCEP Protocol Certificate", keys[0].ours, false),
                           keys[0].theirs};
    stranger = (struct signer){
        cert_new(&forever, "CN=stranger", keys[1].ours, "CN=stranger", keys[1].ours, false),
        keys[1].theirs};
    *state = &forever;
    return 0;
}

static inline int clean_up(void **state) {
    arena_free(*state);
    for (int i = 0; i < 4; i++)
        pair_free(&keys[i]);
    scep_server_free();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

#endif
