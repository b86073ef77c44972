/* Reading the command line: every row of the tables is sound, values are checked, mistakes are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/call.h"
#include "cli/help.h"
#include "cli/value.h"

enum { WORDS_MOST = 16 };

static status parse(invocation *inv, const char *line) {
    static char text[512];
    static char *words[WORDS_MOST];
    int count = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *at = text, *word; (word = strsep(&at, " ")) != NULL;)
        if (count < WORDS_MOST) words[count++] = word;
    invocation_clear(inv);
    inv->memory.limit = 1 << 24;
    return arguments_parse(inv, count, words);
}

static void expect(const char *line) {
    invocation inv = {0};
    status parsed = parse(&inv, line);
    if (FAILED(parsed)) fail_msg("%s: %s", line, inv.trouble.why);
    invocation_clear(&inv);
}

/* Refused as a mistake in typing, in these words. */
static void refuse(const char *line, const char *why, const char *next) {
    invocation inv = {0};
    status parsed = parse(&inv, line);
    assert_true(FAILED_WITH(parsed, USAGE));
    assert_int_equal(outcome_of(parsed), OUTCOME_USAGE);
    if (!strstr(inv.trouble.why, why)) fail_msg("%s: \"%s\" does not say \"%s\"", line, inv.trouble.why, why);
    if (next && !strstr(inv.trouble.next, next))
        fail_msg("%s: \"%s\" does not say \"%s\"", line, inv.trouble.next, next);
    invocation_clear(&inv);
}

static void expect_argument(const invocation *inv, const char *name, const char *value) {
    slice found = argument_find(inv, name);
    if (!slice_equals_text(found, value)) fail_msg("%s is \"%.*s\", not \"%s\"", name, SLICE_ARGS(found), value);
}

/* ---- the tables */

static void expect_fields(const command *c, const char *list) {
    slice each;
    while (word_next(&list, &each)) {
        size_t end = slice_find_byte(each, '=');
        slice name = slice_head(each, end);
        if (slice_ends_with(name, SLICE("!"))) name.len--;
        if (!command_field(c, name)) fail_msg("%s: there is no field %.*s", c->verb ? c->verb : "", SLICE_ARGS(name));
    }
}

static void check_row(const noun *n, const command *c) {
    const operation *op = operation_get(c->operation);
    expect_fields(c, c->positional);
    expect_fields(c, c->fixed);
    expect_fields(c, c->assumed);
    assert_true(op != NULL || c->run != NULL);
    if (c->saved) assert_non_null(command_saved_field(c));
    assert_true(strlen(command_help(c)) > 0);
    for (const command *other = n->commands; other < c; other++)
        assert_true(other->verb && strcmp(other->verb, c->verb) != 0);
}

static void every_row_names_fields_that_exist(void **state) {
    (void)state;
    for (size_t i = 0; nouns[i]; i++)
        for (size_t k = 0; k < nouns[i]->count; k++) check_row(nouns[i], &nouns[i]->commands[k]);
}

static void every_command_has_help(void **state) {
    (void)state;
    for (size_t i = 0; nouns[i]; i++)
        for (size_t k = 0; k < nouns[i]->count; k++) {
            OWNED(buffer) text = {0};
            invocation inv = {.noun = nouns[i], .command = &nouns[i]->commands[k]};
            assert_false(FAILED(help_write(&inv, &text)));
            assert_true(slice_find(buffer_slice(&text), SLICE("Usage: keyhold ")) != SIZE_MAX);
        }
}

static bool has_row(enum operation_id id) {
    for (size_t i = 0; nouns[i]; i++)
        for (size_t k = 0; k < nouns[i]->count; k++)
            if (nouns[i]->commands[k].operation == id) return true;
    return false;
}

/* What the command line needs no row for: another operation does the same, a command uses it inside, or nobody signs it, as the
 * command line signs everything. */
