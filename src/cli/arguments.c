/* Reading the command line. */
#include <stdio.h>

#include "cli/invocation.h"
#include "cli/value.h"
#include "contract/nearest.h"

void invocation_clear(invocation *inv) {
    arena_wipe(&inv->memory);
    arena_clear(&inv->memory);
    explicit_bzero(inv, sizeof *inv);
}

/* ---- what was read */

slice argument_find(const invocation *inv, const char *name) {
    for (size_t i = 0; i < inv->argument_count; i++)
        if (strcmp(inv->arguments[i].of->name, name) == 0) return inv->arguments[i].value;
    return (slice){0};
}

static status add_argument(invocation *inv, const field *f, slice value) {
    if (inv->argument_count >= ARGUMENTS_MOST)
        return trouble_note(&inv->trouble, FAIL(USAGE), "These are too many arguments.");
    inv->arguments[inv->argument_count++] = (argument){f, value, false};
    return OK;
}

status argument_set(invocation *inv, const char *name, slice value) {
    const field *f = command_field(inv->command, slice_of_text(name));
    ENSURE(f != NULL, INTERNAL);
    return add_argument(inv, f, value);
}

status argument_replace(invocation *inv, const char *name, slice value) {
    for (size_t i = 0; i < inv->argument_count; i++) {
        if (strcmp(inv->arguments[i].of->name, name) != 0) continue;
        inv->arguments[i].value = value;
        return OK;
    }
    return argument_set(inv, name, value);
}

bool flag_find(const invocation *inv, const char *name, slice *value) {
    for (size_t i = 0; i < inv->flag_count; i++) {
        if (strcmp(inv->flags[i].of->name, name) != 0) continue;
        *value = inv->flags[i].value;
        return true;
    }
    return false;
}

bool flag_is_given(const invocation *inv, const char *name) {
    slice value;
    return flag_find(inv, name, &value);
}

const char *invocation_title(invocation *inv) {
    slice title;
    const char *first = inv->noun ? inv->noun->name : "",
               *verb = inv->command && inv->command->verb ? inv->command->verb : "";
    if (FAILED(arena_printf(&inv->memory, &title, "%s%s%s", first, *verb ? " " : "", verb))) return first;
    return (const char *)title.at;
}

/* ---- flags every command has */

enum common {
    COMMON_FORM,
    COMMON_PROFILE,
    COMMON_ENDPOINT,
    COMMON_CA,
    COMMON_REGION,
    COMMON_OUT,
    COMMON_WAIT,
    COMMON_TIMEOUT,
    COMMON_YES,
    COMMON_DRY_RUN,
    COMMON_QUIET,
    COMMON_HELP
};

typedef struct common_flag {
    const char *name;
    char letter;
    bool takes_value;
} common_flag;

static const common_flag common_flags[] = {
    [COMMON_FORM] = {"output", 'o', true},     [COMMON_PROFILE] = {"profile", 0, true},
    [COMMON_ENDPOINT] = {"endpoint", 0, true}, [COMMON_CA] = {"ca", 0, true},
    [COMMON_REGION] = {"region", 0, true},     [COMMON_OUT] = {"out", 0, true},
    [COMMON_WAIT] = {"wait", 0, true},         [COMMON_TIMEOUT] = {"timeout", 0, true},
    [COMMON_YES] = {"yes", 'y', false},        [COMMON_DRY_RUN] = {"dry-run", 0, false},
    [COMMON_QUIET] = {"quiet", 'q', false},    [COMMON_HELP] = {"help", 'h', false},
};
enum { COMMON_COUNT = sizeof common_flags / sizeof *common_flags };

static status set_form(invocation *inv, slice value) {
    static const char *const FORMS[] = {
        [OUTPUT_TABLE] = "table", [OUTPUT_JSON] = "json", [OUTPUT_JSONL] = "jsonl", [OUTPUT_NAME] = "name"};
    for (int form = OUTPUT_TABLE; form <= OUTPUT_NAME; form++) {
        if (!slice_equals_text(value, FORMS[form])) continue;
        inv->form = (enum output_form)form;
        return OK;
    }
    bool looks_like_file = slice_contains_byte(value, '/') || slice_contains_byte(value, '.');
    if (inv->command && inv->command->saved && looks_like_file) {
        inv->out_path = value;
        return OK;
    }
    trouble_advise(&inv->trouble, "choose from: table, json, jsonl, name");
    return trouble_note(&inv->trouble, FAIL(USAGE), "There is no output form \"%.*s\".", SLICE_ARGS(value));
}

