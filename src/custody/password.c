/* Drawing characters. */
#include "custody/password.h"

#include "crypto/random.h"

enum { KINDS = 5, CHARACTERS_MOST = 95, DRAWN_BYTES = 512 };

typedef struct character_set {
    char at[CHARACTERS_MOST];
    size_t count;
} character_set;

/* Random bytes in store; what was handed out is not used twice. */
typedef struct draw {
    secret bytes;
    size_t used;
} draw;

static void draw_clear(draw *d) { secret_clear(&d->bytes); }

/* Each number below `limit` (at most 65536) as likely as any other: what would favour the small ones is drawn again. */
static status draw_below(draw *d, size_t limit, size_t *out) {
    size_t fair = 65536 - 65536 % limit;
    for (;;) {
        if (d->used + 2 > d->bytes.len) {
            secret_clear(&d->bytes);
            TRY(random_secret(DRAWN_BYTES, &d->bytes));
            d->used = 0;
        }
        const uint8_t *at = secret_expose(&d->bytes).at + d->used;
        size_t drawn = (size_t)at[0] << 8 | at[1];
        d->used += 2;
        if (drawn >= fair) continue;
        *out = drawn % limit;
        return OK;
    }
}

static void set_add(character_set *to, const char *characters, slice without) {
    for (const char *c = characters; *c; c++)
        if (!slice_contains_byte(without, (uint8_t)*c)) to->at[to->count++] = *c;
}

/* The kinds of characters the rule does not exclude. */
static size_t kinds_of(const password_rule *rule, character_set kinds[KINDS]) {
    size_t count = 0;
    if (!rule->exclude_lowercase.value)
        set_add(&kinds[count++], "abcdefghijklmnopqrstuvwxyz", rule->exclude_characters);
    if (!rule->exclude_uppercase.value)
        set_add(&kinds[count++], "ABCDEFGHIJKLMNOPQRSTUVWXYZ", rule->exclude_characters);
    if (!rule->exclude_numbers.value) set_add(&kinds[count++], "0123456789", rule->exclude_characters);
    if (!rule->exclude_punctuation.value)
        set_add(&kinds[count++], "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", rule->exclude_characters);
    if (rule->include_space.value) set_add(&kinds[count++], " ", rule->exclude_characters);
    return count;
}

static status pick(draw *d, const character_set *from, uint8_t *out) {
    size_t at;
    TRY(draw_below(d, from->count, &at));
    *out = (uint8_t)from->at[at];
    return OK;
}

/* Fisher and Yates: every order as likely as any other. */
static status shuffle(draw *d, uint8_t *at, size_t count) {
    for (size_t left = count; left > 1; left--) {
        size_t other;
        TRY(draw_below(d, left, &other));
        uint8_t held = at[left - 1];
        at[left - 1] = at[other];
        at[other] = held;
    }
    return OK;
}

static status fill(const password_rule *rule, draw *d, secret *out) {
    character_set kinds[KINDS] = {0}, all = {0};
    size_t kind_count = kinds_of(rule, kinds), filled = 0;
    bool one_of_each = !rule->require_each_included_type.is_set || rule->require_each_included_type.value;
    for (size_t i = 0; i < kind_count; i++) {
        ENSURE(!one_of_each || kinds[i].count > 0, INVALID_PARAMETER);
        memcpy(all.at + all.count, kinds[i].at, kinds[i].count);
        all.count += kinds[i].count;
    }
    ENSURE(all.count > 0 && (!one_of_each || kind_count <= out->len), INVALID_PARAMETER);
    uint8_t *at = secret_fill(out);
    for (size_t i = 0; one_of_each && i < kind_count; i++) TRY(pick(d, &kinds[i], &at[filled++]));
    while (filled < out->len) TRY(pick(d, &all, &at[filled++]));
    return one_of_each ? shuffle(d, at, filled) : OK;
}

status password_make(const password_rule *rule, secret *out) {
    int64_t length = rule->password_length.is_set ? rule->password_length.value : PASSWORD_CHARACTERS_STANDARD;
    ENSURE(length >= 1 && length <= PASSWORD_CHARACTERS_MOST, INVALID_PARAMETER);
    OWNED(secret) made = {0};
    OWNED(draw) d = {0};
    TRY(secret_new((size_t)length, &made));
    TRY(fill(rule, &d, &made));
    *out = made;
    made = (secret){0};
    return OK;
}
