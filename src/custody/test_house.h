/* For this room's tests: an account with an access key, requests it signs, and a gateway's end of the boxes. */
#ifndef CUSTODY_TEST_HOUSE_H
#define CUSTODY_TEST_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "contract/operation.h"
#include "contract/sealed.h"
#include "contract/shape.h"
#include "crypto/box.h"
#include "crypto/mac.h"
#include "crypto/start.h"
#include "crypto/asymmetric.h"
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
    slice plaintext;           /* boxed last */
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
    if (strcmp(action, "CreateAccount") == 0 || strcmp(action, "RewrapKey") == 0 ||
        strstr(action, "ManagedDataKey") == action + 6)
        return "2026-01-01";
    if (strcmp(action, "SetOIDCProviderKeys") == 0) return "2026-01-01";
    if (strstr(action, "OIDCProvider") != NULL) return "2019-08-15";
    static const char *const RAM[] = {
        "CreateAccessKey", "CreateLoginProfile", "ChangePassword", "CreateVirtualMFADevice",
        "BindMFADevice",   "CreateRole",         "UpdateRole",     "GetRole"};
    for (size_t i = 0; i < sizeof RAM / sizeof *RAM; i++)
        if (strcmp(action, RAM[i]) == 0) return "2015-05-01";
    bool is_sts = strcmp(action, "GetSessionToken") == 0 || strcmp(action, "AssumeRole") == 0;
    return is_sts ? "2015-04-01" : "2016-01-20";
}

/* Adds "&NAME=VALUE" as it stands in an AlibabaV1 text. */
static inline void test_parameter(buffer *text, const char *name, slice value) {
    OWNED(buffer) once = {0};
    ASSERT_OK(percent_encode(&once, value, NULL));
    ASSERT_OK(buffer_printf(text, "%%26%s%%3D", name));
    ASSERT_OK(percent_encode(text, buffer_slice(&once), NULL));
}

static inline void test_parameter_base64(buffer *text, const char *name, slice value) {
    OWNED(buffer) encoded = {0};
    ASSERT_OK(base64_encode(&encoded, value));
    test_parameter(text, name, buffer_slice(&encoded));
}

static inline void test_parameter_context(buffer *text, const char *name, slice context) {
    uint16_t length;
    slice key, value;
    while (slice_take_u16(&context, &length) && slice_take(&context, length, &key) &&
           slice_take_u16(&context, &length) && slice_take(&context, length, &value)) {
        char below[256];
        snprintf(below, sizeof below, "%s.%.*s", name, SLICE_ARGS(key));
        test_parameter(text, below, value);
    }
}

static inline void test_parameter_number(buffer *text, const char *name, int64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    test_parameter(text, name, slice_of_text(digits));
}

/* Nothing is signed for what is not chosen. */
static inline void test_parameter_choice(buffer *text, const field *f, int choice) {
    if (choice) test_parameter(text, f->name, slice_of_text(choice_text(f->choices, choice)));
}

/* Which part of the act a field that is chosen from a list fixes. */
static inline int test_choice_of(const field *f, const key_act *act) {
    switch (f->binds) {
    case BIND_ENCRYPTION: return act->encryption;
    case BIND_SIGNING: return act->signing;
    case BIND_MESSAGE_TYPE: return act->message_type;
    case BIND_MAC: return act->mac;
    case BIND_WRAPPING: return act->wrapping;
    case BIND_SPEC: return choice_find(f->choices, slice_of_text(choice_text(key_spec_choices, act->spec)));
    case BIND_USAGE: return act->usage;
    case BIND_ALGORITHM: return act->algorithm;
    default: return 0;
    }
}

static inline void test_parameter_rule(buffer *text, const field *f, const password_rule *rule) {
    const field *member = shape_find(&password_rule_shape, slice_of_text(f->name));
    if (rule == NULL || !field_is_set(member, rule)) return;
    const void *at = field_at(member, rule);
    if (f->kind == FIELD_INT) test_parameter_number(text, f->name, ((const maybe_int *)at)->value);
    else if (f->kind == FIELD_BOOL)
        test_parameter(text, f->name, ((const maybe_bool *)at)->value ? SLICE("true") : SLICE("false"));
    else test_parameter(text, f->name, *(const slice *)at);
}