static void every_operation_has_a_row(void **state) {
    static const enum operation_id WITHOUT[] = {
        OPERATION_LIST_OBJECTS, OPERATION_DELETE_MULTIPLE_OBJECTS, OPERATION_UPDATE_ASSUME_ROLE_POLICY,
        OPERATION_BEGIN_LOGIN, OPERATION_ASSUME_ROLE_WITH_OIDC, OPERATION_ASSUME_ROLE_WITH_SAML,
        /* what AWS's clients have a call of its own for */
        OPERATION_TAG_USER, OPERATION_UNTAG_USER, OPERATION_LIST_USER_TAGS, OPERATION_TAG_ROLE, OPERATION_UNTAG_ROLE,
        OPERATION_LIST_ROLE_TAGS, OPERATION_TAG_POLICY, OPERATION_UNTAG_POLICY, OPERATION_LIST_POLICY_TAGS,
        OPERATION_LIST_ACCOUNT_ALIASES, OPERATION_UPDATE_ROLE_DESCRIPTION, OPERATION_UPDATE_ACCOUNT_PASSWORD_POLICY,
        OPERATION_GET_ACCOUNT_PASSWORD_POLICY, OPERATION_DELETE_ACCOUNT_PASSWORD_POLICY, OPERATION_LIST_MFA_DEVICES,
        OPERATION_GET_MFA_DEVICE, OPERATION_GET_ACCESS_KEY_INFO, OPERATION_GET_CONTEXT_KEYS_FOR_CUSTOM_POLICY,
        OPERATION_DECODE_AUTHORIZATION_MESSAGE, OPERATION_LIST_LAST_USES, /* policy unused */
        OPERATION_GENERATE_SERVICE_LAST_ACCESSED_DETAILS, OPERATION_GET_SERVICE_LAST_ACCESSED_DETAILS,
        OPERATION_GET_SERVICE_LAST_ACCESSED_DETAILS_WITH_ENTITIES, OPERATION_GENERATE_CREDENTIAL_REPORT,
        OPERATION_GET_CREDENTIAL_REPORT};
    (void)state;
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        /* Secrets have verbs under their other names. */
        bool is_left_out = strcmp(operation_get(id)->product->name, "secretsmanager") == 0;
        for (size_t i = 0; i < sizeof WITHOUT / sizeof *WITHOUT; i++)
            is_left_out |= WITHOUT[i] == (enum operation_id)id;
        if (!is_left_out && !has_row((enum operation_id)id)) fail_msg("%s has no verb", operation_get(id)->name);
    }
}

