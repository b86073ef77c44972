/* The table of what every request says of itself, and the families of keys that go on with a name. */
#include "service/facts.h"

#include "access/arn_twin.h"
#include "base/clock.h"
#include "contract/aws_wire.h"
#include "service/ram/holder.h"
#include "service/suppose.h"

enum { SPELLINGS = 2, TAGS_MOST = 64 };

/* What a simulation supposes stands in place of what would be known. */
static bool is_supposed(const facts *f, slice name) {
    const supposition *s = f->c->supposed;
    for (size_t i = 0; s && i < s->condition_count; i++)
        if (slice_equals(s->conditions[i].name, name)) return true;
    return false;
}

static status put_values(facts *f, slice name, const slice *values, size_t count) {
    if (count == 0) return OK;
    if (f->count == f->room) {
        size_t room = f->room ? f->room * 2 : 32;
        condition_value *grown = ARENA_ARRAY(&f->c->memory, condition_value, room);
        ENSURE(grown != NULL, OUT_OF_MEMORY);
        if (f->count) memcpy(grown, f->at, f->count * sizeof *grown);
        f->at = grown;
        f->room = room;
    }
    f->at[f->count++] = (condition_value){name, values, count};
    return OK;
}

static status add_values(facts *f, slice name, const slice *values, size_t count) {
    return is_supposed(f, name) ? OK : put_values(f, name, values, count);
}

static status add_supposed(facts *f) {
    const supposition *s = f->c->supposed;
    for (size_t i = 0; s && i < s->condition_count; i++)
        TRY(put_values(f, s->conditions[i].name, s->conditions[i].values, s->conditions[i].count));
    return OK;
}

/* A value that is not there is no condition. */
static status add(facts *f, slice name, slice value) {
    if (slice_is_absent(value)) return OK;
    slice *held = CALL_NEW(f->c, slice);
    ENSURE(held != NULL, OUT_OF_MEMORY);
    *held = value;
    return add_values(f, name, held, 1);
}

static status add_named(facts *f, const char *prefix, slice name, slice value) {
    slice whole;
    TRY(arena_printf(&f->c->memory, &whole, "%s%.*s", prefix, SLICE_ARGS(name)));
    return add(f, whole, value);
}

/* ---- of every request */

static slice truth(bool is_true) { return is_true ? SLICE("true") : SLICE("false"); }

static slice secure_transport(call *c) { return c->peer ? truth(c->peer->is_tls.value) : (slice){0}; }
static slice access_id(call *c) { return c->who.access_key_id; }
static slice principal_arn(call *c) { return c->who.arn; }
static slice caller_account(call *c) { return c->who.account_id; }
static slice owner_account(call *c) { return call_account(c); }
static slice region(call *c) { return call_region(c); }
static slice user_name(call *c) { return c->who.user_name; }
static slice source_identity(call *c) { return c->who.source_identity; }

static slice principal_type(call *c) {
    if (c->who.is_root) return SLICE("Account");
    if (!slice_is_absent(c->who.federated)) return SLICE("Federated");
    return slice_is_absent(c->who.role) ? SLICE("User") : SLICE("AssumedRole");
}

/* Of a role taken on: "role id:session". */
static slice user_id(call *c) { return slice_is_absent(c->who.role) ? c->who.user_id : c->who.session_principal; }

/* Access keys that last cannot show a code, and have no such condition. */
static slice mfa_present(call *c) { return c->who.is_session ? truth(c->who.mfa_at.is_set) : (slice){0}; }

static slice mfa_age(call *c) {
    slice text = {0};
    if (!c->who.is_session || !c->who.mfa_at.is_set) return text;
    int64_t age_s = c->now_s > c->who.mfa_at.value ? c->now_s - c->who.mfa_at.value : 0;
    status_ignore(arena_printf(&c->memory, &text, "%lld", (long long)age_s));
    return text;
}

