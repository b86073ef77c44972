/* Journal frames as bytes. */
#include "trail/frame.h"

#include <endian.h>

#include "crypto/crc.h"

static status put_text(buffer *out, slice text) {
    TRY(buffer_append_byte(out, (uint8_t)text.len));
    return buffer_append(out, text);
}

static status put_body(const frame *f, buffer *out) {
    TRY(buffer_append_u64(out, f->sequence));
    TRY(buffer_append_u64(out, f->batch));
    TRY(buffer_append_byte(out, f->kind));
    TRY(buffer_append_u64(out, f->index));
    TRY(put_text(out, f->account));
    TRY(put_text(out, f->request_id));
    return buffer_append(out, f->payload);
}

status frame_encode(const frame *f, buffer *out) {
    ENSURE(f->account.len <= FRAME_TEXT_BYTES_MOST && f->request_id.len <= FRAME_TEXT_BYTES_MOST, TOO_LARGE);
    ENSURE(f->payload.len <= FRAME_PAYLOAD_BYTES_MOST, TOO_LARGE);
    size_t start = out->len;
    size_t length = FRAME_FIXED_BYTES + f->account.len + f->request_id.len + f->payload.len;
    TRY(buffer_reserve(out, FRAME_PREFIX_BYTES + length));
    TRY(buffer_append_u32(out, (uint32_t)length));
    TRY(buffer_append_u32(out, 0));
    TRY(put_body(f, out));
    uint32_t checksum = htobe32(crc32c_update(0, slice_skip(buffer_slice(out), start + FRAME_PREFIX_BYTES)));
    memcpy(out->at + start + 4, &checksum, sizeof checksum);
    return OK;
}

static bool take_text(slice *rest, slice *out) {
    uint8_t len;
    return slice_take_u8(rest, &len) && slice_take(rest, len, out);
}

static bool take_body(slice body, frame *out) {
    frame f = {0};
    bool is_whole = slice_take_u64(&body, &f.sequence) && slice_take_u64(&body, &f.batch) &&
                    slice_take_u8(&body, &f.kind) && slice_take_u64(&body, &f.index) && take_text(&body, &f.account) &&
                    take_text(&body, &f.request_id);
    if (!is_whole || f.kind == 0 || f.batch > f.sequence || body.len > FRAME_PAYLOAD_BYTES_MOST) return false;
    f.payload = body;
    *out = f;
    return true;
}

bool frame_take(slice *rest, frame *out) {
    slice tried = *rest;
    slice body;
    uint32_t length;
    uint32_t checksum;
    if (!slice_take_u32(&tried, &length) || !slice_take_u32(&tried, &checksum)) return false;
    if (length < FRAME_FIXED_BYTES || length > FRAME_LENGTH_MOST || !slice_take(&tried, length, &body)) return false;
    if (crc32c_update(0, body) != checksum || !take_body(body, out)) return false;
    *rest = tried;
    return true;
}

/* Cheap tests before the checksum: lengths and sequences are small numbers, which text (JSON has no NUL) cannot look
 * like. */
static bool may_begin_frame(slice at, uint64_t least) {
    uint32_t length;
    uint32_t checksum;
    uint64_t sequence;
    if (!slice_take_u32(&at, &length) || !slice_take_u32(&at, &checksum)) return false;
    if (length < FRAME_FIXED_BYTES || length > FRAME_LENGTH_MOST || length > at.len) return false;
    return slice_take_u64(&at, &sequence) && sequence >= least && sequence - least < UINT64_C(1) << 32;
}

bool frame_search(slice *rest, uint64_t least, frame *out) {
    slice bytes = *rest;
    while (bytes.len >= FRAME_PREFIX_BYTES + FRAME_FIXED_BYTES) {
        uint64_t word;
        memcpy(&word, bytes.at, sizeof word);
        if (word == 0) { /* no length begins in the first five of eight zero bytes */
            bytes = slice_skip(bytes, 5);
            continue;
        }
        slice after = bytes;
        if (may_begin_frame(bytes, least) && frame_take(&after, out)) {
            *rest = after;
            return true;
        }
        bytes = slice_skip(bytes, 1);
    }
    return false;
}
