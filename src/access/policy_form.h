/* The compiled form of a policy: tables in one allocation. For the files that write it and read it, nobody else.
 *
 *   policy | statements (denying ones first) | actions | resources | conditions | operands | text
 */
#ifndef ACCESS_POLICY_FORM_H
#define ACCESS_POLICY_FORM_H

#include "access/address.h"
#include "access/glob.h"
#include "access/policy.h"

/* A run of rows in one of the tables. */
struct span {
    uint32_t first;
    uint32_t count;
};

/* A run of bytes in the text, and what kind of pattern it is (GLOB_PREFIX: without its stars). */
struct pattern {
    uint32_t at;
    uint16_t len;
    uint8_t kind; /* enum glob_kind */
};

struct action_pattern {
    struct pattern service; /* lower case, as the name */
    struct pattern name;
};

struct resource_pattern {
    struct pattern service; /* lower case, as the region */
    struct pattern region;
    struct pattern account;
    struct pattern relative;
};

enum compare {
    COMPARE_TEXT,
    COMPARE_TEXT_IN_ANY_CASE,
    COMPARE_GLOB,
    COMPARE_NUMBER,
    COMPARE_DATE,
    COMPARE_BOOL,
    COMPARE_ADDRESS,
    COMPARE_ABSENCE, /* Null */
};

enum relation { RELATION_EQUAL, RELATION_LESS, RELATION_LESS_EQUAL, RELATION_GREATER, RELATION_GREATER_EQUAL };

enum quantifier { QUANTIFIER_NONE, QUANTIFIER_ANY, QUANTIFIER_ALL };

/* whole + nano / 10^9, both of the same sign. */
struct decimal {
    int64_t whole;
    int32_t nano;
};

/* One value of a condition, by its enum compare. */
union operand {
    struct pattern text; /* the text comparisons */
    struct decimal number;
    int64_t time_s;
    bool is_true; /* COMPARE_BOOL and COMPARE_ABSENCE */
    address_range range;
};

struct condition {
    struct pattern key; /* in its one spelling */
    struct span operands;
    uint8_t compare;    /* enum compare */
    uint8_t relation;   /* enum relation: numbers and dates */
    uint8_t quantifier; /* enum quantifier */
    bool is_negated;
    bool if_exists;
    bool is_current_time; /* the key is acs:CurrentTime */
};

struct statement {
    uint64_t beginnings; /* may match only actions whose mask_bit is set here: of service, colon and first letter */
    uint64_t actions;    /* and here: of the whole action */
    struct span action_patterns;
    struct span resource_patterns;
    struct span conditions;
    uint32_t index; /* place in the document */
    bool not_action;
    bool not_resource;
};

struct policy {
    const struct statement *statements;
    const struct action_pattern *actions;
    const struct resource_pattern *resources;
    const struct condition *conditions;
    const union operand *operands;
    const uint8_t *text;
    size_t bytes;
    struct span denials;
    struct span allowances;
};

static inline slice pattern_text(const struct policy *p, const struct pattern *pattern) {
    return slice_of(p->text + pattern->at, pattern->len);
}

/* The bit that stands for a text in the masks of a statement: FNV-1a, its low six bits after folding. */
static inline uint64_t mask_bit(slice text) {
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < text.len; i++) hash = (hash ^ text.at[i]) * 0x100000001b3ULL;
    return (uint64_t)1 << ((hash ^ hash >> 32) & 63);
}

static inline uint8_t byte_in_lower_case(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

/* What a decision carries along. */
struct evaluation {
    const policy_request *request;
    slice service; /* of the action, lower case, as its name */
    slice name;
    uint64_t beginning_bit;
    uint64_t action_bit;
    slice resource_service; /* lower case, as the region */
    slice resource_region;
    slice resource_account;
    slice resource_relative;
    size_t steps_left;
    uint8_t action_bytes[POLICY_ACTION_BYTES_MOST];
    uint8_t service_bytes[64];
    uint8_t region_bytes[64];
};

static inline uint64_t load_word(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint32_t load_half(const uint8_t *at) {
    uint32_t half;
    memcpy(&half, at, sizeof half);
    return half;
}

/* memcmp == 0 without a call, for texts that mostly differ near their end: looks at the last 8 bytes first. Policies are
 * no secret. */
static inline bool bytes_agree(const uint8_t *a, const uint8_t *b, size_t len) {
    if (len == 0) return true;
    if (len < 4) return ((a[0] ^ b[0]) | (a[len / 2] ^ b[len / 2]) | (a[len - 1] ^ b[len - 1])) == 0;
    if (len < 8) return load_half(a + len - 4) == load_half(b + len - 4) && load_half(a) == load_half(b);
    if (load_word(a + len - 8) != load_word(b + len - 8)) return false;
    if (load_word(a) != load_word(b)) return false;
    return len <= 16 || memcmp(a + 8, b + 8, len - 16) == 0; /* house_rules: memcmp */
}

/* False, and steps_left 0, when the steps ran out. */
static inline bool pattern_matches(const struct policy *p, const struct pattern *pattern, slice text,
                                   size_t *steps_left) {
    const uint8_t *wanted = p->text + pattern->at;
    switch ((enum glob_kind)pattern->kind) {
    case GLOB_ANY: return true;
    case GLOB_LITERAL: return pattern->len == text.len && bytes_agree(wanted, text.at, text.len);
    case GLOB_PREFIX: return pattern->len <= text.len && bytes_agree(wanted, text.at, pattern->len);
    case GLOB_MIXED: return glob_matches(slice_of(wanted, pattern->len), text, steps_left);
    }
    return false;
}

/* condition.c: does it hold for the request? */
bool condition_holds(const struct policy *p, const struct condition *c, struct evaluation *e);

/* operand.c: text as a value of the numbers, dates, booleans or addresses. False, and nothing written, when it is none. */
bool operand_read(enum compare compare, slice text, union operand *out);

#endif
