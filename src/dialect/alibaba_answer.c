/* Answers of the Alibaba RPC wire, in JSON and XML. */
#include "base/clock.h"
#include "base/text.h"
#include "dialect/alibaba_rows.h"
#include "dialect/alibaba_rpc.h"
#include "dialect/answer.h"
#include "wire/typed_json.h"
#include "format/xml.h"

static const char JSON_TYPE[] = "application/json;charset=utf-8";
static const char XML_TYPE[] = "text/xml;charset=utf-8"; /* clients compare it byte for byte */
enum { HEADERS_MOST = 4, USUAL_BODY_BYTES = 2048 };

/* One field of a value. */
typedef struct member {
    const shape *of;
    const field *f;
    const void *value; /* the struct */
} member;

static bool is_plain(const member *m) {
    const rpc_plain *row = rpc_plain_of(m->f->name);
    const field *decider = row && row->decider ? shape_find(m->of, slice_of_text(row->decider)) : NULL;
    if (!decider) return row != NULL;
    return strcmp(choice_text(decider->choices, *(const int *)field_at(decider, m->value)), row->bytes_when) != 0;
}

/* A scalar as text, the way both forms have it. */
static status scalar_text(const member *m, arena *memory, slice *out) {
    char time[CLOCK_ISO_BYTES];
    const field *f = m->f;
    const void *at = field_at(f, m->value);
    switch (f->kind) {
    case FIELD_SECRET:
        if (is_plain(m)) break;
        return text_base64(*(const slice *)at, memory, out);
    case FIELD_BYTES: return text_base64(*(const slice *)at, memory, out);
    case FIELD_CHOICE: *out = slice_of_text(choice_text(f->choices, *(const int *)at)); return OK;
    case FIELD_TIME:
        clock_format_iso(((const maybe_int *)at)->value, time);
        return arena_copy(memory, slice_of_text(time), out);
    default: break;
    }
    *out = *(const slice *)at;
    return OK;
}

/* ---- JSON */

static const char *json_name(const shape *s, const field *f) { return rpc_is_hidden(s, f) ? NULL : f->name; }

static status write_scalar(typed_json *t, const field *f, const void *at) {
    slice text;
    switch (f->kind) {
    case FIELD_INT: json_put_integer(t->writer, ((const maybe_int *)at)->value); return OK;
    case FIELD_BOOL: json_put_bool(t->writer, ((const maybe_bool *)at)->value); return OK;
    case FIELD_JSON: json_put_raw(t->writer, *(const slice *)at); return OK;
    default:
        TRY(scalar_text(&(member){t->of, f, (const uint8_t *)at - f->offset}, t->memory, &text));
        json_put_text(t->writer, text);
        return OK;
    }
}

static status write_json(const decoded *d, const reply *r, arena *memory, buffer *out) {
    static const typed_rules RULES = {
        .name = json_name, .write_scalar = write_scalar, .wrapper = rpc_wrapper, .has_empty_lists = true};
    json_writer w = {.out = out};
    typed_json t = {.rules = &RULES, .memory = memory, .writer = &w};
    json_begin_object(&w);
    json_put_member_text(&w, "RequestId", r->request_id);
    if (r->output) TRY(typed_write(&t, operation_get(d->operation)->out, r->output));
    json_end_object(&w);
    return json_finish(&w);
}

/* ---- XML */

static bool is_list(const field *f) {
    return f->kind == FIELD_TEXTS || f->kind == FIELD_JSONS || f->kind == FIELD_SHAPES;
}

static status xml_put_shape(xml_writer *w, const shape *s, const void *value, arena *memory);

static status xml_put_safe(xml_writer *w, slice name, slice text, arena *memory) {
    slice carried;
    TRY(text_for_xml(text, memory, &carried));
    xml_put_text(w, name, carried);
    return OK;
}

