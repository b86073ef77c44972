/* Providers of identities, sealed:
 *
 *   kind F   packed ProviderContent
 *
 * Every change is asked for by a signed request and made here, from what was sealed before: who holds core can leave a change out, or
 * bring an older one back, but not make one. */
#include "custody/provider.h"

#include "base/text.h"
#include "contract/shape.h"
#include "crypto/hash.h"
#include "custody/saml.h"

enum { CLIENT_BYTES_MOST = 255, ISSUER_BYTES_MOST = 255 };

status provider_read(const opened *o, arena *memory, provider_content *out) {
    status read = shape_unpack(&provider_content_shape, secret_expose(&o->value), memory, out);
    return FAILED_WITH(read, MALFORMED) ? FAIL(CORRUPT) : read;
}

bool provider_has_client(const provider_content *p, slice client) {
    slice rest = p->client_ids, each;
    while (slice_split(&rest, ',', &each))
        if (each.len > 0 && slice_equals(each, client)) return true;
    return false;
}

/* ---- what a signed request changes */

static bool is_graphic(slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] >= 0x7f) return false;
    return text.len > 0;
}

/* OpenID Connect Core §2: https, no query, no fragment. */
static status check_issuer(slice url) {
    bool is_whole = slice_starts_with(url, SLICE("https://")) && url.len > 8 && url.len <= ISSUER_BYTES_MOST;
    ENSURE(is_whole && is_graphic(url), INVALID_PARAMETER);
    ENSURE(!slice_contains_byte(url, '?') && !slice_contains_byte(url, '#'), INVALID_PARAMETER);
    return OK;
}

static status check_clients(slice clients) {
    slice each;
    size_t count = 0;
    while (slice_split(&clients, ',', &each)) {
        ENSURE(each.len <= CLIENT_BYTES_MOST && is_graphic(each), INVALID_PARAMETER);
        ENSURE(++count <= PROVIDER_CLIENTS_MOST, OIDC_CLIENT_LIMIT);
    }
    return OK;
}

static status add_client(provider_content *p, slice client, arena *memory) {
    ENSURE(!slice_contains_byte(client, ','), INVALID_PARAMETER);
    if (provider_has_client(p, client)) return OK;
    if (slice_is_empty(p->client_ids)) p->client_ids = client;
    else TRY(ARENA_JOIN(memory, &p->client_ids, p->client_ids, SLICE(","), client));
    return check_clients(p->client_ids);
}

static status remove_client(provider_content *p, slice client, arena *memory) {
    OWNED(buffer) kept = {0};
    slice rest = p->client_ids, each;
    while (slice_split(&rest, ',', &each)) {
        if (slice_equals(each, client)) continue;
        if (kept.len > 0) TRY(buffer_append_byte(&kept, ','));
        TRY(buffer_append(&kept, each));
    }
    p->client_ids = (slice){0};
    return kept.len > 0 ? arena_copy(memory, buffer_slice(&kept), &p->client_ids) : OK;
}

static status change_clients(provider_content *p, const provider_wish *wish, arena *memory) {
    if (wish->client_ids.len > 0) {
        TRY(check_clients(wish->client_ids));
        p->client_ids = wish->client_ids;
    }
    if (wish->client_added.len > 0) TRY(add_client(p, wish->client_added, memory));
    return wish->client_removed.len > 0 ? remove_client(p, wish->client_removed, memory) : OK;
}

static status change(provider_content *p, const provider_wish *wish, arena *memory) {
    TRY(change_clients(p, wish, memory));
    if (wish->issuance_limit.is_set) p->issuance_limit = wish->issuance_limit;
    return wish->keys.len > 0 ? provider_keys_read(wish->keys, memory, p) : OK;
}

static status begin_new(const provider_wish *wish, provider_content *out) {
    TRY(check_issuer(wish->issuer_url));
    *out = (provider_content){.name = wish->name, .issuer_url = wish->issuer_url};
    out->issuance_limit = SET_INT(ISSUANCE_LIMIT_HOURS);
    return OK;
}

/* ---- of one kind or the other */

static bool is_about_saml(const key_act *act) {
    const provider_wish *w = act->provider;
    size_t said = w->metadata.len + w->encoded_metadata.len + w->encryption.len + w->key_removed.len + w->signer.len;
    return said + act->input.len > 0;
}

static status take_wish(act_scene *scene, const key_act *act, provider_content *p, act_outcome *out) {
    if (is_about_saml(act)) return saml_provider_change(scene, act, p, &out->result.time);
    return change(p, act->provider, scene->memory);
}

/* ---- the act */

static status ids_of_keys(const provider_content *p, arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    for (size_t i = 0; i < p->keys.count + p->private_keys.count; i++) {
        if (i > 0) TRY(buffer_append_byte(&text, ','));
        TRY(buffer_append(&text, i < p->keys.count ? p->keys.at[i].id : p->private_keys.at[i - p->keys.count].id));
    }
    return arena_copy(memory, buffer_slice(&text), out);
}

static status content_seal(act_scene *scene, const provider_content *p, act_outcome *out) {
    OWNED(buffer) packed = {0};
    OWNED(secret) content = {0};
    TRY(shape_pack(&provider_content_shape, p, &packed));
    TRY(secret_copy(buffer_slice(&packed), &content));
    sealing_order order = {.kind = SEALED_PROVIDER, .content = &content};
    order.header.created_at = SET_INT(scene->now_s);
    TRY(sealing_seal(scene->account, &order, scene->memory, &out->result.output));
    return ids_of_keys(p, scene->memory, &out->result.summary);
}

static status hash_former(act_scene *scene, slice former, act_outcome *out) {
    uint8_t *hash = arena_take_raw(scene->memory, HASH_SHA256_BYTES);
    ENSURE(hash != NULL, OUT_OF_MEMORY);
    TRY(hash_once(HASH_SHA256, former, hash));
    out->result.former = slice_of(hash, HASH_SHA256_BYTES);
    return OK;
}

static status change_sealed(act_scene *scene, const key_act *act, const opened *o, act_outcome *out) {
    provider_content p;
    TRY(provider_read(o, scene->memory, &p));
    ENSURE(slice_equals(p.name, act->provider->name) && act->provider->issuer_url.len == 0, CORRUPT);
    ENSURE(is_about_saml(act) == (p.metadata.len > 0), CORRUPT);
    TRY(take_wish(scene, act, &p, out));
    TRY(hash_former(scene, act->key, out));
    return content_seal(scene, &p, out);
}

status act_seal_provider(act_scene *scene, const key_act *act, act_outcome *out) {
    ENSURE(act->provider != NULL && act->provider->name.len > 0, INVALID_PARAMETER);
    if (act->key.len == 0) {
        provider_content p = {.name = act->provider->name};
        if (!is_about_saml(act)) TRY(begin_new(act->provider, &p));
        TRY(take_wish(scene, act, &p, out));
        return content_seal(scene, &p, out);
    }
    opened *o = NULL;
    TRY(sealing_open_once(scene->account, SEALED_PROVIDER, act->key, &o));
    status changed = change_sealed(scene, act, o, out);
    opened_free(o);
    return changed;
}