static status set_seconds(invocation *inv, const char *name, slice value, int64_t *out) {
    enum { A_DAY = 86400 };
    uint64_t seconds;
    if (!slice_to_u64(value, &seconds) || seconds < 1 || seconds > A_DAY)
        return trouble_note(&inv->trouble, FAIL(USAGE),
                            "--%s must be a number of seconds from 1 to 86400, not \"%.*s\".", name, SLICE_ARGS(value));
    *out = (int64_t)seconds;
    return OK;
}

static status set_common(invocation *inv, enum common which, slice value) {
    switch (which) {
    case COMMON_FORM: return set_form(inv, value);
    case COMMON_PROFILE: inv->profile = value; return OK;
    case COMMON_ENDPOINT: inv->endpoint = value; return OK;
    case COMMON_CA: inv->ca = value; return OK;
    case COMMON_REGION: inv->region = value; return OK;
    case COMMON_OUT: inv->out_path = value; return OK;
    case COMMON_WAIT: return set_seconds(inv, "wait", value, &inv->wait_s);
    case COMMON_TIMEOUT: return set_seconds(inv, "timeout", value, &inv->timeout_s);
    case COMMON_YES: inv->agrees = true; return OK;
    case COMMON_DRY_RUN: inv->is_dry_run = true; return OK;
    case COMMON_QUIET: inv->is_quiet = true; return OK;
    case COMMON_HELP: inv->wants_help = true; return OK;
    }
    return OK;
}

/* ---- one flag */

/* Words yet to be read; `inner` is what follows '=' in the flag's own word. */
typedef struct words {
    char *const *at;
    int left;
    slice inner;
} words;

static status take_value(invocation *inv, words *w, slice name, slice *out) {
    if (!slice_is_absent(w->inner)) {
        *out = w->inner;
        return OK;
    }
    if (w->left == 0) return trouble_note(&inv->trouble, FAIL(USAGE), "--%.*s needs a value.", SLICE_ARGS(name));
    *out = slice_of_text(*w->at++);
    w->left--;
    return OK;
}

static status refuse_value(invocation *inv, const words *w, slice name) {
    if (slice_is_absent(w->inner)) return OK;
    return trouble_note(&inv->trouble, FAIL(USAGE), "--%.*s takes no value.", SLICE_ARGS(name));
}

static bool is_short_name(const command *c, const field *f, slice name) {
    const char *list = c->short_names;
    slice each;
    while (word_next(&list, &each)) {
        size_t equals = slice_find_byte(each, '=');
        if (equals == SIZE_MAX || !slice_equals_text(slice_head(each, equals), f->name)) continue;
        if (slice_equals(slice_skip(each, equals + 1), name)) return true;
    }
    return false;
}

/* The field a flag sets; *denies for --no-FLAG. */
static const field *field_of_flag(const command *c, slice name, bool *denies) {
    const field *fields[COMMAND_FIELDS_MOST];
    size_t count = c ? command_fields(c, fields) : 0;
    for (size_t i = 0; i < count; i++) {
        char kebab[KEBAB_BYTES_MOST];
        if (!command_shows_field(c, fields[i])) continue;
        kebab_case(fields[i]->name, kebab);
        *denies = false;
        if (slice_equals_text(name, kebab) || is_short_name(c, fields[i], name)) return fields[i];
        *denies = fields[i]->kind == FIELD_BOOL && slice_starts_with(name, SLICE("no-"));
        if (*denies && slice_equals_text(slice_skip(name, 3), kebab)) return fields[i];
    }
    return NULL;
}

static bool may_repeat(const field *f) {
    return f->kind == FIELD_MAP || f->kind == FIELD_SHAPES || f->kind == FIELD_TEXTS || f->kind == FIELD_JSONS;
}

