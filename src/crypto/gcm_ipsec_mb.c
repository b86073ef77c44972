/* AES-256-GCM by libipsec-mb, for processors with VAES. It clears registers and stack itself (its SAFE_DATA build);
 * key schedules are in a struct of ours, in secret memory. */
#include <intel-ipsec-mb.h>

#include "crypto/compare.h"
#include "crypto/gcm.h"

enum { STATE_ALIGNMENT = 64 };

/* Secret memory need not be aligned; `at` points into `memory`, which holds this struct as well. */
typedef struct state {
    struct gcm_key_data schedule;
    struct gcm_context_data context;
    secret memory;
} state;

static struct {
    IMB_MGR *manager;
    bool asked;
} library;

static bool manager_is_good(IMB_MGR *manager) {
    const uint64_t needed = IMB_FEATURE_AESNI | IMB_FEATURE_VAES | IMB_FEATURE_VPCLMULQDQ | IMB_FEATURE_SAFE_DATA |
                            IMB_FEATURE_SELF_TEST_PASS;
    return imb_get_errno(manager) == 0 && (manager->features & needed) == needed &&
           (manager->features & IMB_FEATURE_AESNI_EMU) == 0;
}

static void manager_open(void) {
    library.asked = true;
    IMB_MGR *manager = alloc_mb_mgr(0);
    if (manager == NULL) return;
    init_mb_mgr_auto(manager, NULL);
    if (manager_is_good(manager)) {
        library.manager = manager;
    } else {
        free_mb_mgr(manager);
    }
}

static status state_new(void **out) {
    secret memory = {0};
    TRY(secret_new(sizeof(state) + STATE_ALIGNMENT, &memory));
    uintptr_t start = (uintptr_t)secret_fill(&memory);
    size_t skipped = (STATE_ALIGNMENT - start % STATE_ALIGNMENT) % STATE_ALIGNMENT;
    state *s = (state *)(void *)(secret_fill(&memory) + skipped);
    s->memory = memory;
    *out = s;
    return OK;
}

static void state_free(void *at) {
    state *s = at;
    secret memory = s->memory;
    secret_clear(&memory);
}

static status set_key(void *at, const uint8_t key[GCM_KEY_BYTES]) {
    state *s = at;
    IMB_AES256_GCM_PRE(library.manager, key, &s->schedule);
    return OK;
}

static void forget_key(void *at) {
    state *s = at;
    bytes_wipe(&s->schedule, sizeof s->schedule);
    bytes_wipe(&s->context, sizeof s->context);
}

/* The library takes no NULL, not even for nothing. */
static slice present(slice s) { return s.at ? s : slice_of("", 0); }

static status seal(void *at, const gcm_message *m, uint8_t *out, uint8_t tag[GCM_TAG_BYTES]) {
    state *s = at;
    slice text = present(m->text), aad = present(m->aad);
    IMB_AES256_GCM_ENC(library.manager, &s->schedule, &s->context, out, text.at, text.len, m->nonce, aad.at, aad.len,
                       tag, GCM_TAG_BYTES);
    return OK;
}

static status open(void *at, const gcm_message *m, const uint8_t tag[GCM_TAG_BYTES], uint8_t *out) {
    state *s = at;
    slice text = present(m->text), aad = present(m->aad);
    uint8_t computed[GCM_TAG_BYTES];
    uint8_t nowhere;
    IMB_AES256_GCM_DEC(library.manager, &s->schedule, &s->context, text.len ? out : &nowhere, text.at, text.len,
                       m->nonce, aad.at, aad.len, computed, GCM_TAG_BYTES);
    bool is_good = bytes_equal_secret(slice_of(computed, sizeof computed), slice_of(tag, GCM_TAG_BYTES));
    /* On a forged message this is the tag a forger needs. */
    bytes_wipe(computed, sizeof computed);
    return is_good ? OK : FAIL(VERIFICATION);
}

const gcm_engine *gcm_engine_ipsec_mb(void) {
    static const gcm_engine engine = {"libipsec-mb", state_new, state_free, set_key, forget_key, seal, open};
    if (!library.asked) manager_open();
    return library.manager ? &engine : NULL;
}
