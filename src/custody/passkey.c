/* Passkeys: challenges, registration, answers. */
#include "custody/passkey.h"

#include "base/text.h"
#include "crypto/compare.h"
#include "crypto/cose.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "custody/challenge.h"
#include "custody/signed.h"

enum {
    VERSION_WITHOUT_FLAGS = 1,
    VERSION = 2,
    RANDOM_BYTES = 32,
    CHALLENGE_BYTES = CHALLENGE_START_BYTES + 8 + 1 + RANDOM_BYTES,
    CHALLENGE_LIFE_S = 5 * 60,
};
enum purpose { PURPOSE_LOGIN = 1, PURPOSE_REGISTRATION = 2 };

/* ---- challenges */

static status challenge_write(act_scene *scene, enum purpose purpose, const uint8_t random[RANDOM_BYTES], secret *out) {
    OWNED(secret) made = {0};
    uint64_t number;
    TRY(challenges_next(scene->challenges, &number));
    TRY(secret_new(CHALLENGE_BYTES, &made));
    uint8_t *at = secret_fill(&made);
    memcpy(at, scene->challenges->start, CHALLENGE_START_BYTES), at += CHALLENGE_START_BYTES;
    for (int shift = 56; shift >= 0; shift -= 8) *at++ = (uint8_t)(number >> shift);
    *at++ = (uint8_t)purpose;
    memcpy(at, random, RANDOM_BYTES);
    *out = made;
    made = (secret){0};
    return OK;
}

static status token_text(arena *memory, slice blob, slice *out) {
    OWNED(buffer) text = {0};
    TRY(base64_encode(&text, blob));
    return arena_copy(memory, buffer_slice(&text), out);
}

/* Without a caller it is for a login, and for whoever answers it. */
status act_new_challenge(act_scene *scene, const key_act *act, act_outcome *out) {
    (void)act;
    OWNED(secret) content = {0};
    uint8_t random[RANDOM_BYTES];
    slice blob;
    sealing_order order = {.kind = SEALED_CHALLENGE, .content = &content};
    ENSURE(scene->challenges != NULL, NO_PERMISSION);
    if (scene->caller) ENSURE(scene->caller->header.role_name.len == 0, NO_PERMISSION);
    if (scene->caller) order.header.user_id = act_person(&scene->caller->header);
    order.header.expires_at = SET_INT(scene->now_s + CHALLENGE_LIFE_S);
    TRY(random_fill(random, sizeof random));
    TRY(challenge_write(scene, scene->caller ? PURPOSE_REGISTRATION : PURPOSE_LOGIN, random, &content));
    TRY(sealing_seal(scene->account, &order, scene->memory, &blob));
    TRY(token_text(scene->memory, blob, &out->result.output));
    out->result.time = order.header.expires_at;
    return arena_copy(scene->memory, slice_of(random, sizeof random), &out->result.extra);
}

/* What the token holds, if it is for this and still good; from then on it is taken. */
static status challenge_take(act_scene *scene, const opened *o, enum purpose purpose, uint8_t random[RANDOM_BYTES]) {
    slice rest = secret_expose(&o->value), start, given;
    uint64_t number;
    uint8_t wanted;
    ENSURE(scene->challenges != NULL && scene->challenges->is_begun, PASSKEY_REFUSED);
    ENSURE(slice_take(&rest, CHALLENGE_START_BYTES, &start) && slice_take_u64(&rest, &number), PASSKEY_REFUSED);
    ENSURE(slice_take_u8(&rest, &wanted) && slice_take(&rest, RANDOM_BYTES, &given) && rest.len == 0, PASSKEY_REFUSED);
    ENSURE(bytes_equal_secret(start, slice_of(scene->challenges->start, CHALLENGE_START_BYTES)), PASSKEY_REFUSED);
    ENSURE(wanted == purpose, PASSKEY_REFUSED);
    ENSURE(o->header.expires_at.is_set && o->header.expires_at.value > scene->now_s, PASSKEY_REFUSED);
    slice whose = scene->caller ? act_person(&scene->caller->header) : SLICE("");
    ENSURE(slice_equals(o->header.user_id, whose), PASSKEY_REFUSED);
    ENSURE(challenges_take(scene->challenges, number), PASSKEY_REFUSED);
    memcpy(random, given.at, RANDOM_BYTES);
    return OK;
}

static status challenge_open(act_scene *scene, slice token, enum purpose purpose, uint8_t random[RANDOM_BYTES]) {
    opened *o = NULL;
    slice blob;
    status decoding = base64_decode(token, scene->memory, &blob);
    if (!FAILED(decoding)) decoding = sealing_open_once(scene->account, SEALED_CHALLENGE, blob, &o);
    if (FAILED_WITH(decoding, MALFORMED) || FAILED_WITH(decoding, CORRUPT)) return FAIL(PASSKEY_REFUSED);
    TRY(decoding);
    status taken = challenge_take(scene, o, purpose, random);
    opened_free(o);
    return taken;
}

/* ---- what the browser says: §5.8.1 */