static status xml_put_list(xml_writer *w, const field *f, const shape_list *list, arena *memory) {
    const char *wrapper = rpc_wrapper(f);
    slice element = slice_of_text(wrapper ? wrapper : f->name);
    const slice *texts = list->at;
    if (wrapper) xml_open(w, slice_of_text(f->name));
    for (size_t i = 0; i < list->count; i++) {
        if (f->kind != FIELD_SHAPES) {
            TRY(xml_put_safe(w, element, texts[i], memory));
            continue;
        }
        xml_open(w, element);
        TRY(xml_put_shape(w, f->nested, (const uint8_t *)list->at + i * f->nested->struct_bytes, memory));
        xml_close(w);
    }
    if (wrapper) xml_close(w);
    return OK;
}

static status xml_put_field(xml_writer *w, const member *m, arena *memory) {
    const field *f = m->f;
    const void *at = field_at(f, m->value);
    slice text, name = slice_of_text(f->name);
    if (is_list(f)) return xml_put_list(w, f, at, memory);
    switch (f->kind) {
    case FIELD_INT: xml_put_integer(w, name, ((const maybe_int *)at)->value); return OK;
    case FIELD_BOOL: xml_put_bool(w, name, ((const maybe_bool *)at)->value); return OK;
    case FIELD_MAP: return FAIL(UNSUPPORTED); /* keys need not be XML names; no output has a map */
    case FIELD_SHAPE:
        xml_open(w, name);
        TRY(xml_put_shape(w, f->nested, *(void *const *)at, memory));
        xml_close(w);
        return OK;
    default: TRY(scalar_text(m, memory, &text)); return xml_put_safe(w, name, text, memory);
    }
}

static status xml_put_shape(xml_writer *w, const shape *s, const void *value, arena *memory) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        if (rpc_is_hidden(s, f)) continue;
        if (is_list(f) || field_is_set(f, value)) TRY(xml_put_field(w, &(member){s, f, value}, memory));
    }
    return OK;
}

static status xml_root(const decoded *d, arena *memory, slice *out) {
    const rpc_product *row = rpc_product_of(d->product);
    if (!row || !row->xml_root) return arena_printf(memory, out, "%sResponse", operation_get(d->operation)->name);
    *out = slice_of_text(row->xml_root);
    return OK;
}

static status write_xml(const decoded *d, const reply *r, arena *memory, buffer *out) {
    slice root;
    TRY(xml_root(d, memory, &root));
    xml_writer w = {.out = out};
    xml_begin(&w);
    xml_open(&w, root);
    xml_put_text(&w, SLICE("RequestId"), r->request_id);
    if (r->output) TRY(xml_put_shape(&w, operation_get(d->operation)->out, r->output, memory));
    xml_close(&w);
    return xml_finish(&w);
}

/* ---- successes */

static const char *type_of(const decoded *d) { return d->form == ANSWER_XML ? XML_TYPE : JSON_TYPE; }

static void begin(answer_builder *b, const reply *r, arena *memory) {
    answer_begin(b, HEADERS_MOST, memory);
    answer_add(b, "x-acs-request-id", r->request_id);
}

status rpc_encode(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    ENSURE(operation_get(d->operation) != NULL, INTERNAL);
    OWNED(buffer) body = {0};
    answer_builder b;
    begin(&b, r, memory);
    TRY(buffer_reserve(&body, USUAL_BODY_BYTES));
    status written = d->form == ANSWER_XML ? write_xml(d, r, memory, &body) : write_json(d, r, memory, &body);
    if (!FAILED(written)) written = answer_finish_body(&b, 200, type_of(d), &body, out);
    buffer_wipe(&body); /* plaintext keys may be in it */
    return written;
}

/* ---- failures */

typedef struct told {
    rpc_error error;
    slice code;
    bool has_http_status;
    slice message;
} told;

/* Several clients look for this very beginning and compare the rest with what they signed. */
static status message_of(const decoded *d, const reply *r, arena *memory, told *t) {
    slice signed_text, detail = t->error.row == failure_get(r->failure.code) ? r->detail : (slice){0};
    if (!FAILED_WITH(r->failure, BAD_SIGNATURE) || FAILED(rpc_string_to_sign(&d->proof, memory, &signed_text)))
        return failure_text(t->error.row, detail, memory, &t->message);
    OWNED(buffer) text = {0};
    TRY(buffer_append_text(&text,
                           "Specified signature is not matched with our calculation. server string to sign is:"));
    TRY(buffer_append(&text, signed_text));
    status kept = arena_copy(memory, buffer_slice(&text), &t->message);
    buffer_wipe(&text);
    return kept;
}

