/* The table of key specs, and of algorithms. */
#include "contract/key_spec.h"

#define CRYPT KEY_USAGE_ENCRYPT_DECRYPT
#define SIGN KEY_USAGE_SIGN_VERIFY
#define MAC KEY_USAGE_GENERATE_VERIFY_MAC
#define AGREE KEY_USAGE_KEY_AGREEMENT

enum {
    OAEP =
        ALGORITHM_BIT(ENCRYPTION_ALGORITHM_RSAES_OAEP_SHA_1) | ALGORITHM_BIT(ENCRYPTION_ALGORITHM_RSAES_OAEP_SHA_256),
    SYMMETRIC = ALGORITHM_BIT(ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT),
    SM2PKE = ALGORITHM_BIT(ENCRYPTION_ALGORITHM_SM2_PKE),
    RSA_SIGNING =
        ALGORITHM_BIT(SIGNING_ALGORITHM_RSA_PSS_SHA_256) | ALGORITHM_BIT(SIGNING_ALGORITHM_RSA_PSS_SHA_384) |
        ALGORITHM_BIT(SIGNING_ALGORITHM_RSA_PSS_SHA_512) | ALGORITHM_BIT(SIGNING_ALGORITHM_RSA_PKCS1_SHA_256) |
        ALGORITHM_BIT(SIGNING_ALGORITHM_RSA_PKCS1_SHA_384) | ALGORITHM_BIT(SIGNING_ALGORITHM_RSA_PKCS1_SHA_512),
};
#define SIGNS(name) .signing = ALGORITHM_BIT(SIGNING_ALGORITHM_##name)
#define MACS(name) .mac = ALGORITHM_BIT(MAC_ALGORITHM_##name)
#define RSA(name, kind)                                                                                                \
    { name, KEY_FAMILY_ASYMMETRIC, 0, ASYMMETRIC_##kind, {CRYPT, SIGN}, OAEP, RSA_SIGNING, 0 }

static const key_spec_row rows[] = {
    [KEY_SPEC_ALIYUN_AES_256] = {"SYMMETRIC_DEFAULT", KEY_FAMILY_SYMMETRIC, 32, 0, {CRYPT}, SYMMETRIC},
    [KEY_SPEC_ALIYUN_AES_128] = {NULL, KEY_FAMILY_SYMMETRIC, 16, 0, {CRYPT}, SYMMETRIC},
    [KEY_SPEC_ALIYUN_AES_192] = {NULL, KEY_FAMILY_SYMMETRIC, 24, 0, {CRYPT}, SYMMETRIC},
    [KEY_SPEC_ALIYUN_SM4] = {NULL, KEY_FAMILY_SYMMETRIC, 16, 0, {CRYPT}, SYMMETRIC},
    [KEY_SPEC_RSA_2048] = RSA("RSA_2048", RSA_2048),
    [KEY_SPEC_RSA_3072] = RSA("RSA_3072", RSA_3072),
    [KEY_SPEC_RSA_4096] = RSA("RSA_4096", RSA_4096),
    [KEY_SPEC_EC_P256] =
        {"ECC_NIST_P256", KEY_FAMILY_ASYMMETRIC, 0, ASYMMETRIC_P256, {SIGN, AGREE}, SIGNS(ECDSA_SHA_256)},
    [KEY_SPEC_EC_P256_K] =
        {"ECC_SECG_P256K1", KEY_FAMILY_ASYMMETRIC, 0, ASYMMETRIC_P256K, {SIGN}, SIGNS(ECDSA_SHA_256)},
    [KEY_SPEC_EC_SM2] = {"SM2", KEY_FAMILY_ASYMMETRIC, 0, ASYMMETRIC_SM2, {CRYPT, SIGN}, SM2PKE, SIGNS(SM2_DSA)},
    [KEY_SPEC_EC_P384] =
        {"ECC_NIST_P384", KEY_FAMILY_ASYMMETRIC, 0, ASYMMETRIC_P384, {SIGN, AGREE}, SIGNS(ECDSA_SHA_384)},
    [KEY_SPEC_EC_P521] =
        {"ECC_NIST_P521", KEY_FAMILY_ASYMMETRIC, 0, ASYMMETRIC_P521, {SIGN, AGREE}, SIGNS(ECDSA_SHA_512)},
    [KEY_SPEC_EC_ED25519] =
        {"ECC_NIST_EDWARDS25519", KEY_FAMILY_ASYMMETRIC, 0, ASYMMETRIC_ED25519, {SIGN}, SIGNS(ED25519_SHA_512)},
    [KEY_SPEC_HMAC_SHA_224] = {"HMAC_224", KEY_FAMILY_MAC, 28, 0, {MAC}, MACS(HMAC_SHA_224)},
    [KEY_SPEC_HMAC_SHA_256] = {"HMAC_256", KEY_FAMILY_MAC, 32, 0, {MAC}, MACS(HMAC_SHA_256)},
    [KEY_SPEC_HMAC_SHA_384] = {"HMAC_384", KEY_FAMILY_MAC, 48, 0, {MAC}, MACS(HMAC_SHA_384)},
    [KEY_SPEC_HMAC_SHA_512] = {"HMAC_512", KEY_FAMILY_MAC, 64, 0, {MAC}, MACS(HMAC_SHA_512)},
    [KEY_SPEC_HMAC_SM3] = {NULL, KEY_FAMILY_MAC, 32, 0, {MAC}, MACS(HMAC_SM3)},
};
enum { SPECS = sizeof rows / sizeof *rows };

const key_spec_row *key_spec_get(int spec) {
    if (spec == KEY_SPEC_ABSENT) spec = KEY_SPEC_ALIYUN_AES_256;
    return spec > 0 && spec < SPECS ? &rows[spec] : NULL;
}

int key_spec_find_aws(slice name) {
    for (int spec = KEY_SPEC_ABSENT + 1; spec < SPECS; spec++)
        if (rows[spec].aws && slice_equals_text(name, rows[spec].aws)) return spec;
    return KEY_SPEC_ABSENT;
}

bool key_spec_has_usage(int spec, int usage) {
    const key_spec_row *row = key_spec_get(spec);
    for (size_t i = 0; row && i < 3 && row->usages[i]; i++)
        if (row->usages[i] == usage) return true;
    return false;
}

/* A key without a usage is from before there were others than to encrypt. */
static status check_usage(int spec, int usage, int wanted) {
    if (usage == KEY_USAGE_ABSENT) usage = CRYPT;
    ENSURE(usage == wanted && key_spec_has_usage(spec, wanted), KEY_USAGE);
    return OK;
}

static status check_algorithm(unsigned offered, int algorithm) {
    ENSURE(algorithm > 0 && algorithm < 32 && (offered & ALGORITHM_BIT(algorithm)) != 0, KEY_ALGORITHM);
    return OK;
}

status key_spec_check_encryption(int spec, int usage, int algorithm) {
    TRY(check_usage(spec, usage, CRYPT));
    return check_algorithm(key_spec_get(spec)->encryption, algorithm);
}

status key_spec_check_signing(int spec, int usage, int algorithm) {
    TRY(check_usage(spec, usage, SIGN));
    return check_algorithm(key_spec_get(spec)->signing, algorithm);
}

status key_spec_check_mac(int spec, int usage, int algorithm) {
    TRY(check_usage(spec, usage, MAC));
    return check_algorithm(key_spec_get(spec)->mac, algorithm);
}

status key_spec_check_agreement(int spec, int usage) { return check_usage(spec, usage, AGREE); }

/* ---- algorithms */

status sealing_of_encryption(int algorithm, enum asymmetric_sealing *out) {
    switch (algorithm) {
    case ENCRYPTION_ALGORITHM_RSAES_OAEP_SHA_1: *out = SEALING_OAEP_SHA1; return OK;
    case ENCRYPTION_ALGORITHM_RSAES_OAEP_SHA_256: *out = SEALING_OAEP_SHA256; return OK;
    case ENCRYPTION_ALGORITHM_SM2_PKE: *out = SEALING_SM2; return OK;
    default: return FAIL(UNSUPPORTED);
    }
}

status signing_of(int algorithm, int message_type, signing *out) {
    static const signing ROWS[] = {
        [SIGNING_ALGORITHM_RSA_PSS_SHA_256] = {SIGNING_PSS, HASH_SHA256, false},
        [SIGNING_ALGORITHM_RSA_PSS_SHA_384] = {SIGNING_PSS, HASH_SHA384, false},
        [SIGNING_ALGORITHM_RSA_PSS_SHA_512] = {SIGNING_PSS, HASH_SHA512, false},
        [SIGNING_ALGORITHM_RSA_PKCS1_SHA_256] = {SIGNING_PKCS1, HASH_SHA256, false},
        [SIGNING_ALGORITHM_RSA_PKCS1_SHA_384] = {SIGNING_PKCS1, HASH_SHA384, false},
        [SIGNING_ALGORITHM_RSA_PKCS1_SHA_512] = {SIGNING_PKCS1, HASH_SHA512, false},
        [SIGNING_ALGORITHM_ECDSA_SHA_256] = {SIGNING_ECDSA, HASH_SHA256, false},
        [SIGNING_ALGORITHM_ECDSA_SHA_384] = {SIGNING_ECDSA, HASH_SHA384, false},
        [SIGNING_ALGORITHM_ECDSA_SHA_512] = {SIGNING_ECDSA, HASH_SHA512, false},
        [SIGNING_ALGORITHM_SM2_DSA] = {SIGNING_SM2, HASH_SM3, false},
        [SIGNING_ALGORITHM_ED25519_SHA_512] = {SIGNING_ED25519, HASH_SHA512, false},
    };
    ENSURE(algorithm > 0 && (size_t)algorithm < sizeof ROWS / sizeof *ROWS, UNSUPPORTED);
    *out = ROWS[algorithm];
    out->is_digest = message_type != MESSAGE_TYPE_RAW;
    return OK;
}

status hash_of_mac(int algorithm, enum hash_kind *out) {
    static const enum hash_kind ROWS[] = {
        [MAC_ALGORITHM_HMAC_SHA_224] = HASH_SHA224, [MAC_ALGORITHM_HMAC_SHA_256] = HASH_SHA256,
        [MAC_ALGORITHM_HMAC_SHA_384] = HASH_SHA384, [MAC_ALGORITHM_HMAC_SHA_512] = HASH_SHA512,
        [MAC_ALGORITHM_HMAC_SM3] = HASH_SM3,
    };
    ENSURE(algorithm > 0 && (size_t)algorithm < sizeof ROWS / sizeof *ROWS, UNSUPPORTED);
    *out = ROWS[algorithm];
    return OK;
}

status sealing_of_wrapping(int algorithm, enum asymmetric_sealing *out, bool *wraps_twice) {
    static const struct {
        enum asymmetric_sealing how;
        bool wraps_twice;
    } ROWS[] = {
        [WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256] = {SEALING_OAEP_SHA256, false},
        [WRAPPING_ALGORITHM_RSAES_OAEP_SHA_1] = {SEALING_OAEP_SHA1, false},
        [WRAPPING_ALGORITHM_RSA_AES_KEY_WRAP_SHA_256] = {SEALING_OAEP_SHA256, true},
        [WRAPPING_ALGORITHM_RSA_AES_KEY_WRAP_SHA_1] = {SEALING_OAEP_SHA1, true},
        [WRAPPING_ALGORITHM_SM2_PKE] = {SEALING_SM2, false},
    };
    ENSURE(algorithm > 0 && (size_t)algorithm < sizeof ROWS / sizeof *ROWS, UNSUPPORTED);
    *out = ROWS[algorithm].how;
    *wraps_twice = ROWS[algorithm].wraps_twice;
    return OK;
}

status pair_of_wrapping(int spec, enum asymmetric_kind *out) {
    switch (spec) {
    case WRAPPING_SPEC_ABSENT: /* what there was before there were others */
    case WRAPPING_SPEC_RSA_2048: *out = ASYMMETRIC_RSA_2048; return OK;
    case WRAPPING_SPEC_RSA_3072: *out = ASYMMETRIC_RSA_3072; return OK;
    case WRAPPING_SPEC_RSA_4096: *out = ASYMMETRIC_RSA_4096; return OK;
    case WRAPPING_SPEC_EC_SM2: *out = ASYMMETRIC_SM2; return OK;
    default: return FAIL(UNSUPPORTED);
    }
}

bool wrapping_goes_together(int spec, int algorithm) {
    return (spec == WRAPPING_SPEC_EC_SM2) == (algorithm == WRAPPING_ALGORITHM_SM2_PKE);
}

int key_spec_of_pair(int pair_spec) {
    return choice_find(key_spec_choices, slice_of_text(choice_text(data_key_pair_spec_choices, pair_spec)));
}
