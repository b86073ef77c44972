/* AWS Secrets Manager: secrets listed, filtered, in the order that is asked for. */
#include "contract/secret_filter.h"
#include "service/secrets/manager.h"

enum { PAGE_STANDARD = 100 };

/* ---- filters */

static bool fits_one(const manager_filter *f, slice text) {
    for (size_t i = 0; i < f->values.count; i++)
        if (secret_filter_fits(f->values.at[i], text)) return true;
    return false;
}

/* The same whatever the case of letters. */
static bool fits_anyhow(const manager_filter *f, slice text) {
    for (size_t i = 0; i < f->values.count; i++) {
        slice value = f->values.at[i];
        bool is_negated = slice_starts_with(value, SLICE("!"));
        if (is_negated) value = slice_skip(value, 1);
        if (slice_equals_ignoring_case(slice_head(text, value.len), value) != is_negated) return true;
    }
    return false;
}

typedef bool fits(const manager_filter *f, slice text);

static bool tags_fit(const manager_filter *f, const secret_record *of, bool by_key, fits *how) {
    for (size_t i = 0; i < of->tags.count; i++)
        if (how(f, by_key ? of->tags.at[i].tag_key : of->tags.at[i].tag_value)) return true;
    return false;
}

static bool passes(const manager_filter *f, const secret_record *of) {
    if (slice_equals_text(f->key, "name")) return fits_one(f, of->secret_name);
    if (slice_equals_text(f->key, "description")) return fits_anyhow(f, of->description);
    if (slice_equals_text(f->key, "tag-key")) return tags_fit(f, of, true, fits_one);
    if (slice_equals_text(f->key, "tag-value")) return tags_fit(f, of, false, fits_one);
    if (!slice_equals_text(f->key, "all")) return fits_one(f, SLICE("")); /* no secret is a replica, or a service's */
    return fits_anyhow(f, of->secret_name) || fits_anyhow(f, of->description) || tags_fit(f, of, true, fits_anyhow) ||
           tags_fit(f, of, false, fits_anyhow);
}

bool manager_passes(const manager_filter *filters, size_t count, const secret_record *of) {
    for (size_t i = 0; i < count; i++)
        if (!passes(&filters[i], of)) return false;
    return true;
}

status manager_check_filters(call *c, const manager_filter *filters, size_t count) {
    static const char *const KNOWN[] = {"name",           "description",    "tag-key", "tag-value",
                                        "primary-region", "owning-service", "all"};
    for (size_t i = 0; i < count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < sizeof KNOWN / sizeof *KNOWN; k++)
            is_known = is_known || slice_equals_text(filters[i].key, KNOWN[k]);
        if (!is_known)
            return call_refuse(
                c, FAIL(INVALID_PARAMETER),
                "Filters: name, description, tag-key, tag-value, primary-region, owning-service or all.");
        if (filters[i].values.count == 0) return call_refuse(c, FAIL(INVALID_PARAMETER), "Filters: Values.");
    }
    return OK;
}

/* ---- ListSecrets: a page is the first entries behind the token in the order asked for, by name unless said otherwise; the token is
 * where the page before ended */

/* Where a secret stands in that order. */
typedef struct standing {
    int64_t at_s; /* 0 in the order of names */
    size_t name_bytes;
    char name[SECRET_NAME_MOST];
} standing;

typedef struct listing {
    const manager_list_secrets_in *in;
    int by;
    bool is_descending;
    bool has_token;
    standing token;
    standing **first; /* in order, one more than the page holds */
    size_t count, room;
} listing;

static int compare(const listing *l, const standing *a, const standing *b) {
    int order = slice_compare(slice_of(a->name, a->name_bytes), slice_of(b->name, b->name_bytes));
    if (a->at_s != b->at_s) order = a->at_s < b->at_s ? -1 : 1;
    return l->is_descending ? -order : order;
}

static bool name_it(slice name, standing *out) {
    if (name.len == 0 || name.len > sizeof out->name) return false;
    memcpy(out->name, name.at, name.len);
    out->name_bytes = name.len;
    return true;
}

static int64_t time_of(const listing *l, const secret_record *of) {
    if (l->by == SORT_BY_CREATED_DATE) return of->created_at.value;
    return l->by == SORT_BY_LAST_CHANGED_DATE ? of->updated_at.value : 0;
}

/* NAME, or SECONDS/NAME. */
static status read_token(call *c, listing *l) {
    slice rest = l->in->next_token, time;
    l->has_token = !slice_is_absent(rest);
    if (!l->has_token) return OK;
    bool is_one = l->by == SORT_BY_NAME || (slice_split(&rest, '/', &time) && slice_to_i64(time, &l->token.at_s));
    if (is_one && !slice_is_absent(rest) && name_it(rest, &l->token)) return OK;
    return call_refuse(c, FAIL(NEXT_TOKEN), "NextToken");
}

