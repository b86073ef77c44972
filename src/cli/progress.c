/* Progress on stderr. */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/terminal.h"
#include "cli/trouble.h"
#include "system/process.h"

enum { INTERVAL_MS = 100, SETTLING_MS = 500, BAR_CELLS = 20, NAME_MOST = 32 };

void bytes_format(uint64_t bytes, char out[16]) {
    static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double amount = (double)bytes;
    size_t unit = 0;
    while (amount >= 999.5 && unit + 1 < sizeof UNITS / sizeof *UNITS) {
        amount /= 1000;
        unit++;
    }
    snprintf(out, 16, unit == 0 || amount >= 99.95 ? "%.0f %s" : "%.1f %s", amount, UNITS[unit]);
}

void seconds_format(uint64_t seconds, char out[24]) {
    unsigned long long s = seconds;
    if (s < 60) snprintf(out, 24, "%llus", s);
    else if (s < 3600) snprintf(out, 24, "%llum%02llus", s / 60, s % 60);
    else snprintf(out, 24, "%lluh%02llum", s / 3600, s % 3600 / 60);
}

void progress_begin(progress *p, const char *what, enum progress_wish wish) {
    bool is_shown = wish == PROGRESS_IF_TERMINAL && process_is_terminal(STDERR_FILENO);
    *p = (progress){.what = what, .begun_ms = clock_monotonic_ms(), .is_shown = is_shown};
}

static void bar(uint64_t done, uint64_t total, char out[BAR_CELLS + 1]) {
    size_t full = total ? (size_t)((double)done / (double)total * BAR_CELLS) : 0;
    for (size_t i = 0; i < BAR_CELLS; i++) out[i] = i < full ? '=' : ' ';
    if (full < BAR_CELLS) out[full] = '>';
    out[BAR_CELLS] = 0;
}

static void write_line(const progress *p, uint64_t done, uint64_t total, int64_t now_ms) {
    char amount[16], whole[16], rate[16], left[24] = "", cells[BAR_CELLS + 1], line[200];
    int64_t passed_ms = now_ms - p->begun_ms;
    double per_s = passed_ms > 0 ? (double)done * 1000 / (double)passed_ms : 0;
    bytes_format(done, amount);
    bytes_format(total, whole);
    bytes_format((uint64_t)per_s, rate);
    if (total > done && per_s >= 1 && passed_ms >= SETTLING_MS)
        seconds_format((uint64_t)((double)(total - done) / per_s), left);
    bar(done, total, cells);
    if (total)
        snprintf(line, sizeof line, "%.*s [%s] %3u%% %s of %s, %s/s%s%s", NAME_MOST, p->what, cells,
                 (unsigned)(done * 100 / total), amount, whole, rate, left[0] ? ", left: " : "", left);
    else snprintf(line, sizeof line, "%.*s %s, %s/s", NAME_MOST, p->what, amount, rate);
    text_make_printable(line);
    size_t width = terminal_width(STDERR_FILENO);
    fprintf(stderr, "\r\033[K%.*s", (int)(width > 1 && width < sizeof line ? width - 1 : sizeof line), line);
    fflush(stderr);
}

void progress_show(progress *p, uint64_t done, uint64_t total) {
    int64_t now_ms = clock_monotonic_ms();
    bool is_due = now_ms - p->shown_ms >= INTERVAL_MS || (total && done == total && p->shown_ms);
    if (!p->is_shown || !is_due) return;
    p->shown_ms = now_ms;
    write_line(p, done, total, now_ms);
}

void progress_end(progress *p) {
    if (p->is_shown && p->shown_ms) fprintf(stderr, "\r\033[K");
    *p = (progress){0};
}
