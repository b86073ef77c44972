/* Writing ActionTrail event JSON. */
#include "trail/event.h"

#include "base/clock.h"
#include "format/json.h"

enum { ENTRY_BYTES_MOST = 65535, CUT_TEXT_BYTES = 256, CUT_RESOURCES = 4, USUAL_BYTES = 2048 };

/* How much of an event is written. */
enum detail { DETAIL_ALL, DETAIL_NO_PARAMETERS, DETAIL_CUT };

typedef struct event_writer {
    json_writer json;
    enum detail detail;
} event_writer;

static void put(event_writer *w, const char *name, slice text) {
    if (slice_is_absent(text)) return;
    if (w->detail == DETAIL_CUT) text = slice_head(text, CUT_TEXT_BYTES);
    json_put_member_text(&w->json, name, text);
}

static void put_key(event_writer *w, const char *name) { json_put_key(&w->json, slice_of_text(name)); }

static void put_time(event_writer *w, const char *name, int64_t time_s) {
    char text[CLOCK_ISO_BYTES];
    clock_format_iso(time_s, text);
    put(w, name, slice_of_text(text));
}

/* JSON made elsewhere. */
static void put_object(event_writer *w, const char *name, slice object) {
    if (slice_is_absent(object)) return;
    put_key(w, name);
    json_put_raw(&w->json, w->detail == DETAIL_ALL ? object : SLICE("{\"truncated\":true}"));
}

static void put_identity(event_writer *w, const event_identity *identity) {
    put_key(w, "userIdentity");
    json_begin_object(&w->json);
    put(w, "type", identity->type);
    put(w, "principalId", identity->principal_id);
    put(w, "accountId", identity->account_id);
    put(w, "accessKeyId", identity->access_key_id);
    put(w, "userName", identity->user_name);
    if (identity->has_session) {
        put_key(w, "sessionContext");
        json_begin_object(&w->json);
        put_key(w, "attributes");
        json_begin_object(&w->json);
        put_time(w, "creationDate", identity->session_created_s);
        json_put_member_text(&w->json, "mfaAuthenticated", identity->is_mfa_session ? SLICE("true") : SLICE("false"));
        json_end_object(&w->json);
        json_end_object(&w->json);
    }
    json_end_object(&w->json);
}

static bool is_first_of_type(const event *e, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (slice_equals(e->resources[i].type, e->resources[at].type)) return false;
    return true;
}

/* Types are divided by commas; names of one type by ';', and the groups by commas like their types. */
static status join_resources(const event *e, size_t count, buffer *types, buffer *names) {
    for (size_t i = 0; i < count; i++) {
        if (!is_first_of_type(e, i)) continue;
        if (types->len) TRY(buffer_append_byte(types, ','));
        TRY(buffer_append(types, e->resources[i].type));
        const char *divider = i ? "," : ""; /* the first name may be empty */
        for (size_t k = i; k < count; k++) {
            if (!slice_equals(e->resources[k].type, e->resources[i].type)) continue;
            TRY(buffer_append_text(names, divider));
            TRY(buffer_append(names, e->resources[k].name));
            divider = ";";
        }
    }
    return OK;
}

static void put_referenced(event_writer *w, const event *e, size_t count) {
    put_key(w, "referencedResources");
    json_begin_object(&w->json);
    for (size_t i = 0; i < count; i++) {
        if (!is_first_of_type(e, i)) continue;
        json_put_key(&w->json, slice_head(e->resources[i].type, CUT_TEXT_BYTES));
        json_begin_array(&w->json);
        for (size_t k = i; k < count; k++)
            if (slice_equals(e->resources[k].type, e->resources[i].type)) json_put_text(&w->json, e->resources[k].name);
        json_end_array(&w->json);
    }
    json_end_object(&w->json);
}

static status put_resources(event_writer *w, const event *e) {
    OWNED(buffer) types = {.limit = EVENT_BYTES_MOST};
    OWNED(buffer) names = {.limit = EVENT_BYTES_MOST};
    if (e->resource_count == 0) return OK;
    event_resource cut[CUT_RESOURCES];
    event shown = *e;
    if (w->detail == DETAIL_CUT) {
        if (shown.resource_count > CUT_RESOURCES) shown.resource_count = CUT_RESOURCES;
        for (size_t i = 0; i < shown.resource_count; i++)
            cut[i] = (event_resource){slice_head(e->resources[i].type, CUT_TEXT_BYTES),
                                      slice_head(e->resources[i].name, CUT_TEXT_BYTES)};
        shown.resources = cut;
    }
    TRY(join_resources(&shown, shown.resource_count, &types, &names));
    json_put_member_text(&w->json, "resourceType", buffer_slice(&types));
    json_put_member_text(&w->json, "resourceName", buffer_slice(&names));
    put_referenced(w, &shown, shown.resource_count);
    return OK;
}

