/* One comparison per part of an act. */
#include "custody/bound.h"

#include "base/buffer.h"
#include "base/text.h"
#include "contract/key_id.h"
#include "contract/operation.h"
#include "crypto/compare.h"
#include "crypto/hash.h"
#include "custody/bound_aws.h"
#include "custody/signed.h"

enum { DATA_KEY_BYTES = 32, SHORT_DATA_KEY_BYTES = 16 };

static status same(slice signed_for, slice in_act) {
    ENSURE(bytes_equal_secret(signed_for, in_act), NO_PERMISSION);
    return OK;
}

/* ---- which key */

/* What stands behind the account in an ARN of either form; the text itself when it is none. */
static slice arn_relative(slice text) {
    if (!slice_starts_with(text, SLICE("acs:")) && !slice_starts_with(text, SLICE("arn:"))) return text;
    slice relative = text, part;
    while (slice_split(&text, ':', &part)) relative = part;
    return slice_starts_with(relative, SLICE("key/")) ? slice_skip(relative, 4) : relative;
}

bool bound_is_of_owner(const binding *b, slice name) {
    slice owner = b->act->owner_id, part = {0};
    int before = slice_starts_with(name, SLICE("acs:")) ? 4 : slice_starts_with(name, SLICE("arn:")) ? 5 : 0;
    if (before == 0) return owner.len == 0;
    if (owner.len == 0 && b->scene->caller) owner = b->scene->caller->header.account_id;
    while (before-- > 0)
        if (!slice_split(&name, ':', &part)) return false;
    return owner.len > 0 && slice_equals(part, owner);
}

/* Where naming a key is left to the caller, the one taken otherwise is core's to say, like what an alias means. */
static status bind_key(const binding *b, const field *f) {
    slice name = arn_relative(signed_find(b->said, f->name));
    uint8_t id[KEY_ID_BYTES];
    if (slice_starts_with(name, SLICE("alias/")) || (slice_is_absent(name) && !f->is_required)) return OK;
    ENSURE(b->act->key_id.len == KEY_ID_BYTES && !FAILED(key_id_parse(name, id)), NO_PERMISSION);
    return same(slice_of(id, sizeof id), b->act->key_id);
}

/* By its id, or by acs:kms:…:certificate/ID. */
static status bind_certificate(const binding *b, const field *f) {
    slice rest = signed_find(b->said, f->name), name = rest, part;
    uint8_t id[KEY_ID_BYTES];
    while (slice_split(&rest, ':', &part)) name = part;
    if (slice_starts_with(name, SLICE("certificate/"))) name = slice_skip(name, 12);
    ENSURE(b->act->key_id.len == KEY_ID_BYTES && !FAILED(uuid_parse(name, id)), NO_PERMISSION);
    return same(slice_of(id, sizeof id), b->act->key_id);
}

/* ---- with what */

static status signed_bytes(const binding *b, const field *f, slice *out) {
    slice text = signed_find(b->said, f->name);
    if (f->kind != FIELD_BYTES && f->kind != FIELD_SECRET) {
        *out = text;
        return OK;
    }
    status decoding = base64_decode(text, b->scene->memory, out);
    return FAILED_WITH(decoding, MALFORMED) ? FAIL(NO_PERMISSION) : decoding;
}

/* What came boxed is opened to be compared. */
static status bind_bytes(const binding *b, const field *f, slice given) {
    slice wanted;
    act_scene *scene = b->scene;
    TRY(signed_bytes(b, f, &wanted));
    ENSURE(scene->box != NULL, CLOSED);
    if (f->kind == FIELD_SECRET) TRY(box_open_plain(scene->box, scene->request_id, given, scene->memory, &given));
    return same(wanted, given);
}

static status bind_input(const binding *b, const field *f) { return bind_bytes(b, f, b->act->input); }

static status bind_value(const binding *b, const field *f) { return bind_bytes(b, f, b->act->value); }