/* The word that a detail begins with. */
static slice first_word(slice text) {
    size_t len = 0;
    while (len < text.len &&
           ((text.at[len] >= 'A' && text.at[len] <= 'Z') || (text.at[len] >= 'a' && text.at[len] <= 'z') ||
            (text.at[len] >= '0' && text.at[len] <= '9')))
        len++;
    return slice_head(text, len);
}

/* What is wrong with a parameter: a length out of its limits, characters of a name, or anything else. */
static const char *fault_of(const field *f, const void *input) {
    slice name = slice_of_text(f->name);
    if (f->kind != FIELD_TEXT || !input) return "Format";
    slice text = *(const slice *)field_at(f, input);
    int64_t count = utf8_count(text);
    if (count < f->min || (f->max && count > f->max)) return "Length";
    return slice_ends_with(name, SLICE("Name")) || slice_ends_with(name, SLICE("Alias")) ? "InvalidChars" : "Format";
}

/* RAM and STS say which parameter is not valid, and RAM why. */
static status put_code(const decoded *d, const reply *r, arena *memory, told *t) {
    const rpc_product *row = rpc_product_of(d->product);
    const operation *op = operation_get(d->operation);
    t->code = slice_of_text(t->error.code);
    if (!row || !op || row->names == NAMES_NOTHING || !FAILED_WITH(r->failure, INVALID_PARAMETER)) return OK;
    const field *f = shape_find(op->in, first_word(r->detail));
    if (!f) return OK;
    const char *name = rpc_parameter_called(d->product, f);
    if (row->names == NAMES_PARAMETER) return arena_printf(memory, &t->code, "InvalidParameter.%s", name);
    return arena_printf(memory, &t->code, "InvalidParameter.%s.%s", name, fault_of(f, d->input));
}

static status write_json_error(const told *t, const reply *r, buffer *out) {
    json_writer w = {.out = out};
    json_begin_object(&w);
    json_put_member_text(&w, "RequestId", r->request_id);
    if (t->has_http_status) json_put_member_integer(&w, "HttpStatus", t->error.http);
    json_put_member_text(&w, "HostId", r->host);
    json_put_member_text(&w, "Code", t->code);
    json_put_member_text(&w, "Message", t->message);
    json_end_object(&w);
    return json_finish(&w);
}

static status write_xml_error(const told *t, const reply *r, arena *memory, buffer *out) {
    xml_writer w = {.out = out};
    xml_begin(&w);
    xml_open(&w, t->has_http_status ? SLICE("KMS") : SLICE("Error"));
    if (t->has_http_status) xml_put_integer(&w, SLICE("HttpStatus"), t->error.http);
    xml_put_text(&w, SLICE("RequestId"), r->request_id);
    TRY(xml_put_safe(&w, SLICE("HostId"), r->host, memory));
    xml_put_text(&w, SLICE("Code"), t->code);
    TRY(xml_put_safe(&w, SLICE("Message"), t->message, memory));
    xml_close(&w);
    return xml_finish(&w);
}

status rpc_encode_failure(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    const rpc_product *row = rpc_product_of(d->product);
    told t = {.error = rpc_error_of(d->product, r->failure), .has_http_status = row && row->has_http_status};
    TRY(message_of(d, r, memory, &t));
    TRY(put_code(d, r, memory, &t));
    OWNED(buffer) body = {0};
    answer_builder b;
    begin(&b, r, memory);
    if (d->form == ANSWER_XML) TRY(write_xml_error(&t, r, memory, &body));
    else TRY(write_json_error(&t, r, &body));
    return answer_finish_body(&b, t.error.http, type_of(d), &body, out);
}
