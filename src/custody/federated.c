/* Sessions for whom somebody else vouches. Nobody signs the request: the token or assertion, which the gateway boxed, is measured against
 * what the account's owner said of the provider in signed requests, and the role's trust policy, as its owner signed it, has to let them in.
 * Core decides by all of that policy; who has no good token, or comes for a role that was not opened for it, gets no session from here,
 * whoever holds core or a gateway. */
#include "custody/provider.h"
#include "custody/replay.h"
#include "custody/saml.h"
#include "custody/token.h"
#include "custody/trust.h"

/* What the caller brought, in clear: what it says is no secret, and all of it goes with the request. */
static status brought(act_scene *scene, const key_act *act, slice *out) {
    OWNED(secret) boxed = {0};
    TRY(act_unbox(scene, act->input, &boxed));
    return arena_copy(scene->memory, secret_expose(&boxed), out);
}

static status owner_of(const act_scene *scene, const key_act *act, const vouched *who, sealed_header *out) {
    const session_wish *wish = act->session;
    bool is_named = wish->name.len > 0 || who->session_name.len > 0;
    ENSURE(wish->role_id.len > 0 && wish->role_name.len > 0 && is_named, INVALID_PARAMETER);
    (void)scene;
    *out = (sealed_header){.role_name = wish->role_name, .role_id = wish->role_id, .session_name = wish->name};
    if (who->session_name.len > 0) out->session_name = who->session_name; /* the assertion says it, not the request */
    out->subject = who->subject;
    out->source_identity = who->source_identity;
    return OK;
}

/* Whether there is a role to take on that its owner opened for whom the provider names. */
static status may_take(act_scene *scene, const key_act *act, const sealed_header *owner, const vouched *who,
                       bool *out) {
    const opened *permit;
    slice subject;
    trust_question q = {scene->account_id, owner->provider, owner->session_name, who};
    *out = false;
    if (act->sharing.len == 0) return OK;
    TRY(sealing_open(scene->sealing, scene->account, SEALED_SHARING, act->sharing, &permit));
    TRY(sharing_subject(scene, act, &subject));
    if (!slice_equals(permit->header.shares, subject)) return OK;
    return trust_admits(secret_expose(&permit->value), &q, scene->memory, out);
}

static status take_token(act_scene *scene, const key_act *act, const provider_content *p, act_outcome *out) {
    slice token;
    sealed_header owner;
    bool is_admitted;
    vouched *who = ARENA_NEW(scene->memory, vouched);
    ENSURE(who != NULL, OUT_OF_MEMORY);
    TRY(brought(scene, act, &token));
    TRY(token_verify(p, token, scene->now_s, scene->memory, who));
    out->result.vouched = who;
    if (act->session == NULL) return OK; /* a good token, but no role to take on: core says so */
    TRY(owner_of(scene, act, who, &owner));
    TRY(ARENA_JOIN(scene->memory, &owner.provider, SLICE("oidc-provider/"), p->name));
    TRY(may_take(scene, act, &owner, who, &is_admitted));
    return is_admitted ? session_make(scene, act, &owner, ROLE_SESSION_MOST_S, out) : OK;
}

/* Shorter than asked for where the assertion says so. */
static int64_t until(const key_act *act, const saml_facts *facts, int64_t now_s) {
    int64_t at = act->expires_at.value, longest = now_s + facts->session_duration.value;
    if (facts->session_duration.is_set && longest < at) at = longest;
    return facts->session_until.is_set && facts->session_until.value < at ? facts->session_until.value : at;
}

/* What both clouds leave out. */
static slice bare_type(slice format) {
    static const slice PREFIX = {(const uint8_t *)"urn:oasis:names:tc:SAML:2.0:nameid-format:", 42};
    return slice_starts_with(format, PREFIX) ? slice_skip(format, PREFIX.len) : format;
}

static vouched vouched_by(const saml_facts *facts) {
    vouched who = {.issuer = facts->issuer, .subject = facts->subject};
    who.subject_type = bare_type(facts->subject_type);
    who.source_identity = facts->source_identity;
    who.recipient = facts->recipient;
    who.session_name = facts->session_name;
    who.audience.at = facts->audience.at, who.audience.count = facts->audience.count;
    who.issued_at = facts->issued_at;
    who.expires_at = facts->confirmed_until;
    return who;
}

/* It is taken once; for whom it is no good here it stays good elsewhere. */
static status take_assertion(act_scene *scene, const key_act *act, const provider_content *p, act_outcome *out) {
    slice encoded;
    sealed_header owner;
    const saml_facts *facts;
    key_act lasting = *act;
    bool is_admitted;
    vouched *who = ARENA_NEW(scene->memory, vouched);
    saml_claim claim = {scene->account_id, act->session ? act->session->role_name : (slice){0}, p->name};
    ENSURE(who != NULL, OUT_OF_MEMORY);
    TRY(brought(scene, act, &encoded));
    TRY(saml_examine(scene, p, encoded, &facts));
    TRY(saml_judge(facts, &claim, scene->now_s));
    *who = vouched_by(facts);
    out->result.vouched = who;
    if (act->session == NULL) return OK;
    ENSURE(act->expires_at.is_set, INVALID_PARAMETER);
    TRY(owner_of(scene, act, who, &owner));
    TRY(ARENA_JOIN(scene->memory, &owner.provider, SLICE("saml-provider/"), p->name));
    TRY(may_take(scene, act, &owner, who, &is_admitted));
    if (!is_admitted) return OK;
    TRY(replay_mark(facts->issuer, facts->id, scene->memory, &who->mark));
    who->lapses_at = SET_INT(saml_lapses_at(facts));
    TRY(replays_take(scene->replays, who->mark, who->lapses_at.value, scene->now_s));
    lasting.expires_at = SET_INT(until(act, facts, scene->now_s));
    return session_make(scene, &lasting, &owner, ROLE_SESSION_MOST_S, out);
}

status act_assume_federated(act_scene *scene, const key_act *act, act_outcome *out) {
    const opened *o = NULL;
    provider_content p;
    ENSURE(scene->caller == NULL, NO_PERMISSION);
    ENSURE(act->key.len > 0, IDENTITY_TOKEN); /* there is no such provider */
    TRY(sealing_open(scene->sealing, scene->account, SEALED_PROVIDER, act->key, &o));
    TRY(provider_read(o, scene->memory, &p));
    return p.metadata.len > 0 ? take_assertion(scene, act, &p, out) : take_token(scene, act, &p, out);
}
