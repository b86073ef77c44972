/* The SQLite engine: prepared statements over one table. */
#include "store/sqlite.h"

#include <stdlib.h>

#include "store/sqlite_connection.h"

enum statement { STATEMENT_GET, STATEMENT_RANGE, STATEMENT_KEYS, STATEMENT_PUT, STATEMENT_DELETE, STATEMENTS };

typedef struct sqlite_engine {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    store_fault *fault;
    uint8_t beyond[STORE_KEY_MOST + 1]; /* comes after every key */
} sqlite_engine;

static const char *const sql_of[STATEMENTS] = {
    [STATEMENT_GET] = "SELECT key, revision, value FROM records WHERE key = ?1",
    [STATEMENT_RANGE] = "SELECT key, revision, value FROM records WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
    [STATEMENT_KEYS] = "SELECT key, revision FROM records WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
    [STATEMENT_PUT] = "INSERT OR REPLACE INTO records (key, revision, value) VALUES (?1, ?2, ?3)",
    [STATEMENT_DELETE] = "DELETE FROM records WHERE key = ?1",
};

static void sqlite_engine_close(void *state) {
    sqlite_engine *e = state;
    for (size_t i = 0; i < STATEMENTS; i++) sqlite3_finalize(e->statements[i]);
    sqlite3_close(e->db);
    free(e);
}

static status failure(sqlite_engine *e, const char *doing) { return connection_failure(e->db, doing, e->fault); }

static status statements_prepare(sqlite_engine *e) {
    for (size_t i = 0; i < STATEMENTS; i++) {
        int result = sqlite3_prepare_v3(e->db, sql_of[i], -1, SQLITE_PREPARE_PERSISTENT, &e->statements[i], NULL);
        if (result != SQLITE_OK) return failure(e, "preparing store.db");
    }
    return OK;
}

static status sqlite_engine_open(const store_options *options, store_fault *fault, void **state) {
    sqlite_engine *e = calloc(1, sizeof *e);
    ENSURE(e != NULL, OUT_OF_MEMORY);
    e->fault = fault;
    memset(e->beyond, 0xff, sizeof e->beyond);
    status result = connection_open(options, fault, &e->db);
    if (!FAILED(result)) result = statements_prepare(e);
    if (FAILED(result)) {
        sqlite_engine_close(e);
        return result;
    }
    *state = e;
    return OK;
}

/* Bytes stay the caller's; they outlive the statement's run. */
static void bind_bytes(sqlite3_stmt *statement, int place, slice bytes) {
    sqlite3_bind_blob64(statement, place, bytes.at ? bytes.at : (const uint8_t *)"", bytes.len, SQLITE_STATIC);
}

static slice column_bytes(sqlite3_stmt *statement, int column) {
    const void *at = sqlite3_column_blob(statement, column);
    return slice_of(at ? at : "", (size_t)sqlite3_column_bytes(statement, column));
}

static store_row row_of(sqlite3_stmt *statement) {
    store_row row = {column_bytes(statement, 0), {0}, (uint64_t)sqlite3_column_int64(statement, 1)};
    if (sqlite3_column_count(statement) > 2) row.value = column_bytes(statement, 2);
    return row;
}

/* The statement is reset at the next call and not here: the slices point into it. */
static status sqlite_engine_get(void *state, slice key, slice *value, uint64_t *revision) {
    sqlite_engine *e = state;
    sqlite3_stmt *statement = e->statements[STATEMENT_GET];
    sqlite3_reset(statement);
    bind_bytes(statement, 1, key);
    int result = sqlite3_step(statement);
    if (result != SQLITE_ROW) {
        status failed = result == SQLITE_DONE ? FAIL(NOT_FOUND) : failure(e, "reading a record");
        sqlite3_reset(statement);
        return failed;
    }
    *revision = (uint64_t)sqlite3_column_int64(statement, 1);
    if (value) *value = column_bytes(statement, 2);
    else sqlite3_reset(statement);
    return OK;
}

static status rows_visit(sqlite_engine *e, sqlite3_stmt *statement, store_visit *visit, void *context) {
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        store_row row = row_of(statement);
        TRY(visit(context, &row));
    }
    return result == SQLITE_DONE ? OK : failure(e, "reading records");
}

static status sqlite_engine_range(void *state, const store_span *span, store_visit *visit, void *context) {
    sqlite_engine *e = state;
    sqlite3_stmt *statement = e->statements[span->is_without_values ? STATEMENT_KEYS : STATEMENT_RANGE];
    bind_bytes(statement, 1, span->from);
    bind_bytes(statement, 2, span->until.len ? span->until : slice_of(e->beyond, sizeof e->beyond));
    sqlite3_bind_int64(statement, 3, span->limit > INT64_MAX ? INT64_MAX : (sqlite3_int64)span->limit);
    status result = rows_visit(e, statement, visit, context);
    sqlite3_reset(statement);
    return result;
}

static status sqlite_engine_put(void *state, const store_row *row) {
    sqlite_engine *e = state;
    bool is_delete = slice_is_absent(row->value);
    sqlite3_reset(e->statements[STATEMENT_GET]);
    sqlite3_stmt *statement = e->statements[is_delete ? STATEMENT_DELETE : STATEMENT_PUT];
    bind_bytes(statement, 1, row->key);
    if (!is_delete) {
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)row->revision);
        bind_bytes(statement, 3, row->value);
    }
    status result = sqlite3_step(statement) == SQLITE_DONE ? OK : failure(e, "writing a record");
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
}

/* SQLite ends some transactions by itself when the disk fails; then there is nothing left to roll back. */
static void roll_back(sqlite_engine *e) {
    if (!sqlite3_get_autocommit(e->db)) sqlite3_exec(e->db, "ROLLBACK", NULL, NULL, NULL);
}

static status sqlite_engine_step(void *state, enum store_step step) {
    sqlite_engine *e = state;
    sqlite3_reset(e->statements[STATEMENT_GET]); /* an open read would keep the write-ahead file from being taken in */
    if (step == STORE_STEP_BEGIN) return connection_run(e->db, "BEGIN", e->fault);
    if (step == STORE_STEP_ROLL_BACK) {
        roll_back(e);
        return OK;
    }
    status result = connection_run(e->db, "COMMIT", e->fault);
    if (FAILED(result)) roll_back(e);
    return result;
}

/* Old pages of the table are overwritten where they stand (secure_delete); what is left of them is in the write-ahead file,
 * which this empties. */
static status sqlite_engine_scrub(void *state) {
    sqlite_engine *e = state;
    sqlite3_reset(e->statements[STATEMENT_GET]);
    return connection_scrub(e->db, e->fault);
}

const store_engine store_engine_sqlite = {
    .open = sqlite_engine_open,
    .get = sqlite_engine_get,
    .range = sqlite_engine_range,
    .put = sqlite_engine_put,
    .step = sqlite_engine_step,
    .scrub = sqlite_engine_scrub,
    .close = sqlite_engine_close,
};
