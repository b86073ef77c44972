/* Journal frames and segment headers: whatever the bytes, reading stays in bounds, and what is taken encodes back the
 * same. */
#include <stdlib.h>

#include "trail/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const frame *f, slice taken) {
    OWNED(buffer) again = {0};
    if (FAILED(frame_encode(f, &again)) || !slice_equals(buffer_slice(&again), taken)) abort();
}

static void check_frames(slice bytes) {
    frame f;
    for (slice rest = bytes; rest.len;) {
        slice before = rest;
        if (!frame_take(&rest, &f)) break;
        check_round_trip(&f, slice_head(before, before.len - rest.len));
    }
    uint64_t least = 0;
    for (slice rest = bytes; frame_search(&rest, least, &f);) {
        if (f.sequence < least) abort();
        least = f.sequence;
    }
}

static void check_header(slice bytes) {
    journal_segment segment;
    uint8_t again[JOURNAL_HEADER_BYTES];
    if (!journal_header_decode(bytes, &segment)) return;
    journal_header_encode(&segment, again);
    if (!slice_equals(slice_head(bytes, sizeof again), slice_of(again, sizeof again))) abort();
}

/* Checksums keep a fuzzer out: the same bytes are also put into a frame whose checksum is right. */
static void check_as_payload(slice bytes) {
    OWNED(buffer) text = {0};
    frame read;
    size_t name = bytes.len ? bytes.at[0] : 0;
    frame f = {.sequence = bytes.len,
               .batch = bytes.len / 2,
               .kind = 1,
               .account = slice_head(bytes, name),
               .request_id = slice_head(slice_skip(bytes, name), name),
               .payload = slice_skip(bytes, 2 * name)};
    if (FAILED(frame_encode(&f, &text))) return;
    slice rest = buffer_slice(&text);
    if (!frame_take(&rest, &read) || rest.len != 0 || !slice_equals(read.payload, f.payload)) abort();
    if (!slice_equals(read.account, f.account) || !slice_equals(read.request_id, f.request_id)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    slice bytes = slice_of(data, size);
    check_frames(bytes);
    check_header(bytes);
    check_as_payload(bytes);
    return 0;
}
