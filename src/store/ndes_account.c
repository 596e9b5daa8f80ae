/* SPDX-License-Identifier: Apache-2.0 */
#include "store/device.h"
#include "store/sql.h"

enum err ndes_account_add(struct tx *tx, const struct ndes_account *account) {
    enum err e =
        sql_run(tx,
                "INSERT INTO ndes_account(endpoint, name, password, created)"
                " VALUES($1, $2, $3, $4)",
                "sssi", account->endpoint, account->name, account->password, account->created);
    return e == ERR_EXISTS ? err_set(e, "there is an account '%s' of the endpoint '%s' already",
                                     account->name, account->endpoint)
                           : e;
}

static void read_row(struct arena *a, sqlite3_stmt *rows, struct ndes_account *out) {
    *out = (struct ndes_account){.endpoint = sql_text(a, rows, 0),
                                 .name = sql_text(a, rows, 1),
                                 .password = sql_text(a, rows, 2),
                                 .created = sqlite3_column_int64(rows, 3)};
}

static enum err unknown(const char *endpoint, const char *name) {
    return err_set(ERR_NOT_FOUND, "there is no account '%s' of the endpoint '%s'", name, endpoint);
}

enum err ndes_account_get(struct tx *tx, struct arena *a, const char *endpoint, const char *name,
                          struct ndes_account *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT endpoint, name, password, created FROM ndes_account"
                  " WHERE endpoint = $1 AND name = $2",
                  "ss", endpoint, name));
    if (sql_next(rows, &e))
        read_row(a, rows, out);
    else if (e == OK)
        e = unknown(endpoint, name);
    sql_end(rows);
    return e;
}

enum err ndes_account_remove(struct tx *tx, const char *endpoint, const char *name) {
    TRY(sql_run(tx, "DELETE FROM ndes_account WHERE endpoint = $1 AND name = $2", "ss", endpoint,
                name));
    return sql_changes(tx) ? OK : unknown(endpoint, name);
}

enum err ndes_account_list(struct tx *tx, struct arena *a, struct ndes_account **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT endpoint, name, password, created FROM ndes_account"
                  " ORDER BY endpoint, name",
                  ""));
    SQL_EACH_ROW (rows, e, a, out)
        read_row(a, rows, *out);
    sql_end(rows);
    return e;
}
