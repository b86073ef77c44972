/* Look-ups: filters, order, time range, paging with a bounded scan. */
#include "trail/lookup.h"

#include "trail/event.h"
#include "trail/trail_test.h"

enum { EVENTS = 1000, BEGIN_S = 1716186861, STEP_S = 60 };

static const char *const names[] = {"Encrypt", "Decrypt", "GetObject"};
static const char *const users[] = {"alice", "bob \"x\"\xc3\xa9", "root", "carol", "dave"};

static void add_event(tree *t, unsigned number) {
    OWNED(buffer) out = {0};
    char id[40];
    char key[40];
    uint64_t index;
    snprintf(id, sizeof id, "event-%u-", number);
    snprintf(key, sizeof key, "key-%u", number % 10);
    event_resource resources[] = {{SLICE("ACS::KMS::Key"), slice_of_text(key)},
                                  {SLICE("ACS::KMS::Key"), SLICE("key-x")}};
    event e = {.event_id = slice_of_text(id),
               .event_name = slice_of_text(names[number % 3]),
               .request_id = slice_of_text(id),
               .time_s = BEGIN_S + (int64_t)number * STEP_S,
               .identity.user_name = slice_of_text(users[number % 5]),
               .user_agent = SLICE("Encrypt Decrypt GetObject alice key-1"), /* what a cheap search alone would take */
               .resources = resources,
               .resource_count = 2};
    assert_ok(event_write(&e, &out));
    assert_ok(tree_add(t, buffer_slice(&out), &index));
}

typedef struct setting {
    test_folder folder;
    tree t;
} setting;

/* Most of it on disk, the rest in memory; the last entry is no JSON. */
static setting make_setting(void) {
    setting s = {.folder = test_folder_make()};
    tree_signing signing = test_signing("keyhold/test/1", 1);
    uint64_t index;
    assert_ok(tree_open(s.folder.fd, SLICE("1"), NULL, &s.t));
    for (unsigned i = 0; i < EVENTS; i++) {
        add_event(&s.t, i);
        if (i == 700) test_flush(&s.t, &signing);
    }
    assert_ok(tree_add(&s.t, SLICE("no JSON Encrypt"), &index));
    signer_free(signing.with);
    return s;
}

static void drop_setting(setting *s) {
    tree_clear(&s->t);
    test_folder_remove(&s->folder);
}

static lookup_query everything(void) { return (lookup_query){.from_s = 0, .to_s = INT64_MAX, .limit = 50}; }

/* Pages through and counts; every event must satisfy number % modulus == remainder and come in order. */
static unsigned count_all(const tree *t, lookup_query query, unsigned modulus, unsigned remainder) {
    unsigned count = 0;
    uint64_t last = query.is_forward ? 0 : UINT64_MAX;
    for (;;) {
        OWNED(arena) memory = {.limit = 16 << 20};
        lookup_result result;
        assert_ok(lookup_events(t, &query, &memory, &result));
        assert_true(result.count <= query.limit);
        for (size_t i = 0; i < result.count; i++) {
            uint64_t index = result.events[i].index;
            assert_int_equal(index % modulus, remainder);
            assert_true(count == 0 || (query.is_forward ? index > last : index < last));
            last = index;
            count++;
        }
        if (!result.has_next) return count;
        query.has_start = true;
        query.start = result.next;
    }
}

static void filters_are_exact(void **state) {
    (void)state;
    setting s = make_setting();
    lookup_query query = everything();
    assert_int_equal(count_all(&s.t, query, 1, 0), EVENTS);
    query.value[LOOKUP_EVENT_NAME] = SLICE("Decrypt");
    assert_int_equal(count_all(&s.t, query, 3, 1), 333);
    query.is_forward = true;
    assert_int_equal(count_all(&s.t, query, 3, 1), 333);
    query.value[LOOKUP_EVENT_NAME] = SLICE("decrypt");
    assert_int_equal(count_all(&s.t, query, 1, 0), 0);
    query = everything();
    query.value[LOOKUP_USER_NAME] = slice_of_text(users[1]); /* needs escapes */
    assert_int_equal(count_all(&s.t, query, 5, 1), 200);
    query.value[LOOKUP_EVENT_NAME] = SLICE("Decrypt"); /* both */
    assert_int_equal(count_all(&s.t, query, 15, 1), 67);
    query = everything();
    query.value[LOOKUP_RESOURCE_NAME] = SLICE("key-1"); /* one of two */
    assert_int_equal(count_all(&s.t, query, 10, 1), 100);
    query.value[LOOKUP_RESOURCE_NAME] = SLICE("key");
    assert_int_equal(count_all(&s.t, query, 1, 0), 0);
    query.value[LOOKUP_RESOURCE_NAME] = SLICE("key-x");
    assert_int_equal(count_all(&s.t, query, 1, 0), EVENTS);
    query = everything();
    query.value[LOOKUP_SOURCE_IP] = SLICE("10.0.0.1"); /* a member no event has */
    assert_int_equal(count_all(&s.t, query, 1, 0), 0);
    drop_setting(&s);
}

