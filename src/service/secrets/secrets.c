/* KMS: secrets, from their making to their reading. Values pass boxed: only gateway and vault see them. */
#include "service/secrets/secrets.h"

#include "base/text.h"
#include "contract/key_spec.h"
#include "contract/sealed.h"
#include "crypto/compare.h"
#include "crypto/random.h"
#include "service/resource.h"
#include "service/sharing.h"

status secret_usable(const secret_record *of) {
    ENSURE(!of->delete_at.is_set, SECRET_PENDING_DELETION);
    return OK;
}

/* The index follows the record. */
static status index_follow(call *c, slice path, secret_record *of) {
    maybe_int due = secret_next_rotation(of);
    slice entry;
    if (due.is_set == of->rotation_due.is_set && due.value == of->rotation_due.value) return OK;
    if (of->rotation_due.is_set) {
        TRY(secret_rotation_path(of->rotation_due.value, path, &c->memory, &entry));
        TRY(call_change(c, entry, NULL, NULL, STORE_ANY));
    }
    of->rotation_due = due;
    if (!due.is_set) return OK;
    secret_rotation_record record = {c->who.account_id, call_region(c), of->secret_name};
    TRY(secret_rotation_path(due.value, path, &c->memory, &entry));
    return call_change(c, entry, &secret_rotation_record_shape, &record, STORE_ANY);
}

status secret_save(call *c, secret_record *of, uint64_t revision) {
    secret_shelf shelf = call_secrets(c);
    slice path;
    of->updated_at = SET_INT(c->now_s);
    TRY(secret_path(&shelf, of->secret_name, &c->memory, &path));
    TRY(index_follow(c, path, of));
    return call_change(c, path, &secret_record_shape, of, revision);
}

status secret_forget_value(call *c, const secret_record *of, int64_t number) {
    slice path;
    TRY(secret_value_path(c->who.account_id, of, number, &c->memory, &path));
    return call_change(c, path, NULL, NULL, STORE_ANY);
}

status secret_forget(call *c, const secret_record *of, uint64_t revision) {
    secret_shelf shelf = call_secrets(c);
    slice path;
    secret_record ended = *of;
    for (size_t i = 0; i < of->versions.count; i++) TRY(secret_forget_value(c, of, of->versions.at[i].number.value));
    TRY(secret_path(&shelf, of->secret_name, &c->memory, &path));
    ended.rotation_enabled = (maybe_bool){0};
    TRY(index_follow(c, path, &ended));
    return call_change(c, path, NULL, NULL, revision);
}

status secret_arn(call *c, const secret_record *of, slice *out) {
    arn_home home = call_home(c);
    return arn_secret(&home, of->secret_name, &c->memory, out);
}

slice interval_text(call *c, const secret_record *of) {
    slice text = {0};
    if (of->rotation_interval.is_set)
        status_ignore(arena_printf(&c->memory, &text, "%llds", (long long)of->rotation_interval.value));
    return text;
}

int secret_rotates(const secret_record *of) { return of->rotation_enabled.value ? ON_OFF_ENABLED : ON_OFF_DISABLED; }

/* ---- ids: chosen once, however often the steps run */

typedef struct fresh_ids {
    slice secret_id, version_id;
} fresh_ids;

static status ids_make(call *c, fresh_ids *out) {
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    enum { KINDS = sizeof LETTERS - 1, FAIR = 256 - 256 % KINDS };
    char id[SECRET_ID_CHARACTERS], version[37];
    uint8_t uuid[16];
    for (size_t filled = 0; filled < sizeof id;) {
        uint8_t drawn[SECRET_ID_CHARACTERS];
        TRY(random_fill(drawn, sizeof drawn));
        for (size_t i = 0; i < sizeof drawn && filled < sizeof id; i++)
            if (drawn[i] < FAIR) id[filled++] = LETTERS[drawn[i] % KINDS];
    }
    TRY(random_uuid(uuid));
    uuid_format(uuid, version);
    TRY(arena_copy(&c->memory, slice_of(id, sizeof id), &out->secret_id));
    return arena_copy(&c->memory, slice_of_text(version), &out->version_id);
}

