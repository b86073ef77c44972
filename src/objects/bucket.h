/* Buckets and objects as records: names, where they lie in the store, and what their bodies are sealed with. */
#ifndef OBJECTS_BUCKET_H
#define OBJECTS_BUCKET_H

#include "contract/contract_tables.h"
#include "store/store.h"

/* 3-63 of a-z 0-9 '-', first and last a letter or digit. */
bool bucket_name_is_valid(slice name);
/* 1-1023 bytes of UTF-8 without control characters that XML cannot carry, not beginning with '/' or '\'. */
bool object_name_is_valid(slice name);

status bucket_path(slice bucket, arena *memory, slice *out);                      /* bucket/<name> */
status bucket_index_path(slice account, slice bucket, arena *memory, slice *out); /* buckets/<account>/<name> */
status object_path(slice bucket, slice key, arena *memory, slice *out);           /* object/<bucket>/<key> */
status object_prefix(slice bucket, slice key_prefix, arena *memory, slice *out);

/* BUCKET_NOT_FOUND, also for an invalid name. */
status bucket_load(store *s, slice bucket, arena *memory, bucket_record *out, uint64_t *revision);
/* OBJECT_NOT_FOUND. */
status object_load(store *s, slice bucket, slice key, arena *memory, object_record *out, uint64_t *revision);

/* What binds a body to its place (docs/formats/object.md): the canonical context of account, bucket, key and blob id. A body or
 * its data key moved to another place does not open. */
typedef struct body_place {
    slice account, bucket, key;
    const uint8_t *blob_id; /* 16 bytes */
} body_place;
status body_context(const body_place *place, arena *memory, slice *out);

/* The head of a blob: "KHBLOB1\n", u32 length, packed BlobHeader. What follows is the sealed body. */
status blob_head(const blob_header *header, buffer *out);
/* Length of the whole head, and its content. CORRUPT. */
status blob_head_parse(slice start, arena *memory, blob_header *out, size_t *head_bytes);

#endif
