/* Aligned tables of text. */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include "base/arena.h"
#include "base/buffer.h"

enum { GRID_COLUMNS_MOST = 16 };

typedef struct grid {
    arena *memory; /* of the cells */
    slice headers[GRID_COLUMNS_MOST];
    size_t columns;
    slice *cells; /* row by row */
    size_t rows, room;
} grid;

typedef struct grid_style {
    size_t width;   /* columns of the terminal; 0: as wide as it takes */
    bool is_bright; /* headers in bold */
} grid_style;

/* One row: g->columns cells, borrowed, absent ones are empty. OUT_OF_MEMORY. */
status grid_add(grid *g, const slice *cells);
/* Appends the header and all rows as lines; cells that do not fit are cut and end in "…", the widest columns first.
 * Control characters become '?'. */
status grid_write(const grid *g, const grid_style *style, buffer *out);

/* Characters of a UTF-8 text. */
size_t text_width(slice text);
/* Appends the text with control characters as '?'. */
status text_write_printable(slice text, buffer *out);

#endif