static void flags_are_the_fields_in_kebab_case(void **state) {
    static const char *const PAIRS[][2] = {
        {"PendingWindowInDays", "pending-window-in-days"},
        {"KMSMasterKeyID", "kms-master-key-id"},
        {"DKMSInstanceId", "dkms-instance-id"},
        {"ContentMd5", "content-md5"},
        {"KeyId", "key-id"},
        {"SSEAlgorithm", "sse-algorithm"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        char kebab[KEBAB_BYTES_MOST];
        kebab_case(PAIRS[i][0], kebab);
        assert_string_equal(kebab, PAIRS[i][1]);
    }
}

/* ---- words and flags */

static void mistakes_are_told(void **state) {
    (void)state;
    refuse("kye list", "no command \"kye\"", "did you mean key?");
    refuse("zzzzzz", "no command", "--help");
    refuse("key crate", "no verb \"crate\"", "did you mean key create?");
    refuse("key", "verb is missing", NULL);
    refuse("key show", "KeyId is missing", NULL);
    refuse("key show a b", "one word too many", NULL);
    refuse("key import k", "FILE is missing", NULL);
    refuse("object put f", "BUCKET/KEY is missing", NULL);
    refuse("object rm", "BUCKET/KEY... is missing", NULL);
    refuse("object get a/b c d", "one word too many", NULL);
    refuse("key create --orign EXTERNAL", "no flag --orign", "did you mean --origin?");
    refuse("key create --origin", "needs a value", NULL);
    refuse("key create --origin EXTERNLA", "cannot be", "did you mean EXTERNAL?");
    refuse("key create --description a --description b", "given twice", NULL);
    refuse("key create -x", "no flag -x", NULL);
    refuse("key list -o yaml", "no output form", "table, json, jsonl, name");
    refuse("key list --yes=1", "takes no value", NULL);
    refuse("key list --wait soon", "number of seconds", NULL);
    refuse("key list --timeout 0", "number of seconds", NULL);
    refuse("key --origin EXTERNAL create", "no flag --origin", "after its noun and verb");
    refuse("key schedule-deletion k --days 5", "from 7 to 366", NULL);
    refuse("key schedule-deletion k --days many", "must be a number", NULL);
    refuse("key schedule-deletion k", "--pending-window-in-days is missing", NULL);
    refuse("key protect", "KeyId is missing", NULL);
    refuse("key protect k --enable-deletion-protection", "no flag", NULL);
    refuse("trail events --limt 3", "no flag --limt", "--limit");
}

static void values_are_taken(void **state) {
    invocation inv = {0};
    (void)state;
    assert_false(FAILED(parse(&inv, "key create --origin=external --description x -o jsonl --profile p -y")));
    expect_argument(&inv, "Origin", "EXTERNAL");
    expect_argument(&inv, "Description", "x");
    assert_true(inv.form == OUTPUT_JSONL && inv.agrees && slice_equals_text(inv.profile, "p"));
    assert_false(FAILED(parse(&inv, "--endpoint https://h key schedule-deletion k --pending-window-in-days 7")));
    expect_argument(&inv, "KeyId", "k");
    expect_argument(&inv, "PendingWindowInDays", "7");
    assert_true(slice_equals_text(inv.endpoint, "https://h"));
    assert_false(FAILED(parse(&inv, "key schedule-deletion --days 30 -- -k")));
    expect_argument(&inv, "KeyId", "-k");
    expect_argument(&inv, "PendingWindowInDays", "30");
    assert_false(FAILED(parse(&inv, "object put a b/c --no-forbid-overwrite --meta k=v")));
    expect_argument(&inv, "ForbidOverwrite", "false");
    expect_argument(&inv, "Metadata", "k=v");
    assert_int_equal(inv.word_count, 2);
    assert_false(FAILED(parse(&inv, "key unprotect k")));
    expect_argument(&inv, "EnableDeletionProtection", "false");
    assert_false(FAILED(parse(&inv, "policy show p")));
    expect_argument(&inv, "PolicyType", "Custom");
    assert_false(FAILED(parse(&inv, "policy show p --type system")));
    expect_argument(&inv, "PolicyType", "System");
    assert_int_equal(inv.argument_count, 2);
    invocation_clear(&inv);
    expect("whoami");
    expect("object rm a/b a/c a/d");
    expect("trail proof id -o proof.txt");
}

static void help_needs_nothing_else(void **state) {
    static const char *const LINES[] = {"--help",          "help",  "key --help", "help key", "key import --help",
                                        "help key import", "-h key"};
    (void)state;
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        invocation inv = {0};
        assert_false(FAILED(parse(&inv, LINES[i])));
        assert_true(inv.wants_help);
        invocation_clear(&inv);
    }
}

/* ---- values */

