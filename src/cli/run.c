/* The command most rows need: ask first where it destroys, send, page through, show. */
#include "cli/run.h"

#include <stdio.h>

#include "base/text.h"
#include "cli/terminal.h"

/* ---- before */

static slice first_operand(const invocation *inv) {
    const char *list = inv->command->positional;
    slice each;
    if (inv->word_count > 0) return inv->words[0];
    if (!word_next(&list, &each)) return SLICE("");
    if (slice_ends_with(each, SLICE("!"))) each.len--;
    for (size_t i = 0; i < inv->argument_count; i++)
        if (slice_equals_text(each, inv->arguments[i].of->name)) return inv->arguments[i].value;
    return SLICE("");
}

status run_ask(invocation *inv) {
    OWNED(buffer) typed = {0};
    slice question;
    if (!inv->command->danger || inv->agrees || inv->is_dry_run) return OK;
    TRY(arena_printf(&inv->memory, &question, "%s %.*s? [y/N] ", inv->command->danger, SLICE_ARGS(first_operand(inv))));
    text_make_printable((char *)(uintptr_t)question.at);
    if (FAILED(terminal_ask((const char *)question.at, TERMINAL_SHOWN, &typed))) {
        trouble_advise(&inv->trouble,
                       "add --yes to go ahead without being asked, or --dry-run to see what would be done");
        return trouble_note(&inv->trouble, FAIL(USAGE), "This destroys something, and there is no terminal to ask on.");
    }
    slice said = slice_trim(buffer_slice(&typed));
    if (slice_equals_ignoring_case(said, SLICE("y")) || slice_equals_ignoring_case(said, SLICE("yes"))) return OK;
    return trouble_note(&inv->trouble, FAIL(CONFLICT), "Nothing was done.");
}

/* A secret's value is not shown, only that there is one. */
static void write_argument(const argument *a, json_writer *w) {
    json_put_text(w, a->of->kind == FIELD_SECRET ? SLICE("(hidden)") : a->value);
}

static size_t times_given(const invocation *inv, const field *of) {
    size_t count = 0;
    for (size_t i = 0; i < inv->argument_count; i++) count += inv->arguments[i].of == of;
    return count;
}

/* All that were given for the argument's field, where the first of them stands. */
static void write_arguments_of(const invocation *inv, size_t first, json_writer *w) {
    const field *of = inv->arguments[first].of;
    for (size_t i = 0; i < first; i++)
        if (inv->arguments[i].of == of) return;
    json_put_key(w, slice_of_text(of->name));
    if (times_given(inv, of) == 1) return write_argument(&inv->arguments[first], w);
    json_begin_array(w);
    for (size_t i = first; i < inv->argument_count; i++)
        if (inv->arguments[i].of == of) write_argument(&inv->arguments[i], w);
    json_end_array(w);
}

/* A word of a usage line without what says that it may be left out or repeated. */
static slice bare_name(slice name) {
    while (name.len && (name.at[0] == '[' || name.at[0] == '.')) name = slice_skip(name, 1);
    while (name.len && (name.at[name.len - 1] == ']' || name.at[name.len - 1] == '.')) name.len--;
    return name;
}

/* Further words under the names that the usage line has for them: "FILE BUCKET/KEY"; what comes again is numbered. */
static void write_words(const invocation *inv, json_writer *w) {
    slice names = slice_of_text(inv->command->words), name, before = {0}, last = SLICE("Word");
    size_t again = 1;
    for (size_t i = 0; i < inv->word_count; i++) {
        char key[64];
        if (slice_split(&names, ' ', &name)) last = bare_name(name);
        again = slice_equals(last, before) ? again + 1 : 1;
        before = last;
        if (again == 1) snprintf(key, sizeof key, "%.*s", SLICE_ARGS(last));
        else snprintf(key, sizeof key, "%.*s %zu", SLICE_ARGS(last), again);
        json_put_member_text(w, key, inv->words[i]);
    }
}

status run_describe(invocation *inv) {
    OWNED(buffer) text = {0};
    const json *value;
    const operation *op = operation_get(inv->command->operation);
    json_writer w = {.out = &text};
    json_begin_object(&w);
    json_put_member_text(&w, "WouldDo", op ? slice_of_text(op->name) : slice_of_text(invocation_title(inv)));
    if (op) json_put_member_text(&w, "Action", slice_of_text(op->action));
    for (size_t i = 0; i < inv->argument_count; i++) write_arguments_of(inv, i, &w);
    write_words(inv, &w);
    json_end_object(&w);
    TRY(json_finish(&w));
    TRY(json_from_buffer(&text, &inv->memory, &value));
    return output_object(inv, value);
}

