/* One table of services, read in both directions. */
#include "access/arn_twin.h"

#include "access/arn.h"

enum { SUFFIX_BYTES = 7 };

static const struct service_row {
    const char *theirs;
    const char *ours;
} SERVICES[] = {
    {"iam", "ram"}, {"s3", "oss"}, {"sts", "ram"}, {"cloudtrail", "actiontrail"}, {"secretsmanager", "kms"}};

bool arn_partition_is_aws(slice partition) {
    return slice_equals(partition, SLICE("aws")) || slice_starts_with(partition, SLICE("aws-")) ||
           slice_equals(partition, SLICE("*"));
}

static bool is_suffix(slice tail) {
    if (tail.len != SUFFIX_BYTES || tail.at[0] != '-') return false;
    for (size_t i = 1; i < tail.len; i++) {
        uint8_t c = tail.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_letter && c != '?') return false;
    }
    return true;
}

status arn_secret_relative(slice relative, arena *memory, slice *out) {
    slice name = relative;
    if (!slice_starts_with(relative, SLICE("secret:"))) {
        *out = relative;
        return OK;
    }
    name = slice_skip(name, 7);
    if (name.len > SUFFIX_BYTES && is_suffix(slice_skip(name, name.len - SUFFIX_BYTES))) name.len -= SUFFIX_BYTES;
    return arena_printf(memory, out, "secret/%.*s", SLICE_ARGS(name));
}

static bool split(slice text, slice *partition, arn *out) {
    slice scheme;
    bool is_whole = slice_split(&text, ':', &scheme) && slice_split(&text, ':', partition) &&
                    slice_split(&text, ':', &out->service) && slice_split(&text, ':', &out->region) &&
                    slice_split(&text, ':', &out->account);
    out->relative = text;
    return is_whole && slice_equals(scheme, SLICE("arn")) && arn_partition_is_aws(*partition);
}

status arn_canonical(slice text, arena *memory, slice *out) {
    arn parts;
    slice partition;
    ENSURE(text.len <= ARN_BYTES_MOST, MALFORMED);
    if (!FAILED(arn_parse(text, &parts))) return arena_copy(memory, text, out);
    ENSURE(split(text, &partition, &parts), MALFORMED);
    bool is_secret = slice_equals(parts.service, SLICE("secretsmanager"));
    for (size_t i = 0; i < sizeof SERVICES / sizeof *SERVICES; i++) {
        if (!slice_equals_text(parts.service, SERVICES[i].theirs)) continue;
        parts.service = slice_of_text(SERVICES[i].ours);
        break;
    }
    if (is_secret) TRY(arn_secret_relative(parts.relative, memory, &parts.relative));
    if (slice_equals(parts.account, SLICE("aws"))) parts.account = SLICE("system");
    if (slice_equals(parts.service, SLICE("oss"))) parts.region = SLICE("*");
    ENSURE(!FAILED(arn_format(&parts, memory, out)), MALFORMED);
    return OK;
}

static slice their_service(const arn *a) {
    if (slice_equals(a->service, SLICE("ram")) && slice_starts_with(a->relative, SLICE("assumed-role/")))
        return SLICE("sts");
    bool is_secret = slice_equals(a->service, SLICE("kms")) && slice_starts_with(a->relative, SLICE("secret/"));
    if (is_secret) return SLICE("secretsmanager");
    for (size_t i = 0; i < sizeof SERVICES / sizeof *SERVICES; i++)
        if (slice_equals_text(a->service, SERVICES[i].ours) && !slice_equals_text(a->service, "kms"))
            return slice_of_text(SERVICES[i].theirs);
    return a->service;
}

status arn_as_aws(slice text, arena *memory, slice *out) {
    arn a;
    if (FAILED(arn_parse(text, &a))) return arena_copy(memory, text, out);
    slice service = their_service(&a);
    bool has_no_region = slice_equals(a.region, SLICE("*"));
    bool is_secret = slice_equals(service, SLICE("secretsmanager"));
    slice account = slice_equals(a.account, SLICE("system")) ? SLICE("aws") : a.account;
    if (slice_equals(service, SLICE("s3"))) account = SLICE("");
    return arena_printf(memory, out, "arn:aws:%.*s:%.*s:%.*s:%s%.*s", SLICE_ARGS(service),
                        has_no_region ? 0 : (int)a.region.len, (const char *)a.region.at, SLICE_ARGS(account),
                        is_secret ? "secret:" : "", SLICE_ARGS(is_secret ? slice_skip(a.relative, 7) : a.relative));
}
