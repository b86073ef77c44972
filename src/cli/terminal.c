/* Terminals: how wide, how bright, and asking. */
#include "cli/terminal.h"

#include <signal.h>
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

enum { INTERRUPT = 3 }; /* Control-C, where it is no signal */

static status read_line(buffer *out, bool *is_interrupted) {
    for (;;) {
        int byte = getchar();
        ENSURE(byte != EOF || out->len > 0, CLOSED);
        *is_interrupted = byte == INTERRUPT;
        ENSURE(byte != INTERRUPT, CLOSED);
        if (byte == EOF || byte == '\n') return OK;
        ENSURE(out->len < LINE_BYTES_MOST, TOO_LARGE);
        TRY(buffer_append_byte(out, (uint8_t)byte));
    }
}

/* Before anything is asked, so that nothing typed early is shown. Signals from the keyboard would leave the terminal silent: they come as bytes. */
static status silence(struct termios *before) {
    ENSURE(tcgetattr(STDIN_FILENO, before) == 0, CLOSED);
    struct termios silent = *before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    return tcsetattr(STDIN_FILENO, TCSADRAIN, &silent) == 0 ? OK : FAIL(CLOSED);
}

status terminal_ask(const char *question, enum terminal_echo echo, buffer *out) {
    struct termios before;
    bool is_hidden = echo == TERMINAL_HIDDEN, is_interrupted = false;
    ENSURE(process_is_terminal(STDIN_FILENO) && process_is_terminal(STDERR_FILENO), CLOSED);
    if (is_hidden) TRY(silence(&before));
    fprintf(stderr, "%s", question);
    fflush(stderr);
    buffer_reset(out);
    status got = read_line(out, &is_interrupted);
    if (is_hidden) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
        fprintf(stderr, "\n");
    }
    if (is_interrupted) raise(SIGINT);
    return got;
}
