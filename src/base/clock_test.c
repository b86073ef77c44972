/* The text forms of time: known moments, both ways, and refusal of what is no moment or not in that form. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ASSERT_OK(call) assert_int_equal((call).code, STATUS_OK)

static const struct {
    int64_t time_s;
    const char *iso, *basic, *rfc1123;
} moments[] = {
    {0, "1970-01-01T00:00:00Z", "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
    {784111777, "1994-11-06T08:49:37Z", "19941106T084937Z", "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110 §5.6.7 */
    {951782400, "2000-02-29T00:00:00Z", "20000229T000000Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
    {1234567890, "2009-02-13T23:31:30Z", "20090213T233130Z", "Fri, 13 Feb 2009 23:31:30 GMT"},
    {1716186861, "2024-05-20T06:34:21Z", "20240520T063421Z", "Mon, 20 May 2024 06:34:21 GMT"},
    {1735689599, "2024-12-31T23:59:59Z", "20241231T235959Z", "Tue, 31 Dec 2024 23:59:59 GMT"},
    {2147483648, "2038-01-19T03:14:08Z", "20380119T031408Z", "Tue, 19 Jan 2038 03:14:08 GMT"},
    {4107542400, "2100-03-01T00:00:00Z", "21000301T000000Z", "Mon, 01 Mar 2100 00:00:00 GMT"},
    {253402300799, "9999-12-31T23:59:59Z", "99991231T235959Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
};
enum { MOMENTS = sizeof moments / sizeof *moments };

typedef status parser(slice text, int64_t *time_s);

static void must_be(parser *parse, const char *text, int64_t expected) {
    int64_t time_s = -1;
    if (FAILED(parse(slice_of_text(text), &time_s))) fail_msg("'%s' is refused", text);
    if (time_s != expected) fail_msg("'%s' is %lld", text, (long long)time_s);
}

static void must_refuse(parser *parse, slice text) {
    int64_t time_s = -42;
    status got = parse(text, &time_s);
    if (!FAILED_WITH(got, MALFORMED))
        fail_msg("'%.*s' gave %s, %lld", SLICE_ARGS(text), status_name(got), (long long)time_s);
    assert_int_equal(time_s, -42);
}

static void must_refuse_all(parser *parse, const char *const *texts) {
    for (; *texts; texts++) must_refuse(parse, slice_of_text(*texts));
}

static void known_moments_go_both_ways(void **state) {
    (void)state;
    for (size_t i = 0; i < MOMENTS; i++) {
        char iso[CLOCK_ISO_BYTES], basic[CLOCK_BASIC_BYTES], rfc1123[CLOCK_RFC1123_BYTES];
        clock_format_iso(moments[i].time_s, iso);
        clock_format_basic(moments[i].time_s, basic);
        clock_format_rfc1123(moments[i].time_s, rfc1123);
        assert_string_equal(iso, moments[i].iso);
        assert_string_equal(basic, moments[i].basic);
        assert_string_equal(rfc1123, moments[i].rfc1123);
        must_be(clock_parse_iso, iso, moments[i].time_s);
        must_be(clock_parse_basic, basic, moments[i].time_s);
        must_be(clock_parse_rfc1123, rfc1123, moments[i].time_s);
    }
}

/* A step of a bit more than a day meets every day of the year, every hour and every minute. */
static void every_day_goes_both_ways(void **state) {
    (void)state;
    int64_t back;
    for (int64_t time_s = 0; time_s < INT64_C(253402300800); time_s += 86400 * 11 + 3661 + 17) {
        char iso[CLOCK_ISO_BYTES], basic[CLOCK_BASIC_BYTES], rfc1123[CLOCK_RFC1123_BYTES];
        clock_format_iso(time_s, iso);
        clock_format_basic(time_s, basic);
        clock_format_rfc1123(time_s, rfc1123);
        ASSERT_OK(clock_parse_iso(slice_of_text(iso), &back));
        assert_int_equal(back, time_s);
        ASSERT_OK(clock_parse_basic(slice_of_text(basic), &back));
        assert_int_equal(back, time_s);
        ASSERT_OK(clock_parse_rfc1123(slice_of_text(rfc1123), &back));
        assert_int_equal(back, time_s);
    }
}

/* Any number may come from a message: it has a text of the right shape all the same. */
static void times_out_of_range_are_the_nearest_in_range(void **state) {
    (void)state;
    static const int64_t late[] = {253402300800, INT64_C(67767976233532799), INT64_C(67768036191676799),
                                   INT64_C(67768036191676800), INT64_MAX};
    static const int64_t early[] = {-62167219201, -INT64_C(67768040609740800), -INT64_C(67768040609740801), INT64_MIN};
    char iso[CLOCK_ISO_BYTES], basic[CLOCK_BASIC_BYTES], rfc1123[CLOCK_RFC1123_BYTES];
    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        clock_format_iso(late[i], iso);
        clock_format_basic(late[i], basic);
        clock_format_rfc1123(late[i], rfc1123);
        assert_string_equal(iso, "9999-12-31T23:59:59Z");
        assert_string_equal(basic, "99991231T235959Z");
        assert_string_equal(rfc1123, "Fri, 31 Dec 9999 23:59:59 GMT");
    }
    for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
        clock_format_iso(early[i], iso);
        assert_string_equal(iso, "0000-01-01T00:00:00Z");
    }
    clock_format_iso(-1, iso);
    assert_string_equal(iso, "1969-12-31T23:59:59Z");
}

