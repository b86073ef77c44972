/* KMS: several values of secrets at once. */
#include "contract/failure.h"
#include "format/json.h"
#include "service/resource.h"
#include "service/secrets/secrets.h"

/* Less than a frame between two processes holds (system/channel.h). */
enum { VALUES_BYTES_MOST = 640 * 1024 };

/* Not a matter of this one secret. */
static bool ends_everything(status failure) {
    return FAILED_WITH(failure, OUT_OF_MEMORY) || FAILED_WITH(failure, INTERNAL) || FAILED_WITH(failure, IO) ||
           FAILED_WITH(failure, CLOSED) || FAILED_WITH(failure, CORRUPT);
}

static status ask(call *c, secret_item *item) {
    TRY(resource_use_secret(c, item->asked, "kms:GetSecretValue"));
    TRY(secret_usable(c->secret));
    TRY(secret_select(c->secret, item->version_id, item->stage, &item->version));
    item->place = c->act_count;
    return secret_open_ask(c, item->version);
}

status secret_batch_try(call *c, secret_batch *b, const secret_item *wish, bool *fits) {
    secret_item item = *wish;
    size_t conditions = c->condition_count, acts = c->act_count;
    ENSURE(b->count < SECRET_BATCH_MOST, INTERNAL);
    item.failure = ask(c, &item);
    item.secret = c->secret;
    item.detail = c->detail;
    c->condition_count = conditions;
    c->detail = c->diagnosis = (slice){0};
    c->secret = NULL, c->key = NULL;
    if (ends_everything(item.failure)) return item.failure;
    size_t bytes = FAILED(item.failure) ? 0 : c->acts[acts].input.len;
    *fits = b->value_bytes == 0 || b->value_bytes + bytes <= VALUES_BYTES_MOST;
    if (!*fits) {
        c->act_count = acts;
        return OK;
    }
    b->value_bytes += bytes;
    b->at[b->count++] = item;
    return OK;
}

status secret_item_message(call *c, const secret_item *item, slice *out) {
    const failure_row *row = failure_get(item->failure.code);
    return arena_printf(&c->memory, out, "%s%s%.*s", row->message, slice_is_empty(item->detail) ? "" : " ",
                        SLICE_ARGS(item->detail));
}

static void tell_item(json_writer *w, const secret_item *item) {
    json_begin_object(w);
    json_put_member_text(w, "secretName", FAILED(item->failure) ? item->asked : item->secret->secret_name);
    if (FAILED(item->failure))
        json_put_member_text(w, "errorCode", slice_of_text(failure_shown(failure_get(item->failure.code)).code));
    else json_put_member_text(w, "versionId", item->version->version_id);
    json_end_object(w);
}

status secret_batch_tell(call *c, const secret_batch *b) {
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    json_begin_object(&w);
    json_put_key(&w, SLICE("secrets"));
    json_begin_array(&w);
    for (size_t i = 0; i < b->count; i++) tell_item(&w, &b->at[i]);
    json_end_array(&w);
    json_end_object(&w);
    TRY(json_finish(&w));
    return arena_copy(&c->memory, buffer_slice(&text), &c->told);
}

/* ---- BatchGetSecretValue */

static status try_wish(call *c, secret_batch *b, const secret_wish *wish) {
    secret_item item = {.asked = wish->secret_name, .version_id = wish->version_id, .stage = wish->version_stage};
    bool fits;
    TRY(secret_batch_try(c, b, &item, &fits));
    if (fits) return OK;
    item.failure = FAIL(TOO_LARGE);
    item.detail = SLICE("The answer would be: ask for this secret by itself.");
    b->at[b->count++] = item;
    return OK;
}

status batch_get_secret_value_prepare(call *c, const batch_get_secret_value_in *in, batch_get_secret_value_out *out) {
    (void)out;
    const secret_wish *wishes = in->secrets_list.at;
    secret_batch *b = CALL_NEW(c, secret_batch);
    ENSURE(b != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < in->secrets_list.count; i++) {
        if (slice_is_empty(wishes[i].secret_name)) return call_refuse(c, FAIL(MISSING_PARAMETER), "SecretName");
        TRY(try_wish(c, b, &wishes[i]));
    }
    c->memo = b;
    return secret_batch_tell(c, b);
}

static void show_value(call *c, const secret_item *item, bool with_config, secret_value_entry *out) {
    const secret_record *of = item->secret;
    *out = (secret_value_entry){.secret_name = of->secret_name, .version_id = item->version->version_id};
    out->version_stages.at = item->version->stages.at, out->version_stages.count = item->version->stages.count;
    out->secret_data = c->results.at[item->place].boxed;
    out->secret_data_type = item->version->data_type;
    out->secret_type = of->type;
    out->create_time = item->version->created_at;
    out->automatic_rotation = secret_rotates(of);
    out->rotation_interval = interval_text(c, of);
    out->last_rotation_date = of->rotated_at;
    out->next_rotation_date = secret_next_rotation(of);
    if (with_config) out->extended_config = of->extended_config;
}

static status show_error(call *c, const secret_item *item, secret_value_error *out) {
    failure_code told = failure_get(item->failure.code)->in[WIRE_ALIBABA_RPC];
    if (!told.code) told = failure_get(FAILURE_INTERNAL)->in[WIRE_ALIBABA_RPC];
    *out = (secret_value_error){.secret_name = item->asked, .code = slice_of_text(told.code)};
    out->http_status = SET_INT(told.http);
    return secret_item_message(c, item, &out->message);
}

status batch_get_secret_value_finish(call *c, const batch_get_secret_value_in *in, batch_get_secret_value_out *out) {
    const secret_batch *b = c->memo;
    secret_value_entry *values = ARENA_ARRAY(&c->memory, secret_value_entry, b->count + 1);
    secret_value_error *errors = ARENA_ARRAY(&c->memory, secret_value_error, b->count + 1);
    ENSURE(values != NULL && errors != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < b->count; i++) {
        bool with_config = in->secrets_list.at[i].fetch_extended_config.value;
        if (FAILED(b->at[i].failure)) TRY(show_error(c, &b->at[i], &errors[out->errors.count++]));
        else show_value(c, &b->at[i], with_config, &values[out->secret_values.count++]);
    }
    out->secret_values.at = values;
    out->errors.at = errors;
    return OK;
}
