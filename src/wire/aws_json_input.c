/* Members into inputs, by rows; what rows cannot say is at the end. */
#include "wire/aws_json_input.h"

#include <stdlib.h>

#include "base/text.h"
#include "contract/aws_wire.h"
#include "wire/typed_json.h"

/* ---- one value */

static status refuse_choice(typed_json *t, const field *f, slice text) {
    aws_fault *fault = t->context;
    fault->choice = f;
    fault->member = t->culprit;
    fault->word = text;
    return FAIL(INVALID_PARAMETER);
}

static status read_choice(typed_json *t, const field *f, slice text, int *out) {
    slice word = aws_unspell(f->choices, text);
    int choice = slice_is_absent(word) ? 0 : choice_find(f->choices, word);
    if (choice == 0) return refuse_choice(t, f, text);
    *out = choice;
    return OK;
}

static status read_text(typed_json *t, const field *f, slice text, void *at) {
    status decoding = OK;
    const aws_member *row = aws_member_of(t->of, f);
    if (row && row->form == AWS_MATERIAL_ID) {
        ENSURE(text.len == AWS_MATERIAL_DIGITS, INVALID_PARAMETER);
        return aws_material_read(text, t->memory, at);
    }
    if (row && row->form == AWS_PLAIN) {
        *(slice *)at = text;
        return OK;
    }
    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_JSON: *(slice *)at = text; return OK;
    case FIELD_BYTES:
    case FIELD_SECRET: decoding = base64_decode(text, t->memory, at); break;
    case FIELD_CHOICE: return read_choice(t, f, text, at);
    default: return FAIL(MALFORMED);
    }
    return FAILED_WITH(decoding, OUT_OF_MEMORY) ? decoding : FAILED(decoding) ? FAIL(MALFORMED) : OK;
}

/* Seconds since 1970, perhaps with a fraction, which is dropped. */
static bool json_get_seconds(const json *from, int64_t *out) {
    enum { LATEST_S = 253402300799 }; /* the end of the year 9999 */
    char text[32];
    if (json_get_integer(from, out)) return *out >= 0 && *out <= (int64_t)LATEST_S;
    if (from->kind != JSON_NUMBER || from->text.len >= sizeof text) return false;
    memcpy(text, from->text.at, from->text.len);
    text[from->text.len] = 0;
    double seconds = strtod(text, NULL);
    if (!(seconds >= 0 && seconds <= (double)LATEST_S)) return false;
    *out = (int64_t)seconds;
    return true;
}

static status read_scalar(typed_json *t, const field *f, const json *from, void *at) {
    slice text;
    int64_t number;
    bool truth;
    if (json_get_text(from, &text)) return read_text(t, f, text, at);
    if (f->kind == FIELD_BOOL && json_get_bool(from, &truth)) {
        *(maybe_bool *)at = SET_BOOL(truth);
        return OK;
    }
    bool is_number = f->kind == FIELD_INT ? json_get_integer(from, &number)
                                          : f->kind == FIELD_TIME && json_get_seconds(from, &number);
    ENSURE(is_number, MALFORMED);
    *(maybe_int *)at = SET_INT(number);
    return OK;
}

static const typed_rules RULES = {.name = aws_wire_name, .read_scalar = read_scalar, .kind = FAILURE_MALFORMED};

/* ---- members that no field stands for */

/* Members of requests that no field stands for. */
enum aws_extra {
    AWS_EXTRA_REFUSED, /* no row: unknown here, or not offered */
    AWS_EXTRA_ONLY,    /* may have one value: the text, or false, or an empty list */
    AWS_EXTRA_READ,    /* read by code */
    AWS_EXTRA_STORE,   /* names a custom key store, of which there are none */
};

static enum aws_extra extra_of(enum operation_id id, slice member, const char **only) {
    static const struct {
        const char *member;
        enum aws_extra what;
        const char *only;
        enum operation_id of; /* OPERATION_NONE: any */
    } ROWS[] = {
        {"CustomKeyStoreId", AWS_EXTRA_STORE, NULL, OPERATION_CREATE_KEY},
        {"CustomKeyStoreId", AWS_EXTRA_STORE, NULL, OPERATION_GENERATE_RANDOM},
        {"CustomerMasterKeySpec", AWS_EXTRA_READ, NULL, OPERATION_CREATE_KEY},
        {"ExpirationModel", AWS_EXTRA_READ, NULL, OPERATION_IMPORT_KEY_MATERIAL},
        {"ValidTo", AWS_EXTRA_READ, NULL, OPERATION_IMPORT_KEY_MATERIAL},
        {"Limit", AWS_EXTRA_READ, NULL, OPERATION_LIST_KEY_ROTATIONS},
        {"Marker", AWS_EXTRA_READ, NULL, OPERATION_LIST_KEY_ROTATIONS},
        {"AddReplicaRegions", AWS_EXTRA_ONLY, NULL, OPERATION_MANAGER_CREATE_SECRET},
        {"ForceOverwriteReplicaSecret", AWS_EXTRA_ONLY, NULL, OPERATION_MANAGER_CREATE_SECRET},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bool is_for_it = ROWS[i].of == OPERATION_NONE || ROWS[i].of == id;
        if (!is_for_it || !slice_equals_text(member, ROWS[i].member)) continue;
        *only = ROWS[i].only;
        return ROWS[i].what;
    }
    return AWS_EXTRA_REFUSED;
}

