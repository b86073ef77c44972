/* store.db as it is written: SQLite overwrites what is deleted (secure_delete), but when it moves rows to another page, it leaves them standing
 * in the gap of the old one, between the list of its cells and the first of them. The gap is zeros in every page that reaches the file. For files
 * without pointer maps (auto_vacuum NONE), whose pages begin with a tree's type only where they are a tree's. */
#ifndef STORE_SQLITE_PAGES_H
#define STORE_SQLITE_PAGES_H

#include <stddef.h>
#include <stdint.h>

enum {
    SQLITE_PAGE_BYTES = 4096,
    /* So that the first byte of a page that is no tree's, of the number of the next, is never a tree's type (2, 5, 10, 13). */
    SQLITE_PAGES_MOST = (2 << 24) - 1,
};

/* To open with, for sqlite3_open_v2; NULL: SQLite has no way to files here. */
const char *sqlite_pages_vfs(void);

/* Where the gap of a page lies, of SQLITE_PAGE_BYTES; the first page has number 1. Empty when it is no page of a tree. */
typedef struct page_gap {
    size_t from, to;
} page_gap;
page_gap page_gap_of(const uint8_t *page, uint64_t number);

#endif
