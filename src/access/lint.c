/* The linter: statement by statement over the document's JSON, after the compiler has taken it. */
#include "access/lint.h"

#include <stdarg.h>
#include <stdio.h>

#include "access/arn.h"
#include "access/arn_twin.h"
#include "base/glob.h"
#include "format/json.h"

enum { STATEMENTS_MOST = 256, STEPS_MOST = 2 << 20 };

status lint_find(lint *l, slice path, const char *code, const char *format, ...) {
    char text[400];
    va_list arguments;
    if (l->report->count == LINT_FINDINGS_MOST) return OK;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ENSURE(length >= 0, INTERNAL);
    lint_finding *found = &l->report->at[l->report->count];
    found->path = path;
    found->code = slice_of_text(code);
    TRY(arena_copy(l->memory, slice_of_text(text), &found->message));
    l->report->count++;
    return OK;
}

/* One statement, opened. */
typedef struct statement_view {
    slice path;
    const json *action, *resource, *principal, *condition;
    bool is_allowing, not_action, not_resource;
} statement_view;

static const json *member(const json *object, const char *name) { return json_member(object, slice_of_text(name)); }

/* Elements of a list, or the one value. */
static const json *first_of(const json *value) { return json_is_array(value) ? json_first(value) : value; }
static const json *after(const json *value, const json *each) { return json_is_array(value) ? each->next : NULL; }

static bool is_any(const json *value) {
    slice text;
    for (const json *each = first_of(value); each; each = after(value, each))
        if (json_get_text(each, &text) && slice_equals_text(text, "*")) return true;
    return false;
}

static status path_in(lint *l, const statement_view *s, const char *name, const json *list, size_t index, slice *out) {
    if (!json_is_array(list)) return arena_printf(l->memory, out, "%.*s.%s", SLICE_ARGS(s->path), name);
    return arena_printf(l->memory, out, "%.*s.%s[%zu]", SLICE_ARGS(s->path), name, index);
}

/* ---- actions */

static status check_actions(lint *l, const statement_view *s) {
    size_t index = 0;
    for (const json *each = first_of(s->action); each; each = after(s->action, each)) {
        lint_pattern p = {.is_allowing = s->is_allowing && !s->not_action};
        TRY(path_in(l, s, s->not_action ? "NotAction" : "Action", s->action, index++, &p.path));
        if (!json_get_text(each, &p.text)) continue;
        if (!slice_equals_text(p.text, "*")) TRY(lint_action(l, &p));
        else if (p.is_allowing && (!s->resource || is_any(s->resource)))
            TRY(lint_find(l, p.path, "WIDE_ACTION", "everything on everything is allowed"));
    }
    if (s->is_allowing && s->not_action)
        return lint_find(l, s->path, "NOT_ACTION",
                         "NotAction with Allow gives every other action, also those still to come");
    return OK;
}

/* ---- resources */

/* The service of a name in either form, under this house's name for it; absent when there is none to tell. */
static slice service_of(slice text) {
    static const char *const TWINS[][2] = {
        {"iam", "ram"}, {"s3", "oss"}, {"sts", "ram"}, {"cloudtrail", "actiontrail"}, {"secretsmanager", "kms"}};
    slice scheme, partition, service = {0};
    if (!slice_split(&text, ':', &scheme)) return service;
    if (slice_equals_text(scheme, "arn") && !slice_split(&text, ':', &partition)) return service;
    if (!slice_split(&text, ':', &service)) return (slice){0};
    for (size_t i = 0; i < sizeof TWINS / sizeof *TWINS; i++)
        if (slice_equals_text(service, TWINS[i][0])) return slice_of_text(TWINS[i][1]);
    return slice_contains_byte(service, '*') || slice_contains_byte(service, '?') ? (slice){0} : service;
}

static bool some_action_has(lint *l, const statement_view *s, slice service) {
    slice text;
    for (const json *each = first_of(s->action); each && l->steps_left > 0; each = after(s->action, each))
        if (json_get_text(each, &text) && lint_action_has_service(l, text, service)) return true;
    return false;
}

static status check_resources(lint *l, const statement_view *s) {
    size_t index = 0;
    slice path, text;
    if (s->is_allowing && s->not_resource)
        TRY(lint_find(l, s->path, "NOT_RESOURCE",
                      "NotResource with Allow gives every other resource, also those still to come"));
    if (s->not_action || s->not_resource) return OK;
    for (const json *each = first_of(s->resource); each && l->steps_left > 0;
         each = after(s->resource, each), index++) {
        slice service = json_get_text(each, &text) ? service_of(text) : (slice){0};
        if (slice_is_absent(service) || some_action_has(l, s, service)) continue;
        TRY(path_in(l, s, "Resource", s->resource, index, &path));
        TRY(lint_find(l, path, "OTHER_SERVICE", "no action of the statement has to do with %.*s", SLICE_ARGS(text)));
    }
    return OK;
}

/* ---- principals */

static status take_principal(lint *l, slice path, slice text) {
    arn parts;
    slice name;
    lint_report *r = l->report;
    if (r->principal_count == LINT_PRINCIPALS_MOST) return OK;
    status told = arn_canonical(text, l->memory, &name);
    if (FAILED_WITH(told, MALFORMED) || FAILED(arn_parse(name, &parts))) return OK;
    bool is_somebody =
        slice_starts_with(parts.relative, SLICE("user/")) || slice_starts_with(parts.relative, SLICE("role/"));
    if (!is_somebody || !slice_equals_text(parts.service, "ram")) return OK;
    r->principals[r->principal_count++] = (lint_principal){path, name};
    return OK;
}