/* ---- paging */

static const struct {
    const char *in, *out;
} cursors[] = {
    {"Marker", "NextMarker"},
    {"Marker", "Marker"},
    {"ContinuationToken", "NextContinuationToken"},
};

static bool has_field(const shape *s, const char *name) { return shape_find(s, slice_of_text(name)) != NULL; }

static bool is_given(const invocation *inv, const char *name) { return !slice_is_absent(argument_find(inv, name)); }

/* Whoever names a page or its size wants that page. */
static bool wants_one_page(const invocation *inv) {
    static const char *const NAMES[] = {"PageNumber", "PageSize",          "Marker",    "MaxItems",
                                        "MaxKeys",    "ContinuationToken", "StartAfter"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (is_given(inv, NAMES[i])) return true;
    return false;
}

static bool next_cursor(const operation *op, const json *value, const char **name, slice *to) {
    bool is_truncated = false;
    for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
        if (!has_field(op->in, cursors[i].in) || !has_field(op->out, cursors[i].out)) continue;
        (void)json_get_bool(json_member(value, SLICE("IsTruncated")), &is_truncated);
        bool goes_on =
            is_truncated && json_get_text(json_member(value, slice_of_text(cursors[i].out)), to) && to->len > 0;
        if (goes_on) *name = cursors[i].in;
        return goes_on;
    }
    return false;
}

static bool next_page(const operation *op, const json *value, size_t seen, arena *memory, slice *to) {
    int64_t total = 0, page = 0;
    if (!has_field(op->in, "PageNumber")) return false;
    if (!json_get_integer(json_member(value, SLICE("TotalCount")), &total) || seen >= (size_t)total) return false;
    if (!json_get_integer(json_member(value, SLICE("PageNumber")), &page)) return false;
    return !FAILED(arena_printf(memory, to, "%lld", (long long)page + 1));
}

/* ---- finding the rows in an answer */

static const field *list_field(const operation *op) {
    for (size_t i = 0; i < op->out->field_count; i++) {
        const field *f = &op->out->fields[i];
        if (f->kind == FIELD_SHAPES || f->kind == FIELD_JSONS) return f;
    }
    return NULL;
}

/* The list stands bare ("Contents":[…]) or below a wrapper ("Keys":{"Key":[…]}). */
static const json *list_in(const json *value, const char *name) {
    const json *list = json_member(value, slice_of_text(name));
    return json_is_object(list) ? json_first(list) : list;
}

static status add_all(invocation *inv, const json *list, json_rows *rows) {
    for (const json *each = json_first(list); each; each = each->next) TRY(json_rows_add(inv, rows, each));
    return OK;
}

status run_pages(client *c, json_rows *rows) {
    invocation *inv = c->inv;
    const operation *op = operation_get(inv->command->operation);
    const field *list = list_field(op);
    bool is_single = wants_one_page(inv);
    ENSURE(list != NULL, INTERNAL);
    if (!is_single && has_field(op->in, "PageSize")) TRY(argument_set(inv, "PageSize", SLICE("100")));
    for (;;) {
        result r;
        slice cursor;
        const char *name = "PageNumber";
        size_t before = rows->count;
        TRY(call_operation(c, &r));
        TRY(add_all(inv, list_in(r.value, list->name), rows));
        TRY(add_all(inv, list_in(r.value, "CommonPrefixes"), rows));
        bool has_more = next_cursor(op, r.value, &name, &cursor) ||
                        (rows->count > before && next_page(op, r.value, rows->count, &inv->memory, &cursor));
        if (is_single || !has_more) return OK;
        TRY(argument_replace(inv, name, cursor));
    }
}

/* ---- one object */