static slice token_issue_time(call *c) {
    char time[CLOCK_ISO_BYTES];
    slice text = {0};
    if (!c->who.session_began.is_set) return text;
    clock_format_iso(c->who.session_began.value, time);
    status_ignore(arena_copy(&c->memory, slice_of_text(time), &text));
    return text;
}

static slice source_ip(call *c) {
    return c->peer && !slice_is_empty(c->peer->source_ip) ? c->peer->source_ip : (slice){0};
}

static slice user_agent(call *c) {
    if (!c->peer || slice_is_empty(c->peer->user_agent)) return (slice){0};
    return slice_head(c->peer->user_agent, POLICY_TEXT_BYTES_MOST);
}

static const struct fact_row {
    const char *name;
    slice (*value)(call *c); /* absent: the request does not have it */
} ROWS[] = {
    {CONDITION_SECURE_TRANSPORT, secure_transport},
    {CONDITION_ACCESS_ID, access_id},
    {CONDITION_PRINCIPAL_ARN, principal_arn},
    {CONDITION_PRINCIPAL_ACCOUNT, caller_account},
    {CONDITION_PRINCIPAL_TYPE, principal_type},
    {CONDITION_USER_NAME, user_name},
    {CONDITION_USER_ID, user_id},
    {CONDITION_KMS_CALLER_ACCOUNT, caller_account},
    {CONDITION_RESOURCE_ACCOUNT, owner_account},
    {CONDITION_REQUESTED_REGION, region},
    {CONDITION_MFA_PRESENT, mfa_present},
    {CONDITION_MFA_AGE, mfa_age},
    {CONDITION_TOKEN_ISSUE_TIME, token_issue_time},
    {CONDITION_SOURCE_IDENTITY, source_identity},
    {CONDITION_SOURCE_IP, source_ip},
    {CONDITION_USER_AGENT, user_agent},
};

static status add_standing(facts *f) {
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        TRY(add(f, slice_of_text(ROWS[i].name), ROWS[i].value(f->c)));
    for (size_t i = 0; i < f->c->who.tag_count; i++)
        TRY(add_named(f, CONDITION_PRINCIPAL_TAG, f->c->who.tags[i].tag_key, f->c->who.tags[i].tag_value));
    return OK;
}

/* ---- tags that come with the request */

static bool is_tag_list(const field *f) {
    return f->kind == FIELD_SHAPES && f->nested->field_count >= 2 && f->nested->fields[0].kind == FIELD_TEXT &&
           f->nested->fields[1].kind == FIELD_TEXT && slice_starts_with(slice_of_text(f->name), SLICE("Tag"));
}

static bool is_key_list(const field *f) {
    return f->kind == FIELD_TEXTS && (strcmp(f->name, "TagKeys") == 0 || strcmp(f->name, "TagKey") == 0);
}

static status add_tag_list(facts *f, const field *of, const shape_list *list, slice_list *keys) {
    const field *key = &of->nested->fields[0], *value = &of->nested->fields[1];
    for (size_t i = 0; i < list->count && keys->count < TAGS_MOST; i++) {
        const uint8_t *at = (const uint8_t *)list->at + i * of->nested->struct_bytes;
        slice name = *(const slice *)field_at(key, at), text = *(const slice *)field_at(value, at);
        TRY(add_named(f, CONDITION_REQUEST_TAG, name, slice_is_absent(text) ? SLICE("") : text));
        keys->at[keys->count++] = name;
    }
    return OK;
}

static status add_request_tags(facts *f) {
    const call *c = f->c;
    slice_list keys = {.at = NULL};
    if (!c->operation || !c->in || c->operation->level != LEVEL_WRITE) return OK;
    keys.at = ARENA_ARRAY(&f->c->memory, slice, TAGS_MOST);
    ENSURE(keys.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < c->operation->in->field_count; i++) {
        const field *each = &c->operation->in->fields[i];
        if (is_tag_list(each)) TRY(add_tag_list(f, each, field_at(each, c->in), &keys));
        const slice_list *named = is_key_list(each) ? field_at(each, c->in) : NULL;
        for (size_t k = 0; named && k < named->count && keys.count < TAGS_MOST; k++)
            keys.at[keys.count++] = named->at[k];
    }
    return add_values(f, SLICE(CONDITION_TAG_KEYS), keys.at, keys.count);
}

