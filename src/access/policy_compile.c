/* The compiler: from the JSON document to the tables of policy_form.h. */
#include <stdlib.h>

#include "access/arn.h"
#include "access/policy_build.h"

enum part { PART_SID, PART_EFFECT, PART_ACTION, PART_NOT_ACTION, PART_RESOURCE, PART_NOT_RESOURCE, PART_CONDITION };
enum { PART_COUNT = PART_CONDITION + 1, SID_BYTES_MOST = 128 };

static const char *const PART_NAMES[PART_COUNT] = {"Sid",      "Effect",      "Action",   "NotAction",
                                                   "Resource", "NotResource", "Condition"};

static uint32_t rows(const buffer *table, size_t row_bytes) { return (uint32_t)(table->len / row_bytes); }

static bool is_pattern_byte(uint8_t c, const char *also) {
    bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return is_word || (c && strchr(also, c));
}

static bool is_made_of(slice text, const char *also) {
    for (size_t i = 0; i < text.len; i++)
        if (!is_pattern_byte(text.at[i], also)) return false;
    return true;
}

/* ASCII letters to lower case, in the arena. */
static status lower(policy_builder *b, slice text, slice *out) {
    uint8_t *copy = arena_take(b->memory, text.len + 1);
    ENSURE(copy != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < text.len; i++) copy[i] = byte_in_lower_case(text.at[i]);
    *out = slice_of(copy, text.len);
    return OK;
}

/* Sets the bits of the masks that the pattern may match: all where a wildcard stands in what the mask is about. */
static void widen_masks(struct statement *s, slice whole) {
    slice beginning = slice_head(whole, slice_find_byte(whole, ':') + 2);
    s->beginnings |= glob_kind_of(beginning) != GLOB_LITERAL ? UINT64_MAX : mask_bit(beginning);
    s->actions |= glob_kind_of(whole) != GLOB_LITERAL ? UINT64_MAX : mask_bit(whole);
}

static status add_action(policy_builder *b, const json *value, struct statement *s) {
    slice text;
    if (!json_get_text(value, &text)) return build_refuse(b, "must be text");
    if (text.len > POLICY_ACTION_BYTES_MOST) return build_refuse(b, "longer than 128 bytes");
    slice whole = SLICE("*:*");
    if (!slice_equals(text, SLICE("*"))) TRY(lower(b, text, &whole));
    slice name = whole;
    slice service;
    bool has_service = slice_split(&name, ':', &service) && service.len && name.len;
    if (!has_service || !is_made_of(service, "-*?") || !is_made_of(name, "-*?_./"))
        return build_refuse(b, "must be an action such as kms:Encrypt, or *");
    struct action_pattern row = {0};
    TRY(build_pattern(b, service, &row.service));
    TRY(build_pattern(b, name, &row.name));
    widen_masks(s, whole);
    return buffer_append(&b->actions, slice_of(&row, sizeof row));
}

/* An empty region or account stands for any. */
static slice any_when_empty(slice segment) { return segment.len ? segment : SLICE("*"); }

static bool split_resource(slice text, arn *out) {
    slice rest = text;
    slice scheme;
    bool is_whole = slice_split(&rest, ':', &scheme) && slice_split(&rest, ':', &out->service) &&
                    slice_split(&rest, ':', &out->region) && slice_split(&rest, ':', &out->account);
    out->relative = rest;
    if (!is_whole || !slice_equals(scheme, SLICE("acs"))) return false;
    if (!out->service.len || !out->relative.len) return false;
    return is_made_of(out->service, "-*?") && is_made_of(out->region, "-*?") && is_made_of(out->account, "*?");
}

static status add_resource(policy_builder *b, const json *value) {
    slice text;
    if (!json_get_text(value, &text)) return build_refuse(b, "must be text");
    if (text.len > POLICY_TEXT_BYTES_MOST) return build_refuse(b, "longer than 2048 bytes");
    arn parts = {SLICE("*"), SLICE("*"), SLICE("*"), SLICE("*")};
    if (!slice_equals(text, SLICE("*")) && !split_resource(text, &parts))
        return build_refuse(b, "must be an ARN such as acs:kms:*:*:key/*, or *");
    slice service, region;
    TRY(lower(b, parts.service, &service));
    TRY(lower(b, any_when_empty(parts.region), &region));
    struct resource_pattern row = {0};
    TRY(build_pattern(b, service, &row.service));
    TRY(build_pattern(b, region, &row.region));
    TRY(build_pattern(b, any_when_empty(parts.account), &row.account));
    TRY(build_pattern(b, parts.relative, &row.relative));
    return buffer_append(&b->resources, slice_of(&row, sizeof row));
}

