/* Passkeys against the vectors of W3C Web Authentication Level 3 (webauthn.txt beside this, which says where they are from): as they are, and with
 * every byte spoilt. */
#include "custody/passkey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cose.h"
#include "custody/challenge.h"
#include "custody/test_house.h"

enum { LINE_MOST = 16384, VECTORS_MOST = 32, RANDOM_BYTES = 32, TO_LOG_IN = 1, TO_REGISTER = 2 };
#define ALICE_ID SLICE("212345678901234567")
#define PACKED_SELF "packed-self-es256"

typedef struct vector {
    char name[64];
    slice challenge, client_data, attestation;
    slice login_challenge, login_data, login_client_data, login_signature;
} vector;

static const char *path;

typedef struct bench {
    sealing sealing;
    arena memory;
    challenges challenges;
    opened caller;
    act_scene scene;
    vector vectors[VECTORS_MOST];
    size_t count;
} bench;

static slice word(bench *b, char **rest) {
    slice bytes = {0};
    char *at = strsep(rest, " \n");
    assert_non_null(at);
    ASSERT_OK(hex_decode(slice_of_text(at), &b->memory, &bytes));
    return bytes;
}

static void read_vectors(bench *b) {
    char line[LINE_MOST];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#') continue;
        assert_true(b->count < VECTORS_MOST);
        vector *v = &b->vectors[b->count++];
        char *rest = line;
        snprintf(v->name, sizeof v->name, "%s", strsep(&rest, " "));
        slice *const parts[] = {&v->challenge,  &v->client_data,       &v->attestation,    &v->login_challenge,
                                &v->login_data, &v->login_client_data, &v->login_signature};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) *parts[i] = word(b, &rest);
    }
    fclose(file);
    assert_int_equal(b->count, 15);
}

static int begin(void **state) {
    static const uint8_t ROOT_KEY[32] = {7};
    OWNED(secret) root_key = {0};
    slice blob;
    bench *b = calloc(1, sizeof *b);
    *state = b;
    b->memory.limit = 256 << 20;
    ASSERT_OK(crypto_start());
    ASSERT_OK(secret_copy(slice_of(ROOT_KEY, sizeof ROOT_KEY), &root_key));
    ASSERT_OK(sealing_begin(&root_key, &b->sealing));
    sealed_header header = {.account_id = TEST_ACCOUNT, .created_at = SET_INT(TEST_NOW_S)};
    b->caller = (opened){.kind = SEALED_ACCESS_KEY, .header = {.user_name = SLICE("alice"), .user_id = ALICE_ID}};
    b->scene = (act_scene){.sealing = &b->sealing, .account_id = TEST_ACCOUNT, .now_s = TEST_NOW_S};
    b->scene.memory = &b->memory;
    b->scene.challenges = &b->challenges;
    b->scene.login_domain = SLICE("example.org");
    ASSERT_OK(sealing_new_account(&b->sealing, &header, &b->memory, &blob, &b->scene.account));
    b->scene.home = b->scene.account;
    read_vectors(b);
    return 0;
}

static int end(void **state) {
    bench *b = *state;
    sealing_clear(&b->sealing);
    arena_clear(&b->memory);
    free(b);
    return 0;
}

/* A token as the vault would have given it out with this challenge (passkey.h). */
static slice token_for(bench *b, slice challenge, uint8_t purpose) {
    OWNED(secret) content = {0};
    OWNED(buffer) text = {0};
    uint64_t number;
    slice blob, copy;
    ASSERT_OK(challenges_next(&b->challenges, &number));
    ASSERT_OK(secret_new(CHALLENGE_START_BYTES + 8 + 1 + challenge.len, &content));
    uint8_t *at = secret_fill(&content);
    memcpy(at, b->challenges.start, CHALLENGE_START_BYTES), at += CHALLENGE_START_BYTES;
    for (int shift = 56; shift >= 0; shift -= 8) *at++ = (uint8_t)(number >> shift);
    *at++ = purpose;
    memcpy(at, challenge.at, challenge.len);
    sealing_order order = {.kind = SEALED_CHALLENGE, .content = &content};
    if (purpose == TO_REGISTER) order.header.user_id = ALICE_ID;
    order.header.expires_at = SET_INT(TEST_NOW_S + 60);
    ASSERT_OK(sealing_seal(b->scene.account, &order, &b->memory, &blob));
    ASSERT_OK(base64_encode(&text, blob));
    ASSERT_OK(arena_copy(&b->memory, buffer_slice(&text), &copy));
    return copy;
}