static void write_file(char *name, const void *bytes, size_t len) {
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static void files_stand_for_long_values(void **state) {
    char name[] = "/tmp/keyhold-value-XXXXXX", line[128];
    invocation inv = {0};
    (void)state;
    write_file(name, "\x4b\x48\x01\x02line\n", 9);
    snprintf(line, sizeof line, "key decrypt @%s", name);
    assert_false(FAILED(parse(&inv, line)));
    expect_argument(&inv, "CiphertextBlob", "S0gBAmxpbmUK");
    snprintf(line, sizeof line, "key encrypt k @%s", name);
    assert_false(FAILED(parse(&inv, line)));
    expect_argument(&inv, "Plaintext", "S0gBAmxpbmUK");
    unlink(name);
    memcpy(name + strlen(name) - 6, "XXXXXX", 6);
    write_file(name, "S0gBAmxpbmUK\n", 13);
    snprintf(line, sizeof line, "key decrypt @%s", name);
    assert_false(FAILED(parse(&inv, line)));
    expect_argument(&inv, "CiphertextBlob", "S0gBAmxpbmUK");
    snprintf(line, sizeof line, "key create --description @%s", name);
    assert_false(FAILED(parse(&inv, line)));
    expect_argument(&inv, "Description", "S0gBAmxpbmUK");
    unlink(name);
    assert_true(FAILED_WITH(parse(&inv, line), NOT_FOUND));
    assert_false(FAILED(parse(&inv, "key create --description @@home")));
    expect_argument(&inv, "Description", "@home");
    assert_false(FAILED(parse(&inv, "key show @home"))); /* a short field: the text itself */
    expect_argument(&inv, "KeyId", "@home");
    invocation_clear(&inv);
    refuse("key decrypt notbase64!", "must be base64", NULL);
}

static void secrets_are_never_typed_in_place(void **state) {
    (void)state;
    refuse("key encrypt k hello", "never typed in place", "@FILE");
    refuse("key encrypt k --plaintext aGVsbG8=", "never typed in place", "@FILE");
}

static void times_have_several_forms(void **state) {
    static const struct {
        const char *typed;
        int64_t time_s;
    } GOOD[] = {{"2024-05-20T06:34:21Z", 1716186861},
                {"2024-05-20", 1716163200},
                {"1716186861", 1716186861},
                {"-2h", 1000000 - 7200},
                {"+1d", 1000000 + 86400},
                {"-30m", 1000000 - 1800},
                {"-5s", 999995}};
    static const char *const BAD[] = {"",     "h",   "-h", "-2", "-2y", "yesterday", "2024-13-01", "-99999999999h",
                                      "- 2h", "-2hh"};
    int64_t time_s;
    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        assert_true(value_time(slice_of_text(GOOD[i].typed), 1000000, &time_s));
        assert_int_equal(time_s, GOOD[i].time_s);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(value_time(slice_of_text(BAD[i]), 1000000, &time_s));
}

/* ---- parameters */

static slice parameter(const pair_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (slice_equals_text(list->at[i].key, name)) return list->at[i].value;
    return (slice){0};
}

static void maps_and_lists_become_json(void **state) {
    invocation inv = {0};
    pair_list list;
    (void)state;
    assert_false(FAILED(parse(&inv, "key create --tag a=1 --origin EXTERNAL --tag b=x=\"y\"")));
    assert_false(FAILED(call_parameters(&inv, &list)));
    assert_int_equal(list.count, 2);
    assert_true(
        slice_equals_text(parameter(&list, "Tags"),
                          "[{\"TagKey\":\"a\",\"TagValue\":\"1\"},{\"TagKey\":\"b\",\"TagValue\":\"x=\\\"y\\\"\"}]"));
    assert_false(FAILED(parse(&inv, "key decrypt AAAA --context a=1 --context b=")));
    assert_false(FAILED(call_parameters(&inv, &list)));
    assert_true(slice_equals_text(parameter(&list, "EncryptionContext"), "{\"a\":\"1\",\"b\":\"\"}"));
    assert_false(FAILED(parse(&inv, "key decrypt AAAA --context a=1 --context a=2")));
    assert_true(FAILED_WITH(call_parameters(&inv, &list), USAGE));
    invocation_clear(&inv);
    refuse("key decrypt AAAA --context novalue", "NAME=VALUE", NULL);
    refuse("key decrypt AAAA --context =x", "NAME=VALUE", NULL);
}

static void orders_go_to_the_right_place(void **state) {
    invocation inv = {0};
    static oss_order order;
    (void)state;
    assert_false(FAILED(parse(&inv, "bucket encrypt box --key k1")));
    assert_false(FAILED(order_from_arguments(&inv, &order)));
    assert_true(slice_equals_text(order.bucket, "box"));
    assert_true(slice_find(order.body, SLICE("<SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID>k1</KMSMasterKeyID>")) !=
                SIZE_MAX);
    assert_false(FAILED(parse(&inv, "object put f box/x --key k1 --content-type text/plain --meta who=me")));
    assert_false(FAILED(order_from_arguments(&inv, &order)));
    assert_int_equal(order.header_count, 4);
    assert_true(slice_equals_text(order.headers[0].name, "x-oss-server-side-encryption-key-id"));
    assert_true(slice_equals_text(order.headers[2].name, "x-oss-meta-who"));
    assert_true(slice_equals_text(order.headers[3].value, "KMS"));
    assert_int_equal(order.query_count, 0);
    assert_false(FAILED(parse(&inv, "object put f box/x")));
    assert_false(FAILED(argument_set(&inv, "ContentType", SLICE("a\r\nx-oss-acl: public-read"))));
    assert_true(FAILED_WITH(order_from_arguments(&inv, &order), USAGE));
    invocation_clear(&inv);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_names_fields_that_exist),
        cmocka_unit_test(every_command_has_help),
        cmocka_unit_test(every_operation_has_a_row),
        cmocka_unit_test(flags_are_the_fields_in_kebab_case),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(values_are_taken),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(files_stand_for_long_values),
        cmocka_unit_test(secrets_are_never_typed_in_place),
        cmocka_unit_test(times_have_several_forms),
        cmocka_unit_test(maps_and_lists_become_json),
        cmocka_unit_test(orders_go_to_the_right_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