static bool has_only(const json *member, const char *only) {
    slice text;
    bool truth;
    if (json_get_text(member, &text)) return only && slice_equals_text(text, only);
    if (json_get_bool(member, &truth)) return !only && !truth;
    return !only && json_is_array(member) && member->count == 0;
}

static const field *field_named(const shape *s, slice member) {
    for (size_t i = 0; i < s->field_count; i++) {
        const char *name = aws_wire_name(s, &s->fields[i]);
        if (name && slice_equals_text(member, name)) return &s->fields[i];
    }
    return NULL;
}

/* Within a member there is nothing that rows or code would read. */
static status check_within(const shape *s, const json *object, slice *detail) {
    for (const json *each = json_first(object); json_is_object(object) && each; each = each->next) {
        if (each->kind == JSON_NULL || field_named(s, each->name)) continue;
        *detail = slice_head(each->name, 128);
        return FAIL(UNSUPPORTED);
    }
    return OK;
}

static status check_nested(const field *f, const json *member, slice *detail) {
    if (f->kind == FIELD_SHAPE) return check_within(f->nested, member, detail);
    if (f->kind != FIELD_SHAPES || !json_is_array(member)) return OK;
    for (const json *each = json_first(member); each; each = each->next) TRY(check_within(f->nested, each, detail));
    return OK;
}

static status check_extra(enum operation_id id, const json *member) {
    const char *only = NULL;
    enum aws_extra what = extra_of(id, member->name, &only);
    ENSURE(what != AWS_EXTRA_STORE, KEY_STORE_NOT_FOUND);
    ENSURE(what != AWS_EXTRA_REFUSED, UNSUPPORTED);
    ENSURE(what != AWS_EXTRA_ONLY || has_only(member, only), UNSUPPORTED);
    return OK;
}

/* What would be passed over in silence could be what mattered. */
static status check_members(enum operation_id id, const json *body, slice *detail) {
    const shape *s = operation_get(id)->in;
    for (const json *each = json_first(body); each; each = each->next) {
        const field *f = field_named(s, each->name);
        if (each->kind == JSON_NULL) continue;
        *detail = slice_head(each->name, 128);
        TRY(f ? check_nested(f, each, detail) : check_extra(id, each));
    }
    *detail = (slice){0};
    return OK;
}

/* ---- what is taken when nothing is given */

static status fill_standards(typed_json *t, const shape *s, void *value) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        const aws_member *row = aws_member_of(s, f);
        int64_t number;
        if (!row || !row->standard || field_is_set(f, value)) continue;
        slice word = slice_of_text(row->standard);
        if (f->kind == FIELD_INT && slice_to_i64(word, &number)) *(maybe_int *)field_at(f, value) = SET_INT(number);
        else TRY(read_text(t, f, word, field_at(f, value)));
    }
    return OK;
}

/* ---- what rows cannot say */

typedef struct request {
    const json *body;
    arena *memory;
    typed_json *reading;
    slice *detail;
} request;

/* The older name of KeySpec; both may come, and then say the same. */
static status adjust_create_key(const request *r, create_key_in *in) {
    const json *older = json_member(r->body, SLICE("CustomerMasterKeySpec"));
    const field *spec = shape_find(&create_key_in_shape, SLICE("KeySpec"));
    int named = 0;
    if (!older || older->kind == JSON_NULL) return OK;
    r->reading->culprit = older->name;
    TRY(typed_read_field(r->reading, spec, older, &named));
    *r->detail = SLICE("You cannot specify KeySpec and CustomerMasterKeySpec in the same request.");
    ENSURE(in->key_spec == 0 || in->key_spec == named, INVALID_PARAMETER);
    in->key_spec = named;
    return OK;
}

