/* Bytes as text: hex, base64, percent-encoding, UUIDs. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/buffer.h"

/* Lower-case hex. */
status hex_encode(buffer *out, slice bytes);
/* Either case, even length. MALFORMED otherwise. The result lives in the arena. */
status hex_decode(slice text, arena *memory, slice *out);

/* RFC 4648 §4, with padding. */
status base64_encode(buffer *out, slice bytes);
/* RFC 4648 §4, strict: padding required, no line breaks, unused bits zero. MALFORMED otherwise. */
status base64_decode(slice text, arena *memory, slice *out);
/* The same with line breaks, blanks and tabs anywhere. */
status base64_decode_spaced(slice text, arena *memory, slice *out);
/* The one block with that label in a text of RFC 7468, with nothing but blanks around it. MALFORMED. */
status pem_decode(slice text, const char *label, arena *memory, slice *out);

/* RFC 4648 §5, strict: without padding, unused bits zero. MALFORMED otherwise. */
status base64url_decode(slice text, arena *memory, slice *out);

/* RFC 3986: every byte but A-Z a-z 0-9 - . _ ~ becomes %XX with upper-case digits. `also_safe` names further bytes to
 * leave alone (for example "/"), or is NULL. */
status percent_encode(buffer *out, slice bytes, const char *also_safe);
/* %XX → byte; '+' → space when is_form. MALFORMED on a broken escape. The result lives in the arena. */
status percent_decode(slice text, bool is_form, arena *memory, slice *out);

/* RFC 9562 text form of 16 bytes, lower case; out has room for 36 characters and a NUL. */
void uuid_format(const uint8_t bytes[16], char out[37]);
/* The same form back, in either case (RFC 9562 §4). MALFORMED on anything else. */
status uuid_parse(slice text, uint8_t out[16]);

/* Whole text is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool utf8_is_valid(slice text);
/* Characters of well-formed UTF-8. */
int64_t utf8_count(slice text);

#endif