static void put_additional(event_writer *w, const event *e) {
    put_key(w, "additionalEventData");
    json_begin_object(&w->json);
    put(w, "Scheme", e->scheme);
    put(w, "Dialect", e->dialect);
    put(w, "Approval", e->approval);
    put(w, "ApprovedBy", e->approved_by);
    put(w, "BreakGlass", e->break_glass);
    put(w, "EncodedDiagnosticMessage", e->diagnosis);
    if (e->count > 1) json_put_member_integer(&w->json, "Count", e->count < INT64_MAX ? (int64_t)e->count : INT64_MAX);
    json_end_object(&w->json);
}

static void put_uses(json_writer *w, const event_use *uses, size_t count) {
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_put_member_text(w, "keyId", uses[i].key_id);
        json_put_member_text(w, "keyVersionId", uses[i].key_version_id);
        json_put_member_text(w, "operation", uses[i].operation);
        json_end_object(w);
    }
    json_end_array(w);
}

static slice or_else(slice text, slice otherwise) { return slice_is_absent(text) ? otherwise : text; }

/* What look-ups read most comes first; eventTime comes before anything a caller wrote (lookup.c relies on that). */
static void put_head(event_writer *w, const event *e) {
    put(w, "eventId", e->event_id);
    put(w, "eventVersion", SLICE("1"));
    put_time(w, "eventTime", e->time_s);
    put(w, "eventName", e->event_name);
    put(w, "eventSource", e->event_source);
    put(w, "eventType", or_else(e->event_type, SLICE("ApiCall")));
    put(w, "eventCategory", or_else(e->event_category, SLICE("Management")));
    put(w, "eventRW", e->event_rw);
    put(w, "serviceName", e->service_name);
    put(w, "apiVersion", e->api_version);
    put(w, "requestId", e->request_id);
    put(w, "acsRegion", e->region);
    put(w, "sourceIpAddress", e->source_ip);
    put(w, "userAgent", e->user_agent);
    put(w, "recipientAccountId", e->recipient_account_id);
}

static status write_detail(const event *e, enum detail detail, buffer *out) {
    event_writer w = {.json = {.out = out}, .detail = detail};
    json_begin_object(&w.json);
    put_head(&w, e);
    put_identity(&w, &e->identity);
    TRY(put_resources(&w, e));
    put(&w, "errorCode", e->error_code);
    put(&w, "errorMessage", e->error_message);
    put_object(&w, "requestParameters", e->request_parameters);
    put_object(&w, "responseElements", e->response_elements);
    put_additional(&w, e);
    if (e->use_count) {
        put_key(&w, "keyUse");
        put_uses(&w.json, e->uses, e->use_count);
    }
    json_end_object(&w.json);
    return json_finish(&w.json);
}

static status check_uses(const event_use *uses, size_t count) {
    ENSURE(count <= EVENT_USES_MOST, INVALID_PARAMETER);
    for (size_t i = 0; i < count; i++) {
        const event_use *use = &uses[i];
        ENSURE(use->key_id.len <= EVENT_USE_TEXT_BYTES_MOST && use->key_version_id.len <= EVENT_USE_TEXT_BYTES_MOST &&
                   use->operation.len <= EVENT_USE_TEXT_BYTES_MOST,
               INVALID_PARAMETER);
    }
    return OK;
}

static status write_what_fits(const event *e, buffer *out) {
    size_t start = out->len;
    for (enum detail detail = DETAIL_ALL; detail <= DETAIL_CUT; detail++) {
        out->len = start;
        status written = write_detail(e, detail, out);
        if (!FAILED_WITH(written, TOO_LARGE)) return written;
    }
    return FAIL(INTERNAL); /* all parts are bounded when cut: does not happen */
}

status event_write(const event *e, buffer *out) {
    size_t start = out->len, limit = out->limit;
    TRY(check_uses(e->uses, e->use_count));
    TRY(buffer_reserve(out, USUAL_BYTES));
    out->limit = start + EVENT_BYTES_MOST;
    status written = write_what_fits(e, out);
    out->limit = limit;
    if (!FAILED(written) && limit && out->len > limit) written = FAIL(TOO_LARGE);
    if (FAILED(written)) out->len = start;
    return written;
}

status event_append_uses(slice event_json, const event_use *uses, size_t count, buffer *out) {
    TRY(check_uses(uses, count));
    ENSURE(event_json.len > 2 && event_json.at[0] == '{' && event_json.at[event_json.len - 1] == '}', MALFORMED);
    if (count == 0) return buffer_append(out, event_json);
    OWNED(buffer) list = {0};
    json_writer w = {.out = &list};
    put_uses(&w, uses, count);
    TRY(json_finish(&w));
    ENSURE(event_json.len + list.len + sizeof ",\"keyUse\":" <= ENTRY_BYTES_MOST, TOO_LARGE);
    TRY(buffer_append(out, slice_head(event_json, event_json.len - 1)));
    TRY(buffer_append_text(out, ",\"keyUse\":"));
    TRY(buffer_append(out, buffer_slice(&list)));
    return buffer_append_byte(out, '}');
}
