/* AWS Secrets Manager: making secrets, and their values. */
#include "service/secrets/manager.h"

#include "format/json.h"

/* ---- spellings */

status manager_arn(call *c, const secret_record *of, slice *out) {
    arn_home home = call_home(c);
    return arena_printf(&c->memory, out, "arn:aws:secretsmanager:%.*s:%.*s:secret:%.*s-%.*s", SLICE_ARGS(home.region),
                        SLICE_ARGS(home.account), SLICE_ARGS(of->secret_name),
                        SLICE_ARGS(slice_head(of->secret_id, SECRET_SUFFIX_CHARACTERS)));
}

static const struct label {
    const char *house, *aws;
} LABELS[] = {{"ACSCurrent", "AWSCURRENT"}, {"ACSPrevious", "AWSPREVIOUS"}, {"ACSPending", "AWSPENDING"}};

slice manager_stage_in(slice label) {
    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++)
        if (slice_equals_text(label, LABELS[i].aws)) return slice_of_text(LABELS[i].house);
    return label;
}

slice manager_stage_out(slice label) {
    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++)
        if (slice_equals_text(label, LABELS[i].house)) return slice_of_text(LABELS[i].aws);
    return label;
}

status manager_stages(call *c, const secret_version_record *version, slice_list *out) {
    slice_list made = {ARENA_ARRAY(&c->memory, slice, version->stages.count + 1), version->stages.count};
    ENSURE(made.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < made.count; i++) made.at[i] = manager_stage_out(version->stages.at[i]);
    *out = made;
    return OK;
}

status manager_stages_json(call *c, const secret_record *of, slice *out) {
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    json_begin_object(&w);
    for (size_t i = 0; i < of->versions.count; i++) {
        const secret_version_record *version = &of->versions.at[i];
        if (version->stages.count == 0) continue;
        json_put_key(&w, version->version_id);
        json_begin_array(&w);
        for (size_t k = 0; k < version->stages.count; k++) json_put_text(&w, manager_stage_out(version->stages.at[k]));
        json_end_array(&w);
    }
    json_end_object(&w);
    TRY(json_finish(&w));
    return arena_copy(&c->memory, buffer_slice(&text), out);
}

status manager_tags_in(call *c, const manager_tag *from, size_t count, tag **out) {
    tag *made = ARENA_ARRAY(&c->memory, tag, count + 1);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        made[i] = (tag){from[i].key, slice_is_absent(from[i].value) ? SLICE("") : from[i].value};
    TRY(kms_check_tags(c, made, count));
    *out = made;
    return OK;
}

status manager_tags_out(call *c, const secret_record *of, manager_tag **out) {
    manager_tag *made = ARENA_ARRAY(&c->memory, manager_tag, of->tags.count + 1);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < of->tags.count; i++) {
        slice value = of->tags.at[i].tag_value;
        made[i] = (manager_tag){of->tags.at[i].tag_key, slice_is_absent(value) ? SLICE("") : value};
    }
    *out = made;
    return OK;
}

/* ---- what a value comes as */

typedef struct value_in {
    slice boxed; /* absent: none */
    int type;
} value_in;

static status value_of(call *c, slice text, slice bytes, value_in *out) {
    if (!slice_is_absent(text) && !slice_is_absent(bytes))
        return call_refuse(
            c, FAIL(INVALID_PARAMETER),
            "You can't specify both a binary secret value and a string secret value in the same secret.");
    *out = (value_in){slice_is_absent(text) ? bytes : text,
                      slice_is_absent(text) ? SECRET_DATA_TYPE_BINARY : SECRET_DATA_TYPE_TEXT};
    return OK;
}

/* The account's own key under its AWS name. */
static slice key_of(slice name) {
    bool is_standard = slice_is_empty(name) || slice_equals_text(name, "alias/aws/secretsmanager");
    return is_standard ? (slice){0} : name;
}

/* ---- CreateSecret: the same request sent twice makes one secret */

static status draft_of(call *c, const manager_create_secret_in *in, secret_draft *out) {
    value_in value = {0};
    tag *tags;
    TRY(value_of(c, in->secret_string, in->secret_binary, &value));
    TRY(manager_tags_in(c, in->tags.at, in->tags.count, &tags));
    *out = (secret_draft){.name = in->name, .description = in->description, .key = key_of(in->kms_key_id)};
    out->version_id = in->client_request_token;
    out->data = value.boxed, out->data_type = value.type;
    out->tags = tags, out->tag_count = in->tags.count;
    out->may_repeat = true;
    return OK;
}

status manager_create_secret_prepare(call *c, const manager_create_secret_in *in, manager_create_secret_out *out) {
    (void)out;
    secret_draft draft;
    TRY(draft_of(c, in, &draft));
    return secret_create_ask(c, &draft);
}

