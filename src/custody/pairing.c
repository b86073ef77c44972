/* Keys shared with other processes. */
#include "custody/pairing.h"

#include "crypto/compare.h"

status pairing_set(pairing *p, const secret *key) {
    if (p->box != NULL && bytes_equal_secret(secret_expose(&p->key), secret_expose(key))) return OK;
    OWNED(secret) copy = {0};
    TRY(secret_copy(secret_expose(key), &copy));
    box *made = NULL;
    TRY(box_new(key, BOX_SIDE_B, &made));
    pairing_clear(p);
    *p = (pairing){copy, made};
    copy = (secret){0};
    return OK;
}

void pairing_clear(pairing *p) {
    box_free(p->box);
    secret_clear(&p->key);
    *p = (pairing){0};
}
