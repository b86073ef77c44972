/* Texts from outside: the first byte chooses JSON, XML, a form or INI. What a parser takes is written again, and read again it
 * is the same. */
#include <stdlib.h>

#include "base/text.h"
#include "format/form.h"
#include "format/ini.h"
#include "format/json.h"
#include "format/json_walk.h"
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

/* What the writer made is walked to its end, and has as many parts; of other text only that it is stayed within. */
static void walk(slice text, const json *value) {
    json_walk w;
    slice name, part;
    size_t count = 0;
    bool is_object = json_walk_object(text, &w);
    if (!is_object && !json_walk_array(text, &w)) return;
    while (is_object ? json_walk_member(&w, &name, &part) : json_walk_element(&w, &part)) count++;
    if (value && (!w.is_ended || count != value->count)) abort();
}

static void try_json(slice text, arena *memory) {
    OWNED(buffer) once = {0};
    OWNED(buffer) twice = {0};
    OWNED(buffer) thrice = {0};
    const json *value = NULL;
    json_fault fault = {0};
    walk(text, NULL);
    if (FAILED(json_parse(text, memory, &value, &fault))) {
        if (!fault.reason[0] || fault.position > text.len) abort();
        return;
    }
    write_json(value, &once);
    walk(buffer_slice(&once), value);
    /* -0.0 is written as -0, which is read as the integer 0: one more round until it settles. */
    if (!write_again(buffer_slice(&once), memory, &twice) || !write_again(buffer_slice(&twice), memory, &thrice))
        return;
    if (!slice_equals(buffer_slice(&twice), buffer_slice(&thrice))) abort();
}

/* The writer's names are ASCII, as all of ours are; the parser knows more. */
static bool are_writable(const xml *node) {
    for (size_t i = 0; i < node->name.len; i++)
        if (node->name.at[i] >= 0x80) return false;
    for (const xml *each = node->first; each; each = each->next)
        if (!are_writable(each)) return false;
    return true;
}

static void write_xml(xml_writer *w, const xml *node) {
    if (node->count == 0) {
        xml_put_text(w, node->name, node->text);
        return;
    }
    xml_open(w, node->name);
    for (const xml *each = node->first; each; each = each->next) write_xml(w, each);
    xml_close(w);
}

static void must_be_same_xml(const xml *a, const xml *b) {
    if (!slice_equals(a->name, b->name) || !slice_equals(a->text, b->text) || a->count != b->count) abort();
    for (a = a->first, b = b->first; a; a = a->next, b = b->next) must_be_same_xml(a, b);
}

static void check_xml(const xml *root, arena *memory) {
    OWNED(buffer) out = {0};
    xml_writer w = {.out = &out};
    const xml *again = NULL;
    if (!are_writable(root)) return;
    write_xml(&w, root);
    if (FAILED(xml_finish(&w))) abort();
    status read = xml_parse(buffer_slice(&out), memory, &again, NULL); /* escapes may make it too large */
    if (FAILED_WITH(read, MALFORMED)) abort();
    if (!FAILED(read)) must_be_same_xml(root, again);
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
    check_xml(root, memory);
}

static void must(status result) {
    if (FAILED(result)) abort();
}

static void check_form(const form *pairs, arena *memory) {
    OWNED(buffer) out = {0};
    form again;
    for (size_t i = 0; i < pairs->count; i++) {
        const form_pair *p = &pairs->pairs[i];
        if (i) must(buffer_append_byte(&out, '&'));
        must(percent_encode(&out, p->name, NULL));
        if (slice_is_absent(p->value)) continue;
        must(buffer_append_byte(&out, '='));
        must(percent_encode(&out, p->value, NULL));
    }
    if (out.len > FORM_BYTES_MOST || FAILED_WITH(form_parse(buffer_slice(&out), memory, &again), OUT_OF_MEMORY)) return;
    must(form_parse(buffer_slice(&out), memory, &again));
    if (again.count != pairs->count) abort();
    for (size_t i = 0; i < again.count; i++) {
        const form_pair *a = &again.pairs[i], *b = &pairs->pairs[i];
        if (!slice_equals(a->name, b->name) || !slice_equals(a->value, b->value)) abort();
        if (slice_is_absent(a->value) != slice_is_absent(b->value)) abort();
    }
}

static void check_sorted(const form *f) {
    for (size_t i = 1; i < f->count; i++) {
        int order = slice_compare(f->pairs[i - 1].name, f->pairs[i].name);
        if (order > 0 || (order == 0 && slice_compare(f->pairs[i - 1].value, f->pairs[i].value) > 0)) abort();
    }
}

static void try_form(slice text, arena *memory) {
    form pairs, both;
    bool has_duplicates;
    if (FAILED(form_parse(text, memory, &pairs))) return;
    for (size_t i = 0; i < pairs.count; i++)
        if (slice_is_empty(pairs.pairs[i].name) || slice_contains_byte(pairs.pairs[i].name, 0)) abort();
    check_form(&pairs, memory);
    status_ignore(form_join(&pairs, &pairs, memory, &both));
    status known = form_has_duplicates(&pairs, memory, &has_duplicates);
    form_sort(&pairs);
    check_sorted(&pairs);
    if (FAILED(known)) return;
    bool is_expected = false;
    for (size_t i = 1; i < pairs.count; i++) is_expected |= slice_equals(pairs.pairs[i - 1].name, pairs.pairs[i].name);
    if (has_duplicates != is_expected) abort();
}

/* A line is never longer than it was: blanks are gone. The first one is left empty, where a byte order mark is passed over. */
static void check_ini(const ini_list *lines, arena *memory) {
    OWNED(buffer) out = {0};
    ini_list again;
    ini_fault fault = {0};
    slice section = SLICE("");
    for (size_t i = 0; i < lines->count; i++) {
        const ini_line *line = &lines->at[i];
        bool is_same = slice_equals(section, line->section);
        section = line->section;
        if (!is_same) must(buffer_printf(&out, "\n[%.*s]", SLICE_ARGS(section)));
        must(buffer_printf(&out, "\n%.*s=%.*s", SLICE_ARGS(line->key), SLICE_ARGS(line->value)));
    }
    status read = ini_read(buffer_slice(&out), memory, &again, &fault);
    if (FAILED_WITH(read, OUT_OF_MEMORY) || out.len > INI_BYTES_MOST) return;
    if (FAILED(read) || again.count != lines->count) abort();
    for (size_t i = 0; i < again.count; i++) {
        const ini_line *a = &again.at[i], *b = &lines->at[i];
        if (!slice_equals(a->section, b->section) || !slice_equals(a->key, b->key) || !slice_equals(a->value, b->value))
            abort();
    }
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
    check_ini(&lines, memory);
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