static status check_principals(lint *l, const statement_view *s) {
    slice text, path;
    if (s->is_allowing && json_get_text(s->principal, &text) && slice_equals_text(text, "*") && !s->condition)
        TRY(lint_find(l, s->path, "ANYBODY", "everybody is allowed, whoever they are and wherever they come from"));
    if (!json_is_object(s->principal)) return OK;
    for (const json *kind = json_first(s->principal); kind; kind = kind->next) {
        size_t index = 0;
        for (const json *each = first_of(kind); each; each = after(kind, each), index++) {
            if (!json_get_text(each, &text)) continue;
            TRY(arena_printf(l->memory, &path, "%.*s.Principal.%.*s[%zu]", SLICE_ARGS(s->path), SLICE_ARGS(kind->name),
                             index));
            bool is_anybody = slice_equals_text(text, "*") && s->is_allowing && !s->condition;
            if (is_anybody)
                TRY(lint_find(l, path, "ANYBODY",
                              "everybody is allowed, whoever they are and wherever they come from"));
            TRY(take_principal(l, path, text));
        }
    }
    return OK;
}

/* ---- what an earlier or later Deny takes away as a whole */

static bool is_covered(lint *l, const json *outer, const json *inner, bool is_action) {
    slice wide, narrow;
    for (const json *each = first_of(inner); each; each = after(inner, each)) {
        bool found = false;
        if (!json_get_text(each, &narrow)) return false;
        for (const json *by = first_of(outer); by && !found; by = after(outer, by))
            found = json_get_text(by, &wide) && lint_covers(l, wide, narrow, is_action);
        if (!found) return false;
    }
    return inner != NULL;
}

static bool denies_everybody(const statement_view *s) { return !s->principal || is_any(s->principal); }

static status check_shadow(lint *l, const statement_view *s, const statement_view *by) {
    bool is_plain_denial =
        !by->is_allowing && !by->condition && !by->not_action && !by->not_resource && denies_everybody(by);
    bool is_plain = s->is_allowing && !s->not_action && !s->not_resource;
    if (!is_plain_denial || !is_plain || !is_covered(l, by->action, s->action, true)) return OK;
    bool has_resources = by->resource && s->resource;
    if (has_resources && !is_covered(l, by->resource, s->resource, false)) return OK;
    if (!has_resources && by->resource) return OK;
    return lint_find(l, s->path, "SHADOWED", "%.*s denies all of it", SLICE_ARGS(by->path));
}

/* ---- the whole */

static statement_view view_of(const json *statement, slice path) {
    slice effect = {0};
    statement_view s = {.path = path, .action = member(statement, "Action"), .resource = member(statement, "Resource")};
    s.principal = member(statement, "Principal");
    s.condition = member(statement, "Condition");
    if (s.condition && !json_first(s.condition)) s.condition = NULL;
    if (!s.action) s.action = member(statement, "NotAction"), s.not_action = true;
    if (!s.resource && member(statement, "NotResource"))
        s.resource = member(statement, "NotResource"), s.not_resource = true;
    (void)json_get_text(member(statement, "Effect"), &effect);
    s.is_allowing = slice_equals_text(effect, "Allow");
    return s;
}

static status check_statement(lint *l, const statement_view *s) {
    slice path;
    TRY(check_actions(l, s));
    TRY(check_resources(l, s));
    TRY(check_principals(l, s));
    TRY(arena_printf(l->memory, &path, "%.*s.Condition", SLICE_ARGS(s->path)));
    return s->condition ? lint_conditions(l, path, s->condition) : OK;
}

static status check_all(lint *l, const json *statements) {
    statement_view *all = ARENA_ARRAY(l->memory, statement_view, STATEMENTS_MOST);
    size_t count = 0;
    ENSURE(all != NULL, OUT_OF_MEMORY);
    for (const json *each = first_of(statements); each && count < STATEMENTS_MOST; each = after(statements, each)) {
        slice path = SLICE("Statement");
        if (json_is_array(statements)) TRY(arena_printf(l->memory, &path, "Statement[%zu]", count));
        all[count] = view_of(each, path);
        TRY(check_statement(l, &all[count++]));
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            if (i != k) TRY(check_shadow(l, &all[i], &all[k]));
    if (l->steps_left > 0) return OK;
    l->report->count = 0; /* what was found with no steps left is not to be trusted */
    return lint_find(l, SLICE("Statement"), "TOO_COMPLEX", "the wildcards are too many to be looked through");
}

/* The place stands before the colon; what is wrong with the text as a whole has none. */
static status malformed(lint *l, slice fault) {
    size_t colon = slice_find(fault, SLICE(": "));
    bool has_path = colon != SIZE_MAX && !slice_starts_with(fault, SLICE("line "));
    slice path = has_path ? slice_head(fault, colon) : SLICE("");
    slice reason = has_path ? slice_skip(fault, colon + 2) : fault;
    return lint_find(l, path, "MALFORMED", "%.*s", SLICE_ARGS(reason));
}

status policy_lint(const policy_source *source, int64_t now_s, arena *memory, lint_report *out) {
    slice fault = {0};
    policy *compiled = NULL;
    const json *document;
    *out = (lint_report){0};
    lint l = {.memory = memory, .report = out, .now_s = now_s, .steps_left = STEPS_MOST};
    status made = policy_compile(source, memory, &fault, &compiled);
    policy_free(compiled);
    if (FAILED_WITH(made, POLICY_MALFORMED)) return malformed(&l, fault);
    TRY(made);
    TRY(json_parse(source->document, memory, &document, NULL));
    TRY(lint_know_operations(&l));
    return check_all(&l, member(document, "Statement"));
}
