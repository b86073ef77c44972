/* Variables in the text of a policy: found once, coded so that matching need not look for them. */
#include "access/policy_build.h"

static bool has_variables(const policy_builder *b, slice text) {
    return b->version != VERSION_2008 && slice_find(text, SLICE("${")) != SIZE_MAX;
}

static status add_reference(policy_builder *b, const struct variable *v, buffer *out) {
    size_t number = b->variables.len / sizeof *v;
    if (number >= VARIABLES_MOST) return build_refuse(b, "more than 1024 variables in the policy");
    TRY(buffer_append(&b->variables, slice_of(v, sizeof *v)));
    const uint8_t code[] = {CODE_VARIABLE, (uint8_t)(0x80 | number >> 7), (uint8_t)(0x80 | (number & 0x7f))};
    return buffer_append(out, slice_of(code, sizeof code));
}

/* What stands after the comma: a text in single quotes. */
static status read_fallback(policy_builder *b, slice text, struct variable *v) {
    text = slice_trim(text);
    bool is_quoted = text.len >= 2 && text.at[0] == '\'' && text.at[text.len - 1] == '\'';
    if (!is_quoted) return build_refuse(b, "a variable's default must stand in single quotes");
    v->has_fallback = true;
    return build_literal(b, slice_of(text.at + 1, text.len - 2), &v->fallback);
}

/* `inside` is what stands between the braces. */
static status add_variable(policy_builder *b, slice inside, buffer *out) {
    bool is_character = inside.len == 1 && strchr("*?$", inside.at[0]);
    if (is_character) return buffer_append(out, inside);
    struct variable v = {0};
    condition_key key;
    slice name;
    if (!slice_split(&inside, ',', &name)) return build_refuse(b, "a variable needs a name");
    if (!slice_is_absent(inside)) TRY(read_fallback(b, inside, &v));
    TRY(build_key(b, slice_trim(name), &key, &v.key));
    v.source = (uint8_t)build_key_source(&key);
    return add_reference(b, &v, out);
}

static status add_byte(uint8_t byte, bool is_glob, buffer *out) {
    if (is_glob && byte == '*') byte = GLOB_CODED_STAR;
    if (is_glob && byte == '?') byte = GLOB_CODED_ONE;
    return buffer_append_byte(out, byte);
}

static status encode(policy_builder *b, slice text, bool is_glob, buffer *out) {
    while (text.len) {
        if (!slice_starts_with(text, SLICE("${"))) {
            TRY(add_byte(text.at[0], is_glob, out));
            text = slice_skip(text, 1);
            continue;
        }
        size_t end = slice_find_byte(text, '}');
        if (end == SIZE_MAX) return build_refuse(b, "a variable is not closed");
        TRY(add_variable(b, slice_of(text.at + 2, end - 2), out));
        text = slice_skip(text, end + 1);
    }
    return OK;
}

status build_code(policy_builder *b, slice text, bool is_glob, coded *out) {
    if (text.len > POLICY_TEXT_BYTES_MOST) return build_refuse(b, "longer than 2048 bytes");
    *out = (coded){text, false, is_glob};
    if (!has_variables(b, text)) return OK;
    OWNED(buffer) code = {0};
    TRY(encode(b, text, is_glob, &code));
    out->is_coded = true;
    return arena_copy(b->memory, buffer_slice(&code), &out->text);
}

static bool is_all_stars(slice part) {
    for (size_t i = 0; i < part.len; i++)
        if (part.at[i] != GLOB_CODED_STAR) return false;
    return part.len > 0;
}

static bool has_code(slice part) {
    for (size_t i = 0; i < part.len; i++)
        if (part.at[i] >= CODE_FIRST) return true;
    return false;
}

status build_part(policy_builder *b, const coded *whole, slice part, struct pattern *out) {
    if (!whole->is_coded) return whole->is_glob ? build_pattern(b, part, out) : build_literal(b, part, out);
    bool is_any = is_all_stars(part);
    bool is_template = !is_any && has_code(part);
    TRY(build_literal(b, is_any ? slice_head(part, 0) : part, out));
    if (is_any) out->kind = GLOB_ANY;
    if (is_template) out->kind = PATTERN_TEMPLATE;
    return OK;
}
