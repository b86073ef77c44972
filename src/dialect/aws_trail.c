/* CloudTrail's view of the trail (record format 1.09). */
#include "dialect/aws_trail.h"

#include "base/clock.h"
#include "dialect/head.h"
#include "format/json.h"

/* Services by the names events have here and in CloudTrail. */
static const struct {
    const char *here, *there;
} services[] = {
    {"Kms", "kms.amazonaws.com"},
    {"Ram", "iam.amazonaws.com"},
    {"Sts", "sts.amazonaws.com"},
    {"Oss", "s3.amazonaws.com"},
    {"Actiontrail", "cloudtrail.amazonaws.com"},
};
enum { SERVICES = sizeof services / sizeof *services };

/* ---- what to look for */

static slice action_of(const operation *op) {
    slice whole = slice_of_text(op->aws ? op->aws : ""), service;
    return slice_split(&whole, ':', &service) && !slice_is_absent(whole) ? whole : (slice){0};
}

/* The name events have here for an action of AWS's. */
static slice name_here(slice name) {
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++)
        if (slice_equals(action_of(operation_get(id)), name)) return slice_of_text(operation_get(id)->name);
    return name;
}

static slice service_here(slice source) {
    for (size_t i = 0; i < SERVICES; i++)
        if (slice_equals_text(source, services[i].there)) return slice_of_text(services[i].here);
    return source;
}

status aws_trail_attribute(lookup_attribute *attribute) {
    static const char *const ROWS[][2] = {
        {"EventId", "EventId"},         {"EventName", "EventName"},          {"ReadOnly", "EventRW"},
        {"Username", "User"},           {"ResourceType", "ResourceType"},    {"ResourceName", "ResourceName"},
        {"EventSource", "ServiceName"}, {"AccessKeyId", "EventAccessKeyId"},
    };
    slice key = attribute->key, value = attribute->value;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        if (!slice_equals_text(key, ROWS[i][0])) continue;
        attribute->key = slice_of_text(ROWS[i][1]);
        if (i == 1) attribute->value = name_here(value);
        if (i == 2) attribute->value = slice_equals_text(value, "true") ? SLICE("Read") : SLICE("Write");
        if (i == 4 && slice_equals_text(value, "AWS::KMS::Key")) attribute->value = SLICE("ACS::KMS::Key");
        if (i == 6) attribute->value = service_here(value);
        return OK;
    }
    return FAIL(LOOKUP_ATTRIBUTE);
}

/* ---- one event */

typedef struct telling {
    const json *event;
    const aws_place *place;
    arena *memory;
    json_writer *w;
} telling;

static slice text_at(const json *object, const char *name) {
    slice text = {0};
    return json_get_text(json_member(object, slice_of_text(name)), &text) ? text : (slice){0};
}

static slice text_of(const telling *t, const char *name) { return text_at(t->event, name); }

static void put(const telling *t, const char *name, slice value) {
    if (!slice_is_absent(value)) json_put_member_text(t->w, name, value);
}

static void put_as(const telling *t, const char *name, const char *from) {
    const json *value = json_member(t->event, slice_of_text(from));
    if (!value) return;
    json_put_key(t->w, slice_of_text(name));
    json_put_value(t->w, value);
}

static slice event_name(const telling *t) {
    slice name = text_of(t, "eventName");
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        if (op->aws && slice_equals_text(name, op->name)) return action_of(op);
    }
    return name;
}

static slice event_source(const telling *t) {
    slice service = text_of(t, "serviceName");
    for (size_t i = 0; i < SERVICES; i++)
        if (slice_equals_text(service, services[i].here)) return slice_of_text(services[i].there);
    return text_of(t, "eventSource");
}

static bool is_read(const telling *t) { return slice_equals_text(text_of(t, "eventRW"), "Read"); }

static status put_identity(const telling *t) {
    static const char *const TYPES[][2] = {
        {"root-account", "Root"}, {"ram-user", "IAMUser"}, {"assumed-role", "AssumedRole"}, {"system", "AWSService"}};
    const json *who = json_member(t->event, SLICE("userIdentity"));
    slice type = text_at(who, "type"), account = text_at(who, "accountId"), user = text_at(who, "userName"), arn;
    json_put_key(t->w, SLICE("userIdentity"));
    json_begin_object(t->w);
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (slice_equals_text(type, TYPES[i][0])) put(t, "type", slice_of_text(TYPES[i][1]));
    put(t, "principalId", text_at(who, "principalId"));
    if (slice_equals_text(type, "root-account"))
        TRY(arena_printf(t->memory, &arn, "arn:aws:iam::%.*s:root", SLICE_ARGS(account)));
    else TRY(arena_printf(t->memory, &arn, "arn:aws:iam::%.*s:user/%.*s", SLICE_ARGS(account), SLICE_ARGS(user)));
    if (!slice_is_absent(account)) put(t, "arn", arn);
    put(t, "accountId", account);
    put(t, "accessKeyId", text_at(who, "accessKeyId"));
    put(t, "userName", user);
    json_end_object(t->w);
    return OK;
}

