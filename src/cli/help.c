/* Help texts: what a person sees follows from the rows and from the contract. */
#include "cli/help.h"

#include "contract/parameter.h"

#include <stdio.h>

#include <string.h>

enum { NAME_COLUMN = 22, FLAG_COLUMN = 34, LINE_MOST = 118, CHOICES_INLINE_MOST = 22 };

/* What fits on a line of `width` columns, cut at a space where there is one. */
static size_t line_of(const char *text, size_t width) {
    size_t len = strlen(text);
    if (len <= width) return len;
    for (size_t at = width; at > 0; at--)
        if (text[at] == ' ') return at;
    return width;
}

/* The right column goes on below itself, and begins there when the left one is too long. */
static status two_columns(buffer *out, const char *left, const char *right, int width) {
    bool is_beside = (int)strlen(left) <= width;
    if (!right[0]) return buffer_printf(out, "  %s\n", left);
    if (!is_beside) TRY(buffer_printf(out, "  %s\n", left));
    for (const char *at = right; *at;) {
        size_t len = line_of(at, (size_t)(LINE_MOST - width - 4));
        TRY(buffer_printf(out, "  %-*s  %.*s\n", width, at == right && is_beside ? left : "", (int)len, at));
        at += len;
        while (*at == ' ') at++;
    }
    return OK;
}

/* ---- everything */

static status write_all(buffer *out) {
    TRY(buffer_append_text(out, "Usage: keyhold NOUN [VERB] [WORD]... [FLAG]...\n\n"));
    for (size_t i = 0; nouns[i]; i++) TRY(two_columns(out, nouns[i]->name, nouns[i]->help, NAME_COLUMN));
    return buffer_append_text(out, "\n`keyhold NOUN --help` lists its verbs, `keyhold NOUN VERB --help` its flags.\n"
                                   "`keyhold --version` tells the version. Manual: keyhold(1).\n");
}

static status write_noun(const noun *n, buffer *out) {
    TRY(buffer_printf(out, "%s\n\nUsage: keyhold %s VERB [WORD]... [FLAG]...\n\n", n->help, n->name));
    for (size_t i = 0; i < n->count; i++)
        TRY(two_columns(out, n->commands[i].verb, command_help(&n->commands[i]), NAME_COLUMN));
    return OK;
}

/* ---- one command */

static status write_usage(const invocation *inv, buffer *out) {
    const command *c = inv->command;
    const char *list = c->positional;
    slice each;
    TRY(buffer_printf(out, "Usage: keyhold %s%s%s", inv->noun->name, c->verb ? " " : "", c->verb ? c->verb : ""));
    while (word_next(&list, &each)) {
        bool is_forced = slice_ends_with(each, SLICE("!"));
        if (is_forced) each.len--;
        const field *f = command_field(c, each);
        bool is_required = is_forced || (f && f->is_required);
        TRY(buffer_printf(out, is_required ? " %.*s" : " [%.*s]", SLICE_ARGS(each)));
    }
    if (c->words) TRY(buffer_printf(out, " %s", c->words));
    return buffer_append_text(out, " [FLAG]...\n");
}

static status write_choices(const field *f, const char *between, buffer *out) {
    for (size_t i = 0; f->choices[i]; i++) TRY(buffer_printf(out, "%s%s", i ? between : "", f->choices[i]));
    return OK;
}

/* What may stand for a field's value. */
static void value_form(const field *f, char *out, size_t room) {
    static const char *const FORMS[] = {
        [FIELD_TEXT] = "TEXT",
        [FIELD_BYTES] = "BASE64|@FILE|-",
        [FIELD_SECRET] = "@FILE|-",
        [FIELD_JSON] = "JSON",
        [FIELD_INT] = "N",
        [FIELD_TIME] = "TIME",
        [FIELD_BOOL] = "",
        [FIELD_CHOICE] = "",
        [FIELD_MAP] = "NAME=VALUE",
        [FIELD_TEXTS] = "TEXT",
        [FIELD_JSONS] = "JSON",
        [FIELD_SHAPE] = "",
        [FIELD_SHAPES] = "NAME=VALUE",
    };
    bool is_long_text = f->kind == FIELD_TEXT && (f->max == 0 || f->max >= 1024);
    if (f->kind != FIELD_CHOICE) {
        snprintf(out, room, "%s", is_long_text ? "TEXT|@FILE|-" : FORMS[f->kind]);
        return;
    }
    OWNED(buffer) choices = {0};
    bool is_short = !FAILED(write_choices(f, "|", &choices)) && choices.len <= CHOICES_INLINE_MOST;
    snprintf(out, room, "%.*s", is_short ? (int)choices.len : 6, is_short ? (const char *)choices.at : "CHOICE");
}

static const char *limit_unit(const field *f) {
    switch (f->kind) {
    case FIELD_TEXT: return " characters";
    case FIELD_BYTES:
    case FIELD_SECRET: return " bytes";
    case FIELD_INT: return "";
    case FIELD_MAP: return " characters together";
    default: return " times";
    }
}

static status write_limits(const field *f, buffer *out) {
    if (!f->max) return OK;
    if (f->min == f->max) return buffer_printf(out, "%lld%s; ", (long long)f->max, limit_unit(f));
    if (f->min == 0 && f->kind != FIELD_INT)
        return buffer_printf(out, "up to %lld%s; ", (long long)f->max, limit_unit(f));
    return buffer_printf(out, "%lld to %lld%s; ", (long long)f->min, (long long)f->max, limit_unit(f));
}

