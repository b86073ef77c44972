/* Growing the tables of a policy, and naming the place of a fault. */
#include "access/policy_build.h"

#include <stdio.h>

enum { NAME_BYTES_SHOWN = 48 };

void policy_builder_clear(policy_builder *b) {
    buffer *tables[] = {&b->denials,    &b->allowances, &b->denial_gates, &b->allowance_gates,
                        &b->principals, &b->actions,    &b->resources,    &b->conditions,
                        &b->operands,   &b->variables,  &b->text};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) buffer_clear(tables[i]);
}

status build_refuse(policy_builder *b, const char *reason) {
    const char *separator = b->path_bytes ? ": " : "";
    TRY(arena_printf(b->memory, b->fault, "%.*s%s%s", (int)b->path_bytes, b->path, separator, reason));
    return FAIL(POLICY_MALFORMED);
}

static void add_to_path(policy_builder *b, uint8_t byte) {
    bool is_printable = byte >= ' ' && byte < 0x7f;
    if (b->path_bytes < sizeof b->path) b->path[b->path_bytes++] = is_printable ? (char)byte : '?';
}

size_t build_enter_member(policy_builder *b, slice name) {
    size_t mark = b->path_bytes;
    if (mark) add_to_path(b, '.');
    for (size_t i = 0; i < name.len && i < NAME_BYTES_SHOWN; i++) add_to_path(b, name.at[i]);
    return mark;
}

size_t build_enter_element(policy_builder *b, const json *list, size_t index) {
    size_t mark = b->path_bytes;
    if (!json_is_array(list)) return mark;
    char digits[32];
    snprintf(digits, sizeof digits, "[%zu]", index);
    for (const char *c = digits; *c; c++) add_to_path(b, (uint8_t)*c);
    return mark;
}

void build_leave(policy_builder *b, size_t mark) { b->path_bytes = mark; }

const json *build_list_first(const json *value) { return json_is_array(value) ? json_first(value) : value; }

const json *build_list_next(const json *value, const json *each) { return json_is_array(value) ? each->next : NULL; }

status build_literal(policy_builder *b, slice text, struct pattern *out) {
    if (text.len > POLICY_TEXT_BYTES_MOST) return build_refuse(b, "longer than 2048 bytes");
    struct pattern pattern = {(uint32_t)b->text.len, (uint16_t)text.len, GLOB_LITERAL};
    TRY(buffer_append(&b->text, text));
    *out = pattern;
    return OK;
}

status build_pattern(policy_builder *b, slice text, struct pattern *out) {
    enum glob_kind kind = glob_kind_of(text);
    if (kind == GLOB_ANY) text = slice_head(text, 0);
    if (kind == GLOB_PREFIX) text = slice_head(text, slice_find_byte(text, '*'));
    TRY(build_literal(b, text, out));
    out->kind = (uint8_t)kind;
    return OK;
}

status build_lower(policy_builder *b, slice text, slice *out) {
    uint8_t *copy = arena_take(b->memory, text.len + 1);
    ENSURE(copy != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < text.len; i++) copy[i] = byte_in_lower_case(text.at[i]);
    *out = slice_of(copy, text.len);
    return OK;
}

enum key_source build_key_source(const condition_key *key) {
    if (slice_equals(key->name, SLICE(CONDITION_CURRENT_TIME))) return KEY_TIME;
    return slice_equals(key->name, SLICE(CONDITION_EPOCH_TIME)) ? KEY_EPOCH : KEY_GIVEN;
}

status build_key(policy_builder *b, slice name, condition_key *key, struct pattern *out) {
    status found = condition_key_find(name, b->memory, key);
    if (FAILED_WITH(found, MALFORMED)) return build_refuse(b, "unknown condition key");
    TRY(found);
    if (!key->is_known && b->version == VERSION_1) return build_refuse(b, "unknown condition key");
    return build_literal(b, key->name, out);
}