/* The one nested object of an answer ("KeyMetadata":{…}) stands for it; the request id goes along. */
status run_entity(invocation *inv, const json *value, const json **out) {
    const operation *op = operation_get(inv->command->operation);
    const json *inner = NULL;
    size_t members = 0;
    OWNED(buffer) text = {0};
    for (size_t i = 0; op && i < op->out->field_count; i++) {
        const json *member = json_member(value, slice_of_text(op->out->fields[i].name));
        members += member != NULL;
        if (op->out->fields[i].kind == FIELD_SHAPE && json_is_object(member)) inner = member;
    }
    *out = value;
    if (!inner || members != 1) return OK;
    json_writer w = {.out = &text};
    json_begin_object(&w);
    for (const json *each = json_first(inner); each; each = each->next) {
        json_put_key(&w, each->name);
        json_put_value(&w, each);
    }
    const json *id = json_member(value, SLICE("RequestId"));
    if (id && !json_member(inner, SLICE("RequestId"))) {
        json_put_key(&w, SLICE("RequestId"));
        json_put_value(&w, id);
    }
    json_end_object(&w);
    TRY(json_finish(&w));
    return json_from_buffer(&text, &inv->memory, out);
}

/* Without a member; for what went into a file instead. */
static status without(invocation *inv, const json *value, const char *name, const json **out) {
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    json_begin_object(&w);
    for (const json *each = json_first(value); each; each = each->next) {
        if (slice_equals_text(each->name, name)) continue;
        json_put_key(&w, each->name);
        json_put_value(&w, each);
    }
    json_end_object(&w);
    TRY(json_finish(&w));
    return json_from_buffer(&text, &inv->memory, out);
}

static status save(invocation *inv, const json *value) {
    slice text, bytes;
    const char *name = inv->command->saved;
    const json *rest;
    const field *f = command_saved_field(inv->command);
    bool is_there = f && json_get_text(json_member(value, slice_of_text(name)), &text);
    bool is_text = f && f->kind == FIELD_TEXT;
    if (is_text && is_there) bytes = text;
    else if (!is_there || FAILED(base64_decode(text, &inv->memory, &bytes)))
        return trouble_note(&inv->trouble, FAIL(MALFORMED), "The answer has no %s.", name);
    TRY(output_save(inv, inv->out_path, bytes));
    if (slice_equals_text(inv->out_path, "-")) return OK;
    TRY(without(inv, value, name, &rest));
    return output_object(inv, rest);
}

/* Operations that only do something: a person wants a word, a program the request id. */
static bool says_nothing(const json *value) {
    return json_first(value) == NULL || (value->count == 1 && json_member(value, SLICE("RequestId")));
}

status run_show(invocation *inv, const json *value) {
    if (!slice_is_absent(inv->out_path) && inv->command->saved) return save(inv, value);
    if (says_nothing(value) && output_form_of(inv) == OUTPUT_TABLE) {
        if (!inv->is_quiet) fprintf(stderr, "keyhold: %s: done\n", invocation_title(inv));
        return OK;
    }
    return output_object(inv, value);
}

/* ---- the whole */

static bool is_listing(const invocation *inv) {
    const operation *op = operation_get(inv->command->operation);
    return op && list_field(op) && (op->level == LEVEL_LIST || op->level == LEVEL_READ);
}

/* Some operations can be tried out on the server; their answer is a failure that says so. */
static status try_out(client *c) {
    result r;
    TRY(argument_set(c->inv, "DryRun", SLICE("true")));
    status tried = call_operation(c, &r);
    if (!FAILED_WITH(tried, DRY_RUN)) return tried;
    c->inv->trouble = (trouble){0};
    return run_describe(c->inv);
}

static status refuse_out(invocation *inv) {
    if (slice_is_absent(inv->out_path) || inv->command->saved) return OK;
    trouble_advise(&inv->trouble, "send standard output to a file instead");
    return trouble_note(&inv->trouble, FAIL(USAGE), "This command has nothing that --out could save.");
}

status run_operation(invocation *inv) {
    OWNED(client) c = {0};
    json_rows rows = {0};
    result r;
    const json *entity;
    bool has_trial = command_field(inv->command, SLICE("DryRun")) != NULL;
    TRY(refuse_out(inv));
    TRY(run_ask(inv));
    if (inv->is_dry_run && !has_trial) return run_describe(inv);
    TRY(client_open(inv, &c));
    if (inv->is_dry_run) return try_out(&c);
    if (is_listing(inv)) {
        TRY(run_pages(&c, &rows));
        return output_rows(inv, &rows);
    }
    TRY(call_operation(&c, &r));
    TRY(run_entity(inv, r.value, &entity));
    return run_show(inv, entity);
}

status run_whole(invocation *inv) {
    OWNED(client) c = {0};
    result r;
    TRY(refuse_out(inv));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(call_operation(&c, &r));
    return run_show(inv, r.value);
}