/* RFC 4648 §5 without padding, as clientDataJSON has the challenge. */
static status base64url(slice bytes, arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    TRY(base64_encode(&text, bytes));
    while (text.len && text.at[text.len - 1] == '=') text.len--;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '+') text.at[i] = '-';
        if (text.at[i] == '/') text.at[i] = '_';
    }
    return arena_copy(memory, buffer_slice(&text), out);
}

/* https://DOMAIN, with any port. */
static bool is_origin(slice origin, slice domain) {
    uint64_t port;
    slice rest = slice_skip(origin, 8);
    if (!slice_starts_with(origin, SLICE("https://")) || !slice_starts_with(rest, domain) || domain.len == 0)
        return false;
    rest = slice_skip(rest, domain.len);
    if (rest.len == 0) return true;
    return rest.at[0] == ':' && slice_to_u64(slice_skip(rest, 1), &port) && port > 0 && port < 65536;
}

static status client_check(act_scene *scene, slice text, const char *type, const uint8_t random[RANDOM_BYTES]) {
    pair_list said;
    slice challenge;
    status read = signed_json(text, scene->memory, &said);
    ENSURE(!FAILED_WITH(read, NO_PERMISSION), PASSKEY_REFUSED);
    TRY(read);
    TRY(base64url(slice_of(random, RANDOM_BYTES), scene->memory, &challenge));
    slice crosses = signed_find(&said, "crossOrigin");
    ENSURE(slice_equals_text(signed_find(&said, "type"), type), PASSKEY_REFUSED);
    ENSURE(bytes_equal_secret(signed_find(&said, "challenge"), challenge), PASSKEY_REFUSED);
    ENSURE(is_origin(signed_find(&said, "origin"), scene->login_domain), PASSKEY_REFUSED);
    ENSURE(slice_is_absent(crosses) || slice_equals_text(crosses, "false"), PASSKEY_REFUSED);
    ENSURE(slice_is_absent(signed_find(&said, "topOrigin")), PASSKEY_REFUSED);
    return OK;
}

/* ---- what the authenticator says: §6.1 */

static status data_check(const act_scene *scene, const authenticator_data *d, bool needs_verified) {
    uint8_t domain[HASH_SHA256_BYTES];
    TRY(hash_once(HASH_SHA256, scene->login_domain, domain));
    ENSURE(bytes_equal_secret(d->rp_id_hash, slice_of(domain, sizeof domain)), PASSKEY_REFUSED);
    ENSURE(d->flags & AUTHENTICATOR_PRESENT, PASSKEY_REFUSED);
    ENSURE(!needs_verified || (d->flags & AUTHENTICATOR_VERIFIED), PASSKEY_REFUSED);
    return OK;
}

/* authenticatorData || SHA-256(clientDataJSON) */
static status signed_message(act_scene *scene, slice data, slice client_data, slice *out) {
    uint8_t hash[HASH_SHA256_BYTES];
    TRY(hash_once(HASH_SHA256, client_data, hash));
    return ARENA_JOIN(scene->memory, out, data, slice_of(hash, sizeof hash));
}

static bool is_not_one(status read) {
    return FAILED_WITH(read, MALFORMED) || FAILED_WITH(read, UNSUPPORTED) || FAILED_WITH(read, VERIFICATION) ||
           FAILED_WITH(read, INVALID_PARAMETER);
}

/* ---- registration: §7.1 */

static status passkey_seal(act_scene *scene, const authenticator_data *d, slice *out) {
    OWNED(secret) content = {0};
    slice id = d->credential_id, spki = buffer_slice(&d->key.spki_der);
    sealing_order order = {.kind = SEALED_PASSKEY, .content = &content};
    uint32_t algorithm = (uint32_t)d->key.algorithm;
    TRY(secret_new(1 + 1 + 4 + 2 + id.len + spki.len, &content));
    uint8_t *at = secret_fill(&content);
    *at++ = VERSION, *at++ = d->flags;
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = (uint8_t)(algorithm >> shift);
    *at++ = (uint8_t)(id.len >> 8), *at++ = (uint8_t)id.len;
    memcpy(at, id.at, id.len);
    memcpy(at + id.len, spki.at, spki.len);
    order.header.user_name = scene->caller->header.user_name;
    order.header.user_id = act_person(&scene->caller->header);
    order.header.created_at = SET_INT(scene->now_s);
    return sealing_seal(scene->account, &order, scene->memory, out);
}

/* Self attestation shows that the authenticator has the private half (§8.2); without a statement the first login will. */
static status attestation_check(act_scene *scene, const attestation *a, const authenticator_data *d,
                                slice client_data) {
    slice message;
    if (slice_is_absent(a->signature)) return OK;
    ENSURE(a->signature_algorithm == d->key.algorithm, VERIFICATION);
    TRY(signed_message(scene, a->data, client_data, &message));
    return cose_verify(d->key.algorithm, buffer_slice(&d->key.spki_der), message, a->signature);
}