static status ids_of(call *c, fresh_ids **out) {
    fresh_ids *ids = c->memo ? c->memo : CALL_NEW(c, fresh_ids);
    ENSURE(ids != NULL, OUT_OF_MEMORY);
    if (!c->memo) TRY(ids_make(c, ids));
    c->memo = ids;
    *out = ids;
    return OK;
}

status secret_new_id(call *c, slice *out) {
    fresh_ids *ids;
    TRY(ids_of(c, &ids));
    *out = ids->secret_id;
    return OK;
}

status secret_version_id(call *c, slice given, slice *out) {
    fresh_ids *ids;
    TRY(ids_of(c, &ids));
    *out = slice_is_absent(given) ? ids->version_id : given;
    return OK;
}

/* ---- sealing */

static bool seals_secrets(const key_record *key) {
    return key->usage == KEY_USAGE_ENCRYPT_DECRYPT && key_spec_get(key->spec)->family == KEY_FAMILY_SYMMETRIC;
}

/* The key may be named by an alias: what is kept is its id. */
static status use_key(call *c, slice name, const char *action) {
    c->key = CALL_NEW(c, key_record);
    ENSURE(c->key != NULL, OUT_OF_MEMORY);
    TRY(resource_use_key(c, slice_is_absent(name) ? call_account_record(c)->service_key_id : name, action, c->key));
    if (seals_secrets(c->key)) return OK;
    return call_refuse(c, FAIL(UNSUPPORTED), "Values are sealed under symmetric keys only.");
}

status secret_begin_sealing(call *c, const secret_record *of, slice version_id, key_act *out) {
    TRY(use_key(c, of->encryption_key_id, "kms:GenerateDataKey"));
    const key_version_record *version = key_primary(c->key);
    ENSURE(version && !slice_is_absent(version->sealed), KEY_VERSION_NOT_FOUND);
    *out = (key_act){.text = of->secret_name, .secret_id = of->secret_id, .version = version_id};
    return key_ids(c, c->key, version, out);
}

/* Which key sealed the value stands in the value: when the steps run again, the key may have another version by now. */
status secret_take_sealed(call *c, secret_record *of, slice version_id, secret_version_record *out) {
    const key_result *made = &c->results.at[0];
    secret_value_record value = {.sealed = made->output};
    ciphertext outside;
    slice path;
    TRY(secret_value_parse(made->output, &outside));
    of->last_number = SET_INT(of->last_number.value + 1);
    *out = (secret_version_record){.version_id = version_id, .number = of->last_number};
    out->created_at = SET_INT(c->now_s);
    out->data_type = SECRET_DATA_TYPE_TEXT;
    out->fingerprint = made->extra;
    TRY(kms_key_id_text(c, outside.key_id.at, &out->key_id));
    TRY(kms_uuid_text(c, outside.key_version_id.at, &out->key_version_id));
    TRY(secret_value_path(c->who.account_id, of, out->number.value, &c->memory, &path));
    return call_change(c, path, &secret_value_record_shape, &value, STORE_ANY);
}

status secret_admit(call *c, secret_record *of, const secret_version_record *version, slice_list stages) {
    secret_version_record *drop, *added;
    TRY(secret_version_to_drop(of, &drop));
    if (drop) {
        TRY(secret_forget_value(c, of, drop->number.value));
        secret_version_drop(of, drop);
    }
    TRY(secret_version_add(of, version, &c->memory, &added));
    if (stages.count == 0 || !secret_version_with(of, STAGE_CURRENT))
        TRY(secret_stage_move(of, added, STAGE_CURRENT, &c->memory));
    for (size_t i = 0; i < stages.count; i++) TRY(secret_stage_move(of, added, stages.at[i], &c->memory));
    return OK;
}

