/* One write(2) a line, so that lines of several processes do not mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static struct {
    const char *role;
    enum log_level least;
} settings = {"keyhold", LOG_INFO_LINE};

static const char *const LEVELS[] = {"debug", "info", "warning", "error"};

void log_begin(const char *role, enum log_level least) {
    settings.role = role;
    settings.least = least;
}

/* JSON string content (RFC 8259 §7): quotes, backslashes and control characters escaped. */
static size_t escape(char *out, size_t room, const char *text) {
    size_t at = 0;
    for (; *text && at + 7 < room; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            out[at++] = '\\';
            out[at++] = (char)c;
        } else if (c < 0x20) {
            at += (size_t)snprintf(out + at, room - at, "\\u%04x", (unsigned)c);
        } else {
            out[at++] = (char)c;
        }
    }
    out[at] = 0;
    return at;
}

void log_line(enum log_level level, const char *what, const char *format, ...) {
    if (level < settings.least) return;
    char detail[1024], escaped[2048], time[CLOCK_ISO_BYTES], line[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    escape(escaped, sizeof escaped, detail);
    clock_format_iso(clock_now_s(), time);
    int length = snprintf(line, sizeof line,
                          "{\"time\":\"%s\",\"level\":\"%s\",\"role\":\"%s\",\"what\":\"%s\",\"detail\":\"%s\"}\n",
                          time, LEVELS[level], settings.role, what, escaped);
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0) return;
}
