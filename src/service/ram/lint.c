/* Looking a policy through: a document, or one that is stored; and whether those it names are there. */
#include "access/lint.h"

#include "access/system_policies.h"
#include "service/ram/ram.h"

enum { LINTING_BYTES_MOST = 8 << 20 };

/* The version in force. */
static status stored_document(call *c, const lint_policy_in *in, slice *out) {
    policy_record p;
    const system_policy *shipped = system_policy_find(in->policy_name);
    if (shipped && in->policy_type != POLICY_TYPE_CUSTOM) {
        *out = slice_of_text(shipped->document);
        return OK;
    }
    TRY(policy_load(c, in->policy_name, &p, NULL));
    for (size_t i = 0; i < p.versions.count; i++)
        if (slice_equals(p.versions.at[i].version_id, p.default_version)) *out = p.versions.at[i].document;
    return OK;
}

static enum policy_kind kind_of(int kind) {
    if (kind == DOCUMENT_KIND_RESOURCE) return POLICY_RESOURCE;
    return kind == DOCUMENT_KIND_TRUST ? POLICY_TRUST : POLICY_IDENTITY;
}

/* Of the account's own only: who is in another is for its owner to know. */
static status is_missing(call *c, slice name, bool *out) {
    arn parts;
    user_record user;
    role_record role;
    *out = false;
    ENSURE(!FAILED(arn_parse(name, &parts)), INTERNAL);
    if (!slice_equals(parts.account, c->who.account_id)) return OK;
    bool is_user = slice_starts_with(parts.relative, SLICE("user/"));
    slice own = slice_skip(parts.relative, 5);
    status found = is_user ? user_load(c, own, &user, NULL) : role_load(c, own, &role, NULL);
    *out = FAILED_WITH(found, USER_NOT_FOUND) || FAILED_WITH(found, ROLE_NOT_FOUND);
    return *out ? OK : found;
}

static status show(call *c, const lint_finding *from, policy_finding *to) {
    *to = (policy_finding){.code = from->code};
    TRY(arena_copy(&c->memory, from->path, &to->path));
    return arena_copy(&c->memory, from->message, &to->message);
}

static status show_all(call *c, const lint_report *report, lint_policy_out *out) {
    out->findings.at = ARENA_ARRAY(&c->memory, policy_finding, report->count + report->principal_count + 1);
    ENSURE(out->findings.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < report->count; i++) TRY(show(c, &report->at[i], &out->findings.at[out->findings.count++]));
    for (size_t i = 0; i < report->principal_count; i++) {
        bool missing;
        TRY(is_missing(c, report->principals[i].arn, &missing));
        lint_finding nobody = {report->principals[i].path, SLICE("NOBODY"), SLICE("there is no such user or role")};
        if (missing) TRY(show(c, &nobody, &out->findings.at[out->findings.count++]));
    }
    return OK;
}

status lint_policy_prepare(call *c, const lint_policy_in *in, lint_policy_out *out) {
    slice document = in->policy_document;
    OWNED(arena) memory = {.limit = LINTING_BYTES_MOST};
    bool names_one = !slice_is_absent(in->policy_name);
    if (names_one == !slice_is_absent(document))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Either PolicyDocument or PolicyName.");
    if (names_one) TRY(stored_document(c, in, &document));
    lint_report *report = ARENA_NEW(&memory, lint_report);
    ENSURE(report != NULL, OUT_OF_MEMORY);
    policy_source source = {document, kind_of(in->document_kind), POLICY_RESOURCE_BYTES_MOST};
    TRY(policy_lint(&source, c->now_s, &memory, report));
    return show_all(c, report, out);
}