status secret_check_key(call *c, slice name, slice *key_id) {
    TRY(use_key(c, name, "kms:GenerateDataKey"));
    *key_id = c->key->key_id;
    return OK;
}

/* ---- a new secret */

static const secret_name_taken TAKEN = {{FAILURE_SECRET_EXISTS}, {FAILURE_SECRET_PENDING_DELETION}};

status secret_make_way(call *c, slice name, const secret_name_taken *taken, uint64_t *revision) {
    secret_shelf shelf = call_secrets(c);
    secret_record former;
    *revision = STORE_ABSENT;
    status found = secret_load_remains(&shelf, name, &c->memory, &former, revision);
    if (FAILED_WITH(found, NOT_FOUND)) return OK;
    TRY(found);
    if (!former.delete_at.is_set) return taken->is_there;
    if (former.delete_at.value > c->now_s) return taken->is_leaving;
    for (size_t i = 0; i < former.versions.count; i++)
        TRY(secret_forget_value(c, &former, former.versions.at[i].number.value));
    return OK;
}

static status new_record(call *c, const secret_draft *draft, secret_record *out) {
    fresh_ids *ids;
    TRY(ids_of(c, &ids));
    *out = (secret_record){.secret_name = draft->name, .secret_id = ids->secret_id, .type = SECRET_TYPE_GENERIC};
    out->description = draft->description;
    out->extended_config = draft->config;
    out->policy = draft->policy;
    out->encryption_key_id = draft->key;
    out->created_at = SET_INT(c->now_s);
    out->tags.at = (tag *)(uintptr_t)draft->tags, out->tags.count = draft->tag_count;
    return OK;
}

/* Whether the secret is there already and this may be the request that made it, sent twice. */
static bool made_before(call *c, const secret_draft *draft, secret_record *out) {
    secret_shelf shelf = call_secrets(c);
    secret_name name = {.name = draft->name};
    if (!draft->may_repeat || slice_is_absent(draft->version_id)) return false;
    if (FAILED(secret_load(&shelf, &name, &c->memory, out, NULL)) || out->delete_at.is_set) return false;
    return secret_version(out, draft->version_id) != NULL;
}

status secret_create_ask(call *c, const secret_draft *draft) {
    uint64_t revision;
    secret_record made;
    key_act act;
    slice version_id;
    if (!secret_name_is_valid(draft->name))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "The secret's name is not valid.");
    if (!made_before(c, draft, &made)) {
        TRY(secret_make_way(c, draft->name, &TAKEN, &revision));
        c->change_count = 0; /* planned anew when it is kept */
        TRY(new_record(c, draft, &made));
    }
    TRY(secret_arn(c, &made, &c->resource));
    if (slice_is_absent(draft->data)) return OK;
    TRY(secret_version_id(c, draft->version_id, &version_id));
    TRY(secret_begin_sealing(c, &made, version_id, &act));
    act.act = VAULT_ACT_SEAL_SECRET;
    act.input = draft->data;
    return call_ask_vault(c, &act);
}

static status first_version(call *c, const secret_draft *draft, secret_record *of, slice *version_id) {
    secret_version_record version;
    if (slice_is_absent(draft->data)) return OK;
    TRY(secret_version_id(c, draft->version_id, version_id));
    TRY(secret_take_sealed(c, of, *version_id, &version));
    if (draft->data_type) version.data_type = draft->data_type;
    return secret_admit(c, of, &version, (slice_list){0});
}

status secret_create_keep(call *c, const secret_draft *draft, secret_record *made, slice *version_id) {
    uint64_t revision;
    *version_id = (slice){0};
    if (made_before(c, draft, made)) {
        const secret_version_record *known = secret_version(made, draft->version_id);
        bool is_same = c->results.count == 1 && bytes_equal_secret(known->fingerprint, c->results.at[0].extra);
        *version_id = draft->version_id;
        return is_same ? OK : FAIL(SECRET_EXISTS);
    }
    TRY(secret_make_way(c, draft->name, &TAKEN, &revision));
    TRY(new_record(c, draft, made));
    if (!slice_is_absent(draft->policy)) TRY(sharing_bindings(c, draft->policy, POLICY_RESOURCE, &made->bindings));
    if (c->key && !slice_is_absent(draft->key)) made->encryption_key_id = c->key->key_id;
    TRY(first_version(c, draft, made, version_id));
    return secret_save(c, made, revision);
}

