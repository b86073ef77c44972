/* The compiled form of a policy: tables in one allocation. For the files that write it and read it, nobody else.
 *
 *   policy | gates | statements (denying ones first) | principals | actions | resources | conditions | operands | variables | text
 */
#ifndef ACCESS_POLICY_FORM_H
#define ACCESS_POLICY_FORM_H

#include "contract/action_name.h"
#include "access/address.h"
#include "base/glob.h"
#include "access/policy.h"

/* A run of rows in one of the tables. */
struct span {
    uint32_t first;
    uint32_t count;
};

/* What a pattern may be beside an enum glob_kind: text with the coded wildcards of base/glob.h and references to variables:
 * CODE_VARIABLE and the variable's number in two bytes of seven bits, each with the high bit set. None of these bytes occurs
 * in UTF-8. */
enum { PATTERN_TEMPLATE = 8, CODE_VARIABLE = 0xfd, CODE_FIRST = 0xfd, VARIABLES_MOST = 1 << 10 };

/* A run of bytes in the text, and what kind of pattern it is (GLOB_PREFIX: without its stars). */
struct pattern {
    uint32_t at;
    uint16_t len;
    uint8_t kind; /* enum glob_kind or PATTERN_TEMPLATE */
};

enum key_source { KEY_GIVEN, KEY_TIME, KEY_EPOCH };

struct variable {
    struct pattern key;
    struct pattern fallback;
    bool has_fallback;
    uint8_t source; /* enum key_source */
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

enum principal_kind {
    PRINCIPAL_ANYBODY,
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_NAME, /* of a user, a role, a session */
    PRINCIPAL_SERVICE,
    PRINCIPAL_FEDERATED,
};

struct principal_pattern {
    struct pattern text;
    struct pattern id; /* PRINCIPAL_NAME with is_bound: whose name it was; empty: nobody's */
    bool is_bound;
    uint8_t kind; /* enum principal_kind */
};

enum compare {
    COMPARE_TEXT,
    COMPARE_TEXT_IN_ANY_CASE,
    COMPARE_GLOB, /* the last of the text comparisons */
    COMPARE_ARN,
    COMPARE_BINARY,
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
    struct pattern text; /* the text comparisons; COMPARE_BINARY: the base64 text */
    uint32_t resource;   /* COMPARE_ARN: row in the resources */
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
    uint8_t source; /* enum key_source */
};

/* What a look at a statement takes before anything else: may it be about this action, do four literal bytes of its only
 * resource pattern stand where they should, and is one of the values there that its StringEquals asks for? */
struct gate {
    uint64_t actions;
    uint32_t word;
    uint32_t word_mask; /* 0: nothing can be said of the resource */
    uint16_t word_at;   /* in the relative id */
    uint16_t facts[2];  /* numbers of a key and a value, one of which must hold; twice the same: it alone */
};
enum { GATE_BYTES = 64 }; /* of the relative id that gates look at */

/* What holds of a request has a bit by its number; all that is not asked for in a gate has the last one, which is always set. */
enum { FACTS = 1024, FACT_ANY = FACTS, FACT_WORDS = FACTS / 64 + 1 };

struct statement {
    struct span principal_patterns;
    struct span action_patterns;
    struct span resource_patterns;
    struct span conditions;
    uint32_t index;     /* place in the document */
    struct pattern sid; /* empty: it has none */
    bool has_principal;
    bool not_principal;
    bool not_action;
    bool not_resource;
    bool is_deny;
};

struct policy {
    const struct gate *gates; /* one for each statement, in the same order */
    const struct statement *statements;
    const struct principal_pattern *principals;
    const struct action_pattern *actions;
    const struct resource_pattern *resources;
    const struct condition *conditions;
    const union operand *operands;
    const struct variable *variables;
    const uint8_t *text;
    size_t bytes;
    struct span denials;
    struct span allowances;
    bool asks_facts; /* some gate does */
    uint8_t digest[POLICY_DIGEST_BYTES];
};

static inline slice pattern_text(const struct policy *p, const struct pattern *pattern) {
    return slice_of(p->text + pattern->at, pattern->len);
}

/* The bits that stand for an action in a gate. Low half: the whole name; then its service, colon and first letter; then the
 * service. A pattern sets the bit of the longest of these that is literal in it, a request those of all three. */
static inline uint64_t text_hash(slice text) {
    uint64_t hash = 0xcbf29ce484222325ULL; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++) hash = (hash ^ text.at[i]) * 0x100000001b3ULL;
    return hash ^ hash >> 32;
}
static inline uint64_t gate_bit_whole(slice whole) { return 1ULL << (text_hash(whole) & 31); }
static inline uint64_t gate_bit_beginning(slice beginning) { return 1ULL << (32 + (text_hash(beginning) & 15)); }
static inline uint64_t gate_bit_service(slice service) { return 1ULL << (48 + (text_hash(service) & 15)); }

