/* What authenticators make: attestation objects, authenticator data, COSE keys. Whatever is read lies within what was given. */
#include <stdlib.h>

#include "crypto/cose.h"
#include "crypto/start.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_within(slice part, slice whole) {
    return slice_is_absent(part) || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void read_data(slice bytes) {
    OWNED(authenticator_data) d = {0};
    if (FAILED(authenticator_data_read(bytes, &d))) return;
    if (!lies_within(d.credential_id, bytes) || !lies_within(d.rp_id_hash, bytes)) abort();
    bool has_key = d.key.spki_der.len > 0;
    if (has_key != ((d.flags & AUTHENTICATOR_ATTESTED) != 0)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool is_started;
    if (!is_started && FAILED(crypto_start())) abort();
    is_started = true;
    slice bytes = slice_of(data, size), rest = bytes;
    attestation a;
    OWNED(cose_key) key = {0};
    if (!FAILED(attestation_read(bytes, &a))) {
        if (!lies_within(a.data, bytes) || !lies_within(a.signature, bytes)) abort();
        read_data(a.data);
    }
    read_data(bytes);
    if (!FAILED(cose_key_read(&rest, &key)) && (rest.len >= size || !lies_within(rest, bytes))) abort();
    return 0;
}
