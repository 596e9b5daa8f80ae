/* SPDX-License-Identifier: Apache-2.0 */
/* What SCEP keeps: challenges, requests, certificates, CRLs, the journal. */
#include "store_fixture.h"

#include "base/clock.h"
#include "store/certificate.h"
#include "store/challenge.h"
#include "store/enrollment.h"
#include "store/journal.h"
#include "store/request.h"

static const char ca_one[] = "1111111111111111111111111111111111111111";
static const char ca_two[] = "2222222222222222222222222222222222222222";
static const int64_t DAY = 86400000;

static struct span bytes(const char *s) {
    return span_str(s);
}

static enum err wrong(const char *what) {
    return err_set(ERR_INTERNAL, "%s", what);
}

/* An enrollment for each state that matters here: e2 is accepted, e8 confirmed. */
static enum err put_enrollments(struct tx *tx) {
    struct device d = {
        .device_id = "D", .name = "ONE", .hw_dev_id = "", .os_version = "", .account = "a"};
    TRY(device_put(tx, &d));
    struct enrollment open = {.id = "e2", .device = d.id, .profile = "", .body = "", .state = 3};
    struct enrollment over = {.id = "e8", .device = d.id, .profile = "", .body = "", .state = 8};
    TRY(enrollment_add(tx, &open));
    return enrollment_add(tx, &over);
}

/* ---- challenges ---- */

static struct challenge minted(const char *hash, const char *account, int64_t expires) {
    return (struct challenge){.hash = bytes(hash),
                              .kind = account ? CHALLENGE_NDES : CHALLENGE_ONE_TIME,
                              .endpoint = "corp",
                              .account = account,
                              .subject = "CN=x",
                              .san = "3+x",
                              .eku = "1.2",
                              .created = 5,
                              .expires = expires};
}

static enum err put_challenges(struct tx *tx, void *user) {
    struct challenge one = minted("one", NULL, 100), two = minted("two", "bob", 100),
                     three = minted("three", "bob", 200), four = minted("four", "bob", 100),
                     old = {.hash = bytes("old"),
                            .kind = CHALLENGE_ENROLLMENT,
                            .endpoint = "default",
                            .enrollment = "e2",
                            .expires = 1},
                     fresh = old;
    bool first, second;
    (void)user;
    TRY(put_enrollments(tx));
    TRY(challenge_add(tx, &one));
    TRY(challenge_add(tx, &two));
    TRY(challenge_add(tx, &three));
    TRY(challenge_add(tx, &four));
    TRY(challenge_replace(tx, &old));
    fresh.hash = bytes("fresh");
    TRY(challenge_replace(tx, &fresh));
    if (fresh.id <= old.id)
        return wrong("an id was given again");
    TRY(challenge_use(tx, one.id, 15, &first));
    TRY(challenge_use(tx, one.id, 16, &second));
    if (!first || second)
        return wrong("not used just once");
    TRY(challenge_revoke(tx, four.id, 17));
    if (challenge_revoke(tx, four.id, 18) != ERR_CONFLICT ||
        challenge_revoke(tx, one.id, 18) != ERR_CONFLICT || !strstr(err_detail(), "used") ||
        challenge_revoke(tx, 999, 18) != ERR_NOT_FOUND)
        return wrong("revoked what cannot be");
    return OK;
}

static enum err same_hash(struct tx *tx, void *user) {
    struct challenge c = minted("one", NULL, 100);
    (void)user;
    return challenge_add(tx, &c);
}

static enum err see_challenges(struct tx *tx, void *arena) {
    struct challenge c, *all;
    int64_t n;
    assert_ok(challenge_get(tx, arena, bytes("one"), &c));
    assert_int_equal(c.kind, CHALLENGE_ONE_TIME);
    assert_string_equal(c.endpoint, "corp");
    assert_string_equal(c.subject, "CN=x");
    assert_string_equal(c.san, "3+x");
    assert_string_equal(c.eku, "1.2");
    assert_null(c.account);
    assert_null(c.enrollment);
    assert_int_equal(c.created, 5);
    assert_int_equal(c.expires, 100);
    assert_int_equal(c.used, 15); /* the first use counts */
    assert_ok(challenge_get(tx, arena, bytes("four"), &c));
    assert_int_equal(c.revoked, 17);
    assert_int_equal(challenge_get(tx, arena, bytes("old"), &c), ERR_NOT_FOUND);
    assert_ok(challenge_get(tx, arena, bytes("fresh"), &c));
    assert_string_equal(c.enrollment, "e2");
    assert_ok(challenge_list(tx, arena, 3, &all)); /* not those of enrollments */
    assert_true(span_is(all->hash, "four"));
    assert_true(span_is(all->next->next->hash, "two"));
    assert_null(all->next->next->next);
    assert_ok(challenge_count_open(tx, "corp", "bob", 50, &n));
    assert_int_equal(n, 2);
    assert_ok(challenge_count_open(tx, "corp", "bob", 150, &n));
    assert_int_equal(n, 1);
    assert_ok(challenge_count_open(tx, "default", "bob", 50, &n));
    assert_int_equal(n, 0);
    return OK;
}

