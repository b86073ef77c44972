/* Opening and checking the SQLite file. */
#include "store/sqlite_connection.h"

#include <errno.h>
#include <stdio.h>

#include "base/buffer.h"
#include "store/sqlite_pages.h"
#include "system/files.h"

enum { APPLICATION_ID = 0x4B485354 }; /* "KHST" */

/* Failures of the file system that SQLite reports as I/O errors. */
static status failure_of_errno(int error) {
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) return FAIL(DISK_FULL);
    if (error == EROFS || error == EACCES || error == EPERM) return FAIL(READ_ONLY);
    return FAIL(IO);
}

static int last_errno(sqlite3_file *file) {
    int error = 0;
    if (file && file->pMethods) file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
    return error;
}

/* SQLite loses the errno of some failed writes on its way out; the files still know it. */
static int errno_of(sqlite3 *db) {
    sqlite3_file *log = NULL, *table = NULL;
    int error = sqlite3_system_errno(db);
    if (error != 0) return error;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &table);
    error = last_errno(log);
    return error ? error : last_errno(table);
}

static status failure_of(sqlite3 *db) {
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_FULL: return FAIL(DISK_FULL);
    case SQLITE_READONLY: return FAIL(READ_ONLY);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return FAIL(CORRUPT);
    case SQLITE_NOMEM: return FAIL(OUT_OF_MEMORY);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return FAIL(CONFLICT);
    case SQLITE_TOOBIG: return FAIL(TOO_LARGE);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: return failure_of_errno(errno_of(db));
    default: return FAIL(IO);
    }
}

status connection_failure(sqlite3 *db, const char *doing, store_fault *fault) {
    status failure = failure_of(db);
    if (FAILED_WITH(failure, CONFLICT))
        snprintf(fault->text, sizeof fault->text, "%s: another process has the store open", doing);
    else
        snprintf(fault->text, sizeof fault->text, "%s: %s (code %d)", doing, sqlite3_errmsg(db),
                 sqlite3_extended_errcode(db));
    return failure;
}

status connection_run(sqlite3 *db, const char *sql, store_fault *fault) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) return OK;
    return connection_failure(db, "working on store.db", fault);
}

/* The first column of the first row, as text or number. */
static status ask(sqlite3 *db, const char *sql, store_fault *fault, sqlite3_stmt **out) {
    sqlite3_stmt *question = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &question, NULL) == SQLITE_OK && sqlite3_step(question) == SQLITE_ROW) {
        *out = question;
        return OK;
    }
    status failure = connection_failure(db, "reading store.db", fault);
    sqlite3_finalize(question);
    return failure;
}

static status ask_number(sqlite3 *db, const char *sql, store_fault *fault, int64_t *out) {
    sqlite3_stmt *answer;
    TRY(ask(db, sql, fault, &answer));
    *out = sqlite3_column_int64(answer, 0);
    sqlite3_finalize(answer);
    return OK;
}

status connection_scrub(sqlite3 *db, store_fault *fault) {
    if (sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK) return OK;
    return connection_failure(db, "emptying store.db-wal", fault);
}

/* Every page is read once: damage shows now and not in the middle of the work. */
static status check_structure(sqlite3 *db, store_fault *fault) {
    sqlite3_stmt *answer;
    TRY(ask(db, "PRAGMA quick_check(1)", fault, &answer));
    const char *text = (const char *)sqlite3_column_text(answer, 0);
    bool is_sound = text && slice_equals_text(SLICE("ok"), text);
    if (!is_sound) snprintf(fault->text, sizeof fault->text, "store.db is damaged: %s", text ? text : "no memory");
    sqlite3_finalize(answer);
    return is_sound ? OK : FAIL(CORRUPT);
}

/* Free pages and slack of the older formats may hold what was deleted: the file is written anew. */
static status take_over(sqlite3 *db, store_fault *fault) {
    char sql[64];
    snprintf(sql, sizeof sql, "VACUUM; PRAGMA user_version=%d", SQLITE_FORMAT_VERSION);
    TRY(connection_run(db, sql, fault));
    return connection_scrub(db, fault);
}

