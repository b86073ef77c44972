/* AWS Secrets Manager: several values at once, of secrets that are named or filtered. */
#include "contract/aws_wire.h"
#include "service/secrets/manager.h"

/* The token is the id of the last secret that was handled. */
static status try_named(call *c, secret_batch *b, const manager_batch_get_secret_value_in *in, slice *next) {
    size_t begin = 0;
    if (!slice_is_absent(in->next_token)) {
        while (begin < in->secret_id_list.count && !slice_equals(in->secret_id_list.at[begin], in->next_token)) begin++;
        if (begin++ == in->secret_id_list.count) return call_refuse(c, FAIL(NEXT_TOKEN), "NextToken");
    }
    for (size_t i = begin; i < in->secret_id_list.count; i++) {
        secret_item item = {.asked = in->secret_id_list.at[i]};
        bool fits;
        TRY(secret_batch_try(c, b, &item, &fits));
        if (fits) continue;
        *next = in->secret_id_list.at[i - 1];
        return OK;
    }
    return OK;
}

typedef struct filtered {
    const manager_batch_get_secret_value_in *in;
    secret_batch *batch;
    size_t room;
    bool has_more;
} filtered;

static status visit(call *c, const store_row *row, void *context) {
    filtered *f = context;
    secret_record of;
    secret_item item = {0};
    bool fits;
    OWNED(arena) memory = {0};
    if (f->has_more) return OK;
    ENSURE(!FAILED(shape_unpack(&secret_record_shape, row->value, &memory, &of)), CORRUPT);
    bool is_before = !slice_is_absent(f->in->next_token) && slice_compare(of.secret_name, f->in->next_token) <= 0;
    if (!secret_name_is_valid(of.secret_name)) return OK; /* a managed data key */
    if (is_before || of.delete_at.is_set || !manager_passes(f->in->filters.at, f->in->filters.count, &of)) return OK;
    f->has_more = f->batch->count == f->room;
    if (f->has_more) return OK;
    TRY(arena_copy(&c->memory, of.secret_name, &item.asked));
    TRY(secret_batch_try(c, f->batch, &item, &fits));
    f->has_more = !fits;
    return OK;
}

static status try_filtered(call *c, secret_batch *b, const manager_batch_get_secret_value_in *in, slice *next) {
    filtered f = {.in = in, .batch = b, .room = SECRET_BATCH_MOST};
    secret_shelf shelf = call_secrets(c);
    slice prefix;
    if (in->max_results.is_set) f.room = (size_t)in->max_results.value;
    TRY(manager_check_filters(c, in->filters.at, in->filters.count));
    TRY(call_authorise(c, "kms:ListSecrets", c->resource));
    TRY(secret_prefix(&shelf, &c->memory, &prefix));
    TRY(records_walk(c, prefix, visit, &f));
    if (f.has_more && b->count) *next = b->at[b->count - 1].asked;
    return OK;
}

static status check(call *c, const manager_batch_get_secret_value_in *in) {
    bool is_named = in->secret_id_list.count > 0, is_filtered = in->filters.count > 0;
    if (is_named && is_filtered)
        return call_refuse(c, FAIL(INVALID_PARAMETER),
                           "Either 'SecretIdList' or 'Filters' must be provided, but not both.");
    if (!is_named && !is_filtered)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Either 'SecretIdList' or 'Filters' must be provided.");
    if (is_named && in->max_results.is_set)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "'Filters' must be provided to use 'MaxResults'.");
    return OK;
}

status manager_batch_get_secret_value_prepare(call *c, const manager_batch_get_secret_value_in *in,
                                              manager_batch_get_secret_value_out *out) {
    secret_batch *b = CALL_NEW(c, secret_batch);
    ENSURE(b != NULL, OUT_OF_MEMORY);
    TRY(check(c, in));
    if (in->secret_id_list.count) TRY(try_named(c, b, in, &out->next_token));
    else TRY(try_filtered(c, b, in, &out->next_token));
    c->memo = b;
    return secret_batch_tell(c, b);
}

static status show_value(call *c, const secret_item *item, manager_value *out) {
    slice_list stages;
    slice value = c->results.at[item->place].boxed;
    *out = (manager_value){.name = item->secret->secret_name, .version_id = item->version->version_id};
    TRY(manager_stages(c, item->version, &stages));
    out->version_stages.at = stages.at, out->version_stages.count = stages.count;
    if (item->version->data_type == SECRET_DATA_TYPE_BINARY) out->secret_binary = value;
    else out->secret_string = value;
    out->created_date = item->version->created_at;
    return manager_arn(c, item->secret, &out->arn);
}

static status show_error(call *c, const secret_item *item, manager_value_error *out) {
    *out = (manager_value_error){.secret_id = item->asked};
    out->error_code = slice_of_text(aws_failure_of(c->operation, item->failure).code);
    return secret_item_message(c, item, &out->message);
}

status manager_batch_get_secret_value_finish(call *c, const manager_batch_get_secret_value_in *in,
                                             manager_batch_get_secret_value_out *out) {
    (void)in;
    const secret_batch *b = c->memo;
    manager_value *values = ARENA_ARRAY(&c->memory, manager_value, b->count + 1);
    manager_value_error *errors = ARENA_ARRAY(&c->memory, manager_value_error, b->count + 1);
    ENSURE(values != NULL && errors != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < b->count; i++) {
        if (FAILED(b->at[i].failure)) TRY(show_error(c, &b->at[i], &errors[out->errors.count++]));
        else TRY(show_value(c, &b->at[i], &values[out->secret_values.count++]));
    }
    out->secret_values.at = values;
    out->errors.at = errors;
    return OK;
}
