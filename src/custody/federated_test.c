/* Providers of identities as their owner's signed requests say, tokens measured against them, and sessions for whom they name. */
#include "custody/test_house.h"

#include "crypto/jose.h"
#include "custody/provider.h"
#include "custody/token.h"

#define ISSUER "https://idp.example.com/realm"
#define NAME SLICE("corporate")
#define ROLE_ID SLICE("312345678901234567")

static test_house house;
static secret rsa_key, ec_key;
static slice jwks;

/* ---- keys as JSON has them, tokens signed with them */

static slice base64url(slice bytes) {
    OWNED(buffer) text = {0};
    slice copy;
    ASSERT_OK(base64_encode(&text, bytes));
    size_t len = text.len;
    while (len > 0 && text.at[len - 1] == '=') len--;
    for (size_t i = 0; i < len; i++) text.at[i] = text.at[i] == '+' ? '-' : text.at[i] == '/' ? '_' : text.at[i];
    ASSERT_OK(arena_copy(&house.memory, slice_of(text.at, len), &copy));
    return copy;
}

static slice public_of(enum asymmetric_kind kind, const secret *key) {
    OWNED(buffer) der = {0};
    slice copy;
    ASSERT_OK(asymmetric_public_of(kind, key, &der));
    ASSERT_OK(arena_copy(&house.memory, buffer_slice(&der), &copy));
    return copy;
}

/* The DER of both ends with the numbers: the modulus before 02 03 01 00 01, the point's coordinates. */
static slice key_set(const char *rsa_more, const char *ec_more) {
    slice rsa = public_of(ASYMMETRIC_RSA_2048, &rsa_key), ec = public_of(ASYMMETRIC_P256, &ec_key), out;
    slice n = base64url(slice_of(rsa.at + rsa.len - 5 - 256, 256));
    slice x = base64url(slice_of(ec.at + ec.len - 64, 32)), y = base64url(slice_of(ec.at + ec.len - 32, 32));
    ASSERT_OK(arena_printf(&house.memory, &out,
                           "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\",\"e\":\"AQAB\",\"n\":\"%.*s\"%s},"
                           "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e1\",\"x\":\"%.*s\",\"y\":\"%.*s\"%s}]}",
                           SLICE_ARGS(n), rsa_more, SLICE_ARGS(x), SLICE_ARGS(y), ec_more));
    return out;
}

static int begin(void **state) {
    (void)state;
    test_house_begin(&house);
    ASSERT_OK(asymmetric_generate(ASYMMETRIC_RSA_2048, &rsa_key));
    ASSERT_OK(asymmetric_generate(ASYMMETRIC_P256, &ec_key));
    jwks = key_set("", ",\"alg\":\"ES256\",\"use\":\"sig\"");
    return 0;
}

static int end(void **state) {
    (void)state;
    secret_clear(&rsa_key);
    secret_clear(&ec_key);
    test_house_end(&house);
    return 0;
}

/* r and s out of the DER of RFC 3279 §2.2.3, each filled up to 32 bytes. */
static void raw_ecdsa(slice der, uint8_t raw[64]) {
    slice rest = slice_skip(der, 2);
    memset(raw, 0, 64);
    for (size_t i = 0; i < 2; i++) {
        size_t length = rest.at[1];
        slice number = slice_of(rest.at + 2, length);
        if (number.len > 32) number = slice_skip(number, number.len - 32);
        memcpy(raw + 32 * i + 32 - number.len, number.at, number.len);
        rest = slice_skip(rest, 2 + length);
    }
}

typedef struct signer {
    enum asymmetric_kind kind;
    const secret *key;
    signing how;
} signer;
static const signer RS256 = {ASYMMETRIC_RSA_2048, &rsa_key, {SIGNING_PKCS1, HASH_SHA256, false}};
static const signer RS512 = {ASYMMETRIC_RSA_2048, &rsa_key, {SIGNING_PKCS1, HASH_SHA512, false}};
static const signer PS256 = {ASYMMETRIC_RSA_2048, &rsa_key, {SIGNING_PSS, HASH_SHA256, false}};
static const signer ES256 = {ASYMMETRIC_P256, &ec_key, {SIGNING_ECDSA, HASH_SHA256, false}};