static enum err purge_challenges(struct tx *tx, void *before) {
    return challenge_purge(tx, *(int64_t *)before);
}

static void challenges(void **state) {
    (void)state;
    ARENA_AUTO(a);
    int64_t at = 15;
    assert_ok(store_write(store, put_challenges, NULL));
    assert_ok(store_read(store, see_challenges, &a));
    assert_int_equal(store_write(store, same_hash, NULL), ERR_EXISTS);
    assert_ok(store_write(store, purge_challenges, &at));
    assert_ok(store_read(store, see_challenges, &a)); /* nothing ended before 15 */
    at = 101; /* one was used, two expired, four was revoked */
    assert_ok(store_write(store, purge_challenges, &at));
    assert_int_equal(ask_file("SELECT count(*) FROM challenge"), 2);
    assert_int_equal(ask_file("SELECT count(*) FROM challenge WHERE hash = CAST('three' AS BLOB)"),
                     1);
}

/* ---- requests ---- */

static struct request asked(const char *endpoint, const char *transaction, const char *csr,
                            int state) {
    return (struct request){.endpoint = endpoint,
                            .message_type = 19,
                            .state = state,
                            .transaction_id = bytes(transaction),
                            .signer_sha256 = bytes("signer"),
                            .signer_key_sha256 = bytes("key"),
                            .csr_sha256 = bytes(csr),
                            .subject = "CN=x",
                            .peer = "::1",
                            .csr = state == REQUEST_PENDING ? bytes("der") : SPAN_NONE,
                            .validity = 77,
                            .challenge = 4,
                            .certificate = state == REQUEST_ISSUED ? 6 : 0,
                            .created = 10,
                            .decided = state == REQUEST_PENDING ? 0 : 10};
}

static enum err put_requests(struct tx *tx, void *user) {
    struct request issued = asked("corp", "t1", "csr1", REQUEST_ISSUED),
                   again = asked("corp", "t1", "csr2", REQUEST_ISSUED),
                   other = asked("lab", "t1", "csr1", REQUEST_ISSUED),
                   waiting = asked("corp", "t2", "csr3", REQUEST_PENDING),
                   denied = asked("corp", "t3", "csr4", REQUEST_PENDING);
    (void)user;
    TRY(request_add(tx, &issued));
    TRY(request_add(tx, &again));
    TRY(request_add(tx, &other));
    TRY(request_add(tx, &waiting));
    TRY(request_add(tx, &denied));
    TRY(request_decide(tx, denied.id, REQUEST_DENIED, 0, 20, "no"));
    if (request_decide(tx, denied.id, REQUEST_ISSUED, 6, 21, NULL) != ERR_CONFLICT ||
        request_decide(tx, issued.id, REQUEST_DENIED, 0, 21, NULL) != ERR_CONFLICT)
        return wrong("decided twice");
    return OK;
}

static enum err see_requests(struct tx *tx, void *arena) {
    struct request *r, one;
    assert_ok(request_by_transaction(tx, arena, "corp", bytes("t1"), &r));
    assert_true(span_is(r->csr_sha256, "csr2")); /* newest first */
    assert_true(span_is(r->next->csr_sha256, "csr1"));
    assert_null(r->next->next);
    assert_int_equal(r->certificate, 6);
    assert_int_equal(r->decided, 10);
    assert_ok(request_by_csr(tx, arena, "lab", bytes("csr1"), &r));
    assert_string_equal(r->endpoint, "lab");
    assert_null(r->next);
    assert_ok(request_by_csr(tx, arena, "lab", bytes("csr2"), &r));
    assert_null(r);
    assert_ok(request_list(tx, arena, false, 10, &r));
    assert_true(span_is(r->transaction_id, "t2"));
    assert_true(span_is(r->signer_sha256, "signer"));
    assert_true(span_is(r->signer_key_sha256, "key"));
    assert_true(span_is(r->csr, "der"));
    assert_int_equal(r->message_type, 19);
    assert_int_equal(r->challenge, 4);
    assert_int_equal(r->validity, 77);
    assert_int_equal(r->certificate, 0);
    assert_int_equal(r->created, 10);
    assert_int_equal(r->decided, 0);
    assert_string_equal(r->peer, "::1");
    assert_null(r->next);
    assert_ok(request_get(tx, arena, r->id + 1, &one));
    assert_int_equal(one.state, REQUEST_DENIED);
    assert_string_equal(one.reason, "no");
    assert_int_equal(one.csr.n, 0);
    assert_int_equal(request_get(tx, arena, 99, &one), ERR_NOT_FOUND);
    assert_ok(request_list(tx, arena, true, 2, &r)); /* the newest two, oldest first */
    assert_true(span_is(r->transaction_id, "t2"));
    assert_true(span_is(r->next->transaction_id, "t3"));
    assert_null(r->next->next);
    return OK;
}

