/* Runs of counted key uses: whatever a file holds, reading it stays in bounds; and entries of the trail are counted without
 * trouble, whatever they hold. */
#include <stdlib.h>

#include "crypto/start.h"
#include "system/files.h"
#include "trail/usage_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_run(slice content) {
    usage_reader r;
    int fd;
    if (FAILED(files_memory(content, &fd))) abort();
    if (FAILED(usage_reader_open(fd, &r))) return;
    status read = usage_reader_seek(&r, slice_head(content, 40));
    for (uint64_t rows = 0; !FAILED(read) && !r.is_end; rows++) {
        usage_parts parts;
        if (rows > content.len) abort();
        (void)usage_row_parts(&r.row, &parts);
        read = usage_reader_next(&r);
    }
    usage_reader_clear(&r);
}

/* What is counted comes out in order, and can be written and read. */
static void count_entry(slice entry) {
    OWNED(usage_tally) tally = {0};
    usage_row *rows;
    size_t count;
    if (FAILED(usage_tally_entry(&tally, entry, 7)) || FAILED(usage_tally_rows(&tally, &rows, &count))) abort();
    for (size_t i = 0; i < count; i++) {
        OWNED(buffer) text = {0};
        usage_parts parts;
        usage_row again;
        if (i && slice_compare(rows[i - 1].order, rows[i].order) >= 0) abort();
        if (!usage_row_parts(&rows[i], &parts) || FAILED(usage_row_write(&rows[i], &text))) abort();
        slice rest = buffer_slice(&text);
        if (!usage_row_take(&rest, &again) || rest.len || !slice_equals(again.order, rows[i].order)) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    slice text = slice_of(data, size);
    if (FAILED(crypto_start())) abort();
    read_run(text);
    count_entry(text);
    return 0;
}
