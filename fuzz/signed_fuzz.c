/* What was signed, as the vault reads it. Its own small JSON reader must see what the gateway's sees: whatever that one
 * takes for an object, this one takes too, with the same texts. */
#include <stdlib.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/start.h"
#include "custody/said.h"
#include "custody/signed.h"
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMBERS_COMPARED = 1000 };

static void compare_texts(slice text) {
    OWNED(arena) memory = {.limit = 64 << 20};
    const json *parsed;
    slice_list said;
    status ours = signed_json_texts(text, &memory, &said);
    if (FAILED(json_parse(text, &memory, &parsed, NULL)) || !json_is_array(parsed)) return;
    if (parsed->count > MEMBERS_COMPARED) return;
    size_t texts = 0;
    for (const json *each = json_first(parsed); each; each = each->next) {
        bool is_same =
            json_is_text(each) && !FAILED(ours) && texts < said.count && slice_equals(said.at[texts], each->text);
        texts += json_is_text(each);
        if (!FAILED(ours) && !is_same) abort();
    }
    if (FAILED(ours) == (texts == parsed->count)) abort();
}

static bool has(const pair_list *said, slice name, slice value) {
    for (size_t i = 0; i < said->count; i++)
        if (slice_equals(said->at[i].key, name)) return slice_equals(said->at[i].value, value);
    return false;
}

static void compare(slice text) {
    OWNED(arena) memory = {.limit = 64 << 20};
    const json *parsed;
    pair_list said;
    status ours = signed_json(text, &memory, &said);
    if (FAILED(json_parse(text, &memory, &parsed, NULL)) || !json_is_object(parsed)) return;
    if (parsed->count > MEMBERS_COMPARED) return;
    if (FAILED(ours)) abort();
    size_t nulls = 0;
    for (const json *each = json_first(parsed); each; each = each->next) {
        slice value;
        nulls += each->kind == JSON_NULL;
        if (json_get_text(each, &value) && !has(&said, each->name, value)) abort();
    }
    if (said.count + nulls != parsed->count) abort();
}

/* What core is told of a body is an object without what is secret, whatever stands in it. */
static void show(slice body) {
    OWNED(arena) memory = {.limit = 64 << 20};
    const asked change = {.operation = OPERATION_MANAGER_CREATE_SECRET, .is_aws = true};
    const proof p = {.scheme = SCHEME_AWS_V4, .scope_service = SLICE("secretsmanager"), .body = body};
    uint8_t hash[HASH_SHA256_BYTES];
    OWNED(buffer) text = {0};
    const json *parsed;
    used_message told = {0};
    if (FAILED(hash_once(HASH_SHA256, body, hash)) || FAILED(buffer_append_text(&text, "POST\n/\n\nhost:h\n\nhost\n")))
        return;
    if (FAILED(hex_encode(&text, slice_of(hash, sizeof hash)))) return;
    if (FAILED(said_show(&change, &p, buffer_slice(&text), &memory, &told)) || slice_is_empty(told.said_json)) return;
    bool is_object = !FAILED(json_parse(told.said_json, &memory, &parsed, NULL)) && json_is_object(parsed);
    if (FAILED(json_parse(body, &memory, &parsed, NULL)))
        return; /* the vault's reader takes numbers and the like as they stand */
    if (!is_object || slice_find(told.said_json, SLICE("\"SecretString\":")) == 1) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(arena) memory = {0};
    pair_list said, map;
    slice_list list;
    slice text = slice_of(data, size);
    if (FAILED(crypto_start())) abort(); /* does nothing from the second time on */
    compare(text);
    compare_texts(text);
    show(text);
    for (int scheme = 0; scheme <= SCHEME_OSS_V4 + 1; scheme++) {
        proof p = {.scheme = scheme};
        if (FAILED(signed_read(&p, text, &memory, &said))) continue;
        if (!FAILED(signed_map(&said, "EncryptionContext", &memory, &map)) && map.count && map.at == NULL) abort();
        if (!FAILED(signed_texts(&said, "SubjectAlternativeNames", &memory, &list)) && list.count && list.at == NULL)
            abort();
    }
    return 0;
}
