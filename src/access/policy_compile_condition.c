/* The part of the compiler for "Condition": operators, keys, values. */
#include "access/policy_build.h"
#include "base/text.h"

static const struct operator_row {
    const char *name;
    enum compare compare;
    enum relation relation;
    bool is_negated;
} OPERATORS[] = {
    {"StringEquals", COMPARE_TEXT, RELATION_EQUAL, false},
    {"StringNotEquals", COMPARE_TEXT, RELATION_EQUAL, true},
    {"StringEqualsIgnoreCase", COMPARE_TEXT_IN_ANY_CASE, RELATION_EQUAL, false},
    {"StringNotEqualsIgnoreCase", COMPARE_TEXT_IN_ANY_CASE, RELATION_EQUAL, true},
    {"StringLike", COMPARE_GLOB, RELATION_EQUAL, false},
    {"StringNotLike", COMPARE_GLOB, RELATION_EQUAL, true},
    {"NumericEquals", COMPARE_NUMBER, RELATION_EQUAL, false},
    {"NumericNotEquals", COMPARE_NUMBER, RELATION_EQUAL, true},
    {"NumericLessThan", COMPARE_NUMBER, RELATION_LESS, false},
    {"NumericLessThanEquals", COMPARE_NUMBER, RELATION_LESS_EQUAL, false},
    {"NumericGreaterThan", COMPARE_NUMBER, RELATION_GREATER, false},
    {"NumericGreaterThanEquals", COMPARE_NUMBER, RELATION_GREATER_EQUAL, false},
    {"DateEquals", COMPARE_DATE, RELATION_EQUAL, false},
    {"DateNotEquals", COMPARE_DATE, RELATION_EQUAL, true},
    {"DateLessThan", COMPARE_DATE, RELATION_LESS, false},
    {"DateLessThanEquals", COMPARE_DATE, RELATION_LESS_EQUAL, false},
    {"DateGreaterThan", COMPARE_DATE, RELATION_GREATER, false},
    {"DateGreaterThanEquals", COMPARE_DATE, RELATION_GREATER_EQUAL, false},
    {"Bool", COMPARE_BOOL, RELATION_EQUAL, false},
    {"IpAddress", COMPARE_ADDRESS, RELATION_EQUAL, false},
    {"NotIpAddress", COMPARE_ADDRESS, RELATION_EQUAL, true},
    {"ArnEquals", COMPARE_ARN, RELATION_EQUAL, false},
    {"ArnLike", COMPARE_ARN, RELATION_EQUAL, false},
    {"ArnNotEquals", COMPARE_ARN, RELATION_EQUAL, true},
    {"ArnNotLike", COMPARE_ARN, RELATION_EQUAL, true},
    {"BinaryEquals", COMPARE_BINARY, RELATION_EQUAL, false},
    {"Null", COMPARE_ABSENCE, RELATION_EQUAL, false},
};

static slice without_quantifier(slice name, enum quantifier *out) {
    *out = QUANTIFIER_NONE;
    size_t colon = slice_find_byte(name, ':');
    if (colon == SIZE_MAX) return name;
    slice word = slice_head(name, colon);
    if (slice_equals(word, SLICE("ForAnyValue"))) *out = QUANTIFIER_ANY;
    if (slice_equals(word, SLICE("ForAllValues"))) *out = QUANTIFIER_ALL;
    return *out == QUANTIFIER_NONE ? name : slice_skip(name, colon + 1);
}

static const struct operator_row *find_operator(slice name) {
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++)
        if (slice_equals_text(name, OPERATORS[i].name)) return &OPERATORS[i];
    return NULL;
}

/* [ForAnyValue:|ForAllValues:]<operator>[IfExists] */
static status read_operator(policy_builder *b, slice name, struct condition *out) {
    enum quantifier quantifier;
    slice base = without_quantifier(name, &quantifier);
    bool if_exists = slice_ends_with(base, SLICE("IfExists"));
    if (if_exists) base.len -= sizeof "IfExists" - 1;
    const struct operator_row *row = find_operator(base);
    if (!row) return build_refuse(b, "unknown operator");
    if (row->compare == COMPARE_ABSENCE && (if_exists || quantifier != QUANTIFIER_NONE))
        return build_refuse(b, "Null takes no prefix and no IfExists");
    *out = (struct condition){.compare = (uint8_t)row->compare, .relation = (uint8_t)row->relation};
    out->quantifier = (uint8_t)quantifier;
    out->is_negated = row->is_negated;
    out->if_exists = if_exists;
    return OK;
}

/* Version 1 only: whether a comparison makes sense for what the key holds. The other cloud lets it be. */
static bool operator_fits(const struct condition *c, const condition_key *key) {
    if (c->compare <= COMPARE_GLOB || c->compare == COMPARE_ABSENCE) return true;
    switch (key->type) {
    case CONDITION_IS_TEXT: return true;
    case CONDITION_IS_ARN: return c->compare == COMPARE_ARN;
    case CONDITION_IS_NUMBER: return c->compare == COMPARE_NUMBER;
    case CONDITION_IS_DATE:
        return c->compare == COMPARE_DATE || (c->compare == COMPARE_NUMBER && c->source == KEY_EPOCH);
    case CONDITION_IS_BOOL: return c->compare == COMPARE_BOOL;
    case CONDITION_IS_ADDRESS: return c->compare == COMPARE_ADDRESS;
    case CONDITION_IS_BINARY: return c->compare == COMPARE_BINARY;
    }
    return false;
}

static status read_key(policy_builder *b, slice name, struct condition *c, condition_key *key) {
    TRY(build_key(b, name, key, &c->key));
    c->source = (uint8_t)build_key_source(key);
    if (b->version == VERSION_1 && !operator_fits(c, key))
        return build_refuse(b, "the operator does not fit this condition key");
    return OK;
}

