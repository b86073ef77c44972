/* Making, reading and checking tokens of grants. */
#include "service/kms/grant_token.h"

#include "access/grant.h"
#include "base/text.h"
#include "contract/key_id.h"

status grant_token_make(call *c, const grant_record *g, slice *out) {
    slice text;
    OWNED(buffer) encoded = {0};
    TRY(arena_printf(&c->memory, &text, "%.*s/%.*s", SLICE_ARGS(g->key_id), SLICE_ARGS(g->grant_id)));
    TRY(base64_encode(&encoded, text));
    return arena_copy(&c->memory, buffer_slice(&encoded), out);
}

status grant_token_read(call *c, slice token, slice *key_id, slice *grant_id) {
    slice text, id, region;
    status decoding = base64_decode(token, &c->memory, &text);
    ENSURE(!FAILED_WITH(decoding, OUT_OF_MEMORY), OUT_OF_MEMORY);
    ENSURE(!FAILED(decoding) && slice_split(&text, '/', &id) && grant_id_is_valid(text), GRANT_TOKEN);
    key_id_split(id, key_id, &region);
    ENSURE(slice_is_absent(region) || slice_equals(region, call_region(c)), GRANT_TOKEN);
    *grant_id = text;
    return OK;
}

status grant_load(call *c, slice key_id, slice grant_id, grant_record *out) {
    slice path;
    grant_record named = {.account_id = c->who.account_id, .grant_id = grant_id};
    TRY(key_id_in_region(key_id, call_region(c), &c->memory, &named.key_id));
    TRY(grant_path(&named, &c->memory, &path));
    status loaded = call_load(c, path, &grant_record_shape, out, NULL);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(GRANT_NOT_FOUND) : loaded;
}

/* It may be of another key of the request's, which has two of them, or of none: then it gives nothing, and does no harm. */
static status check_token(call *c, slice token) {
    slice key_id, grant_id;
    grant_record g;
    key_record key;
    key_shelf shelf = call_keys(c);
    TRY(grant_token_read(c, token, &key_id, &grant_id));
    status found = key_load(&shelf, key_id, &c->memory, &key, NULL);
    if (!FAILED(found)) found = grant_load(c, key_id, grant_id, &g);
    bool is_none = FAILED_WITH(found, KEY_NOT_FOUND) || FAILED_WITH(found, GRANT_NOT_FOUND);
    return is_none ? FAIL(GRANT_TOKEN) : found;
}

status grant_tokens_check(call *c) {
    const field *f = shape_find(c->operation->in, SLICE("GrantTokens"));
    if (!f || !c->in) return OK;
    const slice_list *tokens = field_at(f, c->in);
    for (size_t i = 0; i < tokens->count; i++) TRY(check_token(c, tokens->at[i]));
    return OK;
}