static slice token_of(const char *header, const char *claims, const signer *by) {
    OWNED(buffer) signature = {0};
    asymmetric *key;
    uint8_t raw[64];
    slice text, out;
    ASSERT_OK(arena_printf(&house.memory, &text, "%.*s.%.*s", SLICE_ARGS(base64url(slice_of_text(header))),
                           SLICE_ARGS(base64url(slice_of_text(claims)))));
    ASSERT_OK(asymmetric_from_private(by->kind, by->key, &key));
    ASSERT_OK(asymmetric_sign(key, &by->how, text, &signature));
    asymmetric_free(key);
    slice made = buffer_slice(&signature);
    if (by->how.scheme == SIGNING_ECDSA) raw_ecdsa(made, raw), made = slice_of(raw, sizeof raw);
    ASSERT_OK(arena_printf(&house.memory, &out, "%.*s.%.*s", SLICE_ARGS(text), SLICE_ARGS(base64url(made))));
    return out;
}

#define CLAIMS(more)                                                                                                   \
    "{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"web\",\"iat\":1716186800,\"exp\":1716190000" more "}"
#define RS256_HEADER "{\"alg\":\"RS256\",\"kid\":\"r1\"}"

/* ---- a provider, sealed */

typedef struct said {
    const char *name;
    slice value;
} said;

static const key_result *ask(const char *action, const said *parameters, size_t count, key_act act) {
    OWNED(buffer) text = {0};
    use_message use = test_use(&house, "ListKeys", NULL);
    ASSERT_OK(buffer_printf(&text, "POST&%%2F&AccessKeyId%%3DLTAI%%26Action%%3D%s%%26Version%%3D%s", action,
                            test_version(action)));
    for (size_t i = 0; i < count; i++) test_parameter(&text, parameters[i].name, parameters[i].value);
    use.proof = test_proof_of(&house, buffer_slice(&text));
    use.acts.at = &act, use.acts.count = 1;
    test_run(&house, &use, TEST_NOW_S);
    return house.done.used.results.at;
}

static const said NEW[] = {{"OIDCProviderName", {(const uint8_t *)"corporate", 9}},
                           {"IssuerUrl", {(const uint8_t *)ISSUER, sizeof ISSUER - 1}},
                           {"ClientIds", {(const uint8_t *)"web,cli", 7}}};
static provider_wish new_wish(void) {
    return (provider_wish){.name = NAME, .issuer_url = SLICE(ISSUER), .client_ids = SLICE("web,cli")};
}

static key_act act_of(slice sealed_provider, provider_wish *wish) {
    return (key_act){.act = VAULT_ACT_SEAL_PROVIDER, .key = sealed_provider, .provider = wish};
}

static slice new_provider(void) {
    provider_wish wish = new_wish();
    const key_result *made = ask("CreateOIDCProvider", NEW, 3, act_of((slice){0}, &wish));
    ASSERT_ANSWER(&house, OK);
    return made->output;
}

static const key_result *set_keys(slice sealed_provider, slice keys, slice signed_for) {
    provider_wish wish = {.name = NAME, .keys = keys};
    const said parameters[] = {{"OIDCProviderName", NAME}, {"Keys", signed_for}};
    return ask("SetOIDCProviderKeys", parameters, 2, act_of(sealed_provider, &wish));
}

static slice ready_provider(void) {
    const key_result *made = set_keys(new_provider(), jwks, jwks);
    ASSERT_ANSWER(&house, OK);
    assert_true(slice_equals_text(made->summary, "r1,e1"));
    return made->output;
}

/* ---- sessions, unsigned */

static session_wish WISH = {.role_name = {(const uint8_t *)"deployer", 8}, .name = {(const uint8_t *)"ci", 2}};

#define TRUST(who)                                                                                                     \
    "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{"            \
    "\"Federated\":"                                                                                                   \
    "\"acs:ram::1000000000000001:oidc-provider/" who "}]}"
#define TRUSTING TRUST("corporate\"}")