static status add_actions(policy_builder *b, const json *list, struct statement *s) {
    uint32_t first = rows(&b->actions, sizeof(struct action_pattern));
    size_t index = 0;
    for (const json *each = build_list_first(list); each; each = build_list_next(list, each)) {
        size_t mark = build_enter_element(b, list, index++);
        TRY(add_action(b, each, s));
        build_leave(b, mark);
    }
    if (index == 0) return build_refuse(b, "must not be empty");
    s->action_patterns = (struct span){first, (uint32_t)index};
    return OK;
}

static status add_resources(policy_builder *b, const json *list, struct statement *s) {
    uint32_t first = rows(&b->resources, sizeof(struct resource_pattern));
    size_t index = 0;
    for (const json *each = build_list_first(list); each; each = build_list_next(list, each)) {
        size_t mark = build_enter_element(b, list, index++);
        TRY(add_resource(b, each));
        build_leave(b, mark);
    }
    if (index == 0) return build_refuse(b, "must not be empty");
    s->resource_patterns = (struct span){first, (uint32_t)index};
    return OK;
}

/* Sorts the members of a statement into `parts`; the parser has refused names that stand twice. */
static status find_parts(policy_builder *b, const json *object, const json *parts[PART_COUNT]) {
    if (!json_is_object(object)) return build_refuse(b, "must be an object");
    for (const json *each = json_first(object); each; each = each->next) {
        size_t part = 0;
        while (part < PART_COUNT && !slice_equals_text(each->name, PART_NAMES[part])) part++;
        size_t mark = build_enter_member(b, each->name);
        if (part == PART_COUNT && slice_ends_with(each->name, SLICE("Principal")))
            return build_refuse(b, "not allowed in a policy attached to an identity");
        if (part == PART_COUNT) return build_refuse(b, "unknown member");
        parts[part] = each;
        build_leave(b, mark);
    }
    if (!parts[PART_EFFECT]) return build_refuse(b, "Effect is missing");
    if (!parts[PART_ACTION] == !parts[PART_NOT_ACTION]) return build_refuse(b, "must have either Action or NotAction");
    if (!parts[PART_RESOURCE] == !parts[PART_NOT_RESOURCE])
        return build_refuse(b, "must have either Resource or NotResource");
    return OK;
}

static status check_sid(policy_builder *b, const json *value) {
    slice sid;
    if (!json_get_text(value, &sid) || sid.len > SID_BYTES_MOST)
        return build_refuse(b, "must be text of at most 128 bytes");
    return OK;
}

static status read_effect(policy_builder *b, const json *value, buffer **table) {
    slice effect = {0};
    (void)json_get_text(value, &effect);
    bool is_deny = slice_equals(effect, SLICE("Deny"));
    if (!is_deny && !slice_equals(effect, SLICE("Allow"))) return build_refuse(b, "must be Allow or Deny");
    *table = is_deny ? &b->denials : &b->allowances;
    return OK;
}

static status add_part(policy_builder *b, enum part part, const json *value, struct statement *s) {
    switch (part) {
    case PART_SID: return check_sid(b, value);
    case PART_ACTION: return add_actions(b, value, s);
    case PART_NOT_ACTION: s->not_action = true; return add_actions(b, value, s);
    case PART_RESOURCE: return add_resources(b, value, s);
    case PART_NOT_RESOURCE: s->not_resource = true; return add_resources(b, value, s);
    case PART_CONDITION: return build_conditions(b, value, &s->conditions);
    case PART_EFFECT: return OK; /* read before, as it says which table the statement goes to */
    }
    return FAIL(INTERNAL);
}

