/* Reading the journal back: every frame in order, what a crash tore cut off, damage named. */
#include <stdlib.h>

#include "system/files.h"
#include "trail/journal.h"

status journal_open(int dir_fd, const journal_options *options, journal *out) {
    OWNED(arena) memory = {0};
    OWNED(journal) j = {.dir_fd = dir_fd, .options = *options, .sequence = 1, .batch = 1, .active.fd = -1};
    uint64_t *numbers;
    size_t count;
    ENSURE(options->segment_bytes == 0 || options->segment_bytes >= JOURNAL_SEGMENT_BYTES_LEAST, INVALID_PARAMETER);
    TRY(append_list(dir_fd, &memory, &numbers, &count));
    for (size_t i = 0; i < count; i++) {
        ENSURE(i == 0 || numbers[i] == numbers[i - 1] + 1, CORRUPT);
        TRY(journal_segments_push(&j, &(journal_segment){.number = numbers[i]}));
    }
    *out = j;
    j = (journal){0}; /* given away */
    return OK;
}

static status corrupt_at(journal *j, uint64_t offset) {
    j->corrupt = (journal_place){j->segments[j->reading].number, offset, j->content.len - offset};
    if (j->corrupt.bytes == 0) j->corrupt.bytes = 1; /* missing at the end: still a place */
    return FAIL(CORRUPT);
}

static status load_content(journal *j, size_t index) {
    append segment = {.fd = -1};
    size_t got = 0;
    TRY(append_open(j->dir_fd, j->segments[index].number, &segment));
    buffer_reset(&j->content);
    status loaded = buffer_reserve(&j->content, segment.bytes);
    if (!FAILED(loaded)) loaded = append_read(&segment, 0, j->content.at, segment.bytes, &got);
    if (!FAILED(loaded)) j->content.len = got;
    append_clear(&segment);
    return loaded;
}

/* The first sequence of a segment, if its header is valid. */
static status peek_first(const journal *j, size_t index, bool *is_valid, uint64_t *first) {
    append segment = {.fd = -1};
    uint8_t header[JOURNAL_HEADER_BYTES];
    journal_segment read;
    size_t got = 0;
    TRY(append_open(j->dir_fd, j->segments[index].number, &segment));
    status done = append_read(&segment, 0, header, sizeof header, &got);
    append_clear(&segment);
    TRY(done);
    *is_valid = journal_header_decode(slice_of(header, got), &read) && read.number == j->segments[index].number;
    *first = *is_valid ? read.first : 0;
    return OK;
}

/* Whether an undamaged frame of a later commit follows: then what lies before it had been acknowledged. */
static bool has_later_batch(slice rest, uint64_t expected) {
    frame found;
    while (frame_search(&rest, expected, &found))
        if (found.batch > expected) return true;
    return false;
}

static size_t len_without_zeros(slice bytes) {
    size_t len = bytes.len;
    while (len && bytes.at[len - 1] == 0) len--;
    return len;
}

/* From j->reading on no segment has a header: they were prepared, or the crash came with their first commit. */
static status check_unused(journal *j) {
    bool may_be_unused = j->reading > 0 || j->segments[0].number == 1;
    size_t begun = j->reading;
    for (; j->reading < j->segment_count; j->reading++) {
        journal_segment header;
        TRY(load_content(j, j->reading));
        slice content = buffer_slice(&j->content);
        if (!may_be_unused || journal_header_decode(content, &header) || has_later_batch(content, j->sequence))
            return corrupt_at(j, 0);
        size_t len = len_without_zeros(content);
        if (len) j->torn = (journal_place){j->segments[j->reading].number, 0, len};
    }
    j->reading = begun;
    return OK;
}

static status remove_unused(journal *j) {
    while (j->segment_count > j->reading) {
        TRY(append_remove(j->dir_fd, j->segments[j->segment_count - 1].number));
        j->segment_count--;
    }
    return OK;
}

