/* Codes on paper, to come in with when a second factor is lost, each good once. Only their hashes are kept, sealed; core notes which were taken.
 *
 *   sealed recovery codes   1 || SHA-256 of each of the ten codes: 16 letters of RFC 4648 §6, as they are given out, without dashes */
#include "crypto/compare.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "custody/act.h"

enum {
    VERSION = 1,
    CODES = 10,
    RANDOM_BYTES = 10, /* 80 bits: no need to hash them slowly */
    LETTERS = RANDOM_BYTES * 8 / 5,
    GROUP = 4,
    SHOWN = LETTERS + LETTERS / GROUP - 1,
};

/* "ABCD-EFGH-IJKL-MNOP" */
static void show(const secret *letters, uint8_t *to) {
    slice from = secret_expose(letters);
    for (size_t i = 0; i < from.len; i++) {
        if (i > 0 && i % GROUP == 0) *to++ = '-';
        *to++ = from.at[i];
    }
}

static status make_codes(secret *content, secret *shown) {
    uint8_t *hash = secret_fill(content), *line = secret_fill(shown);
    *hash++ = VERSION;
    for (size_t i = 0; i < CODES; i++, hash += HASH_SHA256_BYTES, line += SHOWN + 1) {
        OWNED(secret) drawn = {0};
        OWNED(secret) letters = {0};
        TRY(random_secret(RANDOM_BYTES, &drawn));
        TRY(base32_write(&drawn, &letters));
        TRY(hash_once(HASH_SHA256, secret_expose(&letters), hash));
        show(&letters, line);
        if (i + 1 < CODES) line[SHOWN] = '\n';
    }
    return OK;
}

status act_new_recovery_codes(act_scene *scene, const key_act *act, act_outcome *out) {
    (void)act;
    OWNED(secret) content = {0};
    OWNED(secret) shown = {0};
    ENSURE(scene->caller != NULL && scene->caller->header.role_name.len == 0, NO_PERMISSION);
    TRY(secret_new(1 + CODES * HASH_SHA256_BYTES, &content));
    TRY(secret_new(CODES * (SHOWN + 1) - 1, &shown));
    TRY(make_codes(&content, &shown));
    sealing_order order = {.kind = SEALED_RECOVERY, .content = &content};
    order.header.user_name = scene->caller->header.user_name;
    order.header.user_id = act_person(&scene->caller->header);
    order.header.created_at = SET_INT(scene->now_s);
    TRY(sealing_seal(scene->account, &order, scene->memory, &out->result.output));
    return act_box(scene, &shown, &out->result.boxed);
}

/* As it was given out; small letters will do. */
static status letters_of(const secret *typed, secret *out) {
    OWNED(secret) made = {0};
    slice from = secret_expose(typed);
    ENSURE(from.len == SHOWN, MFA_CODE);
    TRY(secret_new(LETTERS, &made));
    uint8_t *to = secret_fill(&made);
    for (size_t i = 0; i < from.len; i++) {
        uint8_t c = from.at[i];
        bool is_dash = i % (GROUP + 1) == GROUP;
        ENSURE(!is_dash || c == '-', MFA_CODE);
        if (!is_dash) *to++ = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
    }
    *out = made;
    made = (secret){0};
    return OK;
}

/* All are compared, whichever it is. */
static status find(slice kept, const secret *letters, int64_t used, int64_t *which) {
    uint8_t hash[HASH_SHA256_BYTES];
    int64_t found = -1;
    TRY(hash_once(HASH_SHA256, secret_expose(letters), hash));
    for (int64_t i = 0; i < CODES; i++) {
        slice each = slice_head(slice_skip(kept, 1 + (size_t)i * HASH_SHA256_BYTES), HASH_SHA256_BYTES);
        bool is_it = bytes_equal_secret(each, slice_of(hash, sizeof hash));
        if (is_it && (used >> i & 1) == 0) found = i;
    }
    ENSURE(found >= 0, MFA_CODE);
    *which = found;
    return OK;
}

static status verify(act_scene *scene, const code_check *check, const opened *o, int64_t *which) {
    OWNED(secret) typed = {0};
    OWNED(secret) letters = {0};
    slice kept = secret_expose(&o->value);
    ENSURE(check->user_id.len > 0 && slice_equals(o->header.user_id, check->user_id), CORRUPT);
    ENSURE(kept.len == 1 + CODES * HASH_SHA256_BYTES && kept.at[0] == VERSION, CORRUPT);
    TRY(act_unbox(scene, check->boxed_code, &typed));
    TRY(letters_of(&typed, &letters));
    return find(kept, &letters, check->last.value, which);
}

status recovery_verify(act_scene *scene, const code_check *check, int64_t *which) {
    opened *o = NULL;
    TRY(sealing_open_once(scene->account, SEALED_RECOVERY, check->sealed_seed, &o));
    status verified = verify(scene, check, o, which);
    opened_free(o);
    return verified;
}