static status register_with(act_scene *scene, const passkey_answer *answer, authenticator_data *d, act_outcome *out) {
    attestation a;
    TRY(attestation_read(answer->attestation, &a));
    TRY(authenticator_data_read(a.data, d));
    ENSURE(d->flags & AUTHENTICATOR_ATTESTED, MALFORMED);
    TRY(data_check(scene, d, false));
    TRY(attestation_check(scene, &a, d, answer->client_data));
    TRY(passkey_seal(scene, d, &out->result.output));
    TRY(arena_copy(scene->memory, d->credential_id, &out->result.extra));
    out->result.time = SET_INT(d->sign_count);
    out->result.is_valid = SET_BOOL((d->flags & AUTHENTICATOR_VERIFIED) != 0);
    return arena_printf(scene->memory, &out->result.permit, "%d", (int)d->key.algorithm);
}

status act_new_passkey(act_scene *scene, const key_act *act, act_outcome *out) {
    uint8_t random[RANDOM_BYTES];
    OWNED(authenticator_data) d = {0};
    ENSURE(scene->caller != NULL && scene->caller->header.role_name.len == 0, NO_PERMISSION);
    ENSURE(act->assertion != NULL, INVALID_PARAMETER);
    TRY(challenge_open(scene, act->assertion->challenge, PURPOSE_REGISTRATION, random));
    TRY(client_check(scene, act->assertion->client_data, "webauthn.create", random));
    status registered = register_with(scene, act->assertion, &d, out);
    return is_not_one(registered) ? FAIL(PASSKEY_REFUSED) : registered;
}

/* ---- logging in: §7.2 */

typedef struct kept_passkey {
    bool has_flags;
    uint8_t flags; /* of its registration */
    uint32_t algorithm;
    slice credential_id, spki;
} kept_passkey;

static status kept_read(const opened *o, kept_passkey *out) {
    slice rest = secret_expose(&o->value);
    kept_passkey kept = {0};
    uint8_t version;
    uint16_t length;
    ENSURE(slice_take_u8(&rest, &version) && (version == VERSION || version == VERSION_WITHOUT_FLAGS), CORRUPT);
    kept.has_flags = version == VERSION;
    if (kept.has_flags) ENSURE(slice_take_u8(&rest, &kept.flags), CORRUPT);
    ENSURE(slice_take_u32(&rest, &kept.algorithm) && slice_take_u16(&rest, &length), CORRUPT);
    ENSURE(slice_take(&rest, length, &kept.credential_id), CORRUPT);
    kept.spki = rest;
    *out = kept;
    return OK;
}

/* What is not backed up does not become so, nor the other way round (§7.2 step 19). */
static bool is_of_that_kind(const kept_passkey *kept, uint8_t flags) {
    return !kept->has_flags || ((kept->flags ^ flags) & AUTHENTICATOR_BACKUP_ELIGIBLE) == 0;
}

static bool is_theirs(const sealed_header *h, const passkey_claim *claim) {
    return claim->user_id.len > 0 && slice_equals(h->user_id, claim->user_id);
}

static status answer_check(act_scene *scene, const passkey_claim *claim, const opened *o, maybe_int *count) {
    kept_passkey kept;
    authenticator_data d = {0};
    slice message;
    const passkey_answer *answer = claim->answer;
    ENSURE(is_theirs(&o->header, claim), CORRUPT);
    TRY(kept_read(o, &kept));
    ENSURE(bytes_equal_secret(kept.credential_id, answer->credential_id), PASSKEY_REFUSED);
    ENSURE(answer->authenticator_data.len > 32 && !(answer->authenticator_data.at[32] & AUTHENTICATOR_ATTESTED),
           PASSKEY_REFUSED);
    TRY(authenticator_data_read(answer->authenticator_data, &d));
    TRY(data_check(scene, &d, claim->needs_verified));
    ENSURE(is_of_that_kind(&kept, d.flags), PASSKEY_REFUSED);
    TRY(signed_message(scene, answer->authenticator_data, answer->client_data, &message));
    TRY(cose_verify((enum cose_algorithm)(int32_t)kept.algorithm, kept.spki, message, answer->signature));
    int64_t last = claim->last_count.is_set ? claim->last_count.value : 0;
    ENSURE((d.sign_count == 0 && last == 0) || d.sign_count > last, PASSKEY_REFUSED); /* a copy of it is about */
    *count = SET_INT(d.sign_count);
    return OK;
}

static status verify(act_scene *scene, const passkey_claim *claim, maybe_int *count) {
    uint8_t random[RANDOM_BYTES];
    opened *o = NULL;
    TRY(challenge_open(scene, claim->answer->challenge, PURPOSE_LOGIN, random));
    TRY(client_check(scene, claim->answer->client_data, "webauthn.get", random));
    ENSURE(claim->answer->passkey.len > 0, PASSKEY_REFUSED); /* of nobody */
    TRY(sealing_open_once(scene->account, SEALED_PASSKEY, claim->answer->passkey, &o));
    status checked = answer_check(scene, claim, o, count);
    opened_free(o);
    return checked;
}

status passkey_verify(act_scene *scene, const passkey_claim *claim, maybe_int *count) {
    status verified = verify(scene, claim, count);
    return is_not_one(verified) || FAILED_WITH(verified, PASSKEY_REFUSED) ? FAIL(LOGIN_FAILED) : verified;
}