/* ---- a key */

const pair_list *facts_context(const call *c, const char *action) {
    if (c->supposed) return &c->supposed->context;
    const char *name = "EncryptionContext";
    if (strcmp(action, "kms:ReEncryptFrom") == 0) name = "SourceEncryptionContext";
    if (strcmp(action, "kms:ReEncryptTo") == 0) name = "DestinationEncryptionContext";
    const field *f = c->operation && c->in ? shape_find(c->operation->in, slice_of_text(name)) : NULL;
    return f && f->kind == FIELD_MAP ? field_at(f, c->in) : NULL;
}

static status add_context(facts *f, const pair_list *context) {
    if (!context || context->count == 0) return OK;
    slice *keys = ARENA_ARRAY(&f->c->memory, slice, context->count);
    ENSURE(keys != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < context->count; i++) {
        keys[i] = context->at[i].key;
        TRY(add_named(f, CONDITION_KMS_CONTEXT, keys[i], context->at[i].value));
    }
    return add_values(f, SLICE(CONDITION_KMS_CONTEXT_KEYS), keys, context->count);
}

/* In both clouds' words: a condition may ask in either. */
static status add_choice(facts *f, const char *name, const char *const *choices, int choice) {
    if (choice == 0) return OK;
    slice *words = ARENA_ARRAY(&f->c->memory, slice, SPELLINGS);
    ENSURE(words != NULL, OUT_OF_MEMORY);
    words[0] = slice_of_text(choice_text(choices, choice));
    words[1] = aws_spell(choices, words[0]);
    return add_values(f, slice_of_text(name), words, slice_equals(words[0], words[1]) ? 1 : SPELLINGS);
}

/* What a bucket or a secret has its key used for, on behalf of who asked for the object or the secret. */
static status add_via(facts *f) {
    const call *c = f->c;
    slice via;
    bool is_bucket = c->operation && strcmp(c->operation->product->name, "oss") == 0;
    if (!is_bucket && !c->secret) return OK;
    TRY(arena_printf(&f->c->memory, &via, "%s.%.*s.amazonaws.com", is_bucket ? "s3" : "secretsmanager",
                     SLICE_ARGS(call_region(c))));
    return add(f, SLICE(CONDITION_KMS_VIA_SERVICE), via);
}

static status add_grant_facts(facts *f) {
    if (!f->c->operation || f->c->operation->in != &create_grant_in_shape || !f->c->in) return OK;
    const create_grant_in *in = f->c->in;
    slice name;
    TRY(add_values(f, SLICE(CONDITION_KMS_GRANT_OPERATIONS), in->operations.at, in->operations.count));
    if (!FAILED(arn_canonical(in->grantee_principal, &f->c->memory, &name)))
        TRY(add(f, SLICE(CONDITION_KMS_GRANTEE), name));
    bool has_retiring = !slice_is_absent(in->retiring_principal) &&
                        !FAILED(arn_canonical(in->retiring_principal, &f->c->memory, &name));
    return has_retiring ? add(f, SLICE(CONDITION_KMS_RETIRING), name) : OK;
}

static status add_key_facts(facts *f, const facts_about *about) {
    const key_record *key = about->key;
    for (size_t i = 0; i < key->tags.count; i++)
        TRY(add_named(f, CONDITION_RESOURCE_TAG, key->tags.at[i].tag_key, key->tags.at[i].tag_value));
    TRY(add_choice(f, CONDITION_KMS_KEY_SPEC, key_spec_choices, key->spec));
    TRY(add_choice(f, CONDITION_KMS_KEY_USAGE, key_usage_choices, key->usage));
    TRY(add_choice(f, CONDITION_KMS_KEY_ORIGIN, key_origin_choices, key->origin));
    TRY(add_via(f));
    TRY(add_grant_facts(f));
    return add_context(f, facts_context(f->c, about->action));
}

