/* What the command line of the supervisor says. */
#ifndef ROLE_SUPERVISOR_OPTIONS_H
#define ROLE_SUPERVISOR_OPTIONS_H

#include "contract/settings.h"

enum { OPTION_FLAGS_MOST = 64 };

enum supervisor_verb { VERB_NONE, VERB_INIT, VERB_SERVE, VERB_HELP };
enum output_form { OUTPUT_BY_TERMINAL, OUTPUT_TABLE, OUTPUT_JSON };

typedef struct supervisor_options {
    enum supervisor_verb verb;
    enum output_form output;
    bool in_memory;
    bool quiet;                  /* nothing on stdout but what is asked for as JSON */
    const char *config_path;     /* NULL: not given */
    const char *account_id;      /* NULL: made */
    const char *access_key_file; /* NULL: made */
    setting_flag flags[OPTION_FLAGS_MOST];
    size_t flag_count;
} supervisor_options;

/* Slices and strings point into argv. USAGE, with a sentence in *complaint. */
status supervisor_options_read(int argc, char **argv, supervisor_options *out, buffer *complaint);
/* Appends the help text. */
status supervisor_options_tell(buffer *out);

#endif
