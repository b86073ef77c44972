/* People: what they remember is hashed and compared here, what they carry is checked here, and nowhere else.
 *
 *   sealed password   1 || memory KiB:u32 || passes:u32 || lanes:u32 || salt[16] || hashes[32]…   the present one first
 *   sealed seed       20 random bytes
 *
 * All hashes of one person share a salt, so that one computation tells whether a password was used before. */
#include "crypto/compare.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "custody/act.h"
#include "custody/passkey.h"

enum {
    VERSION = 1,
    COST_BYTES = 12,
    HEAD_BYTES = 1 + COST_BYTES + PASSWORD_SALT_BYTES,
    HASHES_MOST = 25, /* the present one and 24 before it */
    PASSWORD_MOST = 128 * 4,
};

/* What a sealed password holds. */
typedef struct hashes {
    password_cost cost;
    slice salt;
    slice list; /* PASSWORD_HASH_BYTES each */
} hashes;

static status hashes_read(const opened *o, hashes *out) {
    slice rest = secret_expose(&o->value);
    uint8_t version;
    hashes h;
    ENSURE(slice_take_u8(&rest, &version) && version == VERSION, CORRUPT);
    ENSURE(slice_take_u32(&rest, &h.cost.memory_kib) && slice_take_u32(&rest, &h.cost.passes), CORRUPT);
    ENSURE(slice_take_u32(&rest, &h.cost.lanes) && slice_take(&rest, PASSWORD_SALT_BYTES, &h.salt), CORRUPT);
    ENSURE(rest.len >= PASSWORD_HASH_BYTES && rest.len % PASSWORD_HASH_BYTES == 0, CORRUPT);
    h.list = rest;
    *out = h;
    return OK;
}

/* Whether one of the first `count` hashes is this one; the time does not tell which. */
static bool hashes_have(const hashes *h, slice hash, size_t count) {
    bool found = false;
    for (size_t i = 0; i < count && (i + 1) * PASSWORD_HASH_BYTES <= h->list.len; i++) {
        slice each = slice_head(slice_skip(h->list, i * PASSWORD_HASH_BYTES), PASSWORD_HASH_BYTES);
        found |= bytes_equal_secret(each, hash);
    }
    return found;
}

/* Of what act_hash_passwords gives. */
static slice hash_at(const secret *hashed, size_t at) {
    slice list = slice_skip(secret_expose(hashed), PASSWORD_SALT_BYTES);
    return slice_head(slice_skip(list, at * PASSWORD_HASH_BYTES), PASSWORD_HASH_BYTES);
}
static slice salt_of(const secret *hashed) { return slice_head(secret_expose(hashed), PASSWORD_SALT_BYTES); }

/* ---- what the account asks of a password */

typedef struct classes {
    size_t characters;
    bool has_lower, has_upper, has_digit, has_symbol;
} classes;

static classes classes_of(slice text) {
    classes c = {0};
    for (size_t i = 0; i < text.len; i++) {
        uint8_t at = text.at[i];
        c.characters += (at & 0xC0) != 0x80;
        bool is_lower = at >= 'a' && at <= 'z', is_upper = at >= 'A' && at <= 'Z', is_digit = at >= '0' && at <= '9';
        c.has_lower |= is_lower;
        c.has_upper |= is_upper;
        c.has_digit |= is_digit;
        c.has_symbol |= !is_lower && !is_upper && !is_digit;
    }
    return c;
}

static status rules_check(const password_policy_view *rules, const secret *password) {
    ENSURE(password->len > 0 && password->len <= PASSWORD_MOST, PASSWORD_WEAK);
    ENSURE(rules != NULL && rules->minimum_password_length.is_set, INVALID_PARAMETER);
    classes c = classes_of(secret_expose(password));
    ENSURE((int64_t)c.characters >= rules->minimum_password_length.value, PASSWORD_WEAK);
    ENSURE(c.has_lower || !rules->require_lowercase_characters.value, PASSWORD_WEAK);
    ENSURE(c.has_upper || !rules->require_uppercase_characters.value, PASSWORD_WEAK);
    ENSURE(c.has_digit || !rules->require_numbers.value, PASSWORD_WEAK);
    ENSURE(c.has_symbol || !rules->require_symbols.value, PASSWORD_WEAK);
    return OK;
}

