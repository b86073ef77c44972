/* Any bytes as a request of the aws_query dialect. */
#include "crypto/start.h"
#include "http_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    http_text request;
    if (FAILED(crypto_start())) abort(); /* does nothing from the second time on */
    http_text_read(slice_of(data, size), &request);
    http_text_check(&dialect_aws_query, &request);
    return 0;
}
