/* Distinguished names: as RFC 4514 has them, and everything that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "custody/subject.h"

typedef struct expected {
    const char *text;
    const char *parts; /* "CN=value|O=value" */
} expected;

static void names_that_are_good(void **state) {
    (void)state;
    static const expected ROWS[] = {
        {"CN=userName,OU=kms,O=aliyun,C=CN", "CN=userName|OU=kms|O=aliyun|C=CN|"},
        {"  cn =  a b  , oU=x ", "CN=a b|OU=x|"},
        /* RFC 4514 §4 */
        {"UID=jsmith,DC=example,DC=net,CN=x", "UID=jsmith|DC=example|DC=net|CN=x|"},
        {"CN=James \\\"Jim\\\" Smith\\, III,DC=example", "CN=James \"Jim\" Smith, III|DC=example|"},
        {"CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\xc4\x8di\xc4\x87|"},
        {"CN=Lu\xc4\x8di\xc4\x87", "CN=Lu\xc4\x8di\xc4\x87|"},
        {"CN=\\ x\\ ,O=\\#\\+\\=\\<\\>\\;\\\\", "CN= x |O=#+=<>;\\|"},
        {"CN=a=b", "CN=a=b|"},
        {"E=a@b.c,CN=x,serialNumber=1,postalCode=2,street=3,l=4,st=5",
         "emailAddress=a@b.c|CN=x|serialNumber=1|postalCode=2|street=3|L=4|ST=5|"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        OWNED(arena) memory = {0};
        OWNED(buffer) shown = {0};
        name_part parts[REQUEST_PARTS_MOST];
        size_t count = 0;
        assert_int_equal(subject_read(slice_of_text(ROWS[i].text), &memory, parts, &count).code, STATUS_OK);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(buffer_printf(&shown, "%s=%.*s|", parts[j].type, SLICE_ARGS(parts[j].value)).code,
                             STATUS_OK);
        assert_true(slice_equals_text(buffer_slice(&shown), ROWS[i].parts));
    }
}

static void names_that_are_not(void **state) {
    (void)state;
    static const char *const ROWS[] = {
        "",         " ",        "CN",        "CN=",       "CN= ",       "=x",
        "O=x",      "CN=x,",    ",CN=x",     "CN=x,,O=y", "CN=x,O=",    "CN=x;O=y",
        "CN=x+O=y", "CN=\"x\"", "CN=a<b",    "CN=a>b",    "CN=#0402",   "CN=x\\",
        "CN=x\\g",  "CN=x\\0",  "CN=\\00",   "CN=a\\0Ab", "CN=a\nb",    "CN=a\x7f",
        "CN=\\FF",  "CN=\xff",  "2.5.4.3=x", "CNX=x",     "CN=x,FOO=y", "{\"CN\":\"x\"}"};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        OWNED(arena) memory = {0};
        name_part parts[REQUEST_PARTS_MOST];
        size_t count = 99;
        assert_int_equal(subject_read(slice_of_text(ROWS[i]), &memory, parts, &count).code,
                         FAILURE_CERTIFICATE_SUBJECT);
        assert_int_equal(count, 99);
    }
    OWNED(arena) memory = {0};
    OWNED(buffer) long_one = {0};
    name_part parts[REQUEST_PARTS_MOST];
    size_t count;
    for (int i = 0; i < REQUEST_PARTS_MOST; i++)
        assert_int_equal(buffer_append_text(&long_one, "O=x,").code, STATUS_OK);
    assert_int_equal(buffer_append_text(&long_one, "CN=x").code, STATUS_OK);
    assert_int_equal(subject_read(buffer_slice(&long_one), &memory, parts, &count).code, FAILURE_CERTIFICATE_SUBJECT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_that_are_good), cmocka_unit_test(names_that_are_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
