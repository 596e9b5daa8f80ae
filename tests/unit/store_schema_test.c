/* SPDX-License-Identifier: Apache-2.0 */
/* The database file: made, opened again, brought up from older versions of the schema, refused. */
#include "store_fixture.h"

#include "store/certificate.h"
#include "store/challenge.h"
#include "store/enrollment.h"
#include "store/profile.h"
#include "store/request.h"

enum { LATEST = 7 }; /* version of the schema */

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
    };
    return cmocka_run_group_tests_name("store schema", tests, prepare, clean_up);
}