static enum err put_foreign(struct tx *tx, void *user) {
    struct request at_once = asked("ndes", "t1", "csr1", REQUEST_ISSUED),
                   later = asked("ndes", "t2", "csr2", REQUEST_PENDING);
    (void)user;
    at_once.certificate = 0;
    at_once.foreign = 8;
    TRY(request_add(tx, &at_once));
    TRY(request_add(tx, &later));
    TRY(request_decide_foreign(tx, later.id, 9, 20));
    return request_decide_foreign(tx, later.id, 9, 20) == ERR_CONFLICT ? OK
                                                                       : wrong("decided twice");
}

static enum err see_foreign(struct tx *tx, void *arena) {
    struct request *r;
    assert_ok(request_by_csr(tx, arena, "ndes", bytes("csr1"), &r));
    assert_int_equal(r->foreign, 8);
    assert_int_equal(r->certificate, 0);
    assert_ok(request_by_csr(tx, arena, "ndes", bytes("csr2"), &r));
    assert_int_equal(r->state, REQUEST_ISSUED);
    assert_int_equal(r->foreign, 9);
    assert_int_equal(r->certificate, 0);
    assert_int_equal(r->decided, 20);
    assert_int_equal(r->csr.n, 0);
    return OK;
}

static void requests_granted_elsewhere(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_foreign, NULL));
    assert_ok(store_read(store, see_foreign, &a));
}

static enum err purge_requests(struct tx *tx, void *before) {
    return request_purge(tx, *(int64_t *)before);
}

static void requests(void **state) {
    (void)state;
    ARENA_AUTO(a);
    int64_t at = 10;
    assert_ok(store_write(store, put_requests, NULL));
    assert_ok(store_read(store, see_requests, &a));
    assert_ok(store_write(store, purge_requests, &at));
    assert_ok(store_read(store, see_requests, &a));
    at = INT64_MAX;
    assert_ok(store_write(store, purge_requests, &at));
    assert_int_equal(ask_file("SELECT count(*) FROM request"), 1); /* the one that waits */
}

/* ---- certificates ---- */

static enum err put_one(struct tx *tx, const char *serial, const char *ca, const char *enrollment,
                        const char *subject, const char *sha1, int64_t *id) {
    struct certificate c = {.serial = bytes(serial),
                            .ca = ca,
                            .endpoint = ca == ca_one ? "corp" : "lab",
                            .enrollment = enrollment,
                            .subject = subject,
                            .sha1 = sha1,
                            .der = bytes("der"),
                            .not_before = 1,
                            .not_after = clock_ms() + DAY,
                            .issued = 2};
    TRY(certificate_add(tx, &c));
    *id = c.id;
    return OK;
}

static const char thumbprint[] = "ABCDEF0123456789ABCDEF0123456789ABCDEF01";

