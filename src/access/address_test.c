/* Address ranges: what is refused, and what contains what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/address.h"

static void refuses(void **state) {
    (void)state;
    static const char *const rows[] = {"",
                                       "10",
                                       "10.0.0",
                                       "10.0.0.256",
                                       "010.0.0.1",
                                       "10.0.0.0/33",
                                       "10.0.0.0/",
                                       "10.0.0.0/-1",
                                       "10.0.0.0/08",
                                       "10.0.0.0/8/8",
                                       "1.2.3.4 ",
                                       "::1/129",
                                       ":::1",
                                       "fe80::1%eth0",
                                       "/8",
                                       "*",
                                       "::ffff:1.2.3.4.5",
                                       "1.2.3.4:80",
                                       "1:2:3:4:5:6:7:8:9",
                                       "10.0.0.0/99999999999999999999"};
    address_range range;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (address_range_parse(slice_of_text(rows[i]), &range)) fail_msg("%s was accepted", rows[i]);
    assert_false(address_range_parse(slice_of("1.2.3.4\0", 8), &range));
}

static bool contains(const char *outer, const char *inner) {
    address_range a, b;
    assert_true(address_range_parse(slice_of_text(outer), &a));
    assert_true(address_range_parse(slice_of_text(inner), &b));
    return address_range_contains(&a, &b);
}

static void outside(void **state) {
    (void)state;
    assert_false(contains("10.0.0.0/8", "11.0.0.1"));
    assert_false(contains("10.0.0.0/9", "10.128.0.0"));
    assert_false(contains("10.0.0.1", "10.0.0.2"));
    assert_false(contains("192.168.4.0/22", "192.168.8.0"));
    assert_false(contains("2001:db8::/32", "2001:db9::1"));
    assert_false(contains("2001:db8::/33", "2001:db8:8000::1"));
    assert_false(contains("::/0", "10.0.0.1"));
    assert_false(contains("0.0.0.0/0", "2001:db8::1"));
    assert_false(contains("::/0", "::ffff:10.0.0.1"));
    assert_false(contains("10.0.0.0/16", "10.0.0.0/8"));
}

static void inside(void **state) {
    (void)state;
    assert_true(contains("10.0.0.0/8", "10.255.255.255"));
    assert_true(contains("10.0.0.99/8", "10.1.2.3"));
    assert_true(contains("0.0.0.0/0", "255.1.2.3"));
    assert_true(contains("10.0.0.1/32", "10.0.0.1"));
    assert_true(contains("192.168.4.0/22", "192.168.7.255"));
    assert_true(contains("2001:DB8::/32", "2001:db8:ffff::1"));
    assert_true(contains("::/0", "2001:db8::1"));
    assert_true(contains("::1", "0:0:0:0:0:0:0:1"));
    assert_true(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
    assert_true(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
    assert_true(contains("::ffff:0:0/96", "1.2.3.4"));
}

static void places(void **state) {
    (void)state;
    static const char *const ROWS[][2] = {
        {"192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"2001:0DB8:1:2::", "2001:db8:1:2::/64"},
        {"2001:db8:1:3::1", "2001:db8:1:3::/64"},
        {"::1", "::/64"},
        {"fe80::1%eth0", "fe80::1%eth0"},
        {"10.0.0.0/8", "10.0.0.0/8"},
        {"", ""},
    };
    OWNED(arena) memory = {0};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        slice place;
        assert_false(FAILED(address_place(slice_of_text(ROWS[i][0]), &memory, &place)));
        assert_true(slice_equals_text(place, ROWS[i][1]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(refuses),
        cmocka_unit_test(outside),
        cmocka_unit_test(inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