static status add_statement(policy_builder *b, const json *object, size_t index) {
    const json *parts[PART_COUNT] = {0};
    TRY(find_parts(b, object, parts));
    struct statement s = {.index = (uint32_t)index};
    buffer *table = NULL;
    size_t mark = build_enter_member(b, SLICE("Effect"));
    TRY(read_effect(b, parts[PART_EFFECT], &table));
    build_leave(b, mark);
    for (size_t part = 0; part < PART_COUNT; part++) {
        if (!parts[part]) continue;
        mark = build_enter_member(b, slice_of_text(PART_NAMES[part]));
        TRY(add_part(b, (enum part)part, parts[part], &s));
        build_leave(b, mark);
    }
    if (s.not_action) s.beginnings = s.actions = UINT64_MAX;
    return buffer_append(table, slice_of(&s, sizeof s));
}

static status add_statements(policy_builder *b, const json *list) {
    size_t index = 0;
    for (const json *each = build_list_first(list); each; each = build_list_next(list, each)) {
        size_t mark = build_enter_element(b, list, index);
        TRY(add_statement(b, each, index++));
        build_leave(b, mark);
    }
    return index ? OK : build_refuse(b, "must not be empty");
}

static status add_document(policy_builder *b, const json *document) {
    if (!json_is_object(document)) return build_refuse(b, "a policy must be an object");
    for (const json *each = json_first(document); each; each = each->next) {
        (void)build_enter_member(b, each->name);
        if (!slice_equals(each->name, SLICE("Version")) && !slice_equals(each->name, SLICE("Statement")))
            return build_refuse(b, "unknown member");
        build_leave(b, 0);
    }
    const json *statements = json_member(document, SLICE("Statement"));
    slice version;
    (void)build_enter_member(b, SLICE("Version"));
    if (!json_get_text(json_member(document, SLICE("Version")), &version) || !slice_equals(version, SLICE("1")))
        return build_refuse(b, "must be \"1\"");
    build_leave(b, 0);
    (void)build_enter_member(b, SLICE("Statement"));
    return statements ? add_statements(b, statements) : build_refuse(b, "is missing");
}

/* Copies a table behind what is already there; every table begins at a multiple of 8. */
static const void *place(uint8_t *base, size_t *used, const buffer *table) {
    uint8_t *at = base + *used;
    if (table->len) memcpy(at, table->at, table->len);
    *used += (table->len + 7) & ~(size_t)7;
    return at;
}

static status pack(policy_builder *b, policy **out) {
    struct span denials = {0, rows(&b->denials, sizeof(struct statement))};
    struct span allowances = {denials.count, rows(&b->allowances, sizeof(struct statement))};
    if (b->allowances.len) TRY(buffer_append(&b->denials, buffer_slice(&b->allowances)));
    const buffer *tables[] = {&b->denials, &b->actions, &b->resources, &b->conditions, &b->operands, &b->text};
    size_t bytes = sizeof(policy);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) bytes += (tables[i]->len + 7) & ~(size_t)7;
    uint8_t *base = calloc(1, bytes);
    ENSURE(base != NULL, OUT_OF_MEMORY);
    size_t used = sizeof(policy);
    policy *p = (policy *)(void *)base;
    p->statements = place(base, &used, &b->denials);
    p->actions = place(base, &used, &b->actions);
    p->resources = place(base, &used, &b->resources);
    p->conditions = place(base, &used, &b->conditions);
    p->operands = place(base, &used, &b->operands);
    p->text = place(base, &used, &b->text);
    p->bytes = bytes;
    p->denials = denials;
    p->allowances = allowances;
    *out = p;
    return OK;
}

status policy_compile(const policy_source *source, arena *memory, slice *fault, policy **out) {
    OWNED(policy_builder) b = {.memory = memory, .fault = fault};
    if (source->document.len > source->bytes_most) {
        TRY(arena_printf(memory, fault, "longer than %zu bytes", source->bytes_most));
        return FAIL(POLICY_MALFORMED);
    }
    const json *document;
    json_fault where = {0};
    status parsed = json_parse(source->document, memory, &document, &where);
    if (FAILED_WITH(parsed, OUT_OF_MEMORY)) return parsed;
    if (FAILED(parsed)) {
        TRY(arena_printf(memory, fault, "line %zu, column %zu: %s", where.line, where.column, where.reason));
        return FAIL(POLICY_MALFORMED);
    }
    TRY(add_document(&b, document));
    return pack(&b, out);
}

void policy_free(policy *p) { free(p); }

size_t policy_bytes(const policy *p) { return p->bytes; }
