/* Limits of requests of AWS's wires. */
#include "dialect/aws_check.h"

#include "dialect/aws_rows.h"
#include "dialect/head.h"

enum { SHOWN_MOST = 256 };

/* Where we are: "tags.2.member.". */
typedef struct checking {
    arena *memory;
    slice *detail;
} checking;

/* Members are named as in the services' own code: with a small letter first. */
static status lower_first(slice prefix, const char *name, arena *memory, slice *out) {
    char first = name[0] >= 'A' && name[0] <= 'Z' ? (char)(name[0] + 32) : name[0];
    return arena_printf(memory, out, "%.*s%c%s", SLICE_ARGS(prefix), first, name + 1);
}

typedef struct broken {
    slice at;
    slice value; /* absent: not shown */
    slice constraint;
} broken;

static status tell(arena *memory, const broken *b, slice *out) {
    slice value = slice_head(b->value, SHOWN_MOST);
    if (slice_is_absent(b->value))
        return arena_printf(memory, out,
                            "1 validation error detected: Value at '%.*s' failed to satisfy constraint: %.*s",
                            SLICE_ARGS(b->at), SLICE_ARGS(b->constraint));
    return arena_printf(memory, out,
                        "1 validation error detected: Value '%.*s' at '%.*s' failed to satisfy constraint: %.*s",
                        SLICE_ARGS(value), SLICE_ARGS(b->at), SLICE_ARGS(b->constraint));
}

static int64_t characters(slice text) {
    int64_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += (text.at[i] & 0xc0) != 0x80;
    return count;
}

/* A quantity with its limits, and how the limit is told. */
typedef struct measured {
    int64_t amount, min, max;
    const char *what; /* "length" or "value" */
    slice shown;
} measured;

static status check_measure(const checking *c, slice at, const measured *m) {
    bool is_short = m->amount < m->min, is_long = m->max != 0 && m->amount > m->max;
    if (!is_short && !is_long) return OK;
    broken b = {.at = at, .value = m->shown};
    TRY(arena_printf(c->memory, &b.constraint, "Member must have %s %s than or equal to %lld", m->what,
                     is_short ? "greater" : "less", (long long)(is_short ? m->min : m->max)));
    TRY(tell(c->memory, &b, c->detail));
    return FAIL(INVALID_PARAMETER);
}

static status check_shape(const checking *c, const shape *s, const void *value, slice prefix);

static status check_shapes(const checking *c, const field *f, const shape_list *list, slice at) {
    for (size_t i = 0; i < list->count; i++) {
        slice prefix;
        TRY(arena_printf(c->memory, &prefix, "%.*s.%zu.member.", SLICE_ARGS(at), i + 1));
        TRY(check_shape(c, f->nested, (const uint8_t *)list->at + i * f->nested->struct_bytes, prefix));
    }
    return OK;
}

static status check_value(const checking *c, const field *f, const void *from, measured m, slice at) {
    const slice *text = from;
    switch (f->kind) {
    case FIELD_TEXT: m.amount = characters(*text), m.what = "length", m.shown = *text; return check_measure(c, at, &m);
    case FIELD_BYTES:
    case FIELD_SECRET: m.amount = (int64_t)text->len, m.what = "length"; return check_measure(c, at, &m);
    case FIELD_INT:
        m.amount = ((const maybe_int *)from)->value, m.what = "value";
        TRY(arena_printf(c->memory, &m.shown, "%lld", (long long)m.amount));
        return check_measure(c, at, &m);
    case FIELD_TEXTS:
    case FIELD_SHAPES:
        m.amount = (int64_t)((const shape_list *)from)->count, m.what = "length";
        TRY(check_measure(c, at, &m));
        return f->kind == FIELD_SHAPES ? check_shapes(c, f, from, at) : OK;
    case FIELD_SHAPE: {
        slice prefix;
        TRY(arena_printf(c->memory, &prefix, "%.*s.", SLICE_ARGS(at)));
        return check_shape(c, f->nested, *(void *const *)from, prefix);
    }
    default: return OK; /* maps: the contract's own limit */
    }
}

static status check_shape(const checking *c, const shape *s, const void *value, slice prefix) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        const aws_member *row = aws_member_of(s, f);
        slice at;
        bool is_here = field_is_set(f, value);
        if ((row && !row->wire) || (!is_here && !f->is_required)) continue;
        TRY(lower_first(prefix, row ? row->wire : f->name, c->memory, &at));
        if (!is_here) {
            broken b = {.at = at, .value = SLICE("null"), .constraint = SLICE("Member must not be null")};
            TRY(tell(c->memory, &b, c->detail));
            return FAIL(MISSING_PARAMETER);
        }
        bool has_own = row && row->max != 0;
        measured limits = {.min = has_own ? row->min : f->min, .max = has_own ? row->max : f->max};
        TRY(check_value(c, f, field_at(f, value), limits, at));
    }
    return OK;
}

status aws_check(const shape *s, const void *value, arena *memory, slice *detail) {
    checking c = {memory, detail};
    return check_shape(&c, s, value, SLICE(""));
}

status aws_sentence_choice(const field *f, slice member, slice word, arena *memory, slice *out) {
    OWNED(buffer) set = {0};
    broken b = {.value = word};
    slice name, all;
    TRY(arena_copy(memory, member, &name));
    TRY(lower_first(SLICE(""), (const char *)name.at, memory, &b.at));
    for (size_t i = 0; f->choices[i]; i++) {
        if (i > 0) TRY(buffer_append_text(&set, ", "));
        TRY(buffer_append(&set, aws_spell(f->choices, slice_of_text(f->choices[i]))));
    }
    TRY(text_keep(&set, memory, &all));
    TRY(arena_printf(memory, &b.constraint, "Member must satisfy enum value set: [%.*s]", SLICE_ARGS(all)));
    return tell(memory, &b, out);
}
