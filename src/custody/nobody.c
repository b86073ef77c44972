/* Drawing what nobody has. */
#include "custody/nobody.h"

#include "crypto/random.h"

#define NOBODY_ACCOUNT SLICE("0000000000000000")
enum { SECRET_BYTES = 30 };

static status draw(sealing *s, arena *memory, nobody *out) {
    OWNED(secret) drawn = {0};
    const opened *account = NULL;
    slice sealed_account, sealed_key;
    sealed_header whose = {.account_id = NOBODY_ACCOUNT};
    sealing_order order = {.kind = SEALED_ACCESS_KEY, .header = {.access_key_id = SLICE("nobody")}, .content = &drawn};
    TRY(random_secret(SECRET_BYTES, &drawn));
    TRY(sealing_new_account(s, &whose, memory, &sealed_account, &account));
    TRY(sealing_seal(account, &order, memory, &sealed_key));
    TRY(buffer_append(&out->account, sealed_account));
    return buffer_append(&out->access_key, sealed_key);
}

status nobody_draw(sealing *s, nobody *out) {
    OWNED(arena) memory = {.limit = 64 << 10};
    nobody made = {0};
    status drawn = draw(s, &memory, &made);
    if (FAILED(drawn)) {
        nobody_clear(&made);
        return drawn;
    }
    *out = made;
    return OK;
}

void nobody_clear(nobody *n) {
    buffer_clear(&n->account);
    buffer_clear(&n->access_key);
}

use_message nobody_stand_in(const nobody *n, const use_message *use) {
    use_message made = *use;
    made.account_id = NOBODY_ACCOUNT;
    made.account = buffer_slice(&n->account);
    made.access_key = buffer_slice(&n->access_key);
    made.acts.count = 0;
    return made;
}
