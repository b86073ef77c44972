/* Times and nonces, by scheme. */
#include "custody/dated.h"

#include "base/clock.h"
#include "base/text.h"
#include "contract/aws_wire.h"
#include "custody/asked_read.h"

enum { LINES_BEFORE_DATE = 3 };

static status check_time(slice text, const proof *p) {
    int64_t time_s;
    bool is_it = p->request_time.is_set && !FAILED(clock_parse_iso(text, &time_s)) && time_s == p->request_time.value;
    ENSURE(is_it && !p->expires_at.is_set, NO_PERMISSION);
    return OK;
}

static status check_nonce(slice text, const proof *p) {
    ENSURE(text.len > 0 && slice_equals(text, p->nonce), NO_PERMISSION);
    return OK;
}

/* A parameter of an AlibabaV1 text, where values are encoded twice. */
static status rpc_value(slice parameters, slice name, arena *memory, slice *out) {
    slice found;
    TRY(asked_parameter(parameters, SLICE("%26"), name, &found));
    for (int i = 0; i < 2 && found.len > 0; i++) {
        status decoding = percent_decode(found, false, memory, &found);
        if (FAILED(decoding)) return FAILED_WITH(decoding, MALFORMED) ? FAIL(NO_PERMISSION) : decoding;
    }
    *out = found;
    return OK;
}

static status dated_rpc(const proof *p, slice text, arena *memory) {
    slice method, path, time, nonce;
    ENSURE(slice_split(&text, '&', &method) && slice_split(&text, '&', &path), NO_PERMISSION);
    TRY(rpc_value(text, SLICE("Timestamp%3D"), memory, &time));
    TRY(rpc_value(text, SLICE("SignatureNonce%3D"), memory, &nonce));
    TRY(check_time(time, p));
    return check_nonce(nonce, p);
}

/* The value of a header that comes once. */
static status take_header(slice line, slice name, slice *out) {
    if (!slice_starts_with(line, name)) return OK;
    ENSURE(slice_is_absent(*out), NO_PERMISSION);
    *out = slice_skip(line, name.len);
    return OK;
}

static status dated_acs3(const proof *p, slice text) {
    slice line, time = {0}, nonce = {0};
    for (int i = 0; i < LINES_BEFORE_DATE; i++) ENSURE(asked_line(&text, &line), NO_PERMISSION);
    while (asked_line(&text, &line) && line.len > 0) {
        TRY(take_header(line, SLICE("x-acs-date:"), &time));
        TRY(take_header(line, SLICE("x-acs-signature-nonce:"), &nonce));
    }
    TRY(check_time(time, p));
    return check_nonce(nonce, p);
}

/* The fourth line is the date, or of a signed URL its end in Unix seconds. */
static status dated_oss1(const proof *p, slice text) {
    slice date;
    int64_t time_s;
    for (int i = 0; i < LINES_BEFORE_DATE; i++) ENSURE(asked_line(&text, &date), NO_PERMISSION);
    ENSURE(asked_line(&text, &date), NO_PERMISSION);
    bool is_url = p->expires_at.is_set;
    bool is_time = is_url ? slice_to_i64(date, &time_s) : !FAILED(clock_parse_rfc1123(date, &time_s));
    ENSURE(is_time && time_s == (is_url ? p->expires_at.value : p->request_time.value), NO_PERMISSION);
    ENSURE(is_url || p->request_time.is_set, NO_PERMISSION);
    return OK;
}

/* Only a signed URL has an end of its own: so many seconds after its time. */
static status dated_scoped(const proof *p, slice text, slice name) {
    slice line, lifetime;
    int64_t lifetime_s;
    if (!p->expires_at.is_set) return OK;
    for (int i = 0; i < LINES_BEFORE_DATE; i++) ENSURE(asked_line(&text, &line), NO_PERMISSION);
    TRY(asked_parameter(line, SLICE("&"), name, &lifetime));
    ENSURE(slice_to_i64(lifetime, &lifetime_s) && lifetime_s >= 0, NO_PERMISSION);
    ENSURE(p->request_time.is_set && p->expires_at.value - lifetime_s == p->request_time.value, NO_PERMISSION);
    return OK;
}

/* A nonce only where the client signed which attempt it is. */
static status dated_aws(const proof *p, slice text, arena *memory) {
    slice attempt;
    TRY(dated_scoped(p, text, SLICE("X-Amz-Expires=")));
    TRY(aws_attempt(text, memory, &attempt));
    bool is_same = attempt.len == p->nonce.len && (attempt.len == 0 || slice_equals(attempt, p->nonce));
    ENSURE(is_same, NO_PERMISSION);
    return OK;
}

status dated_check(const proof *p, slice text, arena *memory) {
    switch (p->scheme) {
    case SCHEME_ALIBABA_V1: return dated_rpc(p, text, memory);
    case SCHEME_ALIBABA_V3: return dated_acs3(p, text);
    case SCHEME_OSS_V1: return dated_oss1(p, text);
    case SCHEME_OSS_V4: return dated_scoped(p, text, SLICE("x-oss-expires="));
    case SCHEME_AWS_V4: return dated_aws(p, text, memory);
    default: return FAIL(NO_PERMISSION);
    }
}
