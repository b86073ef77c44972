/* What the compiler's files share: the tables while they grow, and where in the document the compiler is. */
#ifndef ACCESS_POLICY_BUILD_H
#define ACCESS_POLICY_BUILD_H

#include "access/policy_form.h"
#include "contract/contract_tables.h"
#include "format/json.h"

enum { BUILD_PATH_BYTES = 192 };

enum policy_version { VERSION_1, VERSION_2012, VERSION_2008 };

typedef struct policy_builder {
    arena *memory;
    slice *fault;
    enum policy_kind kind;
    policy_bindings_view bound;
    enum policy_version version;
    char path[BUILD_PATH_BYTES]; /* "Statement[0].Action[2]", cut when it is longer */
    size_t path_bytes;
    buffer denials; /* tables of struct statement */
    buffer allowances;
    buffer denial_gates; /* tables of struct gate */
    buffer allowance_gates;
    bool asks_facts; /* some gate does */
    buffer principals;
    buffer actions;
    buffer resources;
    buffer conditions;
    buffer operands;
    buffer variables;
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

/* build_code.c: text that may hold variables. With some, it is coded as PATTERN_TEMPLATE says; its parts, cut at ':', become
 * patterns one by one. */
typedef struct coded {
    slice text;
    bool is_coded;
    bool is_glob; /* '*' and '?' are wildcards */
} coded;
status build_code(policy_builder *b, slice text, bool is_glob, coded *out);
status build_part(policy_builder *b, const coded *whole, slice part, struct pattern *out);

/* A key by its name; refused when it looks like none, and in version 1 when nobody knows it. */
status build_key(policy_builder *b, slice name, condition_key *key, struct pattern *out);
enum key_source build_key_source(const condition_key *key);

/* ASCII letters to lower case, in the arena. */
status build_lower(policy_builder *b, slice text, slice *out);

/* policy_compile_name.c: an action, a resource's name, the value of Principal; each adds rows to its table. */
status build_action(policy_builder *b, const json *value, uint64_t *gate_bits);
status build_resource_text(policy_builder *b, slice text);
status build_principals(policy_builder *b, const json *value, struct span *out);

/* policy_compile_condition.c: the conditions of one statement, from the value of its "Condition". */
status build_conditions(policy_builder *b, const json *block, struct span *out);

#endif
