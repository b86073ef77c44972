/* Keys and signatures as JSON has them: the examples of RFC 7515 A.2 and A.3, and what is no key. */
#include "crypto/jose.h"

#include "base/text.h"
#include "crypto/test_bytes.h"

static const char RSA_TEXT[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p"
    "c19yb290Ijp0cnVlfQ";
static const char RSA_N[] =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yR"
    "T+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXB"
    "dQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9ia"
    "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ==";
static const char RSA_SIGNATURE[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB//dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh+0Qc/lF5YKt/O8W2Fp5jujGbds9uJdbF9CUAr"
    "7t1dnZcAcQjbKBYNX4BAynRFdiuB++f/nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB/eSN9383LcOLn6/dO++x"
    "i12jzDwusC+eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN/Ioy"
    "pGlUPQGe77Rw==";
static const char EC_TEXT[] =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc"
    "19yb290Ijp0cnVlfQ";
static const char EC_X[] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=";
static const char EC_Y[] = "x/FEzRu9m36HLN/tue659LNpXW6pCyStikYjKIWI5a0=";
static const char EC_SIGNATURE[] =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6+Xx+F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3+Kg6NU1Q==";

static slice bytes(const char *base64, arena *memory) {
    slice out;
    assert_ok(base64_decode(slice_of_text(base64), memory, &out));
    return out;
}

static void rsa_example(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) der = {0};
    enum asymmetric_kind kind;
    asymmetric *key;
    signing how = {SIGNING_PKCS1, HASH_SHA256, false};
    assert_ok(jose_rsa(bytes(RSA_N, &memory), SLICE("\1\0\1"), &kind, &der));
    assert_int_equal(kind, ASYMMETRIC_RSA_2048);
    assert_ok(asymmetric_from_public(kind, buffer_slice(&der), &key));
    slice signature = bytes(RSA_SIGNATURE, &memory);
    assert_ok(asymmetric_verify(key, &how, slice_of_text(RSA_TEXT), signature));
    assert_fails(asymmetric_verify(key, &how, slice_head(slice_of_text(RSA_TEXT), 40), signature), VERIFICATION);
    asymmetric_free(key);
}

static void ec_example(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) der = {0};
    OWNED(buffer) signature = {0};
    asymmetric *key;
    signing how = {SIGNING_ECDSA, HASH_SHA256, false};
    assert_ok(jose_ec(ASYMMETRIC_P256, bytes(EC_X, &memory), bytes(EC_Y, &memory), &der));
    assert_ok(jose_ecdsa(ASYMMETRIC_P256, bytes(EC_SIGNATURE, &memory), &signature));
    assert_ok(asymmetric_from_public(ASYMMETRIC_P256, buffer_slice(&der), &key));
    assert_ok(asymmetric_verify(key, &how, slice_of_text(EC_TEXT), buffer_slice(&signature)));
    signature.at[signature.len - 1] ^= 1;
    assert_fails(asymmetric_verify(key, &how, slice_of_text(EC_TEXT), buffer_slice(&signature)), VERIFICATION);
    asymmetric_free(key);
}

static void no_keys(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) der = {0};
    enum asymmetric_kind kind;
    slice n = bytes(RSA_N, &memory), x = bytes(EC_X, &memory), y = bytes(EC_Y, &memory);
    assert_fails(jose_rsa(slice_head(n, 128), SLICE("\1\0\1"), &kind, &der), MALFORMED);
    assert_fails(jose_rsa(n, SLICE("\3"), &kind, &der), MALFORMED);
    assert_fails(jose_rsa(n, SLICE("\1\0\2"), &kind, &der), MALFORMED);
    assert_fails(jose_rsa(n, SLICE(""), &kind, &der), MALFORMED);
    assert_fails(jose_rsa((slice){0}, SLICE("\1\0\1"), &kind, &der), MALFORMED);
    assert_fails(jose_ec(ASYMMETRIC_P256, x, x, &der), MALFORMED);
    assert_fails(jose_ec(ASYMMETRIC_P256, slice_head(x, 31), y, &der), MALFORMED);
    assert_fails(jose_ec(ASYMMETRIC_P384, x, y, &der), MALFORMED);
    assert_fails(jose_ec(ASYMMETRIC_P256K, x, y, &der), MALFORMED);
    assert_int_equal(der.len, 0);
    assert_fails(jose_ecdsa(ASYMMETRIC_P256, x, &der), VERIFICATION);
    assert_fails(jose_ecdsa(ASYMMETRIC_RSA_2048, n, &der), VERIFICATION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsa_example),
        cmocka_unit_test(ec_example),
        cmocka_unit_test(no_keys),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
