/* What handlers do to a call. */
#include "service/call.h"

#include <stdarg.h>
#include <stdio.h>

status call_refuse(call *c, status failure, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    c->diagnosis = (slice){0}; /* of a former refusal */
    if (length > 0) status_ignore(arena_copy(&c->memory, slice_of_text(text), &c->detail));
    return failure;
}

/* Room for one element more in a list that lives in the arena. */
static status make_room(call *c, void **at, size_t count, size_t *room, size_t size) {
    if (count < *room) return OK;
    size_t wanted = *room ? *room * 2 : 4;
    void *grown = arena_take_array(&c->memory, wanted, size);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    if (count) memcpy(grown, *at, count * size);
    *at = grown;
    *room = wanted;
    return OK;
}

void call_forget_steps(call *c) {
    c->act_count = c->change_count = c->doomed_count = c->condition_count = 0;
    c->affected_count = c->owner_count = 0;
    c->resource = c->told = c->approval = c->approved_by = c->break_glass = (slice){0};
    c->shown = NULL;
    c->owner = NULL;
    c->bucket = NULL;
    c->role = NULL;
    c->is_granted = false;
    if (c->out) memset(c->out, 0, c->operation->out->struct_bytes);
}

status call_ask_vault(call *c, const key_act *act) {
    ENSURE(c->act_count < CALL_ACTS_MOST, INTERNAL);
    TRY(make_room(c, (void **)&c->acts, c->act_count, &c->act_room, sizeof *c->acts));
    key_act *asked = &c->acts[c->act_count++];
    *asked = *act;
    if (!c->owner) return OK;
    asked->owner_id = c->owner->account.account_id;
    asked->owner = c->owner->account.sealed_account;
    asked->sharing = c->owner->sharing;
    return OK;
}

status call_load(call *c, slice key, const shape *record, void *out, uint64_t *revision) {
    slice packed;
    uint64_t found;
    TRY(store_get(c->house->store, key, &c->memory, &packed, &found));
    ENSURE(!FAILED(shape_unpack(record, packed, &c->memory, out)), CORRUPT);
    if (revision) *revision = found;
    return OK;
}

status call_change(call *c, slice key, const shape *record, const void *value, uint64_t expected) {
    TRY(make_room(c, (void **)&c->changes, c->change_count, &c->change_room, sizeof *c->changes));
    store_change change = {.key = key, .expected = expected};
    if (value) {
        OWNED(buffer) packed = {0};
        TRY(shape_pack(record, value, &packed));
        TRY(arena_copy(&c->memory, buffer_slice(&packed), &change.value));
    }
    c->changes[c->change_count++] = change;
    return OK;
}

status call_change_raw(call *c, const store_change *change) {
    TRY(make_room(c, (void **)&c->changes, c->change_count, &c->change_room, sizeof *c->changes));
    c->changes[c->change_count++] = *change;
    return OK;
}

slice call_input_text(const call *c, const char *name) {
    const field *f = c->operation && c->in ? shape_find(c->operation->in, slice_of_text(name)) : NULL;
    if (!f || f->kind != FIELD_TEXT) return (slice){0};
    return *(const slice *)field_at(f, c->in);
}

status call_condition_list(call *c, slice name, const slice *values, size_t count) {
    TRY(make_room(c, (void **)&c->conditions, c->condition_count, &c->condition_room, sizeof *c->conditions));
    slice *held = ARENA_ARRAY(&c->memory, slice, count);
    ENSURE(held != NULL, OUT_OF_MEMORY);
    if (count) memcpy(held, values, count * sizeof *held);
    c->conditions[c->condition_count++] = (condition_value){name, held, count};
    return OK;
}

status call_condition(call *c, slice name, slice value) { return call_condition_list(c, name, &value, 1); }

status call_doom(call *c, slice blob_id) {
    ENSURE(blob_id.len == BLOB_ID_BYTES, CORRUPT);
    TRY(make_room(c, (void **)&c->doomed, c->doomed_count, &c->doomed_room, sizeof *c->doomed));
    c->doomed[c->doomed_count++] = blob_id;
    return OK;
}

bool call_speaks_aws(const call *c) { return c->proof && c->proof->scheme == SCHEME_AWS_V4; }

slice call_region(const call *c) {
    if (!slice_is_absent(c->region)) return c->region;
    return call_speaks_aws(c) ? c->proof->scope_region : c->house->region;
}

bool call_offers_region(const call *c, slice region) {
    slice rest = c->house->regions, each;
    if (slice_is_empty(rest) || slice_equals(region, c->house->region)) return true;
    while (slice_split(&rest, ',', &each))
        if (slice_equals(each, region)) return true;
    return false;
}

key_shelf call_keys(const call *c) { return (key_shelf){c->house->store, call_account(c), call_region(c), c->now_s}; }

secret_shelf call_secrets(const call *c) {
    return (secret_shelf){c->house->store, call_account(c), call_region(c), c->now_s};
}

arn_home call_home(const call *c) { return (arn_home){call_region(c), call_account(c)}; }
