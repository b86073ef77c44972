/* Answers of the AWS query wire. */
#include "base/clock.h"
#include "base/text.h"
#include "dialect/answer.h"
#include "dialect/aws_query.h"
#include "format/xml.h"

enum { HEADERS_MOST = 3 };
static const char XML_TYPE[] = "text/xml";

typedef struct writing {
    xml_writer *w;
    slice account;
    arena *memory;
} writing;

static status put_shape(writing *t, const shape *s, const void *value);

static void put_safe(writing *t, slice name, slice text) {
    slice carried;
    t->w->failure = FAILED(t->w->failure) ? t->w->failure : text_for_xml(text, t->memory, &carried);
    if (!FAILED(t->w->failure)) xml_put_text(t->w, name, carried);
}

/* ---- ARNs that no field has: of what the account in the answer owns */

static status put_arn(writing *t, slice account, const char *kind, slice name) {
    slice arn;
    TRY(arena_printf(t->memory, &arn, "arn:aws:iam::%.*s:%s%.*s", SLICE_ARGS(account), kind, SLICE_ARGS(name)));
    put_safe(t, SLICE("Arn"), arn);
    return OK;
}

static status put_policy_arn(writing *t, const policy_view *p, slice element) {
    slice arn, account = p->policy_type == POLICY_TYPE_SYSTEM ? SLICE("aws") : t->account;
    TRY(arena_printf(t->memory, &arn, "arn:aws:iam::%.*s:policy/%.*s", SLICE_ARGS(account),
                     SLICE_ARGS(p->policy_name)));
    put_safe(t, element, arn);
    return OK;
}

static status put_extras(writing *t, const shape *s, const void *value) {
    bool has_path = s == &user_view_shape || s == &group_view_shape || s == &role_view_shape || s == &policy_view_shape;
    has_path |=
        s == &user_detail_shape || s == &group_detail_shape || s == &role_detail_shape || s == &policy_detail_shape;
    if (has_path) xml_put_text(t->w, SLICE("Path"), SLICE("/"));
    if (s == &user_view_shape) {
        slice name = ((const user_view *)value)->user_name;
        return put_arn(t, t->account, slice_is_absent(name) ? "root" : "user/", name);
    }
    if (s == &group_view_shape) return put_arn(t, t->account, "group/", ((const group_view *)value)->group_name);
    if (s != &policy_view_shape) return OK;
    xml_put_bool(t->w, SLICE("IsAttachable"), true);
    return put_policy_arn(t, value, SLICE("Arn"));
}

/* ---- members */

static status put_attached(writing *t, const shape_list *list) {
    const policy_view *views = list->at;
    for (size_t i = 0; i < list->count; i++) {
        xml_open(t->w, SLICE("member"));
        put_safe(t, SLICE("PolicyName"), views[i].policy_name);
        TRY(put_policy_arn(t, &views[i], SLICE("PolicyArn")));
        xml_close(t->w);
    }
    return OK;
}

/* Each has its own in a field. */
static status put_arns(writing *t, const field *f, const shape_list *list) {
    const field *own = shape_find(f->nested, SLICE("Arn"));
    for (size_t i = 0; own && i < list->count; i++) {
        slice arn = *(const slice *)field_at(own, (const uint8_t *)list->at + i * f->nested->struct_bytes);
        TRY(aws_query_arn(arn, t->memory, &arn));
        xml_open(t->w, SLICE("member"));
        put_safe(t, SLICE("Arn"), arn);
        xml_close(t->w);
    }
    return OK;
}

static void put_split(writing *t, slice name, slice text) {
    slice each;
    xml_open(t->w, name);
    while (text.len > 0 && slice_split(&text, ',', &each)) put_safe(t, SLICE("member"), each);
    xml_close(t->w);
}

