/* Keys from the root key, each under a label of its own. */
#include "custody/root.h"

#include "crypto/kdf.h"
#include "system/files.h"

status root_key_read(int fd, secret *out) {
    OWNED(secret) read = {0};
    TRY(secret_new(ROOT_KEY_BYTES + 1, &read)); /* one more, to see that the file ends */
    size_t got = 0;
    TRY(files_read_at(fd, 0, secret_fill(&read), ROOT_KEY_BYTES + 1, &got));
    ENSURE(got == ROOT_KEY_BYTES, MALFORMED);
    return secret_copy(slice_head(secret_expose(&read), ROOT_KEY_BYTES), out);
}

status key_derive(const secret *from, slice label, secret *out) {
    OWNED(secret) extracted = {0};
    TRY(hkdf_extract(HASH_SHA256, SLICE("keyhold/v1"), from, &extracted));
    return hkdf_expand(HASH_SHA256, &extracted, label, DERIVED_KEY_BYTES, out);
}

static status derive_all(const secret *root_key, root_keys *r) {
    OWNED(secret) wrapping = {0};
    TRY(key_derive(root_key, SLICE("root: wrap account keys"), &wrapping));
    TRY(xaes_new(&wrapping, &r->wrapping));
    TRY(key_derive(root_key, SLICE("root: seal the store"), &r->store));
    return key_derive(root_key, SLICE("root: sign the trail"), &r->trail);
}

status root_keys_derive(const secret *root_key, root_keys *out) {
    ENSURE(root_key->len == ROOT_KEY_BYTES, INVALID_PARAMETER);
    OWNED(root_keys) made = {0};
    TRY(derive_all(root_key, &made));
    *out = made;
    made = (root_keys){0};
    return OK;
}

void root_keys_clear(root_keys *r) {
    xaes_free(r->wrapping);
    secret_clear(&r->store);
    secret_clear(&r->trail);
    *r = (root_keys){0};
}