/* What the vault keeps of a trust policy that somebody signed for the role. */
static key_act permit_of(slice document, slice *account) {
    static session_wish of = {.role_name = {(const uint8_t *)"deployer", 8},
                              .role_id = {(const uint8_t *)"312345678901234567", 18}};
    key_act act = {.act = VAULT_ACT_PERMIT_SHARING, .session = &of, .value = document};
    act.accounts.at = account, act.accounts.count = account != NULL;
    return act;
}

static slice permit(slice document) {
    const said parameters[] = {{"RoleName", SLICE("deployer")}, {"AssumeRolePolicyDocument", document}};
    slice made = ask("CreateRole", parameters, 2, permit_of(document, NULL))->output;
    ASSERT_ANSWER(&house, OK);
    return made;
}

static slice opened_for = {0}; /* the permit that core brings along */

static const key_result *assume_with(slice sealed_provider, slice token, session_wish *wish) {
    key_act act = {.act = VAULT_ACT_ASSUME_FEDERATED, .key = sealed_provider, .text = SLICE("STS.federated")};
    act.sharing = opened_for;
    act.input = test_boxed(&house, token);
    act.session = wish;
    act.expires_at = SET_INT(TEST_NOW_S + 3600);
    use_message use = {.id = SET_INT(1), .request_id = TEST_REQUEST, .gateway = SET_INT(TEST_GATEWAY)};
    use.account_id = TEST_ACCOUNT;
    use.account = house.account;
    use.acts.at = &act, use.acts.count = 1;
    test_run(&house, &use, TEST_NOW_S);
    return house.done.used.results.at;
}

static const key_result *assume(slice sealed_provider, slice token) {
    WISH.role_id = ROLE_ID;
    opened_for = permit(SLICE(TRUSTING));
    return assume_with(sealed_provider, token, &WISH);
}

static void a_token_gives_a_session(void **state) {
    (void)state;
    slice provider = ready_provider(), blob;
    sealed session;
    const struct {
        const char *header;
        const signer *by;
    } good[] = {{RS256_HEADER, &RS256},
                {"{\"alg\":\"RS512\",\"kid\":\"r1\",\"typ\":\"JWT\"}", &RS512},
                {"{\"alg\":\"PS256\",\"kid\":\"r1\"}", &PS256},
                {"{\"alg\":\"ES256\",\"kid\":\"e1\"}", &ES256}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const key_result *made = assume(provider, token_of(good[i].header, CLAIMS(""), good[i].by));
        ASSERT_ANSWER(&house, OK);
        assert_true(slice_equals_text(made->vouched->subject, "alice"));
        assert_true(slice_equals_text(made->vouched->issuer, ISSUER));
        assert_int_equal(made->vouched->audience.count, 1);
        ASSERT_OK(base64_decode(made->output, &house.memory, &blob));
        ASSERT_OK(sealed_parse(blob, SEALED_SESSION, &house.memory, &session));
        assert_true(slice_equals_text(session.header.role_name, "deployer"));
        assert_true(slice_equals(session.header.role_id, ROLE_ID));
        assert_true(slice_equals_text(session.header.provider, "oidc-provider/corporate"));
        assert_true(slice_equals_text(session.header.subject, "alice"));
        assert_true(slice_is_empty(session.header.user_id));
    }
}

/* Core may have no role to offer; then there is no session either, but what the token says. */
static void no_role_no_session(void **state) {
    (void)state;
    const key_result *made = assume_with(ready_provider(), token_of(RS256_HEADER, CLAIMS(""), &RS256), NULL);
    ASSERT_ANSWER(&house, OK);
    assert_true(slice_is_empty(made->output) && slice_is_empty(made->boxed));
    assert_non_null(made->vouched);
}

