/* Sealing and opening of object bodies, step by step. */
#include "objects/body.h"

#include <stdlib.h>

#include "crypto/compare.h"
#include "crypto/crc.h"

/* A full step, the header before the first one, and the last chunk, which finishing adds to what is ready. */
enum { READY_BYTES = CHUNKED_HEADER_BYTES + (BODY_STEP_CHUNKS + 1) * CHUNKED_SEALED_BYTES };

struct body_sealer {
    chunked *cipher;
    hash_stream md5;
    body_figures figures;
    uint64_t chunk; /* number of the next one */
    size_t begun_bytes;
    size_t ready_bytes;
    size_t ready_chunks;
    uint8_t begun[CHUNKED_PLAIN_BYTES]; /* plaintext of a chunk that is not full yet */
    uint8_t ready[READY_BYTES];
};

status body_sealer_new(const secret *data_key, slice context, body_sealer **out) {
    body_sealer *s = malloc(sizeof *s);
    ENSURE(s != NULL, OUT_OF_MEMORY);
    memset(s, 0, offsetof(body_sealer, begun));
    status begun = hash_begin(&s->md5, HASH_MD5);
    if (!FAILED(begun)) begun = chunked_new_sealer(data_key, context, &s->cipher);
    if (FAILED(begun)) {
        body_sealer_free(s);
        return begun;
    }
    chunked_header(s->cipher, s->ready);
    s->ready_bytes = CHUNKED_HEADER_BYTES;
    *out = s;
    return OK;
}

void body_sealer_free(body_sealer *s) {
    if (s == NULL) return;
    chunked_free(s->cipher);
    hash_stream_clear(&s->md5);
    bytes_wipe(s->begun, sizeof s->begun);
    free(s);
}

bool body_sealer_is_full(const body_sealer *s) { return s->ready_chunks >= BODY_STEP_CHUNKS; }

slice body_sealer_ready(const body_sealer *s) { return slice_of(s->ready, s->ready_bytes); }

void body_sealer_take(body_sealer *s) {
    s->figures.sealed_bytes += s->ready_bytes;
    s->ready_bytes = 0;
    s->ready_chunks = 0;
}

/* Whole chunks, as many as the step still takes. */
static status chunks_seal(body_sealer *s, slice plaintext) {
    TRY(chunked_seal(s->cipher, s->chunk, plaintext, s->ready + s->ready_bytes));
    size_t count = plaintext.len / CHUNKED_PLAIN_BYTES;
    s->chunk += count;
    s->ready_chunks += count;
    s->ready_bytes += count * CHUNKED_SEALED_BYTES;
    return OK;
}

/* Plaintext that does not make a whole chunk waits; how much of `plaintext` was taken. */
static status chunk_fill(body_sealer *s, slice plaintext, size_t *taken) {
    slice part = slice_head(plaintext, CHUNKED_PLAIN_BYTES - s->begun_bytes);
    memcpy(s->begun + s->begun_bytes, part.at, part.len);
    s->begun_bytes += part.len;
    *taken = part.len;
    if (s->begun_bytes < CHUNKED_PLAIN_BYTES) return OK;
    TRY(chunks_seal(s, slice_of(s->begun, CHUNKED_PLAIN_BYTES)));
    s->begun_bytes = 0;
    return OK;
}

static status piece_seal(body_sealer *s, slice plaintext, size_t *taken) {
    size_t whole = plaintext.len / CHUNKED_PLAIN_BYTES;
    if (s->begun_bytes || whole == 0) return chunk_fill(s, plaintext, taken);
    if (whole > BODY_STEP_CHUNKS - s->ready_chunks) whole = BODY_STEP_CHUNKS - s->ready_chunks;
    *taken = whole * CHUNKED_PLAIN_BYTES;
    return chunks_seal(s, slice_head(plaintext, *taken));
}

status body_sealer_push(body_sealer *s, slice *plaintext) {
    while (plaintext->len && !body_sealer_is_full(s)) {
        size_t taken = 0;
        TRY(piece_seal(s, *plaintext, &taken));
        slice eaten = slice_head(*plaintext, taken);
        TRY(hash_update(&s->md5, eaten));
        s->figures.crc64 = crc64_update(s->figures.crc64, eaten);
        s->figures.plain_bytes += taken;
        *plaintext = slice_skip(*plaintext, taken);
    }
    return OK;
}

status body_sealer_finish(body_sealer *s) {
    slice rest = slice_of(s->begun, s->begun_bytes);
    TRY(chunked_seal_final(s->cipher, s->chunk, rest, s->ready + s->ready_bytes));
    s->ready_bytes += chunked_run_sealed_size_final(rest.len);
    return hash_finish(&s->md5, s->figures.md5);
}

void body_sealer_figures(const body_sealer *s, body_figures *out) {
    *out = s->figures;
    out->sealed_bytes += s->ready_bytes;
}

struct body_opener {
    chunked *cipher;
    body_range range;
    uint64_t position; /* next byte of the plaintext to give out */
    uint64_t end;      /* one behind the last one wanted */
    bool is_done;
    uint8_t edge[CHUNKED_PLAIN_BYTES]; /* a chunk of which only a part is wanted */
};