static status add_typed(invocation *inv, const field *f, const char *shown_as, slice typed) {
    slice value;
    if (!may_repeat(f) && !slice_is_absent(argument_find(inv, f->name)))
        return trouble_note(&inv->trouble, FAIL(USAGE), "%s is given twice.", shown_as);
    TRY(value_read(inv, f, shown_as, typed, &value));
    return add_argument(inv, f, value);
}

static status read_field_flag(invocation *inv, words *w, const field *f, slice name, bool denies) {
    slice typed, shown;
    TRY(arena_printf(&inv->memory, &shown, "--%.*s", SLICE_ARGS(name)));
    if (denies) {
        TRY(refuse_value(inv, w, name));
        return add_typed(inv, f, (const char *)shown.at, SLICE("false"));
    }
    if (f->kind == FIELD_BOOL && slice_is_absent(w->inner))
        return add_typed(inv, f, (const char *)shown.at, SLICE("true"));
    TRY(take_value(inv, w, name, &typed));
    return add_typed(inv, f, (const char *)shown.at, typed);
}

static const command_flag *own_flag(const command *c, slice name) {
    for (const command_flag *each = c ? c->flags : NULL; each && each->name; each++)
        if (slice_equals_text(name, each->name)) return each;
    return NULL;
}

static status read_own_flag(invocation *inv, words *w, const command_flag *flag, slice name) {
    slice value = {0};
    if (inv->flag_count >= INVOCATION_FLAGS_MOST || flag_is_given(inv, flag->name))
        return trouble_note(&inv->trouble, FAIL(USAGE), "--%s is given twice.", flag->name);
    if (flag->value) TRY(take_value(inv, w, name, &value));
    else TRY(refuse_value(inv, w, name));
    inv->flags[inv->flag_count++] = (flag_value){flag, value};
    return OK;
}

/* ---- what is not known */

typedef struct nearest {
    slice typed;
    size_t least;
    char name[KEBAB_BYTES_MOST];
} nearest;

static void consider(nearest *n, const char *known) {
    size_t distance = nearest_distance(n->typed, slice_of_text(known));
    if (distance >= n->least || !nearest_is_likely(n->typed, slice_of_text(known), distance)) return;
    n->least = distance;
    snprintf(n->name, sizeof n->name, "%s", known);
}

static status unknown_flag(invocation *inv, slice name) {
    nearest n = {.typed = name, .least = SIZE_MAX};
    const field *fields[COMMAND_FIELDS_MOST];
    size_t count = inv->command ? command_fields(inv->command, fields) : 0;
    for (size_t i = 0; i < count; i++) {
        char kebab[KEBAB_BYTES_MOST];
        kebab_case(fields[i]->name, kebab);
        if (command_shows_field(inv->command, fields[i])) consider(&n, kebab);
    }
    for (const command_flag *each = inv->command ? inv->command->flags : NULL; each && each->name; each++)
        consider(&n, each->name);
    for (size_t i = 0; i < COMMON_COUNT; i++) consider(&n, common_flags[i].name);
    if (n.name[0]) trouble_advise(&inv->trouble, "did you mean --%s?", n.name);
    else if (inv->command) trouble_advise(&inv->trouble, "`keyhold %s --help` lists the flags", invocation_title(inv));
    else trouble_advise(&inv->trouble, "flags of a command come after its noun and verb");
    return trouble_note(&inv->trouble, FAIL(USAGE), "There is no flag --%.*s here.", SLICE_ARGS(name));
}

static const common_flag *common_by_name(slice name) {
    for (size_t i = 0; i < COMMON_COUNT; i++)
        if (slice_equals_text(name, common_flags[i].name)) return &common_flags[i];
    return NULL;
}

static const common_flag *common_by_letter(uint8_t letter) {
    for (size_t i = 0; i < COMMON_COUNT; i++)
        if (common_flags[i].letter == (char)letter) return &common_flags[i];
    return NULL;
}

static status read_common(invocation *inv, words *w, const common_flag *flag, slice name) {
    slice value = {0};
    if (flag->takes_value) TRY(take_value(inv, w, name, &value));
    else TRY(refuse_value(inv, w, name));
    return set_common(inv, (enum common)(flag - common_flags), value);
}