/* A good token, and a role that its owner did not open for it. */
static void only_a_role_that_was_opened(void **state) {
    (void)state;
    slice provider = ready_provider(), token = token_of(RS256_HEADER, CLAIMS(""), &RS256);
    static const slice OTHER_SUBJECT = {
        (const uint8_t *)TRUST("corporate\"},\"Condition\":{\"StringEquals\":{\"oidc:sub\":\"bob\"}}"),
        sizeof TRUST("corporate\"},\"Condition\":{\"StringEquals\":{\"oidc:sub\":\"bob\"}}") - 1};
    slice others[] = {(slice){0}, permit(SLICE(TRUST("other\"}"))), permit(OTHER_SUBJECT), permit(SLICE("no policy"))};
    WISH.role_id = ROLE_ID;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        opened_for = others[i];
        const key_result *made = assume_with(provider, token, &WISH);
        ASSERT_ANSWER(&house, OK);
        assert_true(made->vouched && slice_is_empty(made->output) && slice_is_empty(made->boxed));
    }
    opened_for = permit(SLICE(TRUSTING));
    session_wish namesake = WISH, other = WISH;
    namesake.role_id = SLICE("312345678901234568");
    other.role_name = SLICE("admin");
    assert_true(slice_is_empty(assume_with(provider, token, &namesake)->output));
    assert_true(slice_is_empty(assume_with(provider, token, &other)->output));
    ASSERT_ANSWER(&house, OK);
    assert_false(slice_is_empty(assume_with(provider, token, &WISH)->output));
    opened_for = provider; /* sealed, and something else */
    assume_with(provider, token, &WISH);
    ASSERT_ANSWER(&house, CORRUPT);
}