static status put_list(writing *t, const field *f, const query_member *row, const void *at) {
    const shape_list *list = at;
    xml_open(t->w, row && row->wire ? slice_of_text(row->wire) : slice_of_text(f->name));
    bool is_special = row && (row->form == QUERY_ATTACHED || row->form == QUERY_ARNS);
    if (is_special) TRY(row->form == QUERY_ARNS ? put_arns(t, f, list) : put_attached(t, list));
    for (size_t i = 0; i < list->count && !is_special; i++) {
        if (f->kind == FIELD_TEXTS) {
            put_safe(t, SLICE("member"), ((const slice *)list->at)[i]);
            continue;
        }
        xml_open(t->w, SLICE("member"));
        TRY(put_shape(t, f->nested, (const uint8_t *)list->at + i * f->nested->struct_bytes));
        xml_close(t->w);
    }
    xml_close(t->w);
    return OK;
}

static status text_of(writing *t, const field *f, const query_member *row, const void *at, slice *out) {
    char time[CLOCK_ISO_BYTES];
    *out = f->kind == FIELD_TEXT || f->kind == FIELD_SECRET ? *(const slice *)at : (slice){0};
    if (f->kind == FIELD_CHOICE) *out = slice_of_text(choice_text(f->choices, *(const int *)at));
    bool is_blob = f->kind == FIELD_BYTES || (row && row->form == QUERY_BLOB);
    if (is_blob) return text_base64(*(const slice *)at, t->memory, out);
    if (f->kind == FIELD_TIME) {
        clock_format_iso(((const maybe_int *)at)->value, time);
        return arena_copy(t->memory, slice_of_text(time), out);
    }
    if (row && row->form == QUERY_HOST && slice_find(*out, SLICE("://")) != SIZE_MAX)
        *out = slice_skip(*out, slice_find(*out, SLICE("://")) + 3);
    if (row && row->form == QUERY_ARN) return aws_query_arn(*out, t->memory, out);
    if (!row || row->form != QUERY_DOCUMENT) return OK;
    OWNED(buffer) encoded = {0};
    TRY(percent_encode(&encoded, *out, NULL));
    return arena_copy(t->memory, buffer_slice(&encoded), out);
}

static void put_map(writing *t, slice name, const pair_list *map) {
    xml_open(t->w, name);
    for (size_t i = 0; i < map->count; i++) {
        xml_open(t->w, SLICE("entry"));
        put_safe(t, SLICE("key"), map->at[i].key);
        put_safe(t, SLICE("value"), map->at[i].value);
        xml_close(t->w);
    }
    xml_close(t->w);
}

static status put_field(writing *t, const shape *s, const field *f, const void *value) {
    const query_member *row = aws_query_member(s, f->name);
    const void *at = field_at(f, value);
    slice text, name = row && row->wire ? slice_of_text(row->wire) : slice_of_text(f->name);
    if (row && row->form == QUERY_HIDDEN) return OK;
    if (row && row->form == QUERY_INLINE) return put_shape(t, f->nested, *(void *const *)at);
    if (row && row->form == QUERY_SPLIT) {
        put_split(t, name, *(const slice *)at);
        return OK;
    }
    switch (f->kind) {
    case FIELD_TEXTS:
    case FIELD_SHAPES: return put_list(t, f, row, at);
    case FIELD_MAP: put_map(t, name, at); return OK;
    case FIELD_INT: xml_put_integer(t->w, name, ((const maybe_int *)at)->value); return OK;
    case FIELD_BOOL: xml_put_bool(t->w, name, ((const maybe_bool *)at)->value); return OK;
    case FIELD_SHAPE:
        xml_open(t->w, name);
        TRY(put_shape(t, f->nested, *(void *const *)at));
        xml_close(t->w);
        return OK;
    default:
        TRY(text_of(t, f, row, at, &text));
        put_safe(t, name, text);
        return OK;
    }
}