static status bind_token(const binding *b, const field *f) {
    slice wanted;
    TRY(signed_bytes(b, f, &wanted));
    return same(wanted, b->act->token);
}

static status bind_context(const binding *b, const field *f) {
    pair_list map;
    OWNED(buffer) canonical = {0};
    TRY(signed_map(b->said, f->name, b->scene->memory, &map));
    status made = context_canonical(map, b->scene->memory, &canonical);
    ENSURE(!FAILED_WITH(made, INVALID_PARAMETER), NO_PERMISSION);
    TRY(made);
    return same(buffer_slice(&canonical), b->act->context);
}

/* ---- how much, how, until when, for whom */

/* The first field with a value counts; a number goes before a spec. */
static status wanted_size(const binding *b, int64_t *out) {
    const shape *in = b->operation->in;
    *out = DATA_KEY_BYTES;
    for (size_t i = 0; i < in->field_count; i++) {
        const field *f = &in->fields[i];
        slice text = f->binds == BIND_SIZE ? signed_find(b->said, f->name) : (slice){0};
        if (slice_is_absent(text)) continue;
        if (f->kind == FIELD_CHOICE && slice_equals_text(text, "AES_128")) *out = SHORT_DATA_KEY_BYTES;
        if (f->kind == FIELD_INT) return slice_to_i64(text, out) ? OK : FAIL(NO_PERMISSION);
    }
    return OK;
}

static status bind_size(const binding *b, const field *f) {
    int64_t wanted;
    (void)f;
    TRY(wanted_size(b, &wanted));
    ENSURE(b->act->size.is_set && b->act->size.value == wanted, NO_PERMISSION);
    return OK;
}

static status bind_expiry(const binding *b, const field *f) {
    int64_t wanted = 0;
    slice text = signed_find(b->said, f->name);
    ENSURE(slice_is_absent(text) || slice_to_i64(text, &wanted), NO_PERMISSION);
    int64_t given = b->act->expires_at.is_set ? b->act->expires_at.value : 0;
    ENSURE(given == wanted, NO_PERMISSION);
    return OK;
}

static status bind_algorithm(const binding *b, const field *f) {
    ENSURE(choice_find(f->choices, signed_find(b->said, f->name)) == b->act->algorithm, NO_PERMISSION);
    return OK;
}

/* Without a name the caller itself is meant, whatever it is called by now: the id tells who that is. A role is no user. */
static status bind_user(const binding *b, const field *f) {
    slice named = signed_find(b->said, f->name);
    ENSURE(b->scene->caller != NULL, NO_PERMISSION);
    if (!slice_is_absent(named)) return same(named, b->act->user_name);
    const sealed_header *caller = &b->scene->caller->header;
    ENSURE(caller->role_name.len == 0, NO_PERMISSION);
    return same(caller->user_id.len > 0 ? caller->user_id : caller->account_id, b->act->user_id);
}

/* ---- secrets */

/* Where the value may come as text or as bytes, in two fields, one of them must. */
static bool has_secret_data(const binding *b) {
    const shape *in = b->operation->in;
    for (size_t i = 0; i < in->field_count; i++)
        if (in->fields[i].binds == BIND_SECRET_DATA && !slice_is_absent(signed_find(b->said, in->fields[i].name)))
            return true;
    return false;
}

static status bind_secret_data(const binding *b, const field *f) {
    slice given = b->act->input, wanted = signed_find(b->said, f->name);
    act_scene *scene = b->scene;
    ENSURE(scene->box != NULL, CLOSED);
    if (slice_is_absent(wanted) && has_secret_data(b)) return OK;
    bool is_bytes =
        strcmp(f->name, "SecretBinary") == 0 || slice_equals_text(signed_find(b->said, "SecretDataType"), "binary");
    if (is_bytes) TRY(signed_bytes(b, f, &wanted));
    TRY(box_open_plain(scene->box, scene->request_id, given, scene->memory, &given));
    return same(wanted, given);
}

