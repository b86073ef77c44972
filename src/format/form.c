/* Parameters: name=value&name=value. */
#include "format/form.h"

#include <stdlib.h>

#include "base/text.h"

static status piece_decode(slice text, arena *memory, slice *out) {
    slice decoded;
    TRY(percent_decode(text, true, memory, &decoded));
    ENSURE(!slice_contains_byte(decoded, 0), MALFORMED);
    *out = decoded;
    return OK;
}

static status pair_parse(slice piece, arena *memory, form_pair *out) {
    size_t name_bytes = slice_find_byte(piece, '=');
    form_pair pair = {0};
    TRY(piece_decode(slice_head(piece, name_bytes), memory, &pair.name));
    ENSURE(pair.name.len > 0, MALFORMED);
    if (name_bytes != SIZE_MAX) TRY(piece_decode(slice_skip(piece, name_bytes + 1), memory, &pair.value));
    *out = pair;
    return OK;
}

static size_t pieces_count(slice text) {
    size_t count = 0;
    slice piece;
    while (slice_split(&text, '&', &piece)) count += piece.len > 0;
    return count;
}

status form_parse(slice text, arena *memory, form *out) {
    ENSURE(text.len <= FORM_BYTES_MOST, TOO_LARGE);
    form parsed = {0};
    size_t count = pieces_count(text);
    ENSURE(count <= FORM_PAIRS_MOST, TOO_LARGE);
    parsed.pairs = ARENA_ARRAY(memory, form_pair, count);
    ENSURE(parsed.pairs != NULL, OUT_OF_MEMORY);
    slice piece;
    while (slice_split(&text, '&', &piece)) {
        if (piece.len == 0) continue;
        TRY(pair_parse(piece, memory, &parsed.pairs[parsed.count]));
        parsed.count++;
    }
    *out = parsed;
    return OK;
}

status form_join(const form *a, const form *b, arena *memory, form *out) {
    ENSURE(a->count + b->count <= FORM_PAIRS_MOST, TOO_LARGE);
    form joined = {ARENA_ARRAY(memory, form_pair, a->count + b->count), a->count + b->count};
    ENSURE(joined.pairs != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < a->count; i++) joined.pairs[i] = a->pairs[i];
    for (size_t i = 0; i < b->count; i++) joined.pairs[a->count + i] = b->pairs[i];
    *out = joined;
    return OK;
}

static int pair_compare(const void *a, const void *b) {
    const form_pair *left = a, *right = b;
    int order = slice_compare(left->name, right->name);
    return order ? order : slice_compare(left->value, right->value);
}

void form_sort(form *f) {
    if (f->count > 1) qsort(f->pairs, f->count, sizeof *f->pairs, pair_compare);
}

const form_pair *form_find(const form *f, slice name) {
    for (size_t i = 0; i < f->count; i++)
        if (slice_equals(f->pairs[i].name, name)) return &f->pairs[i];
    return NULL;
}

size_t form_count(const form *f, slice name) {
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++) count += slice_equals(f->pairs[i].name, name);
    return count;
}

status form_has_duplicates(const form *f, arena *memory, bool *out) {
    form sorted = {0};
    form nothing = {0};
    TRY(form_join(f, &nothing, memory, &sorted));
    form_sort(&sorted);
    bool has_duplicates = false;
    for (size_t i = 1; i < sorted.count; i++)
        has_duplicates |= slice_equals(sorted.pairs[i - 1].name, sorted.pairs[i].name);
    *out = has_duplicates;
    return OK;
}
