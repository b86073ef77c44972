/* The compiler: from the JSON document to the tables of policy_form.h. */
#include <stdlib.h>

#include "access/arn.h"
#include "access/policy_build.h"

enum part {
    PART_SID,
    PART_EFFECT,
    PART_PRINCIPAL,
    PART_NOT_PRINCIPAL,
    PART_ACTION,
    PART_NOT_ACTION,
    PART_RESOURCE,
    PART_NOT_RESOURCE,
    PART_CONDITION
};
enum { PART_COUNT = PART_CONDITION + 1, SID_BYTES_MOST = 128 };

static const char *const PART_NAMES[PART_COUNT] = {"Sid",       "Effect",   "Principal",   "NotPrincipal", "Action",
                                                   "NotAction", "Resource", "NotResource", "Condition"};

static const char *const VERSION_NAMES[] = {
    [VERSION_1] = "1", [VERSION_2012] = "2012-10-17", [VERSION_2008] = "2008-10-17"};

/* A statement on its way, with what its gate will be made of. */
struct draft {
    struct statement statement;
    uint64_t action_bits;
};

static uint32_t rows(const buffer *table, size_t row_bytes) { return (uint32_t)(table->len / row_bytes); }

static status add_resource(policy_builder *b, const json *value) {
    slice text;
    if (!json_get_text(value, &text)) return build_refuse(b, "must be text");
    return build_resource_text(b, text);
}

