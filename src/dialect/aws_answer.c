/* Answers of the AWS JSON wire. */
#include "base/clock.h"
#include "base/text.h"
#include "dialect/answer.h"
#include "dialect/aws_json.h"
#include "dialect/aws_rows.h"
#include "dialect/typed_json.h"

static const char JSON_TYPE[] = "application/x-amz-json-1.1";
enum { HEADERS_MOST = 4, MATERIAL_ID_DIGITS = 64 };

/* ---- one value */

/* The version's id without its dashes, and zeros: an id of ours in the form theirs have. */
static status material_id(slice version_id, arena *memory, slice *out) {
    char digits[MATERIAL_ID_DIGITS + 1];
    size_t count = 0;
    for (size_t i = 0; i < version_id.len && count < MATERIAL_ID_DIGITS; i++)
        if (version_id.at[i] != '-') digits[count++] = (char)version_id.at[i];
    while (count < MATERIAL_ID_DIGITS) digits[count++] = '0';
    return arena_copy(memory, slice_of(digits, MATERIAL_ID_DIGITS), out);
}

static status text_of(const typed_json *t, const field *f, slice value, slice *out) {
    const aws_member *row = aws_member_of(t->of, f);
    switch (row ? row->form : AWS_AS_IS) {
    case AWS_KEY_ARN: return aws_key_arn(t->context, value, t->memory, out);
    case AWS_ARN: return aws_arn(value, t->memory, out);
    case AWS_MATERIAL_ID: return material_id(value, t->memory, out);
    case AWS_AS_IS: break;
    }
    *out = value;
    return OK;
}

static status write_scalar(typed_json *t, const field *f, const void *at) {
    slice text;
    switch (f->kind) {
    case FIELD_INT:
    case FIELD_TIME: json_put_integer(t->writer, ((const maybe_int *)at)->value); return OK;
    case FIELD_BOOL: json_put_bool(t->writer, ((const maybe_bool *)at)->value); return OK;
    case FIELD_CHOICE:
        json_put_text(t->writer, aws_spell(f->choices, slice_of_text(choice_text(f->choices, *(const int *)at))));
        return OK;
    case FIELD_BYTES:
    case FIELD_SECRET: TRY(text_base64(*(const slice *)at, t->memory, &text)); break;
    default: TRY(text_of(t, f, *(const slice *)at, &text)); break;
    }
    json_put_text(t->writer, text);
    return OK;
}

static const char *no_wrapper(const field *f) {
    (void)f;
    return NULL;
}

/* ---- what rows cannot say */

static void put_time(json_writer *w, const char *name, slice iso) {
    int64_t time_s;
    if (!slice_is_empty(iso) && !FAILED(clock_parse_iso(iso, &time_s))) json_put_member_integer(w, name, time_s);
}

static void write_key_metadata(typed_json *t, const key_metadata *m) {
    const aws_place *place = t->context;
    json_writer *w = t->writer;
    slice spec = aws_spell(key_spec_choices, slice_of_text(choice_text(key_spec_choices, m->key_spec)));
    json_put_member_text(w, "AWSAccountId", place->account);
    json_put_member_bool(w, "Enabled", m->key_state == KEY_STATE_ENABLED);
    json_put_member_text(w, "KeyManager", SLICE("CUSTOMER"));
    json_put_member_text(w, "CustomerMasterKeySpec", spec);
    json_put_member_bool(w, "MultiRegion", false);
    put_time(w, "DeletionDate", m->delete_date);
    bool is_imported = m->origin == KEY_ORIGIN_EXTERNAL && m->key_state != KEY_STATE_PENDING_IMPORT;
    if (is_imported) {
        bool expires = !slice_is_empty(m->material_expire_time);
        json_put_member_text(w, "ExpirationModel",
                             expires ? SLICE("KEY_MATERIAL_EXPIRES") : SLICE("KEY_MATERIAL_DOES_NOT_EXPIRE"));
        put_time(w, "ValidTo", m->material_expire_time);
    }
    if (m->key_usage != KEY_USAGE_ENCRYPT_DECRYPT) return;
    json_put_key(w, SLICE("EncryptionAlgorithms"));
    json_begin_array(w);
    json_put_text(w, SLICE("SYMMETRIC_DEFAULT"));
    json_end_array(w);
}

static status write_more(typed_json *t, const shape *s, const void *value) {
    if (s == &key_metadata_shape) write_key_metadata(t, value);
    if (s == &encrypt_out_shape || s == &decrypt_out_shape)
        json_put_member_text(t->writer, "EncryptionAlgorithm", SLICE("SYMMETRIC_DEFAULT"));
    return OK;
}

static const typed_rules RULES = {.name = aws_wire_name,
                                  .write_scalar = write_scalar,
                                  .wrapper = no_wrapper,
                                  .write_more = write_more,
                                  .has_empty_lists = true};

/* ---- successes */

static void begin(answer_builder *b, const reply *r, arena *memory) {
    answer_begin(b, HEADERS_MOST, memory);
    answer_add(b, "x-amzn-RequestId", r->request_id);
}

static status write_output(const decoded *d, const reply *r, arena *memory, buffer *out) {
    aws_place place = {d->proof.scope_region, r->account_id};
    json_writer w = {.out = out};
    typed_json t = {.rules = &RULES, .memory = memory, .context = &place, .writer = &w};
    json_begin_object(&w);
    TRY(typed_write(&t, operation_get(d->operation)->out, r->output));
    json_end_object(&w);
    return json_finish(&w);
}

status aws_json_encode(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    const operation *op = operation_get(d->operation);
    ENSURE(op != NULL && r->output != NULL, INTERNAL);
    OWNED(buffer) body = {0};
    answer_builder b;
    begin(&b, r, memory);
    status written = op->out->field_count ? write_output(d, r, memory, &body) : OK;
    if (!FAILED(written)) written = answer_finish_body(&b, 200, JSON_TYPE, &body, out);
    buffer_wipe(&body); /* plaintext keys may be in it */
    return written;
}

/* ---- failures */

/* A sentence made for this wire stands alone. */
static status message_of(const failure_row *row, const reply *r, arena *memory, slice *out) {
    if (!slice_starts_with(r->detail, SLICE("1 validation error"))) return failure_text(row, r->detail, memory, out);
    *out = r->detail;
    return OK;
}

status aws_json_encode_failure(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    (void)d;
    const failure_row *row = failure_get(r->failure.code);
    bool is_shown = row->in[WIRE_AWS_JSON].code != NULL;
    if (!is_shown) row = failure_get(FAILURE_INTERNAL);
    slice message, code = slice_of_text(row->in[WIRE_AWS_JSON].code);
    TRY(message_of(row, r, memory, &message));
    OWNED(buffer) body = {0};
    json_writer w = {.out = &body};
    json_begin_object(&w);
    json_put_member_text(&w, "__type", code);
    /* why a ciphertext did not open is nobody's business */
    if (is_shown && !FAILED_WITH(r->failure, CIPHERTEXT)) json_put_member_text(&w, "message", message);
    json_end_object(&w);
    TRY(json_finish(&w));
    answer_builder b;
    begin(&b, r, memory);
    answer_add(&b, "x-amzn-ErrorType", code);
    return answer_finish_body(&b, row->in[WIRE_AWS_JSON].http, JSON_TYPE, &body, out);
}