static inline void test_parameter_account(buffer *text, const char *name, slice account) {
    char whole[64];
    snprintf(whole, sizeof whole, "acs:ram::%.*s:root", SLICE_ARGS(account));
    test_parameter(text, name, slice_of_text(whole));
}

static inline void test_parameter_role(buffer *text, const char *name, slice role) {
    char arn[256];
    snprintf(arn, sizeof arn, "acs:ram::%.*s:role/%.*s", SLICE_ARGS(TEST_ACCOUNT), SLICE_ARGS(role));
    test_parameter(text, name, slice_of_text(arn));
}

static inline void test_parameter_texts(buffer *text, const char *name, const slice *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char below[256];
        snprintf(below, sizeof below, "%s.%zu", name, i + 1);
        test_parameter(text, below, list[i]);
    }
}

static inline void test_parameter_id(buffer *text, const char *name, key_act *act) {
    char id[37];
    if (slice_is_absent(act->key_id)) act->key_id = slice_of(TEST_KEY_ID, 16);
    uuid_format(act->key_id.at, id);
    test_parameter(text, name, slice_of_text(id));
}

/* What an honest client would have signed for this act. */
static inline void test_bound_parameter(test_house *h, const field *f, key_act *act, buffer *text) {
    switch (f->binds) {
    case BIND_KEY:
    case BIND_CERTIFICATE: test_parameter_id(text, f->name, act); break;
    case BIND_INPUT: test_parameter_base64(text, f->name, f->kind == FIELD_SECRET ? h->plaintext : act->input); break;
    case BIND_TOKEN: test_parameter_base64(text, f->name, act->token); break;
    case BIND_CONTEXT: test_parameter_context(text, f->name, act->context); break;
    case BIND_SIZE:
        if (f->kind == FIELD_INT) test_parameter_number(text, f->name, act->size.value);
        break;
    case BIND_EXPIRY: test_parameter_number(text, f->name, act->expires_at.value); break;
    case BIND_USER: test_parameter(text, f->name, act->user_name); break;
    case BIND_SHARING:
        if (act->accounts.count) test_parameter_account(text, f->name, act->accounts.at[0]);
        break;
    case BIND_SECRET: test_parameter(text, f->name, act->text); break;
    case BIND_MANAGED: test_parameter(text, f->name, slice_skip(act->text, sizeof MANAGED_KEY_PREFIX - 1)); break;
    case BIND_VERSION: test_parameter(text, f->name, act->version); break;
    case BIND_SECRET_DATA: test_parameter(text, f->name, h->plaintext); break;
    case BIND_RULE: test_parameter_rule(text, f, act->rule); break;
    case BIND_VALUE: test_parameter_base64(text, f->name, f->kind == FIELD_SECRET ? h->plaintext : act->value); break;
    case BIND_PAIR: test_parameter(text, f->name, slice_of_text(choice_text(key_spec_choices, act->spec))); break;
    case BIND_INTERVAL:
        if (!act->rotation_interval_s.is_set) break;
        test_parameter_number(text, f->name, act->rotation_interval_s.value);
        test_parameter(text, "EnableAutomaticRotation", SLICE("true"));
        break;
    case BIND_ROLE:
        if (act->session) test_parameter_role(text, f->name, act->session->role_name);
        break;
    case BIND_SESSION:
        if (act->session) test_parameter(text, f->name, act->session->name);
        break;
    case BIND_LIMIT:
        if (act->session) test_parameter(text, f->name, act->session->policy);
        break;
    case BIND_SOURCE:
        if (act->session) test_parameter(text, f->name, act->session->source_identity);
        break;
    case BIND_LIFETIME:
        if (act->expires_at.is_set) test_parameter_number(text, f->name, act->expires_at.value - TEST_NOW_S);
        break;
    case BIND_SUBJECT: test_parameter(text, f->name, act->subject); break;
    case BIND_NAMES: test_parameter_texts(text, f->name, act->names.at, act->names.count); break;
    case BIND_PROVIDER:
    case BIND_PROVIDER_ISSUER:
    case BIND_PROVIDER_CLIENTS:
    case BIND_PROVIDER_CLIENT_ADDED:
    case BIND_PROVIDER_CLIENT_REMOVED:
    case BIND_PROVIDER_KEYS:
    case BIND_PROVIDER_LIMIT:
    case BIND_PROVIDER_METADATA:
    case BIND_PROVIDER_ENCODED_METADATA:
    case BIND_PASSWORD:
    case BIND_OLD_PASSWORD:
    case BIND_CODE:
    case BIND_FIRST_CODE: break; /* what the request boxes more than one of: the tests sign it themselves */
    default: test_parameter_choice(text, f, test_choice_of(f, act)); break;
    }
}

