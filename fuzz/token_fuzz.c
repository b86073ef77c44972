/* Any bytes as a token, which no key has signed, and as a JWK Set. */
#include <stdlib.h>

#include "crypto/start.h"
#include "custody/provider.h"
#include "custody/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A point on P-256 whose private half nobody kept: RFC 7515 A.3 gives it away, but no fuzzer signs with it. */
#define KEYS                                                                                                           \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"x\":"                                                \
    "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                                                 \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(arena) memory = {.limit = 8 << 20};
    provider_content own = {.issuer_url = SLICE("https://idp.example.com"), .client_ids = SLICE("x,y")}, theirs = own;
    vouched who;
    slice text = slice_of(data, size);
    if (FAILED(crypto_start())) abort();
    if (FAILED(provider_keys_read(SLICE(KEYS), &memory, &own))) abort();
    if (!FAILED(token_verify(&own, text, 1700000000, &memory, &who))) abort();
    if (!FAILED(provider_keys_read(text, &memory, &theirs)) && theirs.keys.count == 0) abort();
    return 0;
}
