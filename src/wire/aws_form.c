/* AWS's parameters as the contract's. */
#include "wire/aws_form.h"

#include "contract/aws_wire.h"

/* Parameters under other names. */
static const char *const renamed[][2] = {
    {"AccessKeyId", "UserAccessKeyId"},
    {"Tags", "Tag"},
    {"Scope", "PolicyType"},
};

/* Parameters that may have one value only: what is the case anyway. */
static const char *const fixed[][2] = {{"Path", "/"}, {"PathPrefix", "/"}, {"NewPath", "/"}, {"OnlyAttached", "false"}};

static bool is_fixed(slice name, slice value) {
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (slice_equals_text(name, fixed[i][0])) return slice_equals_text(value, fixed[i][1]);
    return false;
}

static bool is_protocol(slice name) {
    static const char *const NAMES[] = {
        "Action",        "Version",         "X-Amz-Algorithm",     "X-Amz-Credential",    "X-Amz-Date",
        "X-Amz-Expires", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Security-Token"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (slice_equals_text(name, NAMES[i])) return true;
    return false;
}

/* arn:aws:iam::aws:policy/NAME is one that is shipped; of any other it is told by its ARN whose it is. */
static status put_policy(const form_pair *from, form *out) {
    static const slice SHIPPED = {(const uint8_t *)"arn:aws:iam::aws:policy/", 24}, ARN = {(const uint8_t *)"arn:", 4};
    ENSURE(slice_starts_with(from->value, ARN), INVALID_PARAMETER);
    bool is_shipped = slice_starts_with(from->value, SHIPPED);
    slice name = is_shipped ? slice_skip(from->value, SHIPPED.len) : from->value;
    out->pairs[out->count++] = (form_pair){SLICE("PolicyName"), name};
    out->pairs[out->count++] = (form_pair){SLICE("PolicyType"), is_shipped ? SLICE("System") : SLICE("Custom")};
    return OK;
}

/* AWS, Local or All: System, Custom or nothing. */
static slice scope_of(slice value) {
    if (slice_equals_text(value, "AWS")) return SLICE("System");
    return slice_equals_text(value, "Local") ? SLICE("Custom") : (slice){0};
}

static slice contract_name(slice name) {
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
        if (slice_equals_text(name, renamed[i][0])) return slice_of_text(renamed[i][1]);
    return name;
}

/* The field that is called so on this wire. */
static const field *field_of_wire(const operation *op, slice name) {
    for (size_t i = 0; i < op->in->field_count; i++) {
        const char *wire = aws_wire_name(op->in, &op->in->fields[i]);
        if (wire && slice_equals_text(name, wire)) return &op->in->fields[i];
    }
    return NULL;
}

static bool is_joined(const operation *op, const field *f) {
    const aws_member *row = f ? aws_member_of(op->in, f) : NULL;
    return row && row->form == AWS_JOINED;
}

/* A field that rows give no name on this wire. */
static bool is_elsewhere(const operation *op, slice name) {
    const field *f = shape_find(op->in, name);
    return f && aws_wire_name(op->in, f) == NULL;
}

/* Lists that are one text here. */
static status put_joined(const operation *op, const form *from, arena *memory, form *out) {
    pair_list said = {.at = ARENA_ARRAY(memory, pair, from->count + 1), .count = from->count};
    ENSURE(said.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < from->count; i++) said.at[i] = (pair){from->pairs[i].name, from->pairs[i].value};
    for (size_t i = 0; i < op->in->field_count; i++) {
        const field *f = &op->in->fields[i];
        form_pair to = {.name = slice_of_text(f->name)};
        if (!is_joined(op, f)) continue;
        TRY(aws_join(&said, aws_wire_name(op->in, f), memory, &to.value));
        if (!slice_is_absent(to.value)) out->pairs[out->count++] = to;
    }
    return OK;
}

/* ".member.1.Values.member.2" → ".1.Values.2" */
static status without_members(slice text, arena *memory, slice *out) {
    static const slice MEMBER = {(const uint8_t *)".member.", 8};
    slice made = SLICE("");
    for (size_t at; (at = slice_find(text, MEMBER)) != SIZE_MAX; text = slice_skip(text, at + MEMBER.len))
        TRY(ARENA_JOIN(memory, &made, made, slice_head(text, at), SLICE(".")));
    return ARENA_JOIN(memory, out, made, text);
}

/* NAME.member.1.MORE → NAME.1.MORE under the contract's name. */
static status put_pair(const operation *op, const form_pair *from, arena *memory, form *out) {
    size_t dot = slice_find_byte(from->name, '.');
    slice head = contract_name(slice_head(from->name, dot)),
          below = dot == SIZE_MAX ? SLICE("") : slice_skip(from->name, dot);
    TRY(without_members(below, memory, &below));
    const field *called = field_of_wire(op, slice_head(from->name, dot));
    if (is_joined(op, called)) {
        ENSURE(slice_starts_with(slice_skip(from->name, dot), SLICE(".member.")), INVALID_PARAMETER);
        return OK; /* put_joined */
    }
    ENSURE(called != NULL || !is_elsewhere(op, head), UNSUPPORTED);
    if (called != NULL) head = slice_of_text(called->name);
    slice renewed; /* UpdateRole: Description → NewDescription */
    TRY(arena_printf(memory, &renewed, "New%.*s", SLICE_ARGS(head)));
    if (!shape_find(op->in, head) && shape_find(op->in, renewed)) head = renewed;
    ENSURE(shape_find(op->in, head) != NULL, UNSUPPORTED);
    form_pair to = {.value = from->value};
    if (slice_equals_text(from->name, "Scope")) to.value = scope_of(from->value);
    TRY(arena_printf(memory, &to.name, "%.*s%.*s", SLICE_ARGS(head), SLICE_ARGS(below)));
    out->pairs[out->count++] = to;
    return OK;
}

/* What two names stand for is told once. */
static status take_whole(const form *made, arena *memory, form *out, slice *detail) {
    bool has_twice;
    *detail = SLICE("parameters");
    TRY(form_has_duplicates(made, memory, &has_twice));
    ENSURE(!has_twice, INVALID_PARAMETER);
    *detail = (slice){0};
    *out = *made;
    return OK;
}

status aws_query_translate(const operation *op, const form *from, arena *memory, form *out, slice *detail) {
    form made = {.pairs = ARENA_ARRAY(memory, form_pair, 2 * from->count + op->in->field_count + 1)};
    ENSURE(made.pairs != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < from->count; i++) {
        const form_pair *each = &from->pairs[i];
        *detail = each->name;
        if (is_protocol(each->name) || is_fixed(each->name, each->value)) continue;
        if (slice_equals_text(each->name, "PolicyArn")) TRY(put_policy(each, &made));
        else TRY(put_pair(op, each, memory, &made));
    }
    TRY(put_joined(op, from, memory, &made));
    return take_whole(&made, memory, out, detail);
}