/* The key, where the event names one. */
static bool names_key(const telling *t, slice *key_id) {
    *key_id = text_of(t, "resourceName");
    bool is_one = slice_equals_text(text_of(t, "resourceType"), "ACS::KMS::Key");
    return is_one && !slice_is_empty(*key_id) && !slice_contains_byte(*key_id, ';');
}

static status put_key(const telling *t, bool is_record) {
    slice key_id, arn;
    json_put_key(t->w, is_record ? SLICE("resources") : SLICE("Resources"));
    json_begin_array(t->w);
    if (names_key(t, &key_id)) {
        aws_place place = {text_of(t, "acsRegion"), t->place->account};
        TRY(aws_key_arn(&place, key_id, t->memory, &arn));
        json_begin_object(t->w);
        put(t, is_record ? "type" : "ResourceType", SLICE("AWS::KMS::Key"));
        put(t, is_record ? "ARN" : "ResourceName", arn);
        if (is_record) put(t, "accountId", t->place->account);
        json_end_object(t->w);
    }
    json_end_array(t->w);
    return OK;
}

static status put_record(const telling *t) {
    bool is_management = !slice_equals_text(text_of(t, "eventCategory"), "Data");
    json_begin_object(t->w);
    put(t, "eventVersion", SLICE("1.09"));
    TRY(put_identity(t));
    put(t, "eventTime", text_of(t, "eventTime"));
    put(t, "eventSource", event_source(t));
    put(t, "eventName", event_name(t));
    put(t, "awsRegion", text_of(t, "acsRegion"));
    put(t, "sourceIPAddress", text_of(t, "sourceIpAddress"));
    put(t, "userAgent", text_of(t, "userAgent"));
    put(t, "errorCode", text_of(t, "errorCode"));
    put(t, "errorMessage", text_of(t, "errorMessage"));
    put_as(t, "requestParameters", "requestParameters");
    put_as(t, "additionalEventData", "additionalEventData");
    put(t, "requestID", text_of(t, "requestId"));
    put(t, "eventID", text_of(t, "eventId"));
    json_put_member_bool(t->w, "readOnly", is_read(t));
    TRY(put_key(t, true));
    put(t, "eventType", SLICE("AwsApiCall"));
    json_put_member_bool(t->w, "managementEvent", is_management);
    put(t, "recipientAccountId", text_of(t, "recipientAccountId"));
    put(t, "eventCategory", is_management ? SLICE("Management") : SLICE("Data"));
    json_end_object(t->w);
    return json_finish(t->w);
}

static status put_entry(const telling *t, slice record) {
    int64_t time_s;
    json_begin_object(t->w);
    put(t, "EventId", text_of(t, "eventId"));
    put(t, "EventName", event_name(t));
    put(t, "ReadOnly", is_read(t) ? SLICE("true") : SLICE("false"));
    put(t, "AccessKeyId", text_at(json_member(t->event, SLICE("userIdentity")), "accessKeyId"));
    if (!FAILED(clock_parse_iso(text_of(t, "eventTime"), &time_s))) json_put_member_integer(t->w, "EventTime", time_s);
    put(t, "EventSource", event_source(t));
    put(t, "Username", text_at(json_member(t->event, SLICE("userIdentity")), "userName"));
    TRY(put_key(t, false));
    put(t, "CloudTrailEvent", record);
    json_end_object(t->w);
    return json_finish(t->w);
}

status aws_trail_event(slice event, const aws_place *place, arena *memory, slice *out) {
    OWNED(buffer) record = {0};
    OWNED(buffer) entry = {0};
    json_writer inner = {.out = &record}, outer = {.out = &entry};
    telling t = {.place = place, .memory = memory, .w = &inner};
    TRY(json_parse(event, memory, &t.event, NULL));
    TRY(put_record(&t));
    t.w = &outer;
    TRY(put_entry(&t, buffer_slice(&record)));
    return text_keep(&entry, memory, out);
}
