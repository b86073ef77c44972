/* Moving the values of a secret to the newest version of the key that seals them: all that lie under older ones, in one own act. */
#include "base/text.h"
#include "contract/sealed.h"
#include "service/own.h"
#include "service/secrets/secrets.h"

typedef struct moving {
    uint64_t revision;
    slice path; /* of the record */
    secret_version_record *versions[SECRET_VERSIONS_MOST];
    size_t count;
} moving;

/* c->subject: <key id>/<region>/<name>. A secret that waits for its deletion is moved too: it can be restored. */
static status load(call *c, moving *m) {
    slice key_id, name = c->subject;
    secret_shelf shelf = call_secrets(c);
    key_shelf keys = call_keys(c);
    ENSURE(slice_split(&name, '/', &key_id) && slice_split(&name, '/', &shelf.region), CORRUPT);
    c->secret = CALL_NEW(c, secret_record);
    c->key = CALL_NEW(c, key_record);
    ENSURE(c->secret != NULL && c->key != NULL, OUT_OF_MEMORY);
    TRY(secret_path(&shelf, name, &c->memory, &m->path));
    TRY(secret_load_remains(&shelf, name, &c->memory, c->secret, &m->revision));
    arn_home home = {.region = shelf.region, .account = shelf.account};
    TRY(arn_secret(&home, name, &c->memory, &c->resource));
    status loaded = key_load(&keys, key_id, &c->memory, c->key, &c->key_revision);
    return FAILED_WITH(loaded, KEY_NOT_FOUND) ? FAIL(NOT_FOUND) : loaded;
}

static status ask_one(call *c, const secret_version_record *version, slice next) {
    key_act act = {.act = VAULT_ACT_REWRAP_SECRET, .text = c->secret->secret_name, .next = next};
    const key_version_record *former = key_version(c->key, version->key_version_id);
    ENSURE(former != NULL, CORRUPT);
    act.secret_id = c->secret->secret_id;
    act.version = version->version_id;
    TRY(key_ids(c, c->key, former, &act));
    TRY(secret_load_value(c, version, &act.input));
    return call_ask_vault(c, &act);
}

static status prepare(call *c) {
    moving *m = CALL_NEW(c, moving);
    ENSURE(m != NULL, OUT_OF_MEMORY);
    TRY(load(c, m));
    const key_version_record *next = key_primary(c->key);
    ENSURE(c->key->rewrap && next && !FAILED(key_allows(c->key, KEY_ACT_USE)), NOT_FOUND);
    for (size_t i = 0; i < c->secret->versions.count && m->count < SECRET_VERSIONS_MOST; i++) {
        secret_version_record *version = &c->secret->versions.at[i];
        bool is_under_it = slice_equals(version->key_id, c->key->key_id);
        if (!is_under_it || slice_equals(version->key_version_id, next->version_id)) continue;
        TRY(ask_one(c, version, next->sealed));
        m->versions[m->count++] = version;
    }
    c->memo = m;
    return m->count ? OK : FAIL(NOT_FOUND);
}

/* What is sealed stays the value of the same version, in the same place; nothing about the secret has changed for its owner. */
static status finish(call *c) {
    moving *m = c->memo;
    for (size_t i = 0; i < m->count; i++) {
        secret_value_record value = {.sealed = c->results.at[i].output};
        ciphertext outside;
        slice path;
        TRY(secret_value_parse(value.sealed, &outside));
        TRY(kms_uuid_text(c, outside.key_version_id.at, &m->versions[i]->key_version_id));
        TRY(secret_value_path(c->who.account_id, c->secret, m->versions[i]->number.value, &c->memory, &path));
        TRY(call_change(c, path, &secret_value_record_shape, &value, STORE_ANY));
    }
    return call_change(c, m->path, &secret_record_shape, c->secret, m->revision);
}

const own_act own_rewrap_secret = {"RewrapSecret", prepare, finish};