static status check_usage(const request *r, const create_key_in *in) {
    bool is_symmetric = in->key_spec == 0 || in->key_spec == KEY_SPEC_ALIYUN_AES_256;
    *r->detail = SLICE("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.");
    ENSURE(is_symmetric || in->key_usage != 0, INVALID_PARAMETER);
    return OK;
}

static status adjust_import(const request *r, import_key_material_in *in) {
    slice model = SLICE("KEY_MATERIAL_EXPIRES");
    int64_t expires_at = 0;
    const json *given = json_member(r->body, SLICE("ExpirationModel")),
               *valid_to = json_member(r->body, SLICE("ValidTo"));
    bool has_time = valid_to && valid_to->kind != JSON_NULL;
    if (given && given->kind != JSON_NULL) ENSURE(json_get_text(given, &model), MALFORMED);
    if (has_time) ENSURE(json_get_seconds(valid_to, &expires_at), MALFORMED);
    bool expires = slice_equals_text(model, "KEY_MATERIAL_EXPIRES");
    *r->detail = SLICE("ExpirationModel");
    ENSURE(expires || slice_equals_text(model, "KEY_MATERIAL_DOES_NOT_EXPIRE"), INVALID_PARAMETER);
    *r->detail = SLICE("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES, and only then.");
    ENSURE(expires == has_time && (!expires || expires_at > 0), INVALID_PARAMETER);
    in->key_material_expire_unix = SET_INT(expires_at);
    return OK;
}

/* Pages that have numbers within: the marker is the next one's. */
static status adjust_pages(const request *r, maybe_int *number, maybe_int *size) {
    enum { LIMIT_STANDARD = 100, LIMIT_MOST = 1000 };
    const json *limit = json_member(r->body, SLICE("Limit")), *marker = json_member(r->body, SLICE("Marker"));
    int64_t wanted = LIMIT_STANDARD, next = 1;
    slice text;
    *r->detail = SLICE("Limit");
    if (limit && limit->kind != JSON_NULL) ENSURE(json_get_integer(limit, &wanted), MALFORMED);
    ENSURE(wanted >= 1 && wanted <= LIMIT_MOST, INVALID_PARAMETER);
    *r->detail = SLICE("Marker");
    if (marker && marker->kind != JSON_NULL)
        ENSURE(json_get_text(marker, &text) && slice_to_i64(text, &next) && next > 1, MARKER);
    *number = SET_INT(next);
    *size = SET_INT(wanted);
    return OK;
}

static status check_size(const request *r, bool has_spec, bool has_number) {
    *r->detail = SLICE("Please specify either number of bytes or key spec.");
    ENSURE(has_spec != has_number, INVALID_PARAMETER);
    return OK;
}

static status adjust(const request *r, enum operation_id id, void *input) {
    *r->detail = (slice){0};
    switch (id) {
    case OPERATION_CREATE_KEY:
        TRY(adjust_create_key(r, input));
        TRY(check_usage(r, input));
        break;
    case OPERATION_IMPORT_KEY_MATERIAL: TRY(adjust_import(r, input)); break;
    case OPERATION_LIST_KEY_ROTATIONS: {
        list_key_rotations_in *in = input;
        TRY(adjust_pages(r, &in->page_number, &in->page_size));
        break;
    }
    case OPERATION_GENERATE_DATA_KEY: {
        const generate_data_key_in *in = input;
        TRY(check_size(r, in->key_spec != 0, in->number_of_bytes.is_set));
        break;
    }
    case OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT: {
        const generate_data_key_without_plaintext_in *in = input;
        TRY(check_size(r, in->key_spec != 0, in->number_of_bytes.is_set));
        break;
    }
    default: break;
    }
    *r->detail = (slice){0};
    return OK;
}

status aws_json_input(enum operation_id id, const json *body, arena *memory, void **out, aws_fault *fault) {
    const operation *op = operation_get(id);
    ENSURE(op != NULL, UNKNOWN_OPERATION);
    typed_json t = {.rules = &RULES, .memory = memory, .context = fault};
    request r = {.body = body, .memory = memory, .reading = &t, .detail = &fault->detail};
    void *input = arena_take(memory, op->in->struct_bytes);
    ENSURE(input != NULL, OUT_OF_MEMORY);
    TRY(check_members(id, body, &fault->detail));
    status read = typed_read(&t, op->in, body, input);
    if (!FAILED(read)) read = fill_standards(&t, op->in, input);
    if (!FAILED(read)) read = adjust(&r, id, input);
    if (FAILED(read) && slice_is_absent(fault->detail)) fault->detail = t.culprit;
    TRY(read);
    *out = input;
    return OK;
}
