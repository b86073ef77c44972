/* Messages between the processes: one byte of verb, then the packed fields. Both ends of every channel use these two
 * functions, and the table generated from messages.def says who may send what to whom. */
#ifndef CONTRACT_MESSAGE_H
#define CONTRACT_MESSAGE_H

#include "contract/contract_tables.h"
#include "contract/shape.h"

typedef struct message_rule {
    const char *name;
    enum role from; /* 0: anyone */
    enum role to;   /* 0: anyone */
    const shape *fields;
} message_rule;

/* Appends verb and fields; `value` is the verb's generated struct. */
status message_encode(enum message_verb verb, const void *value, buffer *out);
/* Reads the verb, checks that `from` may send it to `to`, and unpacks the fields into a fresh struct in the arena.
 * MALFORMED for anything else: the caller closes that channel. */
typedef struct message {
    enum message_verb verb;
    void *fields; /* the generated struct of that verb, in the arena */
} message;
status message_decode(slice frame, enum role from, enum role to, arena *memory, message *out);
/* The first field of a verb whose first field is a number (an Id), without decoding or checking anything else: to find out whom a
 * frame is for before there is memory to decode it in. False when there is none. */
bool message_peek(slice frame, enum message_verb verb, int64_t *number);

#endif
