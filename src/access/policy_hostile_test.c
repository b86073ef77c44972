/* Documents made to cost: what compiling, deciding and linting take grows with the length of the document and stays near what an ordinary one
 * of that length takes, in time and in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "access/lint.h"
#include "access/policy_testing.h"
#include "base/buffer.h"

enum {
    SMALL_BYTES = 7 << 10,
    LARGE_BYTES = 28 << 10, /* four times as long */
    ROUNDS_LEAST = 7,
    ROUNDS_MOST =
        100, /* on a machine busy with other things: what an algorithm costs is in none of them less than it costs */
    GROWTH_MOST = 7,           /* four would be linear; a quadratic one has 16 */
    COMPILE_NS_PER_BYTE = 400, /* an ordinary document takes about 20; sanitizers are slow */
    MEMORY_PER_BYTE = 48,
    DECIDE_MS_MOST = 20,
    LINT_MS_MOST = 100,
};

#define MADE(call) assert_false(FAILED(call))

/* ---- documents: all of one statement's parts, repeated until it is long enough */

typedef struct hostile {
    const char *name, *begin, *each, *end; /* %zu in each: its number */
    bool is_refused;
} hostile;

#define HEAD "{\"Version\":\"2012-10-17\",\"Statement\":["
#define ALLOW "{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\""

