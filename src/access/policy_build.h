/* What the compiler's files share: the tables while they grow, and where in the document the compiler is. */
#ifndef ACCESS_POLICY_BUILD_H
#define ACCESS_POLICY_BUILD_H

#include "access/policy_form.h"
#include "format/json.h"

enum { BUILD_PATH_BYTES = 192 };

typedef struct policy_builder {
    arena *memory;
    slice *fault;
    char path[BUILD_PATH_BYTES]; /* "Statement[0].Action[2]", cut when it is longer */
    size_t path_bytes;
    buffer denials; /* tables of struct statement */
    buffer allowances;
    buffer actions;
    buffer resources;
    buffer conditions;
    buffer operands;
    buffer text;
} policy_builder;

void policy_builder_clear(policy_builder *b);

/* POLICY_MALFORMED, with the path and the reason as the fault. */
status build_refuse(policy_builder *b, const char *reason);

/* Step into a member or an element; what they return goes to build_leave. Bytes of a name that are not printable ASCII
 * show as '?'. */
size_t build_enter_member(policy_builder *b, slice name);
size_t build_enter_element(policy_builder *b, const json *list, size_t index);
void build_leave(policy_builder *b, size_t mark);

/* A single value counts as a list of itself:
 * for (const json *each = build_list_first(v); each; each = build_list_next(v, each)) */
const json *build_list_first(const json *value);
const json *build_list_next(const json *value, const json *each);

/* Adds the bytes to the text; as a pattern, or taken literally. At most POLICY_TEXT_BYTES_MOST. */
status build_pattern(policy_builder *b, slice text, struct pattern *out);
status build_literal(policy_builder *b, slice text, struct pattern *out);

/* policy_compile_condition.c: the conditions of one statement, from the value of its "Condition". */
status build_conditions(policy_builder *b, const json *block, struct span *out);

#endif