static status read_long_flag(invocation *inv, words *w, slice word) {
    slice name = slice_skip(word, 2);
    size_t equals = slice_find_byte(name, '=');
    w->inner = equals == SIZE_MAX ? (slice){0} : slice_skip(name, equals + 1);
    name = slice_head(name, equals);
    bool denies = false;
    const command_flag *own = own_flag(inv->command, name);
    if (own) return read_own_flag(inv, w, own, name);
    const common_flag *common = common_by_name(name);
    if (common) return read_common(inv, w, common, name);
    const field *f = field_of_flag(inv->command, name, &denies);
    return f ? read_field_flag(inv, w, f, name, denies) : unknown_flag(inv, name);
}

static status read_short_flag(invocation *inv, words *w, slice word) {
    const common_flag *common = common_by_letter(word.at[1]);
    bool has_more = word.len > 2;
    if (!common || (has_more && !common->takes_value)) {
        trouble_advise(&inv->trouble,
                       "-o FORM, -y, -q and -h are the short flags; a value that begins with '-' comes after --");
        return trouble_note(&inv->trouble, FAIL(USAGE), "There is no flag %.*s here.", SLICE_ARGS(word));
    }
    w->inner = has_more ? slice_skip(word, word.at[2] == '=' ? 3 : 2) : (slice){0};
    return read_common(inv, w, common, slice_of_text(common->name));
}

/* ---- words */

static status unknown_name(invocation *inv, const char *kind, slice typed, const char *near) {
    if (near)
        trouble_advise(&inv->trouble, "did you mean %s%s%s?", inv->noun ? inv->noun->name : "", inv->noun ? " " : "",
                       near);
    else
        trouble_advise(&inv->trouble, "`keyhold %s%s--help` lists what there is", inv->noun ? inv->noun->name : "",
                       inv->noun ? " " : "");
    return trouble_note(&inv->trouble, FAIL(USAGE), "There is no %s \"%.*s\".", kind, SLICE_ARGS(typed));
}

static status read_noun(invocation *inv, slice word) {
    if (slice_equals_text(word, "help")) {
        inv->wants_help = true;
        return OK;
    }
    inv->noun = noun_find(word);
    if (!inv->noun) return unknown_name(inv, "command", word, noun_nearest(word));
    inv->command = command_find(inv->noun, (slice){0});
    return OK;
}

static status read_verb(invocation *inv, slice word) {
    inv->command = command_find(inv->noun, word);
    return inv->command ? OK : unknown_name(inv, "verb", word, verb_nearest(inv->noun, word));
}

/* The n-th word after the verb: a field by place, or one of the command's own words. */
static status read_operand(invocation *inv, slice word, size_t place) {
    const char *list = inv->command->positional;
    slice each;
    for (size_t i = 0; word_next(&list, &each); i++) {
        if (i != place) continue;
        if (slice_ends_with(each, SLICE("!"))) each.len--;
        const field *f = command_field(inv->command, each);
        ENSURE(f != NULL, INTERNAL);
        return add_typed(inv, f, f->name, word);
    }
    if (!inv->command->words || inv->word_count >= ARGUMENTS_MOST)
        return trouble_note(&inv->trouble, FAIL(USAGE), "\"%.*s\" is one word too many.", SLICE_ARGS(word));
    inv->words[inv->word_count++] = word;
    return OK;
}

/* How many own words there must and may be. */
static void words_due(const command *c, size_t *least, size_t *most) {
    const char *list = c->words;
    slice each;
    *least = *most = 0;
    while (word_next(&list, &each)) {
        if (each.at[0] != '[') ++*least;
        *most = slice_ends_with(each, SLICE("...")) ? ARGUMENTS_MOST : *most + 1;
    }
}

static status missing(invocation *inv, slice name) {
    trouble_advise(&inv->trouble, "`keyhold %s --help` shows how it is used", invocation_title(inv));
    return trouble_note(&inv->trouble, FAIL(USAGE), "%.*s is missing.", SLICE_ARGS(name));
}

