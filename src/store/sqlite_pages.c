/* Pages on their way into the file (https://www.sqlite.org/fileformat2.html, 1.6). */
#include "store/sqlite_pages.h"

#include <sqlite3.h>
#include <string.h>

enum { FILE_HEAD_BYTES = 100, LEAF_HEAD_BYTES = 8, INNER_HEAD_BYTES = 12, COUNT_AT = 3, CONTENT_AT = 5 };
enum { INNER_INDEX = 2, INNER_TABLE = 5, LEAF_INDEX = 10, LEAF_TABLE = 13 };

static struct {
    sqlite3_vfs vfs, *system;
    sqlite3_io_methods methods;
    const sqlite3_io_methods *below;
} pages;

static size_t number_at(const uint8_t *at) { return (size_t)at[0] << 8 | at[1]; }

page_gap page_gap_of(const uint8_t *page, uint64_t number) {
    const page_gap none = {0};
    size_t head = number == 1 ? FILE_HEAD_BYTES : 0, head_bytes = LEAF_HEAD_BYTES;
    uint8_t type = page[head];
    if (type == INNER_INDEX || type == INNER_TABLE) head_bytes = INNER_HEAD_BYTES;
    else if (type != LEAF_INDEX && type != LEAF_TABLE) return none;
    size_t from = head + head_bytes + 2 * number_at(page + head + COUNT_AT), to = number_at(page + head + CONTENT_AT);
    return from < to && to <= SQLITE_PAGE_BYTES ? (page_gap){from, to} : none;
}

static int write_page(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at) {
    if (len != SQLITE_PAGE_BYTES || at % SQLITE_PAGE_BYTES != 0) return pages.below->xWrite(file, bytes, len, at);
    uint8_t page[SQLITE_PAGE_BYTES];
    memcpy(page, bytes, sizeof page);
    page_gap gap = page_gap_of(page, (uint64_t)at / SQLITE_PAGE_BYTES + 1);
    memset(page + gap.from, 0, gap.to - gap.from);
    return pages.below->xWrite(file, page, len, at);
}

/* The file is the system's; only its writing goes through here. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    int opened = pages.system->xOpen(pages.system, name, file, flags, out_flags);
    if (opened != SQLITE_OK || !(flags & SQLITE_OPEN_MAIN_DB)) return opened;
    if (pages.below && pages.below != file->pMethods) {
        file->pMethods->xClose(file);
        file->pMethods = NULL;
        return SQLITE_CANTOPEN;
    }
    pages.below = file->pMethods;
    pages.methods = *pages.below;
    pages.methods.xWrite = write_page;
    file->pMethods = &pages.methods;
    return SQLITE_OK;
}

const char *sqlite_pages_vfs(void) {
    if (pages.system) return pages.vfs.zName;
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    if (!system) return NULL;
    pages.vfs = *system;
    pages.vfs.pNext = NULL;
    pages.vfs.zName = "keyhold-pages";
    pages.vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&pages.vfs, 0) != SQLITE_OK) return NULL;
    pages.system = system;
    return pages.vfs.zName;
}
