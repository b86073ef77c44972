/* What operations on managed data keys act on. */
#include "contract/sealed.h"
#include "service/resolver.h"

static status named(call *c, slice *name, slice *arn_text) {
    arn_home home = call_home(c);
    *name = call_input_text(c, "DataKeyName");
    if (!secret_name_is_valid(*name))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "DataKeyName must be letters, digits or any of _ / + = . @ - !");
    return arn_managed_key(&home, *name, &c->memory, arn_text);
}

status resolve_managed_key_new(call *c) {
    slice name, arn_text;
    TRY(named(c, &name, &arn_text));
    return resolve_allow(c, arn_text);
}

/* Whether there is such a key is told only to those who may ask. */
status resolve_managed_key(call *c) {
    secret_shelf shelf = call_secrets(c);
    secret_name kept = {0};
    slice name, arn_text;
    TRY(named(c, &name, &arn_text));
    TRY(resolve_allow(c, arn_text));
    TRY(ARENA_JOIN(&c->memory, &kept.name, SLICE(MANAGED_KEY_PREFIX), name));
    c->secret = CALL_NEW(c, secret_record);
    ENSURE(c->secret != NULL, OUT_OF_MEMORY);
    status loaded = secret_load(&shelf, &kept, &c->memory, c->secret, &c->secret_revision);
    return FAILED_WITH(loaded, SECRET_NOT_FOUND) ? FAIL(DATA_KEY_NOT_FOUND) : loaded;
}

status resolve_managed_key_container(call *c) {
    slice arn_text;
    arn_home home = call_home(c);
    TRY(arn_managed_keys(&home, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}
