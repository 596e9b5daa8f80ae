/* SPDX-License-Identifier: Apache-2.0 */
#include "store/device.h"

#include "store/sql.h"

enum err account_add(struct tx *tx, const struct account *account) {
    enum err e = sql_run(tx, "INSERT INTO account(name, password, created) VALUES($1, $2, $3)",
                         "ssi", account->name, account->password, account->created);
    return e == ERR_EXISTS ? err_set(e, "there is an account '%s' already", account->name) : e;
}

#define ACCOUNT_COLUMNS "name, password, created, COALESCE(max_devices, -1)"

static void read_account(struct arena *a, sqlite3_stmt *rows, struct account *out) {
    *out = (struct account){.name = sql_text(a, rows, 0),
                            .password = sql_text(a, rows, 1),
                            .created = sqlite3_column_int64(rows, 2),
                            .max_devices = sqlite3_column_int64(rows, 3)};
}

enum err account_get(struct tx *tx, struct arena *a, const char *name, struct account *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT " ACCOUNT_COLUMNS " FROM account WHERE name = $1", "s", name));
    if (sql_next(rows, &e))
        read_account(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "there is no account '%s'", name);
    sql_end(rows);
    return e;
}

enum err account_set_max_devices(struct tx *tx, const char *name, int64_t max) {
    TRY(sql_run(tx, "UPDATE account SET max_devices = NULLIF($2, -1) WHERE name = $1", "si", name,
                max));
    return sql_changes(tx) ? OK : err_set(ERR_NOT_FOUND, "there is no account '%s'", name);
}

enum err account_remove(struct tx *tx, const char *name) {
    TRY(sql_run(tx, "DELETE FROM ticket WHERE account = $1", "s", name));
    TRY(sql_run(tx, "DELETE FROM account WHERE name = $1", "s", name));
    return sql_changes(tx) ? OK : err_set(ERR_NOT_FOUND, "there is no account '%s'", name);
}

enum err account_list(struct tx *tx, struct arena *a, struct account **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows, "SELECT " ACCOUNT_COLUMNS " FROM account ORDER BY name", ""));
    SQL_EACH_ROW (rows, e, a, out)
        read_account(a, rows, *out);
    sql_end(rows);
    return e;
}

const char *device_state_name(int state) {
    static const char *const names[] = {"none", "enrolled", "leaving", "left", "removed"};
    return names[state > 0 && state <= DEVICE_REMOVED ? state : 0];
}

#define DEVICE_COLUMNS                                                                        \
    "id, device_id, name, hw_dev_id, os_version, account, login_status, enrolled, last_seen," \
    " sid, state, left_at, enrollment_type, claims, model, hw_shown, hw_other, hw_told,"      \
    " watched, sync_version"

static void read_device(struct arena *a, sqlite3_stmt *rows, struct device *out) {
    *out = (struct device){
        .id = sqlite3_column_int64(rows, 0),
        .device_id = sql_text(a, rows, 1),
        .name = sql_text(a, rows, 2),
        .hw_dev_id = sql_text(a, rows, 3),
        .os_version = sql_text(a, rows, 4),
        .account = sql_text(a, rows, 5),
        .login_status = sql_text(a, rows, 6),
        .enrolled = sqlite3_column_int64(rows, 7),
        .last_seen = sqlite3_column_int64(rows, 8),
        .sid = sql_text(a, rows, 9),
        .state = sqlite3_column_int(rows, 10),
        .left_at = sqlite3_column_int64(rows, 11),
        .enrollment_type = sql_text(a, rows, 12),
        .claims = sqlite3_column_int64(rows, 13),
        .model = sql_text(a, rows, 14),
        .hw_shown = sql_text(a, rows, 15),
        .hw_other = sql_text(a, rows, 16),
        .hw_told = sqlite3_column_int64(rows, 17),
        .watched = sqlite3_column_int64(rows, 18),
        .sync_version = sqlite3_column_int64(rows, 19),
    };
}

