/* The parts of the compiler for the names in a statement: actions, resources, principals. */
#include "access/arn.h"
#include "access/arn_twin.h"
#include "access/policy_build.h"

/* Bytes of coded text count as well: they stand for wildcards and variables. */
static bool is_made_of(slice text, const char *also) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
        if (!is_word && !(c && strchr(also, c))) return false;
    }
    return true;
}

/* ---- actions */

/* The bit of the longest beginning that is literal, or all. */
static uint64_t gate_bits_of(slice whole) {
    size_t colon = slice_find_byte(whole, ':');
    slice beginning = slice_head(whole, colon + 2);
    if (glob_kind_of(whole) == GLOB_LITERAL) return gate_bit_whole(whole);
    if (glob_kind_of(beginning) == GLOB_LITERAL) return gate_bit_beginning(beginning);
    slice service = slice_head(whole, colon);
    return glob_kind_of(service) == GLOB_LITERAL ? gate_bit_service(service) : UINT64_MAX;
}

static bool is_ascii(slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= 0x80) return false;
    return true;
}

status build_action(policy_builder *b, const json *value, uint64_t *gate_bits) {
    slice text;
    if (!json_get_text(value, &text)) return build_refuse(b, "must be text");
    if (text.len > POLICY_ACTION_BYTES_MOST) return build_refuse(b, "longer than 128 bytes");
    slice whole = SLICE("*:*");
    if (!slice_equals(text, SLICE("*"))) TRY(build_lower(b, text, &whole));
    slice name = whole;
    slice service;
    bool has_service = slice_split(&name, ':', &service) && service.len && name.len;
    if (!has_service || !is_ascii(whole) || !is_made_of(service, "-*?") || !is_made_of(name, "-*?_./"))
        return build_refuse(b, "must be an action such as kms:Encrypt, or *");
    if (b->kind == POLICY_TRUST && !slice_equals(service, SLICE("sts")))
        return build_refuse(b, "must be an action of sts in a trust policy");
    struct action_pattern row = {0};
    TRY(build_pattern(b, service, &row.service));
    TRY(build_pattern(b, name, &row.name));
    *gate_bits |= gate_bits_of(whole);
    return buffer_append(&b->actions, slice_of(&row, sizeof row));
}

/* ---- resources */

static const char RESOURCE_WANTED[] = "must be an ARN such as acs:kms:*:*:key/* or arn:aws:kms:*:*:key/*, or *";

/* Cut at the colons; what a variable is called holds none any more. */
static bool split_resource(slice text, bool *is_aws, arn *out) {
    slice scheme;
    if (!slice_split(&text, ':', &scheme)) return false;
    *is_aws = slice_equals(scheme, SLICE("arn"));
    if (!*is_aws && !slice_equals(scheme, SLICE("acs"))) return false;
    slice partition = SLICE("aws");
    if (*is_aws && !slice_split(&text, ':', &partition)) return false;
    bool is_whole = slice_split(&text, ':', &out->service) && slice_split(&text, ':', &out->region) &&
                    slice_split(&text, ':', &out->account);
    out->relative = text;
    bool is_star = partition.len == 1 && partition.at[0] == GLOB_CODED_STAR;
    if (!is_whole || !(is_star || arn_partition_is_aws(partition))) return false;
    if (!out->service.len || !out->relative.len) return false;
    return is_made_of(out->service, "-*?") && is_made_of(out->region, "-*?") && is_made_of(out->account, "*?");
}

static bool has_no_home(slice service) {
    static const char *const names[] = {"iam", "sts", "s3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_equals_text(service, names[i])) return true;
    return glob_kind_of(service) != GLOB_LITERAL || !is_ascii(service);
}

/* The other cloud's name as this one's. Service and region are in lower case. */
static status translate(policy_builder *b, arn *parts) {
    bool is_any_when_empty = has_no_home(parts->service);
    if (slice_equals(parts->account, SLICE("aws"))) parts->account = SLICE("system");
    if (slice_equals(parts->service, SLICE("secretsmanager")))
        TRY(arn_secret_relative(parts->relative, b->memory, &parts->relative));
    if (!is_any_when_empty && (parts->region.len == 0 || parts->account.len == 0))
        return build_refuse(b, "names of this service have a region and an account");
    return OK;
}

static status build_resource_parts(policy_builder *b, const coded *whole, const arn *parts) {
    struct resource_pattern row = {0};
    const struct segment {
        slice text;
        struct pattern *out;
    } segments[] = {{parts->service, &row.service},
                    {parts->region, &row.region},
                    {parts->account, &row.account},
                    {parts->relative, &row.relative}};
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++) {
        if (segments[i].text.len) TRY(build_part(b, whole, segments[i].text, segments[i].out));
        else segments[i].out->kind = GLOB_ANY;
    }
    return buffer_append(&b->resources, slice_of(&row, sizeof row));
}

status build_resource_text(policy_builder *b, slice text) {
    coded whole;
    arn parts = {0};
    bool is_aws = false;
    TRY(build_code(b, text, true, &whole));
    if (slice_equals(text, SLICE("*"))) return build_resource_parts(b, &whole, &parts);
    if (!split_resource(whole.text, &is_aws, &parts)) return build_refuse(b, RESOURCE_WANTED);
    TRY(build_lower(b, parts.service, &parts.service));
    TRY(build_lower(b, parts.region, &parts.region));
    if (is_aws) TRY(translate(b, &parts));
    return build_resource_parts(b, &whole, &parts);
}