static status rule_bool(slice text, const maybe_bool *given) {
    bool is_true = slice_equals_ignoring_case(text, SLICE("true"));
    ENSURE(given->is_set == !slice_is_absent(text) && given->value == is_true, NO_PERMISSION);
    return OK;
}

static status rule_int(slice text, const maybe_int *given) {
    int64_t wanted = 0;
    ENSURE(slice_is_absent(text) || slice_to_i64(text, &wanted), NO_PERMISSION);
    ENSURE(given->is_set == !slice_is_absent(text) && given->value == wanted, NO_PERMISSION);
    return OK;
}

/* The rule has the field under the same name. */
static status bind_rule(const binding *b, const field *f) {
    slice text = signed_find(b->said, f->name);
    const field *member = shape_find(&password_rule_shape, slice_of_text(f->name));
    ENSURE(b->act->rule != NULL && member != NULL && member->kind == f->kind, NO_PERMISSION);
    const void *given = field_at(member, b->act->rule);
    if (f->kind == FIELD_BOOL) return rule_bool(text, given);
    if (f->kind == FIELD_INT) return rule_int(text, given);
    return same(text, *(const slice *)given);
}

/* ---- people and sessions */

/* A text of the request that the gateway boxed. */
static status same_boxed(const binding *b, const field *f, slice boxed) {
    slice given = {0}, wanted = signed_find(b->said, f->name);
    act_scene *scene = b->scene;
    ENSURE(scene->box != NULL, CLOSED);
    if (boxed.len) TRY(box_open_plain(scene->box, scene->request_id, boxed, scene->memory, &given));
    return same(wanted, given);
}

static status bind_password(const binding *b, const field *f) { return same_boxed(b, f, b->act->input); }
static status bind_old_password(const binding *b, const field *f) { return same_boxed(b, f, b->act->token); }
static status bind_code(const binding *b, const field *f) { return same_boxed(b, f, b->act->context); }
static status bind_first_code(const binding *b, const field *f) { return same_boxed(b, f, b->act->input); }

static const session_wish *wish_of(const binding *b) {
    static const session_wish NOTHING;
    return b->act->session ? b->act->session : &NOTHING;
}

/* acs:ram::A:role/NAME or arn:aws:iam::A:role/PATH/NAME: what follows the last '/'. */
static status bind_role(const binding *b, const field *f) {
    slice rest = signed_find(b->said, f->name), name = {0}, part;
    while (slice_split(&rest, '/', &part)) name = part;
    ENSURE(name.len > 0 && bound_is_of_owner(b, signed_find(b->said, f->name)), NO_PERMISSION);
    return same(name, wish_of(b)->role_name);
}

static status bind_session(const binding *b, const field *f) {
    return same(signed_find(b->said, f->name), wish_of(b)->name);
}

static status bind_limit(const binding *b, const field *f) {
    return same(signed_find(b->said, f->name), wish_of(b)->policy);
}

static status bind_source(const binding *b, const field *f) {
    slice wanted = signed_find(b->said, f->name);
    return slice_is_absent(wanted) ? OK : same(wanted, wish_of(b)->source_identity);
}

/* Shorter is always allowed. Without a wish the bounds of sessions hold. */
static status bind_lifetime(const binding *b, const field *f) {
    enum { WAY_FROM_CORE_S = 60 };
    int64_t most_s;
    slice text = signed_find(b->said, f->name);
    if (slice_is_absent(text)) return OK;
    ENSURE(slice_to_i64(text, &most_s) && most_s <= INT32_MAX && b->act->expires_at.is_set, NO_PERMISSION);
    ENSURE(b->act->expires_at.value - b->scene->now_s <= most_s + WAY_FROM_CORE_S, NO_PERMISSION);
    return OK;
}

/* ---- what a new certificate says */