static const hostile DOCUMENTS[] = {
    {"ordinary", HEAD, ALLOW ",\"Condition\":{\"StringEquals\":{\"aws:username\":\"user%06zu\"}}},", ALLOW "}]}",
     false},
    {"bare statements", HEAD, "{\"Effect\":\"Deny\",\"Action\":\"a:b%06zu\",\"Resource\":\"*\"},", ALLOW "}]}", false},
    {"actions", HEAD "{\"Effect\":\"Allow\",\"Resource\":\"*\",\"Action\":[", "\"kms:*a*b%06zu\",", "\"kms:X\"]}]}",
     false},
    {"stars in actions", HEAD "{\"Effect\":\"Allow\",\"Resource\":\"*\",\"Action\":[",
     "\"kms:*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a%06zu\",", "\"kms:X\"]}]}", false},
    {"stars in resources", HEAD "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":[",
     "\"arn:aws:s3:::*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a?a*%06zu\",", "\"*\"]}]}", false},
    {"stars in values", HEAD ALLOW ",\"Condition\":{\"StringLike\":{\"aws:username\":[",
     "\"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b%06zu\",", "\"x\"]}}}]}", false},
    {"actions and resources", HEAD,
     "{\"Effect\":\"Allow\",\"Action\":["
     "\"oss:*q%06zu\",\"oss:*q*r\",\"oss:a*s\","
     "\"oss:x\"],\"Resource\":["
     "\"acs:kms:*:*:key/*q\",\"acs:kms:*:*:key/*r\",\"acs:kms:*:*:key/*s\","
     "\"*\"]},",
     ALLOW "}]}", false},
    {"variables", HEAD "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":[",
     "\"arn:aws:s3:::${aws:username}*a*a*a*a*a*%06zu\",", "\"*\"]}]}", false},
    {"condition keys", HEAD ALLOW ",\"Condition\":{\"StringEquals\":{", "\"aws:ResourceTag/%06zu\":\"v\",",
     "\"aws:username\":\"x\"}}}]}", false},
    {"addresses", HEAD ALLOW ",\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":[", "\"2001:db8::%zu/128\",",
     "\"::/0\"]}}}]}", false},
    {"equal keys", HEAD ALLOW ",\"Condition\":{\"StringEquals\":{", "\"aws:username\":\"v%06zu\",",
     "\"aws:x\":\"x\"}}}]}", true},
    {"equal members", "{\"Version\":\"2012-10-17\",", "\"Id\":\"v%06zu\",", "\"Statement\":[" ALLOW "}]}", true},
    {"arrays", HEAD ALLOW ",\"Condition\":", "[[[[[[[[", "]", true},
    {"objects", "", "{\"a\":", "1", true},
    {"escapes", HEAD "{\"Sid\":\"", "\\u0061\\u0062\\n",
     "\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}", true},
    {"surrogates", HEAD "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":[",
     "\"arn:aws:s3:::\\ud83d\\ude00%06zu\",", "\"*\"]}]}", false},
    {"numbers", HEAD ALLOW ",\"Condition\":{\"NumericLessThan\":{\"kms:GrantOperations\":[", "\"1%06zu\",",
     "\"2\"]}}}]}", false},
    {"spaces", HEAD, "        \n\t\r", ALLOW "}]}", false},
    {"members nobody knows", "{\"Version\":\"2012-10-17\",", "\"member%06zu\":1,", "\"Statement\":[" ALLOW "}]}", true},
};
enum { DOCUMENTS_COUNT = sizeof DOCUMENTS / sizeof *DOCUMENTS };

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void make_document(const hostile *h, size_t bytes, buffer *out) {
    size_t tail = strlen(h->end);
    MADE(buffer_append_text(out, h->begin));
    for (size_t i = 0; out->len + tail < bytes; i++) MADE(buffer_printf(out, h->each, i));
    MADE(buffer_append_text(out, h->end));
}
#pragma GCC diagnostic pop

/* ---- measuring: processor time of this thread, the least of several rounds, in which short and long take turns */

static int64_t now_ns(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

typedef struct cost {
    int64_t compile_ns, decide_ns, lint_ns;
    size_t bytes;
    bool is_compiled;
    char fault[120];
} cost;

static int64_t least(int64_t a, int64_t b) { return a == 0 || b < a ? b : a; }

static void measure_decision(const policy *p, cost *c) {
    static char long_name[2000];
    memset(long_name, 'a', sizeof long_name - 1);
    slice values[] = {slice_of_text(long_name), SLICE("10.0.0.1")};
    condition_value known[] = {{SLICE(CONDITION_USER_NAME), &values[0], 1},
                               {SLICE(CONDITION_SOURCE_IP), &values[1], 1}};
    char resource[1200];
    snprintf(resource, sizeof resource, "acs:oss:*:1234567890123456:%.1100s", long_name);
    char action[128];
    snprintf(action, sizeof action, "kms:%.100s", long_name);
    policy_request request = {slice_of_text(action), slice_of_text(resource), known, 2, 1716186861, NULL};
    int64_t begun = now_ns();
    (void)policy_decide((const policy *const[]){p}, 1, &request, NULL);
    c->decide_ns = least(c->decide_ns, now_ns() - begun);
}

static void measure_lint(slice document, cost *c) {
    OWNED(arena) memory = {.limit = 16 << 20};
    lint_report *report = ARENA_NEW(&memory, lint_report);
    policy_source source = {document, POLICY_IDENTITY, POLICY_RESOURCE_BYTES_MOST, {0}};
    int64_t begun = now_ns();
    MADE(policy_lint(&source, 1716186861, &memory, report));
    c->lint_ns = least(c->lint_ns, now_ns() - begun);
    assert_true(c->is_compiled || report->count > 0);
}

static void measure(const hostile *h, size_t bytes, cost *c) {
    OWNED(buffer) document = {0};
    OWNED(arena) memory = {.limit = 4 << 20};
    make_document(h, bytes, &document);
    policy_source source = {buffer_slice(&document), POLICY_IDENTITY, POLICY_RESOURCE_BYTES_MOST, {0}};
    slice fault = {0};
    policy *p = NULL;
    int64_t begun = now_ns();
    status made = policy_compile(&source, &memory, &fault, &p);
    c->compile_ns = least(c->compile_ns, now_ns() - begun);
    c->is_compiled = !FAILED(made);
    if (FAILED(made) && !FAILED_WITH(made, POLICY_MALFORMED)) fail_msg("%s: %s", h->name, status_name(made));
    if (FAILED(made)) assert_true(fault.len > 0 && p == NULL);
    snprintf(c->fault, sizeof c->fault, "%.*s", SLICE_ARGS(fault));
    if (p) measure_decision(p, c);
    if (p) c->bytes = policy_bytes(p);
    policy_free(p);
    measure_lint(buffer_slice(&document), c);
}

/* ---- bounds */

static bool grows_too_much(const cost *small, const cost *large) {
    return large->compile_ns > GROWTH_MOST * small->compile_ns + 100000;
}

static bool takes_too_long(const cost *c) {
    return c->compile_ns > (int64_t)COMPILE_NS_PER_BYTE * LARGE_BYTES || c->decide_ns > DECIDE_MS_MOST * 1000000LL ||
           c->lint_ns > LINT_MS_MOST * 1000000LL;
}

static void check_bounds(const hostile *h, const cost *small, const cost *large) {
    if (large->is_compiled == h->is_refused) fail_msg("%s: compiled %d: %s", h->name, large->is_compiled, large->fault);
    if (takes_too_long(large))
        fail_msg("%s takes %lld ns to compile, %lld to decide, %lld to lint", h->name, (long long)large->compile_ns,
                 (long long)large->decide_ns, (long long)large->lint_ns);
    if (grows_too_much(small, large))
        fail_msg("%s grows from %lld to %lld ns", h->name, (long long)small->compile_ns, (long long)large->compile_ns);
    if (large->bytes > (size_t)MEMORY_PER_BYTE * LARGE_BYTES) fail_msg("%s takes %zu bytes", h->name, large->bytes);
}

static void what_is_hostile_costs_what_its_length_costs(void **state) {
    (void)state;
    for (size_t i = 0; i < DOCUMENTS_COUNT; i++) {
        const hostile *h = &DOCUMENTS[i];
        cost small = {0}, large = {0};
        for (int round = 0; round < ROUNDS_MOST; round++) {
            if (round >= ROUNDS_LEAST && !grows_too_much(&small, &large) && !takes_too_long(&large)) break;
            measure(h, SMALL_BYTES, &small);
            measure(h, LARGE_BYTES, &large);
        }
        print_message(
            "%-22s compile %7lld -> %8lld ns, decide %7lld -> %8lld ns, lint %8lld -> %9lld ns, %7zu bytes %s\n",
            h->name, (long long)small.compile_ns, (long long)large.compile_ns, (long long)small.decide_ns,
            (long long)large.decide_ns, (long long)small.lint_ns, (long long)large.lint_ns, large.bytes, large.fault);
        check_bounds(h, &small, &large);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_hostile_costs_what_its_length_costs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