/* A quick look at a text: its length, its first and its last bytes. */
static inline uint64_t text_glance(slice text) {
    uint64_t first = 0, last = 0;
    if (text.len >= sizeof first) {
        memcpy(&first, text.at, sizeof first);
        memcpy(&last, text.at + text.len - sizeof last, sizeof last);
    } else if (text.len) {
        memcpy(&first, text.at, text.len);
    }
    return (first ^ text.len) * 0x9e3779b97f4a7c15ULL ^ last * 0xc2b2ae3d27d4eb4fULL;
}
static inline uint16_t fact_of(slice key, slice value) {
    uint64_t both = (text_glance(key) ^ text_glance(value) << 1) * 0x9e3779b97f4a7c15ULL;
    return (uint16_t)(both >> 54);
}

static inline uint8_t byte_in_lower_case(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

/* What a decision carries along. */
struct evaluation {
    const policy_request *request;
    size_t steps_left, steps_given;
    uint64_t action_bits;
    action_names names;
    service_names services; /* of the resource, lower case, as the region */
    slice resource_region;
    slice resource_account;
    slice resource_relative;
    bool is_unresolved; /* a variable had no value */
    bool has_facts;     /* they were looked at, because a policy asks for some */
    uint64_t facts[FACT_WORDS];
    uint8_t service_bytes[64];
    uint8_t region_bytes[64];
    uint8_t opening[GATE_BYTES + 8]; /* of the relative id, and zeroes */
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

/* template.c. False, and steps_left 0, when the steps ran out or the text got too long. */
bool template_matches(const struct policy *p, const struct pattern *pattern, slice text, struct evaluation *e);
/* The text of a template without wildcards. False when a variable has no value. */
bool template_expand(const struct policy *p, const struct pattern *pattern, struct evaluation *e,
                     uint8_t room[POLICY_TEXT_BYTES_MOST], slice *out);
/* The request's one value of a key. `room` is for times. */
bool single_value(slice key, enum key_source source, const struct evaluation *e, char room[32], slice *out);

/* False, and steps_left 0, when the steps ran out. */
static inline bool pattern_matches(const struct policy *p, const struct pattern *pattern, slice text,
                                   struct evaluation *e) {
    const uint8_t *wanted = p->text + pattern->at;
    switch (pattern->kind) {
    case GLOB_ANY: return true;
    case GLOB_LITERAL: return pattern->len == text.len && bytes_agree(wanted, text.at, text.len);
    case GLOB_PREFIX: return pattern->len <= text.len && bytes_agree(wanted, text.at, pattern->len);
    case GLOB_MIXED: return glob_matches(slice_of(wanted, pattern->len), text, &e->steps_left);
    case PATTERN_TEMPLATE: return template_matches(p, pattern, text, e);
    }
    return false;
}

/* resource.c: a pattern of a resource against the parts of one. */
struct resource_name {
    const service_names *services;
    slice region, account, relative;
};
bool resource_pattern_matches(const struct policy *p, const struct resource_pattern *r,
                              const struct resource_name *name, struct evaluation *e);

/* policy_principals.c: whose being there a name depends on: a session's role; anybody else's is the name itself. */
status principal_bearer(slice name, arena *memory, slice *out);

/* condition.c: does it hold for the request? */
bool condition_holds(const struct policy *p, const struct condition *c, struct evaluation *e);

/* operand.c: text as a value of the numbers, dates, booleans or addresses. False, and nothing written, when it is none. */
bool operand_read(enum compare compare, slice text, union operand *out);

#endif