/* What came of it in *out. */
static status enrol(bench *b, const vector *v, slice client_data, slice object, act_outcome *out) {
    passkey_answer answer = {.client_data = client_data, .attestation = object};
    answer.challenge = token_for(b, v->challenge, TO_REGISTER);
    key_act act = {.act = VAULT_ACT_NEW_PASSKEY, .assertion = &answer};
    b->scene.caller = &b->caller;
    *out = (act_outcome){0};
    return act_new_passkey(&b->scene, &act, out);
}

/* The authenticator data alone, as a browser passes it on where no attestation was asked for. */
static slice without_statement(bench *b, slice object) {
    struct attestation read;
    slice made;
    OWNED(buffer) head = {0};
    slice rest = object;
    size_t at = slice_find(object, SLICE("hauthData"));
    assert_true(at != SIZE_MAX);
    rest = slice_skip(rest, at + 9);
    bool is_short = rest.at[0] == 0x58; /* RFC 8949 §3: a string whose length takes one byte, or two */
    assert_true(is_short || rest.at[0] == 0x59);
    ASSERT_OK(buffer_append(&head, SLICE("\xa3"
                                         "cfmtdnonegattStmt\xa0hauthData")));
    ASSERT_OK(ARENA_JOIN(&b->memory, &made, buffer_slice(&head), rest));
    ASSERT_OK(attestation_read(made, &read));
    return made;
}

static status log_in(bench *b, const vector *v, const passkey_answer *given, bool needs_verified) {
    passkey_answer answer = *given;
    maybe_int count;
    answer.challenge = token_for(b, v->login_challenge, TO_LOG_IN);
    passkey_claim claim = {.answer = &answer, .user_id = ALICE_ID, .needs_verified = needs_verified};
    b->scene.caller = NULL;
    return passkey_verify(&b->scene, &claim, &count);
}

static passkey_answer answer_of(const vector *v, const act_outcome *enrolled) {
    return (passkey_answer){.client_data = v->login_client_data,
                            .authenticator_data = v->login_data,
                            .signature = v->login_signature,
                            .passkey = enrolled->result.output,
                            .credential_id = enrolled->result.extra};
}

static bool name_has(const vector *v, const char *part) { return strstr(v->name, part) != NULL; }
static bool is_of_another_page(const vector *v) { return name_has(v, "crossOrigin") || name_has(v, "topOrigin"); }
/* The challenges of one of them are longer than ours. */
static bool is_out_of_reach(const vector *v) { return v->challenge.len != RANDOM_BYTES; }

/* ---- as they are */

static void attestations_that_are_taken(void **state) {
    bench *b = *state;
    size_t taken = 0;
    for (size_t i = 0; i < b->count; i++) {
        const vector *v = &b->vectors[i];
        act_outcome out;
        bool is_fine = (name_has(v, "none-") || strcmp(v->name, PACKED_SELF) == 0) && !is_of_another_page(v);
        status enrolled = enrol(b, v, v->client_data, v->attestation, &out);
        if (is_fine) ASSERT_OK(enrolled);
        else ASSERT_FAILS(enrolled, PASSKEY_REFUSED);
        taken += is_fine;
    }
    assert_int_equal(taken, 3);
}

static void keys_and_signatures(void **state) {
    bench *b = *state;
    size_t let_in = 0;
    for (size_t i = 0; i < b->count; i++) {
        const vector *v = &b->vectors[i];
        act_outcome out;
        if (is_of_another_page(v) || is_out_of_reach(v)) continue;
        status enrolled = enrol(b, v, v->client_data, without_statement(b, v->attestation), &out);
        if (name_has(v, "ed448")) {
            ASSERT_FAILS(enrolled, PASSKEY_REFUSED);
            continue;
        }
        ASSERT_OK(enrolled);
        passkey_answer answer = answer_of(v, &out);
        ASSERT_OK(log_in(b, v, &answer, false));
        status alone = log_in(b, v, &answer, true);
        if (v->login_data.at[32] & AUTHENTICATOR_VERIFIED) ASSERT_OK(alone);
        else ASSERT_FAILS(alone, LOGIN_FAILED);
        let_in++;
    }
    assert_int_equal(let_in, 11);
}

