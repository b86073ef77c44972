/* Names of the failures, for logs and tests. */
#include "base/status.h"

static const char *const names[] = {
#define STATUS_NAME(name) #name,
    STATUS_CODES(STATUS_NAME)
#undef STATUS_NAME
};

const char *status_name(status result) {
    size_t count = sizeof names / sizeof names[0];
    return (size_t)result.code < count ? names[result.code] : "UNKNOWN";
}
