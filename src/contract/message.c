/* Encoder and decoder of frames. */
#include "contract/message.h"

extern const message_rule message_table[];

status message_encode(enum message_verb verb, const void *value, buffer *out) {
    TRY(buffer_append_byte(out, (uint8_t)verb));
    return shape_pack(message_table[verb].fields, value, out);
}

status message_decode(slice frame, enum role from, enum role to, arena *memory, message *out) {
    uint8_t verb;
    ENSURE(slice_take_u8(&frame, &verb) && verb > MESSAGE_NONE && verb < MESSAGE_COUNT, MALFORMED);
    const message_rule *rule = &message_table[verb];
    ENSURE((rule->from == 0 || rule->from == from) && (rule->to == 0 || rule->to == to), MALFORMED);
    void *fields = arena_take(memory, rule->fields->struct_bytes);
    ENSURE(fields != NULL, OUT_OF_MEMORY);
    TRY(shape_unpack(rule->fields, frame, memory, fields));
    *out = (message){(enum message_verb)verb, fields};
    return OK;
}

bool message_peek(slice frame, enum message_verb verb, int64_t *number) {
    const shape *fields = message_table[verb].fields;
    uint8_t first, place;
    uint32_t length;
    uint64_t value;
    if (fields->field_count == 0 || fields->fields[0].kind != FIELD_INT) return false;
    if (!slice_take_u8(&frame, &first) || first != verb || !slice_take_u8(&frame, &place) || place != 1) return false;
    if (!slice_take_u32(&frame, &length) || length != sizeof value || !slice_take_u64(&frame, &value)) return false;
    *number = (int64_t)value;
    return true;
}
