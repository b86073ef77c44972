/* The embedded engine: one SQLite file in write-ahead mode. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/engine.h"

extern const store_engine store_engine_sqlite;

#endif