static inline void test_bound_parameters(test_house *h, const char *action, key_act *act, buffer *text) {
    const product *of = product_by_version(slice_of_text(test_version(action)));
    const operation *op = operation_get(operation_find(of->name, slice_of_text(action)));
    for (size_t i = 0; op && act && i < op->in->field_count; i++) {
        const field *f = &op->in->fields[i];
        if (f->binds_act == 0 || f->binds_act == act->act) test_bound_parameter(h, f, act, text);
    }
}

/* Any text, with a time and a nonce behind it, signed. */
static inline proof *test_proof_of(test_house *h, slice text) {
    proof *p = ARENA_NEW(&h->memory, proof);
    slice *kept = ARENA_NEW(&h->memory, slice);
    ASSERT_OK(arena_printf(&h->memory, kept,
                           "%.*s%%26SignatureNonce%%3Dn%%26Timestamp%%3D2024-05-20T06%%253A34%%253A21Z",
                           SLICE_ARGS(text)));
    *p = (proof){.scheme = SCHEME_ALIBABA_V1, .access_key_id = TEST_KEY_NAME, .texts = {kept, 1}};
    p->request_time = SET_INT(TEST_NOW_S), p->nonce = SLICE("n");
    p->signature = test_sign(TEST_SECRET, *kept, &h->memory);
    return p;
}

static inline proof *test_proof(test_house *h, const char *action, key_act *act) {
    OWNED(buffer) text = {0};
    ASSERT_OK(buffer_printf(&text, "POST&%%2F&AccessKeyId%%3DLTAI%%26Action%%3D%s%%26Format%%3Djson%%26Version%%3D%s",
                            action, test_version(action)));
    test_bound_parameters(h, action, act, &text);
    return test_proof_of(h, buffer_slice(&text));
}

static inline use_message test_use(test_house *h, const char *action, key_act *act) {
    use_message use = {.id = SET_INT(1), .request_id = TEST_REQUEST, .gateway = SET_INT(TEST_GATEWAY)};
    use.account_id = TEST_ACCOUNT;
    use.account = h->account;
    use.access_key = h->access_key;
    use.proof = test_proof(h, action, act);
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
    custody_allow_beginning(h->custody);
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
    ASSERT_OK(arena_copy(&h->memory, plaintext, &h->plaintext));
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

/* A pair from a maker paired with the vault, as keyhold-keygen makes it. */
static inline void test_add_pair(test_house *h, uint8_t wrong_bit) {
    static const uint8_t KEY[32] = {11};
    OWNED(secret) key = {0};
    OWNED(secret) private_der = {0};
    OWNED(buffer) public_der = {0};
    OWNED(buffer) boxed = {0};
    box *maker = NULL;
    ASSERT_OK(secret_copy(slice_of(KEY, 32), &key));
    ASSERT_OK(box_new(&key, BOX_SIDE_A, &maker));
    ASSERT_OK(custody_pair_keygen(h->custody, &key));
    ASSERT_OK(asymmetric_generate(ASYMMETRIC_RSA_2048, &private_der));
    ASSERT_OK(asymmetric_public_of(ASYMMETRIC_RSA_2048, &private_der, &public_der));
    ASSERT_OK(box_seal_secret(maker, buffer_slice(&public_der), &private_der, &boxed));
    boxed.at[boxed.len - 1] ^= wrong_bit;
    keygenned_message m = {.private = buffer_slice(&boxed), .public = buffer_slice(&public_der)};
    status added = custody_add_pair(h->custody, &m, &(enum asymmetric_kind){0});
    if (wrong_bit) ASSERT_FAILS(added, VERIFICATION);
    else ASSERT_OK(added);
    box_free(maker);
}

#endif
