/* Which secret an act is about: the one the signed request names, or one of those. */
#include <stdio.h>

#include "contract/secret_filter.h"
#include "crypto/compare.h"
#include "custody/bound.h"
#include "custody/json_values.h"
#include "custody/signed.h"

enum { SUFFIX = 6, LISTED_MOST = 20 };

/* By its name, by acs:kms:…:secret/NAME, or by arn:aws:secretsmanager:…:secret:NAME-SUFFIX. */
static bool names_it(const binding *b, slice said) {
    const key_act *act = b->act;
    slice rest = said, name = rest, part, after;
    while (slice_split(&rest, ':', &part)) name = part;
    if (slice_starts_with(said, SLICE("acs:")) && slice_starts_with(name, SLICE("secret/"))) name = slice_skip(name, 7);
    if (act->text.len == 0 || !bound_is_of_owner(b, said)) return false;
    if (bytes_equal_secret(name, act->text)) return true;
    if (!slice_starts_with(said, SLICE("arn:")) || !slice_starts_with(name, act->text)) return false;
    after = slice_skip(name, act->text.len);
    bool is_suffix = after.len == SUFFIX + 1 && after.at[0] == '-' && act->secret_id.len >= SUFFIX;
    return is_suffix && bytes_equal_secret(slice_skip(after, 1), slice_head(act->secret_id, SUFFIX));
}

static bool is_managed(const key_act *act) { return slice_starts_with(act->text, SLICE(MANAGED_KEY_PREFIX)); }

/* A managed data key, by its name alone. */
status bind_managed(const binding *b, const field *f) {
    ENSURE(is_managed(b->act), NO_PERMISSION);
    slice name = slice_skip(b->act->text, sizeof MANAGED_KEY_PREFIX - 1);
    ENSURE(bytes_equal_secret(signed_find(b->said, f->name), name), NO_PERMISSION);
    return OK;
}

status bind_secret(const binding *b, const field *f) {
    ENSURE(!is_managed(b->act), NO_PERMISSION);
    ENSURE(names_it(b, signed_find(b->said, f->name)), NO_PERMISSION);
    return OK;
}

static bool is_version(slice wanted, const key_act *act) {
    return slice_is_empty(wanted) || bytes_equal_secret(wanted, act->version);
}

status bind_version(const binding *b, const field *f) {
    ENSURE(is_version(signed_find(b->said, f->name), b->act), NO_PERMISSION);
    return OK;
}

/* ---- several at once */

/* ["NAME or ARN", …] */
static status among_names(const binding *b, slice text) {
    slice_list names;
    TRY(signed_json_texts(text, b->scene->memory, &names));
    for (size_t i = 0; i < names.count; i++)
        if (names_it(b, names.at[i])) return OK;
    return FAIL(NO_PERMISSION);
}

/* One of the elements that is an object. */
static status read_object(const json_value *element, arena *memory, pair_list *out) {
    ENSURE(!element->is_text, NO_PERMISSION);
    return signed_json(element->value, memory, out);
}

/* [{"SecretName": …, "VersionId": …}, …] */
static status among_wishes(const binding *b, slice text) {
    json_values wishes;
    pair_list wish;
    TRY(json_values_array(text, b->scene->memory, &wishes));
    ENSURE(wishes.count <= LISTED_MOST, NO_PERMISSION);
    for (size_t i = 0; i < wishes.count; i++) {
        TRY(read_object(&wishes.at[i], b->scene->memory, &wish));
        if (names_it(b, signed_find(&wish, "SecretName")) && is_version(signed_find(&wish, "VersionId"), b->act))
            return OK;
    }
    return FAIL(NO_PERMISSION);
}

/* The same as parameters NAME.1.SecretName and so on. */
static status among_parameters(const binding *b, const char *name) {
    char of_name[64], of_version[64];
    for (int i = 1; i <= LISTED_MOST; i++) {
        snprintf(of_name, sizeof of_name, "%s.%d.SecretName", name, i);
        snprintf(of_version, sizeof of_version, "%s.%d.VersionId", name, i);
        bool is_it = names_it(b, signed_find(b->said, of_name));
        if (is_it && is_version(signed_find(b->said, of_version), b->act)) return OK;
    }
    return FAIL(NO_PERMISSION);
}

static status fits_one(slice values, const binding *b) {
    slice_list list;
    TRY(signed_json_texts(values, b->scene->memory, &list));
    for (size_t i = 0; i < list.count; i++)
        if (secret_filter_fits(list.at[i], b->act->text)) return OK;
    return FAIL(NO_PERMISSION);
}

/* [{"Key": "name", "Values": ["PREFIX", …]}, …]: what filters say of other things than the name, core says. */
static status passes_filters(const binding *b, slice text) {
    json_values filters;
    pair_list filter;
    TRY(json_values_array(text, b->scene->memory, &filters));
    ENSURE(filters.count > 0 && filters.count <= LISTED_MOST && b->act->text.len > 0, NO_PERMISSION);
    for (size_t i = 0; i < filters.count; i++) {
        TRY(read_object(&filters.at[i], b->scene->memory, &filter));
        if (slice_equals_text(signed_find(&filter, "Key"), "name")) TRY(fits_one(signed_find(&filter, "Values"), b));
    }
    return OK;
}

/* Of two fields, a list of names and filters, one is given: the other then says nothing. */
static bool has_other(const binding *b, const field *f) {
    const shape *in = b->operation->in;
    for (size_t i = 0; i < in->field_count; i++) {
        const field *other = &in->fields[i];
        if (other == f || other->binds != BIND_SECRETS) continue;
        if (!slice_is_absent(signed_find(b->said, other->name))) return true;
    }
    return false;
}

status bind_secrets(const binding *b, const field *f) {
    ENSURE(!is_managed(b->act), NO_PERMISSION);
    slice text = signed_find(b->said, f->name);
    if (f->kind == FIELD_TEXTS) return slice_is_absent(text) && has_other(b, f) ? OK : among_names(b, text);
    if (f->nested == &manager_filter_shape)
        return slice_is_absent(text) && has_other(b, f) ? OK : passes_filters(b, text);
    return slice_is_absent(text) ? among_parameters(b, f->name) : among_wishes(b, text);
}