static status check_new(call *c, const create_secret_in *in) {
    if (in->secret_type > SECRET_TYPE_GENERIC)
        return call_refuse(c, FAIL(UNSUPPORTED), "SecretType: only Generic secrets are offered.");
    if (!slice_is_empty(in->dkms_instance_id)) return call_refuse(c, FAIL(INVALID_PARAMETER), "DKMSInstanceId");
    if (in->enable_automatic_rotation.value)
        return call_refuse(c, FAIL(UNSUPPORTED), "EnableAutomaticRotation: use UpdateSecretRotationPolicy.");
    if (!slice_is_absent(in->policy)) TRY(secret_check_policy(c, in->policy));
    return kms_check_tags(c, in->tags.at, in->tags.count);
}

static secret_draft draft_of(const create_secret_in *in) {
    return (secret_draft){.name = in->secret_name,
                          .description = in->description,
                          .key = in->encryption_key_id,
                          .config = in->extended_config,
                          .policy = in->policy,
                          .version_id = in->version_id,
                          .data = in->secret_data,
                          .data_type = in->secret_data_type,
                          .tags = in->tags.at,
                          .tag_count = in->tags.count};
}

status create_secret_prepare(call *c, const create_secret_in *in, create_secret_out *out) {
    (void)out;
    secret_draft draft = draft_of(in);
    TRY(check_new(c, in));
    return secret_create_ask(c, &draft);
}

status create_secret_finish(call *c, const create_secret_in *in, create_secret_out *out) {
    secret_draft draft = draft_of(in);
    secret_record made;
    TRY(secret_create_keep(c, &draft, &made, &out->version_id));
    TRY(secret_arn(c, &made, &out->arn));
    out->secret_name = made.secret_name;
    out->secret_type = made.type;
    out->automatic_rotation = ON_OFF_DISABLED;
    out->extended_config = made.extended_config;
    return OK;
}

/* ---- a new value */

static status check_stages(call *c, const slice_list *stages) {
    for (size_t i = 0; i < stages->count; i++) {
        slice each = stages->at[i];
        bool is_bad = each.len == 0 || each.len > 256;
        for (size_t j = 0; j < i; j++) is_bad = is_bad || slice_equals(each, stages->at[j]);
        if (is_bad) return call_refuse(c, FAIL(INVALID_PARAMETER), "VersionStages");
    }
    return OK;
}

status secret_put_ask(call *c, const secret_put *put) {
    key_act act;
    slice version_id;
    TRY(secret_usable(c->secret));
    TRY(check_stages(c, &put->stages));
    TRY(secret_version_id(c, put->version_id, &version_id));
    TRY(secret_begin_sealing(c, c->secret, version_id, &act));
    act.act = VAULT_ACT_SEAL_SECRET;
    act.input = put->data;
    return call_ask_vault(c, &act);
}

status secret_put_keep(call *c, const secret_put *put, const secret_version_record **out) {
    secret_version_record version;
    slice version_id;
    TRY(secret_version_id(c, put->version_id, &version_id));
    *out = secret_version(c->secret, version_id);
    if (*out) {
        ENSURE(bytes_equal_secret((*out)->fingerprint, c->results.at[0].extra), SECRET_VERSION_EXISTS);
        return OK;
    }
    TRY(secret_take_sealed(c, c->secret, version_id, &version));
    if (put->data_type) version.data_type = put->data_type;
    TRY(secret_admit(c, c->secret, &version, put->stages));
    *out = secret_version(c->secret, version_id);
    return secret_save(c, c->secret, c->secret_revision);
}

