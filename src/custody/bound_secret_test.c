/* Several secrets asked for at once: only those that the signed request names, or that its filters let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contract/operation.h"
#include "crypto/start.h"
#include "custody/bound.h"
#include "custody/signed.h"

static const char *try_act(enum operation_id id, const pair *said, size_t count, const char *version) {
    OWNED(arena) memory = {0};
    const opened caller = {.header = {.account_id = SLICE("1")}};
    act_scene scene = {.memory = &memory, .caller = &caller};
    asked a = {.operation = id, .is_aws = id == OPERATION_MANAGER_BATCH_GET_SECRET_VALUE};
    pair_list list = {(pair *)(uintptr_t)said, count};
    key_act act = {.act = VAULT_ACT_OPEN_SECRET, .text = SLICE("app/db"), .secret_id = SLICE("AbC123xyz")};
    act.version = slice_of_text(version);
    return status_name(bound_check(&a, &list, &scene, &act));
}

typedef struct row {
    const char *name, *text, *expected;
} row;

static void by_names_or_filters(void **state) {
    (void)state;
    static const row ROWS[] = {
        {"SecretIdList", "[\"app/db\"]", "OK"},
        {"SecretIdList", " [ \"x\" , \"app\\/d\\u0062\" ] ", "OK"},
        {"SecretIdList", "[\"arn:aws:secretsmanager:r:1:secret:app/db-AbC123\"]", "OK"},
        {"SecretIdList", "[\"arn:aws:secretsmanager:r:1:secret:app/db-AbC124\"]", "NO_PERMISSION"},
        {"SecretIdList", "[\"acs:kms:r:1:secret/app/db\"]", "OK"},
        {"SecretIdList", "[\"acs:kms:r:1:secret/app/db-AbC123\"]", "NO_PERMISSION"},
        {"SecretIdList", "[\"acs:kms:r:1:app/db-AbC123\"]", "NO_PERMISSION"},
        {"SecretIdList", "[\"acs:kms:r:2:secret/app/db\"]", "NO_PERMISSION"}, /* another account's */
        {"SecretIdList", "[\"secret/app/db\"]", "NO_PERMISSION"},
        {"SecretIdList", "[]", "NO_PERMISSION"},
        {"SecretIdList", "[\"app\", \"app/db2\", \"APP/DB\", \"\"]", "NO_PERMISSION"},
        {"SecretIdList", "[\"app/db\"", "NO_PERMISSION"},
        {"SecretIdList", "\"app/db\"]", "NO_PERMISSION"},
        {"SecretIdList", "[\"app/db\"] x", "NO_PERMISSION"},
        {"SecretIdList", "{\"a\":\"app/db\"}", "NO_PERMISSION"},
        {"SecretIdList", "app/db", "NO_PERMISSION"},
        {"SecretIdList", "[app/db]", "NO_PERMISSION"},
        {"SecretIdList", "[[\"app/db\"]]", "NO_PERMISSION"},
        {"Filters", "[{\"Key\":\"name\",\"Values\":[\"x\",\"app/\"]}]", "OK"},
        {"Filters", "[{\"Key\":\"tag-key\",\"Values\":[\"x\"]}]", "OK"}, /* core says which have it */
        {"Filters", "[{\"Key\":\"name\",\"Values\":[\"!web/\"]}]", "OK"},
        {"Filters", "[{\"Key\":\"name\",\"Values\":[\"!app/\"]}]", "NO_PERMISSION"},
        {"Filters", "[{\"Key\":\"name\",\"Values\":[\"db\"]}]", "NO_PERMISSION"},
        {"Filters", "[{\"Key\":\"name\",\"Values\":[]}]", "NO_PERMISSION"},
        {"Filters", "[{\"Key\":\"tag-key\",\"Values\":[\"x\"]},{\"Key\":\"name\",\"Values\":[\"db\"]}]",
         "NO_PERMISSION"},
        {"Filters", "[]", "NO_PERMISSION"},
        {"Filters", "[\"name\"]", "NO_PERMISSION"},
        {"Filters", "[{\"Key\":\"name\"}]", "NO_PERMISSION"},
        {"MaxResults", "20", "NO_PERMISSION"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        pair said = {slice_of_text(ROWS[i].name), slice_of_text(ROWS[i].text)};
        const char *found = try_act(OPERATION_MANAGER_BATCH_GET_SECRET_VALUE, &said, 1, "v1");
        if (strcmp(found, ROWS[i].expected) != 0) fail_msg("%s: %s", ROWS[i].text, found);
    }
    pair both[] = {{SLICE("SecretIdList"), SLICE("[\"other\"]")},
                   {SLICE("Filters"), SLICE("[{\"Key\":\"name\",\"Values\":[\"app\"]}]")}};
    assert_string_equal(try_act(OPERATION_MANAGER_BATCH_GET_SECRET_VALUE, both, 2, "v1"), "NO_PERMISSION");
}

static void by_wishes(void **state) {
    (void)state;
    static const row ROWS[] = {
        {"SecretsList", "[{\"SecretName\":\"app/db\"}]", "OK"},
        {"SecretsList", "[{\"SecretName\":\"x\"},{\"SecretName\":\"acs:kms:r:1:secret/app/db\",\"VersionId\":\"v1\"}]",
         "OK"},
        {"SecretsList", "[{\"SecretName\":\"app/db\",\"VersionId\":\"v2\"}]", "NO_PERMISSION"},
        {"SecretsList", "[{\"SecretName\":\"app/db\",\"SecretName\":\"x\"}]", "NO_PERMISSION"},
        {"SecretsList", "[{\"VersionId\":\"v1\"}]", "NO_PERMISSION"},
        {"SecretsList", "[\"app/db\"]", "NO_PERMISSION"},
        {"SecretsList", "[\"{\\\"SecretName\\\":\\\"app/db\\\"}\"]", "NO_PERMISSION"},
        {"SecretsList.1.SecretName", "app/db", "OK"},
        {"SecretsList.20.SecretName", "app/db", "OK"},
        {"SecretsList.21.SecretName", "app/db", "NO_PERMISSION"},
        {"SecretsList.1.SecretName", "app", "NO_PERMISSION"},
        {"SecretName", "app/db", "NO_PERMISSION"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        pair said = {slice_of_text(ROWS[i].name), slice_of_text(ROWS[i].text)};
        const char *found = try_act(OPERATION_BATCH_GET_SECRET_VALUE, &said, 1, "v1");
        if (strcmp(found, ROWS[i].expected) != 0) fail_msg("%s: %s", ROWS[i].text, found);
    }
    pair flat[] = {{SLICE("SecretsList.1.SecretName"), SLICE("app/db")},
                   {SLICE("SecretsList.1.VersionId"), SLICE("v1")}};
    assert_string_equal(try_act(OPERATION_BATCH_GET_SECRET_VALUE, flat, 2, "v1"), "OK");
    assert_string_equal(try_act(OPERATION_BATCH_GET_SECRET_VALUE, flat, 2, "v2"), "NO_PERMISSION");
}

static int start(void **state) {
    (void)state;
    return FAILED(crypto_start());
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_names_or_filters), cmocka_unit_test(by_wishes)};
    return cmocka_run_group_tests(tests, start, NULL);
}
