/* Ids of keys as text: a UUID; of a multi-Region key, which has the same id in every region it is in, "mrk-" and its 32
 * hexadecimal digits. Which of the two follows from the 16 bytes themselves, as a ciphertext or a sealed key holds them: those of
 * multi-Region keys are UUIDs of version 8 (RFC 9562 §5.8), all others of version 4. So a key has one name only. */
#ifndef CONTRACT_KEY_ID_H
#define CONTRACT_KEY_ID_H

#include "base/arena.h"

enum { KEY_ID_BYTES = 16, KEY_ID_TEXT = 37 };

void key_id_format(const uint8_t id[KEY_ID_BYTES], char out[KEY_ID_TEXT]);
/* MALFORMED. */
status key_id_parse(slice text, uint8_t out[KEY_ID_BYTES]);

/* Makes a random UUID one of a multi-Region key. */
void key_id_mark(uint8_t id[KEY_ID_BYTES]);
bool key_id_is_marked(const uint8_t id[KEY_ID_BYTES]);
bool key_id_is_multi_region(slice text);

/* What belongs to a multi-Region key in one region alone (its policy, its grants) is kept under ID@REGION, that of any other key
 * under its id; and the way back, with no region where none is told. */
status key_id_in_region(slice key_id, slice region, arena *memory, slice *out);
void key_id_split(slice in_region, slice *key_id, slice *region);

#endif
