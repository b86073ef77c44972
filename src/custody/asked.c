/* Reading signed texts, and the table of what they may ask for. */
#include "custody/asked_read.h"

#include "base/text.h"

enum { SPACED_LINES = 4 };

status asked_parameter(slice parameters, slice separator, slice name, slice *out) {
    slice found = {0};
    while (parameters.len > 0) {
        size_t end = slice_find(parameters, separator);
        slice one = slice_head(parameters, end);
        parameters = end == SIZE_MAX ? SLICE("") : slice_skip(parameters, end + separator.len);
        if (!slice_starts_with(one, name)) continue;
        ENSURE(slice_is_absent(found), NO_PERMISSION);
        found = slice_skip(one, name.len);
    }
    *out = found;
    return OK;
}

static status name_operation(slice action, slice version, asked *out) {
    ENSURE(!slice_is_absent(action), NO_PERMISSION);
    const product *said = product_by_version(version);
    out->operation = said ? operation_find(said->name, action) : OPERATION_NONE;
    return OK;
}

/* METHOD & %2F & parameters, where the parameters are encoded once more as a whole: '=' is %3D and '&' is %26, while a
 * '%' within a value has become %25. */
static status read_rpc(slice text, asked *out) {
    slice method, path;
    ENSURE(slice_split(&text, '&', &method) && slice_split(&text, '&', &path), NO_PERMISSION);
    ENSURE(slice_equals_text(path, "%2F") && text.len > 0 && !slice_contains_byte(text, '&'), NO_PERMISSION);
    slice action, version;
    TRY(asked_parameter(text, SLICE("%26"), SLICE("Action%3D"), &action));
    TRY(asked_parameter(text, SLICE("%26"), SLICE("Version%3D"), &version));
    return name_operation(action, version, out);
}

bool asked_line(slice *rest, slice *line) { return slice_split(rest, '\n', line); }

/* The action and the version stand in headers, in the query, or in both and then alike. */
typedef struct named {
    slice action, version;
} named;

static status take_header(slice line, slice name, slice *found) {
    if (!slice_starts_with(line, name)) return OK;
    ENSURE(slice_is_absent(*found), NO_PERMISSION);
    *found = slice_skip(line, name.len);
    return OK;
}

static status read_acs3_headers(slice *rest, named *out) {
    for (slice line;;) {
        ENSURE(asked_line(rest, &line), NO_PERMISSION);
        if (line.len == 0) return OK;
        TRY(take_header(line, SLICE("x-acs-action:"), &out->action));
        TRY(take_header(line, SLICE("x-acs-version:"), &out->version));
    }
}

static status one_of(slice a, slice b, slice *out) {
    ENSURE(slice_is_absent(a) || slice_is_absent(b) || slice_equals(a, b), NO_PERMISSION);
    *out = slice_is_absent(a) ? b : a;
    return OK;
}

/* METHOD \n path \n query \n headers, each with its \n \n names of headers \n hash of the body. */
static status read_acs3(slice text, asked *out) {
    slice method, path, query, names, hash;
    named in_headers = {0}, in_query = {0};
    ENSURE(asked_line(&text, &method) && asked_line(&text, &path) && asked_line(&text, &query), NO_PERMISSION);
    TRY(read_acs3_headers(&text, &in_headers));
    ENSURE(asked_line(&text, &names) && asked_line(&text, &hash) && slice_is_absent(text), NO_PERMISSION);
    TRY(asked_parameter(query, SLICE("&"), SLICE("Action="), &in_query.action));
    TRY(asked_parameter(query, SLICE("&"), SLICE("Version="), &in_query.version));
    named said = {0};
    TRY(one_of(in_headers.action, in_query.action, &said.action));
    TRY(one_of(in_headers.version, in_query.version, &said.version));
    return name_operation(said.action, said.version, out);
}

static bool is_object(slice resource) {
    slice root, bucket;
    return slice_split(&resource, '/', &root) && root.len == 0 && slice_split(&resource, '/', &bucket) &&
           bucket.len > 0 && resource.len > 0;
}

static void note_copy_source(slice line, asked *out) {
    static const slice NAME = {(const uint8_t *)"x-oss-copy-source:", 18};
    if (!slice_starts_with(line, NAME) || line.len == NAME.len) return;
    out->copies = true;
    out->copy_source = slice_skip(line, NAME.len);
}

/* "/bucket/" alone, the path of what is about a bucket. */
static bool is_bucket(slice path) {
    slice root, bucket;
    return slice_split(&path, '/', &root) && root.len == 0 && slice_split(&path, '/', &bucket) && bucket.len > 0 &&
           !slice_is_absent(path) && path.len == 0;
}

