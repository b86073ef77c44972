/* Events of any texts, and entries of any bytes: each event is JSON within its limit, is found by each of its values, and what
 * else lies in the tree never makes a look-up fail. The input's lines fill the event; the whole of it is also an entry. */
#include <stdlib.h>

#include "base/text.h"
#include "crypto/start.h"
#include "format/json.h"
#include "trail/event.h"
#include "trail/lookup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MOST = 16 << 20, RESOURCES = 3, TIME_S = 1716186861 };

typedef struct scene {
    event e;
    event_resource resources[RESOURCES];
    event_use use;
} scene;

static void must(status result) {
    if (FAILED(result)) abort();
}

static slice next_line(slice *rest) {
    slice line = {0};
    slice_split(rest, '\n', &line);
    return line;
}

/* The masked parameters are JSON objects by contract. */
static slice json_or_absent(slice text, arena *memory) {
    OWNED(buffer) nested = {0};
    const json *value;
    must(buffer_printf(&nested, "{\"a\":"));
    must(buffer_append(&nested, text));
    must(buffer_append_byte(&nested, '}'));
    bool is_fine = !FAILED(json_parse(text, memory, &value, NULL)) && json_is_object(value) &&
                   !FAILED(json_parse(buffer_slice(&nested), memory, &value, NULL));
    return is_fine ? text : (slice){0};
}

static void fill(slice rest, arena *memory, scene *s) {
    static const char *const types[RESOURCES] = {"ACS::KMS::Key", "ACS::OSS::Bucket", "ACS::KMS::Key"};
    slice *const texts[] = {&s->e.event_name,
                            &s->e.identity.user_name,
                            &s->resources[0].name,
                            &s->e.service_name,
                            &s->e.event_rw,
                            &s->e.event_type,
                            &s->e.source_ip,
                            &s->e.request_id,
                            &s->e.user_agent,
                            &s->e.error_code,
                            &s->e.error_message,
                            &s->e.region,
                            &s->e.identity.access_key_id,
                            &s->resources[1].name,
                            &s->resources[2].name,
                            &s->use.key_id,
                            &s->use.operation};
    s->e = (event){.event_id = SLICE("6f0f0000-0000-4000-8000-000000000001"), .time_s = TIME_S};
    slice parameters = next_line(&rest), answer = next_line(&rest);
    s->e.request_parameters = json_or_absent(parameters, memory);
    s->e.response_elements = json_or_absent(answer, memory);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = next_line(&rest);
    for (size_t i = 0; i < RESOURCES; i++) s->resources[i].type = slice_of_text(types[i]);
    s->e.resources = s->resources;
    while (s->e.resource_count < RESOURCES && !slice_is_absent(s->resources[s->e.resource_count].name))
        s->e.resource_count++;
}

static void must_find(const tree *t, enum lookup_key key, slice value, uint64_t index) {
    OWNED(arena) memory = {.limit = MEMORY_MOST};
    lookup_event found;
    if (slice_is_absent(value)) return;
    must(lookup_find(t, key, value, 0, &memory, &found));
    if (found.index != index) abort();
}

/* By what is written as it was given: not bytes that JSON cannot say, and not what was cut. */
static void check_findable(const tree *t, const scene *s, uint64_t index) {
    const struct {
        enum lookup_key key;
        slice value;
    } values[] = {{LOOKUP_EVENT_ID, s->e.event_id},
                  {LOOKUP_EVENT_NAME, s->e.event_name},
                  {LOOKUP_USER_NAME, s->e.identity.user_name},
                  {LOOKUP_SERVICE_NAME, s->e.service_name},
                  {LOOKUP_EVENT_RW, s->e.event_rw},
                  {LOOKUP_ACCESS_KEY_ID, s->e.identity.access_key_id},
                  {LOOKUP_SOURCE_IP, s->e.source_ip},
                  {LOOKUP_REQUEST_ID, s->e.request_id}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        slice value = values[i].value;
        if (value.len <= 256 && utf8_is_valid(value) && !slice_contains_byte(value, 0))
            must_find(t, values[i].key, value, index);
    }
    for (size_t i = 0; i < s->e.resource_count; i++) {
        slice name = s->resources[i].name;
        if (name.len > 256 || !utf8_is_valid(name) || slice_contains_byte(name, 0)) continue;
        if (slice_contains_byte(name, ',') || slice_contains_byte(name, ';')) continue;
        must_find(t, LOOKUP_RESOURCE_NAME, name, index);
        must_find(t, LOOKUP_RESOURCE_TYPE, s->resources[i].type, index);
    }
}

static void must_be_event(slice text, size_t most) {
    OWNED(arena) memory = {.limit = MEMORY_MOST};
    const json *value;
    if (text.len > most) abort();
    must(json_parse(text, &memory, &value, NULL));
    if (!json_is_object(value)) abort();
}

/* Everything, then everything within a time, then by a value. */
static void check_lookups(const tree *t, slice value) {
    for (int round = 0; round <= LOOKUP_KEYS + 1; round++) {
        OWNED(arena) memory = {.limit = MEMORY_MOST};
        lookup_query query = {.from_s = INT64_MIN, .to_s = INT64_MAX, .limit = 10, .is_forward = round % 2 == 0};
        lookup_result result;
        if (round == 0) query.from_s = TIME_S - 1, query.to_s = TIME_S + 1;
        if (round > 1) query.value[round - 2] = value;
        must(lookup_events(t, &query, &memory, &result));
        if (result.count > t->edge.size) abort();
    }
}

static void run(slice input, arena *memory, tree *t) {
    OWNED(buffer) text = {0};
    OWNED(buffer) with_uses = {0};
    scene s = {0};
    uint64_t index;
    status_ignore(tree_add(t, input, &index));
    fill(input, memory, &s);
    must(event_write(&s.e, &text));
    must_be_event(buffer_slice(&text), EVENT_BYTES_MOST);
    status witnessed = event_append_uses(buffer_slice(&text), &s.use, 1, &with_uses);
    bool is_too_long = s.use.key_id.len > EVENT_USE_TEXT_BYTES_MOST || s.use.operation.len > EVENT_USE_TEXT_BYTES_MOST;
    if (FAILED(witnessed) != is_too_long) abort();
    if (FAILED(witnessed)) must(buffer_append(&with_uses, buffer_slice(&text)));
    must_be_event(buffer_slice(&with_uses), TILE_ENTRY_BYTES_MOST);
    must(tree_add(t, buffer_slice(&with_uses), &index));
    check_findable(t, &s, index);
    check_lookups(t, slice_head(input, 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(arena) memory = {.limit = MEMORY_MOST};
    tree t = {.place.dir_fd = -1}; /* nothing of it is ever written */
    must(crypto_start());          /* does nothing from the second time on */
    run(slice_of(data, size), &memory, &t);
    tree_clear(&t);
    return 0;
}