status manager_create_secret_finish(call *c, const manager_create_secret_in *in, manager_create_secret_out *out) {
    secret_draft draft;
    secret_record made;
    TRY(draft_of(c, in, &draft));
    TRY(secret_create_keep(c, &draft, &made, &out->version_id));
    out->name = made.secret_name;
    return manager_arn(c, &made, &out->arn);
}

/* ---- PutSecretValue */

static status put_of(call *c, const manager_put_secret_value_in *in, secret_put *out) {
    value_in value = {0};
    TRY(value_of(c, in->secret_string, in->secret_binary, &value));
    if (slice_is_absent(value.boxed))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "You must provide either SecretString or SecretBinary.");
    slice_list stages = {ARENA_ARRAY(&c->memory, slice, in->version_stages.count + 1), in->version_stages.count};
    ENSURE(stages.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < stages.count; i++) stages.at[i] = manager_stage_in(in->version_stages.at[i]);
    *out = (secret_put){in->client_request_token, value.boxed, value.type, stages};
    return OK;
}

status manager_put_secret_value_prepare(call *c, const manager_put_secret_value_in *in,
                                        manager_put_secret_value_out *out) {
    (void)out;
    secret_put put;
    TRY(put_of(c, in, &put));
    return secret_put_ask(c, &put);
}

status manager_put_secret_value_finish(call *c, const manager_put_secret_value_in *in,
                                       manager_put_secret_value_out *out) {
    secret_put put;
    const secret_version_record *version;
    slice_list stages;
    TRY(put_of(c, in, &put));
    TRY(secret_put_keep(c, &put, &version));
    TRY(manager_stages(c, version, &stages));
    out->version_stages.at = stages.at, out->version_stages.count = stages.count;
    out->version_id = version->version_id;
    out->name = c->secret->secret_name;
    return manager_arn(c, c->secret, &out->arn);
}

/* ---- UpdateSecret: the new key seals what is put from then on */

static status update_record(call *c, const manager_update_secret_in *in) {
    TRY(secret_usable(c->secret));
    if (!slice_is_absent(in->description)) c->secret->description = in->description;
    if (slice_is_absent(in->kms_key_id)) return OK;
    slice name = key_of(in->kms_key_id);
    if (!slice_is_absent(name)) TRY(secret_check_key(c, name, &name));
    c->secret->encryption_key_id = name;
    return OK;
}

static status update_put(call *c, const manager_update_secret_in *in, secret_put *out) {
    value_in value = {0};
    TRY(value_of(c, in->secret_string, in->secret_binary, &value));
    *out = (secret_put){.version_id = in->client_request_token, .data = value.boxed, .data_type = value.type};
    return OK;
}

status manager_update_secret_prepare(call *c, const manager_update_secret_in *in, manager_update_secret_out *out) {
    (void)out;
    secret_put put;
    TRY(update_put(c, in, &put));
    TRY(update_record(c, in));
    return slice_is_absent(put.data) ? OK : secret_put_ask(c, &put);
}

status manager_update_secret_finish(call *c, const manager_update_secret_in *in, manager_update_secret_out *out) {
    secret_put put;
    const secret_version_record *version;
    TRY(update_put(c, in, &put));
    if (slice_is_absent(put.data)) {
        TRY(secret_save(c, c->secret, c->secret_revision));
    } else {
        TRY(secret_put_keep(c, &put, &version));
        out->version_id = version->version_id;
    }
    out->name = c->secret->secret_name;
    return manager_arn(c, c->secret, &out->arn);
}

/* ---- GetSecretValue */

static status select_value(call *c, const manager_get_secret_value_in *in, const secret_version_record **out) {
    slice stage = slice_is_absent(in->version_stage) ? in->version_stage : manager_stage_in(in->version_stage);
    return secret_select(c->secret, in->version_id, stage, out);
}

status manager_get_secret_value_prepare(call *c, const manager_get_secret_value_in *in,
                                        manager_get_secret_value_out *out) {
    (void)out;
    const secret_version_record *version;
    TRY(secret_usable(c->secret));
    TRY(select_value(c, in, &version));
    return secret_open_ask(c, version);
}

status manager_get_secret_value_finish(call *c, const manager_get_secret_value_in *in,
                                       manager_get_secret_value_out *out) {
    const secret_version_record *version;
    slice_list stages;
    TRY(select_value(c, in, &version));
    TRY(manager_stages(c, version, &stages));
    if (version->data_type == SECRET_DATA_TYPE_BINARY) out->secret_binary = c->results.at[0].boxed;
    else out->secret_string = c->results.at[0].boxed;
    out->version_stages.at = stages.at, out->version_stages.count = stages.count;
    out->version_id = version->version_id;
    out->created_date = version->created_at;
    out->name = c->secret->secret_name;
    return manager_arn(c, c->secret, &out->arn);
}
