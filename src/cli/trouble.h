/* Why a command did not succeed. What people read, and the exit code that scripts read, follow from it. */
#ifndef CLI_TROUBLE_H
#define CLI_TROUBLE_H

#include "base/slice.h"
#include "base/status.h"

/* Exit codes of every command. */
enum outcome {
    OUTCOME_OK,
    OUTCOME_ERROR,
    OUTCOME_USAGE,
    OUTCOME_NOT_FOUND,
    OUTCOME_DENIED,
    OUTCOME_UNAVAILABLE,
    OUTCOME_CONFLICT,
    OUTCOME_VERIFICATION,
    OUTCOME_TIMEOUT,
    OUTCOME_PENDING,
};

enum { DIAGNOSTIC_ROOM = 16384 }; /* the server's are up to 10 KiB */

typedef struct trouble {
    status failure;
    int http;      /* of the server's answer; 0: found on this side */
    char code[96]; /* as the server named it, "" otherwise */
    char request_id[64];
    char why[640];  /* a sentence */
    char next[320]; /* what to do about it; "" when there is nothing to say */
    /* Of a refusal: what `keyhold policy explain` reads, whole, or "" where there is none. */
    char diagnostic[DIAGNOSTIC_ROOM];
} trouble;

/* Notes the failure with its reason and gives it back: return trouble_note(t, FAIL(USAGE), "…"). Bytes that are not
 * printable become '?'. The first note stays; later ones change nothing. */
status trouble_note(trouble *t, status failure, const char *why, ...) __attribute__((format(printf, 3, 4)));
/* What to do next; the first stays. */
void trouble_advise(trouble *t, const char *next, ...) __attribute__((format(printf, 2, 3)));

typedef struct server_error {
    int http;
    slice code, message, request_id;
} server_error;
/* Notes what the server answered, and gives back the failure of contract/errors.def that it is. */
status trouble_from_server(trouble *t, const server_error *error);

enum outcome outcome_of(status failure);

/* On stderr: what was attempted ("key show"), why it failed, under which request id, and what to do next. `action` is
 * the right that was needed ("kms:DescribeKey"), or NULL. */
void trouble_print(const trouble *t, const char *attempted, const char *action);

/* Replaces control bytes by '?', so that nobody's text drives the terminal. */
void text_make_printable(char *text);

#endif
