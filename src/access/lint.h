/* What is wrong with a policy that compiles: it grants more than its words suggest, or a part of it never says anything. Nothing here
 * decides over a request; a document with findings can be stored and works as access/policy.h says. */
#ifndef ACCESS_LINT_H
#define ACCESS_LINT_H

#include "access/policy.h"

enum { LINT_FINDINGS_MOST = 64, LINT_PRINCIPALS_MOST = 64 };

typedef struct lint_finding {
    slice path;    /* "Statement[1].Action[0]", as in the faults of the compiler */
    slice code;    /* MALFORMED, WIDE_ACTION, UNKNOWN_ACTION…: docs/POLICIES.md has them all */
    slice message; /* for people */
} lint_finding;

/* A user or role that a Principal names, for whoever knows which there are. */
typedef struct lint_principal {
    slice path, arn; /* acs:ram::A:user/NAME or role/NAME */
} lint_principal;

typedef struct lint_report {
    lint_finding at[LINT_FINDINGS_MOST];
    size_t count; /* findings beyond the room are left out */
    lint_principal principals[LINT_PRINCIPALS_MOST];
    size_t principal_count;
} lint_report;

/* One finding, MALFORMED, for a document that does not compile. Everything lives in `memory`; the time it takes is bounded, whatever the
 * document. OUT_OF_MEMORY. */
status policy_lint(const policy_source *source, int64_t now_s, arena *memory, lint_report *out);

/* For the files of the linter. */
typedef struct lint {
    arena *memory;
    lint_report *report;
    int64_t now_s;
    size_t steps_left; /* 0: nothing found from here on means anything */
    const struct action_names
        *operations; /* lint_action.c: the names of every operation's action, by enum operation_id */
} lint;
status lint_find(lint *l, slice path, const char *code, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* lint_condition.c: one statement's "Condition". */
struct json;
status lint_conditions(lint *l, slice path, const struct json *block);
/* lint_action.c: first of all, the names that patterns are held against. OUT_OF_MEMORY. */
status lint_know_operations(lint *l);
/* One pattern of an allowing or denying statement's "Action". */
typedef struct lint_pattern {
    slice path, text;
    bool is_allowing;
} lint_pattern;
status lint_action(lint *l, const lint_pattern *p);
/* Whether an action that the pattern covers can have a resource of this service ("oss", "kms"…). */
bool lint_action_has_service(lint *l, slice pattern, slice service);
/* Whether everything that `inner` covers `outer` covers as well; false where that cannot be told. Letter case aside for actions. */
bool lint_covers(lint *l, slice outer, slice inner, bool is_action);

#endif