/* Of a key that is to be made. */
static status add_new_key_facts(facts *f) {
    if (!f->c->operation || f->c->operation->in != &create_key_in_shape || !f->c->in) return OK;
    const create_key_in *in = f->c->in;
    int spec = in->key_spec ? in->key_spec : KEY_SPEC_ALIYUN_AES_256;
    int usage = in->key_usage ? in->key_usage : KEY_USAGE_ENCRYPT_DECRYPT;
    TRY(add_choice(f, CONDITION_KMS_KEY_SPEC, key_spec_choices, spec));
    TRY(add_choice(f, CONDITION_KMS_KEY_USAGE, key_usage_choices, usage));
    return add_choice(f, CONDITION_KMS_KEY_ORIGIN, key_origin_choices, in->origin ? in->origin : KEY_ORIGIN_ALIYUN_KMS);
}

/* ---- a user, a role, a policy */

/* Their tags; of a policy that is shipped there are none. */
static status load_tags(call *c, const arn *of, tag_set *out) {
    user_record user = {0};
    role_record role = {0};
    policy_record custom = {0};
    slice name = slice_skip(of->relative, slice_find_byte(of->relative, '/') + 1);
    status loaded = FAIL(NOT_FOUND);
    if (slice_starts_with(of->relative, SLICE("user/"))) loaded = user_load(c, name, &user, NULL);
    else if (slice_starts_with(of->relative, SLICE("role/"))) loaded = role_load(c, name, &role, NULL);
    else if (slice_starts_with(of->relative, SLICE("policy/"))) loaded = policy_load(c, name, &custom, NULL);
    bool is_missing = FAILED_WITH(loaded, NOT_FOUND) || FAILED_WITH(loaded, USER_NOT_FOUND) ||
                      FAILED_WITH(loaded, ROLE_NOT_FOUND) || FAILED_WITH(loaded, POLICY_NOT_FOUND) ||
                      FAILED_WITH(loaded, POLICY_SYSTEM);
    if (FAILED(loaded) && !is_missing) return loaded;
    *out = (tag_set){user.tags.at, user.tags.count};
    if (role.tags.count) *out = (tag_set){role.tags.at, role.tags.count};
    if (custom.tags.count) *out = (tag_set){custom.tags.at, custom.tags.count};
    return OK;
}

static status add_identity_tags(facts *f, const arn *resource) {
    tag_set tags;
    if (f->c->owner || !slice_equals(resource->account, f->c->who.account_id)) return OK;
    TRY(load_tags(f->c, resource, &tags));
    for (size_t i = 0; i < tags.count; i++)
        TRY(add_named(f, CONDITION_RESOURCE_TAG, tags.at[i].tag_key, tags.at[i].tag_value));
    return OK;
}

/* Policies are called as identities are, without a region. */
static status add_policy_name(facts *f, const char *key, const policy_name *p) {
    slice name, account = p->type == POLICY_TYPE_SYSTEM ? SLICE("system") : f->c->who.account_id;
    TRY(arena_printf(&f->c->memory, &name, "acs:ram::%.*s:policy/%.*s", SLICE_ARGS(account), SLICE_ARGS(p->name)));
    return add(f, slice_of_text(key), name);
}

static bool is_one_of(const shape *in, const shape *const *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (list[i] == in) return true;
    return false;
}

/* Operations that bound somebody say by what. */
static status add_wished_boundary(facts *f) {
    static const shape *const BOUNDING[] = {&create_user_in_shape, &create_role_in_shape,
                                            &put_user_permissions_boundary_in_shape,
                                            &put_role_permissions_boundary_in_shape};
    policy_name wished;
    slice text = call_input_text(f->c, "PermissionsBoundary");
    if (!is_one_of(f->c->operation->in, BOUNDING, sizeof BOUNDING / sizeof *BOUNDING) || slice_is_absent(text))
        return OK;
    status read = boundary_read(f->c, text, &wished);
    if (FAILED(read)) f->c->detail = (slice){0};
    return FAILED(read) ? OK : add_policy_name(f, CONDITION_BOUNDARY, &wished); /* no such policy: it bounds nobody */
}