static void iso_refuses(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "2024",
                                        "2024-05-20",
                                        "2024-05-20T06:34:21",
                                        "2024-05-20T06:34Z",
                                        "2024-05-20 06:34:21Z",
                                        "2024-05-20t06:34:21z",
                                        "2024-05-20T06:34:21ZZ",
                                        " 2024-05-20T06:34:21Z",
                                        "2024-05-20T06:34:21Z ",
                                        "2024-5-20T06:34:21Z",
                                        "20240520T063421Z",
                                        "2024-00-20T06:34:21Z",
                                        "2024-13-20T06:34:21Z",
                                        "2024-05-00T06:34:21Z",
                                        "2024-05-32T06:34:21Z",
                                        "2024-02-30T06:34:21Z",
                                        "2023-02-29T06:34:21Z",
                                        "2100-02-29T06:34:21Z",
                                        "2024-04-31T06:34:21Z",
                                        "2024-05-20T24:00:00Z",
                                        "2024-05-20T06:60:21Z",
                                        "2024-05-20T06:34:60Z",
                                        "2016-12-31T23:59:60Z",
                                        "2024-05-20T06:34:61Z",
                                        "1969-12-31T23:59:59Z",
                                        "0000-01-01T00:00:00Z",
                                        "+2024-05-20T06:34:21Z",
                                        "-024-05-20T06:34:21Z",
                                        "2024-05-20T06:34:21.Z",
                                        "2024-05-20T06:34:21.5",
                                        "2024-05-20T06:34:21,5Z",
                                        "2024-05-20T06:34:21.5.5Z",
                                        "2024-05-20T06:34:21+8",
                                        "2024-05-20T06:34:21+0800",
                                        "2024-05-20T06:34:21+08:0",
                                        "2024-05-20T06:34:21+08:000",
                                        "2024-05-20T06:34:21+15:00",
                                        "2024-05-20T06:34:21+08:60",
                                        "2024-05-20T06:34:21 08:00",
                                        "2024-05-20T06:34:21Z+08:00",
                                        "2024-05-20T06:34:21.+08:00",
                                        NULL};
    must_refuse_all(clock_parse_iso, texts);
    must_refuse(clock_parse_iso, (slice){0});
    must_refuse(clock_parse_iso, SLICE("2024-05-20T06:34:21\0"));
    for (size_t len = 0; len < 20; len++) must_refuse(clock_parse_iso, slice_head(SLICE("2024-05-20T06:34:21Z"), len));
}

