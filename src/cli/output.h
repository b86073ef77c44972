/* Showing results: tables for people, JSON for programs. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/invocation.h"
#include "format/json.h"

/* What -o says; without it a table on a terminal, JSON otherwise. */
enum output_form output_form_of(const invocation *inv);

/* Elements that are shown together, in the invocation's memory. */
typedef struct json_rows {
    const json **at;
    size_t count, room;
} json_rows;
status json_rows_add(invocation *inv, json_rows *rows, const json *row);

/* Columns and name come from the command's row; without columns every member is shown. JSON: an array. */
status output_rows(invocation *inv, const json_rows *rows);
/* One object: in a table one line for each member. */
status output_object(invocation *inv, const json *object);
/* One row of what never ends, at once: JSON lines, or a line of the command's columns. */
status output_line(invocation *inv, const json *row);

/* Text and bytes to stdout. IO when it is closed or full. */
status output_text(invocation *inv, slice bytes);
/* Bytes to --out (or another file): "-" is stdout; a file is replaced whole, mode 0600. */
status output_save(invocation *inv, slice path, slice bytes);

/* Whether the path names something that is there and is no ordinary file: a device, a pipe, a link. Such a thing is
 * written into and never replaced. */
bool output_is_special(const char *path);
bool output_is_folder(const char *path);

/* A member by a path of names ("userIdentity.userName"); "Key|Prefix" takes the first that is there. NULL when there is
 * none. */
const json *json_at(const json *object, slice path);
/* A value as a cell shows it: texts as they are, absent ones empty, compounds as JSON. */
status json_cell(invocation *inv, const json *value, slice *out);

#endif
