/* SPDX-License-Identifier: Apache-2.0 */
/* The store's file and its committer: migrations, batches, snapshots, threads. */
#include "store_fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "store/certificate.h"
#include "store/challenge.h"
#include "store/enrollment.h"
#include "store/profile.h"
#include "store/request.h"

enum { ID_SIZE = 16, LATEST = 7 /* version of the schema */ };

/* ---- the file ---- */

static void fresh_and_reopened(void **state) {
    (void)state;
    remove_database();
    assert_ok(store_open(path, &store));
    assert_ok(write_name(add_account, "alice"));
    store_close(store);
    assert_int_equal(access(path, F_OK), 0);
    int64_t version = ask_file("PRAGMA user_version");
    assert_true(version > 0);
    assert_int_equal(ask_file("SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    int64_t tables = ask_file("SELECT count(*) FROM sqlite_schema");

    assert_ok(store_open(path, &store));
    assert_int_equal(write_name(add_account, "alice"), ERR_EXISTS);
    assert_int_equal(ask_file("PRAGMA user_version"), version);
    assert_int_equal(ask_file("SELECT count(*) FROM sqlite_schema"), tables);
    assert_int_equal(ask_file("SELECT count(*) FROM account WHERE name = 'alice'"), 1);
}

static void newer_version_is_refused(void **state) {
    (void)state;
    struct store *s = NULL;
    assert_ok(write_name(add_account, "alice"));
    store_close(store);
    store = NULL;
    ask_file("PRAGMA user_version = 9999");
    assert_int_equal(store_open(path, &s), ERR_CONFLICT);
    assert_non_null(strstr(err_detail(), "9999"));
    assert_non_null(strstr(err_detail(), "newer signet"));
    assert_null(s);
    assert_int_equal(ask_file("PRAGMA user_version"), 9999);
    assert_int_equal(ask_file("SELECT count(*) FROM account"), 1);
}

/* Tables that the fourth step changes, as the first one made them. */
#define SINCE_1                                                                                \
    "CREATE TABLE account(name TEXT PRIMARY KEY, password TEXT, created INTEGER);"             \
    "CREATE TABLE identity(sha256 BLOB PRIMARY KEY, device INTEGER NOT NULL REFERENCES"        \
    "  device(id), der BLOB NOT NULL, issued INTEGER NOT NULL, not_after INTEGER NOT NULL,"    \
    "  revoked INTEGER);"                                                                      \
    "CREATE TABLE session(device INTEGER PRIMARY KEY REFERENCES device(id), session_id TEXT"   \
    "  NOT NULL, msg_id INTEGER NOT NULL, started INTEGER NOT NULL);"                          \
    "CREATE TABLE command(device INTEGER NOT NULL REFERENCES device(id), msg_id INTEGER NOT"   \
    "  NULL, cmd_id INTEGER NOT NULL, purpose INTEGER NOT NULL, enrollment TEXT, loc_uri TEXT" \
    "  NOT NULL, PRIMARY KEY(device, msg_id, cmd_id));"

/* A database as the first signet left it, with one of each that the second step rebuilds. */
static const char version_1[] = SINCE_1
    "CREATE TABLE device(id INTEGER PRIMARY KEY, device_id TEXT NOT NULL UNIQUE,"
    "  trusted_root TEXT, name TEXT, hw_dev_id TEXT, account TEXT);"
    "CREATE TABLE profile(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE enrollment(id TEXT PRIMARY KEY, device INTEGER REFERENCES device(id),"
    "  state INTEGER, subject TEXT, profile TEXT DEFAULT 'p', created INTEGER DEFAULT 1,"
    "  body TEXT NOT NULL DEFAULT '<Atomic/>',"
    "  deadline INTEGER, sessions INTEGER NOT NULL DEFAULT 0, host_thumbprint TEXT);"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, enrollment TEXT NOT NULL REFERENCES enrollment(id),"
    "  at INTEGER, kind INTEGER, text TEXT, evidence TEXT);"
    "CREATE TABLE challenge(hash BLOB PRIMARY KEY, enrollment TEXT NOT NULL REFERENCES"
    "  enrollment(id), created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER);"
    "CREATE TABLE certificate(id INTEGER PRIMARY KEY, serial BLOB NOT NULL UNIQUE,"
    "  enrollment TEXT NOT NULL REFERENCES enrollment(id), sha1 TEXT NOT NULL, der BLOB NOT NULL,"
    "  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, issued INTEGER NOT NULL,"
    "  revoked INTEGER, reason TEXT, transaction_id TEXT NOT NULL, signer_sha256 BLOB NOT NULL,"
    "  csr_sha256 BLOB NOT NULL);"
    "CREATE INDEX certificate_enrollment ON certificate(enrollment);"
    "CREATE INDEX certificate_csr ON certificate(csr_sha256);"
    "INSERT INTO device VALUES(1, 'D', 'R', 'PC', 'hw', 'alice');"
    "INSERT INTO enrollment(id, device, state, subject) VALUES('e1', 1, 8, 'CN=x'), ('e2', 1, 6, NULL);"
    "INSERT INTO event VALUES(1, 'e1', 1, 13, 'an alarm', '{}');"
    "INSERT INTO challenge VALUES(x'01', 'e1', 1, 2, 3), (x'02', 'e2', 4, 5, NULL);"
    "INSERT INTO certificate VALUES"
    "  (7, x'aa', 'e1', 'A', x'da', 1, 9000000000000, 3, 4, 'superseded', 't1', x'51', x'c1'),"
    "  (9, x'bb', 'e2', 'B', x'db', 1, 9000000000000, 3, NULL, NULL, 't2', x'52', x'c2');"
    "PRAGMA user_version = 1";

static void make_version(const char *script) {
    sqlite3 *db = NULL;
    remove_database();
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, script, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static enum err see_version_1(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct certificate c;
    struct challenge ch;
    struct request *r;
    (void)user;
    assert_ok(certificate_by_serial(tx, &a, span_of("\xaa", 1), &c));
    assert_int_equal(c.id, 7);
    assert_string_equal(c.ca, "CA");
    assert_string_equal(c.endpoint, "default");
    assert_string_equal(c.enrollment, "e1");
    assert_string_equal(c.subject, "CN=x");
    assert_int_equal(c.revoked, 4);
    assert_true(span_is(c.der, "\xda"));
    assert_ok(certificate_by_id(tx, &a, 9, &c));
    assert_string_equal(c.subject, "");
    assert_ok(challenge_get(tx, &a, span_of("\x01", 1), &ch));
    assert_int_equal(ch.kind, CHALLENGE_ENROLLMENT);
    assert_int_equal(ch.used, 3);
    assert_string_equal(ch.endpoint, "default");
    assert_ok(request_by_csr(tx, &a, "default", span_of("\xc2", 1), &r));
    assert_int_equal(r->certificate, 9);
    assert_int_equal(r->state, REQUEST_ISSUED);
    assert_int_equal(r->message_type, 19);
    assert_true(span_is(r->signer_sha256, "\x52"));
    assert_null(r->next);
    /* its key is not known, so nobody can be told to have stolen its transaction id */
    assert_ok(request_by_transaction(tx, &a, "default", span_str("t2"), &r));
    assert_null(r);
    return OK;
}

static enum err adopt(struct tx *tx, void *ca) {
    return certificate_adopt(tx, ca);
}

static void an_old_database_is_brought_up(void **state) {
    (void)state;
    make_version(version_1);
    assert_ok(store_open(path, &store));
    assert_ok(write_name(adopt, "CA"));
    assert_ok(write_name(adopt, "another")); /* finds none */
    assert_ok(store_read(store, see_version_1, NULL));
    assert_int_equal(ask_file("PRAGMA user_version"), LATEST);
    /* what was assigned stays so: one profile on one host, twice */
    assert_int_equal(ask_file("SELECT count(*) FROM assignment"), 1);
    assert_int_equal(ask_file("SELECT count(*) FROM enrollment WHERE assignment = 1"), 2);
    /* which they share */
    assert_int_equal(ask_file("SELECT count(*) FROM body WHERE text = '<Atomic/>'"), 1);
    assert_int_equal(ask_file("SELECT count(*) FROM enrollment e JOIN body b ON b.id = e.body"), 2);
    assert_int_equal(ask_file("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(ask_file("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'new_%'"), 0);
    assert_int_equal(ask_file("SELECT count(*) FROM sqlite_schema WHERE name = 'certificate_csr'"),
                     0);
}

/* As the second step left it: what the third one touches. */
#define VERSION_2                                                                                    \
    SINCE_1                                                                                          \
    "CREATE TABLE journal(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL,"       \
    "  endpoint TEXT, certificate INTEGER, text TEXT NOT NULL, evidence TEXT NOT NULL);"             \
    "CREATE TABLE device(id INTEGER PRIMARY KEY, device_id TEXT NOT NULL UNIQUE, name TEXT NOT"      \
    "  NULL, hw_dev_id TEXT NOT NULL, account TEXT NOT NULL, os_version TEXT NOT NULL,"              \
    "  login_status TEXT, enrolled INTEGER NOT NULL, last_seen INTEGER, trusted_root TEXT,"          \
    "  sid TEXT);"                                                                                   \
    "CREATE TABLE profile(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL,"    \
    "  trust_device_name INTEGER NOT NULL, created INTEGER NOT NULL);"                               \
    "CREATE TABLE enrollment(id TEXT PRIMARY KEY, device INTEGER NOT NULL REFERENCES device(id),"    \
    "  profile TEXT NOT NULL, body TEXT NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL," \
    "  deadline INTEGER, sessions INTEGER NOT NULL DEFAULT 0, asked INTEGER NOT NULL DEFAULT 0,"     \
    "  next_ask INTEGER NOT NULL DEFAULT 0, user_scope INTEGER NOT NULL DEFAULT 0, subject TEXT,"    \
    "  san TEXT, eku TEXT, key_usage INTEGER, key_length INTEGER, host_status TEXT,"                 \
    "  host_error TEXT, host_thumbprint TEXT, respondent TEXT);"                                     \
    "CREATE TABLE request(id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, message_type INTEGER NOT"  \
    "  NULL, state INTEGER NOT NULL, transaction_id TEXT NOT NULL, transaction_hint INTEGER NOT"     \
    "  NULL, signer_sha256 BLOB NOT NULL, signer_key_sha256 BLOB NOT NULL, csr_sha256 BLOB NOT"      \
    "  NULL, csr_hint INTEGER NOT NULL, enrollment TEXT, subject TEXT NOT NULL, peer TEXT NOT"       \
    "  NULL, reason TEXT, validity INTEGER NOT NULL DEFAULT 0, challenge INTEGER, certificate"       \
    "  INTEGER, created INTEGER NOT NULL, decided INTEGER, csr BLOB);"                               \
    "CREATE TABLE challenge(id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, kind"   \
    "  INTEGER NOT NULL, endpoint TEXT NOT NULL, enrollment TEXT REFERENCES enrollment(id), account" \
    "  TEXT, subject TEXT, san TEXT, eku TEXT, created INTEGER NOT NULL, expires INTEGER NOT NULL,"  \
    "  used INTEGER, revoked INTEGER);"                                                              \
    "CREATE TABLE event(id INTEGER PRIMARY KEY, enrollment TEXT NOT NULL, at INTEGER, kind INTEGER," \
    "  text TEXT, evidence TEXT);"                                                                   \
    "CREATE TABLE certificate(id INTEGER PRIMARY KEY, enrollment TEXT, sha1 TEXT NOT NULL,"          \
    "  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, revoked INTEGER);"

static const char version_2[] = VERSION_2
    "INSERT INTO device VALUES(1, 'D', 'ONE', 'hw', 'bob', '10', 'user', 5, 6, 'ROOT', 'S-1'),"
    "  (2, 'E', 'TWO', 'hw', 'eve', '11', NULL, 7, NULL, NULL, NULL);"
    "INSERT INTO profile VALUES(1, 'vpn', '<Atomic/>', 1, 8);"
    "INSERT INTO enrollment VALUES('e1', 1, 'vpn', '<Atomic/>', 6, 9, 99, 1, 2, 3, 1, 'CN=x', NULL,"
    "  NULL, 160, 2048, '1', '0', 'AA', 'url');"
    "INSERT INTO request VALUES(4, 'default', 19, 2, 't', 1, x'51', x'52', x'53', 1, 'e1', 'CN=x',"
    "  'peer', NULL, 10, 11, 12, 13, 14, NULL);"
    "PRAGMA user_version = 2";

static enum err see_version_2(struct tx *tx, void *arena) {
    struct device d;
    struct stored_profile p;
    struct enrollment e;
    struct request r;
    bool trusts;
    assert_ok(device_by_id(tx, arena, 1, &d));
    assert_string_equal(d.sid, "S-1");
    assert_int_equal(d.last_seen, 6);
    assert_ok(device_trusts(tx, 1, "ROOT", &trusts));
    assert_true(trusts);
    assert_ok(device_trusts(tx, 2, "ROOT", &trusts));
    assert_false(trusts);
    assert_ok(profile_get(tx, arena, "vpn", &p));
    assert_string_equal(p.endpoint, "default");
    assert_int_equal(p.created, 8);
    assert_ok(enrollment_get(tx, arena, "e1", &e));
    assert_string_equal(e.endpoint, "default");
    assert_int_equal(e.asks + e.answers + e.successes, 0);
    assert_int_equal(e.deadline, 99);
    assert_string_equal(e.respondent, "url");
    assert_ok(request_get(tx, arena, 4, &r));
    assert_int_equal(r.certificate, 12);
    assert_int_equal(r.foreign, 0);
    return OK;
}

static void a_database_without_upstreams_is_brought_up(void **state) {
    (void)state;
    ARENA_AUTO(a);
    make_version(version_2);
    assert_ok(store_open(path, &store));
    assert_ok(store_read(store, see_version_2, &a));
    assert_int_equal(ask_file("PRAGMA user_version"), LATEST);
    assert_int_equal(ask_file("SELECT count(*) FROM trusted_root"), 1);
    assert_int_equal(
        ask_file("SELECT count(*) FROM pragma_table_info('device') WHERE name = 'trusted_root'"),
        0);
    assert_int_equal(ask_file("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/* What a host got under the third step's signet, which renewed nothing: `profile assign` again was
 * the way. Only what the fourth touches. A year has 31536000000 ms; 9000000000000 is far away. */
#define YEAR "31536000000"
static const char before_lives[] = VERSION_2
    "CREATE TABLE foreign_certificate(id INTEGER PRIMARY KEY, enrollment TEXT, sha1 TEXT NOT NULL,"
    "  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL);"
    "INSERT INTO device VALUES(1, 'D', 'ONE', 'hw', 'bob', '10', 'user', 5, 6, NULL, NULL);"
    "INSERT INTO enrollment(id, device, profile, body, state, created, sessions, host_thumbprint)"
    "  VALUES('old', 1, 'vpn', '', 8, 1, 7, 'aa'), ('new', 1, 'vpn', '', 8, 2, 0, 'bb'),"
    "  ('late', 1, 'vpn', '', 10, 3, 0, NULL), ('lone', 1, 'lan', '', 10, 4, 0, NULL),"
    "  ('bad', 1, 'web', '', 4, 5, 0, NULL), ('short', 1, 'sms', '', 8, 6, 0, 'CC'),"
    "  ('name', 1, 'tls', '', 8, 7, 0, 'DD'), ('good', 1, 'eap', '', 8, 8, 0, 'E1'),"
    "  ('over', 1, 'eap', '', 8, 9, 0, 'E2'), ('held', 1, 'nac', '', 8, 10, 0, 'F1'),"
    "  ('lost', 1, 'nac', '', 8, 11, 0, 'F2'), ('up', 1, 'ra', '', 11, 12, 0, 'aB');"
    "INSERT INTO certificate(enrollment, sha1, not_before, not_after, revoked) VALUES"
    "  ('old', 'AA', 9000000000000 - " YEAR ", 9000000000000, NULL),"
    "  ('new', 'B0', 1, 5, 4), ('new', 'BB', 9000000000001 - " YEAR ", 9000000000001, NULL),"
    "  ('short', 'CC', 9000000000000 - 86400000, 9000000000000, NULL),"
    "  ('name', 'D0', 1, 5, NULL), ('good', 'E1', 1, 9000000000000, NULL),"
    "  ('over', 'E2', 1, 1000000000000, NULL), ('held', 'F1', 1, 9000000000000, NULL),"
    "  ('lost', 'F2', 1, 9000000000000, 3);"
    "INSERT INTO foreign_certificate(enrollment, sha1, not_before, not_after) VALUES"
    "  ('up', 'AB', 1, 8000000000000), (NULL, 'D0', 1, 2);"
    "PRAGMA user_version = 3";

static int64_t ask_of(const char *id, const char *what) {
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT %s FROM enrollment WHERE id = '%s'", what, id);
    return ask_file(sql);
}

static void certificates_get_their_lives(void **state) {
    (void)state;
    const int64_t day = 86400000, end = 9000000000000;
    make_version(before_lives);
    assert_ok(store_open(path, &store));
    assert_int_equal(ask_of("new", "not_after"), end + 1); /* of the one that it shows */
    assert_in_range(end + 1 - ask_of("new", "renew_at"), 30 * day, 33 * day);
    assert_in_range(end - ask_of("short", "renew_at"), day / 2, day * 11 / 20);
    assert_int_equal(ask_of("name", "not_after IS NULL AND renew_at IS NULL AND state = 8"), 1);
    assert_int_equal(ask_of("up", "not_after"), 8000000000000); /* an upstream's */
    assert_in_range(8000000000000 - ask_of("up", "renew_at"), 30 * day, 33 * day);
    /* one of a profile is in force, unless it is of no use */
    assert_int_equal(ask_of("old", "state = 13 AND sessions = 0 AND renew_at IS NULL"), 1);
    assert_int_equal(ask_file("SELECT count(*) FROM event WHERE enrollment = 'old'"
                              " AND kind = 18 AND at > 1700000000000"),
                     1);
    assert_int_equal(ask_file("SELECT count(*) FROM event"), 1);
    assert_int_equal(ask_of("new", "state"), 8);
    assert_int_equal(ask_of("good", "state"), 8);
    assert_int_equal(ask_of("over", "state"), 8);
    assert_int_equal(ask_of("held", "state"), 8);
    /* what may still be confirmed is assigned, too */
    assert_int_equal(ask_of("late", "assignment = (SELECT assignment FROM enrollment"
                                    " WHERE id = 'new')"),
                     1);
    assert_int_equal(ask_of("lone", "assignment IS NOT NULL AND state = 10"), 1);
    assert_int_equal(ask_of("bad", "assignment IS NULL"), 1);
}

/* A report proves nothing: what it may replace stays. */
static void a_report_replaces_nothing(void **state) {
    (void)state;
    make_version(before_lives);
    ask_file("UPDATE enrollment SET state = 11 WHERE id = 'new'");
    assert_ok(store_open(path, &store));
    assert_int_equal(ask_of("old", "state"), 8);
    assert_int_equal(ask_of("new", "state = 11 AND not_after > renew_at"), 1);
}

/* What the fourth step made and the fifth changes, as it was. */
static const char version_4[] = VERSION_2
    "CREATE TABLE foreign_certificate(id INTEGER PRIMARY KEY, enrollment TEXT, not_after INTEGER);"
    "CREATE INDEX enrollment_device ON enrollment(device);"
    "CREATE INDEX enrollment_deadline ON enrollment(deadline) WHERE deadline IS NOT NULL;"
    "ALTER TABLE enrollment ADD COLUMN not_after INTEGER;"
    "CREATE INDEX enrollment_not_after ON enrollment(not_after)"
    "  WHERE not_after IS NOT NULL AND state IN (8, 11, 12);"
    "CREATE TABLE queue(id INTEGER PRIMARY KEY, done INTEGER);"
    "ALTER TABLE session ADD COLUMN reply BLOB;"
    "INSERT INTO device VALUES(1, 'D', 'ONE', 'hw', 'bob', '10', 'user', 5, 6, NULL, 'S-1');"
    "INSERT INTO session VALUES(1, 's', 2, 3, x'00');"
    "INSERT INTO enrollment(id, device, profile, body, state, created, sessions) VALUES"
    "  ('live', 1, 'vpn', '<A/>', 8, 1, 0), ('same', 1, 'vpn', '<A/>', 13, 1, 0),"
    "  ('gone', 1, 'lan', '<B/>', 15, 1, 0), ('left', 1, 'web', '<A/>', 16, 1, 0);"
    "INSERT INTO certificate(enrollment, sha1, not_before, not_after) VALUES"
    "  ('left', 'AA', 1, 9000000000000);"
    "INSERT INTO event VALUES(3, 'live', 1, 1, 'a', '{}'), (4, 'gone', 1, 13, 'b', '{\"k\":1}'),"
    "  (6, 'live', 2, 2, 'c', '{}'), (7, 'live', 2, 2, 'd', '{}');"
    "INSERT INTO challenge VALUES(3, x'03', 1, 'default', 'live', NULL, 's', NULL, 'k', 4, 5, 6, NULL),"
    "  (5, x'05', 2, 'lab', NULL, 'ann', NULL, 'n', NULL, 1, 2, NULL, 3), (8, x'08', 2, 'lab', NULL,"
    "  'ann', NULL, NULL, NULL, 1, 2, NULL, 3);"
    "DELETE FROM challenge WHERE id = 8;"
    "PRAGMA user_version = 4";

static int64_t index_has(const char *name, const char *text) {
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM sqlite_schema WHERE name = '%s' AND sql LIKE '%%%s%%'", name,
             text);
    return ask_file(sql);
}

static void a_database_of_the_fourth_step_is_brought_up(void **state) {
    (void)state;
    make_version(version_4);
    assert_ok(store_open(path, &store));
    assert_int_equal(ask_file("PRAGMA user_version"), LATEST);
    assert_int_equal(ask_file("SELECT count(*) FROM body"), 2);
    assert_int_equal(ask_file("SELECT count(*) FROM enrollment e JOIN body b ON b.id = e.body"
                              " WHERE b.text = '<A/>' AND e.id <> 'gone'"),
                     3);
    /* an enrollment has its last event, and each event the one before */
    assert_int_equal(ask_of("live", "last_event = 7 AND events = 3"), 1);
    assert_int_equal(ask_of("gone", "last_event = 4 AND events = 1"), 1);
    assert_int_equal(ask_of("same", "last_event IS NULL AND events = 0"), 1);
    assert_int_equal(ask_file("SELECT sum(1000 * id + COALESCE(previous, 0)) FROM event"), 20009);
    assert_int_equal(
        ask_file("SELECT count(*) FROM event WHERE id = 4 AND enrollment = 'gone'"
                 " AND at = 1 AND kind = 13 AND text = 'b' AND evidence = '{\"k\":1}'"),
        1);
    /* and its challenge; an id that was given once is given no more */
    assert_int_equal(ask_of("live", "challenge"), 3);
    assert_int_equal(ask_of("gone", "challenge IS NULL"), 1);
    assert_int_equal(ask_file("SELECT count(*) FROM challenge WHERE (id, hash, kind, endpoint,"
                              " enrollment, account, subject, san, eku, created, expires, used,"
                              " revoked) IS (3, x'03', 1, 'default', 'live', NULL, 's', NULL, 'k',"
                              " 4, 5, 6, NULL)"),
                     1);
    assert_int_equal(ask_file("SELECT count(*) FROM challenge WHERE id = 5 AND account = 'ann'"),
                     1);
    assert_int_equal(ask_file("SELECT seq FROM sqlite_sequence WHERE name = 'challenge'"), 8);
    assert_int_equal(index_has("challenge_account", "revoked IS NULL"), 1);
    assert_int_equal(index_has("challenge_enrollment", ""), 0);
    assert_int_equal(index_has("event_alarm", "kind = 13"), 1);
    assert_int_equal(index_has("event_enrollment", ""), 0);
    assert_int_equal(ask_file("SELECT count(*) FROM session"), 0);
    assert_int_equal(ask_file("SELECT count(*) FROM device WHERE watched = 0 AND sid = 'S-1'"), 1);
    /* what has ended is kept a month, or as long as its certificate */
    assert_int_equal(ask_of("live", "kept IS NULL AND kind = 1"), 1);
    assert_int_equal(ask_of("same", "kept IS NULL"), 1);
    assert_int_equal(ask_of("left", "kept"), 9000000000000);
    assert_in_range(ask_of("gone", "kept - 1000 * strftime('%s', 'now')"), 2591000000, 2592000000);
    assert_int_equal(index_has("enrollment_device", "(device, kept)"), 1);
    assert_int_equal(index_has("enrollment_deadline", "(deadline, sessions)"), 1);
    assert_int_equal(index_has("enrollment_not_after", "BETWEEN 11 AND 12"), 1);
    assert_int_equal(ask_file("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/* Asked each minute, of all hosts. */
static void hosts_that_leave_are_found_by_an_index(void **state) {
    (void)state;
    sqlite3 *db = NULL;
    sqlite3_stmt *plan = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "EXPLAIN QUERY PLAN SELECT name FROM device"
                                        " WHERE state = 2 AND left_at < $1",
                                        -1, &plan, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
    const char *how = (const char *)sqlite3_column_text(plan, 3);
    assert_non_null(strstr(how, "SEARCH device USING INDEX device_leaving"));
    sqlite3_finalize(plan);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A step that fails leaves the database as it found it. */
static void failed_migration_changes_nothing(void **state) {
    (void)state;
    struct store *s = NULL;
    remove_database();
    ask_file("CREATE TABLE challenge(x)");
    assert_int_equal(store_open(path, &s), ERR_STORE);
    assert_non_null(strstr(err_detail(), "challenge"));
    assert_int_equal(ask_file("PRAGMA user_version"), 0);
    assert_int_equal(ask_file("SELECT count(*) FROM sqlite_schema"), 1);
}

static void unreadable_files(void **state) {
    (void)state;
    struct store *s = NULL;
    remove_database();
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 200; i++)
        fputs("this is not a database\n", f);
    fclose(f);
    assert_int_equal(store_open(path, &s), ERR_STORE);
    assert_non_null(strstr(err_detail(), path));
    assert_int_equal(store_open("/nowhere/at/all/signet.db", &s), ERR_STORE);
    assert_non_null(strstr(err_detail(), "/nowhere/at/all/signet.db"));
    assert_null(s);
    store_close(NULL);
}

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
        cmocka_unit_test_teardown(fresh_and_reopened, close_it),
        WITH_STORE(newer_version_is_refused),
        cmocka_unit_test_teardown(a_database_of_the_fourth_step_is_brought_up, close_it),
        cmocka_unit_test_teardown(an_old_database_is_brought_up, close_it),
        cmocka_unit_test_teardown(a_database_without_upstreams_is_brought_up, close_it),
        cmocka_unit_test_teardown(certificates_get_their_lives, close_it),
        cmocka_unit_test_teardown(a_report_replaces_nothing, close_it),
        cmocka_unit_test_setup_teardown(hosts_that_leave_are_found_by_an_index, open_fresh,
                                        close_it),
        cmocka_unit_test_teardown(failed_migration_changes_nothing, close_it),
        cmocka_unit_test_teardown(unreadable_files, close_it),
        WITH_STORE(failed_work_writes_nothing),
        WITH_STORE(reading_cannot_write),
        WITH_STORE(failing_jobs_take_nothing_with_them),
        WITH_STORE(many_threads),
        WITH_STORE(a_lone_unsynced_job_is_done_by_its_thread),
        WITH_STORE(close_finishes_the_queue),
    };
    return cmocka_run_group_tests_name("store", tests, prepare, clean_up);
}