/* Overwrites what was torn, so that it is not met again. */
static status wipe_torn(journal *j, uint64_t bytes) {
    if (bytes == 0) return OK;
    uint8_t *zeros = calloc(1, bytes);
    ENSURE(zeros != NULL, OUT_OF_MEMORY);
    slice part = slice_of(zeros, bytes);
    uint64_t start = j->active.position;
    status wiped = append_write(&j->active, &part, 1);
    if (!FAILED(wiped)) wiped = append_sync(&j->active);
    free(zeros);
    TRY(wiped);
    return append_seek(&j->active, start);
}

/* All was read: the last segment with frames becomes the active one. */
static status get_ready(journal *j, uint64_t position, uint64_t torn_bytes) {
    TRY(remove_unused(j));
    j->batch = j->sequence;
    if (j->segment_count) {
        TRY(append_open(j->dir_fd, j->segments[j->segment_count - 1].number, &j->active));
        journal_go_direct(j);
        TRY(append_seek(&j->active, position));
        TRY(wipe_torn(j, torn_bytes));
    }
    buffer_clear(&j->content);
    j->is_ready = true;
    status_ignore(journal_need_segment(j)); /* a failure is met again at the first commit */
    return OK;
}

static status begin_segment(journal *j) {
    journal_segment header;
    bool is_valid = false;
    TRY(load_content(j, j->reading));
    if (!journal_header_decode(buffer_slice(&j->content), &header) || header.number != j->segments[j->reading].number) {
        TRY(check_unused(j));
        return get_ready(j, j->offset, 0);
    }
    if (j->reading == 0) j->sequence = header.first;
    if (header.first != j->sequence) return corrupt_at(j, 0);
    j->segments[j->reading].first = header.first;
    j->offset = JOURNAL_HEADER_BYTES;
    j->limit = UINT64_MAX;
    if (j->reading + 1 < j->segment_count) {
        uint64_t first;
        TRY(peek_first(j, j->reading + 1, &is_valid, &first));
        if (is_valid) j->limit = first;
    }
    return OK;
}

/* At j->offset no frame of the expected sequence stands. */
static status end_segment(journal *j) {
    slice rest = slice_skip(buffer_slice(&j->content), j->offset);
    if (has_later_batch(rest, j->sequence)) return corrupt_at(j, j->offset);
    if (j->limit != UINT64_MAX) {
        if (j->sequence != j->limit) return corrupt_at(j, j->offset);
        j->reading++;
        return begin_segment(j);
    }
    size_t torn_bytes = len_without_zeros(rest);
    if (torn_bytes) j->torn = (journal_place){j->segments[j->reading].number, j->offset, torn_bytes};
    j->reading++;
    if (j->reading < j->segment_count) TRY(check_unused(j));
    return get_ready(j, j->offset, torn_bytes);
}

static bool next_frame(journal *j, frame *out) {
    slice rest = slice_skip(buffer_slice(&j->content), j->offset);
    slice after = rest;
    frame f;
    if (!frame_take(&after, &f) || f.sequence != j->sequence || f.sequence >= j->limit) return false;
    if (f.batch != f.sequence && f.batch != j->last_batch) return false;
    j->offset += rest.len - after.len;
    j->last_batch = f.batch;
    j->sequence++;
    *out = f;
    return true;
}

status journal_read(journal *j, journal_entry *out, bool *is_end) {
    ENSURE(j->corrupt.bytes == 0, CORRUPT);
    frame f;
    if (!j->is_ready && j->segment_count == 0) TRY(get_ready(j, 0, 0));
    if (!j->is_ready && j->content.len == 0) TRY(begin_segment(j));
    while (!j->is_ready) {
        if (next_frame(j, &f)) {
            *out = (journal_entry){f.sequence, f.kind, f.index, f.account, f.request_id, f.payload};
            *is_end = false;
            return OK;
        }
        TRY(end_segment(j));
    }
    *is_end = true;
    return OK;
}