static secret_put put_of(const put_secret_value_in *in) {
    return (secret_put){
        in->version_id, in->secret_data, in->secret_data_type, {in->version_stages.at, in->version_stages.count}};
}

status put_secret_value_prepare(call *c, const put_secret_value_in *in, put_secret_value_out *out) {
    (void)out;
    secret_put put = put_of(in);
    return secret_put_ask(c, &put);
}

status put_secret_value_finish(call *c, const put_secret_value_in *in, put_secret_value_out *out) {
    secret_put put = put_of(in);
    const secret_version_record *version;
    TRY(secret_put_keep(c, &put, &version));
    out->secret_name = c->secret->secret_name;
    out->version_id = version->version_id;
    out->version_stages.at = version->stages.at, out->version_stages.count = version->stages.count;
    return OK;
}

/* ---- GetSecretValue */

status secret_select(const secret_record *of, slice version_id, slice stage, const secret_version_record **out) {
    const secret_version_record *found;
    slice wanted = slice_is_absent(stage) ? STAGE_CURRENT : stage;
    if (slice_is_absent(version_id)) found = secret_version_with(of, wanted);
    else found = secret_version(of, version_id);
    ENSURE(found != NULL, SECRET_VERSION_NOT_FOUND);
    ENSURE(slice_is_absent(stage) || secret_version_has(found, wanted), SECRET_VERSION_NOT_FOUND);
    *out = found;
    return OK;
}

status secret_load_value(call *c, const secret_version_record *version, slice *out) {
    slice path;
    secret_value_record value;
    TRY(secret_value_path(call_account(c), c->secret, version->number.value, &c->memory, &path));
    status loaded = call_load(c, path, &secret_value_record_shape, &value, NULL);
    ENSURE(!FAILED_WITH(loaded, NOT_FOUND), CORRUPT);
    TRY(loaded);
    *out = value.sealed;
    return OK;
}

status secret_open_ask(call *c, const secret_version_record *version) {
    key_act act = {.act = VAULT_ACT_OPEN_SECRET, .text = c->secret->secret_name};
    TRY(secret_usable(c->secret));
    TRY(use_key(c, version->key_id, "kms:Decrypt"));
    const key_version_record *with = key_version(c->key, version->key_version_id);
    ENSURE(with && !slice_is_absent(with->sealed), KEY_VERSION_NOT_FOUND);
    act.secret_id = c->secret->secret_id;
    act.version = version->version_id;
    TRY(key_ids(c, c->key, with, &act));
    TRY(secret_load_value(c, version, &act.input));
    return call_ask_vault(c, &act);
}

status get_secret_value_prepare(call *c, const get_secret_value_in *in, get_secret_value_out *out) {
    (void)out;
    const secret_version_record *version;
    TRY(secret_usable(c->secret));
    TRY(secret_select(c->secret, in->version_id, in->version_stage, &version));
    TRY(secret_open_ask(c, version));
    return kms_refuse_dry_run(c, in->dry_run);
}

status get_secret_value_finish(call *c, const get_secret_value_in *in, get_secret_value_out *out) {
    const secret_version_record *version;
    const secret_record *of = c->secret;
    TRY(secret_select(of, in->version_id, in->version_stage, &version));
    out->secret_name = of->secret_name;
    out->version_id = version->version_id;
    out->version_stages.at = version->stages.at, out->version_stages.count = version->stages.count;
    out->secret_data = c->results.at[0].boxed;
    out->secret_data_type = version->data_type;
    out->secret_type = of->type;
    out->create_time = version->created_at;
    out->automatic_rotation = secret_rotates(of);
    out->rotation_interval = interval_text(c, of);
    out->last_rotation_date = of->rotated_at;
    out->next_rotation_date = secret_next_rotation(of);
    if (in->fetch_extended_config.value) out->extended_config = of->extended_config;
    return OK;
}
