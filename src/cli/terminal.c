/* Terminals: how wide, how bright, and asking. */
#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "system/process.h"

enum { LINE_BYTES_MOST = 4096, WIDTH_STANDARD = 80 };

size_t terminal_width(int fd) {
    struct winsize size;
    if (!process_is_terminal(fd)) return 0;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return WIDTH_STANDARD;
    return size.ws_col;
}

bool terminal_is_bright(int fd) {
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool is_dumb = !term || strcmp(term, "dumb") == 0, is_refused = no_color && *no_color;
    return process_is_terminal(fd) && !is_dumb && !is_refused;
}

static status read_line(buffer *out) {
    for (;;) {
        int byte = getchar();
        ENSURE(byte != EOF || out->len > 0, CLOSED);
        if (byte == EOF || byte == '\n') return OK;
        ENSURE(out->len < LINE_BYTES_MOST, TOO_LARGE);
        TRY(buffer_append_byte(out, (uint8_t)byte));
    }
}

status terminal_ask(const char *question, enum terminal_echo echo, buffer *out) {
    struct termios before, silent;
    ENSURE(process_is_terminal(STDIN_FILENO) && process_is_terminal(STDERR_FILENO), CLOSED);
    bool is_hidden = echo == TERMINAL_HIDDEN && tcgetattr(STDIN_FILENO, &before) == 0;
    fprintf(stderr, "%s", question);
    fflush(stderr);
    if (is_hidden) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    buffer_reset(out);
    status got = read_line(out);
    if (is_hidden) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fprintf(stderr, "\n");
    }
    return got;
}
