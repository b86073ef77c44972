/* Orders to the reader, and the judgement of what comes back (saml-profiles-2.0-os §4.1.4.3). */
#include "custody/saml.h"

#include "base/text.h"
#include "contract/message.h"

/* ---- the reader's part */

/* Left undone until the answer is there. */
static status order(act_labour *l, examine_message *m) {
    m->number = SET_INT(l->number);
    TRY(message_encode(MESSAGE_EXAMINE, m, &l->order));
    l->is_reading = true;
    return FAIL(CLOSED);
}

status saml_metadata_check(act_scene *scene, const provider_content *p, const saml_facts **out) {
    act_labour *l = scene->labour;
    if (!l->has_answer) return order(l, &(examine_message){.metadata = p->metadata, .signer = p->signer});
    TRY(l->answer);
    ENSURE(l->facts != NULL, SAML_METADATA);
    maybe_int until = l->facts->metadata_until;
    ENSURE(!until.is_set || until.value > scene->now_s, SAML_METADATA);
    *out = l->facts;
    return OK;
}

/* Clients wrap it at 76 letters, or not. */
static status decode(slice encoded, arena *memory, slice *out) {
    status decoded = base64_decode_spaced(encoded, memory, out);
    return FAILED_WITH(decoded, MALFORMED) ? FAIL(SAML_ASSERTION) : decoded;
}

static status order_reading(act_scene *scene, const provider_content *p, slice encoded, const secret *content_key) {
    slice response;
    examine_message m = {.metadata = p->metadata, .is_encrypted = SET_BOOL(p->needs_encryption.value)};
    ENSURE(encoded.len <= SAML_TEXT_MOST, SAML_ASSERTION);
    TRY(decode(encoded, scene->memory, &response));
    ENSURE(response.len > 0, SAML_ASSERTION);
    m.assertion = response;
    if (content_key) m.content_key = secret_expose(content_key);
    return order(scene->labour, &m);
}

/* With whichever of the provider's private keys it was wrapped for. */
static status unwrap(act_scene *scene, const provider_content *p, const saml_wrapped_key *from, secret *out) {
    const opened *key = NULL;
    enum asymmetric_sealing how = from->is_sha256.value ? SEALING_OAEP_SHA256 : SEALING_OAEP_SHA1;
    for (size_t i = 0; i < p->private_keys.count; i++) {
        TRY(sealing_open(scene->sealing, scene->account, SEALED_DECRYPTION_KEY, p->private_keys.at[i].sealed, &key));
        if (FAILED(asymmetric_open(key->pair, how, from->wrapped, out))) continue;
        if (out->len == (size_t)from->key_bytes.value) return OK;
        secret_clear(out);
    }
    return FAIL(SAML_ASSERTION);
}

status saml_examine(act_scene *scene, const provider_content *p, slice encoded, const saml_facts **out) {
    act_labour *l = scene->labour;
    OWNED(secret) content_key = {0};
    if (!l->has_answer) return order_reading(scene, p, encoded, NULL);
    TRY(l->answer);
    ENSURE(l->facts != NULL, SAML_ASSERTION);
    if (l->facts->wrapped_key) {
        TRY(unwrap(scene, p, l->facts->wrapped_key, &content_key));
        return order_reading(scene, p, encoded, &content_key);
    }
    maybe_int until = l->facts->metadata_until;
    ENSURE(!until.is_set || until.value > scene->now_s, SAML_ASSERTION); /* nobody vouches for its keys any more */
    *out = l->facts;
    return OK;
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
    ENSURE(slice_is_absent(facts->source_identity) || is_session_name(facts->source_identity), SAML_ASSERTION);
    ENSURE(facts->confirmed_until.is_set && facts->issued_at.is_set, SAML_ASSERTION);
    ENSURE(has_begun(facts->issued_at, now_s) && has_begun(facts->valid_from, now_s), SAML_ASSERTION);
    ENSURE(has_begun(facts->confirmed_from, now_s), SAML_ASSERTION);
    ENSURE(saml_lapses_at(facts) - now_s <= SAML_LASTING_MOST_S, SAML_ASSERTION);
    bool is_over = facts->session_until.is_set && facts->session_until.value <= now_s;
    ENSURE(saml_lapses_at(facts) > now_s && !is_over, SAML_ASSERTION_EXPIRED);
    ENSURE(!facts->has_tags.value, SESSION_TAGS);
    return OK;
}
