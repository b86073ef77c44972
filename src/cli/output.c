/* Results in the form that was asked for. */
#include "cli/output.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/grid.h"
#include "cli/terminal.h"
#include "system/files.h"
#include "system/process.h"

enum { ROWS_FIRST = 64, CELL_BYTES_MOST = 4096 };

enum output_form output_form_of(const invocation *inv) {
    if (inv->form != OUTPUT_BY_PLACE) return inv->form;
    return process_is_terminal(STDOUT_FILENO) ? OUTPUT_TABLE : OUTPUT_JSON;
}

status json_rows_add(invocation *inv, json_rows *rows, const json *row) {
    if (rows->count == rows->room) {
        size_t room = rows->room ? rows->room * 2 : ROWS_FIRST;
        const json **more = ARENA_ARRAY(&inv->memory, const json *, room);
        ENSURE(more != NULL, OUT_OF_MEMORY);
        if (rows->count) memcpy(more, rows->at, rows->count * sizeof *more);
        rows->at = more;
        rows->room = room;
    }
    rows->at[rows->count++] = row;
    return OK;
}

/* ---- values */

static const json *follow(const json *object, slice path) {
    slice step;
    const json *at = object;
    while (at && slice_split(&path, '.', &step)) at = json_member(at, step);
    return at;
}

const json *json_at(const json *object, slice path) {
    slice choice;
    while (slice_split(&path, '|', &choice)) {
        const json *found = follow(object, choice);
        if (found && found->kind != JSON_NULL) return found;
    }
    return NULL;
}

static status compact(const json *value, buffer *out) {
    json_writer w = {.out = out};
    json_put_value(&w, value);
    return json_finish(&w);
}

status json_cell(invocation *inv, const json *value, slice *out) {
    OWNED(buffer) text = {0};
    *out = SLICE("");
    if (!value || value->kind == JSON_NULL) return OK;
    if (value->kind == JSON_TEXT || value->kind == JSON_NUMBER) return *out = value->text, OK;
    if (value->kind == JSON_BOOL) return *out = value->is_true ? SLICE("yes") : SLICE("no"), OK;
    TRY(compact(value, &text));
    return arena_copy(&inv->memory, slice_head(buffer_slice(&text), CELL_BYTES_MOST), out);
}

/* ---- writing */

status output_text(invocation *inv, slice bytes) {
    bool is_written = fwrite(bytes.at, 1, bytes.len, stdout) == bytes.len && fflush(stdout) == 0;
    return is_written ? OK
                      : trouble_note(&inv->trouble, FAIL(IO), "The result could not be written to standard output.");
}

static status output_buffer(invocation *inv, buffer *text) {
    status written = output_text(inv, buffer_slice(text));
    buffer_wipe(text);
    return written;
}

bool output_is_special(const char *path) {
    struct stat facts;
    return lstat(path, &facts) == 0 && !S_ISREG(facts.st_mode);
}

