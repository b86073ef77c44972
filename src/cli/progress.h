/* A line on the terminal that says how far a transfer is: rate and time left. Silent anywhere else. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "base/buffer.h"

typedef struct progress {
    const char *what; /* borrowed: the file's name */
    int64_t begun_ms, shown_ms;
    bool is_shown;
} progress;

enum progress_wish { PROGRESS_IF_TERMINAL, PROGRESS_SILENT };
void progress_begin(progress *p, const char *what, enum progress_wish wish);
/* At most ten times a second; total 0 is "not known". */
void progress_show(progress *p, uint64_t done, uint64_t total);
/* Clears the line. */
void progress_end(progress *p);

/* "12.3 MB" (powers of 1000) and "1m05s". */
void bytes_format(uint64_t bytes, char out[16]);
void seconds_format(uint64_t seconds, char out[24]);

#endif