static status put_shape(writing *t, const shape *s, const void *value) {
    TRY(put_extras(t, s, value));
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        bool is_list = f->kind == FIELD_TEXTS || f->kind == FIELD_SHAPES;
        if (is_list || field_is_set(f, value)) TRY(put_field(t, s, f, value));
    }
    return OK;
}

/* Lists that are never cut say so: clients ask for it. */
static bool is_whole_list(const shape *s) {
    bool has_list = false;
    for (size_t i = 0; i < s->field_count; i++) {
        has_list |= s->fields[i].kind == FIELD_SHAPES;
        if (strcmp(s->fields[i].name, "IsTruncated") == 0) return false;
    }
    return has_list;
}

/* ---- the whole */

static slice space_of(const decoded *d) {
    return slice_equals_text(d->proof.scope_service, "iam") ? SLICE("https://iam.amazonaws.com/doc/2010-05-08/")
                                                            : SLICE("https://sts.amazonaws.com/doc/2011-06-15/");
}

static status write_success(const decoded *d, const reply *r, arena *memory, buffer *out) {
    const operation *op = operation_get(d->operation);
    xml_writer w = {.out = out};
    writing t = {&w, r->account_id, memory};
    slice response, result;
    TRY(arena_printf(memory, &response, "%.*sResponse", SLICE_ARGS(d->action)));
    TRY(arena_printf(memory, &result, "%.*sResult", SLICE_ARGS(d->action)));
    xml_open_in(&w, response, space_of(d));
    xml_open(&w, result);
    TRY(put_shape(&t, op->out, r->output));
    if (is_whole_list(op->out)) xml_put_bool(&w, SLICE("IsTruncated"), false);
    xml_close(&w);
    xml_open(&w, SLICE("ResponseMetadata"));
    xml_put_text(&w, SLICE("RequestId"), r->request_id);
    xml_close(&w);
    xml_close(&w);
    return xml_finish(&w);
}

static void begin(answer_builder *b, const reply *r, arena *memory) {
    answer_begin(b, HEADERS_MOST, memory);
    answer_add(b, "x-amzn-RequestId", r->request_id);
}

status aws_query_encode(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    ENSURE(operation_get(d->operation) != NULL && r->output != NULL, INTERNAL);
    OWNED(buffer) body = {0};
    answer_builder b;
    begin(&b, r, memory);
    status written = write_success(d, r, memory, &body);
    if (!FAILED(written)) written = answer_finish_body(&b, 200, XML_TYPE, &body, out);
    buffer_wipe(&body); /* a new secret may be in it */
    return written;
}

status aws_query_encode_failure(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    const failure_row *row = failure_get(r->failure.code);
    slice message, detail = r->detail, carried;
    if (!row->in[WIRE_AWS_QUERY].code) row = failure_get(FAILURE_INTERNAL), detail = (slice){0};
    failure_code shown = row->in[WIRE_AWS_QUERY];
    bool is_sts = slice_equals_text(d->proof.scope_service, "sts");
    if (is_sts && FAILED_WITH(r->failure, MFA_CODE)) shown.code = "AccessDenied"; /* IAM has a word of its own for it */
    OWNED(buffer) body = {0};
    xml_writer w = {.out = &body};
    answer_builder b;
    TRY(failure_text(row, detail, memory, &message));
    TRY(text_for_xml(message, memory, &carried));
    xml_open_in(&w, SLICE("ErrorResponse"), space_of(d));
    xml_open(&w, SLICE("Error"));
    xml_put_text(&w, SLICE("Type"), shown.http < 500 ? SLICE("Sender") : SLICE("Receiver"));
    xml_put_text(&w, SLICE("Code"), slice_of_text(shown.code));
    xml_put_text(&w, SLICE("Message"), carried);
    xml_close(&w);
    xml_put_text(&w, SLICE("RequestId"), r->request_id);
    xml_close(&w);
    TRY(xml_finish(&w));
    begin(&b, r, memory);
    return answer_finish_body(&b, shown.http, XML_TYPE, &body, out);
}
