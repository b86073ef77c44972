/* One run of the command line: what was asked for, and where the answer and the troubles go. */
#ifndef CLI_INVOCATION_H
#define CLI_INVOCATION_H

#include "cli/command.h"

enum output_form { OUTPUT_BY_PLACE, OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_NAME };

/* A field of the operation's input and its value as the wire has it: bytes and secrets in base64, times in ISO form.
 * A map and a list of pairs come as one argument for each "key=value", in which the value starts after the first '='. */
typedef struct argument {
    const field *of;
    slice value;
    bool is_assumed; /* not typed: the command's standard */
} argument;

/* A flag that is no field. */
typedef struct flag_value {
    const command_flag *of;
    slice value; /* absent when it takes none */
} flag_value;

enum { ARGUMENTS_MOST = 256, INVOCATION_FLAGS_MOST = 32 };

typedef struct invocation {
    const noun *noun;
    const command *command;
    arena memory; /* wiped at the end: secrets and plaintext pass through it */
    argument arguments[ARGUMENTS_MOST];
    size_t argument_count;
    flag_value flags[INVOCATION_FLAGS_MOST];
    size_t flag_count;
    slice words[ARGUMENTS_MOST]; /* words that are no fields */
    size_t word_count;
    /* common to all */
    enum output_form form;
    slice profile, endpoint, ca, region; /* absent: not given */
    slice out_path;                      /* of --out */
    int64_t wait_s, timeout_s;           /* 0: not given */
    bool agrees;                         /* --yes */
    bool is_dry_run;
    bool is_quiet;
    bool wants_help;
    trouble trouble;
} invocation;

void invocation_clear(invocation *inv);

/* Reads all words after the program's name; sets noun and command. USAGE with the reason in inv->trouble. Words that
 * name nothing but a noun, or nothing at all, leave command NULL and set wants_help. */
status arguments_parse(invocation *inv, int count, char *const *words);

/* The value of a field, or absent. */
slice argument_find(const invocation *inv, const char *name);
/* Adds a value of a field, which must exist; or puts it in the place of the one that is there. */
status argument_set(invocation *inv, const char *name, slice value);
status argument_replace(invocation *inv, const char *name, slice value);
/* Whether one of the command's own flags was given, and its value. */
bool flag_find(const invocation *inv, const char *name, slice *value);
bool flag_is_given(const invocation *inv, const char *name);

/* "key show": for messages. Lives in the invocation's memory. */
const char *invocation_title(invocation *inv);

#endif
