/* RPC calls. */
#include "cli/call.h"

#include "base/clock.h"
#include "base/text.h"
#include "crypto/random.h"

status json_from_buffer(buffer *text, arena *memory, const json **out) {
    status parsed = json_parse(buffer_slice(text), memory, out, NULL);
    buffer_wipe(text);
    return parsed;
}

/* ---- arguments into parameters */

static slice name_of(slice pair_text) { return slice_head(pair_text, slice_find_byte(pair_text, '=')); }
static slice value_of(slice pair_text) { return slice_skip(pair_text, slice_find_byte(pair_text, '=') + 1); }

static bool is_compound(const field *f) {
    return f->kind == FIELD_MAP || f->kind == FIELD_SHAPES || f->kind == FIELD_TEXTS || f->kind == FIELD_JSONS;
}

static bool is_first_of_its_field(const invocation *inv, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (inv->arguments[i].of == inv->arguments[index].of) return false;
    return true;
}

static status check_unique(invocation *inv, size_t index) {
    const argument *a = &inv->arguments[index];
    for (size_t i = 0; a->of->kind == FIELD_MAP && i < index; i++) {
        if (inv->arguments[i].of != a->of || !slice_equals(name_of(inv->arguments[i].value), name_of(a->value)))
            continue;
        return trouble_note(&inv->trouble, FAIL(USAGE), "%s has \"%.*s\" twice.", a->of->name,
                            SLICE_ARGS(name_of(a->value)));
    }
    return OK;
}

/* A shape of two texts from NAME=VALUE: its first two fields. The second may be a list: then of this one. */
static void put_shape(json_writer *w, const shape *s, slice text) {
    bool is_list = s->fields[1].kind == FIELD_TEXTS;
    json_begin_object(w);
    bool is_bare = slice_find_byte(text, '=') == SIZE_MAX; /* the first alone */
    json_put_member_text(w, s->fields[0].name, is_bare ? text : name_of(text));
    if (is_bare) return json_end_object(w);
    json_put_key(w, slice_of_text(s->fields[1].name));
    if (is_list) json_begin_array(w);
    json_put_text(w, value_of(text));
    if (is_list) json_end_array(w);
    json_end_object(w);
}

static void put_element(json_writer *w, const argument *a) {
    switch (a->of->kind) {
    case FIELD_MAP:
        json_put_key(w, name_of(a->value));
        json_put_text(w, value_of(a->value));
        return;
    case FIELD_SHAPES: put_shape(w, a->of->nested, a->value); return;
    case FIELD_JSONS: json_put_raw(w, a->value); return;
    default: json_put_text(w, a->value); return;
    }
}

static status gather(invocation *inv, const field *f, slice *out) {
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    if (f->kind == FIELD_MAP) json_begin_object(&w);
    else json_begin_array(&w);
    for (size_t i = 0; i < inv->argument_count; i++) {
        if (inv->arguments[i].of != f) continue;
        TRY(check_unique(inv, i));
        put_element(&w, &inv->arguments[i]);
    }
    if (f->kind == FIELD_MAP) json_end_object(&w);
    else json_end_array(&w);
    TRY(json_finish(&w));
    return arena_copy(&inv->memory, buffer_slice(&text), out);
}

/* A field of a shape within the input goes by both names: left out, the server would not know it, and do without. */
static status parameter_name(invocation *inv, const field *f, slice *out) {
    const operation *op = operation_get(inv->command->operation);
    *out = slice_of_text(f->name);
    for (size_t i = 0; op && i < op->in->field_count; i++) {
        const field *outer = &op->in->fields[i];
        bool holds_it = outer->kind == FIELD_SHAPE && f >= outer->nested->fields &&
                        f < outer->nested->fields + outer->nested->field_count;
        if (holds_it) return arena_printf(&inv->memory, out, "%s.%s", outer->name, f->name);
    }
    return OK;
}

status call_parameters(invocation *inv, pair_list *out) {
    pair_list list = {.at = ARENA_ARRAY(&inv->memory, pair, inv->argument_count + 1)};
    ENSURE(list.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < inv->argument_count; i++) {
        const argument *a = &inv->arguments[i];
        if (!is_first_of_its_field(inv, i)) continue;
        pair *to = &list.at[list.count++];
        to->value = a->value;
        TRY(parameter_name(inv, a->of, &to->key));
        if (is_compound(a->of)) TRY(gather(inv, a->of, &to->value));
    }
    *out = list;
    return OK;
}

/* ---- calling */

static status make_nonce(arena *memory, slice *out) {
    uint8_t bytes[16];
    char text[37];
    TRY(random_uuid(bytes));
    uuid_format(bytes, text);
    return arena_copy(memory, slice_of_text(text), out);
}

static slice member_text(const json *object, const char *name) {
    slice text = {0};
    (void)json_get_text(json_member(object, slice_of_text(name)), &text);
    return text;
}

static status read_answer(client *c, result *r) {
    const answer *a = &r->answer;
    bool is_json = !FAILED(json_parse(a->body, &c->inv->memory, &r->value, NULL)) && json_is_object(r->value);
    if (a->http / 100 == 2 && is_json) return OK;
    if (a->http / 100 == 2)
        return trouble_note(&c->inv->trouble, FAIL(MALFORMED), "The answer is not the JSON that was expected.");
    server_error error = {a->http, {0}, {0}, a->request_id};
    if (is_json) {
        error.code = member_text(r->value, "Code");
        error.message = member_text(r->value, "Message");
    }
    return trouble_from_server(&c->inv->trouble, &error);
}

status call_rpc(client *c, enum operation_id id, pair_list parameters, result *out) {
    const operation *op = operation_get(id);
    ENSURE(op != NULL, INTERNAL);
    arena *memory = &c->inv->memory;
    client_rpc call = {.host = c->profile.host,
                       .action = slice_of_text(op->name),
                       .version = slice_of_text(op->product->version),
                       .parameters = parameters,
                       .time_s = clock_now_s()};
    client_request request;
    result r = {0};
    TRY(make_nonce(memory, &call.nonce));
    TRY(op->is_unsigned ? client_plain_rpc(&call, memory, &request)
                        : client_sign_rpc(&c->credentials, &call, memory, &request));
    TRY(client_send(c, &request, NULL, &r.answer));
    TRY(read_answer(c, &r));
    *out = r;
    return OK;
}

static status call_object_service(client *c, result *out) {
    oss_order *order = ARENA_NEW(&c->inv->memory, oss_order);
    ENSURE(order != NULL, OUT_OF_MEMORY);
    TRY(order_from_arguments(c->inv, order));
    return call_oss(c, order, NULL, out);
}

status call_operation(client *c, result *out) {
    const operation *op = operation_get(c->inv->command->operation);
    pair_list parameters;
    ENSURE(op != NULL, INTERNAL);
    if (strcmp(op->product->name, "oss") == 0) return call_object_service(c, out);
    TRY(call_parameters(c->inv, &parameters));
    return call_rpc(c, c->inv->command->operation, parameters, out);
}
