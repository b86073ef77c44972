/* The OSS REST wire: method, address and sub-resource name the operation. */
#include "dialect/oss_rest.h"

#include "contract/oss_route.h"

slice oss_parameter(const oss_request *r, const char *name) {
    const form_pair *found = form_find(&r->query, slice_of_text(name));
    if (!found) return (slice){0};
    return slice_is_absent(found->value) ? SLICE("") : found->value;
}

/* ---- which operation */

/* Query parameters that make the request about something else than the bucket or object itself. */
static bool is_sub_resource(slice name) {
    static const char NAMES[] =
        "acl uploads location cors logging website referer lifecycle delete append tagging objectMeta "
        "uploadId partNumber img style styleName replication replicationProgress replicationLocation cname "
        "bucketInfo comp qos qosInfo live vod symlink udf udfName udfImage udfId udfImageDesc udfApplication "
        "udfApplicationLog restore callback callback-var policy policyStatus stat encryption versions "
        "versioning versionId requestPayment inventory inventoryId asyncFetch worm wormId wormExtend "
        "objectWorm retention legalHold transferAcceleration regionList regions cloudboxes metaQuery "
        "resourceGroup rtc responseHeader accessPoint accessPointPolicy accessPointForObjectProcess "
        "accessPointConfigForObjectProcess accessPointPolicyForObjectProcess publicAccessBlock accessmonitor "
        "bucketArchiveDirectRead httpsConfig userDefinedLogFieldsConfig overwriteConfig redundancyTransition "
        "dataPipeline seal cleanRestoredObject x-oss-process x-oss-async-process "
        "x-oss-write-get-object-response";
    return words_contain(NAMES, name);
}

static enum operation_id refine(const oss_request *r, enum operation_id id) {
    if (id == OPERATION_LIST_OBJECTS && slice_equals_text(oss_parameter(r, "list-type"), "2"))
        return OPERATION_LIST_OBJECTS_V2;
    if (id == OPERATION_PUT_OBJECT && !slice_is_absent(head_find(r->head, "x-oss-copy-source")))
        return OPERATION_COPY_OBJECT;
    return id;
}

static enum operation_id find_route(const oss_request *r, slice sub_resource) {
    enum oss_about about = slice_is_absent(r->address.bucket) ? ABOUT_SERVICE
                           : slice_is_absent(r->address.key)  ? ABOUT_BUCKET
                                                              : ABOUT_OBJECT;
    const oss_route *row = oss_route_find(r->head->method, about, sub_resource);
    return row ? refine(r, row->operation) : OPERATION_NONE;
}

status oss_name_operation(const oss_request *r, decoded *out, slice *detail) {
    slice sub_resource = {0};
    size_t count = 0;
    for (size_t i = 0; i < r->query.count; i++) {
        if (!is_sub_resource(r->query.pairs[i].name)) continue;
        sub_resource = r->query.pairs[i].name;
        count++;
    }
    if (count < 2) out->operation = find_route(r, sub_resource);
    if (out->operation != OPERATION_NONE) {
        out->action = slice_of_text(operation_get(out->operation)->name);
        return OK;
    }
    TRY(arena_printf(r->memory, &out->action, "%.*s%s%.*s", SLICE_ARGS(r->head->method), count ? " ?" : "",
                     SLICE_ARGS(sub_resource)));
    *detail = out->action;
    return count ? FAIL(UNSUPPORTED) : FAIL(UNSUPPORTED_METHOD);
}

/* ---- the dialect */

/* All that the other dialect leaves; dialect.h has the order. */
static bool recognise(const http_head *head) { return dialect_recognise(head) == &dialect_oss_rest; }

static status read_query(oss_request *r, slice *detail) {
    *detail = SLICE("query string");
    TRY(form_parse(head_query(r->head), r->memory, &r->query));
    form_sort(&r->query);
    for (size_t i = 1; i < r->query.count; i++) {
        *detail = r->query.pairs[i].name;
        ENSURE(!slice_equals(r->query.pairs[i].name, r->query.pairs[i - 1].name), INVALID_PARAMETER);
    }
    *detail = (slice){0};
    return OK;
}

static status read_request(oss_request *r, slice *detail) {
    TRY(head_check(r->head, r->memory, detail));
    TRY(read_query(r, detail));
    TRY(head_list_prefixed(r->head, "x-oss-", r->memory, &r->headers));
    return oss_address_read(r);
}

/* Bodies that are not objects: small configuration, lists of keys. */
static size_t body_wanted(const http_head *head) {
    bool may_have_one = slice_equals_text(head->method, "PUT") || slice_equals_text(head->method, "POST");
    if (!may_have_one) return 0;
    OWNED(arena) memory = {.limit = DIALECT_MEMORY_MOST};
    oss_request r = {.head = head, .memory = &memory};
    decoded named = {0};
    slice detail;
    if (FAILED(read_request(&r, &detail)) || FAILED(oss_name_operation(&r, &named, &detail))) return 0;
    return oss_body_most(named.operation);
}

static void set_address(const operation *op, const oss_address *a, void *input) {
    const field *bucket = shape_find(op->in, SLICE("Bucket")), *key = shape_find(op->in, SLICE("Key"));
    if (bucket) *(slice *)field_at(bucket, input) = a->bucket;
    if (key) *(slice *)field_at(key, input) = a->key;
}

static status read_input(const oss_request *r, decoded *out, slice *detail) {
    const operation *op = operation_get(out->operation);
    void *input = arena_take(r->memory, op->in->struct_bytes);
    ENSURE(input != NULL, OUT_OF_MEMORY);
    set_address(op, &r->address, input);
    out->input = input;
    TRY(oss_input(r, out->operation, input, detail));
    if (slice_is_absent(r->second.bucket)) return OK;
    void *alternative = arena_take(r->memory, op->in->struct_bytes);
    ENSURE(alternative != NULL, OUT_OF_MEMORY);
    memcpy(alternative, input, op->in->struct_bytes);
    set_address(op, &r->second, alternative);
    out->alternative = alternative;
    return OK;
}

static status decode(const http_head *head, slice body, arena *memory, decoded *out, slice *detail) {
    decoded_begin(&dialect_oss_rest, head, out);
    *detail = (slice){0};
    oss_request r = {.head = head, .body = body, .memory = memory};
    out->product = operation_get(OPERATION_LIST_BUCKETS)->product;
    out->api_version = slice_of_text(out->product->version);
    TRY(read_request(&r, detail));
    slice no_route = {0};
    status routed = oss_name_operation(&r, out, &no_route);
    TRY(oss_proof(&r, out, detail));
    /* What is signed of it is its Content-MD5: whom a policy lets in, the vault reads for itself. */
    if (out->operation == OPERATION_PUT_BUCKET_POLICY) out->proof.body = body;
    *detail = no_route;
    TRY(routed);
    return read_input(&r, out, detail);
}

const dialect dialect_oss_rest = {"oss_rest", recognise, body_wanted, decode, oss_encode, oss_encode_failure};
