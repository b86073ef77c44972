/* Distinguished names as people write them: what is taken has parts within its bounds, and makes a request or is refused as a subject. */
#include <stdlib.h>

#include "base/text.h"
#include "crypto/start.h"
#include "custody/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static asymmetric *key_once(void) {
    static asymmetric *key;
    OWNED(secret) der = {0};
    if (key != NULL) return key;
    bool is_made = !FAILED(crypto_start()) && !FAILED(asymmetric_generate(ASYMMETRIC_P256, &der)) &&
                   !FAILED(asymmetric_from_private(ASYMMETRIC_P256, &der, &key));
    if (!is_made) abort();
    return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(arena) memory = {0};
    OWNED(buffer) pem = {0};
    name_part parts[REQUEST_PARTS_MOST];
    size_t count;
    asymmetric *key = key_once();
    if (FAILED(subject_read(slice_of(data, size), &memory, parts, &count))) return 0;
    if (count == 0 || count > REQUEST_PARTS_MOST) abort();
    for (size_t i = 0; i < count; i++)
        if (parts[i].type == NULL || parts[i].value.len == 0 || !utf8_is_valid(parts[i].value)) abort();
    status made = request_make(key, &(request_wish){.parts = parts, .part_count = count}, &pem);
    if (FAILED(made) && !FAILED_WITH(made, CERTIFICATE_SUBJECT)) abort();
    return 0;
}
