/* Tables: measuring, shrinking, writing. */
#include "cli/grid.h"

enum { GAP = 2, NARROWEST = 8, ROWS_FIRST = 32 };

static bool is_continuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

size_t text_width(slice text) {
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++) width += !is_continuation(text.at[i]);
    return width;
}

static bool is_c1(slice text, size_t i) {
    return text.at[i] == 0xc2 && i + 1 < text.len && text.at[i + 1] >= 0x80 && text.at[i + 1] < 0xa0;
}

status text_write_printable(slice text, buffer *out) {
    for (size_t i = 0; i < text.len; i++) {
        bool is_long = is_c1(text, i);
        bool is_control = text.at[i] < ' ' || text.at[i] == 0x7f || is_long;
        TRY(buffer_append_byte(out, is_control ? '?' : text.at[i]));
        if (is_long) i++;
    }
    return OK;
}

status grid_add(grid *g, const slice *cells) {
    if (g->rows == g->room) {
        size_t room = g->room ? g->room * 2 : ROWS_FIRST;
        slice *more = ARENA_ARRAY(g->memory, slice, room * g->columns);
        ENSURE(more != NULL, OUT_OF_MEMORY);
        if (g->rows) memcpy(more, g->cells, g->rows * g->columns * sizeof *more);
        g->cells = more;
        g->room = room;
    }
    memcpy(&g->cells[g->rows++ * g->columns], cells, g->columns * sizeof *cells);
    return OK;
}

static size_t widest(const size_t *widths, size_t count) {
    size_t found = 0;
    for (size_t i = 1; i < count; i++)
        if (widths[i] > widths[found]) found = i;
    return found;
}

static void measure(const grid *g, size_t *widths) {
    for (size_t c = 0; c < g->columns; c++) widths[c] = text_width(g->headers[c]);
    for (size_t i = 0; i < g->rows * g->columns; i++) {
        size_t width = text_width(g->cells[i]);
        if (width > widths[i % g->columns]) widths[i % g->columns] = width;
    }
}

static void shrink(size_t *widths, size_t count, size_t most) {
    size_t total = count ? GAP * (count - 1) : 0;
    for (size_t i = 0; i < count; i++) total += widths[i];
    while (total > most) {
        size_t victim = widest(widths, count);
        if (widths[victim] <= NARROWEST) return;
        widths[victim]--;
        total--;
    }
}

/* The first `count` characters. */
static slice head_of(slice text, size_t count) {
    size_t i = 0;
    for (size_t seen = 0; i < text.len; i++) {
        if (!is_continuation(text.at[i]) && seen++ == count) break;
    }
    return slice_head(text, i);
}

static status write_cell(slice text, size_t width, bool is_last, buffer *out) {
    size_t taken = text_width(text);
    bool is_cut = taken > width;
    TRY(text_write_printable(is_cut ? head_of(text, width - 1) : text, out));
    if (is_cut) TRY(buffer_append_text(out, "…"));
    for (size_t i = is_cut ? width : taken; !is_last && i < width + GAP; i++) TRY(buffer_append_byte(out, ' '));
    return OK;
}

static status write_row(const slice *cells, const size_t *widths, size_t count, buffer *out) {
    for (size_t c = 0; c < count; c++) TRY(write_cell(cells[c], widths[c], c + 1 == count, out));
    return OK;
}

status grid_write(const grid *g, const grid_style *style, buffer *out) {
    size_t widths[GRID_COLUMNS_MOST];
    measure(g, widths);
    if (style->width) shrink(widths, g->columns, style->width);
    if (style->is_bright) TRY(buffer_append_text(out, "\033[1m"));
    TRY(write_row(g->headers, widths, g->columns, out));
    TRY(buffer_append_text(out, style->is_bright ? "\033[0m\n" : "\n"));
    for (size_t r = 0; r < g->rows; r++) {
        TRY(write_row(&g->cells[r * g->columns], widths, g->columns, out));
        TRY(buffer_append_byte(out, '\n'));
    }
    return OK;
}
