/* Going over records under a prefix, a chunk at a time, so that memory stays bounded whatever there is. */
#include "service/handlers.h"

enum { CHUNK = 256, CHUNK_MEMORY = 16 << 20 };

page page_of(maybe_int number, maybe_int size) {
    return (page){number.is_set ? number.value : 1, size.is_set ? size.value : 10};
}

status records_walk(call *c, slice prefix, record_visitor *visit, void *context) {
    OWNED(arena) memory = {.limit = CHUNK_MEMORY};
    slice after = {0};
    for (;;) {
        store_row *rows;
        size_t count;
        TRY(store_list(c->house->store, prefix, after, CHUNK, &memory, &rows, &count));
        for (size_t i = 0; i < count; i++) TRY(visit(c, &rows[i], context));
        if (count < CHUNK) return OK;
        TRY(arena_copy(&c->memory, rows[count - 1].key, &after));
        arena_reset(&memory);
    }
}

static status count_one(call *c, const store_row *row, void *context) {
    (void)c, (void)row;
    ++*(size_t *)context;
    return OK;
}

status records_count(call *c, slice prefix, size_t *out) {
    size_t count = 0;
    TRY(records_walk(c, prefix, count_one, &count));
    *out = count;
    return OK;
}