static status bind_subject(const binding *b, const field *f) {
    return same(signed_find(b->said, f->name), b->act->subject);
}

static status bind_names(const binding *b, const field *f) {
    slice_list wanted;
    TRY(signed_texts(b->said, f->name, b->scene->memory, &wanted));
    ENSURE(wanted.count == b->act->names.count, NO_PERMISSION);
    for (size_t i = 0; i < wanted.count; i++) TRY(same(wanted.at[i], b->act->names.at[i]));
    return OK;
}

static bool has_field(const operation *op, enum field_bind binds) {
    for (size_t i = 0; i < op->in->field_count; i++)
        if (op->in->fields[i].binds == binds) return true;
    return false;
}

/* Only an operation that names a role has a session of one made. */
static bool names_role(const operation *op) { return has_field(op, BIND_ROLE); }

/* Keys of certificates are used by the operations that name a certificate, and these use no others. */
static status check_kind(const operation *op, const key_act *act) {
    ENSURE(act->is_certificate.value == has_field(op, BIND_CERTIFICATE), NO_PERMISSION);
    return OK;
}

static bool is_role_session(const key_act *act) { return act->session && act->session->role_name.len > 0; }

/* What was signed for goes to the authenticator's check as it is. */
static status bind_assertion(const binding *b, const field *f) {
    slice wanted;
    const passkey_answer *given = b->act->assertion;
    ENSURE(given != NULL, NO_PERMISSION);
    TRY(signed_bytes(b, f, &wanted));
    if (strcmp(f->name, "ChallengeToken") == 0) return same(wanted, given->challenge);
    if (strcmp(f->name, "ClientDataJSON") == 0) return same(wanted, given->client_data);
    return same(wanted, given->attestation);
}

static binder *const binders[] = {
    [BIND_KEY] = bind_key,
    [BIND_INPUT] = bind_input,
    [BIND_TOKEN] = bind_token,
    [BIND_CONTEXT] = bind_context,
    [BIND_SIZE] = bind_size,
    [BIND_EXPIRY] = bind_expiry,
    [BIND_ALGORITHM] = bind_algorithm,
    [BIND_USER] = bind_user,
    [BIND_VALUE] = bind_value,
    [BIND_ENCRYPTION] = bind_encryption,
    [BIND_SIGNING] = bind_signing,
    [BIND_MESSAGE_TYPE] = bind_message_type,
    [BIND_MAC] = bind_mac,
    [BIND_WRAPPING] = bind_wrapping,
    [BIND_SPEC] = bind_spec,
    [BIND_USAGE] = bind_usage,
    [BIND_PAIR] = bind_pair,
    [BIND_INTERVAL] = bind_interval,
    [BIND_SHARING] = bind_sharing,
    [BIND_SECRET] = bind_secret,
    [BIND_SECRETS] = bind_secrets,
    [BIND_VERSION] = bind_version,
    [BIND_SECRET_DATA] = bind_secret_data,
    [BIND_RULE] = bind_rule,
    [BIND_PASSWORD] = bind_password,
    [BIND_OLD_PASSWORD] = bind_old_password,
    [BIND_CODE] = bind_code,
    [BIND_FIRST_CODE] = bind_first_code,
    [BIND_ROLE] = bind_role,
    [BIND_SESSION] = bind_session,
    [BIND_LIMIT] = bind_limit,
    [BIND_SOURCE] = bind_source,
    [BIND_IMPORT] = bind_import,
    [BIND_REACH] = bind_reach,
    [BIND_MATERIAL] = bind_material,
    [BIND_ASSERTION] = bind_assertion,
    [BIND_LIFETIME] = bind_lifetime,
    [BIND_PROVIDER] = bind_provider,
    [BIND_PROVIDER_ISSUER] = bind_provider_part,
    [BIND_PROVIDER_CLIENTS] = bind_provider_part,
    [BIND_PROVIDER_CLIENT_ADDED] = bind_provider_part,
    [BIND_PROVIDER_CLIENT_REMOVED] = bind_provider_part,
    [BIND_PROVIDER_KEYS] = bind_provider_part,
    [BIND_PROVIDER_LIMIT] = bind_provider_part,
    [BIND_CERTIFICATE] = bind_certificate,
    [BIND_SUBJECT] = bind_subject,
    [BIND_NAMES] = bind_names,
    [BIND_MANAGED] = bind_managed,
    [BIND_PROVIDER_METADATA] = bind_provider_part,
    [BIND_PROVIDER_ENCODED_METADATA] = bind_provider_part,
    [BIND_APPROVAL_RULE] = bind_approval_rule,
    [BIND_REQUEST] = bind_request,
    [BIND_PROVIDER_ENCRYPTION] = bind_provider_part,
    [BIND_PROVIDER_PRIVATE_KEY] = bind_provider_part,
    [BIND_PROVIDER_KEY_REMOVED] = bind_provider_part,
    [BIND_PROVIDER_SIGNER] = bind_provider_part,
};

