/* Signatures of real clients, recomputed; and everything that is none. */
#include "custody/proof.h"
#include "custody/test_house.h"

#define V1_ENCRYPT                                                                                                     \
    "POST&%2F&AccessKeyId%3DLTAI5tTESTVECTOR00000001%26Action%3DEncrypt%26EncryptionContext.Dept%3Dfin%2520ance%26"    \
    "EncryptionContext.k.2%3Dv%26Format%3Djson%26KeyId%3Dalias%252Fx%26Plaintext%3DSGVsbG8%253D%26SignatureMethod%3D"  \
    "HMAC-SHA1%26SignatureNonce%3D30d3f41290435211e60222d2822f18fe%26SignatureVersion%3D1.0%26Timestamp%3D2024-05-20"  \
    "T06%253A34%253A21Z%26Version%3D2016-01-20"
#define V3_CREATE_USER                                                                                                 \
    "POST\n/\nDisplayName=Al%20ice%2A~%C3%A9%21%27%28%29&UserName=alice\nhost:127.0.0.1:34711\n"                       \
    "x-acs-action:CreateUser\n"                                                                                        \
    "x-acs-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"                          \
    "x-acs-credentials-provider:static_ak\nx-acs-date:2024-05-20T06:34:21Z\n"                                          \
    "x-acs-signature-nonce:38d0d1b82d94ea69dab49a68130ae043f07def66af142e842871cd7f99d4ec44\n"                         \
    "x-acs-version:2015-05-01\n\nhost;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;"        \
    "x-acs-signature-nonce;x-acs-version\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OSS1_GET                                                                                                       \
    "GET\n\ntext/plain\nMon, 20 May 2024 06:34:21 GMT\nx-oss-date:Mon, 20 May 2024 06:34:21 GMT\n/mybucket/k.txt"
#define OSS4_PUT                                                                                                       \
    "PUT\n/mybucket/dir/a%20b%2B%C3%A9.txt\n\ncontent-md5:XUFAKrxLKna5cZ2REBfFkg==\ncontent-type:text/plain\n"         \
    "x-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:20240520T063421Z\nx-oss-server-side-encryption:AES256\n\n\n"    \
    "UNSIGNED-PAYLOAD"
#define AWS_LIST_KEYS                                                                                                  \
    "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:127.0.0.1:8080\nx-amz-date:20240520T063421Z\n"           \
    "x-amz-target:TrentService.ListKeys\n\ncontent-type;host;x-amz-date;x-amz-target\n"                                \
    "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

typedef struct vector {
    int scheme;
    slice text;
    const char *signature; /* hex */
} vector;

static const vector vectors[] = {
    {SCHEME_ALIBABA_V1,
     {(const uint8_t *)V1_ENCRYPT, sizeof V1_ENCRYPT - 1},
     "ba043868b406d7b48c74fad96ffd37cb10594fc7"},
    {SCHEME_ALIBABA_V3,
     {(const uint8_t *)V3_CREATE_USER, sizeof V3_CREATE_USER - 1},
     "66d44f1d1249dbfa1b922672e1f32bab917b33fba80225b597e5630722c0b9c6"},
    {SCHEME_OSS_V1, {(const uint8_t *)OSS1_GET, sizeof OSS1_GET - 1}, "717e9f47b3486e734f18ec54e021d3e92a38d05b"},
    {SCHEME_OSS_V4,
     {(const uint8_t *)OSS4_PUT, sizeof OSS4_PUT - 1},
     "68baafe46c63eea406faaea1e6efbd20221746135cac0e04a5e843df86882a70"},
    {SCHEME_AWS_V4,
     {(const uint8_t *)AWS_LIST_KEYS, sizeof AWS_LIST_KEYS - 1},
     "bbaccf4489c9f582160355ea1396c141d9199ec13bb74a09b4a9187bfc66ddb2"}, /* by botocore */
};
enum { VECTORS = sizeof vectors / sizeof *vectors };

typedef struct bench {
    uint8_t signature[64];
    slice texts[PROOF_TEXTS_MOST];
    secret key;
    proof proof;
} bench;

