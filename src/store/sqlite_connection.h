/* One connection to the SQLite file: opening, settings, checks, and what its errors mean. Used by sqlite.c alone. */
#ifndef STORE_SQLITE_CONNECTION_H
#define STORE_SQLITE_CONNECTION_H

#include <sqlite3.h>

#include "store/store.h"

enum {
    SQLITE_FORMAT_VERSION = 3
}; /* 1: without secure_delete, 2: with gaps that were not wiped; taken over by writing the file anew */

/* Opens <folder>/store.db (or a database in memory), makes the table if the file is new, checks its structure. On
 * failure *fault says what is wrong. The file is locked until sqlite3_close. */
status connection_open(const store_options *options, store_fault *fault, sqlite3 **out);

/* The status of the last failed call, with a sentence in *fault. */
status connection_failure(sqlite3 *db, const char *doing, store_fault *fault);

/* Takes the whole write-ahead file into the table's and empties it. */
status connection_scrub(sqlite3 *db, store_fault *fault);

/* Runs statements that give no rows. */
status connection_run(sqlite3 *db, const char *sql, store_fault *fault);

#endif
