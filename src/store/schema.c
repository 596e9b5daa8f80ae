/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema, as the steps that lead to it: step n brings a database of version n-1 to n. A step
 * that has been released is never changed; a new one is added. Times are milliseconds since 1970.
 */
#include "store/sql.h"

/* Of the certificate that the host was seen with: its end, and when it is to be renewed, which is
 * renew_due of enroll/renew.c with another spread. */
#define FILL_LIFE(table)                                                                          \
    "UPDATE enrollment SET not_after = c.not_after, renew_at = c.not_after"                       \
    "  - min((c.not_after - c.not_before) / 2, 2592000000) * (10240 + (hint(id) & 1023)) / 10240" \
    "  FROM (SELECT enrollment, sha1, not_before, not_after FROM " table ") c"                    \
    "  WHERE c.enrollment = enrollment.id AND state IN (8, 11)"                                   \
    "  AND upper(c.sha1) = upper(host_thumbprint);"

static const char *const steps[] = {
    /* 1 */
    "CREATE TABLE account("
    "  name TEXT PRIMARY KEY, password TEXT NOT NULL, created INTEGER NOT NULL);"

    "CREATE TABLE device("
    "  id INTEGER PRIMARY KEY, device_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    "  hw_dev_id TEXT NOT NULL, account TEXT NOT NULL, os_version TEXT NOT NULL,"
    "  login_status TEXT, enrolled INTEGER NOT NULL, last_seen INTEGER,"
    "  trusted_root TEXT);" /* SHA-1 of the CA certificate that the host confirmed */

    /* The device identities, by the SHA-256 of the certificate. */
    "CREATE TABLE identity("
    "  sha256 BLOB PRIMARY KEY, device INTEGER NOT NULL REFERENCES device(id),"
    "  der BLOB NOT NULL, issued INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    "  revoked INTEGER);"
    "CREATE INDEX identity_device ON identity(device);"

    "CREATE TABLE profile("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL,"
    "  trust_device_name INTEGER NOT NULL, created INTEGER NOT NULL);"

    /* One profile on one host. `body` is the profile as it was when it was assigned. */
    "CREATE TABLE enrollment("
    "  id TEXT PRIMARY KEY, device INTEGER NOT NULL REFERENCES device(id),"
    "  profile TEXT NOT NULL, body TEXT NOT NULL, state INTEGER NOT NULL,"
    "  created INTEGER NOT NULL, deadline INTEGER, sessions INTEGER NOT NULL DEFAULT 0,"
    "  asked INTEGER NOT NULL DEFAULT 0, next_ask INTEGER NOT NULL DEFAULT 0,"
    "  user_scope INTEGER NOT NULL DEFAULT 0,"
    "  subject TEXT, san TEXT, eku TEXT, key_usage INTEGER, key_length INTEGER,"
    "  host_status TEXT, host_error TEXT, host_thumbprint TEXT, respondent TEXT);"
    "CREATE INDEX enrollment_device ON enrollment(device);"
    "CREATE INDEX enrollment_deadline ON enrollment(deadline) WHERE deadline IS NOT NULL;"

    /* Only ever added to. `evidence` is a JSON object. */
    "CREATE TABLE event("
    "  id INTEGER PRIMARY KEY, enrollment TEXT NOT NULL REFERENCES enrollment(id),"
    "  at INTEGER NOT NULL, kind INTEGER NOT NULL, text TEXT NOT NULL, evidence TEXT NOT NULL);"
    "CREATE INDEX event_enrollment ON event(enrollment, id);"

    /* HMAC-SHA256 of the challenge, with the key in the data folder. */
    "CREATE TABLE challenge("
    "  hash BLOB PRIMARY KEY, enrollment TEXT NOT NULL REFERENCES enrollment(id),"
    "  created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER);"

    /* With the SCEP transaction that led to it: who signed it and what was asked for. */
    "CREATE TABLE certificate("
    "  id INTEGER PRIMARY KEY, serial BLOB NOT NULL UNIQUE,"
    "  enrollment TEXT NOT NULL REFERENCES enrollment(id), sha1 TEXT NOT NULL,"
    "  der BLOB NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    "  issued INTEGER NOT NULL, revoked INTEGER, reason TEXT,"
    "  transaction_id TEXT NOT NULL, signer_sha256 BLOB NOT NULL, csr_sha256 BLOB NOT NULL);"
    "CREATE INDEX certificate_enrollment ON certificate(enrollment);"
    "CREATE INDEX certificate_csr ON certificate(csr_sha256);"

    /* The SyncML session that a device is in, and what it was sent in it. */
    "CREATE TABLE session("
    "  device INTEGER PRIMARY KEY REFERENCES device(id), session_id TEXT NOT NULL,"
    "  msg_id INTEGER NOT NULL, started INTEGER NOT NULL);"
    "CREATE TABLE command("
    "  device INTEGER NOT NULL REFERENCES device(id), msg_id INTEGER NOT NULL,"
    "  cmd_id INTEGER NOT NULL, purpose INTEGER NOT NULL, enrollment TEXT,"
    "  loc_uri TEXT NOT NULL, PRIMARY KEY(device, msg_id, cmd_id));",

    /*
     * 2: several CAs and endpoints; certificates that belong to no enrollment. The hot path adds
     * one row each to certificate, request and journal, so these have few indexes, and those over
     * random keys hold 8 bytes a row (hint() of sql.c; costs-and-traps.md, 2.5).
     */
    "ALTER TABLE device ADD COLUMN sid TEXT;"
    "CREATE TABLE ndes_account("
    "  endpoint TEXT NOT NULL, name TEXT NOT NULL, password TEXT NOT NULL,"
    "  created INTEGER NOT NULL, PRIMARY KEY(endpoint, name));"

    /* Ids of challenges stand in the journal, so they are never given again. */
    "CREATE TABLE new_challenge("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL,"
    "  endpoint TEXT NOT NULL, enrollment TEXT REFERENCES enrollment(id), account TEXT,"
    "  subject TEXT, san TEXT, eku TEXT,"
    "  created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER, revoked INTEGER);"
    "INSERT INTO new_challenge(hash, kind, endpoint, enrollment, created, expires, used)"
    "  SELECT hash, 1, 'default', enrollment, created, expires, used FROM challenge;"
    "DROP TABLE challenge;"
    "ALTER TABLE new_challenge RENAME TO challenge;"
    "CREATE INDEX challenge_enrollment ON challenge(enrollment) WHERE enrollment IS NOT NULL;"
    "CREATE INDEX challenge_account ON challenge(endpoint, account)"
    "  WHERE account IS NOT NULL AND used IS NULL AND revoked IS NULL;"

    /* Accepted requests. A row of before has lost its id: it is known by its CSR only. */
    "CREATE TABLE request("
    "  id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, message_type INTEGER NOT NULL,"
    "  state INTEGER NOT NULL, transaction_id TEXT NOT NULL, transaction_hint INTEGER NOT NULL,"
    "  signer_sha256 BLOB NOT NULL, signer_key_sha256 BLOB NOT NULL, csr_sha256 BLOB NOT NULL,"
    "  csr_hint INTEGER NOT NULL, enrollment TEXT, subject TEXT NOT NULL, peer TEXT NOT NULL,"
    "  reason TEXT, validity INTEGER NOT NULL DEFAULT 0, challenge INTEGER,"
    "  certificate INTEGER, created INTEGER NOT NULL, decided INTEGER, csr BLOB);"
    "CREATE INDEX request_transaction ON request(transaction_hint);"
    "CREATE INDEX request_csr ON request(csr_hint);"
    "CREATE INDEX request_pending ON request(id) WHERE state = 1;"
    "INSERT INTO request(endpoint, message_type, state, transaction_id, transaction_hint,"
    "  signer_sha256, signer_key_sha256, csr_sha256, csr_hint, enrollment, subject, peer,"
    "  certificate, created, decided)"
    "  SELECT 'default', 19, 2, '', hint(''), signer_sha256, x'', csr_sha256, hint(csr_sha256),"
    "  enrollment, '', '', id, issued, issued FROM certificate;"

    /* `ca` of those of before is empty until certificate_adopt. */
    "CREATE TABLE new_certificate("
    "  id INTEGER PRIMARY KEY, serial BLOB NOT NULL UNIQUE, ca TEXT NOT NULL,"
    "  endpoint TEXT NOT NULL, enrollment TEXT REFERENCES enrollment(id), subject TEXT NOT NULL,"
    "  sha1 TEXT NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    "  issued INTEGER NOT NULL, revoked INTEGER, reason TEXT, der BLOB NOT NULL);"
    "INSERT INTO new_certificate"
    "  SELECT c.id, c.serial, '', 'default', c.enrollment, COALESCE(e.subject, ''), c.sha1,"
    "  c.not_before, c.not_after, c.issued, c.revoked, c.reason, c.der"
    "  FROM certificate c JOIN enrollment e ON e.id = c.enrollment;"
    "DROP TABLE certificate;"
    "ALTER TABLE new_certificate RENAME TO certificate;"
    "CREATE INDEX certificate_enrollment ON certificate(enrollment)"
    "  WHERE enrollment IS NOT NULL;"
    "CREATE INDEX certificate_revoked ON certificate(ca, revoked) WHERE revoked IS NOT NULL;"
    "CREATE INDEX certificate_orphan ON certificate(id) WHERE ca = '';"

    "CREATE TABLE crl("
    "  ca TEXT PRIMARY KEY, number INTEGER NOT NULL, this_update INTEGER NOT NULL,"
    "  next_update INTEGER NOT NULL, der BLOB NOT NULL);"

    /* 7 is JOURNAL_ALARM, 13 is EVENT_ALARM of enroll/state.h. */
    "CREATE TABLE journal("
    "  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL, endpoint TEXT,"
    "  certificate INTEGER, text TEXT NOT NULL, evidence TEXT NOT NULL);"
    "CREATE INDEX journal_certificate ON journal(certificate) WHERE certificate IS NOT NULL;"
    "CREATE INDEX journal_alarm ON journal(text, at) WHERE kind = 7;"
    "CREATE INDEX journal_alarm_at ON journal(at) WHERE kind = 7;"
    "CREATE INDEX event_alarm ON event(at) WHERE kind = 13;",

    /* 3: upstreams. What is old belongs to the endpoint 'default'. */
    "ALTER TABLE profile ADD COLUMN endpoint TEXT NOT NULL DEFAULT 'default';"
    "ALTER TABLE enrollment ADD COLUMN endpoint TEXT NOT NULL DEFAULT 'default';"
    "ALTER TABLE enrollment ADD COLUMN asks INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE enrollment ADD COLUMN answers INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE enrollment ADD COLUMN successes INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE request ADD COLUMN foreign_certificate INTEGER;"

    /* What a host trusts; it may need the roots of several CAs. */
    "CREATE TABLE trusted_root("
    "  device INTEGER NOT NULL REFERENCES device(id), sha1 TEXT NOT NULL,"
    "  PRIMARY KEY(device, sha1)) WITHOUT ROWID;"
    "INSERT INTO trusted_root SELECT id, trusted_root FROM device"
    "  WHERE trusted_root IS NOT NULL;"
    "ALTER TABLE device DROP COLUMN trusted_root;"

    /* From `thumbprint` on: learnt from the upstream. */
    "CREATE TABLE upstream("
    "  name TEXT PRIMARY KEY, url TEXT NOT NULL, mode INTEGER NOT NULL, message TEXT,"
    "  trust TEXT, chain TEXT, challenge_file TEXT, ndes_url TEXT, ndes_credentials TEXT,"
    "  ndes_auth INTEGER NOT NULL, webhook_secret TEXT, ca TEXT, timeout INTEGER NOT NULL,"
    "  max_requests INTEGER NOT NULL, created INTEGER NOT NULL,"
    "  thumbprint TEXT, offered TEXT, capabilities TEXT, learnt INTEGER, ca_certs BLOB);"

    /* HMAC-SHA256 of the token, as of a challenge. */
    "CREATE TABLE relay_token("
    "  enrollment TEXT PRIMARY KEY REFERENCES enrollment(id), upstream TEXT NOT NULL,"
    "  hash BLOB NOT NULL UNIQUE, expires INTEGER NOT NULL);"

    "CREATE TABLE foreign_certificate("
    "  id INTEGER PRIMARY KEY, upstream TEXT NOT NULL, enrollment TEXT REFERENCES enrollment(id),"
    "  source INTEGER NOT NULL, serial BLOB NOT NULL, subject TEXT NOT NULL, sha1 TEXT NOT NULL,"
    "  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, seen INTEGER NOT NULL,"
    "  der BLOB NOT NULL, UNIQUE(sha1, upstream));"
    "CREATE INDEX foreign_certificate_enrollment ON foreign_certificate(enrollment)"
    "  WHERE enrollment IS NOT NULL;",

    /* 4: the life of a certificate, codes and sign-ins, commands and groups. */
    "ALTER TABLE account ADD COLUMN max_devices INTEGER;" /* NULL: as the configuration has it */
    "ALTER TABLE device ADD COLUMN state INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE device ADD COLUMN left_at INTEGER;"
    "ALTER TABLE device ADD COLUMN enrollment_type TEXT;"
    "ALTER TABLE device ADD COLUMN claims INTEGER;" /* the known host whose hardware it names */
    "CREATE INDEX device_name ON device(name COLLATE NOCASE);"
    "CREATE INDEX device_hw ON device(hw_dev_id);"
    "CREATE INDEX device_account ON device(account) WHERE state IN (1, 2);"
    /* Its first session; until then the identity before it stays good. */
    "ALTER TABLE identity ADD COLUMN used INTEGER;"
    "ALTER TABLE identity ADD COLUMN serial BLOB;"
    "ALTER TABLE identity ADD COLUMN reason TEXT;"

    /* What a host proves itself by without a certificate; the secrets are sealed. */
    "CREATE TABLE device_secret("
    "  device INTEGER PRIMARY KEY REFERENCES device(id), name TEXT NOT NULL,"
    "  host BLOB NOT NULL, server BLOB NOT NULL, next BLOB, taken INTEGER NOT NULL DEFAULT 0,"
    "  logins INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL);"

    /* Enrollment codes and sign-ins: HMAC-SHA256, as of a challenge. `uses` are left; `code` is the
     * hash of the one that a sign-in was made with, and that is spent with it. */
    "CREATE TABLE ticket("
    "  hash BLOB PRIMARY KEY, kind INTEGER NOT NULL, account TEXT NOT NULL,"
    "  created INTEGER NOT NULL, expires INTEGER NOT NULL, uses INTEGER NOT NULL,"
    "  used INTEGER, code BLOB, revoked INTEGER);"
    "CREATE INDEX ticket_account ON ticket(account);"

    /* The message that was answered last, and the answer, sealed: for a host that did not get it.
     * Then the parts of a large result that have come so far. */
    "ALTER TABLE session ADD COLUMN in_msg INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE session ADD COLUMN request_sha256 BLOB;"
    "ALTER TABLE session ADD COLUMN reply BLOB;"
    "ALTER TABLE session ADD COLUMN chunk_uri TEXT;"
    "ALTER TABLE session ADD COLUMN chunk_ref TEXT;"
    "ALTER TABLE session ADD COLUMN chunk BLOB;"
    /* The commands that were sent lie in the session's row, which is written once a message. */
    "ALTER TABLE session ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE session ADD COLUMN sent BLOB;"
    "DROP TABLE command;"
    "DELETE FROM session;"

    /* Commands of the administrator, in order; states are those of store/queue.h. */
    "CREATE TABLE queue("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL REFERENCES device(id),"
    "  batch INTEGER, body TEXT NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL,"
    "  sent INTEGER, done INTEGER);"
    "CREATE INDEX queue_open ON queue(device, id) WHERE state <= 2;"
    "CREATE INDEX queue_device ON queue(device, id);"
    "CREATE INDEX queue_batch ON queue(batch, id);"
    "CREATE TABLE queue_result("
    "  id INTEGER PRIMARY KEY, command INTEGER NOT NULL REFERENCES queue(id),"
    "  cmd_id INTEGER NOT NULL, cmd TEXT NOT NULL, loc_uri TEXT NOT NULL, status INTEGER,"
    "  original_error TEXT, format TEXT, data BLOB, size INTEGER, at INTEGER NOT NULL);"
    "CREATE INDEX queue_result_command ON queue_result(command);"

    "CREATE TABLE device_group("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);"
    "CREATE TABLE group_member("
    "  device_group INTEGER NOT NULL REFERENCES device_group(id),"
    "  device INTEGER NOT NULL REFERENCES device(id),"
    "  PRIMARY KEY(device_group, device)) WITHOUT ROWID;"
    "CREATE INDEX group_member_device ON group_member(device);"

    /* A profile for a host, or for all hosts of a group: one of both. */
    "CREATE TABLE assignment("
    "  id INTEGER PRIMARY KEY, profile TEXT NOT NULL, device INTEGER, device_group INTEGER,"
    "  created INTEGER NOT NULL, removed INTEGER);"
    "CREATE INDEX assignment_device ON assignment(device) WHERE device IS NOT NULL;"
    "CREATE INDEX assignment_group ON assignment(device_group) WHERE device_group IS NOT NULL;"
    "ALTER TABLE enrollment ADD COLUMN assignment INTEGER;"
    "ALTER TABLE enrollment ADD COLUMN replaces TEXT;"
    "ALTER TABLE enrollment ADD COLUMN not_after INTEGER;"
    "ALTER TABLE enrollment ADD COLUMN renew_at INTEGER;"
    "ALTER TABLE enrollment ADD COLUMN next_check INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX enrollment_renew ON enrollment(renew_at) WHERE renew_at IS NOT NULL;"
    "CREATE INDEX enrollment_not_after ON enrollment(not_after)"
    "  WHERE not_after IS NOT NULL AND state IN (8, 11, 12);" /* held by their hosts */

    "ALTER TABLE journal ADD COLUMN device INTEGER;"
    "CREATE INDEX journal_device ON journal(device) WHERE device IS NOT NULL;"

    "CREATE INDEX device_leaving ON device(left_at) WHERE state = 2;"

    /* What is assigned stays so. 4 is rejected: that wants an administrator. */
    "INSERT INTO assignment(profile, device, created)"
    "  SELECT profile, device, min(created) FROM enrollment WHERE state <> 4"
    "  GROUP BY profile, device;"
    "UPDATE enrollment SET assignment = (SELECT a.id FROM assignment a"
    "  WHERE a.profile = enrollment.profile AND a.device = enrollment.device);"
    /* 8 and 11 are confirmed and reported: those are renewed, also where the host does not come. */
    FILL_LIFE("certificate") FILL_LIFE("foreign_certificate")
    /* The newest is in force where the host has shown it, and it is good: those before it become
     * 13, renewed, and are deleted from the host. */
    "UPDATE enrollment SET state = 13, deadline = NULL, sessions = 0, renew_at = NULL"
    "  WHERE state IN (8, 11) AND EXISTS(SELECT 1 FROM enrollment n"
    "    WHERE n.device = enrollment.device AND n.profile = enrollment.profile"
    "    AND n.rowid > enrollment.rowid AND n.state = 8"
    "    AND COALESCE(n.not_after > 1000 * strftime('%s', 'now'), 1)"
    "    AND NOT EXISTS(SELECT 1 FROM certificate c WHERE c.enrollment = n.id"
    "      AND c.revoked IS NOT NULL AND upper(c.sha1) = upper(n.host_thumbprint)));"
    /* 18 is EVENT_RENEWED. */
    "INSERT INTO event(enrollment, at, kind, text, evidence)"
    "  SELECT id, 1000 * strftime('%s', 'now'), 18, 'the host has a newer certificate of the"
    " profile: this one is deleted there', '{}' FROM enrollment WHERE state = 13;",

    /* 5: what a session shows of its host, what is kept how long, profiles apart, PKCS#12. */
    /* What its sessions show of it; see struct device. */
    "ALTER TABLE device ADD COLUMN model TEXT;"
    "ALTER TABLE device ADD COLUMN hw_shown TEXT;"
    "ALTER TABLE device ADD COLUMN hw_other TEXT;"
    "ALTER TABLE device ADD COLUMN hw_told INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device ADD COLUMN watched INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device ADD COLUMN sync_version INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE session ADD COLUMN peer TEXT;"
    "CREATE INDEX queue_done ON queue(done) WHERE done IS NOT NULL;"
    /* Of one that has ended: until when it is kept. */
    "ALTER TABLE enrollment ADD COLUMN kept INTEGER;"
    /* 15 and 16 are removed and revoked: a month, as enroll/enroll.c has it. */
    "UPDATE enrollment SET kept = max(1000 * strftime('%s', 'now') + 2592000000,"
    "  COALESCE((SELECT max(c.not_after) FROM certificate c WHERE c.enrollment = enrollment.id), 0),"
    "  COALESCE((SELECT max(f.not_after) FROM foreign_certificate f"
    "    WHERE f.enrollment = enrollment.id), 0)) WHERE state IN (15, 16);"
    "CREATE INDEX enrollment_kept ON enrollment(kept) WHERE kept IS NOT NULL;"
    "DROP INDEX IF EXISTS enrollment_device;"
    "CREATE INDEX enrollment_device ON enrollment(device, kept);"
    /* With the sessions, so that hosts that are away cost no look at their rows. */
    "DROP INDEX IF EXISTS enrollment_deadline;"
    "CREATE INDEX enrollment_deadline ON enrollment(deadline, sessions)"
    "  WHERE deadline IS NOT NULL;"
    /* Held by their hosts. */
    "DROP INDEX enrollment_not_after;"
    "CREATE INDEX enrollment_not_after ON enrollment(not_after)"
    "  WHERE not_after IS NOT NULL AND (state = 8 OR state BETWEEN 11 AND 12);"

    /* Profiles as they were assigned: hosts of one profile share a row, which is never changed, so
     * that an enrollment's, which is written often, is small. */
    "CREATE TABLE body(id INTEGER PRIMARY KEY, hint INTEGER NOT NULL, text TEXT NOT NULL);"
    "CREATE INDEX body_hint ON body(hint);"
    "INSERT INTO body(hint, text) SELECT hint(body), body FROM enrollment GROUP BY body;"
    "ALTER TABLE enrollment ADD COLUMN body_id INTEGER REFERENCES body(id);"
    "UPDATE enrollment SET body_id = (SELECT b.id FROM body b"
    "  WHERE b.hint = hint(enrollment.body) AND b.text = enrollment.body);"
    "ALTER TABLE enrollment DROP COLUMN body;"
    "ALTER TABLE enrollment RENAME COLUMN body_id TO body;"
    "CREATE INDEX enrollment_body ON enrollment(body);" /* whether one is still needed */

    /* PKCS#12 for a host: 1 is a profile's enrollment, 2 that of a pfx. Its secret is sealed. */
    "ALTER TABLE enrollment ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;"
    "CREATE TABLE pfx("
    "  enrollment TEXT PRIMARY KEY REFERENCES enrollment(id), made INTEGER NOT NULL,"
    "  sha1 TEXT NOT NULL, cert BLOB NOT NULL, key_location INTEGER NOT NULL,"
    "  exportable INTEGER NOT NULL, secret BLOB);"

    /* For enrollment_purge: requests that wait hold their enrollment. */
    "CREATE INDEX request_pending_of ON request(enrollment) WHERE state = 1;",

    /* 6: profiles that are sent although Windows surely fails at them: a body is a text with that
     * word, so that its rows stay as they are. */
    ("ALTER TABLE profile ADD COLUMN send_anyway INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE body ADD COLUMN send_anyway INTEGER NOT NULL DEFAULT 0;"),

    /* 7: fewer pages for each message. A session's last answer is kept in memory (mdm/replies.h),
     * and what it was sent is small; hosts that were in one when signet ended begin another. Events
     * are found from the last one on (SQL_ON_TIMELINE), so that none needs an index by enrollment,
     * whose ids are random: not for a foreign key either. */
    ("DROP TABLE session;"
     "CREATE TABLE session("
     "  device INTEGER PRIMARY KEY REFERENCES device(id), session_id TEXT NOT NULL,"
     "  msg_id INTEGER NOT NULL, started INTEGER NOT NULL, heard INTEGER NOT NULL,"
     "  in_msg INTEGER NOT NULL, request_sha256 BLOB, kept INTEGER NOT NULL, peer TEXT,"
     "  sent BLOB NOT NULL, chunk_uri TEXT, chunk_ref TEXT, chunk BLOB);"

     "ALTER TABLE enrollment ADD COLUMN last_event INTEGER;"
     "ALTER TABLE enrollment ADD COLUMN events INTEGER NOT NULL DEFAULT 0;"
     "UPDATE enrollment SET (last_event, events) ="
     "  (SELECT max(v.id), count(*) FROM event v WHERE v.enrollment = enrollment.id);"
     "CREATE TABLE new_event("
     "  id INTEGER PRIMARY KEY, enrollment TEXT NOT NULL, previous INTEGER,"
     "  at INTEGER NOT NULL, kind INTEGER NOT NULL, text TEXT NOT NULL, evidence TEXT NOT NULL);"
     "INSERT INTO new_event SELECT id, enrollment,"
     "  (SELECT max(p.id) FROM event p WHERE p.enrollment = v.enrollment AND p.id < v.id),"
     "  at, kind, text, evidence FROM event v ORDER BY id;"
     "DROP TABLE event;"
     "ALTER TABLE new_event RENAME TO event;"
     "CREATE INDEX event_alarm ON event(at) WHERE kind = 13;"

     /* The same for challenges: an enrollment has its own. */
     "ALTER TABLE enrollment ADD COLUMN challenge INTEGER;"
     "UPDATE enrollment SET challenge ="
     "  (SELECT max(c.id) FROM challenge c WHERE c.enrollment = enrollment.id);"
     "CREATE TABLE new_challenge("
     "  id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL,"
     "  endpoint TEXT NOT NULL, enrollment TEXT, account TEXT, subject TEXT, san TEXT, eku TEXT,"
     "  created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER, revoked INTEGER);"
     "INSERT INTO new_challenge SELECT id, hash, kind, endpoint, enrollment, account, subject, san,"
     "  eku, created, expires, used, revoked FROM challenge ORDER BY id;"
     "DELETE FROM sqlite_sequence WHERE name = 'new_challenge';"
     "INSERT INTO sqlite_sequence SELECT 'new_challenge', seq FROM sqlite_sequence"
     "  WHERE name = 'challenge';"
     "DROP TABLE challenge;"
     "ALTER TABLE new_challenge RENAME TO challenge;"
     "CREATE INDEX challenge_account ON challenge(endpoint, account)"
     "  WHERE account IS NOT NULL AND used IS NULL AND revoked IS NULL;"),
};

