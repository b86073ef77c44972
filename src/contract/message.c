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