/* ---- a new password */

static status password_seal(act_scene *scene, const key_act *act, const hashes *before, slice hash, act_outcome *out) {
    size_t kept = before->list.len / PASSWORD_HASH_BYTES;
    if (kept >= HASHES_MOST) kept = HASHES_MOST - 1;
    OWNED(secret) content = {0};
    TRY(secret_new(HEAD_BYTES + (kept + 1) * PASSWORD_HASH_BYTES, &content));
    uint8_t *at = secret_fill(&content);
    const uint32_t costs[] = {before->cost.memory_kib, before->cost.passes, before->cost.lanes};
    *at++ = VERSION;
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++)
        for (int shift = 24; shift >= 0; shift -= 8) *at++ = (uint8_t)(costs[i] >> shift);
    memcpy(at, before->salt.at, PASSWORD_SALT_BYTES), at += PASSWORD_SALT_BYTES;
    memcpy(at, hash.at, PASSWORD_HASH_BYTES), at += PASSWORD_HASH_BYTES;
    if (kept) memcpy(at, before->list.at, kept * PASSWORD_HASH_BYTES);
    sealing_order order = {.kind = SEALED_PASSWORD, .content = &content};
    order.header.user_name = act->user_name;
    order.header.user_id = act->user_id;
    order.header.created_at = SET_INT(scene->now_s);
    return sealing_seal(scene->account, &order, scene->memory, &out->result.output);
}

/* Who changes a password shows the old one, which is then the second of those that were hashed. */
static status new_check(const key_act *act, const hashes *before, const secret *hashed) {
    size_t compared =
        act->rules->password_reuse_prevention.is_set ? (size_t)act->rules->password_reuse_prevention.value : 0;
    ENSURE(act->token.len == 0 || hashes_have(before, hash_at(hashed, 1), 1), PASSWORD_WRONG);
    ENSURE(!hashes_have(before, hash_at(hashed, 0), compared), PASSWORD_REUSED);
    return OK;
}

static status password_make(act_scene *scene, const key_act *act, const hashes *before, act_outcome *out) {
    OWNED(secret) given = {0};
    OWNED(secret) old = {0};
    OWNED(secret) hashed = {0};
    TRY(act_unbox(scene, act->input, &given));
    TRY(rules_check(act->rules, &given));
    if (act->token.len > 0) TRY(act_unbox(scene, act->token, &old));
    ENSURE(old.len <= PASSWORD_MOST, PASSWORD_WRONG);
    hashing what = {before->cost, before->salt, {&given, &old}, act->token.len > 0 ? 2 : 1};
    TRY(act_hash_passwords(scene, &what, &hashed));
    TRY(new_check(act, before, &hashed));
    return password_seal(scene, act, &(hashes){before->cost, salt_of(&hashed), before->list}, hash_at(&hashed, 0), out);
}

/* Users may be given another name; the id stays. */
static bool same_owner(const sealed_header *h, const key_act *act) {
    return act->user_id.len > 0 && slice_equals(h->user_id, act->user_id);
}

static status password_change(act_scene *scene, const key_act *act, const opened *o, act_outcome *out) {
    hashes present;
    ENSURE(same_owner(&o->header, act), CORRUPT);
    TRY(hashes_read(o, &present));
    return password_make(scene, act, &present, out);
}

status act_new_password(act_scene *scene, const key_act *act, act_outcome *out) {
    if (act->key.len == 0) {
        uint8_t salt[PASSWORD_SALT_BYTES];
        ENSURE(act->token.len == 0, INVALID_PARAMETER);
        TRY(random_fill(salt, sizeof salt));
        hashes none = {.cost = password_cost_default, .salt = slice_of(salt, sizeof salt)};
        return password_make(scene, act, &none, out);
    }
    opened *o = NULL;
    TRY(sealing_open_once(scene->account, SEALED_PASSWORD, act->key, &o));
    status changed = password_change(scene, act, o, out);
    opened_free(o);
    return changed;
}

/* ---- one-time codes */

