/* Answers of the AWS JSON wire. */
#include "base/clock.h"
#include "base/text.h"
#include "contract/key_spec.h"
#include "dialect/answer.h"
#include "dialect/aws_json.h"
#include "dialect/aws_rows.h"
#include "dialect/aws_trail.h"
#include "wire/typed_json.h"

static const char JSON_TYPE[] = "application/x-amz-json-1.1";
enum { HEADERS_MOST = 4 };

/* What an answer is about: whose, and to which request. */
typedef struct answering {
    aws_place place;
    const decoded *request;
} answering;

/* ---- one value */

/* RFC 7468: what stands between the lines with the dashes, without line breaks, is the base64 that this wire wants. */
static status pem_content(slice pem, arena *memory, slice *out) {
    OWNED(buffer) content = {0};
    slice line;
    while (slice_split(&pem, '\n', &line))
        if (!slice_starts_with(line, SLICE("-----"))) TRY(buffer_append(&content, slice_trim(line)));
    return arena_copy(memory, buffer_slice(&content), out);
}

static status text_of(const typed_json *t, const field *f, slice value, slice *out) {
    const aws_member *row = aws_member_of(t->of, f);
    const answering *now = t->context;
    switch (row ? row->form : AWS_AS_IS) {
    case AWS_KEY_ARN: return aws_key_arn(&now->place, value, t->memory, out);
    case AWS_ARN: return aws_arn(value, t->memory, out);
    case AWS_MATERIAL_ID: return aws_material_write(value, t->memory, out);
    case AWS_PEM: return pem_content(value, t->memory, out);
    case AWS_JOINED: /* of the query wire */
    case AWS_PLAIN:
    case AWS_AS_IS: break;
    }
    *out = value;
    return OK;
}

static bool is_plain(const typed_json *t, const field *f) {
    const aws_member *row = aws_member_of(t->of, f);
    return row && row->form == AWS_PLAIN;
}

