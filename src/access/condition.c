/* Whether a condition holds for a request. */
#include "access/arn.h"
#include "access/policy_form.h"
#include "base/clock.h"

/* A value of the request, read once as what the operator compares. */
struct given {
    slice text;
    arn name; /* COMPARE_ARN */
    union operand value;
    bool is_readable;
};

static bool in_relation(enum relation relation, int order) {
    switch (relation) {
    case RELATION_EQUAL: return order == 0;
    case RELATION_LESS: return order < 0;
    case RELATION_LESS_EQUAL: return order <= 0;
    case RELATION_GREATER: return order > 0;
    case RELATION_GREATER_EQUAL: return order >= 0;
    }
    return false;
}

static int order_of(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int decimal_order(const struct decimal *a, const struct decimal *b) {
    int order = order_of(a->whole, b->whole);
    return order ? order : order_of(a->nano, b->nano);
}

static bool matches_in_any_case(const struct policy *p, const struct pattern *wanted, slice text,
                                struct evaluation *e) {
    uint8_t room[POLICY_TEXT_BYTES_MOST];
    slice expanded = pattern_text(p, wanted);
    if (wanted->kind == PATTERN_TEMPLATE && !template_expand(p, wanted, e, room, &expanded)) return false;
    return slice_equals_ignoring_case(text, expanded);
}

static bool arn_matches(const struct policy *p, const struct resource_pattern *wanted, const struct given *given,
                        struct evaluation *e) {
    service_names services;
    service_names_find(given->name.service, given->name.relative, &services);
    struct resource_name name = {&services, given->name.region, given->name.account, given->name.relative};
    return resource_pattern_matches(p, wanted, &name, e);
}

static bool given_matches(const struct policy *p, const struct condition *c, const struct given *given,
                          const union operand *wanted, struct evaluation *e) {
    switch ((enum compare)c->compare) {
    case COMPARE_TEXT: return pattern_matches(p, &wanted->text, given->text, e);
    case COMPARE_TEXT_IN_ANY_CASE: return matches_in_any_case(p, &wanted->text, given->text, e);
    case COMPARE_GLOB: return pattern_matches(p, &wanted->text, given->text, e);
    case COMPARE_ARN: return arn_matches(p, &p->resources[wanted->resource], given, e);
    case COMPARE_BINARY: return slice_equals(given->text, pattern_text(p, &wanted->text));
    case COMPARE_NUMBER: return in_relation(c->relation, decimal_order(&given->value.number, &wanted->number));
    case COMPARE_DATE: return in_relation(c->relation, order_of(given->value.time_s, wanted->time_s));
    case COMPARE_BOOL: return given->value.is_true == wanted->is_true;
    case COMPARE_ADDRESS: return address_range_contains(&wanted->range, &given->value.range);
    case COMPARE_ABSENCE: return false;
    }
    return false;
}

static struct given read_given(const struct condition *c, slice text) {
    struct given given = {.text = text, .is_readable = true};
    if (c->compare <= COMPARE_GLOB) return given;
    if (c->compare == COMPARE_BINARY) return given;
    if (c->compare == COMPARE_ARN) {
        given.is_readable = !FAILED(arn_parse(text, &given.name));
        return given;
    }
    given.is_readable = operand_read(c->compare, text, &given.value);
    if (given.is_readable && c->compare == COMPARE_ADDRESS)
        given.is_readable = address_range_is_single(&given.value.range);
    return given;
}

/* Does one value of the request pass: match one of the condition's values, or none of them when negated? */
static bool value_passes(const struct policy *p, const struct condition *c, slice text, struct evaluation *e) {
    struct given given = read_given(c, text);
    bool matches = false;
    for (uint32_t i = 0; given.is_readable && !matches && i < c->operands.count; i++)
        matches = given_matches(p, c, &given, &p->operands[c->operands.first + i], e);
    return matches != c->is_negated;
}

static bool values_pass(const struct policy *p, const struct condition *c, const condition_value *known,
                        struct evaluation *e) {
    bool needs_all = c->quantifier == QUANTIFIER_ALL || (c->quantifier == QUANTIFIER_NONE && c->is_negated);
    for (size_t i = 0; i < known->count; i++)
        if (value_passes(p, c, known->values[i], e) != needs_all) return !needs_all;
    return needs_all;
}

static bool absent_passes(const struct condition *c) {
    if (c->if_exists) return true;
    if (c->quantifier != QUANTIFIER_NONE) return c->quantifier == QUANTIFIER_ALL;
    return c->is_negated;
}

static const condition_value *find_value(const policy_request *request, slice key) {
    for (size_t i = 0; i < request->condition_count; i++)
        if (slice_equals(request->conditions[i].name, key)) return &request->conditions[i];
    return NULL;
}

/* Null: "true" asks that the key is absent, "false" that it is there. */
static bool absence_passes(const struct policy *p, const struct condition *c, bool is_absent) {
    for (uint32_t i = 0; i < c->operands.count; i++)
        if (p->operands[c->operands.first + i].is_true == is_absent) return true;
    return false;
}

bool condition_holds(const struct policy *p, const struct condition *c, struct evaluation *e) {
    char room[32];
    slice time_text;
    condition_value time = {.values = &time_text, .count = 1};
    const condition_value *known = &time;
    if (c->source == KEY_GIVEN) known = find_value(e->request, pattern_text(p, &c->key));
    else (void)single_value((slice){0}, (enum key_source)c->source, e, room, &time_text);
    bool is_absent = known == NULL || known->count == 0;
    if (c->compare == COMPARE_ABSENCE) return absence_passes(p, c, is_absent);
    return is_absent ? absent_passes(c) : values_pass(p, c, known, e);
}
