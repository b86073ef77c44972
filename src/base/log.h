/* Log lines: one JSON object a line on stderr. Only roles log; never a body, never a secret. The trail is not a log. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG_LINE, LOG_INFO_LINE, LOG_WARNING_LINE, LOG_ERROR_LINE };

/* Names the process in every later line; lines below `least` are dropped. Static text. */
void log_begin(const char *role, enum log_level least);
/* {"time":…,"level":…,"role":…,"what":what,"detail":formatted}. `what` is a constant phrase to search for. */
void log_line(enum log_level level, const char *what, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_info(what, ...) log_line(LOG_INFO_LINE, what, __VA_ARGS__)
#define log_warning(what, ...) log_line(LOG_WARNING_LINE, what, __VA_ARGS__)
#define log_error(what, ...) log_line(LOG_ERROR_LINE, what, __VA_ARGS__)

#endif
