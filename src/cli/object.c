/* keyhold object: putting files in, getting them back. */
#include <stdio.h>

#include "base/text.h"
#include "cli/progress.h"
#include "cli/run.h"
#include "cli/transfer.h"
#include "format/xml.h"

enum { DELETE_MOST = 1000 };

/* ---- BUCKET/KEY */

enum address { ADDRESS_OF_OBJECT, ADDRESS_OF_LISTING };

static status set_address(invocation *inv, slice typed, enum address kind) {
    bool needs_key = kind == ADDRESS_OF_OBJECT;
    if (slice_starts_with(typed, SLICE("oss://"))) typed = slice_skip(typed, 6);
    size_t slash = slice_find_byte(typed, '/');
    slice bucket = slice_head(typed, slash), key = slash == SIZE_MAX ? (slice){0} : slice_skip(typed, slash + 1);
    if (bucket.len == 0 || (needs_key && key.len == 0))
        return trouble_note(&inv->trouble, FAIL(USAGE), "\"%.*s\" must be %s.", SLICE_ARGS(typed),
                            needs_key ? "BUCKET/KEY" : "BUCKET or BUCKET/PREFIX");
    TRY(argument_set(inv, "Bucket", bucket));
    if (needs_key) return argument_set(inv, "Key", key);
    return key.len ? argument_set(inv, "Prefix", key) : OK;
}

static slice last_part(slice path) {
    size_t end = path.len;
    while (end > 0 && path.at[end - 1] != '/') end--;
    return slice_skip(path, end);
}

/* "BUCKET" and "BUCKET/folder/" take the file's own name. */
static status complete_target(invocation *inv, slice source, slice typed, slice *out) {
    bool has_no_slash = slice_find_byte(typed, '/') == SIZE_MAX, is_folder = slice_ends_with(typed, SLICE("/"));
    slice name = last_part(source);
    *out = typed;
    if (!has_no_slash && !is_folder) return OK;
    if (slice_equals_text(source, "-"))
        return trouble_note(&inv->trouble, FAIL(USAGE), "What comes from stdin needs a name: BUCKET/KEY.");
    return arena_printf(&inv->memory, out, "%.*s%s%.*s", SLICE_ARGS(typed), has_no_slash ? "/" : "", SLICE_ARGS(name));
}

static status make_order(invocation *inv, oss_order **out) {
    oss_order *order = ARENA_NEW(&inv->memory, oss_order);
    ENSURE(order != NULL, OUT_OF_MEMORY);
    TRY(order_from_arguments(inv, order));
    *out = order;
    return OK;
}

/* ---- put, get, head, cp */

static status put(invocation *inv) {
    OWNED(client) c = {0};
    oss_order *order;
    result r;
    slice target;
    TRY(complete_target(inv, inv->words[0], inv->words[1], &target));
    TRY(set_address(inv, target, ADDRESS_OF_OBJECT));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(make_order(inv, &order));
    TRY(transfer_put(&c, order, inv->words[0], &r));
    return run_show(inv, r.value);
}

static status get(invocation *inv) {
    OWNED(client) c = {0};
    oss_order *order;
    result r;
    TRY(set_address(inv, inv->words[0], ADDRESS_OF_OBJECT));
    slice key = argument_find(inv, "Key"), path = inv->word_count > 1 ? inv->words[1] : last_part(key), given;
    TRY(arena_copy(&inv->memory, path, &given));
    if (output_is_folder((const char *)given.at))
        TRY(arena_printf(&inv->memory, &path, "%.*s/%.*s", SLICE_ARGS(given), SLICE_ARGS(last_part(key))));
    if (slice_ends_with(path, SLICE("/")))
        TRY(arena_printf(&inv->memory, &path, "%.*s%.*s", SLICE_ARGS(path), SLICE_ARGS(last_part(key))));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(make_order(inv, &order));
    TRY(transfer_get(&c, order, path, &r));
    return slice_equals_text(path, "-") ? OK : run_show(inv, r.value);
}

static status head(invocation *inv) {
    TRY(set_address(inv, inv->words[0], ADDRESS_OF_OBJECT));
    return run_operation(inv);
}

static status add_source(invocation *inv, oss_order *order) {
    slice typed = inv->words[0], value;
    OWNED(buffer) text = {0};
    if (slice_starts_with(typed, SLICE("oss://"))) typed = slice_skip(typed, 6);
    size_t slash = slice_find_byte(typed, '/');
    if (slash == SIZE_MAX || slash == 0 || slash + 1 == typed.len)
        return trouble_note(&inv->trouble, FAIL(USAGE), "\"%.*s\" must be BUCKET/KEY.", SLICE_ARGS(typed));
    TRY(buffer_append_byte(&text, '/'));
    TRY(percent_encode(&text, typed, "/"));
    TRY(arena_copy(&inv->memory, buffer_slice(&text), &value));
    return order_add_header(order, "x-oss-copy-source", value);
}

static status copy(invocation *inv) {
    OWNED(client) c = {0};
    oss_order *order;
    result r;
    slice target;
    TRY(complete_target(inv, inv->words[0], inv->words[1], &target));
    TRY(set_address(inv, target, ADDRESS_OF_OBJECT));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(make_order(inv, &order));
    TRY(add_source(inv, order));
    TRY(client_open(inv, &c));
    TRY(call_oss(&c, order, NULL, &r));
    return run_show(inv, r.value);
}

/* ---- ls */

static status list(invocation *inv) {
    TRY(set_address(inv, inv->words[0], ADDRESS_OF_LISTING));
    return run_operation(inv);
}

/* ---- rm */

