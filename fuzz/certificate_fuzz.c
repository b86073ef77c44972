/* Certificates from outside: as PEM, and as the DER inside it, alone and as their own chain. What is taken says nothing that is not text. */
#include <stdlib.h>

#include "base/text.h"
#include "crypto/issued.h"
#include "crypto/start.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_shown(slice text) {
    return slice_is_absent(text) || (utf8_is_valid(text) && !slice_contains_byte(text, 0));
}

static void read_one(slice pem) {
    OWNED(arena) memory = {.limit = 4 << 20};
    issued said;
    issued_claim claim = {.certificate = pem, .chain = pem, .public_key = SLICE("x"), .now_s = 1700000000};
    if (!FAILED(issued_check(&claim, &memory, &said))) abort(); /* the key is none */
    if (FAILED(issued_read(pem, &memory, &said))) return;
    if (!is_shown(said.subject) || !is_shown(said.issuer) || said.serial.len == 0) abort();
    if (said.name_count > ISSUED_NAMES_MOST) abort();
    for (size_t i = 0; i < said.name_count; i++)
        if (said.names[i].len == 0 || !is_shown(said.names[i])) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(buffer) pem = {0};
    if (FAILED(crypto_start())) abort();
    read_one(slice_of(data, size));
    bool is_made = !FAILED(buffer_append_text(&pem, "-----BEGIN CERTIFICATE-----\n")) &&
                   !FAILED(base64_encode(&pem, slice_of(data, size))) &&
                   !FAILED(buffer_append_text(&pem, "\n-----END CERTIFICATE-----\n"));
    if (!is_made) abort();
    read_one(buffer_slice(&pem));
    return 0;
}
