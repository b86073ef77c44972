/* Texts from outside: the first byte chooses JSON, XML, a form or INI. What the JSON parser takes, its writer writes in a form
 * the parser takes again, and which then stays the same. */
#include <stdlib.h>

#include "format/form.h"
#include "format/ini.h"
#include "format/json.h"
#include "format/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MOST = 64 << 20 };

static void write_json(const json *value, buffer *out) {
    json_writer w = {.out = out};
    json_put_value(&w, value);
    if (FAILED(json_finish(&w))) abort();
}

/* False when the text was refused for its size. */
static bool write_again(slice text, arena *memory, buffer *out) {
    const json *value = NULL;
    status read = json_parse(text, memory, &value, NULL);
    if (FAILED_WITH(read, MALFORMED)) abort();
    if (FAILED(read)) return false;
    write_json(value, out);
    return true;
}

static void try_json(slice text, arena *memory) {
    OWNED(buffer) once = {0};
    OWNED(buffer) twice = {0};
    OWNED(buffer) thrice = {0};
    const json *value = NULL;
    json_fault fault = {0};
    if (FAILED(json_parse(text, memory, &value, &fault))) {
        if (!fault.reason[0] || fault.position > text.len) abort();
        return;
    }
    write_json(value, &once);
    /* -0.0 is written as -0, which is read as the integer 0: one more round until it settles. */
    if (!write_again(buffer_slice(&once), memory, &twice) || !write_again(buffer_slice(&twice), memory, &thrice)) return;
    if (!slice_equals(buffer_slice(&twice), buffer_slice(&thrice))) abort();
}

static void try_xml(slice text, arena *memory) {
    const xml *root = NULL;
    xml_fault fault = {0};
    slice found;
    if (FAILED(xml_parse(text, memory, &root, &fault))) {
        if (!fault.reason[0]) abort();
        return;
    }
    if (slice_is_empty(root->name) || (root->count > 0 && root->text.len > 0)) abort();
    (void)xml_child_text(root, "Key", &found);
}

static void try_form(slice text, arena *memory) {
    form pairs, both;
    bool has_duplicates;
    if (FAILED(form_parse(text, memory, &pairs))) return;
    for (size_t i = 0; i < pairs.count; i++)
        if (slice_is_empty(pairs.pairs[i].name) || slice_contains_byte(pairs.pairs[i].name, 0)) abort();
    status_ignore(form_has_duplicates(&pairs, memory, &has_duplicates));
    status_ignore(form_join(&pairs, &pairs, memory, &both));
    form_sort(&pairs);
}

static void try_ini(slice text, arena *memory) {
    ini_list lines;
    ini_fault fault = {0};
    if (FAILED(ini_read(text, memory, &lines, &fault))) {
        if (!fault.reason) abort();
        return;
    }
    for (size_t i = 0; i < lines.count; i++)
        if (slice_is_empty(lines.at[i].key) || lines.at[i].number == 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(arena) memory = {.limit = MEMORY_MOST};
    if (size < 1) return 0;
    slice text = slice_of(data + 1, size - 1);
    switch (data[0] & 3) {
    case 0: try_json(text, &memory); break;
    case 1: try_xml(text, &memory); break;
    case 2: try_form(text, &memory); break;
    default: try_ini(text, &memory); break;
    }
    return 0;
}