static void time_ranges_are_inclusive(void **state) {
    (void)state;
    setting s = make_setting();
    lookup_query query = everything();
    query.from_s = BEGIN_S + 100 * STEP_S;
    query.to_s = BEGIN_S + 799 * STEP_S;
    assert_int_equal(count_all(&s.t, query, 1, 0), 700);
    query.is_forward = true;
    assert_int_equal(count_all(&s.t, query, 1, 0), 700);
    query.from_s = query.to_s = BEGIN_S + 500 * STEP_S;
    assert_int_equal(count_all(&s.t, query, 1000, 500), 1);
    query.from_s = query.to_s = BEGIN_S + 500 * STEP_S + 1;
    assert_int_equal(count_all(&s.t, query, 1, 0), 0);
    query.from_s = INT64_MIN;
    query.to_s = BEGIN_S - 1;
    assert_int_equal(count_all(&s.t, query, 1, 0), 0);
    query.from_s = BEGIN_S + EVENTS * STEP_S;
    query.to_s = INT64_MAX;
    assert_int_equal(count_all(&s.t, query, 1, 0), 0);
    drop_setting(&s);
}

static void scans_are_bounded(void **state) {
    (void)state;
    setting s = make_setting();
    OWNED(arena) memory = {.limit = 16 << 20};
    lookup_result result;
    lookup_query query = everything();
    query.value[LOOKUP_EVENT_ID] = SLICE("event-3-");
    query.scan_most = 10;
    assert_ok(lookup_events(&s.t, &query, &memory, &result));
    assert_int_equal(result.count, 0);
    assert_true(result.has_next);
    assert_int_equal(result.next, EVENTS - 10); /* ten of EVENTS + 1 were looked at */
    assert_int_equal(count_all(&s.t, query, 1000, 3), 1);
    query = everything();
    query.scan_most = 7;
    query.limit = 3;
    assert_int_equal(count_all(&s.t, query, 1, 0), EVENTS);
    query.bytes_most = 10; /* one at a time, but never none */
    assert_int_equal(count_all(&s.t, query, 1, 0), EVENTS);
    query.is_forward = true;
    assert_int_equal(count_all(&s.t, query, 1, 0), EVENTS);
    query.start = UINT64_MAX; /* nonsense from a client */
    query.has_start = true;
    assert_int_equal(count_all(&s.t, query, 1, 0), 0);
    query.is_forward = false;
    assert_int_equal(count_all(&s.t, query, 1, 0), EVENTS);
    query.limit = 0;
    assert_failure(lookup_events(&s.t, &query, &memory, &result), INVALID_PARAMETER);
    query.limit = 51;
    assert_failure(lookup_events(&s.t, &query, &memory, &result), INVALID_PARAMETER);
    query.limit = 1;
    query.to_s = -1;
    assert_failure(lookup_events(&s.t, &query, &memory, &result), INVALID_PARAMETER);
    drop_setting(&s);
}

static void single_events_are_found(void **state) {
    (void)state;
    setting s = make_setting();
    OWNED(arena) memory = {0};
    lookup_event found;
    slice entry;
    assert_ok(lookup_find(&s.t, LOOKUP_EVENT_ID, SLICE("event-5-"), 0, &memory, &found));
    assert_int_equal(found.index, 5);
    assert_ok(lookup_find(&s.t, LOOKUP_REQUEST_ID, SLICE("event-999-"), 0, &memory, &found));
    assert_int_equal(found.index, 999);
    assert_ok(lookup_entry(&s.t, 999, &memory, &entry));
    assert_true(slice_equals(entry, found.json));
    assert_failure(lookup_find(&s.t, LOOKUP_EVENT_ID, SLICE("event-5-"), 100, &memory, &found), EVENT_NOT_FOUND);
    assert_failure(lookup_find(&s.t, LOOKUP_EVENT_ID, SLICE("event-5"), 0, &memory, &found), EVENT_NOT_FOUND);
    assert_failure(lookup_entry(&s.t, EVENTS + 1, &memory, &entry), EVENT_NOT_FOUND);
    drop_setting(&s);
}

typedef struct walked {
    uint64_t count;
    slice last;
    arena memory;
} walked;

static status count_entry(void *context, slice entry, uint64_t *glances) {
    walked *w = context;
    w->count++;
    *glances += 4; /* five in all */
    return arena_copy(&w->memory, entry, &w->last);
}

static void walks_stop_and_go_on(void **state) {
    (void)state;
    setting s = make_setting();
    walked w = {0};
    bool has_next = true;
    uint64_t next = 0, looks = 0, size = s.t.edge.size;
    lookup_walk walk = {.glances_most = 50, .visit = count_entry, .context = &w};
    while (has_next) {
        uint64_t before = w.count;
        assert_ok(lookup_walk_entries(&s.t, &walk, &has_next, &next));
        assert_true(w.count - before <= 10 && (!has_next || w.count - before == 10));
        assert_true(!has_next || next == size - w.count - 1);
        walk.has_start = true;
        walk.start = next;
        looks++;
    }
    assert_int_equal(w.count, size); /* each once */
    assert_int_equal(looks, (size + 9) / 10);
    assert_true(slice_find(w.last, SLICE("event-0-")) != SIZE_MAX); /* the oldest one last */
    walk = (lookup_walk){.has_start = true, .start = UINT64_MAX, .visit = count_entry, .context = &w};
    w.count = 0;
    assert_ok(lookup_walk_entries(&s.t, &walk, &has_next, &next));
    assert_int_equal(w.count, size);
    walk.from_s = INT64_MAX;
    w.count = 0;
    assert_ok(lookup_walk_entries(&s.t, &walk, &has_next, &next));
    assert_true(w.count < size && !has_next);
    arena_clear(&w.memory);
    drop_setting(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_exact),       cmocka_unit_test(time_ranges_are_inclusive),
        cmocka_unit_test(scans_are_bounded),       cmocka_unit_test(walks_stop_and_go_on),
        cmocka_unit_test(single_events_are_found),
    };
    return cmocka_run_group_tests_name("lookup", tests, test_start, NULL);
}
