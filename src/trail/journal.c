/* Writing the journal: group commit into segments, moving on to the next one, removing old ones. */
#include "trail/journal.h"

#include <endian.h>
#include <stdlib.h>

#include "crypto/crc.h"

enum { END_BYTES = 4 }; /* the zero length behind the last frame */

static const uint8_t magic[8] = {'K', 'H', 'J', 'R', 'N', 'L', 0, 1};

void journal_header_encode(const journal_segment *segment, uint8_t out[JOURNAL_HEADER_BYTES]) {
    uint64_t number = htobe64(segment->number);
    uint64_t first = htobe64(segment->first);
    memset(out, 0, JOURNAL_HEADER_BYTES);
    memcpy(out, magic, 8);
    memcpy(out + 8, &number, 8);
    memcpy(out + 16, &first, 8);
    uint32_t checksum = htobe32(crc32c_update(0, slice_of(out, 24)));
    memcpy(out + 24, &checksum, 4);
}

bool journal_header_decode(slice bytes, journal_segment *out) {
    journal_segment read;
    uint8_t due[JOURNAL_HEADER_BYTES];
    slice rest = slice_skip(bytes, 8);
    if (!slice_take_u64(&rest, &read.number) || !slice_take_u64(&rest, &read.first)) return false;
    journal_header_encode(&read, due);
    if (!slice_equals(slice_head(bytes, JOURNAL_HEADER_BYTES), slice_of(due, sizeof due))) return false;
    *out = read;
    return true;
}

status journal_segments_push(journal *j, const journal_segment *segment) {
    if (j->segment_count == j->segment_room) {
        size_t room = j->segment_room ? j->segment_room * 2 : 8;
        journal_segment *grown = reallocarray(j->segments, room, sizeof *grown);
        ENSURE(grown != NULL, OUT_OF_MEMORY);
        j->segments = grown;
        j->segment_room = room;
    }
    j->segments[j->segment_count++] = *segment;
    return OK;
}

/* Whatever keeps a file from growing (a quota, a size limit) is "full" to the caller. */
static status growth_failure(status result) {
    if (FAILED_WITH(result, TOO_LARGE)) return FAIL(DISK_FULL);
    return result;
}

static uint64_t segment_bytes(const journal *j) {
    return j->options.segment_bytes ? j->options.segment_bytes : APPEND_SEGMENT_BYTES;
}

/* A batch fits into one empty segment. */
static size_t batch_bytes_most(const journal *j) {
    uint64_t room = segment_bytes(j) - JOURNAL_HEADER_BYTES - END_BYTES;
    return room < JOURNAL_BATCH_BYTES_MOST ? (size_t)room : JOURNAL_BATCH_BYTES_MOST;
}

status journal_append(journal *j, journal_entry *entry) {
    ENSURE(j->is_ready, INTERNAL);
    size_t before = j->pending.len;
    frame f = {.sequence = j->sequence,
               .batch = j->batch,
               .kind = entry->kind,
               .index = entry->index,
               .account = entry->account,
               .request_id = entry->request_id,
               .payload = entry->payload};
    TRY(frame_encode(&f, &j->pending));
    if (j->pending.len > batch_bytes_most(j)) {
        j->pending.len = before;
        return FAIL(CONFLICT);
    }
    entry->sequence = j->sequence++;
    return OK;
}

slice journal_committed(const journal *j) { return buffer_slice(&j->committed); }

void journal_abandon(journal *j) {
    buffer_reset(&j->pending);
    j->sequence = j->batch;
}

/* The active segment holds no commit: it goes, and its number is used again. */
static status drop_unused_segment(journal *j) {
    journal_segment *last = &j->segments[j->segment_count - 1];
    append_clear(&j->active);
    append_preparation_clear(&j->next);
    TRY(append_remove(j->dir_fd, last->number));
    j->segment_count--;
    return OK;
}

