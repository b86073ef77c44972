/* Reading signed texts, and the table of what they may ask for. */
#include "custody/asked.h"

#include "base/text.h"

enum { SPACED_LINES = 4 };

/* The value of the one parameter of that name; absent when there is none. A name given twice could be read in two ways.
 */
static status parameter_find(slice parameters, slice separator, slice name, slice *out) {
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

static status decode(slice encoded, unsigned times, arena *memory, slice *out) {
    for (unsigned i = 0; i < times && !slice_is_absent(encoded); i++) {
        status decoding = percent_decode(encoded, false, memory, &encoded);
        if (FAILED(decoding)) return FAILED_WITH(decoding, MALFORMED) ? FAIL(NO_PERMISSION) : decoding;
    }
    *out = encoded;
    return OK;
}

/* METHOD & %2F & parameters, where the parameters are encoded once more as a whole: '=' is %3D and '&' is %26, while a
 * '%' within a value has become %25. */
static status read_rpc(slice text, arena *memory, asked *out) {
    slice method, path;
    ENSURE(slice_split(&text, '&', &method) && slice_split(&text, '&', &path), NO_PERMISSION);
    ENSURE(slice_equals_text(path, "%2F") && text.len > 0 && !slice_contains_byte(text, '&'), NO_PERMISSION);
    slice user;
    TRY(parameter_find(text, SLICE("%26"), SLICE("Action%3D"), &out->action));
    TRY(parameter_find(text, SLICE("%26"), SLICE("UserName%3D"), &user));
    return decode(user, 2, memory, &out->user_name);
}

static bool take_line(slice *rest, slice *line) { return slice_split(rest, '\n', line); }

static status read_acs3_headers(slice *rest, slice *action) {
    static const slice NAME = {(const uint8_t *)"x-acs-action:", 13};
    slice line, found = {0};
    for (;;) {
        ENSURE(take_line(rest, &line), NO_PERMISSION);
        if (line.len == 0) break;
        if (!slice_starts_with(line, NAME)) continue;
        ENSURE(slice_is_absent(found), NO_PERMISSION);
        found = slice_skip(line, NAME.len);
    }
    *action = found;
    return OK;
}

/* METHOD \n path \n query \n headers, each with its \n \n names of headers \n hash of the body. */
static status read_acs3(slice text, arena *memory, asked *out) {
    static const slice NO_BODY = {(const uint8_t *)"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                  64};
    slice method, path, query, in_header, in_query, names, hash, user;
    ENSURE(take_line(&text, &method) && take_line(&text, &path) && take_line(&text, &query), NO_PERMISSION);
    TRY(read_acs3_headers(&text, &in_header));
    ENSURE(take_line(&text, &names) && take_line(&text, &hash) && slice_is_absent(text), NO_PERMISSION);
    TRY(parameter_find(query, SLICE("&"), SLICE("Action="), &in_query));
    bool agree = slice_is_absent(in_header) || slice_is_absent(in_query) || slice_equals(in_header, in_query);
    ENSURE(agree, NO_PERMISSION);
    out->action = slice_is_absent(in_header) ? in_query : in_header;
    out->has_signed_body = !slice_equals(hash, NO_BODY);
    TRY(parameter_find(query, SLICE("&"), SLICE("UserName="), &user));
    return decode(user, 1, memory, &out->user_name);
}

static bool is_object(slice resource) {
    slice root, bucket;
    return slice_split(&resource, '/', &root) && root.len == 0 && slice_split(&resource, '/', &bucket) &&
           bucket.len > 0 && resource.len > 0;
}

static bool is_copy_source(slice line) {
    static const slice NAME = {(const uint8_t *)"x-oss-copy-source:", 18};
    return slice_starts_with(line, NAME) && line.len > NAME.len;
}

/* VERB \n MD5 \n type \n date \n x-oss-… headers, then the resource, which is not encoded and may hold anything: what
 * comes from its first byte '/' on is not read as lines. */
static status read_oss1(slice text, asked *out) {
    slice line;
    ENSURE(take_line(&text, &out->verb), NO_PERMISSION);
    for (int i = 1; i < SPACED_LINES; i++) ENSURE(take_line(&text, &line), NO_PERMISSION);
    while (slice_starts_with(text, SLICE("x-oss-"))) {
        ENSURE(take_line(&text, &line), NO_PERMISSION);
        out->copies = out->copies || is_copy_source(line);
    }
    ENSURE(slice_starts_with(text, SLICE("/")), NO_PERMISSION);
    out->names_object = is_object(text);
    return OK;
}

/* VERB \n path \n query \n headers, each with its \n \n names of further headers \n hash. */
static status read_oss4(slice text, asked *out) {
    slice path, query, line;
    ENSURE(take_line(&text, &out->verb) && take_line(&text, &path) && take_line(&text, &query), NO_PERMISSION);
    out->names_object = is_object(path);
    for (;;) {
        ENSURE(take_line(&text, &line), NO_PERMISSION);
        if (line.len == 0) return OK;
        out->copies = out->copies || is_copy_source(line);
    }
}

status asked_read(int scheme, slice text, arena *memory, asked *out) {
    asked made = {.is_storage = scheme == SCHEME_OSS_V1 || scheme == SCHEME_OSS_V4};
    switch (scheme) {
    case SCHEME_ALIBABA_V1: TRY(read_rpc(text, memory, &made)); break;
    case SCHEME_ALIBABA_V3: TRY(read_acs3(text, memory, &made)); break;
    case SCHEME_OSS_V1: TRY(read_oss1(text, &made)); break;
    case SCHEME_OSS_V4: TRY(read_oss4(text, &made)); break;
    default: return FAIL(NO_PERMISSION);
    }
    ENSURE(made.is_storage || !slice_is_absent(made.action), NO_PERMISSION);
    *out = made;
    return OK;
}

/* Which requests may ask for an act: one API operation, and reading, writing or copying an object. */
static const struct rule {
    const char *action;
    bool by_read, by_write, by_copy;
} rules[] = {
    [VAULT_ACT_NEW_ACCESS_KEY] = {.action = "CreateAccessKey"},
    [VAULT_ACT_NEW_KEY] = {.action = "CreateKey"},
    [VAULT_ACT_ENCRYPT] = {.action = "Encrypt"},
    [VAULT_ACT_DECRYPT] = {.action = "Decrypt", .by_read = true, .by_copy = true},
    [VAULT_ACT_GENERATE] = {.action = "GenerateDataKey", .by_write = true, .by_copy = true},
    [VAULT_ACT_GENERATE_SEALED] = {.action = "GenerateDataKeyWithoutPlaintext"},
    [VAULT_ACT_IMPORT_PARAMETERS] = {.action = "GetParametersForImport"},
    [VAULT_ACT_IMPORT] = {.action = "ImportKeyMaterial"},
    [VAULT_ACT_NEW_SESSION] = {.action = "GetSessionToken"},
};

static bool storage_allows(const asked *a, const struct rule *r) {
    if (!a->names_object) return false;
    if (slice_equals_text(a->verb, "GET")) return r->by_read;
    if (!slice_equals_text(a->verb, "PUT")) return false;
    return a->copies ? r->by_copy : r->by_write;
}

static bool same_text(slice a, slice b) { return a.len == b.len && (a.len == 0 || slice_equals(a, b)); }

/* An access key is made for the user that is named, or else for the caller. */
static bool is_for_whom_it_says(const asked *a, const key_act *act, const sealed_header *caller) {
    if (a->user_name.len > 0) return slice_equals(a->user_name, act->user_name);
    if (same_text(act->user_name, caller->user_name)) return true;
    return a->has_signed_body && act->user_name.len > 0;
}

status asked_allows(const asked *a, const key_act *act, const sealed_header *caller) {
    if (act->act == VAULT_ACT_VERIFY) return OK;
    ENSURE(act->act > 0 && (size_t)act->act < sizeof rules / sizeof *rules, NO_PERMISSION);
    const struct rule *r = &rules[act->act];
    ENSURE(r->action != NULL, NO_PERMISSION);
    bool allowed = a->is_storage ? storage_allows(a, r) : slice_equals_text(a->action, r->action);
    ENSURE(allowed, NO_PERMISSION);
    if (act->act == VAULT_ACT_NEW_ACCESS_KEY) ENSURE(is_for_whom_it_says(a, act, caller), NO_PERMISSION);
    return OK;
}