static const command_flag remove_flags[] = {
    {"recursive", NULL, "all objects whose names begin with what is given: BUCKET/PREFIX"},
    {NULL, NULL, NULL},
};

static status remove_one(client *c, slice typed) {
    oss_order *order;
    result r;
    c->inv->argument_count = 0;
    TRY(set_address(c->inv, typed, ADDRESS_OF_OBJECT));
    TRY(make_order(c->inv, &order));
    return call_oss(c, order, NULL, &r);
}

/* The names of one listing page, and the request that deletes them. */
static status delete_body(invocation *inv, const json_rows *rows, size_t first, size_t count, slice *out) {
    OWNED(buffer) body = {0};
    xml_writer w = {.out = &body};
    xml_begin(&w);
    xml_open(&w, SLICE("Delete"));
    xml_put_bool(&w, SLICE("Quiet"), true);
    for (size_t i = first; i < first + count; i++) {
        slice key = SLICE("");
        (void)json_get_text(json_member(rows->at[i], SLICE("Key")), &key);
        xml_open(&w, SLICE("Object"));
        xml_put_text(&w, SLICE("Key"), key);
        xml_close(&w);
    }
    xml_close(&w);
    TRY(xml_finish(&w));
    return arena_copy(&inv->memory, buffer_slice(&body), out);
}

static status remove_rows(client *c, slice bucket, const json_rows *rows) {
    for (size_t first = 0; first < rows->count; first += DELETE_MOST) {
        size_t count = rows->count - first < DELETE_MOST ? rows->count - first : DELETE_MOST;
        oss_order *order = ARENA_NEW(&c->inv->memory, oss_order);
        result r;
        ENSURE(order != NULL, OUT_OF_MEMORY);
        *order = (oss_order){.id = OPERATION_DELETE_MULTIPLE_OBJECTS, .bucket = bucket};
        TRY(delete_body(c->inv, rows, first, count, &order->body));
        TRY(call_oss(c, order, NULL, &r));
    }
    return OK;
}

static status remove_below(client *c) {
    static const command LISTING = {.verb = "rm", .operation = OPERATION_LIST_OBJECTS_V2};
    invocation *inv = c->inv;
    const command *typed = inv->command;
    json_rows rows = {0};
    inv->command = &LISTING;
    status listed = set_address(inv, inv->words[0], ADDRESS_OF_LISTING);
    if (!FAILED(listed)) listed = run_pages(c, &rows);
    inv->command = typed;
    TRY(listed);
    TRY(remove_rows(c, argument_find(inv, "Bucket"), &rows));
    if (!inv->is_quiet) fprintf(stderr, "keyhold: object rm: %zu removed\n", rows.count);
    return OK;
}

static status remove_objects(invocation *inv) {
    OWNED(client) c = {0};
    bool is_recursive = flag_is_given(inv, "recursive");
    if (is_recursive && inv->word_count > 1)
        return trouble_note(&inv->trouble, FAIL(USAGE), "--recursive takes one BUCKET/PREFIX.");
    TRY(run_ask(inv));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    if (is_recursive) return remove_below(&c);
    for (size_t i = 0; i < inv->word_count; i++) TRY(remove_one(&c, inv->words[i]));
    if (!inv->is_quiet) fprintf(stderr, "keyhold: object rm: %zu removed\n", inv->word_count);
    return OK;
}

#define ADDRESS "Bucket Key"
#define NOT_TYPED ADDRESS " ContentLength ContentMd5 Crc64 Acl"
#define CONDITIONS " IfMatch IfNoneMatch IfModifiedSince IfUnmodifiedSince"
#define ANSWER_HEADERS " ContentType CacheControl ContentDisposition ContentEncoding ContentLanguage Expires Metadata"

static const command rows[] = {
    {.verb = "put",
     .operation = OPERATION_PUT_OBJECT,
     .words = "FILE BUCKET/KEY",
     .hidden = NOT_TYPED,
     .short_names = "KmsKeyId=key Metadata=meta",
     .name = "ETag",
     .run = put},
    {.verb = "get",
     .operation = OPERATION_GET_OBJECT,
     .words = "BUCKET/KEY [FILE]",
     .hidden = ADDRESS CONDITIONS ANSWER_HEADERS " RangeFirst RangeLast RangeSuffix",
     .run = get,
     .help = "Reads an object into a file, checked."},
    {.verb = "ls",
     .operation = OPERATION_LIST_OBJECTS_V2,
     .words = "BUCKET[/PREFIX]",
     .hidden = "Bucket Prefix EncodingType FetchOwner",
     .columns = "Key|Prefix=NAME Size LastModified ETag",
     .name = "Key|Prefix",
     .run = list,
     .help = "Lists objects in the order of their names."},
    {.verb = "rm",
     .operation = OPERATION_DELETE_OBJECT,
     .words = "BUCKET/KEY...",
     .hidden = ADDRESS,
     .flags = remove_flags,
     .danger = "Delete",
     .run = remove_objects},
    {.verb = "cp",
     .operation = OPERATION_COPY_OBJECT,
     .words = "BUCKET/KEY BUCKET/KEY",
     .hidden = NOT_TYPED " SourceBucket SourceKey" CONDITIONS,
     .short_names = "KmsKeyId=key Metadata=meta",
     .name = "ETag",
     .run = copy},
    {.verb = "head",
     .operation = OPERATION_HEAD_OBJECT,
     .words = "BUCKET/KEY",
     .hidden = ADDRESS CONDITIONS,
     .name = "ETag",
     .run = head},
};

extern const noun object_noun;
const noun object_noun = {"object", "Objects: put files in, get them back, copy, list, remove.", rows,
                          sizeof rows / sizeof *rows};
