/* What an AWS request signed with version 4 asks for. The canonical request under the signature has the action either in
 * the signed header x-amz-target (JSON protocols) or in a form: in its query, or in its body, of which it holds the
 * hash (query protocol of STS and IAM). */
#include "base/text.h"
#include "custody/asked_read.h"
#include "custody/signed.h"

typedef struct canonical {
    slice method, path, query, target, hash;
} canonical;

/* METHOD \n path \n query \n headers, each with its \n \n names of headers \n hash of the body. */
static status read_canonical(slice text, canonical *out) {
    static const slice TARGET = {(const uint8_t *)"x-amz-target:", 13};
    canonical made = {0};
    slice line, names;
    ENSURE(asked_line(&text, &made.method) && asked_line(&text, &made.path), NO_PERMISSION);
    ENSURE(asked_line(&text, &made.query), NO_PERMISSION);
    for (;;) {
        ENSURE(asked_line(&text, &line), NO_PERMISSION);
        if (line.len == 0) break;
        if (!slice_starts_with(line, TARGET)) continue;
        ENSURE(slice_is_absent(made.target), NO_PERMISSION);
        made.target = slice_skip(line, TARGET.len);
    }
    ENSURE(asked_line(&text, &names) && asked_line(&text, &made.hash) && slice_is_absent(text), NO_PERMISSION);
    *out = made;
    return OK;
}

/* A target of another service than the signature's is none of ours. */
static status read_target(const canonical *from, slice service, asked *out) {
    slice named, action;
    bool is_call =
        slice_equals_text(from->method, "POST") && slice_equals_text(from->path, "/") && from->query.len == 0;
    if (!is_call || !aws_target_split(from->target, &named, &action) || !slice_equals(named, service)) return OK;
    out->operation = operation_find_aws(service, action);
    return OK;
}

/* Parameters stand in the query or in the body, not in both: two places could be read in two ways. */
static status read_form(const canonical *from, const proof *p, arena *memory, asked *out) {
    slice body = p->body, action;
    ENSURE(slice_equals_text(from->path, "/"), NO_PERMISSION);
    TRY(signed_check_body(body, from->hash));
    bool in_query = slice_equals_text(from->method, "GET");
    ENSURE(in_query ? body.len == 0 : slice_equals_text(from->method, "POST") && from->query.len == 0, NO_PERMISSION);
    out->form = in_query ? from->query : body;
    TRY(asked_form_value(out, "Action", memory, &action));
    if (!slice_is_absent(action)) out->operation = operation_find_aws(p->scope_service, action);
    return OK;
}

status asked_form_value(const asked *a, const char *name, arena *memory, slice *out) {
    slice whole, found;
    TRY(arena_printf(memory, &whole, "%s=", name));
    TRY(asked_parameter(a->form, SLICE("&"), whole, &found));
    if (slice_is_absent(found)) {
        *out = found;
        return OK;
    }
    status decoding = percent_decode(found, true, memory, out);
    return FAILED_WITH(decoding, MALFORMED) ? FAIL(NO_PERMISSION) : decoding;
}

bool asked_is_form(const proof *p) {
    return slice_equals_text(p->scope_service, "sts") || slice_equals_text(p->scope_service, "iam");
}

status asked_read_aws(const proof *p, slice text, arena *memory, asked *out) {
    canonical read;
    TRY(read_canonical(text, &read));
    out->is_aws = true;
    return asked_is_form(p) ? read_form(&read, p, memory, out) : read_target(&read, p->scope_service, out);
}