enum err device_put(struct tx *tx, struct device *d) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "INSERT INTO device(device_id, name, hw_dev_id, os_version, account, enrolled,"
                  " enrollment_type, claims)"
                  " VALUES($1, $2, $3, $4, $5, $6, $7, NULLIF($8, 0))"
                  " ON CONFLICT(device_id) DO UPDATE SET name = $2, hw_dev_id = $3,"
                  " os_version = $4, account = $5, enrolled = $6, enrollment_type = $7,"
                  " claims = NULLIF($8, 0), state = 1, left_at = NULL, model = NULL,"
                  " hw_shown = NULL, hw_other = NULL, hw_told = 0, watched = 0, sync_version = 0"
                  " RETURNING id",
                  "sssssisi", d->device_id, d->name, d->hw_dev_id, d->os_version, d->account,
                  d->enrolled, d->enrollment_type, d->claims));
    while (sql_next(rows, &e))
        d->id = sqlite3_column_int64(rows, 0);
    sql_end(rows);
    TRY(e);
    /* A host that enrolls anew may have been reset: what it trusted is not known any more, and its
     * sessions are counted from 1 again. */
    TRY(sql_run(tx, "DELETE FROM session WHERE device = $1", "i", d->id));
    return device_forget_trust(tx, d->id);
}

static enum err one_device(struct arena *a, sqlite3_stmt *rows, struct device *out) {
    enum err e;
    if (sql_next(rows, &e))
        read_device(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "no such device");
    sql_end(rows);
    return e;
}

enum err device_by_device_id(struct tx *tx, struct arena *a, const char *device_id,
                             struct device *out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows, "SELECT " DEVICE_COLUMNS " FROM device WHERE device_id = $1", "s",
                  device_id));
    return one_device(a, rows, out);
}

enum err device_by_id(struct tx *tx, struct arena *a, int64_t id, struct device *out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows, "SELECT " DEVICE_COLUMNS " FROM device WHERE id = $1", "i", id));
    return one_device(a, rows, out);
}

static enum err read_devices(struct arena *a, sqlite3_stmt *rows, struct device **out) {
    enum err e;
    *out = NULL;
    SQL_EACH_ROW (rows, e, a, out)
        read_device(a, rows, *out);
    sql_end(rows);
    return e;
}

enum err device_page(struct tx *tx, struct arena *a, int64_t after, int64_t max,
                     struct device **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " DEVICE_COLUMNS " FROM device WHERE id > $1 ORDER BY id LIMIT $2", "ii",
                  after, max));
    return read_devices(a, rows, out);
}

enum err device_page_of_group(struct tx *tx, struct arena *a, int64_t device_group, int64_t after,
                              int64_t max, struct device **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " DEVICE_COLUMNS " FROM group_member m JOIN device ON id = m.device"
                  " WHERE m.device_group = $1 AND m.device > $2 AND state <> 4"
                  " ORDER BY m.device LIMIT $3",
                  "iii", device_group, after, max));
    return read_devices(a, rows, out);
}

/* 1 and 2: enrolled and leaving. */
enum err device_list_by_hw(struct tx *tx, struct arena *a, const char *hw_dev_id,
                           struct device **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " DEVICE_COLUMNS
                  " FROM device WHERE hw_dev_id = $1 AND state IN (1, 2) ORDER BY id",
                  "s", hw_dev_id));
    return read_devices(a, rows, out);
}

enum err device_list_leaving(struct tx *tx, struct arena *a, int64_t before, struct device **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " DEVICE_COLUMNS " FROM device WHERE state = 2 AND left_at < $1", "i",
                  before));
    return read_devices(a, rows, out);
}

enum err device_count_of_account(struct tx *tx, const char *account, int64_t most, int64_t *count) {
    return sql_number(tx, count,
                      "SELECT count(*) FROM (SELECT 1 FROM device WHERE account = $1"
                      " AND state IN (1, 2) LIMIT $2)",
                      "si", account, most);
}