status body_opener_new(const secret *data_key, slice context, const uint8_t header[CHUNKED_HEADER_BYTES],
                       const body_range *range, body_opener **out) {
    bool is_empty = range->plain_bytes == 0;
    ENSURE(is_empty || (range->first <= range->last && range->last < range->plain_bytes), RANGE);
    body_opener *o = malloc(sizeof *o);
    ENSURE(o != NULL, OUT_OF_MEMORY);
    memset(o, 0, offsetof(body_opener, edge));
    o->range = *range;
    o->position = is_empty ? 0 : range->first;
    o->end = is_empty ? 0 : range->last + 1;
    status made = chunked_new_opener(data_key, context, header, &o->cipher);
    if (FAILED(made)) {
        free(o);
        return made;
    }
    *out = o;
    return OK;
}

void body_opener_free(body_opener *o) {
    if (o == NULL) return;
    chunked_free(o->cipher);
    bytes_wipe(o->edge, sizeof o->edge);
    free(o);
}

uint64_t body_opener_left(const body_opener *o) { return o->end - o->position; }

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Bytes of a chunk's plaintext; 0 for the empty one that ends a body of whole chunks. */
static size_t chunk_plain_size(const body_opener *o, uint64_t chunk) {
    return (size_t)smaller(o->range.plain_bytes - chunk * CHUNKED_PLAIN_BYTES, CHUNKED_PLAIN_BYTES);
}

/* The end is reached where the range reaches it: then the chunk that ends the body is part of the step. */
static bool step_ends_body(const body_opener *o, const body_step *step) {
    return o->position + step->plain_bytes == o->range.plain_bytes;
}

status body_opener_next(const body_opener *o, size_t room, body_step *out) {
    uint64_t left = body_opener_left(o);
    ENSURE(room >= smaller(left, CHUNKED_PLAIN_BYTES), INVALID_PARAMETER);
    body_step step = {0};
    if (o->is_done) {
        *out = step;
        return OK;
    }
    uint64_t chunk = o->position / CHUNKED_PLAIN_BYTES;
    step.offset = chunked_offset(chunk);
    for (size_t count = 0; count < BODY_STEP_CHUNKS && left > 0; count++, chunk++) {
        uint64_t from = o->position + step.plain_bytes;
        size_t wanted = (size_t)smaller(CHUNKED_PLAIN_BYTES - from % CHUNKED_PLAIN_BYTES, left);
        if (wanted > room - step.plain_bytes) break;
        step.sealed_bytes += chunk_plain_size(o, chunk) + CHUNKED_TAG_BYTES;
        step.plain_bytes += wanted;
        left -= wanted;
    }
    bool ends_empty = step_ends_body(o, &step) && o->range.plain_bytes % CHUNKED_PLAIN_BYTES == 0;
    if (ends_empty) step.sealed_bytes += CHUNKED_TAG_BYTES;
    *out = step;
    return OK;
}

/* A chunk of which a part is wanted. */
static status edge_open(body_opener *o, uint64_t chunk, slice sealed, slice *plain) {
    size_t size = chunk_plain_size(o, chunk);
    TRY(chunked_open(o->cipher, chunk, sealed, o->edge));
    *plain = slice_of(o->edge, size);
    return OK;
}

/* Opens what stands at the position: a run of whole chunks straight into `out`, or one chunk by way of `edge`. */
static status run_open(body_opener *o, size_t wanted, slice *sealed, uint8_t *out, size_t *given) {
    uint64_t chunk = o->position / CHUNKED_PLAIN_BYTES;
    size_t skip = (size_t)(o->position % CHUNKED_PLAIN_BYTES), whole = wanted / CHUNKED_PLAIN_BYTES;
    slice run;
    if (skip == 0 && whole > 0) {
        ENSURE(slice_take(sealed, whole * CHUNKED_SEALED_BYTES, &run), CORRUPT);
        *given = whole * CHUNKED_PLAIN_BYTES;
        return chunked_open(o->cipher, chunk, run, out);
    }
    slice plain;
    ENSURE(slice_take(sealed, chunk_plain_size(o, chunk) + CHUNKED_TAG_BYTES, &run), CORRUPT);
    TRY(edge_open(o, chunk, run, &plain));
    slice part = slice_head(slice_skip(plain, skip), wanted);
    memcpy(out, part.at, part.len);
    *given = part.len;
    return OK;
}

static status step_open(body_opener *o, const body_step *step, slice sealed, uint8_t *out) {
    bool ends_body = step_ends_body(o, step);
    for (size_t done = 0; done < step->plain_bytes;) {
        size_t given = 0;
        TRY(run_open(o, step->plain_bytes - done, &sealed, out + done, &given));
        o->position += given;
        done += given;
    }
    if (ends_body && sealed.len) /* the empty chunk behind whole ones */
        TRY(chunked_open_final(o->cipher, o->range.plain_bytes / CHUNKED_PLAIN_BYTES, sealed, o->edge));
    o->is_done = o->position == o->end;
    return OK;
}

status body_opener_open(body_opener *o, const body_step *step, slice sealed, uint8_t *out) {
    ENSURE(sealed.len == step->sealed_bytes, CORRUPT);
    uint64_t before = o->position;
    status opened = step_open(o, step, sealed, out);
    if (!FAILED(opened)) return OK;
    bytes_wipe(out, step->plain_bytes);
    o->position = before;
    return FAILED_WITH(opened, VERIFICATION) ? FAIL(CORRUPT) : opened;
}
