/* Patterns of actions, held against the actions there are. */
#include "contract/action_name.h"
#include "base/glob.h"
#include "access/lint.h"
#include "contract/operation.h"

enum { ACTION_BYTES_MOST = POLICY_ACTION_BYTES_MOST };

static slice in_lower_case(slice text, uint8_t room[ACTION_BYTES_MOST]) {
    size_t len = text.len < ACTION_BYTES_MOST ? text.len : ACTION_BYTES_MOST;
    for (size_t i = 0; i < len; i++)
        room[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (uint8_t)(text.at[i] + 32) : text.at[i];
    return slice_of(room, len);
}

bool lint_covers(lint *l, slice outer, slice inner, bool is_action) {
    uint8_t rooms[2][ACTION_BYTES_MOST];
    if (is_action) outer = in_lower_case(outer, rooms[0]), inner = in_lower_case(inner, rooms[1]);
    return glob_matches(outer, inner, &l->steps_left);
}

status lint_know_operations(lint *l) {
    action_names *all = ARENA_ARRAY(l->memory, action_names, OPERATION_COUNT);
    ENSURE(all != NULL, OUT_OF_MEMORY);
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++)
        (void)action_names_find(slice_of_text(operation_get(id)->action), &all[id]);
    l->operations = all;
    return OK;
}

/* Under any of its names. */
static bool covers_operation(lint *l, slice pattern, int id) {
    const action_names *names = &l->operations[id];
    if (slice_equals_text(pattern, "*")) return true;
    for (size_t i = 0; i < names->count; i++)
        if (glob_matches(pattern, names->whole[i], &l->steps_left)) return true;
    return false;
}

/* What a policy may speak of beside the operations: actions that stand behind one. */
static bool covers_further(lint *l, slice pattern) {
    static const char *const FURTHER[] = {"kms:reencryptfrom",     "kms:reencryptto", "sts:tagsession",
                                          "sts:setsourceidentity", "iam:passrole",    "s3:getobjectversion"};
    for (size_t i = 0; i < sizeof FURTHER / sizeof *FURTHER; i++)
        if (glob_matches(pattern, slice_of_text(FURTHER[i]), &l->steps_left)) return true;
    return false;
}

/* Resources live under the service that has them, whoever acts on them. */
static slice resource_service(const operation *op) {
    slice name = slice_of_text(op->product->name);
    if (slice_equals_text(name, "sts")) return SLICE("ram");
    return slice_equals_text(name, "secretsmanager") ? SLICE("kms") : name;
}

bool lint_action_has_service(lint *l, slice pattern, slice service) {
    uint8_t room[ACTION_BYTES_MOST];
    slice lower = in_lower_case(pattern, room);
    if (covers_further(l, lower)) return true;
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT && l->steps_left > 0; id++) {
        const operation *op = operation_get(id);
        slice own = resource_service(op);
        bool may =
            slice_equals(own, service) || slice_equals_text(own, "keyhold"); /* these have resources of all kinds */
        if (may && covers_operation(l, lower, id)) return true;
    }
    return false;
}

static bool shows_secret(const shape *s, int depth) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        if (f->kind == FIELD_SECRET) return true;
        if (f->nested && depth > 0 && shows_secret(f->nested, depth - 1)) return true;
    }
    return false;
}

typedef struct covered {
    size_t count, changing;
    const operation *telling; /* gives a secret away, or uses a key */
    const operation *acting;  /* changes something */
} covered;

static covered covered_by(lint *l, slice lower) {
    covered c = {0};
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT && l->steps_left > 0; id++) {
        const operation *op = operation_get(id);
        if (!covers_operation(l, lower, id)) continue;
        c.count++;
        bool acts = op->level == LEVEL_WRITE || op->level == LEVEL_USE;
        c.changing += acts;
        if (acts && !c.acting) c.acting = op;
        if (shows_secret(op->out, 2) && !c.telling) c.telling = op;
    }
    return c;
}

/* "kms:Get*", "oss:list*", "*:Describe*": words that promise looking alone. */
static bool promises_reading(slice lower) {
    static const char *const WORDS[] = {"get", "list", "describe", "lookup", "read"};
    size_t colon = slice_find_byte(lower, ':');
    slice name = colon == SIZE_MAX ? lower : slice_skip(lower, colon + 1);
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (slice_starts_with(name, slice_of_text(WORDS[i]))) return true;
    return false;
}

static status find_unknown(lint *l, const lint_pattern *p) {
    bool is_literal = !slice_contains_byte(p->text, '*') && !slice_contains_byte(p->text, '?');
    return lint_find(l, p->path, "UNKNOWN_ACTION",
                     is_literal ? "there is no action %.*s" : "there is no action that %.*s could mean",
                     SLICE_ARGS(p->text));
}

static status find_wide(lint *l, const lint_pattern *p, slice lower, const covered *c) {
    size_t colon = slice_find_byte(lower, ':');
    slice name = colon == SIZE_MAX ? lower : slice_skip(lower, colon + 1);
    if (slice_equals_text(name, "*"))
        return lint_find(l, p->path, "WIDE_ACTION", "%.*s are all %zu actions, %zu of which change or use something",
                         SLICE_ARGS(p->text), c->count, c->changing);
    const operation *beyond = c->telling ? c->telling : c->acting;
    if (promises_reading(lower) && beyond)
        return lint_find(l, p->path, "WIDE_ACTION", "%.*s is more than reading: it has %s, which %s",
                         SLICE_ARGS(p->text), beyond->action,
                         c->telling ? "tells a secret" : "changes or uses something");
    if (c->telling && c->count > 1)
        return lint_find(l, p->path, "WIDE_ACTION", "%.*s are %zu actions, among them %s, which tells a secret",
                         SLICE_ARGS(p->text), c->count, c->telling->action);
    return OK;
}

status lint_action(lint *l, const lint_pattern *p) {
    uint8_t room[ACTION_BYTES_MOST];
    slice lower = in_lower_case(p->text, room);
    bool has_wildcard = slice_contains_byte(lower, '*') || slice_contains_byte(lower, '?');
    covered c = covered_by(l, lower);
    if (c.count == 0 && !covers_further(l, lower)) return find_unknown(l, p);
    return p->is_allowing && has_wildcard ? find_wide(l, p, lower, &c) : OK;
}