/* Those that give or take permissions are about somebody who is bounded, or not. */
static status add_present_boundary(facts *f) {
    static const shape *const OF_USER[] = {&attach_policy_to_user_in_shape, &detach_policy_from_user_in_shape,
                                           &put_user_policy_in_shape, &delete_user_policy_in_shape,
                                           &delete_user_permissions_boundary_in_shape};
    static const shape *const OF_ROLE[] = {&attach_policy_to_role_in_shape, &detach_policy_from_role_in_shape,
                                           &put_role_policy_in_shape, &delete_role_policy_in_shape,
                                           &delete_role_permissions_boundary_in_shape};
    holder h = {0};
    bool is_user = is_one_of(f->c->operation->in, OF_USER, sizeof OF_USER / sizeof *OF_USER);
    if (!is_user && !is_one_of(f->c->operation->in, OF_ROLE, sizeof OF_ROLE / sizeof *OF_ROLE)) return OK;
    slice name = call_input_text(f->c, is_user ? "UserName" : "RoleName");
    status loaded = holder_load(f->c, is_user ? HOLDER_USER : HOLDER_ROLE, name, &h);
    if (FAILED_WITH(loaded, USER_NOT_FOUND) || FAILED_WITH(loaded, ROLE_NOT_FOUND)) return OK;
    TRY(loaded);
    const attachment_record *bound = boundary_of(&h);
    return bound ? add_policy_name(f, CONDITION_BOUNDARY, &(policy_name){bound->policy_name, bound->policy_type}) : OK;
}

/* Which policy is attached or detached; by then the input may have its name in full. */
static status add_attached(facts *f) {
    static const shape *const ATTACHING[] = {&attach_policy_to_user_in_shape,    &attach_policy_to_group_in_shape,
                                             &attach_policy_to_role_in_shape,    &detach_policy_from_user_in_shape,
                                             &detach_policy_from_group_in_shape, &detach_policy_from_role_in_shape};
    identity_reference named;
    const shape *in = f->c->operation->in;
    if (!is_one_of(in, ATTACHING, sizeof ATTACHING / sizeof *ATTACHING)) return OK;
    int type = *(const int *)field_at(shape_find(in, SLICE("PolicyType")), f->c->in);
    status told = identity_refer(f->c, call_input_text(f->c, "PolicyName"), "policy/", &named);
    if (FAILED_WITH(told, INVALID_PARAMETER)) return OK;
    TRY(told);
    return named.is_own ? add_policy_name(f, CONDITION_POLICY, &(policy_name){named.name, type}) : OK;
}

static status add_identity_facts(facts *f, slice resource) {
    arn parts;
    if (FAILED(arn_parse(resource, &parts)) || !slice_equals(parts.service, SLICE("ram"))) return OK;
    TRY(add_identity_tags(f, &parts));
    if (!f->c->operation || !f->c->in || f->c->operation->level != LEVEL_WRITE) return OK;
    TRY(add_wished_boundary(f));
    TRY(add_present_boundary(f));
    return add_attached(f);
}

/* ---- all */

status facts_gather(call *c, const facts_about *about, facts *out) {
    facts f = {.c = c};
    TRY(add_standing(&f));
    TRY(add_request_tags(&f));
    for (size_t i = 0; i < c->condition_count; i++) {
        const condition_value *each = &c->conditions[i];
        /* A key's tags are its own, not those of what it is used for. */
        if (about->key && slice_starts_with(each->name, SLICE(CONDITION_RESOURCE_TAG))) continue;
        TRY(add_values(&f, each->name, each->values, each->count));
    }
    if (about->key) TRY(add_key_facts(&f, about));
    else TRY(add_new_key_facts(&f));
    TRY(add_identity_facts(&f, about->resource));
    TRY(add_supposed(&f));
    *out = f;
    return OK;
}
