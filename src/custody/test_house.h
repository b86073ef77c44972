/* For this room's tests: an account with an access key, requests it signs, and a gateway's end of the boxes. */
#ifndef CUSTODY_TEST_HOUSE_H
#define CUSTODY_TEST_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "contract/sealed.h"
#include "contract/shape.h"
#include "crypto/box.h"
#include "crypto/mac.h"
#include "crypto/start.h"
#include "custody/custody.h"

#define ASSERT_OK(call) assert_string_equal(status_name(call), "OK")
#define ASSERT_FAILS(call, name) assert_string_equal(status_name(call), #name)
#define ASSERT_ANSWER(house, name)                                                                                     \
    assert_string_equal(status_name((status){(enum status_code)(house)->done.used.failure.value}), #name)

#define TEST_ACCOUNT SLICE("1000000000000001")
#define TEST_KEY_NAME SLICE("LTAI5tTESTVECTOR00000001")
#define TEST_SECRET SLICE("TestVectorSecret0123456789abcdef")
#define TEST_REQUEST SLICE("4C467B38-3910-447D-87BC-AC049166F216")
enum { TEST_NOW_S = 1716186861, TEST_GATEWAY = 3 };

static const uint8_t TEST_KEY_ID[16] = "keykeykeykeykey";
static const uint8_t TEST_VERSION_ID[16] = "versionversionv";

typedef struct test_house {
    custody *custody;
    box *gateway; /* the other end */
    arena memory;
    slice account, access_key; /* sealed */
    use_outcome done;
} test_house;

/* The signature of an AlibabaV1 text under the test's secret. */
static inline slice test_sign(slice secret_text, slice text, arena *memory) {
    char key[256];
    int length = snprintf(key, sizeof key, "%.*s&", SLICE_ARGS(secret_text));
    uint8_t *at = arena_take(memory, HASH_SHA1_BYTES);
    ASSERT_OK(hmac_bytes(HASH_SHA1, slice_of(key, (size_t)length), text, at));
    return slice_of(at, HASH_SHA1_BYTES);
}

/* Of the product that has the action. */
static inline const char *test_version(const char *action) {
    if (strcmp(action, "CreateAccessKey") == 0) return "2015-05-01";
    return strcmp(action, "GetSessionToken") == 0 ? "2015-04-01" : "2016-01-20";
}

static inline proof *test_proof(test_house *h, const char *action) {
    proof *p = ARENA_NEW(&h->memory, proof);
    slice *text = ARENA_NEW(&h->memory, slice);
    ASSERT_OK(arena_printf(&h->memory, text,
                           "POST&%%2F&AccessKeyId%%3DLTAI%%26Action%%3D%s%%26Format%%3Djson%%26Version%%3D%s", action,
                           test_version(action)));
    *p = (proof){.scheme = SCHEME_ALIBABA_V1, .access_key_id = TEST_KEY_NAME, .texts = {text, 1}};
    p->signature = test_sign(TEST_SECRET, *text, &h->memory);
    return p;
}

static inline use_message test_use(test_house *h, const char *action, key_act *act) {
    use_message use = {.id = SET_INT(1), .request_id = TEST_REQUEST, .gateway = SET_INT(TEST_GATEWAY)};
    use.account_id = TEST_ACCOUNT;
    use.account = h->account;
    use.access_key = h->access_key;
    use.proof = test_proof(h, action);
    use.acts.at = act;
    use.acts.count = act ? 1 : 0;
    return use;
}

static inline void test_run(test_house *h, const use_message *use, int64_t now_s) {
    use_outcome_clear(&h->done);
    custody_use(h->custody, use, now_s, &h->memory, &h->done);
}

/* One act, signed for by the action named. */
static inline const key_result *test_act(test_house *h, const char *action, key_act act) {
    use_message use = test_use(h, action, &act);
    test_run(h, &use, TEST_NOW_S);
    return h->done.used.results.at;
}

static inline void test_bootstrap(test_house *h, slice account_id, slice *account, slice *access_key) {
    key_act acts[] = {{.act = VAULT_ACT_NEW_ACCOUNT},
                      {.act = VAULT_ACT_ADOPT_ACCESS_KEY, .text = TEST_KEY_NAME, .input = TEST_SECRET}};
    use_message use = {.account_id = account_id, .acts = {acts, 2}};
    test_run(h, &use, TEST_NOW_S);
    ASSERT_ANSWER(h, OK);
    *account = h->done.used.results.at[0].output;
    *access_key = h->done.used.results.at[1].output;
}

static inline void test_house_begin(test_house *h) {
    static const uint8_t ROOT_KEY[32] = {7}, PAIR_KEY[32] = {9};
    OWNED(secret) root_key = {0};
    OWNED(secret) pair_key = {0};
    *h = (test_house){.memory = {.limit = 64 << 20}};
    ASSERT_OK(crypto_start());
    ASSERT_OK(secret_copy(slice_of(ROOT_KEY, 32), &root_key));
    ASSERT_OK(secret_copy(slice_of(PAIR_KEY, 32), &pair_key));
    ASSERT_OK(custody_open(&root_key, &h->custody));
    ASSERT_OK(custody_pair_gateway(h->custody, TEST_GATEWAY, &pair_key));
    ASSERT_OK(box_new(&pair_key, BOX_SIDE_A, &h->gateway));
    test_bootstrap(h, TEST_ACCOUNT, &h->account, &h->access_key);
}

static inline void test_house_end(test_house *h) {
    use_outcome_clear(&h->done);
    custody_close(h->custody);
    box_free(h->gateway);
    arena_clear(&h->memory);
}

static inline slice test_boxed(test_house *h, slice plaintext) {
    OWNED(buffer) made = {0};
    slice boxed;
    ASSERT_OK(box_seal(h->gateway, TEST_REQUEST, plaintext, &made));
    ASSERT_OK(arena_copy(&h->memory, buffer_slice(&made), &boxed));
    return boxed;
}

static inline slice test_unboxed(test_house *h, slice boxed) {
    OWNED(secret) opened_box = {0};
    slice copy;
    ASSERT_OK(box_open(h->gateway, TEST_REQUEST, boxed, &opened_box));
    ASSERT_OK(arena_copy(&h->memory, secret_expose(&opened_box), &copy));
    return copy;
}

static inline key_act test_new_key_act(void) {
    return (key_act){
        .act = VAULT_ACT_NEW_KEY, .key_id = slice_of(TEST_KEY_ID, 16), .key_version_id = slice_of(TEST_VERSION_ID, 16)};
}

static inline slice test_new_key(test_house *h) {
    const key_result *made = test_act(h, "CreateKey", test_new_key_act());
    ASSERT_ANSWER(h, OK);
    return made->output;
}

static inline slice test_flip(test_house *h, slice bytes, size_t bit) {
    slice copy;
    ASSERT_OK(arena_copy(&h->memory, bytes, &copy));
    ((uint8_t *)(uintptr_t)copy.at)[bit / 8] ^= (uint8_t)(1 << bit % 8);
    return copy;
}

#endif
