/* What can be typed: nouns, their verbs, and for each verb one row. A row names the operation of the contract; flags,
 * checks and help follow from the operation's input, so that a new operation is one new row. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/trouble.h"
#include "contract/operation.h"

struct invocation;
typedef status command_run(struct invocation *inv);

/* A flag that is no field of the operation's input. */
typedef struct command_flag {
    const char *name;  /* without the dashes; NULL ends a list */
    const char *value; /* what stands for its value in the help; NULL: it has none */
    const char *help;
} command_flag;

/* Lists in these texts are divided by spaces. NULL means none. */
typedef struct command {
    const char *verb;            /* NULL: the noun stands alone */
    enum operation_id operation; /* OPERATION_NONE: not one operation */
    const char *positional;      /* fields given by place: "KeyId Description!"; '!' marks one as required here */
    const char *words;           /* further words, no fields: "FILE [TARGET]"; "KEY..." takes one or more */
    const char *fixed;           /* fields this verb sets: "EnableDeletionProtection=true" */
    const char *assumed;         /* the same where nothing else is given: "PolicyType=Custom" */
    const char *hidden;          /* fields without a flag */
    const char *short_names;     /* further flags of fields: "KmsKeyId=key" */
    const char *columns;         /* of the table, paths into an element: "KeyId userIdentity.userName=USER" */
    const char *name;            /* what -o name prints */
    const char *saved;           /* member of the result that --out writes, as bytes */
    const char *danger;          /* asked before: "Delete the bucket" */
    const char *help;            /* NULL: the operation's own */
    const command_flag *flags;
    const char *instead; /* flags of its own: with one of them nothing else is required */
    command_run *run;    /* NULL: run_operation */
} command;

typedef struct noun {
    const char *name;
    const char *help;
    const command *commands;
    size_t count;
} noun;

/* All nouns, NULL at the end. */
extern const noun *const nouns[];

const noun *noun_find(slice name);
/* An absent verb finds the row of a noun that stands alone. */
const command *command_find(const noun *n, slice verb);
/* The nearest noun or verb to what was typed, or NULL. */
const char *noun_nearest(slice typed);
const char *verb_nearest(const noun *n, slice typed);
/* Its help line. */
const char *command_help(const command *c);

/* The fields of an operation's input as a flat list: those of nested shapes stand in place of the shape. */
enum { COMMAND_FIELDS_MOST = 40 };
size_t command_fields(const command *c, const field *out[COMMAND_FIELDS_MOST]);
/* NULL when the operation has no such field. */
const field *command_field(const command *c, slice name);
/* The member of the answer that --out writes, also where it stands within the one thing the answer is about; NULL when there is none. */
const field *command_saved_field(const command *c);
/* Whether a flag may set it. */
bool command_shows_field(const command *c, const field *f);

/* Walks a list divided by spaces: false at the end. */
bool word_next(const char **list, slice *out);
/* Whether the list has the word, up to '=' or '!'. */
bool word_is_in(const char *list, slice word);

/* Fallback of rows without a function: one operation, sent and shown. */
status run_operation(struct invocation *inv);

/* PendingWindowInDays → pending-window-in-days, KMSMasterKeyID → kms-master-key-id. */
enum { KEBAB_BYTES_MOST = 64 };
void kebab_case(const char *name, char out[KEBAB_BYTES_MOST]);

#endif
