/* Reading the command line: every setting is a flag; a few flags are more than settings. */
#include "role/supervisor/options.h"

#include <stdio.h>

#include "contract/nearest.h"

typedef struct reading {
    int argc;
    char **argv;
    int next;
    supervisor_options *options;
    buffer *complaint;
} reading;

enum own_flag {
    OWN_NONE,
    OWN_CONFIG,
    OWN_ACCOUNT_ID,
    OWN_ACCESS_KEY_FILE,
    OWN_OUTPUT,
    OWN_IN_MEMORY,
    OWN_QUIET,
    OWN_HELP
};

typedef struct own_row {
    const char *name;
    enum own_flag flag;
    const char *value; /* what follows it, for the help; NULL: nothing */
    const char *help;
} own_row;

static const own_row own_rows[] = {
    {"--config", OWN_CONFIG, "FILE", "Read this file instead of keyhold.conf in the data folder."},
    {"--account-id", OWN_ACCOUNT_ID, "ID", "init: id of the account, 12 to 16 digits."},
    {"--access-key-file", OWN_ACCESS_KEY_FILE, "FILE", "init: root access key, id and secret on a line each."},
    {"--in-memory", OWN_IN_MEMORY, NULL, "serve: a throw-away instance with an account of its own."},
    {"--output", OWN_OUTPUT, "FORM", "json or table; also -o."},
    {"--quiet", OWN_QUIET, NULL, "Say nothing but errors and what -o json asks for."},
    {"--help", OWN_HELP, NULL, "This text; also -h."},
    {"-o", OWN_OUTPUT, "FORM", NULL},
    {"-q", OWN_QUIET, NULL, NULL},
    {"-h", OWN_HELP, NULL, NULL},
};
enum { OWN_ROWS = sizeof own_rows / sizeof own_rows[0] };

static const own_row *own_find(slice name) {
    for (size_t i = 0; i < OWN_ROWS; i++)
        if (slice_equals_text(name, own_rows[i].name)) return &own_rows[i];
    return NULL;
}

/* ---- mistyped flags */

static void consider(slice typed, slice known, buffer *best, size_t *best_distance) {
    size_t distance = nearest_distance(typed, known);
    if (distance >= *best_distance || !nearest_is_likely(typed, known, distance)) return;
    buffer_reset(best);
    *best_distance = FAILED(buffer_append(best, known)) ? SIZE_MAX : distance;
}

static status unknown_flag(reading *r, slice name) {
    OWNED(buffer) best = {0};
    size_t distance = SIZE_MAX;
    for (size_t i = 0; i < OWN_ROWS; i++) consider(name, slice_of_text(own_rows[i].name), &best, &distance);
    for (int id = 0; id < SETTING_COUNT; id++) {
        OWNED(buffer) flag = {0};
        TRY(setting_tell_flag((enum setting_id)id, &flag));
        consider(name, buffer_slice(&flag), &best, &distance);
    }
    TRY(buffer_printf(r->complaint, "unknown flag %.*s", SLICE_ARGS(name)));
    if (best.len) TRY(buffer_printf(r->complaint, "; did you mean %.*s?", SLICE_ARGS(buffer_slice(&best))));
    return FAIL(USAGE);
}

/* ---- one flag */

static status take_value(reading *r, slice name, slice *value) {
    if (!slice_is_absent(*value)) return OK;
    if (r->next < r->argc) {
        *value = slice_of_text(r->argv[r->next++]);
        return OK;
    }
    TRY(buffer_printf(r->complaint, "%.*s needs a value", SLICE_ARGS(name)));
    return FAIL(USAGE);
}

static status take_output(reading *r, slice value) {
    if (slice_equals_text(value, "json")) r->options->output = OUTPUT_JSON;
    else if (slice_equals_text(value, "table")) r->options->output = OUTPUT_TABLE;
    else {
        TRY(buffer_printf(r->complaint, "-o must be json or table, not \"%.*s\"", SLICE_ARGS(value)));
        return FAIL(USAGE);
    }
    return OK;
}

static status take_own(reading *r, const own_row *row, slice value) {
    supervisor_options *o = r->options;
    if (row->value) TRY(take_value(r, slice_of_text(row->name), &value));
    else if (!slice_is_absent(value)) {
        TRY(buffer_printf(r->complaint, "%s takes no value", row->name));
        return FAIL(USAGE);
    }
    switch (row->flag) {
    case OWN_CONFIG: o->config_path = (const char *)value.at; break;
    case OWN_ACCOUNT_ID: o->account_id = (const char *)value.at; break;
    case OWN_ACCESS_KEY_FILE: o->access_key_file = (const char *)value.at; break;
    case OWN_OUTPUT: return take_output(r, value);
    case OWN_IN_MEMORY: o->in_memory = true; break;
    case OWN_QUIET: o->quiet = true; break;
    case OWN_HELP: o->verb = VERB_HELP; break;
    case OWN_NONE: break;
    }
    return OK;
}

