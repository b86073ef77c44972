/* Test helpers: requests made by hand, and an independent check of signatures. Linked into tests only. */
#ifndef DIALECT_TESTING_H
#define DIALECT_TESTING_H

#include "dialect/dialect.h"

#define TEST_ACCESS_KEY_ID "LTAI5tTESTVECTOR00000001"
#define TEST_SECRET "TestVectorSecret0123456789abcdef"
enum { TEST_TIME_S = 1716186861 }; /* 2024-05-20T06:34:21Z */

/* One request. `headers` is "Name: value\n" for each. Everything is borrowed but the header array, which is static and
 * good for one request at a time. */
http_head testing_head(const char *method, const char *target, const char *headers);

/* Index of the first text whose signature under the secret is the proof's, or -1. */
int testing_matches(const proof *p, slice_list texts, slice secret_text);

/* The value of a header of an answer, absent when it is not there. */
slice testing_header(const http_answer *a, const char *name);

/* The whole of a file, from malloc; NULL when it cannot be read. */
char *testing_read_file(const char *path, size_t *bytes);

#endif