enum { LATEST = sizeof steps / sizeof *steps };

static enum err read_version(struct tx *tx, int *version) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "PRAGMA user_version", ""));
    *version = sql_next(rows, &e) ? sqlite3_column_int(rows, 0) : 0;
    sql_end(rows);
    return e;
}

static enum err apply(struct tx *tx, int step) {
    char script_end[64], *message = NULL;
    sqlite3_snprintf(sizeof script_end, script_end, "PRAGMA user_version=%d; COMMIT;", step);
    const char *script[] = {"BEGIN IMMEDIATE;", steps[step - 1], script_end};
    for (size_t i = 0; i < sizeof script / sizeof *script; i++) {
        if (sqlite3_exec(tx->db, script[i], NULL, NULL, &message) != SQLITE_OK) {
            enum err e = err_set(ERR_STORE, "schema step %d: %s", step, message ? message : "");
            sqlite3_free(message);
            sqlite3_exec(tx->db, "ROLLBACK", NULL, NULL, NULL);
            return e;
        }
    }
    return OK;
}

enum err schema_upgrade(struct tx *tx) {
    int version;
    TRY(read_version(tx, &version));
    if (version > LATEST)
        return err_set(ERR_CONFLICT,
                       "the database has schema version %d, this signet knows up to %d: it was "
                       "written by a newer signet, use that one",
                       version, LATEST);
    for (int step = version + 1; step <= LATEST; step++)
        TRY(apply(tx, step));
    return OK;
}
