/* Values as people type them into values as the wire has them. */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include "cli/invocation.h"

/* Checks `typed` against the field's kind, limits and choices. Texts that may be long, bytes and secrets also come from
 * a file (@FILE) or stdin (-); "@@…" is a text that begins with '@'. Bytes typed in place are base64; a file of bytes is
 * taken as it is unless all of it is base64. Secrets are never typed in place. USAGE, or what reading the file gave,
 * with the reason in inv->trouble; `shown_as` is how the message calls it ("--description"). */
status value_read(invocation *inv, const field *f, const char *shown_as, slice typed, slice *out);

/* A whole file, or stdin for "-", into the invocation's memory; TOO_LARGE past `most` bytes. */
status value_read_file(invocation *inv, slice path, size_t most, slice *out);

/* 2024-05-20, 2024-05-20T06:34:21Z, a number of Unix seconds, or a time that long before (-2h) or after (+30d) `now_s`;
 * units s m h d. False on anything else. */
bool value_time(slice typed, int64_t now_s, int64_t *out);

#endif