/* The value as text: numbers and booleans may also be written without quotes where such are compared. */
static bool value_text(const json *value, enum compare compare, slice *out) {
    bool is_truth = false;
    if (compare == COMPARE_NUMBER && value->kind == JSON_NUMBER) {
        *out = value->text;
        return true;
    }
    if ((compare == COMPARE_BOOL || compare == COMPARE_ABSENCE) && json_get_bool(value, &is_truth)) {
        *out = is_truth ? SLICE("true") : SLICE("false");
        return true;
    }
    return json_get_text(value, out);
}

static const char *wanted_value(enum compare compare) {
    switch (compare) {
    case COMPARE_TEXT:
    case COMPARE_TEXT_IN_ANY_CASE:
    case COMPARE_GLOB: return "must be text";
    case COMPARE_ARN: return "must be an ARN";
    case COMPARE_BINARY: return "must be base64";
    case COMPARE_NUMBER: return "must be a decimal number";
    case COMPARE_DATE: return "must be an ISO 8601 time such as 2024-05-20T06:34:21Z";
    case COMPARE_BOOL:
    case COMPARE_ABSENCE: return "must be true or false";
    case COMPARE_ADDRESS: return "must be an IP address or a range such as 10.0.0.0/8";
    }
    return "is not valid";
}

/* The names of the other cloud where an ARN is compared as text: their literal beginning is told in this house's way. */
static status tell_arn(policy_builder *b, slice text, slice *out) {
    static const char *const beginnings[][2] = {{"acs:ram:*:", "acs:ram::"}, /* identities are in no region */
                                                {"arn:aws:iam::aws:", "acs:ram::system:"},
                                                {"arn:aws:iam:", "acs:ram:"},
                                                {"arn:aws:sts:", "acs:ram:"},
                                                {"arn:aws:kms:", "acs:kms:"},
                                                {"arn:aws:s3:", "acs:oss:"}};
    *out = text;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        slice theirs = slice_of_text(beginnings[i][0]);
        if (slice_starts_with(text, theirs))
            return arena_printf(b->memory, out, "%s%.*s", beginnings[i][1], SLICE_ARGS(slice_skip(text, theirs.len)));
    }
    return OK;
}

static status add_text_operand(policy_builder *b, slice text, const struct condition *c, struct pattern *out) {
    coded whole;
    TRY(build_code(b, text, c->compare == COMPARE_GLOB, &whole));
    return build_part(b, &whole, whole.text, out);
}

static status add_binary_operand(policy_builder *b, slice text, struct pattern *out) {
    slice bytes;
    status decoded = base64_decode(text, b->memory, &bytes);
    if (FAILED_WITH(decoded, OUT_OF_MEMORY)) return decoded;
    if (FAILED(decoded)) return build_refuse(b, wanted_value(COMPARE_BINARY));
    return build_literal(b, text, out);
}

static status add_operand(policy_builder *b, const json *value, const struct condition *c, const condition_key *key) {
    enum compare compare = (enum compare)c->compare;
    union operand row;
    memset(&row, 0, sizeof row);
    slice text;
    if (!value_text(value, compare, &text)) return build_refuse(b, wanted_value(compare));
    if (key->type == CONDITION_IS_ARN && compare <= COMPARE_GLOB) TRY(tell_arn(b, text, &text));
    if (compare <= COMPARE_GLOB) {
        TRY(add_text_operand(b, text, c, &row.text));
    } else if (compare == COMPARE_ARN) {
        row.resource = (uint32_t)(b->resources.len / sizeof(struct resource_pattern));
        TRY(build_resource_text(b, text));
    } else if (compare == COMPARE_BINARY) {
        TRY(add_binary_operand(b, text, &row.text));
    } else if (!operand_read(compare, text, &row)) {
        return build_refuse(b, wanted_value(compare));
    }
    return buffer_append(&b->operands, slice_of(&row, sizeof row));
}

static status add_condition(policy_builder *b, struct condition condition, const json *values) {
    condition.operands.first = (uint32_t)(b->operands.len / sizeof(union operand));
    condition_key key;
    TRY(read_key(b, values->name, &condition, &key));
    size_t index = 0;
    for (const json *each = build_list_first(values); each; each = build_list_next(values, each)) {
        size_t mark = build_enter_element(b, values, index++);
        TRY(add_operand(b, each, &condition, &key));
        build_leave(b, mark);
    }
    if (index == 0) return build_refuse(b, "must not be empty");
    condition.operands.count = (uint32_t)index;
    return buffer_append(&b->conditions, slice_of(&condition, sizeof condition));
}

static status add_operator(policy_builder *b, const json *keys) {
    struct condition condition;
    TRY(read_operator(b, keys->name, &condition));
    if (!json_is_object(keys) || keys->count == 0) return build_refuse(b, "must be an object with at least one key");
    for (const json *each = json_first(keys); each; each = each->next) {
        size_t mark = build_enter_member(b, each->name);
        TRY(add_condition(b, condition, each));
        build_leave(b, mark);
    }
    return OK;
}

status build_conditions(policy_builder *b, const json *block, struct span *out) {
    bool may_be_empty = b->version != VERSION_1;
    if (!json_is_object(block) || (block->count == 0 && !may_be_empty))
        return build_refuse(b, "must be an object with at least one operator");
    uint32_t first = (uint32_t)(b->conditions.len / sizeof(struct condition));
    for (const json *each = json_first(block); each; each = each->next) {
        size_t mark = build_enter_member(b, each->name);
        TRY(add_operator(b, each));
        build_leave(b, mark);
    }
    *out = (struct span){first, (uint32_t)(b->conditions.len / sizeof(struct condition)) - first};
    return OK;
}
