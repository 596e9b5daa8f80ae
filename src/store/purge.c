/* SPDX-License-Identifier: Apache-2.0 */
/* What has ended long ago leaves the database, a part at a time. */
#include "store/queue.h"
#include "store/timeline.h"

/* ---- enrollments ---- */

/* `kept` is what the index goes by: a certificate's end never moves. */
enum err enrollment_end(struct tx *tx, const char *id, int64_t keep_until, int64_t unseen_until) {
    return sql_run(tx,
                   "UPDATE enrollment SET kept = max($2, COALESCE(not_after, 0),"
                   " COALESCE((SELECT max(not_after) FROM certificate WHERE enrollment = $1), 0),"
                   " COALESCE((SELECT max(not_after) FROM foreign_certificate"
                   "  WHERE enrollment = $1), 0), CASE WHEN successes >"
                   " (SELECT count(*) FROM foreign_certificate WHERE enrollment = $1)"
                   " THEN $3 ELSE 0 END) WHERE id = $1",
                   "sii", id, keep_until, unseen_until);
}

enum err enrollment_keep(struct tx *tx, const char *id, int64_t until) {
    return sql_run(tx, "UPDATE enrollment SET kept = max(kept, $2) WHERE id = $1 AND kept < $2",
                   "si", id, until);
}

/* The successors of one that is in force are counted; what an upstream has pended it may grant
 * still. */
static enum err list_past(struct tx *tx, struct arena *a, int64_t now, int64_t max,
                          struct enrollment **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT id FROM enrollment e WHERE kept < $1 AND NOT EXISTS(SELECT 1"
                  "  FROM enrollment p WHERE p.id = e.replaces AND p.kept IS NULL)"
                  " AND NOT EXISTS(SELECT 1 FROM request r WHERE r.enrollment = e.id"
                  "  AND r.state = 1) ORDER BY kept LIMIT $2",
                  "ii", now, max));
    SQL_EACH_ROW (rows, e, a, out)
        (*out)->id = sql_text(a, rows, 0);
    sql_end(rows);
    return e;
}

/* Its certificates stay: what they say is theirs; and its profile, while another one has it. */
static enum err forget(struct tx *tx, const char *id) {
    static const char *const steps[] = {
        SQL_ON_TIMELINE("e.id = $1", "DELETE FROM event WHERE id IN timeline"),
        "DELETE FROM challenge WHERE id = (SELECT challenge FROM enrollment WHERE id = $1)",
        "DELETE FROM relay_token WHERE enrollment = $1",
        "DELETE FROM pfx WHERE enrollment = $1",
        "UPDATE certificate SET enrollment = NULL WHERE enrollment = $1",
        "UPDATE foreign_certificate SET enrollment = NULL WHERE enrollment = $1",
        "DELETE FROM enrollment WHERE id = $1",
    };
    int64_t body;
    TRY(sql_number(tx, &body, "SELECT body FROM enrollment WHERE id = $1", "s", id));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        TRY(sql_run(tx, steps[i], "s", id));
    return sql_run(tx,
                   "DELETE FROM body WHERE id = $1"
                   " AND NOT EXISTS(SELECT 1 FROM enrollment WHERE body = $1)",
                   "i", body);
}

enum err enrollment_purge(struct tx *tx, int64_t now, int64_t max, int64_t *count) {
    ARENA_AUTO(a);
    struct enrollment *all;
    *count = 0;
    TRY(list_past(tx, &a, now, max, &all));
    for (; all; all = all->next, ++*count)
        TRY(forget(tx, all->id));
    return OK;
}

/* ---- commands ---- */

#define DONE "SELECT id FROM queue WHERE done < $1 ORDER BY done LIMIT $2"

enum err queue_purge(struct tx *tx, int64_t before, int64_t max, int64_t *count) {
    TRY(sql_run(tx, "DELETE FROM queue_result WHERE command IN (" DONE ")", "ii", before, max));
    TRY(sql_run(tx, "DELETE FROM queue WHERE id IN (" DONE ")", "ii", before, max));
    *count = sql_changes(tx);
    return OK;
}