/* "the user's name (also by place; required; 1 to 64 characters)", or without what it means. `form` is what stands for its value. */
static status write_meaning(const command *c, const field *f, const char *form, buffer *out) {
    bool is_repeated = f->kind == FIELD_MAP || f->kind == FIELD_SHAPES || f->kind == FIELD_TEXTS;
    const char *meaning = parameter_meaning(f);
    if (meaning) TRY(buffer_append_text(out, meaning));
    size_t before = out->len;
    TRY(buffer_append_text(out, meaning ? " (" : "("));
    size_t opened = out->len;
    if (word_is_in(c->positional, slice_of_text(f->name))) TRY(buffer_append_text(out, "also by place; "));
    if (f->is_required) TRY(buffer_append_text(out, "required; "));
    if (is_repeated && f->max != 1) TRY(buffer_append_text(out, "may be repeated; "));
    if (f->kind == FIELD_CHOICE && strcmp(form, "CHOICE") == 0) {
        TRY(buffer_append_text(out, "one of "));
        TRY(write_choices(f, " ", out));
        TRY(buffer_append_text(out, "; "));
    }
    TRY(write_limits(f, out));
    bool is_empty = out->len == opened;
    out->len = is_empty ? before : out->len - 2;
    return buffer_append_text(out, is_empty ? "" : ")");
}

static status write_field(const command *c, const field *f, buffer *out) {
    char kebab[KEBAB_BYTES_MOST], form[CHOICES_INLINE_MOST + 8], left[KEBAB_BYTES_MOST + CHOICES_INLINE_MOST + 16];
    OWNED(buffer) right = {0};
    kebab_case(f->name, kebab);
    value_form(f, form, sizeof form);
    snprintf(left, sizeof left, "--%s%s%s", kebab, form[0] ? " " : "", form);
    TRY(write_meaning(c, f, form, &right));
    TRY(buffer_append_byte(&right, 0));
    return two_columns(out, left, (const char *)right.at, FLAG_COLUMN);
}

static status write_short_names(const command *c, buffer *out) {
    const char *list = c->short_names;
    slice each;
    while (word_next(&list, &each)) {
        char kebab[KEBAB_BYTES_MOST], name[KEBAB_BYTES_MOST], left[KEBAB_BYTES_MOST + 8], right[KEBAB_BYTES_MOST + 16];
        size_t equals = slice_find_byte(each, '=');
        if (!command_field(c, slice_head(each, equals))) continue;
        snprintf(name, sizeof name, "%.*s", SLICE_ARGS(slice_head(each, equals)));
        kebab_case(name, kebab);
        snprintf(left, sizeof left, "--%.*s", SLICE_ARGS(slice_skip(each, equals + 1)));
        snprintf(right, sizeof right, "short for --%s", kebab);
        TRY(two_columns(out, left, right, FLAG_COLUMN));
    }
    return OK;
}

static status write_flags(const command *c, buffer *out) {
    const field *fields[COMMAND_FIELDS_MOST];
    size_t count = command_fields(c, fields), before = out->len;
    TRY(buffer_append_text(out, "\nFlags:\n"));
    size_t opened = out->len;
    for (const command_flag *each = c->flags; each && each->name; each++) {
        char left[KEBAB_BYTES_MOST];
        snprintf(left, sizeof left, "--%s%s%s", each->name, each->value ? " " : "", each->value ? each->value : "");
        TRY(two_columns(out, left, each->help, FLAG_COLUMN));
    }
    for (size_t i = 0; i < count; i++)
        if (command_shows_field(c, fields[i])) TRY(write_field(c, fields[i], out));
    TRY(write_short_names(c, out));
    if (out->len == opened) out->len = before;
    return OK;
}

static status write_common(const command *c, buffer *out) {
    static const char *const ROWS[][2] = {
        {"-o, --output FORM", "table, json, jsonl or name; a table on a terminal, json otherwise"},
        {"--profile NAME", "endpoint and access key from ~/.config/keyhold/NAME.conf"},
        {"--endpoint URL, --ca FILE, --region ID", "in place of the profile's"},
        {"--wait SECONDS", "keep trying while the server cannot be reached"},
        {"--timeout SECONDS", "give up then"},
        {"--dry-run", "only say what would be done"},
        {"-q, --quiet", "no progress, no remarks"},
    };
    TRY(buffer_append_text(out, "\nOf every command:\n"));
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) TRY(two_columns(out, ROWS[i][0], ROWS[i][1], FLAG_COLUMN));
    if (c->saved)
        TRY(two_columns(out, "--out FILE", "the result itself into FILE, or - for standard output", FLAG_COLUMN));
    return c->danger ? two_columns(out, "-y, --yes", "go ahead without asking", FLAG_COLUMN) : OK;
}

static status write_right(const command *c, buffer *out) {
    const operation *op = operation_get(c->operation);
    if (!op) return OK;
    return op->is_unsigned ? buffer_append_text(out, "\nNeeds no access key.\n")
                           : buffer_printf(out, "\nNeeds the right %s.\n", op->action);
}

static status write_command(const invocation *inv, buffer *out) {
    TRY(buffer_printf(out, "%s\n\n", command_help(inv->command)));
    TRY(write_usage(inv, out));
    TRY(write_flags(inv->command, out));
    TRY(write_common(inv->command, out));
    return write_right(inv->command, out);
}

status help_write(const invocation *inv, buffer *out) {
    if (inv->command) return write_command(inv, out);
    return inv->noun ? write_noun(inv->noun, out) : write_all(out);
}