static enum err put_certificates(struct tx *tx, void *user) {
    int64_t id[6];
    (void)user;
    TRY(put_enrollments(tx));
    TRY(put_one(tx,
                "\x01\x9a"
                "a",
                ca_one, NULL, "CN=100% sure_", thumbprint, &id[0]));
    TRY(put_one(tx,
                "\x01\x9a"
                "b",
                ca_one, "e2", "CN=B", "B", &id[1]));
    TRY(put_one(tx,
                "\x01\x9b"
                "c",
                ca_one, "e8", "CN=100 sure", "C", &id[2]));
    TRY(put_one(tx,
                "\x01\x9b"
                "d",
                ca_two, NULL, "CN=D", "D", &id[3]));
    TRY(put_one(tx,
                "\x01\x9c"
                "e",
                ca_one, "e2", "CN=E", "E", &id[4]));
    TRY(put_one(tx,
                "\x01\x9c"
                "f",
                ca_one, NULL, "CN=F", "F", &id[5]));
    TRY(certificate_revoke(tx, id[1], 40, "superseded"));
    TRY(certificate_revoke(tx, id[2], 30, "superseded"));
    TRY(certificate_revoke(tx, id[3], 20, "keyCompromise"));
    TRY(certificate_revoke(tx, id[4], 10, "keyCompromise"));
    TRY(certificate_revoke(tx, id[5], 10, "unspecified"));
    TRY(certificate_reinstate(tx, id[5]));
    return certificate_revoke(tx, id[4], 50, "superseded") == ERR_CONFLICT ? OK
                                                                           : wrong("revoked twice");
}

static enum err same_serial(struct tx *tx, void *user) {
    int64_t id;
    (void)user;
    return put_one(tx,
                   "\x01\x9a"
                   "a",
                   ca_two, NULL, "", "Z", &id);
}

static enum err of_no_enrollment(struct tx *tx, void *user) {
    int64_t id;
    (void)user;
    return put_one(tx, "new", ca_two, "e99", "", "Z", &id);
}

static enum err see_certificates(struct tx *tx, void *arena) {
    struct certificate c, *all;
    assert_ok(certificate_find(tx, arena, "019A61", &c));
    assert_string_equal(c.ca, ca_one);
    assert_string_equal(c.endpoint, "corp");
    assert_string_equal(c.subject, "CN=100% sure_");
    assert_null(c.enrollment);
    assert_true(span_is(c.der, "der"));
    assert_int_equal(c.not_before, 1);
    assert_int_equal(c.issued, 2);
    assert_int_equal(c.revoked, 0);
    assert_int_equal(certificate_find(tx, arena, "019c6", &c), ERR_CONFLICT);
    assert_ok(certificate_find(tx, arena, "019C66", &c));
    assert_int_equal(c.revoked, 0); /* reinstated */
    assert_int_equal(certificate_find(tx, arena, "019", &c), ERR_CONFLICT);
    assert_ok(certificate_find(tx, arena, "abcdef0123456789abcdef0123456789abcdef01", &c));
    assert_string_equal(c.sha1, thumbprint);
    static const char *const none[] = {"",
                                       "02",
                                       "x",
                                       "019a6162",
                                       "%",
                                       "abcdef0123456789abcdef0123456789abcdef02",
                                       "abcdef0123456789abcdef0123456789abcdef0123"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(certificate_find(tx, arena, none[i], &c), ERR_NOT_FOUND);
    assert_ok(certificate_list(tx, arena, "e2", &all));
    assert_string_equal(all->sha1, "B");
    assert_int_equal(all->revoked, 40);
    assert_string_equal(all->reason, "superseded");
    assert_string_equal(all->next->reason, "keyCompromise"); /* the first revocation counts */
    assert_null(all->next->next);
    assert_int_equal(certificate_by_serial(tx, arena, bytes("none"), &c), ERR_NOT_FOUND);
    assert_int_equal(certificate_by_id(tx, arena, 99, &c), ERR_NOT_FOUND);
    return OK;
}

static const char *found(struct tx *tx, struct arena *a, const struct certificate_filter *filter) {
    struct certificate *c;
    char *names = arena_printf(a, "%s", "");
    assert_ok(certificate_search(tx, a, filter, &c));
    for (; c; c = c->next)
        names = arena_printf(a, "%s%.1s", names, c->sha1);
    return names;
}

#define FOUND(...) found(tx, arena, &(struct certificate_filter){.max = 10, __VA_ARGS__})

static enum err search_certificates(struct tx *tx, void *arena) {
    struct certificate *all;
    assert_string_equal(FOUND(.before = 0), "FEDCBA");
    assert_string_equal(FOUND(.endpoint = "lab"), "D");
    assert_string_equal(FOUND(.live = true), "FA");
    assert_string_equal(FOUND(.revoked = true), "EDCB");
    assert_string_equal(FOUND(.live = true, .revoked = true), "");
    assert_string_equal(FOUND(.subject = "cn=1"), "CA");
    assert_string_equal(FOUND(.subject = "0% S"), "A");
    assert_string_equal(FOUND(.subject = "sure_"), "A");
    assert_string_equal(FOUND(.subject = "\\"), "");
    assert_string_equal(found(tx, arena, &(struct certificate_filter){.max = 2}), "FE");
    assert_ok(certificate_search(tx, arena, &(struct certificate_filter){.max = 3}, &all));
    assert_string_equal(FOUND(.before = all->next->next->id), "CBA");
    return OK;
}

static enum err see_revoked(struct tx *tx, void *arena) {
    struct certificate *all, c;
    bool public;
    assert_ok(certificate_list_revoked(tx, arena, ca_one, clock_ms(), &all));
    assert_true(span_is(all->serial, "\x01\x9c"
                                     "e"));
    assert_int_equal(all->revoked, 10);
    assert_string_equal(all->reason, "keyCompromise");
    assert_true(span_is(all->next->serial, "\x01\x9b"
                                           "c")); /* e8 is over, e2 is not */
    assert_null(all->next->next);
    assert_ok(certificate_list_revoked(tx, arena, ca_one, clock_ms() + 2 * DAY, &all));
    assert_null(all); /* all have expired */
    assert_ok(certificate_find(tx, arena, "019a62", &c));
    assert_ok(certificate_revocation_is_public(tx, &c, &public));
    assert_false(public);
    assert_ok(certificate_find(tx, arena, "019b63", &c));
    assert_ok(certificate_revocation_is_public(tx, &c, &public));
    assert_true(public);
    assert_ok(certificate_find(tx, arena, "019a61", &c));
    assert_ok(certificate_revocation_is_public(tx, &c, &public));
    assert_false(public);
    return OK;
}

static void certificates(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_certificates, NULL));
    assert_ok(store_read(store, see_certificates, &a));
    assert_ok(store_read(store, search_certificates, &a));
    assert_ok(store_read(store, see_revoked, &a));
    assert_int_equal(store_write(store, same_serial, NULL), ERR_EXISTS);
    assert_int_equal(store_write(store, of_no_enrollment, NULL), ERR_EXISTS);
    assert_int_equal(ask_file("SELECT count(*) FROM certificate"), 6);
}