static bool is_bound(const operation *op) {
    for (size_t i = 0; i < op->in->field_count; i++)
        if (op->in->fields[i].binds != BIND_NOTHING) return true;
    return false;
}

/* ---- objects */

static bool eats(slice *rest, slice wanted) {
    if (!slice_starts_with(*rest, wanted)) return false;
    *rest = slice_skip(*rest, wanted.len);
    return true;
}

/* Version 1 signs "/bucket/key?sub-resources" and encodes nothing. */
static bool names_object(const asked *a, slice path, slice bucket, slice key) {
    bool begins = eats(&path, SLICE("/")) && eats(&path, bucket) && eats(&path, SLICE("/")) && eats(&path, key);
    return begins && (path.len == 0 || (a->has_bare_query && path.at[0] == '?'));
}

static status copy_source_read(slice header, arena *memory, slice *out) {
    OWNED(buffer) path = {0};
    slice decoded;
    bool has_root = slice_starts_with(header, SLICE("/"));
    status decoding = percent_decode(header, false, memory, &decoded);
    ENSURE(!FAILED_WITH(decoding, MALFORMED), NO_PERMISSION);
    TRY(decoding);
    if (!has_root) TRY(buffer_append_byte(&path, '/'));
    TRY(buffer_append(&path, decoded));
    return arena_copy(memory, buffer_slice(&path), out);
}

/* OSS's signatures cover a body only through its Content-MD5. */
static status signed_body(const asked *a, arena *memory) {
    slice wanted;
    uint8_t hash[HASH_MD5_BYTES];
    status decoding = base64_decode(a->content_md5, memory, &wanted);
    ENSURE(!FAILED_WITH(decoding, MALFORMED), NO_PERMISSION);
    TRY(decoding);
    TRY(hash_once(HASH_MD5, a->body, hash));
    ENSURE(a->body.len > 0 && slice_equals(wanted, slice_of(hash, sizeof hash)), NO_PERMISSION);
    return OK;
}

/* A permit is for the very bucket whose policy is being set, and for accounts that stand in the policy. */
static status bucket_check(const asked *a, const act_scene *scene, const key_act *act) {
    slice path = a->resource;
    bool is_it = a->sets_policy && act->text.len > 0 && eats(&path, SLICE("/")) && eats(&path, act->text);
    ENSURE(is_it && (slice_equals_text(path, "/") || slice_starts_with(path, SLICE("/?"))), NO_PERMISSION);
    TRY(signed_body(a, scene->memory));
    return sharing_is_signed(a->body, act);
}