static status check_format(sqlite3 *db, store_fault *fault) {
    int64_t application = 0, version = 0, page_bytes = 0, map_pages = 0;
    TRY(ask_number(db, "PRAGMA page_size", fault, &page_bytes));
    TRY(ask_number(db, "PRAGMA auto_vacuum", fault, &map_pages));
    TRY(ask_number(db, "PRAGMA application_id", fault, &application));
    TRY(ask_number(db, "PRAGMA user_version", fault, &version));
    /* In a file with maps of pages sqlite_pages.c could take a map for a tree. */
    bool is_ours = application == APPLICATION_ID && page_bytes == SQLITE_PAGE_BYTES && map_pages == 0;
    if (!is_ours) {
        snprintf(fault->text, sizeof fault->text, "store.db is not a Keyhold store");
        return FAIL(CORRUPT);
    }
    if (version >= 1 && version < SQLITE_FORMAT_VERSION) return take_over(db, fault);
    if (version != SQLITE_FORMAT_VERSION) {
        snprintf(fault->text, sizeof fault->text, "store.db has format %lld, this program knows %d", (long long)version,
                 SQLITE_FORMAT_VERSION);
        return version > SQLITE_FORMAT_VERSION ? FAIL(UNSUPPORTED) : FAIL(CORRUPT);
    }
    return OK;
}

/* Settings of the connection. EXCLUSIVE comes before the first access, so that the write-ahead index is plain memory
 * and no third file is needed; the lock keeps a second process out. */
static status connection_settle(sqlite3 *db, const store_options *options, store_fault *fault) {
    TRY(connection_run(db,
                       "PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=4096; PRAGMA max_page_count=33554431;"
                       "PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=WAL; PRAGMA mmap_size=0;"
                       "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096; PRAGMA wal_autocheckpoint=2000;"
                       "PRAGMA journal_size_limit=16777216; PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF;"
                       "PRAGMA secure_delete=ON",
                       fault));
    if (!options->is_durable) return connection_run(db, "PRAGMA synchronous=OFF", fault);
    return connection_run(db, "PRAGMA synchronous=FULL", fault);
}

/* The table is made in one transaction with its marks, so a file is either new or whole. */
static status connection_found(sqlite3 *db, store_fault *fault) {
    char sql[400];
    snprintf(sql, sizeof sql,
             "BEGIN; PRAGMA application_id=%d; PRAGMA user_version=%d;"
             "CREATE TABLE records (key BLOB PRIMARY KEY NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL) "
             "WITHOUT ROWID; COMMIT",
             APPLICATION_ID, SQLITE_FORMAT_VERSION);
    return connection_run(db, sql, fault);
}

static status connection_prepare(sqlite3 *db, const store_options *options, store_fault *fault) {
    if (sqlite3_db_readonly(db, "main") == 1) {
        snprintf(fault->text, sizeof fault->text, "store.db cannot be written: the disk or the file is read-only");
        return FAIL(READ_ONLY);
    }
    TRY(connection_settle(db, options, fault));
    int64_t tables = 0, application = 0;
    TRY(ask_number(db, "SELECT count(*) FROM sqlite_schema", fault, &tables));
    TRY(ask_number(db, "PRAGMA application_id", fault, &application));
    if (tables == 0 && application == 0) TRY(connection_found(db, fault));
    TRY(check_format(db, fault));
    return check_structure(db, fault);
}

/* Made before SQLite would make it: readable by the owner alone. The write-ahead file takes over the mode. */
static status file_make(const char *path, store_fault *fault) {
    int fd = -1;
    status made = files_create(FILES_HERE, path, &fd);
    if (!FAILED(made)) files_close(fd);
    if (!FAILED(made) || FAILED_WITH(made, EXISTS)) return OK;
    snprintf(fault->text, sizeof fault->text, "cannot make %.150s: %s", path, status_name(made));
    return made;
}

static status path_make(const store_options *options, store_fault *fault, buffer *path) {
    if (!options->folder) return buffer_append(path, slice_of(":memory:", sizeof ":memory:"));
    TRY(buffer_printf(path, "%s/store.db", options->folder));
    TRY(buffer_append_byte(path, 0));
    return file_make((const char *)path->at, fault);
}

status connection_open(const store_options *options, store_fault *fault, sqlite3 **out) {
    OWNED(buffer) path = {0};
    TRY(path_make(options, fault, &path));
    sqlite3 *db = NULL;
    const char *pages = sqlite_pages_vfs();
    ENSURE(pages != NULL, OUT_OF_MEMORY);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE |
                (options->folder ? 0 : SQLITE_OPEN_CREATE);
    int opened = sqlite3_open_v2((const char *)path.at, &db, flags, pages);
    ENSURE(db != NULL, OUT_OF_MEMORY);
    status result = opened == SQLITE_OK ? connection_prepare(db, options, fault)
                                        : connection_failure(db, "opening store.db", fault);
    if (FAILED(result)) {
        sqlite3_close(db);
        return result;
    }
    *out = db;
    return OK;
}