/* The permit keeps what was signed, for the role that was signed, and admits no account on the way. */
static void a_permit_is_of_what_was_signed(void **state) {
    (void)state;
    slice document = SLICE(TRUSTING), nobody = SLICE("2000000000000002");
    const said parameters[] = {{"RoleName", SLICE("deployer")}, {"AssumeRolePolicyDocument", document}};
    const said other_role[] = {{"RoleName", SLICE("admin")}, {"AssumeRolePolicyDocument", document}};
    const said other_text[] = {{"RoleName", SLICE("deployer")}, {"AssumeRolePolicyDocument", SLICE(TRUST("other\"}"))}};
    const said none[] = {{"RoleName", SLICE("deployer")}};
    ask("CreateRole", parameters, 2, permit_of(document, &nobody));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    ask("CreateRole", other_role, 2, permit_of(document, NULL));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    ask("CreateRole", other_text, 2, permit_of(document, NULL));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    ask("UpdateRole", none, 1, permit_of(document, NULL));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    ask("GetRole", none, 1, permit_of(document, NULL));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    ask("CreateRole", parameters, 2, permit_of((slice){0}, NULL));
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

static void what_is_no_token(void **state) {
    (void)state;
    slice provider = ready_provider(), good = token_of(RS256_HEADER, CLAIMS(""), &RS256);
    static const char NONE[] = "{\"alg\":\"none\",\"kid\":\"r1\"}";
    const slice bad[] = {
        token_of(NONE, CLAIMS(""), &RS256),
        slice_head(token_of(NONE, CLAIMS(""), &RS256), good.len - 343),
        token_of("{\"alg\":\"HS256\",\"kid\":\"r1\"}", CLAIMS(""), &RS256),
        token_of("{\"alg\":\"RS256\",\"kid\":\"r2\"}", CLAIMS(""), &RS256),
        token_of("{\"alg\":\"RS256\"}", CLAIMS(""), &RS256), /* there are two keys */
        token_of("{\"alg\":\"RS256\",\"kid\":1}", CLAIMS(""), &RS256),
        token_of("{\"alg\":\"RS256\",\"kid\":\"e1\"}", CLAIMS(""), &RS256),
        token_of("{\"alg\":\"ES256\",\"kid\":\"r1\"}", CLAIMS(""), &ES256),
        token_of("{\"alg\":\"RS512\",\"kid\":\"r1\"}", CLAIMS(""), &RS256),
        token_of("{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"r1\"}", CLAIMS(""), &RS256),
        token_of("{\"alg\":\"RS256\",\"kid\":\"r1\",\"crit\":[\"exp\"]}", CLAIMS(""), &RS256),
        token_of("{\"alg\":\"RS256\",\"kid\":\"r1\",\"typ\":\"at+jwt\"}", CLAIMS(""), &RS256),
        token_of("[]", CLAIMS(""), &RS256),
        test_flip(&house, good, 8 * (good.len - 20)),
        slice_head(good, good.len - 4),
        SLICE("a.b"),
        SLICE("...."),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assume(provider, bad[i]);
        ASSERT_ANSWER(&house, IDENTITY_TOKEN);
    }
    assume(provider, good);
    ASSERT_ANSWER(&house, OK);
}

static void what_says_too_little(void **state) {
    (void)state;
    slice provider = ready_provider();
    const slice bad[] = {
        token_of(RS256_HEADER, "{}", &RS256),
        token_of(RS256_HEADER, CLAIMS(",\"sub\":\"bob\""), &RS256),
        token_of(RS256_HEADER, CLAIMS(",\"azp\":\"other\""), &RS256),
        token_of(RS256_HEADER, CLAIMS(",\"nbf\":1716187000"), &RS256),
        token_of(RS256_HEADER,
                 "{\"iss\":\"" ISSUER "/\",\"sub\":\"alice\",\"aud\":\"web\",\"iat\":1716186800,\"exp\":1716190000}",
                 &RS256),
        token_of(RS256_HEADER,
                 "{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"we\",\"iat\":1716186800,\"exp\":1716190000}",
                 &RS256),
        token_of(RS256_HEADER,
                 "{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"web,cli\",\"iat\":1716186800,\"exp\":1716190000}",
                 &RS256),
        token_of(RS256_HEADER,
                 "{\"iss\":\"" ISSUER
                 "\",\"sub\":\"alice\",\"aud\":\"[\\\"web\\\"]\",\"iat\":1716186800,\"exp\":1716190000}",
                 &RS256),
        token_of(RS256_HEADER,
                 "{\"iss\":\"" ISSUER
                 "\",\"sub\":\"alice\",\"aud\":[\"web\",\"x\"],\"iat\":1716186800,\"exp\":1716190000}",
                 &RS256),
        token_of(RS256_HEADER,
                 "{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":[[\"web\"]],\"iat\":1716186800,\"exp\":1716190000}",
                 &RS256),
        token_of(RS256_HEADER,
                 "{\"iss\":\"" ISSUER "\",\"sub\":[1],\"aud\":\"web\",\"iat\":1716186800,\"exp\":1716190000}", &RS256),
        token_of(RS256_HEADER,
                 "{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"web\",\"iat\":1716186800,\"exp\":\"1716190000\"}",
                 &RS256),
        token_of(RS256_HEADER,
                 "{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"web\",\"iat\":1716187000,\"exp\":1716190000}",
                 &RS256),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assume(provider, bad[i]);
        ASSERT_ANSWER(&house, IDENTITY_TOKEN);
    }
}

static void what_is_old(void **state) {
    (void)state;
    slice provider = ready_provider();
    /* a minute after its end is allowed for clocks that differ, no more */
    const char *const old[] = {
        "{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"web\",\"iat\":1716186000,\"exp\":1716186801}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"web\",\"iat\":1716140000,\"exp\":1716190000}"};
    for (size_t i = 0; i < 2; i++) {
        assume(provider, token_of(RS256_HEADER, old[i], &RS256));
        ASSERT_ANSWER(&house, IDENTITY_TOKEN_EXPIRED);
    }
    static const char BARELY[] =
        "{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"web\",\"iat\":1716186000,\"exp\":1716186802}";
    assume(provider, token_of(RS256_HEADER, BARELY, &RS256));
    ASSERT_ANSWER(&house, OK);
}

static void without_keys_nothing_is_believed(void **state) {
    (void)state;
    slice token = token_of(RS256_HEADER, CLAIMS(""), &RS256);
    assume(new_provider(), token);
    ASSERT_ANSWER(&house, IDENTITY_TOKEN);
    assume((slice){0}, token);
    ASSERT_ANSWER(&house, IDENTITY_TOKEN);
    assume(test_flip(&house, ready_provider(), 300), token);
    ASSERT_ANSWER(&house, CORRUPT);
}

/* Whoever holds core asks for more, or for something else, than the owner signed. */
static void only_what_was_signed(void **state) {
    (void)state;
    slice provider = new_provider();
    provider_wish wish = new_wish();
    wish.keys = jwks;
    ask("CreateOIDCProvider", NEW, 3, act_of((slice){0}, &wish));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    wish = new_wish();
    wish.issuer_url = SLICE("https://evil.example.com");
    ask("CreateOIDCProvider", NEW, 3, act_of((slice){0}, &wish));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    wish = new_wish();
    wish.issuance_limit = SET_INT(168);
    ask("CreateOIDCProvider", NEW, 3, act_of((slice){0}, &wish));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    set_keys(provider, jwks, key_set(",\"alg\":\"RS256\"", ""));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    wish = (provider_wish){.name = NAME, .client_added = SLICE("evil")};
    const said added[] = {{"OIDCProviderName", NAME}, {"ClientId", SLICE("good")}};
    ask("AddClientIdToOIDCProvider", added, 2, act_of(provider, &wish));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    wish = (provider_wish){.name = NAME, .client_removed = SLICE("good")};
    ask("AddClientIdToOIDCProvider", added, 2, act_of(provider, &wish));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    wish = (provider_wish){.name = SLICE("other"), .keys = jwks};
    const said other[] = {{"OIDCProviderName", SLICE("other")}, {"Keys", jwks}};
    ask("SetOIDCProviderKeys", other, 2, act_of(provider, &wish));
    ASSERT_ANSWER(&house, CORRUPT);
    /* and none of it without a signature */
    wish = new_wish();
    key_act act = act_of((slice){0}, &wish);
    use_message use = {.account_id = TEST_ACCOUNT, .account = house.account, .acts = {&act, 1}};
    use.request_id = TEST_REQUEST, use.gateway = SET_INT(TEST_GATEWAY);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

static void clients_come_and_go(void **state) {
    (void)state;
    slice provider = ready_provider();
    slice token = token_of(
        RS256_HEADER, "{\"iss\":\"" ISSUER "\",\"sub\":\"a\",\"aud\":\"new\",\"iat\":1716186800,\"exp\":1716190000}",
        &RS256);
    assume(provider, token);
    ASSERT_ANSWER(&house, IDENTITY_TOKEN);
    provider_wish wish = {.name = NAME, .client_added = SLICE("new")};
    const said parameters[] = {{"OIDCProviderName", SLICE("acs:ram::1000000000000001:oidc-provider/corporate")},
                               {"ClientId", SLICE("new")}};
    slice wider = ask("AddClientIdToOIDCProvider", parameters, 2, act_of(provider, &wish))->output;
    ASSERT_ANSWER(&house, OK);
    assume(wider, token);
    ASSERT_ANSWER(&house, OK);
    wish = (provider_wish){.name = NAME, .client_removed = SLICE("new")};
    slice narrower = ask("RemoveClientIdFromOIDCProvider", parameters, 2, act_of(wider, &wish))->output;
    ASSERT_ANSWER(&house, OK);
    assume(narrower, token);
    ASSERT_ANSWER(&house, IDENTITY_TOKEN);
}

static void what_is_no_key_set(void **state) {
    (void)state;
    slice provider = new_provider();
    const slice bad[] = {
        SLICE("{}"),
        SLICE("[]"),
        SLICE("{\"keys\":[]}"),
        SLICE("{\"keys\":{}}"),
        SLICE("{\"keys\":[\"x\"]}"),
        SLICE("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"),
        SLICE("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}]}"), /* of no kind offered, and alone */
        SLICE("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}"),
        SLICE("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"A+AB\",\"e\":\"AQAB\"}]}"),
        SLICE("{\"keys\":[{\"kty\":\"RSA\",\"kid\":1,\"n\":\"AQAB\",\"e\":\"AQAB\"}]}"),
        key_set(",\"d\":\"AQAB\"", ""),
        key_set(",\"use\":\"enc\"", ",\"use\":\"enc\""),
        key_set(",\"kid\":\"e1\"", ""),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set_keys(provider, bad[i], bad[i]);
        ASSERT_ANSWER(&house, PROVIDER_KEYS);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_gives_a_session),
        cmocka_unit_test(no_role_no_session),
        cmocka_unit_test(only_a_role_that_was_opened),
        cmocka_unit_test(a_permit_is_of_what_was_signed),
        cmocka_unit_test(what_is_no_token),
        cmocka_unit_test(what_says_too_little),
        cmocka_unit_test(what_is_old),
        cmocka_unit_test(without_keys_nothing_is_believed),
        cmocka_unit_test(only_what_was_signed),
        cmocka_unit_test(clients_come_and_go),
        cmocka_unit_test(what_is_no_key_set),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
