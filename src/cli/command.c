/* Looking nouns, verbs and fields up. */
#include "cli/command.h"

#include <ctype.h>

#include "contract/nearest.h"

extern const noun key_noun, alias_noun, bucket_noun, object_noun, user_noun, access_key_noun, policy_noun, trail_noun;
extern const noun passkey_noun, mfa_noun, login_profile_noun, login_noun, logout_noun, oidc_provider_noun,
    saml_provider_noun;
extern const noun account_noun, guard_rail_noun, grant_noun, group_noun, role_noun, tag_noun, account_alias_noun;
extern const noun approval_noun, break_glass_noun, secret_noun, certificate_noun;
extern const noun whoami_noun, session_noun, init_noun, serve_noun, doctor_noun, configure_noun, config_noun;

const noun *const nouns[] = {
    &init_noun,          &serve_noun,         &doctor_noun,  &config_noun,  &configure_noun,  &login_noun,
    &logout_noun,        &whoami_noun,        &key_noun,     &grant_noun,   &secret_noun,     &certificate_noun,
    &alias_noun,         &bucket_noun,        &object_noun,  &trail_noun,   &user_noun,       &group_noun,
    &role_noun,          &access_key_noun,    &policy_noun,  &mfa_noun,     &passkey_noun,    &login_profile_noun,
    &oidc_provider_noun, &saml_provider_noun, &tag_noun,     &account_noun, &guard_rail_noun, &approval_noun,
    &break_glass_noun,   &account_alias_noun, &session_noun, NULL};

const noun *noun_find(slice name) {
    for (size_t i = 0; nouns[i]; i++)
        if (slice_equals_text(name, nouns[i]->name)) return nouns[i];
    return NULL;
}

const command *command_find(const noun *n, slice verb) {
    for (size_t i = 0; i < n->count; i++) {
        const char *known = n->commands[i].verb;
        if (known ? slice_equals_text(verb, known) : slice_is_absent(verb)) return &n->commands[i];
    }
    return NULL;
}

/* Keeps the nearer of the best so far and the candidate. */
static void consider(slice typed, const char *candidate, size_t *least, const char **best) {
    size_t distance = nearest_distance(typed, slice_of_text(candidate));
    if (distance >= *least || !nearest_is_likely(typed, slice_of_text(candidate), distance)) return;
    *least = distance;
    *best = candidate;
}

const char *noun_nearest(slice typed) {
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; nouns[i]; i++) consider(typed, nouns[i]->name, &least, &best);
    return best;
}

const char *verb_nearest(const noun *n, slice typed) {
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < n->count; i++)
        if (n->commands[i].verb) consider(typed, n->commands[i].verb, &least, &best);
    return best;
}

const char *command_help(const command *c) {
    if (c->help) return c->help;
    const operation *op = operation_get(c->operation);
    return op ? op->help : "";
}

size_t command_fields(const command *c, const field *out[COMMAND_FIELDS_MOST]) {
    const operation *op = operation_get(c->operation);
    size_t count = 0;
    for (size_t i = 0; op && i < op->in->field_count; i++) {
        const field *f = &op->in->fields[i];
        bool is_nested = f->kind == FIELD_SHAPE;
        size_t inner_count = is_nested ? f->nested->field_count : 1;
        for (size_t k = 0; k < inner_count && count < COMMAND_FIELDS_MOST; k++)
            out[count++] = is_nested ? &f->nested->fields[k] : f;
    }
    return count;
}

const field *command_field(const command *c, slice name) {
    const field *fields[COMMAND_FIELDS_MOST];
    size_t count = command_fields(c, fields);
    for (size_t i = 0; i < count; i++)
        if (slice_equals_text(name, fields[i]->name)) return fields[i];
    return NULL;
}

const field *command_saved_field(const command *c) {
    const operation *op = operation_get(c->operation);
    slice name = slice_of_text(c->saved);
    const field *found = op && c->saved ? shape_find(op->out, name) : NULL;
    for (size_t i = 0; op && c->saved && !found && i < op->out->field_count; i++)
        if (op->out->fields[i].kind == FIELD_SHAPE) found = shape_find(op->out->fields[i].nested, name);
    return found;
}

bool command_shows_field(const command *c, const field *f) {
    slice name = slice_of_text(f->name);
    if (strcmp(f->name, "DryRun") == 0) return false; /* --dry-run is every command's */
    return !word_is_in(c->hidden, name) && !word_is_in(c->fixed, name);
}

bool word_next(const char **list, slice *out) {
    const char *at = *list;
    if (!at) return false;
    while (*at == ' ') at++;
    const char *end = at;
    while (*end && *end != ' ') end++;
    *list = end;
    *out = slice_of(at, (size_t)(end - at));
    return out->len > 0;
}

static slice word_name(slice word) {
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] == '=' || word.at[i] == '!') return slice_head(word, i);
    return word;
}

bool word_is_in(const char *list, slice word) {
    slice each;
    while (word_next(&list, &each))
        if (slice_equals(word_name(each), word)) return true;
    return false;
}

/* A new word begins at a capital after a small letter or digit, and at the last capital of a run before a small one. */
void kebab_case(const char *name, char out[KEBAB_BYTES_MOST]) {
    size_t len = 0;
    for (size_t i = 0; name[i] && len + 2 < KEBAB_BYTES_MOST; i++) {
        bool is_upper = isupper((unsigned char)name[i]);
        bool follows_small = i > 0 && !isupper((unsigned char)name[i - 1]);
        bool precedes_small = i > 0 && islower((unsigned char)name[i + 1]);
        if (is_upper && (follows_small || precedes_small)) out[len++] = '-';
        out[len++] = (char)tolower((unsigned char)name[i]);
    }
    out[len] = 0;
}