/* A host that was removed is named by its DeviceID only: another one may have its name now. */
static enum err no_such_host(struct tx *tx, struct arena *a, const char *name) {
    sqlite3_stmt *rows;
    struct device *removed;
    TRY(sql_query(tx, &rows,
                  "SELECT " DEVICE_COLUMNS " FROM device WHERE name = $1 COLLATE NOCASE"
                  " ORDER BY id DESC LIMIT 1",
                  "s", name));
    TRY(read_devices(a, rows, &removed));
    return removed
               ? err_set(ERR_CONFLICT,
                         "the host '%s' was removed: name it by its DeviceID, %s (signet device "
                         "list --all)",
                         name, removed->device_id)
               : err_set(ERR_NOT_FOUND, "there is no host '%s'; signet device list shows them",
                         name);
}

static enum err device_by_name(struct tx *tx, struct arena *a, const char *name,
                               struct device *out) {
    sqlite3_stmt *rows;
    struct device *found;
    TRY(sql_query(tx, &rows,
                  "SELECT " DEVICE_COLUMNS
                  " FROM device WHERE name = $1 COLLATE NOCASE AND state <> 4 LIMIT 2",
                  "s", name));
    TRY(read_devices(a, rows, &found));
    if (!found)
        return no_such_host(tx, a, name);
    if (found->next)
        return err_set(ERR_CONFLICT, "several hosts are called '%s': name one by its DeviceID",
                       name);
    *out = *found;
    return OK;
}

enum err device_find(struct tx *tx, struct arena *a, const char *text, struct device *out) {
    enum err e = device_by_device_id(tx, a, text, out);
    return e == ERR_NOT_FOUND ? device_by_name(tx, a, text, out) : e;
}

enum err device_set_state(struct tx *tx, const struct device *d) {
    return sql_run(tx,
                   "UPDATE device SET state = $2, left_at = NULLIF($3, 0), claims = NULLIF($4, 0)"
                   " WHERE id = $1",
                   "iiii", d->id, (int64_t)d->state, d->left_at, d->claims);
}

enum err device_set_shown(struct tx *tx, const struct device *d) {
    return sql_run(tx,
                   "UPDATE device SET model = $2, hw_shown = $3, hw_other = $4, hw_told = $5,"
                   " watched = $6, sync_version = $7 WHERE id = $1",
                   "isssiii", d->id, d->model, d->hw_shown, d->hw_other, d->hw_told, d->watched,
                   d->sync_version);
}

enum err device_seen(struct tx *tx, int64_t id, int64_t at, const char *login_status) {
    return sql_run(tx, "UPDATE device SET last_seen = $2, login_status = $3 WHERE id = $1", "iis",
                   id, at, login_status);
}

enum err device_add_trust(struct tx *tx, int64_t id, const char *root_sha1) {
    return sql_run(tx,
                   "INSERT INTO trusted_root(device, sha1) VALUES($1, $2)"
                   " ON CONFLICT(device, sha1) DO NOTHING",
                   "is", id, root_sha1);
}

enum err device_trusts(struct tx *tx, int64_t id, const char *root_sha1, bool *out) {
    int64_t count;
    TRY(sql_number(tx, &count, "SELECT count(*) FROM trusted_root WHERE device = $1 AND sha1 = $2",
                   "is", id, root_sha1));
    *out = count > 0;
    return OK;
}

enum err device_forget_trust(struct tx *tx, int64_t id) {
    return sql_run(tx, "DELETE FROM trusted_root WHERE device = $1", "i", id);
}

enum err device_set_sid(struct tx *tx, int64_t id, const char *sid) {
    TRY(sql_run(tx, "UPDATE device SET sid = $2 WHERE id = $1", "is", id, sid));
    return sql_changes(tx) ? OK : err_set(ERR_NOT_FOUND, "no such device");
}
