/* SPDX-License-Identifier: Apache-2.0 */
#include "store/journal.h"

#include "store/sql.h"

static const char *const names[JOURNAL__MAX] = {
    [JOURNAL_ISSUED] = "issued", [JOURNAL_RENEWED] = "renewed",       [JOURNAL_REVOKED] = "revoked",
    [JOURNAL_PENDED] = "pended", [JOURNAL_APPROVED] = "approved",     [JOURNAL_DENIED] = "denied",
    [JOURNAL_ALARM] = "alarm",   [JOURNAL_REINSTATED] = "reinstated", [JOURNAL_NOTE] = "note",
};

const char *journal_kind_name(enum journal_kind kind) {
    return kind > 0 && kind < JOURNAL__MAX ? names[kind] : "none";
}

enum err journal_add(struct tx *tx, const struct journal_entry *entry) {
    return sql_run(tx,
                   "INSERT INTO journal(at, kind, endpoint, certificate, text, evidence, device)"
                   " VALUES($1, $2, $3, NULLIF($4, 0), $5, $6, NULLIF($7, 0))",
                   "iisissi", entry->at, (int64_t)entry->kind, entry->endpoint, entry->certificate,
                   entry->text, entry->evidence ? entry->evidence : "{}", entry->device);
}

static enum err read_list(struct arena *a, sqlite3_stmt *rows, struct journal_entry **out) {
    enum err e;
    *out = NULL;
    SQL_EACH_ROW (rows, e, a, out)
        **out = (struct journal_entry){
            .id = sqlite3_column_int64(rows, 0),
            .at = sqlite3_column_int64(rows, 1),
            .kind = sqlite3_column_int(rows, 2),
            .endpoint = sql_text(a, rows, 3),
            .certificate = sqlite3_column_int64(rows, 4),
            .text = sql_text(a, rows, 5),
            .evidence = sql_text(a, rows, 6),
            .device = sqlite3_column_int64(rows, 7),
        };
    sql_end(rows);
    return e;
}

enum err journal_of_certificate(struct tx *tx, struct arena *a, int64_t certificate,
                                struct journal_entry **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT id, at, kind, endpoint, certificate, text, evidence, device FROM journal"
                  " WHERE certificate = $1 ORDER BY id",
                  "i", certificate));
    return read_list(a, rows, out);
}

enum err journal_of_device(struct tx *tx, struct arena *a, int64_t device, int64_t max,
                           struct journal_entry **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT id, at, kind, endpoint, certificate, text, evidence, device FROM journal"
                  " WHERE device = $1 ORDER BY id DESC LIMIT $2",
                  "ii", device, max));
    return read_list(a, rows, out);
}

enum err journal_count_of_device(struct tx *tx, int64_t device, const char *text, int64_t since,
                                 int64_t *count) {
    return sql_number(tx, count,
                      "SELECT count(*) FROM journal WHERE device = $1 AND text = $2 AND at >= $3",
                      "isi", device, text, since);
}

/* 7 is JOURNAL_ALARM, 13 is EVENT_ALARM (enroll/state.c asserts it): literals, for the indexes. */
enum err journal_alarms(struct tx *tx, struct arena *a, int64_t max, struct journal_entry **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT * FROM (SELECT id, at, 7, endpoint, certificate, text, evidence, device"
                  " FROM journal WHERE kind = 7 ORDER BY at DESC LIMIT $1)"
                  " UNION ALL SELECT * FROM (SELECT 0, at, 7, NULL, NULL, text,"
                  " json_set(evidence, '$.enrollment', enrollment), NULL"
                  " FROM event WHERE kind = 13 ORDER BY at DESC LIMIT $1)"
                  " ORDER BY 2 DESC, 1 DESC LIMIT $1",
                  "i", max));
    return read_list(a, rows, out);
}

enum err journal_count_alarms(struct tx *tx, const char *endpoint, const char *text, int64_t since,
                              int64_t *count) {
    return sql_number(tx, count,
                      "SELECT count(*) FROM journal WHERE kind = 7 AND text = $1 AND at >= $2"
                      " AND endpoint IS $3",
                      "sis", text, since, endpoint);
}
