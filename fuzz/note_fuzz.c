/* Signed notes, checkpoints, verifier keys and tlog-proof texts: reading stays in bounds, and what is accepted writes
 * back the same. */
#include <stdlib.h>

#include "crypto/start.h"
#include "trail/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_vkey(slice text) {
    OWNED(buffer) again = {0};
    note_key key;
    if (FAILED(note_key_parse(text, &key))) return;
    if (slice_ends_with(text, SLICE("\n"))) text.len--;
    if (FAILED(note_key_format(&key, &again)) || !slice_equals(buffer_slice(&again), text)) abort();
}

static void check_proof(slice text) {
    OWNED(arena) memory = {0};
    OWNED(buffer) again = {0};
    tlog_proof proof;
    if (FAILED(tlog_proof_parse(text, &memory, &proof))) return;
    if (FAILED(tlog_proof_write(&proof, &again)) || !slice_equals(buffer_slice(&again), text)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    slice text = slice_of(data, size);
    note_key key;
    slice body;
    checkpoint read;
    if (FAILED(crypto_start()) || FAILED(note_key_parse(slice_of_text(vkey), &key))) abort();
    if (!FAILED(note_open(text, &key, &body)) && body.len >= text.len) abort();
    if (!FAILED(checkpoint_peek(text, &read)) && read.origin.len >= text.len) abort();
    status_ignore(checkpoint_parse_text(text, &read));
    status_ignore(checkpoint_open(text, &key, &read));
    check_vkey(text);
    check_proof(text);
    return 0;
}
