/* Signed texts and bodies as parameters. */
#include "custody/signed.h"

#include "base/text.h"
#include "crypto/hash.h"
#include "custody/asked_read.h"

enum { PAIRS_MOST = 1000, HEX_SHA256_BYTES = 2 * HASH_SHA256_BYTES };

static status decode(slice encoded, bool is_form, arena *memory, slice *out) {
    status decoding = percent_decode(encoded, is_form, memory, out);
    return FAILED_WITH(decoding, MALFORMED) ? FAIL(NO_PERMISSION) : decoding;
}

static bool is_there(const pair_list *list, slice key) {
    for (size_t i = 0; i < list->count; i++)
        if (slice_equals(list->at[i].key, key)) return true;
    return false;
}

static size_t pieces(slice text) {
    size_t count = 0;
    slice one;
    while (slice_split(&text, '&', &one)) count++;
    return count;
}

/* NAME=VALUE&… behind what is in the list already, which has room. */
static status add_pairs(slice text, bool is_form, arena *memory, pair_list *list) {
    slice one;
    while (slice_split(&text, '&', &one)) {
        if (one.len == 0) continue;
        size_t split = slice_find_byte(one, '=');
        pair *added = &list->at[list->count];
        TRY(decode(slice_head(one, split), is_form, memory, &added->key));
        TRY(decode(split == SIZE_MAX ? SLICE("") : slice_skip(one, split + 1), is_form, memory, &added->value));
        ENSURE(!is_there(list, added->key), NO_PERMISSION);
        list->count++;
    }
    return OK;
}

static status room_for(slice one, slice other, arena *memory, pair_list *out) {
    size_t count = pieces(one) + pieces(other);
    ENSURE(count <= PAIRS_MOST, NO_PERMISSION);
    *out = (pair_list){.at = ARENA_ARRAY(memory, pair, count)};
    ENSURE(out->at != NULL, OUT_OF_MEMORY);
    return OK;
}

/* METHOD & %2F & parameters, encoded once more as a whole. */
static status read_rpc(slice text, arena *memory, pair_list *out) {
    slice method, path, parameters;
    ENSURE(slice_split(&text, '&', &method) && slice_split(&text, '&', &path), NO_PERMISSION);
    TRY(decode(text, false, memory, &parameters));
    TRY(room_for(parameters, SLICE(""), memory, out));
    return add_pairs(parameters, false, memory, out);
}

/* A request as version 3 signs it. */
typedef struct canonical {
    slice query;
    slice content_type;
    slice body_hash;
} canonical;

/* METHOD \n path \n query \n headers, each with its \n \n names of headers \n hash of the body. */
static status read_canonical(slice text, canonical *out) {
    static const slice TYPE = {(const uint8_t *)"content-type:", 13};
    slice method, path, line, names;
    *out = (canonical){0};
    ENSURE(slice_split(&text, '\n', &method) && slice_split(&text, '\n', &path), NO_PERMISSION);
    ENSURE(slice_split(&text, '\n', &out->query), NO_PERMISSION);
    for (;;) {
        ENSURE(slice_split(&text, '\n', &line), NO_PERMISSION);
        if (line.len == 0) break;
        if (slice_starts_with(line, TYPE)) out->content_type = slice_skip(line, TYPE.len);
    }
    ENSURE(slice_split(&text, '\n', &names) && slice_split(&text, '\n', &out->body_hash), NO_PERMISSION);
    ENSURE(slice_is_absent(text), NO_PERMISSION);
    return OK;
}

status signed_check_body(slice body, slice wanted) {
    uint8_t hash[HASH_SHA256_BYTES], found[HASH_SHA256_BYTES];
    OWNED(arena) memory = {0};
    slice decoded;
    ENSURE(wanted.len == HEX_SHA256_BYTES && !FAILED(hex_decode(wanted, &memory, &decoded)), NO_PERMISSION);
    memcpy(found, decoded.at, sizeof found);
    TRY(hash_once(HASH_SHA256, body, hash));
    ENSURE(slice_equals(slice_of(hash, sizeof hash), slice_of(found, sizeof found)), NO_PERMISSION);
    return OK;
}