/* What the vault does not come to by its own challenges, by hand. */
static void keys_and_signatures_out_of_reach(void **state) {
    bench *b = *state;
    for (size_t i = 0; i < b->count; i++) {
        const vector *v = &b->vectors[i];
        uint8_t hash[HASH_SHA256_BYTES];
        struct attestation read;
        OWNED(authenticator_data) d = {0};
        slice message;
        if (!is_of_another_page(v) && !is_out_of_reach(v)) continue;
        ASSERT_OK(attestation_read(without_statement(b, v->attestation), &read));
        ASSERT_OK(authenticator_data_read(read.data, &d));
        ASSERT_OK(hash_once(HASH_SHA256, v->login_client_data, hash));
        ASSERT_OK(ARENA_JOIN(&b->memory, &message, v->login_data, slice_of(hash, sizeof hash)));
        slice spki = buffer_slice(&d.key.spki_der);
        ASSERT_OK(cose_verify(d.key.algorithm, spki, message, v->login_signature));
        ASSERT_FAILS(cose_verify(d.key.algorithm, spki, v->login_data, v->login_signature), VERIFICATION);
    }
}

static void pages_within_others_do_not_log_in(void **state) {
    bench *b = *state;
    for (size_t i = 0; i < b->count; i++) {
        const vector *v = &b->vectors[i];
        act_outcome out;
        if (!is_of_another_page(v)) continue;
        slice said; /* nothing is wrong with it but that */
        OWNED(buffer) text = {0};
        size_t at = slice_find(v->client_data, SLICE(",\"crossOrigin\":true"));
        assert_true(at != SIZE_MAX);
        ASSERT_OK(buffer_append(&text, slice_head(v->client_data, at)));
        ASSERT_OK(buffer_append(&text, SLICE("}")));
        ASSERT_OK(arena_copy(&b->memory, buffer_slice(&text), &said));
        ASSERT_OK(enrol(b, v, said, v->attestation, &out));
        passkey_answer answer = answer_of(v, &out);
        ASSERT_FAILS(log_in(b, v, &answer, false), LOGIN_FAILED);
    }
}

/* ---- spoilt */

static slice spoilt(bench *b, slice bytes, size_t at) {
    slice copy;
    ASSERT_OK(arena_copy(&b->memory, bytes, &copy));
    ((uint8_t *)(uintptr_t)copy.at)[at] ^= (uint8_t)(1 << at % 8);
    return copy;
}

static void no_byte_of_an_answer_may_differ(void **state) {
    bench *b = *state;
    for (size_t i = 0; i < b->count; i++) {
        const vector *v = &b->vectors[i];
        act_outcome out;
        if (is_of_another_page(v) || is_out_of_reach(v) || name_has(v, "ed448")) continue;
        ASSERT_OK(enrol(b, v, v->client_data, without_statement(b, v->attestation), &out));
        passkey_answer good = answer_of(v, &out), bad = good;
        slice *const parts[] = {&bad.client_data, &bad.authenticator_data, &bad.signature, &bad.credential_id};
        for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
            slice whole = *parts[part];
            for (size_t at = 0; at < whole.len; at++) {
                *parts[part] = spoilt(b, whole, at);
                if (!FAILED_WITH(log_in(b, v, &bad, false), LOGIN_FAILED))
                    fail_msg("%s: part %zu, byte %zu", v->name, part, at);
            }
            *parts[part] = slice_head(whole, whole.len - 1);
            ASSERT_FAILS(log_in(b, v, &bad, false), LOGIN_FAILED);
            *parts[part] = whole;
        }
        ASSERT_OK(log_in(b, v, &good, false));
    }
}