static bool sets_policy(slice verb, slice path, slice query) {
    bool is_policy = slice_equals_text(query, "policy") || slice_equals_text(query, "policy=");
    return slice_equals_text(verb, "PUT") && is_policy && is_bucket(path);
}

/* VERB \n MD5 \n type \n date \n x-oss-… headers, then the resource, which is not encoded and may hold anything: what
 * comes from its first byte '/' on is not read as lines. */
static status read_oss1(slice text, asked *out) {
    slice line;
    ENSURE(asked_line(&text, &out->verb), NO_PERMISSION);
    ENSURE(asked_line(&text, &out->content_md5), NO_PERMISSION);
    for (int i = 2; i < SPACED_LINES; i++) ENSURE(asked_line(&text, &line), NO_PERMISSION);
    while (slice_starts_with(text, SLICE("x-oss-"))) {
        ENSURE(asked_line(&text, &line), NO_PERMISSION);
        note_copy_source(line, out);
    }
    ENSURE(slice_starts_with(text, SLICE("/")), NO_PERMISSION);
    out->names_object = is_object(text);
    out->has_bare_query = true;
    size_t question = slice_find_byte(text, '?');
    if (question != SIZE_MAX)
        out->sets_policy = sets_policy(out->verb, slice_head(text, question), slice_skip(text, question + 1));
    out->resource = text;
    return OK;
}

/* VERB \n path \n query \n headers, each with its \n \n names of further headers \n hash. */
static status read_oss4(slice text, arena *memory, asked *out) {
    slice path, query, line;
    ENSURE(asked_line(&text, &out->verb) && asked_line(&text, &path) && asked_line(&text, &query), NO_PERMISSION);
    status decoding = percent_decode(path, false, memory, &out->resource);
    ENSURE(!FAILED_WITH(decoding, MALFORMED), NO_PERMISSION);
    TRY(decoding);
    out->names_object = is_object(path);
    out->sets_policy = sets_policy(out->verb, path, query);
    out->query = query;
    for (;;) {
        ENSURE(asked_line(&text, &line), NO_PERMISSION);
        if (line.len == 0) return OK;
        note_copy_source(line, out);
        TRY(take_header(line, SLICE("content-md5:"), &out->content_md5));
    }
}

status asked_read(const proof *p, slice text, arena *memory, asked *out) {
    asked made = {.is_storage = p->scheme == SCHEME_OSS_V1 || p->scheme == SCHEME_OSS_V4};
    if (made.is_storage) made.body = p->body;
    switch (p->scheme) {
    case SCHEME_ALIBABA_V1: TRY(read_rpc(text, &made)); break;
    case SCHEME_ALIBABA_V3: TRY(read_acs3(text, &made)); break;
    case SCHEME_OSS_V1: TRY(read_oss1(text, &made)); break;
    case SCHEME_OSS_V4: TRY(read_oss4(text, memory, &made)); break;
    case SCHEME_AWS_V4: TRY(asked_read_aws(p, text, memory, &made)); break;
    default: return FAIL(NO_PERMISSION);
    }
    *out = made;
    return OK;
}

/* What a storage request does with an object: the operations whose rows say what that takes. */
static enum operation_id storage_operation(const asked *a) {
    if (a->sets_policy) return OPERATION_PUT_BUCKET_POLICY;
    if (!a->names_object) return OPERATION_NONE;
    if (slice_equals_text(a->verb, "GET")) return OPERATION_GET_OBJECT;
    if (!slice_equals_text(a->verb, "PUT")) return OPERATION_NONE;
    return a->copies ? OPERATION_COPY_OBJECT : OPERATION_PUT_OBJECT;
}

const operation *asked_operation(const asked *a) {
    return operation_get(a->is_storage ? storage_operation(a) : a->operation);
}

/* One action of AWS's may be several operations here, told apart by what kind of key it names: what any of them may do. */
static uint64_t acts_of(const asked *a) {
    const operation *op = asked_operation(a);
    if (!op || !a->is_aws) return op ? op->acts : 0;
    uint64_t acts = 0;
    for (int id = (int)a->operation; id < OPERATION_COUNT; id++)
        if (operation_is_same_aws(op, operation_get(id))) acts |= operation_get(id)->acts;
    return acts;
}

status asked_allows(const asked *a, const key_act *act) {
    if (act->act == VAULT_ACT_VERIFY) return OK;
    ENSURE(act->act > 0 && act->act < 64 && (acts_of(a) & ACT_BIT(act->act)) != 0, NO_PERMISSION);
    return OK;
}