/* Only a form holds parameters on this wire; what else a body may be is not read by anybody. */
static status read_acs3(const proof *p, slice text, arena *memory, pair_list *out) {
    static const slice FORM = {(const uint8_t *)"application/x-www-form-urlencoded", 33};
    canonical read;
    TRY(read_canonical(text, &read));
    TRY(signed_check_body(p->body, read.body_hash));
    slice type = slice_trim(slice_head(read.content_type, slice_find_byte(read.content_type, ';')));
    slice form = slice_equals_ignoring_case(type, FORM) ? p->body : SLICE("");
    TRY(room_for(read.query, form, memory, out));
    TRY(add_pairs(read.query, false, memory, out));
    return add_pairs(form, true, memory, out);
}

/* In JSON; or, for the services of the query protocol, in a form, which stands in the query or in the body (asked_aws.c). */
static status read_aws(const proof *p, slice text, arena *memory, pair_list *out) {
    canonical read;
    TRY(read_canonical(text, &read));
    TRY(signed_check_body(p->body, read.body_hash));
    if (!asked_is_form(p)) return signed_json(p->body, memory, out);
    TRY(room_for(read.query, p->body, memory, out));
    TRY(add_pairs(read.query, false, memory, out));
    return add_pairs(p->body, true, memory, out);
}

status signed_read(const proof *p, slice text, arena *memory, pair_list *out) {
    switch (p->scheme) {
    case SCHEME_ALIBABA_V1: return read_rpc(text, memory, out);
    case SCHEME_ALIBABA_V3: return read_acs3(p, text, memory, out);
    case SCHEME_AWS_V4: return read_aws(p, text, memory, out);
    default: return FAIL(NO_PERMISSION);
    }
}

slice signed_find(const pair_list *said, const char *name) {
    for (size_t i = 0; i < said->count; i++)
        if (slice_equals_text(said->at[i].key, name)) return said->at[i].value.len ? said->at[i].value : (slice){0};
    return (slice){0};
}

/* What follows "NAME." in a pair's key; absent when it is another name. */
static slice key_below(slice key, slice name) {
    bool is_below = key.len > name.len + 1 && slice_starts_with(key, name) && key.at[name.len] == '.';
    return is_below ? slice_skip(key, name.len + 1) : (slice){0};
}

status signed_map(const pair_list *said, const char *name, arena *memory, pair_list *out) {
    slice whole = signed_find(said, name);
    pair_list map = {.at = ARENA_ARRAY(memory, pair, said->count + 1)};
    ENSURE(map.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < said->count; i++) {
        slice key = key_below(said->at[i].key, slice_of_text(name));
        if (!slice_is_absent(key)) map.at[map.count++] = (pair){key, said->at[i].value};
    }
    ENSURE(slice_is_absent(whole) || map.count == 0, NO_PERMISSION);
    if (!slice_is_absent(whole)) return signed_json(whole, memory, out);
    *out = map;
    return OK;
}

static status numbered(const pair_list *said, slice name, arena *memory, slice_list *out) {
    slice_list made = {.at = ARENA_ARRAY(memory, slice, said->count + 1)};
    ENSURE(made.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < said->count; i++) made.count += !slice_is_absent(key_below(said->at[i].key, name));
    for (size_t i = 0; i < said->count; i++) {
        slice place = key_below(said->at[i].key, name);
        uint64_t number;
        if (slice_is_absent(place)) continue;
        ENSURE(slice_to_u64(place, &number) && number >= 1 && number <= made.count, NO_PERMISSION);
        made.at[number - 1] = said->at[i].value;
    }
    for (size_t i = 0; i < made.count; i++) ENSURE(!slice_is_absent(made.at[i]), NO_PERMISSION);
    *out = made;
    return OK;
}

status signed_texts(const pair_list *said, const char *name, arena *memory, slice_list *out) {
    slice whole = signed_find(said, name);
    slice_list list;
    TRY(numbered(said, slice_of_text(name), memory, &list));
    ENSURE(slice_is_absent(whole) || list.count == 0, NO_PERMISSION);
    if (!slice_is_absent(whole)) return signed_json_texts(whole, memory, out);
    *out = list;
    return OK;
}