/* ---- principals */

static status add_principal(policy_builder *b, enum principal_kind kind, slice text) {
    struct principal_pattern row = {.kind = (uint8_t)kind};
    TRY(build_literal(b, text, &row.text));
    return buffer_append(&b->principals, slice_of(&row, sizeof row));
}

/* Bound to whoever has the name's id, where names are bound. */
static status add_name(policy_builder *b, slice name) {
    struct principal_pattern row = {.kind = PRINCIPAL_NAME, .is_bound = b->bound.is_bound};
    slice bearer;
    TRY(build_literal(b, name, &row.text));
    TRY(principal_bearer(name, b->memory, &bearer));
    for (size_t i = 0; i < b->bound.count; i++)
        if (slice_equals(b->bound.at[i].name, bearer)) TRY(build_literal(b, b->bound.at[i].id, &row.id));
    return buffer_append(&b->principals, slice_of(&row, sizeof row));
}

static bool is_account_id(slice text) {
    uint64_t number;
    return text.len >= 1 && text.len <= 18 && slice_to_u64(text, &number);
}

static bool names_somebody(slice relative) {
    static const char *const kinds[] = {"user/", "role/", "assumed-role/"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        slice kind = slice_of_text(kinds[i]);
        if (slice_starts_with(relative, kind) && relative.len > kind.len) return true;
    }
    return false;
}

static status add_identity(policy_builder *b, slice text) {
    slice name;
    arn parts;
    if (slice_equals(text, SLICE("*"))) return add_principal(b, PRINCIPAL_ANYBODY, text);
    if (is_account_id(text)) return add_principal(b, PRINCIPAL_ACCOUNT, text);
    status read = arn_canonical(text, b->memory, &name);
    if (FAILED_WITH(read, OUT_OF_MEMORY)) return read;
    bool is_name = !FAILED(read) && !FAILED(arn_parse(name, &parts)) && slice_equals(parts.service, SLICE("ram"));
    if (!is_name || parts.region.len > 0 || !is_account_id(parts.account)) /* identities are in no region */
        return build_refuse(b, "must be *, an account id, or the ARN of an account, a user, a role or a session");
    if (slice_equals(parts.relative, SLICE("root")) || slice_equals(parts.relative, SLICE("*")))
        return add_principal(b, PRINCIPAL_ACCOUNT, parts.account);
    if (!names_somebody(parts.relative) || glob_kind_of(parts.relative) != GLOB_LITERAL)
        return build_refuse(b, "must name one user, role or session, without wildcards");
    return add_name(b, name);
}

static status add_federated(policy_builder *b, slice text) {
    slice name = text;
    status read = arn_canonical(text, b->memory, &name);
    if (FAILED_WITH(read, OUT_OF_MEMORY)) return read;
    return add_principal(b, PRINCIPAL_FEDERATED, FAILED(read) ? text : name);
}

static status add_principal_text(policy_builder *b, const json *value, enum principal_kind kind) {
    slice text;
    if (!json_get_text(value, &text) || text.len == 0) return build_refuse(b, "must be text");
    if (kind == PRINCIPAL_SERVICE) return add_principal(b, PRINCIPAL_SERVICE, text);
    if (kind == PRINCIPAL_FEDERATED) return add_federated(b, text);
    return add_identity(b, text);
}

static status add_principal_list(policy_builder *b, const json *list, enum principal_kind kind) {
    size_t index = 0;
    for (const json *each = build_list_first(list); each; each = build_list_next(list, each)) {
        size_t mark = build_enter_element(b, list, index++);
        TRY(add_principal_text(b, each, kind));
        build_leave(b, mark);
    }
    return index ? OK : build_refuse(b, "must not be empty");
}

static status add_principal_family(policy_builder *b, const json *list) {
    static const struct family {
        const char *name;
        enum principal_kind kind;
    } families[] = {{"AWS", PRINCIPAL_NAME},
                    {"RAM", PRINCIPAL_NAME},
                    {"Service", PRINCIPAL_SERVICE},
                    {"Federated", PRINCIPAL_FEDERATED}};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (slice_equals_text(list->name, families[i].name)) return add_principal_list(b, list, families[i].kind);
    return build_refuse(b, "must be AWS, RAM, Service or Federated");
}

static status add_families(policy_builder *b, const json *object) {
    if (object->count == 0) return build_refuse(b, "must not be empty");
    for (const json *each = json_first(object); each; each = each->next) {
        size_t mark = build_enter_member(b, each->name);
        TRY(add_principal_family(b, each));
        build_leave(b, mark);
    }
    return OK;
}

status build_principals(policy_builder *b, const json *value, struct span *out) {
    uint32_t first = (uint32_t)(b->principals.len / sizeof(struct principal_pattern));
    slice text;
    bool is_single = json_get_text(value, &text);
    if (is_single && !slice_equals(text, SLICE("*"))) return build_refuse(b, "must be *, an object or a list");
    if (json_is_object(value)) TRY(add_families(b, value));
    else TRY(add_principal_list(b, value, PRINCIPAL_NAME));
    *out = (struct span){first, (uint32_t)(b->principals.len / sizeof(struct principal_pattern)) - first};
    return OK;
}
