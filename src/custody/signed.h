/* The parameters of a request, read from nothing but what its signature covers: the signed text, and the body whose hash
 * the text holds. Every scheme gives the same: names and decoded values. */
#ifndef CUSTODY_SIGNED_H
#define CUSTODY_SIGNED_H

#include "base/arena.h"
#include "contract/contract_tables.h"

/* `text` is the one that verified. NO_PERMISSION when it cannot be read, when a body is signed for but did not come
 * along, and for a name given twice: it could be read in two ways. Storage requests have none to read. */
status signed_read(const proof *p, slice text, arena *memory, pair_list *out);

/* The body is what was signed, if its hash (hex of SHA-256) is. NO_PERMISSION. */
status signed_check_body(slice body, slice wanted);

/* The value of that name; absent when there is none, and when it is empty: old clients send "Name=" for what was not
 * given. */
slice signed_find(const pair_list *said, const char *name);

/* A map: from NAME.key=value pairs, or a JSON object as NAME's value. NO_PERMISSION for anything else. */
status signed_map(const pair_list *said, const char *name, arena *memory, pair_list *out);

/* A list of texts: from NAME.1=value, NAME.2=value, …, or a JSON array as NAME's value. NO_PERMISSION for anything else. */
status signed_texts(const pair_list *said, const char *name, arena *memory, slice_list *out);

/* The texts of a JSON array that holds nothing else. NO_PERMISSION. */
status signed_json_texts(slice text, arena *memory, slice_list *out);

/* The members of a JSON object (RFC 8259): texts decoded, everything else as it stands in the text, without nulls. The
 * vault has no JSON library; this knows no more than it must. NO_PERMISSION for anything else, and for a name twice. */
status signed_json(slice text, arena *memory, pair_list *out);

#endif