status base32_write(const secret *seed, secret *out) {
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    OWNED(secret) text = {0};
    TRY(secret_new(seed->len * 8 / 5, &text));
    slice bytes = secret_expose(seed);
    uint32_t held = 0;
    int bits = 0;
    size_t written = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        held = held << 8 | bytes.at[i];
        for (bits += 8; bits >= 5; bits -= 5) secret_fill(&text)[written++] = (uint8_t)LETTERS[held >> (bits - 5) & 31];
    }
    *out = text;
    text = (secret){0};
    return OK;
}

static status seed_seal(act_scene *scene, const sealed_header *owner, const secret *seed, slice *out) {
    sealing_order order = {.kind = SEALED_SEED, .content = seed, .header = *owner};
    order.header.created_at = SET_INT(scene->now_s);
    return sealing_seal(scene->account, &order, scene->memory, out);
}

status act_new_seed(act_scene *scene, const key_act *act, act_outcome *out) {
    (void)act;
    OWNED(secret) seed = {0};
    OWNED(secret) text = {0};
    TRY(random_secret(TOTP_SEED_BYTES, &seed));
    TRY(base32_write(&seed, &text));
    TRY(seed_seal(scene, &(sealed_header){0}, &seed, &out->result.output));
    return act_box(scene, &text, &out->result.boxed);
}

/* Where to look: `reach` steps before and after one, behind the last that was taken. */
typedef struct step_range {
    int64_t around, reach, last;
} step_range;
enum { STEPS_WITHIN_REACH = 1, STEPS_OF_DRIFT_MOST = 20 };

/* The step within reach, after the last, whose code this is; MFA_CODE. All are computed, whichever it is. */
static status step_find(const secret *seed, const secret *code, const step_range *range, int64_t *out) {
    bool found = false;
    int64_t at = 0;
    for (int64_t step = range->around - range->reach; step <= range->around + range->reach; step++) {
        char expected[TOTP_DIGITS];
        TRY(totp_code(seed, step, expected));
        bool is_it = bytes_equal_secret(slice_of(expected, TOTP_DIGITS), secret_expose(code)) && step > range->last;
        if (is_it) at = step;
        found |= is_it;
    }
    ENSURE(found, MFA_CODE);
    *out = at;
    return OK;
}

static int64_t step_now(const act_scene *scene) { return scene->now_s / TOTP_STEP_S; }

status code_verify(act_scene *scene, const code_check *check, int64_t *step) {
    const opened *o = NULL;
    OWNED(secret) code = {0};
    ENSURE(check->boxed_code.len > 0, MFA_CODE);
    TRY(sealing_open(scene->sealing, scene->account, SEALED_SEED, check->sealed_seed, &o));
    ENSURE(check->user_id.len > 0 && slice_equals(o->header.user_id, check->user_id), CORRUPT);
    TRY(act_unbox(scene, check->boxed_code, &code));
    step_range range = {step_now(scene) + o->header.drift_steps.value, STEPS_WITHIN_REACH, check->last.value};
    return step_find(&o->value, &code, &range, step);
}

/* Two codes in a row show that the person has the device; from then on the seed is theirs. A seed that is theirs already is set right:
 * how far its clock is off, found in a wider range, goes into the header. */
static status seed_bind(act_scene *scene, const key_act *act, const opened *o, act_outcome *out) {
    OWNED(secret) first = {0};
    OWNED(secret) second = {0};
    int64_t at = 0, next = 0, now = step_now(scene);
    bool is_theirs = o->header.user_id.len > 0;
    ENSURE(!is_theirs || slice_equals(o->header.user_id, act->user_id), MFA_OF_ANOTHER);
    TRY(act_unbox(scene, act->input, &first));
    TRY(act_unbox(scene, act->context, &second));
    step_range range = {now - 1, is_theirs ? STEPS_OF_DRIFT_MOST : STEPS_WITHIN_REACH, act->size.value};
    TRY(step_find(&o->value, &first, &range, &at));
    TRY(step_find(&o->value, &second, &(step_range){at + 1, STEPS_WITHIN_REACH, at}, &next));
    ENSURE(next == at + 1, MFA_CODE);
    out->result.time = SET_INT(next);
    sealed_header owner = {.user_name = act->user_name, .user_id = act->user_id};
    if (is_theirs) owner.drift_steps = SET_INT(next - now);
    return seed_seal(scene, &owner, &o->value, &out->result.output);
}