static void no_byte_of_what_attests_itself_may_differ(void **state) {
    bench *b = *state;
    const vector *v = b->vectors;
    while (strcmp(v->name, PACKED_SELF) != 0) v++;
    act_outcome out;
    for (size_t at = 0; at < v->attestation.len; at++)
        if (!FAILED_WITH(enrol(b, v, v->client_data, spoilt(b, v->attestation, at), &out), PASSKEY_REFUSED))
            fail_msg("attestation, byte %zu", at);
    for (size_t at = 0; at < v->client_data.len; at++)
        if (!FAILED_WITH(enrol(b, v, spoilt(b, v->client_data, at), v->attestation, &out), PASSKEY_REFUSED))
            fail_msg("client data, byte %zu", at);
    ASSERT_OK(enrol(b, v, v->client_data, v->attestation, &out));
}

/* Nobody has signed what comes without a statement: each part that counts is looked at. */
static void parts_that_count_without_a_statement(void **state) {
    bench *b = *state;
    const vector *v = b->vectors;
    act_outcome out;
    size_t data = slice_find(v->attestation, SLICE("hauthData")) + 11;
    for (size_t at = data; at < data + 32; at++) /* rpIdHash */
        ASSERT_FAILS(enrol(b, v, v->client_data, spoilt(b, v->attestation, at), &out), PASSKEY_REFUSED);
    static const struct {
        uint8_t flags;
        bool is_fine;
    } ROWS[] = {{0x41, true},  {0x45, true},  {0x49, true},  {0x59, true}, {0x40, false},
                {0x44, false}, {0x51, false}, {0x01, false}, {0xc1, false}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        slice changed = spoilt(b, v->attestation, data + 32);
        ((uint8_t *)(uintptr_t)changed.at)[data + 32] = ROWS[i].flags;
        status enrolled = enrol(b, v, v->client_data, changed, &out);
        if (ROWS[i].is_fine) ASSERT_OK(enrolled);
        else ASSERT_FAILS(enrolled, PASSKEY_REFUSED);
        if (ROWS[i].is_fine) assert_int_equal(out.result.is_valid.value, (ROWS[i].flags & 4) != 0);
    }
    static const char *const PARTS[] = {"webauthn.create", "AMMPt4", "https://example.org", "\"type\"", "\"origin\"",
                                        "\"challenge\"",   "false"};
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        size_t from = slice_find(v->client_data, slice_of_text(PARTS[i]));
        assert_true(from != SIZE_MAX);
        for (size_t at = from; at < from + strlen(PARTS[i]); at++)
            ASSERT_FAILS(enrol(b, v, spoilt(b, v->client_data, at), v->attestation, &out), PASSKEY_REFUSED);
    }
}

/* Once registered as one that is backed up somewhere or cannot be, an authenticator stays that. */
static void a_passkey_stays_what_it_was(void **state) {
    bench *b = *state;
    const vector *v = b->vectors;
    act_outcome out;
    size_t flags_at = slice_find(v->attestation, SLICE("hauthData")) + 11 + 32;
    slice changed = spoilt(b, v->attestation, flags_at);
    assert_int_equal(v->attestation.at[flags_at], 0x59);
    ((uint8_t *)(uintptr_t)changed.at)[flags_at] = 0x41;
    ASSERT_OK(enrol(b, v, v->client_data, changed, &out));
    passkey_answer answer = answer_of(v, &out);
    ASSERT_FAILS(log_in(b, v, &answer, false), LOGIN_FAILED); /* its data and signature are good ones */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(int count, char **arguments) {
    if (count != 2) return 2;
    path = arguments[1];
    const struct CMUnitTest tests[] = {
        TEST(attestations_that_are_taken),          TEST(keys_and_signatures),
        TEST(keys_and_signatures_out_of_reach),     TEST(pages_within_others_do_not_log_in),
        TEST(no_byte_of_an_answer_may_differ),      TEST(no_byte_of_what_attests_itself_may_differ),
        TEST(parts_that_count_without_a_statement), TEST(a_passkey_stays_what_it_was),
    };
    return cmocka_run_group_tests_name("passkeys", tests, NULL, NULL);
}
