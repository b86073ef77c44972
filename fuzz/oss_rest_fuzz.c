/* Any bytes as a request of the oss_rest dialect. */
#include "crypto/start.h"
#include "http_text.h"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    return FAILED(crypto_start());
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len) {
    http_text request;
    http_text_read(slice_of(at, len), &request);
    http_text_check(&dialect_oss_rest, &request);
    return 0;
}