/* ---- CRLs ---- */

static enum err put_crls(struct tx *tx, void *user) {
    struct published_crl crl = {1, bytes("first"), 10, 20}, next = {2, bytes("second"), 11, 21};
    (void)user;
    TRY(crl_put(tx, ca_one, &crl));
    TRY(crl_put(tx, ca_two, &next));
    TRY(crl_put(tx, ca_one, &next));
    return crl_put(tx, ca_one, &next) == ERR_CONFLICT && crl_put(tx, ca_one, &crl) == ERR_CONFLICT
               ? OK
               : wrong("a number twice");
}

static enum err see_crls(struct tx *tx, void *arena) {
    struct published_crl crl;
    assert_ok(crl_get(tx, arena, ca_one, &crl));
    assert_int_equal(crl.number, 2);
    assert_true(span_is(crl.der, "second"));
    assert_int_equal(crl.this_update, 11);
    assert_int_equal(crl.next_update, 21);
    assert_ok(crl_get(tx, arena, "none", &crl));
    assert_int_equal(crl.number, 0);
    return OK;
}

static void crls(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_crls, NULL));
    assert_ok(store_read(store, see_crls, &a));
}

/* ---- the journal ---- */

static enum err put_journal(struct tx *tx, void *user) {
    struct journal_entry issued = {.at = 1,
                                   .kind = JOURNAL_ISSUED,
                                   .endpoint = "corp",
                                   .certificate = 7,
                                   .text = "issued",
                                   .evidence = "{\"k\":\"v\"}"},
                         revoked = {.at = 2,
                                    .kind = JOURNAL_REVOKED,
                                    .certificate = 7,
                                    .text = "revoked"},
                         alarm = {
                             .at = 30, .kind = JOURNAL_ALARM, .endpoint = "lab", .text = "fire"};
    struct event note = {31, 12, "a note", "{}", NULL}, loud = {32, 13, "smoke", "{\"a\":1}", NULL};
    (void)user;
    TRY(put_enrollments(tx));
    TRY(journal_add(tx, &issued));
    TRY(journal_add(tx, &revoked));
    TRY(journal_add(tx, &alarm));
    alarm.at = 40;
    TRY(journal_add(tx, &alarm));
    TRY(enrollment_add_event(tx, "e2", &note));
    return enrollment_add_event(tx, "e2", &loud);
}