static void iso_with_fractions_and_zones(void **state) {
    (void)state;
    must_be(clock_parse_iso, "2024-05-20T06:34:21.0Z", 1716186861);
    must_be(clock_parse_iso, "2024-05-20T06:34:21.999999999999999999999999Z", 1716186861);
    must_be(clock_parse_iso, "2024-05-20T06:34:21+00:00", 1716186861);
    must_be(clock_parse_iso, "2024-05-20T06:34:21-00:00", 1716186861);
    must_be(clock_parse_iso, "2024-05-20T14:34:21+08:00", 1716186861);
    must_be(clock_parse_iso, "2024-05-20T14:34:21.5+08:00", 1716186861);
    must_be(clock_parse_iso, "2024-05-20T12:04:21+05:30", 1716186861);
    must_be(clock_parse_iso, "2024-05-19T23:34:21-07:00", 1716186861);
    must_be(clock_parse_iso, "2024-01-01T00:00:00+14:00", 1704016800); /* a year earlier in UTC */
}

static void basic_refuses(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "20240520",
                                        "20240520T063421",
                                        "20240520T0634Z",
                                        "20240520T063421z",
                                        "20240520 063421Z",
                                        "20240520T063421Z0",
                                        "20240520T063421.5Z",
                                        "20240520T063421+0800",
                                        "2024-05-20T06:34:21Z",
                                        "20241320T063421Z",
                                        "20230229T063421Z",
                                        "20240520T243421Z",
                                        "20240520T066021Z",
                                        "20240520T063460Z",
                                        "19691231T235959Z",
                                        NULL};
    must_refuse_all(clock_parse_basic, texts);
    must_refuse(clock_parse_basic, (slice){0});
}

static void rfc1123_refuses(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "Mon, 20 May 2024 06:34:21",
                                        "Mon, 20 May 2024 06:34:21 UTC",
                                        "Mon, 20 May 2024 06:34:21 gmt",
                                        "Mon, 20 May 2024 06:34:21 GMT ",
                                        "Mon, 20 Mai 2024 06:34:21 GMT",
                                        "Mon, 20 may 2024 06:34:21 GMT",
                                        "Mon, 30 Feb 2024 06:34:21 GMT",
                                        "Mon, 20 May 2024 24:34:21 GMT",
                                        "Mon, 20 May 2024 06:34:60 GMT",
                                        "Mon, 20 May 1969 06:34:21 GMT",
                                        "Mon,  1 Jan 2024 06:34:21 GMT",
                                        "Mon, 1 Jan 2024 06:34:21 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT", /* the obsolete forms of RFC 9110 §5.6.7 */
                                        "Sun Nov  6 08:49:37 1994",
                                        "Tue, 20 May 2024 06:34:21 GMT", /* that was a Monday */
                                        "Xxx, 20 May 2024 06:34:21 GMT",
                                        "mon, 20 May 2024 06:34:21 GMT",
                                        "Mon. 20 May 2024 06:34:21 GMT",
                                        "Mon,020 May 2024 06:34:21 GMT",
                                        "Mon, 20-May-2024 06:34:21 GMT",
                                        "Mon, 20 May 2024T06:34:21 GMT",
                                        NULL};
    must_refuse_all(clock_parse_rfc1123, texts);
    must_refuse(clock_parse_rfc1123, (slice){0});
}

static void clocks_agree_and_go_on(void **state) {
    (void)state;
    int64_t before_us = clock_monotonic_us(), before_ms = clock_monotonic_ms();
    int64_t now_s = clock_now_s(), now_ms = clock_now_ms();
    assert_true(now_s > 1700000000);
    assert_true(now_ms / 1000 - now_s >= 0 && now_ms / 1000 - now_s <= 10);
    assert_true(before_ms - before_us / 1000 >= 0 && before_ms - before_us / 1000 <= 10000);
    assert_true(clock_monotonic_us() >= before_us);
    assert_true(clock_monotonic_ms() >= before_ms);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_moments_go_both_ways),
        cmocka_unit_test(every_day_goes_both_ways),
        cmocka_unit_test(times_out_of_range_are_the_nearest_in_range),
        cmocka_unit_test(iso_refuses),
        cmocka_unit_test(iso_with_fractions_and_zones),
        cmocka_unit_test(basic_refuses),
        cmocka_unit_test(rfc1123_refuses),
        cmocka_unit_test(clocks_agree_and_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