/* The context of a body's data key names account, blob, bucket and key (docs/formats/object.md). */
static status object_check(const asked *a, const act_scene *scene, const key_act *act) {
    slice bucket = context_value(act->context, "bucket"), key = context_value(act->context, "key");
    ENSURE(bucket.len > 0 && key.len > 0 && !act->is_certificate.value, NO_PERMISSION);
    if (act->act != VAULT_ACT_DECRYPT || !a->copies) {
        ENSURE(names_object(a, a->resource, bucket, key), NO_PERMISSION);
        return OK;
    }
    asked source = {0};
    TRY(copy_source_read(a->copy_source, scene->memory, &source.resource));
    ENSURE(names_object(&source, source.resource, bucket, key), NO_PERMISSION);
    return OK;
}

/* ---- all */

status bound_read(const asked *a, const proof *p, slice text, arena *memory, pair_list *out) {
    const operation *op = a->is_storage ? NULL : operation_get(a->operation);
    *out = (pair_list){0};
    if (a->is_aws && op) return signed_read(p, text, memory, out);
    return op && is_bound(op) ? signed_read(p, text, memory, out) : OK;
}

/* Who only wants to know whether a request would succeed has nothing done. */
static bool is_dry(const operation *op, const pair_list *said) {
    return shape_find(op->in, SLICE("DryRun")) &&
           slice_equals_ignoring_case(signed_find(said, "DryRun"), SLICE("true"));
}

/* A permit is about what the signed request names, and nothing of another kind. */
static bool permit_is_bound(const operation *op, const key_act *act) {
    if (act->act != VAULT_ACT_PERMIT_SHARING) return true;
    if (is_role_session(act)) return has_field(op, BIND_ROLE);
    return has_field(op, act->text.len && act->secret_id.len ? BIND_SECRET : BIND_KEY);
}

static status check_fields(const binding *b, bool with_secrets) {
    for (size_t i = 0; i < b->operation->in->field_count; i++) {
        const field *f = &b->operation->in->fields[i];
        bool binds = f->binds != BIND_NOTHING && (f->binds_act == 0 || f->binds_act == b->act->act);
        if (binds && (with_secrets || f->kind != FIELD_SECRET)) TRY(binders[f->binds](b, f));
    }
    return OK;
}

/* Which object or bucket. */
static status check_approved_storage(const pair_list *approved, const asked *a, const key_act *act) {
    if (act->act == VAULT_ACT_PERMIT_SHARING) return same(signed_find(approved, "Bucket"), act->text);
    bool is_source = a->copies && act->act == VAULT_ACT_DECRYPT;
    TRY(same(signed_find(approved, is_source ? "SourceBucket" : "Bucket"), context_value(act->context, "bucket")));
    return same(signed_find(approved, is_source ? "SourceKey" : "Key"), context_value(act->context, "key"));
}

status bound_check_approved(const asked *a, const pair_list *approved, act_scene *scene, const key_act *act) {
    binding b = {scene->asked, approved, scene, act};
    if (act->act == VAULT_ACT_VERIFY) return OK;
    return a->is_storage ? check_approved_storage(approved, a, act) : check_fields(&b, false);
}

status bound_check(const asked *a, const pair_list *said, act_scene *scene, const key_act *act) {
    binding b = {operation_get(a->operation), said, scene, act};
    if (act->act == VAULT_ACT_VERIFY) return OK;
    if (act->act == VAULT_ACT_PERMIT_SHARING && a->is_storage) return bucket_check(a, scene, act);
    if (a->is_storage) return object_check(a, scene, act);
    pair_list translated;
    if (a->is_aws) b.operation = bound_aws_operation(a, act->act);
    ENSURE(b.operation != NULL && !is_dry(b.operation, said), NO_PERMISSION);
    ENSURE(!is_role_session(act) || names_role(b.operation), NO_PERMISSION);
    TRY(check_kind(b.operation, act));
    ENSURE(permit_is_bound(b.operation, act), NO_PERMISSION);
    if (a->is_aws) TRY(bound_aws_translate(b.operation, said, scene->memory, &translated));
    if (a->is_aws) b.said = &translated;
    return check_fields(&b, true);
}
