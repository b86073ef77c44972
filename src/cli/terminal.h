/* The terminal, when there is one. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include "base/buffer.h"

/* Columns of the terminal at this descriptor; 0 when there is none. */
size_t terminal_width(int fd);
/* Whether colours and bold are welcome there: a terminal, no NO_COLOR, TERM is not "dumb". */
bool terminal_is_bright(int fd);
/* Asks on the terminal and reads one line, without its end. An answer that must not be seen is not echoed. CLOSED when
 * there is no terminal or it ended. The caller wipes `out`. */
enum terminal_echo { TERMINAL_SHOWN, TERMINAL_HIDDEN };
status terminal_ask(const char *question, enum terminal_echo echo, buffer *out);

#endif
