/* Building answers, for all dialects. */
#ifndef DIALECT_ANSWER_H
#define DIALECT_ANSWER_H

#include "contract/failure.h"
#include "dialect/dialect.h"

/* Collects an answer's headers. The first failure sticks; answer_finish tells it. */
typedef struct answer_builder {
    http_header *headers;
    size_t count;
    size_t room;
    arena *memory;
    status failure;
} answer_builder;

/* `room` is the most headers there will be. */
void answer_begin(answer_builder *b, size_t room, arena *memory);
/* The value is borrowed; an absent one adds nothing. */
void answer_add(answer_builder *b, const char *name, slice value);
void answer_add_named(answer_builder *b, slice name, slice value);
void answer_add_integer(answer_builder *b, const char *name, int64_t value);
/* Content-Type `type`, the body copied into the arena, content_length its length. */
status answer_finish_body(answer_builder *b, int http_status, const char *type, const buffer *body, http_answer *out);
/* Without a body. */
status answer_finish_empty(answer_builder *b, int http_status, http_answer *out);

/* What a person reads: the row's message and the detail. */
status failure_text(const failure_row *row, slice detail, arena *memory, slice *out);
/* The same text with U+FFFD for what XML 1.0 has no way to carry. */
status text_for_xml(slice text, arena *memory, slice *out);
/* Base64, or hex in lower case, as arena text. */
status text_base64(slice bytes, arena *memory, slice *out);
status text_hex(slice bytes, arena *memory, slice *out);

#endif