static status write_token(call *c, const listing *l, slice *out) {
    const standing *last = l->first[l->room - 1];
    slice name = slice_of(last->name, last->name_bytes);
    if (l->by == SORT_BY_NAME) return arena_copy(&c->memory, name, out);
    return arena_printf(&c->memory, out, "%lld/%.*s", (long long)last->at_s, SLICE_ARGS(name));
}

/* Into its place among those found; what does not fit any more falls off the end. */
static void put(listing *l, const standing *found) {
    size_t at = l->count;
    standing *slot = l->first[l->count < l->room ? l->count : l->room];
    if (l->count > l->room && compare(l, found, slot) >= 0) return;
    if (l->count <= l->room) l->count++;
    else at = l->room;
    *slot = *found;
    for (; at > 0 && compare(l, slot, l->first[at - 1]) < 0; at--) l->first[at] = l->first[at - 1];
    l->first[at] = slot;
}

static status visit(call *c, const store_row *row, void *context) {
    listing *l = context;
    OWNED(arena) memory = {0};
    secret_record of;
    standing found;
    ENSURE(!FAILED(shape_unpack(&secret_record_shape, row->value, &memory, &of)), CORRUPT);
    bool is_gone = of.delete_at.is_set && of.delete_at.value <= c->now_s;
    if (!secret_name_is_valid(of.secret_name)) return OK; /* a managed data key */
    if (is_gone || (of.delete_at.is_set && !l->in->include_planned_deletion.value)) return OK;
    ENSURE(name_it(of.secret_name, &found), CORRUPT);
    found.at_s = time_of(l, &of);
    if (l->has_token && compare(l, &found, &l->token) <= 0) return OK;
    if (manager_passes(l->in->filters.at, l->in->filters.count, &of)) put(l, &found);
    return OK;
}

static status show_entry(call *c, const standing *which, manager_entry *out) {
    secret_shelf shelf = call_secrets(c);
    secret_record of;
    TRY(secret_load_remains(&shelf, slice_of(which->name, which->name_bytes), &c->memory, &of, NULL));
    *out =
        (manager_entry){.name = of.secret_name, .description = of.description, .rotation_enabled = of.rotation_enabled};
    TRY(manager_arn(c, &of, &out->arn));
    TRY(manager_key_arn(c, of.encryption_key_id, &out->kms_key_id));
    TRY(manager_rules(c, &of, &out->rotation_rules));
    TRY(manager_stages_json(c, &of, &out->secret_versions_to_stages));
    TRY(manager_tags_out(c, &of, &out->tags.at));
    out->tags.count = of.tags.count;
    out->last_rotated_date = of.rotated_at;
    out->last_changed_date = of.updated_at;
    out->deleted_date = of.delete_at;
    out->next_rotation_date = secret_next_rotation(&of);
    out->created_date = of.created_at;
    return OK;
}

/* The other cloud says: with SortOrder alone, by CreatedDate. */
static int order_of(const manager_list_secrets_in *in) {
    if (in->sort_by) return in->sort_by;
    return in->sort_order ? SORT_BY_CREATED_DATE : SORT_BY_NAME;
}

static status make_room(call *c, listing *l) {
    l->room = l->in->max_results.is_set ? (size_t)l->in->max_results.value : PAGE_STANDARD;
    l->first = ARENA_ARRAY(&c->memory, standing *, l->room + 1);
    standing *slots = ARENA_ARRAY(&c->memory, standing, l->room + 1);
    ENSURE(l->first != NULL && slots != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i <= l->room; i++) l->first[i] = &slots[i];
    return OK;
}

status manager_list_secrets_prepare(call *c, const manager_list_secrets_in *in, manager_list_secrets_out *out) {
    secret_shelf shelf = call_secrets(c);
    listing l = {.in = in, .by = order_of(in), .is_descending = in->sort_order == SORT_ORDER_DESC};
    slice prefix;
    TRY(manager_check_filters(c, in->filters.at, in->filters.count));
    TRY(read_token(c, &l));
    TRY(make_room(c, &l));
    TRY(secret_prefix(&shelf, &c->memory, &prefix));
    TRY(records_walk(c, prefix, visit, &l));
    out->secret_list.count = l.count > l.room ? l.room : l.count;
    out->secret_list.at = ARENA_ARRAY(&c->memory, manager_entry, out->secret_list.count + 1);
    ENSURE(out->secret_list.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < out->secret_list.count; i++) TRY(show_entry(c, l.first[i], &out->secret_list.at[i]));
    return l.count > l.room ? write_token(c, &l, &out->next_token) : OK;
}