static status check_words(invocation *inv) {
    size_t least, most;
    const char *list = inv->command->words;
    slice each = {0};
    words_due(inv->command, &least, &most);
    for (size_t i = 0; i <= inv->word_count && inv->word_count < least; i++) (void)word_next(&list, &each);
    if (inv->word_count < least) return missing(inv, each);
    if (inv->word_count > most)
        return trouble_note(&inv->trouble, FAIL(USAGE), "\"%.*s\" is one word too many.", SLICE_ARGS(inv->words[most]));
    return OK;
}

enum listed { LISTED_FIXED, LISTED_ASSUMED };

static status set_listed(invocation *inv, const char *list, enum listed kind) {
    slice each;
    while (word_next(&list, &each)) {
        size_t equals = slice_find_byte(each, '=');
        const field *f = command_field(inv->command, slice_head(each, equals));
        ENSURE(f != NULL && equals != SIZE_MAX, INTERNAL);
        if (kind == LISTED_ASSUMED && !slice_is_absent(argument_find(inv, f->name))) continue;
        TRY(add_argument(inv, f, slice_skip(each, equals + 1)));
        inv->arguments[inv->argument_count - 1].is_assumed = kind == LISTED_ASSUMED;
    }
    return OK;
}

static status check_positional(invocation *inv) {
    const char *list = inv->command->positional;
    slice each;
    while (word_next(&list, &each)) {
        bool is_required = slice_ends_with(each, SLICE("!"));
        if (is_required) each.len--;
        const field *f = command_field(inv->command, each);
        ENSURE(f != NULL, INTERNAL);
        if ((is_required || f->is_required) && slice_is_absent(argument_find(inv, f->name))) return missing(inv, each);
    }
    return OK;
}

/* Fields that the command's own function sets are hidden, and not asked for here. */
static status check_required(invocation *inv) {
    const field *fields[COMMAND_FIELDS_MOST];
    size_t count = command_fields(inv->command, fields);
    for (size_t i = 0; i < count; i++) {
        char kebab[KEBAB_BYTES_MOST];
        if (!fields[i]->is_required || !command_shows_field(inv->command, fields[i])) continue;
        if (!slice_is_absent(argument_find(inv, fields[i]->name))) continue;
        kebab_case(fields[i]->name, kebab);
        slice shown;
        TRY(arena_printf(&inv->memory, &shown, "--%s", kebab));
        return missing(inv, shown);
    }
    return OK;
}

static bool is_replaced(const invocation *inv) {
    const char *list = inv->command->instead;
    slice each;
    while (word_next(&list, &each))
        for (size_t i = 0; i < inv->flag_count; i++)
            if (slice_equals_text(each, inv->flags[i].of->name)) return true;
    return false;
}

static status complete(invocation *inv) {
    if (inv->wants_help) return OK;
    if (!inv->noun) {
        inv->wants_help = true;
        return OK;
    }
    if (!inv->command) {
        trouble_advise(&inv->trouble, "`keyhold %s --help` lists them", inv->noun->name);
        return trouble_note(&inv->trouble, FAIL(USAGE), "A verb is missing after \"%s\".", inv->noun->name);
    }
    TRY(set_listed(inv, inv->command->fixed, LISTED_FIXED));
    TRY(set_listed(inv, inv->command->assumed, LISTED_ASSUMED));
    if (!is_replaced(inv)) TRY(check_positional(inv));
    if (!is_replaced(inv)) TRY(check_required(inv));
    return check_words(inv);
}

status arguments_parse(invocation *inv, int count, char *const *at) {
    words w = {at, count, {0}};
    bool only_words = false;
    size_t place = 0;
    while (w.left > 0) {
        slice word = slice_of_text(*w.at++);
        w.left--;
        bool is_flag = !only_words && word.len > 1 && word.at[0] == '-';
        if (is_flag && slice_equals_text(word, "--")) only_words = true;
        else if (is_flag && word.at[1] == '-') TRY(read_long_flag(inv, &w, word));
        else if (is_flag) TRY(read_short_flag(inv, &w, word));
        else if (!inv->noun) TRY(read_noun(inv, word));
        else if (!inv->command) TRY(read_verb(inv, word));
        else TRY(read_operand(inv, word, place++));
    }
    return complete(inv);
}