static void bench_begin(bench *b, const vector *v) {
    *b = (bench){0};
    ASSERT_OK(crypto_start());
    ASSERT_OK(secret_copy(TEST_SECRET, &b->key));
    size_t bytes = strlen(v->signature) / 2;
    for (size_t i = 0; i < bytes; i++) {
        unsigned value;
        assert_int_equal(sscanf(v->signature + 2 * i, "%2x", &value), 1);
        b->signature[i] = (uint8_t)value;
    }
    b->texts[0] = v->text;
    b->proof = (proof){.scheme = v->scheme, .access_key_id = TEST_KEY_NAME, .texts = {b->texts, 1}};
    b->proof.signature = slice_of(b->signature, bytes);
    b->proof.request_time = SET_INT(TEST_NOW_S);
    b->proof.scope_date = SLICE("20240520");
    b->proof.scope_region = SLICE("cn-hangzhou");
    b->proof.scope_service = SLICE("kms");
}

static void real_signatures_hold(void **state) {
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        bench b;
        size_t candidate = 99;
        bench_begin(&b, &vectors[i]);
        ASSERT_OK(proof_verify(&b.proof, &b.key, &candidate));
        assert_int_equal(candidate, 0);
        secret_clear(&b.key);
    }
}

static void every_flipped_bit_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        bench b;
        size_t candidate;
        bench_begin(&b, &vectors[i]);
        for (size_t bit = 0; bit < 8 * b.proof.signature.len; bit++) {
            b.signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
            b.signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * b.key.len; bit++) {
            secret_fill(&b.key)[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
            secret_fill(&b.key)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        secret_clear(&b.key);
    }
}

static void candidates_are_tried_in_order(void **state) {
    (void)state;
    bench b;
    size_t candidate = 0;
    bench_begin(&b, &vectors[2]);
    b.texts[2] = b.texts[0];
    b.texts[0] = SLICE("GET\n\n\n\n/other"), b.texts[1] = SLICE("");
    b.proof.texts.count = 3;
    ASSERT_OK(proof_verify(&b.proof, &b.key, &candidate));
    assert_int_equal(candidate, 2);
    b.proof.texts.count = 2;
    ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    b.proof.texts.count = 0;
    ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    b.proof.texts.count = PROOF_TEXTS_MOST + 1;
    ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    secret_clear(&b.key);
}

static void a_signature_holds_under_its_own_scheme_only(void **state) {
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        bench b;
        size_t candidate;
        bench_begin(&b, &vectors[i]);
        for (int scheme = 0; scheme <= SCHEME_AWS_V4 + 1; scheme++) {
            b.proof.scheme = scheme;
            status result = proof_verify(&b.proof, &b.key, &candidate);
            assert_int_equal(FAILED(result), scheme != vectors[i].scheme);
        }
        b.proof.scheme = vectors[i].scheme;
        b.proof.signature.len--;
        ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
        b.proof.signature.len += 2;
        ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
        b.proof.signature.len = 0;
        ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
        secret_clear(&b.key);
    }
}

static void check_scope(const vector *v) {
    bench b;
    size_t candidate;
    bench_begin(&b, v);
    const proof whole = b.proof;
    b.proof.scope_region = SLICE("cn-beijing");
    ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    b.proof = whole;
    b.proof.scope_date = SLICE("20240521");
    ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    b.proof = whole;
    b.proof.request_time = SET_INT(TEST_NOW_S + 1);
    ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    b.proof = whole;
    b.proof.request_time.is_set = false;
    ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    b.proof = whole;
    b.proof.scope_region = (slice){0};
    ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    secret_clear(&b.key);
}

static void scope_is_part_of_the_signature(void **state) {
    (void)state;
    check_scope(&vectors[3]);
    check_scope(&vectors[4]);
}

static void a_service_is_part_of_the_signature(void **state) {
    (void)state;
    static const char *const OTHERS[] = {"s3", "", "kms/aws4_request", "k\nms"};
    bench b;
    size_t candidate;
    bench_begin(&b, &vectors[4]);
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        b.proof.scope_service = slice_of_text(OTHERS[i]);
        ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    }
    b.proof.scope_service = SLICE("kms");
    b.proof.scope_region = SLICE("cn-hangzhou/kms");
    ASSERT_FAILS(proof_verify(&b.proof, &b.key, &candidate), BAD_SIGNATURE);
    secret_clear(&b.key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_signatures_hold),           cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(candidates_are_tried_in_order),  cmocka_unit_test(a_signature_holds_under_its_own_scheme_only),
        cmocka_unit_test(scope_is_part_of_the_signature), cmocka_unit_test(a_service_is_part_of_the_signature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