static status take_setting(reading *r, slice name, slice value) {
    setting_flag flag;
    if (!slice_starts_with(name, SLICE("--")) || !setting_by_flag(slice_skip(name, 2), &flag.id))
        return unknown_flag(r, name);
    TRY(take_value(r, name, &value));
    flag.value = value;
    if (r->options->flag_count < OPTION_FLAGS_MOST) {
        r->options->flags[r->options->flag_count++] = flag;
        return OK;
    }
    TRY(buffer_append_text(r->complaint, "too many flags"));
    return FAIL(USAGE);
}

static status take_flag(reading *r) {
    slice name = slice_of_text(r->argv[r->next++]), value = {0};
    size_t equals = slice_find_byte(name, '=');
    if (equals != SIZE_MAX) {
        value = slice_skip(name, equals + 1);
        name = slice_head(name, equals);
    }
    const own_row *row = own_find(name);
    return row ? take_own(r, row, value) : take_setting(r, name, value);
}

static status take_verb(reading *r) {
    slice word = r->argc > 1 ? slice_of_text(r->argv[1]) : SLICE("");
    r->next = 2;
    if (slice_equals_text(word, "init")) r->options->verb = VERB_INIT;
    else if (slice_equals_text(word, "serve")) r->options->verb = VERB_SERVE;
    else if (slice_equals_text(word, "--help") || slice_equals_text(word, "-h")) r->options->verb = VERB_HELP;
    else {
        TRY(buffer_append_text(r->complaint, "the first word must be init or serve; --help says more"));
        return FAIL(USAGE);
    }
    return OK;
}

static status check_together(const reading *r) {
    const supervisor_options *o = r->options;
    const char *wrong = NULL;
    bool has_wish = o->account_id || o->access_key_file;
    if (o->verb == VERB_SERVE && has_wish && !o->in_memory)
        wrong = "--account-id and --access-key-file belong to init, or to serve --in-memory";
    if (o->verb == VERB_INIT && o->in_memory)
        wrong = "--in-memory belongs to serve; nothing needs to be initialised for it";
    for (size_t i = 0; i < o->flag_count; i++)
        if (o->in_memory && (o->flags[i].id == SETTING_DATA || o->flags[i].id == SETTING_DURABLE))
            wrong = "--in-memory has a folder of its own: --data and --durable do not go with it";
    if (!wrong) return OK;
    TRY(buffer_append_text(r->complaint, wrong));
    return FAIL(USAGE);
}

status supervisor_options_read(int argc, char **argv, supervisor_options *out, buffer *complaint) {
    supervisor_options options = {0};
    reading r = {argc, argv, 0, &options, complaint};
    TRY(take_verb(&r));
    while (r.next < argc) {
        if (argv[r.next][0] == '-' && argv[r.next][1]) {
            TRY(take_flag(&r));
            continue;
        }
        TRY(buffer_printf(complaint, "\"%s\" is not a flag", argv[r.next]));
        return FAIL(USAGE);
    }
    TRY(check_together(&r));
    *out = options;
    return OK;
}

status supervisor_options_tell(buffer *out) {
    TRY(buffer_append_text(out,
                           "usage: keyhold init [flags]    make a data folder, an account and its root access key\n"
                           "       keyhold serve [flags]   serve it\n\nflags:\n"));
    for (size_t i = 0; i < OWN_ROWS; i++) {
        char shown[48];
        if (!own_rows[i].help) continue;
        snprintf(shown, sizeof shown, "%s %s", own_rows[i].name, own_rows[i].value ? own_rows[i].value : "");
        TRY(buffer_printf(out, "  %-24s %s\n", shown, own_rows[i].help));
    }
    for (int id = 0; id < SETTING_COUNT; id++) {
        const setting_row *row = setting_row_of((enum setting_id)id);
        OWNED(buffer) flag = {0};
        TRY(setting_tell_flag((enum setting_id)id, &flag));
        TRY(buffer_printf(out, "  %-24.*s %s [%s]\n", SLICE_ARGS(buffer_slice(&flag)), row->help, row->standard));
    }
    return OK;
}