status act_bind_seed(act_scene *scene, const key_act *act, act_outcome *out) {
    opened *o = NULL;
    ENSURE(act->user_id.len > 0, INVALID_PARAMETER);
    TRY(sealing_open_once(scene->account, SEALED_SEED, act->key, &o));
    status bound = seed_bind(scene, act, o, out);
    opened_free(o);
    return bound;
}

/* ---- coming in */

static status given_hash(act_scene *scene, const key_act *act, const hashes *how, secret *out) {
    OWNED(secret) given = {0};
    TRY(act_unbox(scene, act->input, &given));
    ENSURE(given.len <= PASSWORD_MOST, LOGIN_FAILED);
    return act_hash_passwords(scene, &(hashing){how->cost, how->salt, {&given}, 1}, out);
}

/* As long a computation for somebody who is not there as for somebody who is. */
static status nobody_check(act_scene *scene, const key_act *act) {
    static const uint8_t SALT[PASSWORD_SALT_BYTES] = {0};
    hashes none = {.cost = password_cost_default, .salt = slice_of(SALT, sizeof SALT)};
    OWNED(secret) hash = {0};
    TRY(given_hash(scene, act, &none, &hash));
    return FAIL(LOGIN_FAILED);
}

static status password_check(act_scene *scene, const key_act *act, const opened *o) {
    hashes present;
    OWNED(secret) hash = {0};
    ENSURE(same_owner(&o->header, act), CORRUPT);
    TRY(hashes_read(o, &present));
    TRY(given_hash(scene, act, &present, &hash));
    ENSURE(hashes_have(&present, hash_at(&hash, 0), 1), LOGIN_FAILED);
    return OK;
}

static status password_open_and_check(act_scene *scene, const key_act *act) {
    opened *o = NULL;
    TRY(sealing_open_once(scene->account, SEALED_PASSWORD, act->key, &o));
    status checked = password_check(scene, act, o);
    opened_free(o);
    return checked;
}

/* What shows that somebody is the person: the step of a code, or which of the codes on paper, or the counter of a passkey. */
typedef struct shown_factor {
    maybe_int step;
    maybe_int count;
} shown_factor;

static status factor_check(act_scene *scene, const key_act *act, shown_factor *out) {
    bool has_password = act->input.len > 0;
    if (act->assertion) {
        passkey_claim claim = {act->assertion, act->user_name, act->user_id, act->size, !has_password};
        return passkey_verify(scene, &claim, &out->count);
    }
    ENSURE(has_password, LOGIN_FAILED);
    bool is_recovery = act->value.len > 0;
    if (act->token.len == 0 && !is_recovery) return OK;
    int64_t found;
    code_check check = {is_recovery ? act->value : act->token, act->context, act->user_id, act->size};
    status verified = is_recovery ? recovery_verify(scene, &check, &found) : code_verify(scene, &check, &found);
    if (FAILED_WITH(verified, MFA_CODE)) return FAIL(LOGIN_FAILED);
    TRY(verified);
    out->step = SET_INT(found);
    return OK;
}

/* The password comes first. Whether it was wrong, the code or both shows neither in the answer nor in how long it takes. Without one only a
 * passkey lets in whose authenticator has checked who holds it. */
static status person_check(act_scene *scene, const key_act *act, shown_factor *out) {
    shown_factor shown = {0};
    status known = act->input.len > 0 ? password_open_and_check(scene, act) : OK;
    if (FAILED(known) && !FAILED_WITH(known, LOGIN_FAILED)) return known;
    status showed = factor_check(scene, act, &shown);
    TRY(known);
    TRY(showed);
    *out = shown;
    return OK;
}

status act_login(act_scene *scene, const key_act *act, act_outcome *out) {
    shown_factor shown;
    ENSURE(scene->caller == NULL, NO_PERMISSION);
    if (act->input.len > 0 && act->key.len == 0) return nobody_check(scene, act);
    TRY(person_check(scene, act, &shown));
    sealed_header owner = {.user_name = act->user_name, .user_id = act->user_id};
    if (shown.step.is_set || shown.count.is_set) owner.mfa_at = SET_INT(scene->now_s);
    TRY(session_make(scene, act, &owner, SESSION_MOST_S, out));
    out->result.time = shown.step.is_set ? shown.step : shown.count; /* absent without a second factor */
    return OK;
}
