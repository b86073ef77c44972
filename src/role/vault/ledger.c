/* The ledger of witnesses: a ring of encoded frames. */
#include "role/vault/ledger.h"

void ledger_begin(ledger *l) { l->next = 1; }

void ledger_clear(ledger *l) {
    for (size_t i = 0; i < LEDGER_MOST; i++) buffer_clear(&l->frames[i]);
}

size_t ledger_room(const ledger *l) { return LEDGER_MOST - (size_t)(l->next - 1 - l->durable); }

static buffer *frame_of(ledger *l, int64_t number) { return &l->frames[number % LEDGER_MOST]; }

status ledger_add(ledger *l, const witness_message *m) {
    ENSURE(ledger_room(l) > 0, TOO_LARGE);
    witness_message numbered = *m;
    numbered.number = SET_INT(l->next);
    buffer *frame = frame_of(l, l->next);
    buffer_reset(frame);
    TRY(message_encode(MESSAGE_WITNESS, &numbered, frame));
    l->next++;
    return OK;
}

status ledger_acknowledge(ledger *l, int64_t number) {
    ENSURE(number >= 0 && number <= l->sent, MALFORMED);
    if (number > l->durable) l->durable = number;
    return OK;
}

void ledger_send_again(ledger *l) { l->sent = l->durable; }

status ledger_send(ledger *l, channel *auditor) {
    while (l->sent < l->next - 1) {
        TRY(channel_send(auditor, buffer_slice(frame_of(l, l->sent + 1))));
        l->sent++;
    }
    return OK;
}
