/* The input read once more from what was signed, by the same rules (wire/), and compared; paths of storage word by word. */
#include "service/said.h"

#include "contract/oss_route.h"
#include "wire/aws_form.h"
#include "wire/aws_json_input.h"
#include "wire/rpc_input.h"

static bool is_storage(const call *c) { return c->proof->scheme == SCHEME_OSS_V1 || c->proof->scheme == SCHEME_OSS_V4; }

status said_is_operation(const call *c, const said *s, enum operation_id id) {
    if (!c->proof) return OK;
    ENSURE(c->operation != NULL, UNKNOWN_OPERATION);
    bool is_of_storage = strcmp(c->operation->product->name, "oss") == 0, is_asked = s->operation == (int64_t)id;
    ENSURE(is_storage(c) == is_of_storage, NO_PERMISSION);
    if (is_of_storage) {
        bool is_reading = slice_equals_text(s->verb, "GET") || slice_equals_text(s->verb, "HEAD");
        ENSURE(is_reading == (c->operation->level != LEVEL_WRITE), NO_PERMISSION);
        return OK;
    }
    if (call_speaks_aws(c)) is_asked = operation_is_same_aws(operation_get(s->operation), c->operation);
    ENSURE(is_asked, NO_PERMISSION);
    return OK;
}

/* ---- parameters */

static status form_of(const said *s, arena *memory, form *out) {
    form made = {.pairs = ARENA_ARRAY(memory, form_pair, s->pairs.count + 1), .count = s->pairs.count};
    ENSURE(made.pairs != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < made.count; i++) made.pairs[i] = (form_pair){s->pairs.at[i].key, s->pairs.at[i].value};
    form_sort(&made);
    *out = made;
    return OK;
}

static status read_form(call *c, const said *s, void **out) {
    form pairs;
    slice detail;
    void *input = arena_take(&c->memory, c->operation->in->struct_bytes);
    ENSURE(input != NULL, OUT_OF_MEMORY);
    TRY(form_of(s, &c->memory, &pairs));
    if (call_speaks_aws(c)) TRY(aws_query_translate(c->operation, &pairs, &c->memory, &pairs, &detail));
    form_sort(&pairs);
    TRY(rpc_input(&pairs, c->operation->in, &c->memory, input, &detail));
    *out = input;
    return OK;
}

static status read_json(call *c, const said *s, enum operation_id id, void **out) {
    const json *members;
    aws_fault fault = {0};
    TRY(json_parse(s->json, &c->memory, &members, NULL));
    return aws_json_input(id, members, &c->memory, out, &fault);
}

static enum operation_id id_of(const operation *op) {
    return (enum operation_id)(op - operation_get(OPERATION_NONE + 1) + OPERATION_NONE + 1);
}

/* Packed without what is secret: that is boxed, and for the vault to compare. */
static status pack_open(const shape *s, const void *value, arena *memory, buffer *out) {
    void *copy = arena_take(memory, s->struct_bytes);
    ENSURE(copy != NULL, OUT_OF_MEMORY);
    memcpy(copy, value, s->struct_bytes);
    for (size_t i = 0; i < s->field_count; i++)
        if (s->fields[i].kind == FIELD_SECRET) *(slice *)field_at(&s->fields[i], copy) = (slice){0};
    return shape_pack(s, copy, out);
}

static status same_input(call *c, const void *signed_for) {
    OWNED(buffer) wanted = {0};
    OWNED(buffer) given = {0};
    void *came = arena_take(&c->memory, c->operation->in->struct_bytes);
    ENSURE(came != NULL, OUT_OF_MEMORY);
    TRY(shape_unpack(c->operation->in, c->came, &c->memory, came));
    TRY(pack_open(c->operation->in, signed_for, &c->memory, &wanted));
    TRY(pack_open(c->operation->in, came, &c->memory, &given));
    ENSURE(slice_equals(buffer_slice(&wanted), buffer_slice(&given)), NO_PERMISSION);
    return OK;
}

static status check_parameters(call *c, const said *s) {
    void *input;
    status read = slice_is_empty(s->json) ? read_form(c, s, &input) : read_json(c, s, id_of(c->operation), &input);
    if (FAILED_WITH(read, OUT_OF_MEMORY)) return read;
    ENSURE(!FAILED(read), NO_PERMISSION);
    return same_input(c, input);
}

/* ---- storage */

static bool names_part(slice query, const char *part) {
    slice each;
    while (slice_split(&query, '&', &each))
        if (slice_equals_text(slice_head(each, slice_find_byte(each, '=')), part)) return true;
    return false;
}

/* This part, and no other. */
static bool is_part(slice query, const char *part) {
    for (size_t i = 0; oss_route_at(i); i++) {
        const char *each = oss_route_at(i)->part;
        bool is_it = each && part && strcmp(each, part) == 0;
        if (each && names_part(query, each) != is_it) return false;
    }
    return true;
}

static bool is_asked_for(const call *c, const said *s, slice query) {
    const oss_route *row;
    for (size_t i = 0; (row = oss_route_at(i)) != NULL; i++)
        if (operation_get(row->operation) == c->operation && slice_equals_text(s->verb, row->method) &&
            is_part(query, row->part))
            return true;
    return false;
}

static status check_storage(call *c, const said *s) {
    slice bucket = call_input_text(c, "Bucket"), key = call_input_text(c, "Key"), path = SLICE("/"), rest;
    if (bucket.len) TRY(ARENA_JOIN(&c->memory, &path, SLICE("/"), bucket, SLICE("/"), key));
    ENSURE(slice_starts_with(s->resource, path), NO_PERMISSION);
    rest = slice_skip(s->resource, path.len);
    bool has_query = c->proof->scheme == SCHEME_OSS_V1 && rest.len > 0 && rest.at[0] == '?';
    ENSURE(rest.len == 0 || has_query, NO_PERMISSION);
    ENSURE(is_asked_for(c, s, has_query ? slice_skip(rest, 1) : s->query), NO_PERMISSION);
    return OK;
}

status said_is_input(call *c, const said *s) {
    if (!c->proof) return OK;
    if (is_storage(c)) return check_storage(c, s);
    return operation_is_compared(c->operation) ? check_parameters(c, s) : OK;
}
