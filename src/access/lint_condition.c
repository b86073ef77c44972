/* Conditions that say nothing, or that nothing can meet. */
#include <stdlib.h>

#include "access/condition_key.h"
#include "access/lint.h"
#include "base/clock.h"
#include "format/json.h"

enum { CONDITIONS_MOST = 64 };

/* One key under one operator. */
typedef struct asked {
    slice path, operator, key;
    const json *value;
    enum condition_type type;
    bool if_exists, has_quantifier;
} asked;

static slice base_operator(slice name, bool *if_exists, bool *has_quantifier) {
    size_t colon = slice_find_byte(name, ':');
    *has_quantifier = colon != SIZE_MAX;
    if (*has_quantifier) name = slice_skip(name, colon + 1);
    *if_exists = slice_ends_with(name, SLICE("IfExists"));
    if (*if_exists) name.len -= sizeof "IfExists" - 1;
    return name;
}

static bool is_family(slice operator, const char * family) {
    return slice_starts_with(operator, slice_of_text(family));
}

static bool type_fits(slice operator, enum condition_type type) {
    if (is_family(operator, "String") || is_family(operator, "Null")) return true;
    switch (type) {
    case CONDITION_IS_TEXT: return !is_family(operator, "IpAddress") && !is_family(operator, "NotIpAddress");
    case CONDITION_IS_ARN: return is_family(operator, "Arn");
    case CONDITION_IS_NUMBER: return is_family(operator, "Numeric");
    case CONDITION_IS_DATE: return is_family(operator, "Date") || is_family(operator, "Numeric");
    case CONDITION_IS_BOOL: return is_family(operator, "Bool");
    case CONDITION_IS_ADDRESS: return is_family(operator, "IpAddress") || is_family(operator, "NotIpAddress");
    case CONDITION_IS_BINARY: return is_family(operator, "Binary");
    }
    return true;
}

static const json *values_of(const json *value) { return json_is_array(value) ? json_first(value) : value; }

static const json *next_of(const json *list, const json *each) { return json_is_array(list) ? each->next : NULL; }

static bool has_value(const json *list, slice text) {
    slice each_text;
    for (const json *each = values_of(list); each; each = next_of(list, each))
        if (json_get_text(each, &each_text) && slice_equals(each_text, text)) return true;
    return false;
}

/* ---- one condition */

static status check_date(lint *l, const asked *a) {
    slice text;
    int64_t latest_s = INT64_MIN, time_s;
    bool is_before =
        slice_equals_text(a->operator, "DateLessThan") || slice_equals_text(a->operator, "DateLessThanEquals");
    if (!is_before || a->if_exists || a->type != CONDITION_IS_DATE) return OK;
    for (const json *each = values_of(a->value); each; each = next_of(a->value, each)) {
        if (!json_get_text(each, &text) || FAILED(clock_parse_iso(text, &time_s))) return OK;
        if (time_s > latest_s) latest_s = time_s;
    }
    if (latest_s == INT64_MIN || latest_s >= l->now_s) return OK;
    return lint_find(l, a->path, "NEVER_MATCHES", "the time is over: this will not hold any more");
}

static status check_one(lint *l, const asked *a) {
    if (!type_fits(a->operator, a->type))
        return lint_find(l, a->path, "WRONG_TYPE", "%.*s does not compare what %.*s holds", SLICE_ARGS(a->operator),
                         SLICE_ARGS(a->key));
    if (json_is_array(a->value) && !json_first(a->value))
        return lint_find(l, a->path, "NEVER_MATCHES", "no value is asked for");
    return check_date(l, a);
}

/* ---- two conditions on the same key: both have to hold */

static bool number_of(const json *value, double *out) {
    char copy[32], *end;
    slice text;
    const json *one = values_of(value);
    if (!one || next_of(value, one)) return false;
    if (one->kind == JSON_NUMBER) text = one->text;
    else if (!json_get_text(one, &text)) return false;
    if (text.len == 0 || text.len >= sizeof copy) return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = 0;
    *out = strtod(copy, &end);
    if (*end == 0) return true;
    int64_t time_s;
    if (FAILED(clock_parse_iso(text, &time_s))) return false;
    *out = (double)time_s;
    return true;
}

