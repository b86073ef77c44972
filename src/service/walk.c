/* Going over records under a prefix, a chunk at a time, so that memory stays bounded whatever there is. */
#include "service/handlers.h"

enum { CHUNK = 256, CHUNK_MEMORY = 16 << 20 };

page page_of(maybe_int number, maybe_int size) {
    return (page){number.is_set ? number.value : 1, size.is_set ? size.value : 10};
}

status records_walk(call *c, slice prefix, record_visitor *visit, void *context) {
    return records_walk_some(c, &(records_span){.prefix = prefix}, visit, context);
}

status records_walk_some(call *c, const records_span *span, record_visitor *visit, void *context) {
    static const bool never = false;
    OWNED(arena) memory = {.limit = CHUNK_MEMORY};
    const bool *is_enough = span->is_enough ? span->is_enough : &never;
    slice after = span->after;
    for (;;) {
        store_row *rows;
        size_t count;
        TRY(store_list(c->house->store, span->prefix, after, CHUNK, &memory, &rows, &count));
        for (size_t i = 0; i < count && !*is_enough; i++) TRY(visit(c, &rows[i], context));
        if (count < CHUNK || *is_enough) return OK;
        TRY(arena_copy(&c->memory, rows[count - 1].key, &after));
        arena_reset(&memory);
    }
}

status records_count(call *c, slice prefix, size_t *out) { return store_count(c->house->store, prefix, out); }