static status write_scalar(typed_json *t, const field *f, const void *at) {
    slice text;
    switch (f->kind) {
    case FIELD_INT:
    case FIELD_TIME: json_put_integer(t->writer, ((const maybe_int *)at)->value); return OK;
    case FIELD_BOOL: json_put_bool(t->writer, ((const maybe_bool *)at)->value); return OK;
    case FIELD_JSON: json_put_raw(t->writer, *(const slice *)at); return OK;
    case FIELD_CHOICE:
        json_put_text(t->writer, aws_spell(f->choices, slice_of_text(choice_text(f->choices, *(const int *)at))));
        return OK;
    case FIELD_BYTES:
    case FIELD_SECRET:
        if (is_plain(t, f)) {
            text = *(const slice *)at;
            break;
        }
        TRY(text_base64(*(const slice *)at, t->memory, &text));
        break;
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

static void put_choice(json_writer *w, const char *name, const char *const *choices, int choice) {
    if (choice) json_put_member_text(w, name, aws_spell(choices, slice_of_text(choice_text(choices, choice))));
}

/* Those of the choices whose bits are set; nothing when none are. */
static void put_algorithms(json_writer *w, const char *name, const char *const *choices, unsigned bits) {
    if (bits == 0) return;
    json_put_key(w, slice_of_text(name));
    json_begin_array(w);
    for (int choice = 1; choices[choice - 1]; choice++)
        if (bits & ALGORITHM_BIT(choice)) json_put_text(w, aws_spell(choices, slice_of_text(choices[choice - 1])));
    json_end_array(w);
}

static void put_all_algorithms(json_writer *w, int spec, int usage) {
    const key_spec_row *row = key_spec_get(spec);
    if (!row) return;
    if (usage == KEY_USAGE_ENCRYPT_DECRYPT)
        put_algorithms(w, "EncryptionAlgorithms", encryption_algorithm_choices, row->encryption);
    if (usage == KEY_USAGE_SIGN_VERIFY) put_algorithms(w, "SigningAlgorithms", signing_algorithm_choices, row->signing);
    if (usage == KEY_USAGE_GENERATE_VERIFY_MAC) put_algorithms(w, "MacAlgorithms", mac_algorithm_choices, row->mac);
    if (usage == KEY_USAGE_KEY_AGREEMENT)
        put_algorithms(w, "KeyAgreementAlgorithms", key_agreement_algorithm_choices,
                       ALGORITHM_BIT(KEY_AGREEMENT_ALGORITHM_ECDH));
}

static void write_key_metadata(typed_json *t, const key_metadata *m) {
    const answering *now = t->context;
    json_writer *w = t->writer;
    json_put_member_text(w, "AWSAccountId", now->place.account);
    json_put_member_bool(w, "Enabled", m->key_state == KEY_STATE_ENABLED);
    json_put_member_text(w, "KeyManager", SLICE("CUSTOMER"));
    put_choice(w, "CustomerMasterKeySpec", key_spec_choices, m->key_spec);
    if (!m->multi_region.value) json_put_member_bool(w, "MultiRegion", false);
    put_time(w, "DeletionDate", m->delete_date);
    put_all_algorithms(w, m->key_spec, m->key_usage);
    if (m->origin != KEY_ORIGIN_EXTERNAL || m->key_state == KEY_STATE_PENDING_IMPORT) return;
    bool expires = !slice_is_empty(m->material_expire_time);
    json_put_member_text(w, "ExpirationModel",
                         expires ? SLICE("KEY_MATERIAL_EXPIRES") : SLICE("KEY_MATERIAL_DOES_NOT_EXPIRE"));
    put_time(w, "ValidTo", m->material_expire_time);
}

/* An algorithm the request chose is told again. */
static void repeat_choice(typed_json *t, const char *field_name, const char *member, int standard) {
    const answering *now = t->context;
    const field *f = shape_find(operation_get(now->request->operation)->in, slice_of_text(field_name));
    int choice = f && now->request->input ? *(const int *)field_at(f, now->request->input) : 0;
    if (f) put_choice(t->writer, member, f->choices, choice ? choice : standard);
}

static status write_pages(typed_json *t, const list_key_rotations_out *out) {
    slice next;
    bool is_truncated = out->page_number.value * out->page_size.value < out->total_count.value;
    json_put_member_bool(t->writer, "Truncated", is_truncated);
    if (!is_truncated) return OK;
    TRY(arena_printf(t->memory, &next, "%lld", (long long)out->page_number.value + 1));
    json_put_member_text(t->writer, "NextMarker", next);
    return OK;
}

static void write_public_key(typed_json *t, const get_public_key_out *out) {
    put_choice(t->writer, "CustomerMasterKeySpec", key_spec_choices, out->key_spec);
    put_all_algorithms(t->writer, out->key_spec, out->key_usage);
}

static status write_more(typed_json *t, const shape *s, const void *value) {
    const int symmetric = ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT;
    if (s == &key_metadata_shape) write_key_metadata(t, value);
    if (s == &encrypt_out_shape || s == &decrypt_out_shape)
        repeat_choice(t, "EncryptionAlgorithm", "EncryptionAlgorithm", symmetric);
    if (s == &asymmetric_sign_out_shape || s == &asymmetric_verify_out_shape)
        repeat_choice(t, "Algorithm", "SigningAlgorithm", 0);
    if (s == &re_encrypt_out_shape) {
        repeat_choice(t, "SourceEncryptionAlgorithm", "SourceEncryptionAlgorithm", symmetric);
        repeat_choice(t, "DestinationEncryptionAlgorithm", "DestinationEncryptionAlgorithm", symmetric);
    }
    if (s == &get_public_key_out_shape) write_public_key(t, value);
    return s == &list_key_rotations_out_shape ? write_pages(t, value) : OK;
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

/* Events are told in CloudTrail's words. */
static status tell_events(const answering *now, arena *memory, lookup_events_out *out) {
    slice *told = ARENA_ARRAY(memory, slice, out->events.count + 1);
    ENSURE(told != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < out->events.count; i++)
        TRY(aws_trail_event(out->events.at[i], &now->place, memory, &told[i]));
    out->events.at = told;
    return OK;
}

static status write_output(const decoded *d, const reply *r, arena *memory, buffer *out) {
    answering now = {{d->proof.scope_region, r->account_id}, d};
    json_writer w = {.out = out};
    typed_json t = {.rules = &RULES, .memory = memory, .context = &now, .writer = &w};
    const void *output = r->output;
    lookup_events_out events;
    if (d->operation == OPERATION_LOOKUP_EVENTS) {
        events = *(const lookup_events_out *)r->output;
        TRY(tell_events(&now, memory, &events));
        output = &events;
    }
    json_begin_object(&w);
    TRY(typed_write(&t, operation_get(d->operation)->out, output));
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
    const failure_row *row = failure_get(r->failure.code);
    failure_code told = aws_failure_of(operation_get(d->operation), r->failure);
    bool is_shown = row->in[WIRE_AWS_JSON].code != NULL;
    if (!is_shown) row = failure_get(FAILURE_INTERNAL);
    bool is_sentence = slice_starts_with(r->detail, SLICE("1 validation error"));
    if (is_sentence) told = row->in[WIRE_AWS_JSON];
    slice message, code = slice_of_text(told.code);
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
    return answer_finish_body(&b, told.http, JSON_TYPE, &body, out);
}
