/* Orders to the reader, and the judgement of what comes back (saml-profiles-2.0-os §4.1.4.3). */
#include "custody/saml.h"

#include "base/text.h"
#include "contract/message.h"

/* ---- the reader's part */

/* Left undone until the answer is there. */
static status order(act_labour *l, slice metadata, slice assertion) {
    examine_message m = {.number = SET_INT(l->number), .metadata = metadata, .assertion = assertion};
    TRY(message_encode(MESSAGE_EXAMINE, &m, &l->order));
    l->is_reading = true;
    return FAIL(CLOSED);
}

status saml_metadata_check(act_scene *scene, slice metadata) {
    act_labour *l = scene->labour;
    return l->has_answer ? l->answer : order(l, metadata, (slice){0});
}

/* Clients wrap it at 76 letters, or not. */
static status decode(slice encoded, arena *memory, slice *out) {
    uint8_t *plain = arena_take_raw(memory, encoded.len + 1);
    size_t len = 0;
    ENSURE(plain != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < encoded.len; i++)
        if (encoded.at[i] != '\n' && encoded.at[i] != '\r') plain[len++] = encoded.at[i];
    status decoded = base64_decode(slice_of(plain, len), memory, out);
    return FAILED_WITH(decoded, MALFORMED) ? FAIL(SAML_ASSERTION) : decoded;
}

status saml_examine(act_scene *scene, slice metadata, slice encoded, const saml_facts **out) {
    slice response;
    act_labour *l = scene->labour;
    if (l->has_answer) {
        TRY(l->answer);
        ENSURE(l->facts != NULL, SAML_ASSERTION);
        *out = l->facts;
        return OK;
    }
    ENSURE(encoded.len <= SAML_TEXT_MOST, SAML_ASSERTION);
    TRY(decode(encoded, scene->memory, &response));
    ENSURE(response.len > 0, SAML_ASSERTION);
    return order(l, metadata, response);
}

/* ---- for here */

static bool is_one_of(slice text, const char *const *list) {
    for (size_t i = 0; list[i]; i++)
        if (slice_equals_text(text, list[i])) return true;
    return false;
}

/* What both clouds call themselves, so that a provider is set up here as it is there. */
static bool is_meant(const saml_facts *facts) {
    static const char *const AUDIENCES[] = {"urn:alibaba:cloudcomputing", "urn:alibaba:cloudcomputing:international",
                                            "urn:amazon:webservices", "https://signin.aws.amazon.com/saml", NULL};
    static const char *const RECIPIENTS[] = {"https://signin.aliyun.com/saml-role/sso",
                                             "https://signin.alibabacloud.com/saml-role/sso",
                                             "https://signin.aws.amazon.com/saml", NULL};
    bool is_for_us = false;
    for (size_t i = 0; i < facts->audience.count; i++) is_for_us |= is_one_of(facts->audience.at[i], AUDIENCES);
    return is_for_us && is_one_of(facts->recipient, RECIPIENTS);
}

/* acs:ram::ACCOUNT:KIND/NAME or arn:aws:iam::ACCOUNT:KIND/NAME, of that account, kind and name. */
static bool names(slice arn, slice account, const char *kind, slice name) {
    slice rest = slice_trim(arn), part, relative;
    bool is_aws = slice_starts_with(rest, SLICE("arn:aws:iam::")),
         is_ours = slice_starts_with(rest, SLICE("acs:ram::"));
    if (!is_aws && !is_ours) return false;
    rest = slice_skip(rest, is_aws ? 13 : 9);
    if (!slice_split(&rest, ':', &part) || !slice_equals(part, account)) return false;
    relative = slice_skip(rest, strlen(kind));
    return slice_starts_with(rest, slice_of_text(kind)) && name.len > 0 && slice_equals(relative, name);
}

/* "ROLE,PROVIDER", in either order. */
static bool is_for_role(slice value, const saml_claim *c) {
    slice first, second;
    if (!slice_split(&value, ',', &first) || !slice_split(&value, ',', &second) || !slice_is_absent(value))
        return false;
    bool is_straight =
        names(first, c->account, "role/", c->role) && names(second, c->account, "saml-provider/", c->provider);
    bool is_turned =
        names(second, c->account, "role/", c->role) && names(first, c->account, "saml-provider/", c->provider);
    return is_straight || is_turned;
}

static bool has_role(const saml_facts *facts, const saml_claim *claim) {
    bool found = slice_is_empty(claim->role); /* there is none: nothing comes of it */
    for (size_t i = 0; i < facts->roles.count; i++) found |= is_for_role(facts->roles.at[i], claim);
    return found;
}

static bool is_session_name(slice name) {
    static const char FURTHER[] = "+=,.@_-";
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i], lower = c | 0x20;
        bool is_plain = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
        if (!is_plain && (c == 0 || !strchr(FURTHER, c))) return false;
    }
    return name.len >= 2 && name.len <= 64;
}

/* ---- now */

int64_t saml_lapses_at(const saml_facts *facts) {
    int64_t at = facts->confirmed_until.value;
    if (facts->valid_until.is_set && facts->valid_until.value < at) at = facts->valid_until.value;
    return at + SAML_SKEW_S;
}

static bool has_begun(maybe_int from, int64_t now_s) { return !from.is_set || from.value <= now_s + SAML_SKEW_S; }

status saml_judge(const saml_facts *facts, const saml_claim *claim, int64_t now_s) {
    enum { SUBJECT_MOST = 255 };
    ENSURE(is_meant(facts) && has_role(facts, claim), SAML_ASSERTION);
    ENSURE(facts->id.len > 0 && facts->subject.len > 0 && facts->subject.len <= SUBJECT_MOST, SAML_ASSERTION);
    ENSURE(is_session_name(facts->session_name), SAML_ASSERTION);
    ENSURE(facts->confirmed_until.is_set && facts->issued_at.is_set, SAML_ASSERTION);
    ENSURE(has_begun(facts->issued_at, now_s) && has_begun(facts->valid_from, now_s), SAML_ASSERTION);
    ENSURE(has_begun(facts->confirmed_from, now_s), SAML_ASSERTION);
    ENSURE(saml_lapses_at(facts) - now_s <= SAML_LASTING_MOST_S, SAML_ASSERTION);
    bool is_over = facts->session_until.is_set && facts->session_until.value <= now_s;
    ENSURE(saml_lapses_at(facts) > now_s && !is_over, SAML_ASSERTION_EXPIRED);
    return OK;
}
