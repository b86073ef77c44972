/* KMS: the end of a secret. When its recovery window is over, the record and every value go, and the trail says which. */
#include "base/clock.h"
#include "format/json.h"
#include "service/own.h"
#include "service/secrets/secrets.h"

static status load(call *c, uint64_t *revision) {
    secret_shelf shelf = call_secrets(c);
    c->secret = CALL_NEW(c, secret_record);
    ENSURE(c->secret != NULL, OUT_OF_MEMORY);
    TRY(secret_load_remains(&shelf, c->subject, &c->memory, c->secret, revision));
    ENSURE(c->secret->delete_at.is_set && c->secret->delete_at.value <= c->now_s, NOT_FOUND);
    return OK;
}

/* Which values are gone, and under which keys they lay. */
static void put_versions(json_writer *w, const secret_record *of) {
    json_put_key(w, SLICE("versions"));
    json_begin_array(w);
    for (size_t i = 0; i < of->versions.count; i++) {
        const secret_version_record *version = &of->versions.at[i];
        json_begin_object(w);
        json_put_member_text(w, "versionId", version->version_id);
        json_put_member_text(w, "keyId", version->key_id);
        json_put_member_text(w, "keyVersionId", version->key_version_id);
        json_end_object(w);
    }
    json_end_array(w);
}

static status tell(call *c) {
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    char due[CLOCK_ISO_BYTES];
    clock_format_iso(c->secret->delete_at.value, due);
    json_begin_object(&w);
    json_put_member_text(&w, "secretName", c->secret->secret_name);
    json_put_member_text(&w, "dueAt", slice_of_text(due));
    put_versions(&w, c->secret);
    json_end_object(&w);
    TRY(json_finish(&w));
    return arena_copy(&c->memory, buffer_slice(&text), &c->told);
}

static status prepare(call *c) {
    uint64_t revision;
    TRY(load(c, &revision));
    TRY(secret_arn(c, c->secret, &c->resource));
    TRY(tell(c));
    return secret_forget(c, c->secret, revision);
}

const own_act own_destroy_secret = {"DestroySecret", prepare, NULL};