static enum err see_journal(struct tx *tx, void *arena) {
    struct journal_entry *j;
    int64_t n;
    assert_ok(journal_of_certificate(tx, arena, 7, &j));
    assert_string_equal(j->text, "issued");
    assert_string_equal(j->endpoint, "corp");
    assert_string_equal(j->evidence, "{\"k\":\"v\"}");
    assert_int_equal(j->certificate, 7);
    assert_int_equal(j->next->kind, JOURNAL_REVOKED);
    assert_string_equal(j->next->evidence, "{}");
    assert_null(j->next->next);
    assert_ok(journal_alarms(tx, arena, 2, &j));
    assert_int_equal(j->at, 40);
    assert_string_equal(j->next->text, "smoke"); /* of an enrollment */
    assert_int_equal(j->next->kind, JOURNAL_ALARM);
    assert_null(j->next->endpoint);
    assert_string_equal(j->next->evidence, "{\"a\":1,\"enrollment\":\"e2\"}");
    assert_null(j->next->next);
    assert_ok(journal_alarms(tx, arena, 9, &j));
    assert_int_equal(j->next->next->at, 30);
    assert_null(j->next->next->next);
    assert_ok(journal_count_alarms(tx, "lab", "fire", 30, &n));
    assert_int_equal(n, 2);
    assert_ok(journal_count_alarms(tx, "lab", "fire", 40, &n));
    assert_int_equal(n, 1);
    assert_ok(journal_count_alarms(tx, "lab", "fire", 41, &n));
    assert_int_equal(n, 0);
    assert_ok(journal_count_alarms(tx, "shop", "fire", 0, &n)); /* each endpoint has its own */
    assert_int_equal(n, 0);
    assert_ok(journal_count_alarms(tx, "lab", "issued", 0, &n)); /* is none */
    assert_int_equal(n, 0);
    return OK;
}

static void journal(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_journal, NULL));
    assert_ok(store_read(store, see_journal, &a));
    assert_string_equal(journal_kind_name(JOURNAL_ISSUED), "issued");
    assert_string_equal(journal_kind_name(JOURNAL_ALARM), "alarm");
    assert_string_equal(journal_kind_name(JOURNAL_REINSTATED), "reinstated");
    assert_string_equal(journal_kind_name(JOURNAL__MAX), "none");
    assert_string_equal(journal_kind_name((enum journal_kind)0), "none");
}

/* ---- what the hot path asks is answered by an index ---- */

static void plan_is(const char *sql, const char *wanted) {
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_non_null(strstr((const char *)sqlite3_column_text(s, 3), wanted));
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void indexes_are_used(void **state) {
    (void)state;
    plan_is("EXPLAIN QUERY PLAN SELECT * FROM request WHERE csr_hint = 1 AND csr_sha256 = x'00'"
            " ORDER BY id DESC",
            "INDEX request_csr");
    plan_is("EXPLAIN QUERY PLAN SELECT * FROM request WHERE state = 1 ORDER BY id",
            "INDEX request_pending");
    plan_is("EXPLAIN QUERY PLAN SELECT count(*) FROM journal WHERE kind = 7 AND text = ?"
            " AND at >= ?",
            "INDEX journal_alarm");
    plan_is("EXPLAIN QUERY PLAN SELECT * FROM journal WHERE kind = 7 ORDER BY at DESC LIMIT 5",
            "INDEX journal_alarm_at");
    plan_is("EXPLAIN QUERY PLAN SELECT * FROM event WHERE kind = 13 ORDER BY at DESC LIMIT 5",
            "INDEX event_alarm");
    plan_is("EXPLAIN QUERY PLAN SELECT * FROM certificate WHERE ca = ? AND not_after > 1"
            " AND revoked IS NOT NULL ORDER BY revoked",
            "INDEX certificate_revoked");
    plan_is("EXPLAIN QUERY PLAN UPDATE certificate SET ca = ? WHERE ca = ''",
            "INDEX certificate_orphan");
    plan_is("EXPLAIN QUERY PLAN SELECT count(*) FROM challenge WHERE endpoint = ? AND account = ?"
            " AND used IS NULL AND revoked IS NULL AND expires > 1",
            "INDEX challenge_account");
    plan_is("EXPLAIN QUERY PLAN SELECT id FROM foreign_certificate WHERE enrollment = ?",
            "INDEX foreign_certificate_enrollment");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_STORE(challenges),       WITH_STORE(requests), WITH_STORE(requests_granted_elsewhere),
        WITH_STORE(certificates),     WITH_STORE(crls),     WITH_STORE(journal),
        WITH_STORE(indexes_are_used),
    };
    return cmocka_run_group_tests_name("store_scep", tests, prepare, clean_up);
}
