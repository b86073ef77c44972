/* The commands that are the server itself. */
#ifndef CLI_SERVER_H
#define CLI_SERVER_H

#include "cli/invocation.h"

bool server_is_meant(int count, char *const *words);
/* Becomes the supervisor, with the same words; returns only on failure. */
status server_become(char **words, trouble *t);

#endif