static status make_segment(journal *j, uint64_t number, append *out) {
    if (!j->next.begun) {
        status created = append_create(j->dir_fd, number, segment_bytes(j), out);
        if (!FAILED_WITH(created, EXISTS)) return created;
        TRY(append_remove(j->dir_fd,
                          number)); /* a preparation that failed at its very end: nothing was written there */
        return append_create(j->dir_fd, number, segment_bytes(j), out);
    }
    status taken = append_prepared_take(&j->next, out);
    if (FAILED(taken)) append_preparation_clear(&j->next);
    return taken;
}

void journal_go_direct(journal *j) {
    if (j->options.is_durable) status_ignore(append_go_direct(j->dir_fd, &j->active)); /* else through the page cache */
}

static status switch_segment(journal *j) {
    uint64_t number = 1;
    append made = {0};
    if (j->segment_count && j->segments[j->segment_count - 1].first == j->batch) TRY(drop_unused_segment(j));
    if (j->segment_count) number = j->segments[j->segment_count - 1].number + 1;
    TRY(make_segment(j, number, &made));
    status listed = journal_segments_push(j, &(journal_segment){number, j->batch});
    if (FAILED(listed)) {
        append_clear(&made);
        return listed;
    }
    append_clear(&j->active);
    j->active = made;
    journal_go_direct(j);
    j->must_switch = false;
    return OK;
}

status journal_need_segment(journal *j) {
    bool is_open = j->active.fd > 0;
    uint64_t needed = j->pending.len + END_BYTES;
    if (is_open && j->active.position == 0) needed += JOURNAL_HEADER_BYTES;
    if (is_open && !j->must_switch && append_room(&j->active) >= needed) return OK;
    return growth_failure(switch_segment(j));
}

static status write_batch(journal *j) {
    static const uint8_t end[END_BYTES];
    uint8_t header[JOURNAL_HEADER_BYTES];
    bool is_new = j->active.position == 0;
    journal_header_encode(&j->segments[j->segment_count - 1], header);
    slice parts[3] = {slice_of(header, is_new ? sizeof header : 0), buffer_slice(&j->pending),
                      slice_of(end, sizeof end)};
    uint64_t start = j->active.position;
    TRY(growth_failure(append_write(&j->active, is_new ? parts : parts + 1, is_new ? 3 : 2)));
    if (j->options.is_durable) {
        status synced = append_sync(&j->active);
        if (FAILED(synced)) {
            j->must_switch = true;
            status_ignore(append_seek(&j->active, start));
            return synced;
        }
    }
    return append_seek(&j->active, j->active.position - END_BYTES);
}

/* One step towards the next segment once this one is half full. A failure is met again when the segment is needed. */
static void prepare_next(journal *j) {
    if (append_room(&j->active) > segment_bytes(j) / 2 || j->next.ready) return;
    uint64_t number = j->segments[j->segment_count - 1].number + 1;
    status stepped = j->next.begun ? OK : append_prepare(j->dir_fd, number, segment_bytes(j), &j->next);
    if (!FAILED(stepped)) stepped = append_prepare_step(&j->next);
    if (FAILED(stepped)) append_preparation_clear(&j->next);
}

status journal_commit(journal *j) {
    ENSURE(j->is_ready, INTERNAL);
    if (j->pending.len == 0) return OK;
    TRY(journal_need_segment(j));
    TRY(write_batch(j));
    buffer written = j->pending;
    j->pending = j->committed;
    j->committed = written;
    buffer_reset(&j->pending);
    j->batch = j->sequence;
    prepare_next(j);
    return OK;
}

status journal_release(journal *j, uint64_t through) {
    size_t removed = 0;
    status result = OK;
    while (j->segment_count - removed > JOURNAL_SEGMENTS_KEPT + 1 && j->segments[removed + 1].first - 1 <= through) {
        result = append_remove(j->dir_fd, j->segments[removed].number);
        if (FAILED(result)) break;
        removed++;
    }
    j->segment_count -= removed;
    memmove(j->segments, j->segments + removed, j->segment_count * sizeof *j->segments);
    return result;
}

void journal_clear(journal *j) {
    append_clear(&j->active);
    append_preparation_clear(&j->next);
    free(j->segments);
    buffer_clear(&j->pending);
    buffer_clear(&j->committed);
    buffer_clear(&j->content);
    *j = (journal){0};
}