static status add_actions(policy_builder *b, const json *list, struct draft *d) {
    uint32_t first = rows(&b->actions, sizeof(struct action_pattern));
    size_t index = 0;
    for (const json *each = build_list_first(list); each; each = build_list_next(list, each)) {
        size_t mark = build_enter_element(b, list, index++);
        TRY(build_action(b, each, &d->action_bits));
        build_leave(b, mark);
    }
    if (index == 0) return build_refuse(b, "must not be empty");
    d->statement.action_patterns = (struct span){first, (uint32_t)index};
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

static status check_parts(policy_builder *b, const json *const parts[PART_COUNT]) {
    if (!parts[PART_EFFECT]) return build_refuse(b, "Effect is missing");
    if (!parts[PART_ACTION] == !parts[PART_NOT_ACTION]) return build_refuse(b, "must have either Action or NotAction");
    if (b->kind != POLICY_TRUST && !parts[PART_RESOURCE] == !parts[PART_NOT_RESOURCE])
        return build_refuse(b, "must have either Resource or NotResource");
    if (b->kind != POLICY_IDENTITY && !parts[PART_PRINCIPAL] == !parts[PART_NOT_PRINCIPAL])
        return build_refuse(b, "must have either Principal or NotPrincipal");
    return OK;
}

/* Sorts the members of a statement into `parts`; the parser has refused names that stand twice. */
static status find_parts(policy_builder *b, const json *object, const json *parts[PART_COUNT]) {
    if (!json_is_object(object)) return build_refuse(b, "must be an object");
    for (const json *each = json_first(object); each; each = each->next) {
        size_t part = 0;
        while (part < PART_COUNT && !slice_equals_text(each->name, PART_NAMES[part])) part++;
        size_t mark = build_enter_member(b, each->name);
        bool is_principal = part == PART_PRINCIPAL || part == PART_NOT_PRINCIPAL;
        bool is_resource = part == PART_RESOURCE || part == PART_NOT_RESOURCE;
        if (part == PART_COUNT) return build_refuse(b, "unknown member");
        if (is_principal && b->kind == POLICY_IDENTITY)
            return build_refuse(b, "not allowed in a policy attached to an identity");
        if (is_resource && b->kind == POLICY_TRUST) return build_refuse(b, "not allowed in a trust policy");
        parts[part] = each;
        build_leave(b, mark);
    }
    return check_parts(b, parts);
}

static status add_sid(policy_builder *b, const json *value, struct pattern *out) {
    slice sid;
    if (!json_get_text(value, &sid) || sid.len > SID_BYTES_MOST)
        return build_refuse(b, "must be text of at most 128 bytes");
    return build_literal(b, sid, out);
}

static status read_effect(policy_builder *b, const json *value, bool *is_deny) {
    slice effect = {0};
    (void)json_get_text(value, &effect);
    *is_deny = slice_equals(effect, SLICE("Deny"));
    if (!*is_deny && !slice_equals(effect, SLICE("Allow"))) return build_refuse(b, "must be Allow or Deny");
    return OK;
}

/* To allow everybody but some is never what is meant. */
static status add_not_principals(policy_builder *b, const json *value, struct statement *s) {
    if (!s->is_deny) return build_refuse(b, "only with Effect Deny");
    s->not_principal = true;
    return build_principals(b, value, &s->principal_patterns);
}

static status add_part(policy_builder *b, enum part part, const json *value, struct draft *d) {
    struct statement *s = &d->statement;
    switch (part) {
    case PART_SID: return add_sid(b, value, &s->sid);
    case PART_EFFECT: return OK; /* read before */
    case PART_PRINCIPAL: return build_principals(b, value, &s->principal_patterns);
    case PART_NOT_PRINCIPAL: return add_not_principals(b, value, s);
    case PART_ACTION: return add_actions(b, value, d);
    case PART_NOT_ACTION: s->not_action = true; return add_actions(b, value, d);
    case PART_RESOURCE: return add_resources(b, value, s);
    case PART_NOT_RESOURCE: s->not_resource = true; return add_resources(b, value, s);
    case PART_CONDITION: return build_conditions(b, value, &s->conditions);
    }
    return FAIL(INTERNAL);
}

/* How many bytes at the beginning of a pattern are what they are. */
static size_t literal_bytes(const struct pattern *pattern, const uint8_t *text) {
    size_t count = 0;
    if (pattern->kind == GLOB_ANY) return 0;
    while (count < pattern->len && count < GATE_BYTES) {
        uint8_t c = text[count];
        bool is_code = pattern->kind == PATTERN_TEMPLATE && c >= CODE_FIRST;
        bool is_wildcard = pattern->kind == GLOB_MIXED && (c == '*' || c == '?');
        if (is_code || is_wildcard) break;
        count++;
    }
    return count;
}

/* Whether a condition holds only if the request has one of one or two values, letter by letter. */
static bool asks_fact(const struct condition *c, const union operand *operands) {
    bool is_plain = c->compare == COMPARE_TEXT && c->source == KEY_GIVEN && !c->is_negated && !c->if_exists &&
                    c->quantifier != QUANTIFIER_ALL && c->operands.count <= 2;
    for (uint32_t i = 0; is_plain && i < c->operands.count; i++)
        is_plain = operands[c->operands.first + i].text.kind == GLOB_LITERAL;
    return is_plain;
}

static slice text_of(const policy_builder *b, const struct pattern *pattern) {
    return slice_of(b->text.at + pattern->at, pattern->len);
}

/* Of the first condition that does; conditions all have to hold. */
static bool gate_facts(const policy_builder *b, const struct statement *s, struct gate *gate) {
    const struct condition *conditions = (const struct condition *)(const void *)b->conditions.at;
    const union operand *operands = (const union operand *)(const void *)b->operands.at;
    for (uint32_t i = 0; i < s->conditions.count; i++) {
        const struct condition *c = &conditions[s->conditions.first + i];
        if (!asks_fact(c, operands)) continue;
        const union operand *first = &operands[c->operands.first], *last = first + c->operands.count - 1;
        gate->facts[0] = fact_of(text_of(b, &c->key), text_of(b, &first->text));
        gate->facts[1] = fact_of(text_of(b, &c->key), text_of(b, &last->text));
        return true;
    }
    gate->facts[0] = gate->facts[1] = FACT_ANY;
    return false;
}

static void gate_resource(const policy_builder *b, const struct statement *s, struct gate *gate) {
    if (s->not_resource || s->resource_patterns.count != 1) return;
    const struct resource_pattern *rows_at = (const struct resource_pattern *)(const void *)b->resources.at;
    const struct pattern *relative = &rows_at[s->resource_patterns.first].relative;
    const uint8_t *text = b->text.at + relative->at;
    size_t literal = literal_bytes(relative, text);
    if (literal == 0) return;
    size_t at = literal > sizeof gate->word ? literal - sizeof gate->word : 0;
    memcpy(&gate->word, text + at, literal - at);
    memset(&gate->word_mask, 0xff, literal - at);
    gate->word_at = (uint16_t)at;
}

static status keep_statement(policy_builder *b, const struct draft *d) {
    bool is_deny = d->statement.is_deny;
    struct gate gate = {.actions = d->statement.not_action ? UINT64_MAX : d->action_bits};
    gate_resource(b, &d->statement, &gate);
    b->asks_facts |= gate_facts(b, &d->statement, &gate);
    TRY(buffer_append(is_deny ? &b->denial_gates : &b->allowance_gates, slice_of(&gate, sizeof gate)));
    return buffer_append(is_deny ? &b->denials : &b->allowances, slice_of(&d->statement, sizeof d->statement));
}

static status add_statement(policy_builder *b, const json *object, size_t index) {
    const json *parts[PART_COUNT] = {0};
    TRY(find_parts(b, object, parts));
    struct draft d = {.statement = {.index = (uint32_t)index, .has_principal = b->kind != POLICY_IDENTITY}};
    size_t mark = build_enter_member(b, SLICE("Effect"));
    TRY(read_effect(b, parts[PART_EFFECT], &d.statement.is_deny));
    build_leave(b, mark);
    for (size_t part = 0; part < PART_COUNT; part++) {
        if (!parts[part]) continue;
        mark = build_enter_member(b, slice_of_text(PART_NAMES[part]));
        TRY(add_part(b, (enum part)part, parts[part], &d));
        build_leave(b, mark);
    }
    return keep_statement(b, &d);
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

static status read_version(policy_builder *b, const json *document) {
    slice text;
    (void)build_enter_member(b, SLICE("Version"));
    bool is_text = json_get_text(json_member(document, SLICE("Version")), &text);
    for (size_t i = 0; is_text && i < sizeof VERSION_NAMES / sizeof *VERSION_NAMES; i++) {
        if (!slice_equals_text(text, VERSION_NAMES[i])) continue;
        b->version = (enum policy_version)i;
        build_leave(b, 0);
        return OK;
    }
    return build_refuse(b, "must be \"1\", \"2012-10-17\" or \"2008-10-17\"");
}

static bool is_member(const policy_builder *b, slice name) {
    if (slice_equals(name, SLICE("Version")) || slice_equals(name, SLICE("Statement"))) return true;
    return b->version != VERSION_1 && slice_equals(name, SLICE("Id"));
}

static status add_document(policy_builder *b, const json *document) {
    if (!json_is_object(document)) return build_refuse(b, "a policy must be an object");
    TRY(read_version(b, document));
    for (const json *each = json_first(document); each; each = each->next) {
        (void)build_enter_member(b, each->name);
        if (!is_member(b, each->name)) return build_refuse(b, "unknown member");
        if (slice_equals(each->name, SLICE("Id")) && !json_is_text(each)) return build_refuse(b, "must be text");
        build_leave(b, 0);
    }
    const json *statements = json_member(document, SLICE("Statement"));
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

static size_t packed_bytes(const buffer *const *tables, size_t count) {
    size_t bytes = sizeof(policy);
    for (size_t i = 0; i < count; i++) bytes += (tables[i]->len + 7) & ~(size_t)7;
    return bytes;
}

static status pack(policy_builder *b, policy **out) {
    struct span denials = {0, rows(&b->denials, sizeof(struct statement))};
    struct span allowances = {denials.count, rows(&b->allowances, sizeof(struct statement))};
    if (b->allowances.len) TRY(buffer_append(&b->denials, buffer_slice(&b->allowances)));
    if (b->allowances.len) TRY(buffer_append(&b->denial_gates, buffer_slice(&b->allowance_gates)));
    const buffer *tables[] = {&b->denial_gates, &b->denials,  &b->principals, &b->actions, &b->resources,
                              &b->conditions,   &b->operands, &b->variables,  &b->text};
    size_t bytes = packed_bytes(tables, sizeof tables / sizeof *tables);
    uint8_t *base = calloc(1, bytes);
    ENSURE(base != NULL, OUT_OF_MEMORY);
    size_t used = sizeof(policy);
    policy *p = (policy *)(void *)base;
    p->gates = place(base, &used, &b->denial_gates);
    p->statements = place(base, &used, &b->denials);
    p->principals = place(base, &used, &b->principals);
    p->actions = place(base, &used, &b->actions);
    p->resources = place(base, &used, &b->resources);
    p->conditions = place(base, &used, &b->conditions);
    p->operands = place(base, &used, &b->operands);
    p->variables = place(base, &used, &b->variables);
    p->text = place(base, &used, &b->text);
    p->bytes = bytes;
    p->denials = denials;
    p->allowances = allowances;
    p->asks_facts = b->asks_facts;
    *out = p;
    return OK;
}

status policy_compile(const policy_source *source, arena *memory, slice *fault, policy **out) {
    OWNED(policy_builder) b = {.memory = memory, .fault = fault, .kind = source->kind, .bound = source->bound};
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
