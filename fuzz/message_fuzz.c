/* Frames between the processes: the first byte chooses who sends to whom. What is taken writes back the same, byte for byte,
 * so that no two frames mean one message. The inputs of operations inside REQUEST are unpacked and checked as well. */
#include <stdlib.h>

#include "contract/message.h"
#include "contract/operation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MOST = 16 << 20, ROLES = 8 };

static void check_same(const shape *s, const void *value, slice packed) {
    OWNED(buffer) again = {0};
    if (FAILED(shape_pack(s, value, &again)) || !slice_equals(buffer_slice(&again), packed)) abort();
}

static void check_limits(const shape *s, const void *value) {
    slice culprit = SLICE("before");
    status checked = shape_check(s, value, &culprit);
    if (FAILED(checked) == slice_is_empty(culprit)) abort();
}

static void check_input(const operation *op, slice packed, arena *memory) {
    if (!op || slice_is_absent(packed)) return;
    void *input = arena_take(memory, op->in->struct_bytes);
    if (!input || FAILED(shape_unpack(op->in, packed, memory, input))) return;
    check_same(op->in, input, packed);
    check_limits(op->in, input);
}

static void check_request(const request_message *request, arena *memory) {
    const operation *op = operation_get(request->operation.value);
    check_input(op, request->input, memory);
    check_input(op, request->alternative, memory);
    if (request->proof) check_limits(&proof_shape, request->proof);
    if (request->peer) check_limits(&peer_shape, request->peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(arena) memory = {.limit = MEMORY_MOST};
    OWNED(buffer) again = {0};
    message m;
    if (size < 1) return 0;
    slice frame = slice_of(data + 1, size - 1);
    status read =
        message_decode(frame, (enum role)(data[0] % ROLES), (enum role)(data[0] / ROLES % ROLES), &memory, &m);
    int64_t number = 0;
    enum message_verb verb = frame.len ? (enum message_verb)(frame.at[0] % MESSAGE_COUNT) : MESSAGE_REQUEST;
    bool is_numbered = message_peek(frame, verb == MESSAGE_NONE ? MESSAGE_REQUEST : verb, &number);
    if (FAILED(read)) return 0;
    if (is_numbered && m.verb == MESSAGE_REQUEST && ((const request_message *)m.fields)->id.value != number) abort();
    if (FAILED(message_encode(m.verb, m.fields, &again)) || !slice_equals(buffer_slice(&again), frame)) abort();
    if (m.verb == MESSAGE_REQUEST) check_request(m.fields, &memory);
    return 0;
}