bool output_is_folder(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static status write_into(const char *path, slice bytes) {
    FILE *f = fopen(path, "we");
    ENSURE(f != NULL, IO);
    bool is_written = fwrite(bytes.at, 1, bytes.len, f) == bytes.len;
    return fclose(f) == 0 && is_written ? OK : FAIL(IO);
}

static status replace(invocation *inv, slice path, slice bytes) {
    slice name, folder = SLICE("."), whole;
    int folder_fd;
    size_t end = path.len;
    while (end > 0 && path.at[end - 1] != '/') end--;
    if (end > 0) folder = slice_head(path, end);
    TRY(arena_copy(&inv->memory, slice_skip(path, end), &name));
    TRY(arena_copy(&inv->memory, folder, &whole));
    ENSURE(name.len > 0, IO);
    TRY(files_open_folder(FILES_HERE, (const char *)whole.at, &folder_fd));
    status done = files_write_atomic(folder_fd, (const char *)name.at, bytes);
    files_close(folder_fd);
    return done;
}

status output_save(invocation *inv, slice path, slice bytes) {
    slice whole;
    if (slice_equals_text(path, "-")) return output_text(inv, bytes);
    TRY(arena_copy(&inv->memory, path, &whole));
    bool is_special = output_is_special((const char *)whole.at);
    status done = is_special ? write_into((const char *)whole.at, bytes) : replace(inv, path, bytes);
    return FAILED(done) ? trouble_note(&inv->trouble, done, "%.*s could not be written (%s).", SLICE_ARGS(path),
                                       status_name(done))
                        : OK;
}

/* ---- JSON for reading: two blanks for each depth */

static status new_line(size_t depth, buffer *out) {
    TRY(buffer_append_byte(out, '\n'));
    for (size_t i = 0; i < 2 * depth; i++) TRY(buffer_append_byte(out, ' '));
    return OK;
}

static status put_name(slice name, buffer *out) {
    json_writer w = {.out = out};
    json_put_text(&w, name);
    TRY(json_finish(&w));
    return buffer_append_text(out, ": ");
}

/* Depth is bounded by the parser. */
static status indent(const json *value, size_t depth, buffer *out) {
    bool is_object = value->kind == JSON_OBJECT;
    if ((!is_object && value->kind != JSON_ARRAY) || value->count == 0) return compact(value, out);
    TRY(buffer_append_byte(out, is_object ? '{' : '['));
    for (const json *each = value->first; each; each = each->next) {
        if (each != value->first) TRY(buffer_append_byte(out, ','));
        TRY(new_line(depth + 1, out));
        if (is_object) TRY(put_name(each->name, out));
        TRY(indent(each, depth + 1, out));
    }
    TRY(new_line(depth, out));
    return buffer_append_byte(out, is_object ? '}' : ']');
}

static status write_array(const json_rows *rows, buffer *out) {
    TRY(buffer_append_byte(out, '['));
    for (size_t i = 0; i < rows->count; i++) {
        if (i > 0) TRY(buffer_append_byte(out, ','));
        TRY(new_line(1, out));
        TRY(indent(rows->at[i], 1, out));
    }
    return buffer_append_text(out, rows->count ? "\n]\n" : "]\n");
}

static status write_line(const json *row, buffer *out) {
    TRY(compact(row, out));
    return buffer_append_byte(out, '\n');
}

/* ---- names */

static status write_name(invocation *inv, const json *row, buffer *out) {
    slice cell;
    const json *named = inv->command->name ? json_at(row, slice_of_text(inv->command->name)) : NULL;
    if (!named) return OK;
    TRY(json_cell(inv, named, &cell));
    TRY(buffer_append(out, cell));
    return buffer_append_byte(out, '\n');
}

/* ---- tables */

static void split_column(slice column, slice *path, slice *header) {
    size_t equals = slice_find_byte(column, '=');
    *path = slice_head(column, equals);
    *header = equals == SIZE_MAX ? *path : slice_skip(column, equals + 1);
}

static status begin_grid(const invocation *inv, const json_rows *rows, grid *g, slice *paths) {
    const char *list = inv->command->columns;
    slice column;
    while (g->columns < GRID_COLUMNS_MOST && word_next(&list, &column)) {
        split_column(column, &paths[g->columns], &g->headers[g->columns]);
        g->columns++;
    }
    if (g->columns > 0 || rows->count == 0) return OK;
    for (const json *each = json_first(rows->at[0]); each && g->columns < GRID_COLUMNS_MOST; each = each->next)
        paths[g->columns] = g->headers[g->columns] = each->name, g->columns++;
    return OK;
}

static status fill_grid(invocation *inv, const json_rows *rows, grid *g, const slice *paths) {
    for (size_t i = 0; i < rows->count; i++) {
        slice cells[GRID_COLUMNS_MOST];
        for (size_t c = 0; c < g->columns; c++) TRY(json_cell(inv, json_at(rows->at[i], paths[c]), &cells[c]));
        TRY(grid_add(g, cells));
    }
    return OK;
}

static grid_style style_of_stdout(void) {
    return (grid_style){.width = terminal_width(STDOUT_FILENO), .is_bright = terminal_is_bright(STDOUT_FILENO)};
}

static status write_table(invocation *inv, const json_rows *rows, buffer *out) {
    grid g = {.memory = &inv->memory};
    slice paths[GRID_COLUMNS_MOST];
    grid_style style = style_of_stdout();
    TRY(begin_grid(inv, rows, &g, paths));
    if (g.columns == 0) return OK;
    TRY(fill_grid(inv, rows, &g, paths));
    return grid_write(&g, &style, out);
}

status output_rows(invocation *inv, const json_rows *rows) {
    OWNED(buffer) text = {0};
    switch (output_form_of(inv)) {
    case OUTPUT_TABLE: TRY(write_table(inv, rows, &text)); break;
    case OUTPUT_JSONL:
        for (size_t i = 0; i < rows->count; i++) TRY(write_line(rows->at[i], &text));
        break;
    case OUTPUT_NAME:
        for (size_t i = 0; i < rows->count; i++) TRY(write_name(inv, rows->at[i], &text));
        break;
    default: TRY(write_array(rows, &text)); break;
    }
    return output_buffer(inv, &text);
}

/* ---- one object */

/* A line for each member; for one that is an object itself a line for each of its members, named by its path. */
typedef struct line {
    slice name;
    const json *value;
} line;

static size_t lines_most(const json *object) {
    size_t count = 0;
    for (const json *each = json_first(object); each; each = each->next)
        count += each->kind == JSON_OBJECT && each->count ? each->count : 1;
    return count;
}

static status list_lines(invocation *inv, const json *object, line *lines, size_t *count) {
    for (const json *each = json_first(object); each; each = each->next) {
        if (each->kind != JSON_OBJECT || each->count == 0) {
            lines[(*count)++] = (line){each->name, each};
            continue;
        }
        for (const json *inner = json_first(each); inner; inner = inner->next) {
            line *to = &lines[(*count)++];
            to->value = inner;
            TRY(arena_printf(&inv->memory, &to->name, "%.*s.%.*s", SLICE_ARGS(each->name), SLICE_ARGS(inner->name)));
        }
    }
    return OK;
}

static status write_members(invocation *inv, const json *object, buffer *out) {
    size_t widest = 0, count = 0;
    line *lines = ARENA_ARRAY(&inv->memory, line, lines_most(object) + 1);
    ENSURE(lines != NULL, OUT_OF_MEMORY);
    TRY(list_lines(inv, object, lines, &count));
    for (size_t i = 0; i < count; i++)
        if (text_width(lines[i].name) > widest) widest = text_width(lines[i].name);
    for (size_t i = 0; i < count; i++) {
        slice cell;
        TRY(json_cell(inv, lines[i].value, &cell));
        TRY(text_write_printable(lines[i].name, out));
        for (size_t at = text_width(lines[i].name); at < widest + 2; at++) TRY(buffer_append_byte(out, ' '));
        TRY(text_write_printable(cell, out));
        TRY(buffer_append_byte(out, '\n'));
    }
    return OK;
}

status output_object(invocation *inv, const json *object) {
    OWNED(buffer) text = {0};
    switch (output_form_of(inv)) {
    case OUTPUT_TABLE: TRY(write_members(inv, object, &text)); break;
    case OUTPUT_JSONL: TRY(write_line(object, &text)); break;
    case OUTPUT_NAME: TRY(write_name(inv, object, &text)); break;
    default:
        TRY(indent(object, 0, &text));
        TRY(buffer_append_byte(&text, '\n'));
        break;
    }
    return output_buffer(inv, &text);
}

static status write_columns(invocation *inv, const json *row, buffer *out) {
    const char *list = inv->command->columns;
    slice column, path, header, cell;
    for (bool is_first = true; word_next(&list, &column); is_first = false) {
        split_column(column, &path, &header);
        TRY(json_cell(inv, json_at(row, path), &cell));
        if (!is_first) TRY(buffer_append_text(out, "  "));
        TRY(text_write_printable(slice_is_empty(cell) ? SLICE("-") : cell, out));
    }
    return buffer_append_byte(out, '\n');
}

status output_line(invocation *inv, const json *row) {
    OWNED(buffer) text = {0};
    switch (output_form_of(inv)) {
    case OUTPUT_TABLE: TRY(write_columns(inv, row, &text)); break;
    case OUTPUT_NAME: TRY(write_name(inv, row, &text)); break;
    default: TRY(write_line(row, &text)); break;
    }
    return output_buffer(inv, &text);
}
