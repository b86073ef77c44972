/* Responses of a real provider (npm's samlp), and what attackers make of them: tests/data/saml. */
#include "saml/assertion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ASSERT_OK(call) assert_string_equal(status_name(call), "OK")
#define ASSERT_FAILS(call, name) assert_string_equal(status_name(call), #name)

static const char *folder;
static arena files = {.limit = 16 << 20};
static slice metadata, response;

static slice read_file(const char *name) {
    enum { FILE_MOST = 1 << 17 };
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    uint8_t *at = arena_take_raw(&files, FILE_MOST);
    assert_non_null(at);
    size_t bytes = fread(at, 1, FILE_MOST, f);
    fclose(f);
    assert_true(bytes > 0 && bytes < FILE_MOST);
    return slice_of(at, bytes);
}

static int begin(void **state) {
    (void)state;
    if (FAILED(saml_start())) return -1;
    metadata = read_file("metadata.xml");
    response = read_file("response.xml");
    return 0;
}

static int end(void **state) {
    (void)state;
    saml_end();
    arena_clear(&files);
    return 0;
}

static status read(slice text) {
    OWNED(arena) memory = {.limit = 8 << 20};
    saml_facts facts;
    return saml_read(&(saml_measure){.metadata = metadata}, text, &memory, &facts);
}

static status check(slice text, slice signer) {
    OWNED(arena) memory = {.limit = 8 << 20};
    saml_facts facts;
    return saml_check_metadata(text, signer, &memory, &facts);
}

static void a_good_one(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    saml_facts facts;
    ASSERT_OK(saml_read(&(saml_measure){.metadata = metadata}, response, &memory, &facts));
    assert_true(slice_equals_text(facts.issuer, "https://saml.example.com/metadata"));
    assert_true(slice_equals_text(facts.subject, "alice"));
    assert_true(slice_equals_text(facts.recipient, "https://signin.aliyun.com/saml-role/sso"));
    assert_int_equal(facts.audience.count, 1);
    assert_true(slice_equals_text(facts.audience.at[0], "urn:alibaba:cloudcomputing"));
    assert_int_equal(facts.roles.count, 1);
    assert_true(slice_equals_text(facts.session_name, "alice@example.com"));
    assert_int_equal(facts.session_duration.value, 1800);
    assert_true(facts.confirmed_until.is_set && facts.valid_until.is_set && facts.issued_at.is_set);
    assert_int_equal(facts.confirmed_until.value - facts.issued_at.value, 300);
    ASSERT_OK(check(metadata, (slice){0}));
}

static void what_attackers_make_of_it(void **state) {
    (void)state;
    char name[32];
    for (int i = 1; i <= 12; i++) {
        snprintf(name, sizeof name, "wrapped-%d.xml", i);
        ASSERT_FAILS(read(read_file(name)), SAML_ASSERTION);
    }
    static const char *const OTHERS[] = {"other-key.xml", "sha1.xml", "unsigned.xml", "metadata.xml"};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        ASSERT_FAILS(read(read_file(OTHERS[i])), SAML_ASSERTION);
}

/* Where a byte may be another: the certificate that comes along, which nobody looks at; and the declaration of a namespace that no name has,
 * which exclusive canonicalisation leaves out (only xsi:type mentions it, which means nothing here). */
static bool is_idle(size_t at) {
    static const char *const IDLE[][2] = {{"<KeyInfo>", "</KeyInfo>"}, {" xmlns:xs=", " xmlns:xsi="}};
    for (size_t i = 0; i < sizeof IDLE / sizeof *IDLE; i++) {
        size_t first = slice_find(response, slice_of_text(IDLE[i][0]));
        size_t last = slice_find(response, slice_of_text(IDLE[i][1]));
        assert_true(first < last && last != SIZE_MAX);
        if (at >= first && at < last) return true;
    }
    return false;
}

static void every_byte_counts(void **state) {
    (void)state;
    size_t first = slice_find(response, SLICE("<saml:Assertion")),
           last = slice_find(response, SLICE("</saml:Assertion>"));
    uint8_t *copy = arena_take_raw(&files, response.len);
    assert_true(copy && first < last && last != SIZE_MAX);
    memcpy(copy, response.at, response.len);
    for (size_t i = first; i < last; i++) {
        if (is_idle(i)) continue;
        copy[i] ^= 1;
        status changed = read(slice_of(copy, response.len));
        if (!FAILED(changed)) fail_msg("byte %zu does not count", i);
        copy[i] ^= 1;
    }
    ASSERT_OK(read(slice_of(copy, response.len)));
}

static void cut_anywhere(void **state) {
    (void)state;
    for (size_t len = 0; len + 1 < response.len; len += 37)
        ASSERT_FAILS(read(slice_head(response, len)), SAML_ASSERTION);
}

static void dangerous_xml(void **state) {
    (void)state;
    static const char *const BAD[] = {"<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>",
                                      "<x><!-- --></x>",
                                      "<x><![CDATA[x]]></x>",
                                      "<x><?y z?></x>",
                                      "<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADw-x/+AD4-",
                                      "<x>&nothing;</x>",
                                      "<x",
                                      ""};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ASSERT_FAILS(read(slice_of_text(BAD[i])), SAML_ASSERTION);
        ASSERT_FAILS(check(slice_of_text(BAD[i]), (slice){0}), SAML_METADATA);
    }
}

int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one),        cmocka_unit_test(what_attackers_make_of_it),
        cmocka_unit_test(every_byte_counts), cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(dangerous_xml),
    };
    if (count < 2) return 2;
    folder = arguments[1];
    return cmocka_run_group_tests(tests, begin, end);
}
