/* Parameters without the secret ones; members of JSON written anew without them. */
#include "custody/said.h"

#include "base/text.h"
#include "contract/aws_wire.h"
#include "custody/asked_read.h"
#include "custody/json_values.h"
#include "custody/signed.h"

static bool names_field(const shape *s, const field *f, slice name) {
    const char *wire = aws_wire_name(s, f);
    return slice_equals_text(name, f->name) || (wire && slice_equals_text(name, wire));
}

static bool is_secret_of(const operation *op, slice name) {
    for (size_t i = 0; i < op->in->field_count; i++)
        if (op->in->fields[i].kind == FIELD_SECRET && names_field(op->in, &op->in->fields[i], name)) return true;
    return false;
}

/* One action of AWS's may be several operations here: what is secret in any of them. */
static bool is_secret(const asked *a, slice name) {
    const operation *op = operation_get(a->operation);
    name = slice_head(name, slice_find_byte(name, '.'));
    if (is_secret_of(op, name)) return true;
    for (int id = OPERATION_NONE + 1; a->is_aws && id < OPERATION_COUNT; id++)
        if (operation_is_same_aws(op, operation_get(id)) && is_secret_of(operation_get(id), name)) return true;
    return false;
}

static status show_pairs(const asked *a, const pair_list *said, arena *memory, pair_list *out) {
    pair_list shown = {.at = ARENA_ARRAY(memory, pair, said->count + 1)};
    ENSURE(shown.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < said->count; i++)
        if (!is_secret(a, said->at[i].key)) shown.at[shown.count++] = said->at[i];
    *out = shown;
    return OK;
}

/* ---- JSON */

static status write_text(buffer *to, slice text) {
    static const char HEX[] = "0123456789abcdef";
    TRY(buffer_append_byte(to, '"'));
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        uint8_t escape[] = {'\\', 'u', '0', '0', (uint8_t)HEX[c >> 4], (uint8_t)HEX[c & 15]};
        bool is_plain = c >= ' ' && c != '"' && c != '\\';
        TRY(is_plain ? buffer_append_byte(to, c) : buffer_append(to, slice_of(escape, sizeof escape)));
    }
    return buffer_append_byte(to, '"');
}

static status show_members(const asked *a, slice body, arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    json_values members;
    TRY(json_values_object(body, memory, &members));
    TRY(buffer_append_byte(&text, '{'));
    for (size_t i = 0; i < members.count; i++) {
        const json_value *each = &members.at[i];
        if (is_secret(a, each->name)) continue;
        if (text.len > 1) TRY(buffer_append_byte(&text, ','));
        TRY(write_text(&text, each->name));
        TRY(buffer_append_byte(&text, ':'));
        TRY(each->is_text ? write_text(&text, each->value) : buffer_append(&text, each->value));
    }
    TRY(buffer_append_byte(&text, '}'));
    return arena_copy(memory, buffer_slice(&text), out);
}

/* ---- all */

static bool is_change(const asked *a) {
    const operation *op = operation_get(a->operation);
    return op != NULL && operation_is_compared(op);
}

status said_show(const asked *a, const proof *p, slice text, arena *memory, used_message *out) {
    pair_list said;
    out->resource = a->resource;
    out->query = a->query;
    if (a->is_storage || !is_change(a)) return OK;
    TRY(signed_read(p, text, memory, &said));
    if (a->is_aws && !asked_is_form(p)) return show_members(a, p->body, memory, &out->said_json);
    return show_pairs(a, &said, memory, &out->said);
}