static bool ends_with(slice operator, const char * what) { return slice_ends_with(operator, slice_of_text(what)); }

/* x < a and x > b, with a <= b. */
static bool is_empty_range(const asked *below, const asked *above) {
    double high, low;
    bool is_range = (ends_with(below->operator, "LessThan") || ends_with(below->operator, "LessThanEquals")) &&
                    (ends_with(above->operator, "GreaterThan") || ends_with(above->operator, "GreaterThanEquals"));
    if (!is_range || !number_of(below->value, &high) || !number_of(above->value, &low)) return false;
    bool may_be_equal = ends_with(below->operator, "Equals") && ends_with(above->operator, "Equals");
    return may_be_equal ? high < low : high <= low;
}

/* All that one asks for the other excludes. */
static bool is_excluded(const asked *wanted, const asked *excluded) {
    bool is_pair = (slice_equals_text(wanted->operator, "StringEquals") &&
                    slice_equals_text(excluded->operator, "StringNotEquals")) ||
                   (slice_equals_text(wanted->operator, "NumericEquals") &&
                    slice_equals_text(excluded->operator, "NumericNotEquals"));
    slice text;
    if (!is_pair || !values_of(wanted->value)) return false;
    for (const json *each = values_of(wanted->value); each; each = next_of(wanted->value, each))
        if (!json_get_text(each, &text) || !has_value(excluded->value, text)) return false;
    return true;
}

/* The key has to be absent, and to have a value. */
static bool is_absent_and_there(const asked *absent, const asked *there) {
    bool is_true = false;
    slice text;
    const json *value = values_of(absent->value);
    if (!slice_equals_text(absent->operator, "Null") || !value || next_of(absent->value, value)) return false;
    bool wants_absence =
        json_get_bool(value, &is_true) ? is_true : json_get_text(value, &text) && slice_equals_text(text, "true");
    bool needs_value = !there->if_exists && !there->has_quantifier &&
                       slice_find(there->operator, SLICE("Not")) == SIZE_MAX &&
                       !slice_equals_text(there->operator, "Null");
    return wants_absence && needs_value;
}

static status check_pair(lint *l, const asked *a, const asked *b) {
    bool is_plain = !a->has_quantifier && !b->has_quantifier && !a->if_exists && !b->if_exists;
    bool contradicts = (is_plain && (is_empty_range(a, b) || is_excluded(a, b))) || is_absent_and_there(a, b);
    if (!contradicts) return OK;
    return lint_find(l, a->path, "NEVER_MATCHES", "contradicts %.*s", SLICE_ARGS(b->path));
}

/* ---- all of a statement */

static status take_key(lint *l, slice path, const json *operator, const json * value, asked *out) {
    condition_key key;
    asked a = {.value = value};
    a.operator= base_operator(operator->name, &a.if_exists, &a.has_quantifier);
    TRY(arena_printf(l->memory, &a.path, "%.*s.%.*s.%.*s", SLICE_ARGS(path), SLICE_ARGS(operator->name),
                     SLICE_ARGS(value->name)));
    TRY(condition_key_find(value->name, l->memory, &key));
    a.key = key.name;
    a.type = key.type;
    *out = a;
    if (key.is_known) return check_one(l, &a);
    out->type = CONDITION_IS_TEXT;
    return lint_find(l, a.path, "UNKNOWN_KEY", "no request will ever have %.*s", SLICE_ARGS(value->name));
}

status lint_conditions(lint *l, slice path, const json *block) {
    asked all[CONDITIONS_MOST];
    size_t count = 0;
    for (const json *operator= json_first(block); operator; operator= operator->next)
        for (const json *value = json_first(operator); value && count < CONDITIONS_MOST; value = value->next)
            TRY(take_key(l, path, operator, value, &all[count++]));
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            if (i != k && slice_equals(all[i].key, all[k].key)) TRY(check_pair(l, &all[i], &all[k]));
    return OK;
}
