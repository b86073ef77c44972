/* What both engines of AES-256-GCM have in common. */
#include "crypto/gcm.h"

#include "crypto/compare.h"

static const gcm_engine *chosen;

void gcm_engine_use(const gcm_engine *engine) { chosen = engine; }

void gcm_engine_choose(void) {
    const gcm_engine *fast = gcm_engine_ipsec_mb();
    gcm_engine_use(fast ? fast : gcm_engine_libcrypto());
}

status gcm_begin(gcm *g) {
    ENSURE(chosen != NULL, INTERNAL); /* crypto_start was not called */
    g->engine = chosen;
    return chosen->state_new(&g->state);
}

void gcm_clear(gcm *g) {
    if (g->state) g->engine->state_free(g->state);
    *g = (gcm){0};
}

status gcm_set_key(gcm *g, const uint8_t key[GCM_KEY_BYTES]) { return g->engine->set_key(g->state, key); }

void gcm_forget_key(gcm *g) { g->engine->forget_key(g->state); }

status gcm_seal(gcm *g, const gcm_message *m, uint8_t *out) {
    ENSURE(m->text.len <= GCM_MAX_BYTES && m->aad.len <= GCM_MAX_BYTES, TOO_LARGE);
    return g->engine->seal(g->state, m, out, out + m->text.len);
}

status gcm_open(gcm *g, const gcm_message *m, uint8_t *out) {
    ENSURE(m->text.len >= GCM_TAG_BYTES, VERIFICATION);
    size_t len = m->text.len - GCM_TAG_BYTES;
    status result = FAIL(TOO_LARGE);
    if (len <= GCM_MAX_BYTES && m->aad.len <= GCM_MAX_BYTES) {
        gcm_message body = {m->nonce, m->aad, slice_head(m->text, len)};
        uint8_t tag[GCM_TAG_BYTES]; /* a copy: `out` may overwrite the text */
        memcpy(tag, m->text.at + len, sizeof tag);
        result = g->engine->open(g->state, &body, tag, out);
    }
    if (FAILED(result)) bytes_wipe(out, len);
    return result;
}

status sealed_reserve(buffer *out, size_t more, slice *aad) {
    uintptr_t start = (uintptr_t)out->at;
    uintptr_t at = (uintptr_t)aad->at;
    bool is_inside = out->at != NULL && aad->at != NULL && at >= start && at - start <= out->len;
    TRY(buffer_reserve(out, more));
    if (is_inside) aad->at = out->at + (at - start);
    return OK;
}
