/* The order of things in a USE: who asks, with what proof, for what; then the acts. */
#include "custody/custody.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "contract/key_id.h"
#include "contract/message.h"
#include "custody/act.h"
#include "custody/approval.h"
#include "custody/asked.h"
#include "custody/bound.h"
#include "custody/challenge.h"
#include "custody/dated.h"
#include "custody/nobody.h"
#include "custody/pairing.h"
#include "custody/proof.h"
#include "custody/replay.h"
#include "custody/said.h"
#include "custody/spent.h"

enum { REQUEST_ID_MOST = 128 };

struct custody {
    sealing sealing;
    nobody nobody;
    stock stock;
    pairing gateways[CUSTODY_GATEWAYS_MOST];
    pairing keygen, labourer;
    int64_t last_labour;
    replays replays;
    spent_list spent;
    struct {
        int64_t s, monotonic_ms;
    } steady;
    challenges challenges;
    char login_domain[256];
    bool may_begin;
};

status custody_open(const secret *root_key, custody **out) {
    custody *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    status began = sealing_begin(root_key, &made->sealing);
    if (!FAILED(began)) began = nobody_draw(&made->sealing, &made->nobody);
    if (FAILED(began)) {
        custody_close(made);
        return began;
    }
    static const char STANDARD_DOMAIN[] = "localhost";
    memcpy(made->login_domain, STANDARD_DOMAIN, sizeof STANDARD_DOMAIN);
    *out = made;
    return OK;
}

status custody_set_login_domain(custody *c, slice name) {
    ENSURE(name.len > 0 && name.len < sizeof c->login_domain, INVALID_PARAMETER);
    memcpy(c->login_domain, name.at, name.len);
    c->login_domain[name.len] = 0;
    return OK;
}

void custody_allow_beginning(custody *c) { c->may_begin = true; }

void custody_close(custody *c) {
    if (c == NULL) return;
    nobody_clear(&c->nobody);
    sealing_clear(&c->sealing);
    stock_clear(&c->stock);
    for (size_t i = 0; i < CUSTODY_GATEWAYS_MOST; i++) pairing_clear(&c->gateways[i]);
    pairing_clear(&c->keygen);
    pairing_clear(&c->labourer);
    free(c);
}

status custody_pair_gateway(custody *c, int64_t gateway, const secret *pair_key) {
    ENSURE(gateway >= 0 && gateway < CUSTODY_GATEWAYS_MOST, INVALID_PARAMETER);
    return pairing_set(&c->gateways[gateway], pair_key);
}

status custody_pair_keygen(custody *c, const secret *pair_key) { return pairing_set(&c->keygen, pair_key); }

status custody_pair_labourer(custody *c, const secret *pair_key) { return pairing_set(&c->labourer, pair_key); }

void custody_lose_labourer(custody *c) { pairing_clear(&c->labourer); }

status custody_store_key_frame(const custody *c, buffer *frame) {
    TRY(buffer_reserve(frame, 256)); /* so that growing leaves no copy behind */
    store_key_message m = {.key = secret_expose(&c->sealing.root.store)};
    return message_encode(MESSAGE_STORE_KEY, &m, frame);
}

status custody_log_key_frame(const custody *c, buffer *frame) {
    TRY(buffer_reserve(frame, 256));
    log_key_message m = {.seed = secret_expose(&c->sealing.root.trail)};
    return message_encode(MESSAGE_LOG_KEY, &m, frame);
}

size_t custody_pairs_missing(const custody *c, enum asymmetric_kind kind, size_t waiting) {
    size_t wanted = stock_standing(kind) + waiting, there = stock_count(&c->stock, kind);
    if (wanted > STOCK_PAIRS) wanted = STOCK_PAIRS;
    return wanted > there ? wanted - there : 0;
}

/* The kind is read from the key itself. */
static status kind_of(slice spki_der, enum asymmetric_kind *kind) {
    for (size_t i = 0; i < STOCK_KINDS; i++) {
        asymmetric *key = NULL;
        if (FAILED(asymmetric_from_public((enum asymmetric_kind)i, spki_der, &key))) continue;
        asymmetric_free(key);
        *kind = (enum asymmetric_kind)i;
        return OK;
    }
    return FAIL(VERIFICATION);
}

status custody_add_pair(custody *c, const keygenned_message *made, enum asymmetric_kind *kind) {
    ENSURE(c->keygen.box != NULL, VERIFICATION);
    ENSURE(made->public.len > 0 && made->public.len <= STOCK_PUBLIC_MOST, VERIFICATION);
    OWNED(secret) private_der = {0};
    OWNED(buffer) public_der = {0};
    TRY(box_open(c->keygen.box, made->public, made->private, &private_der));
    TRY(kind_of(made->public, kind));
    TRY(buffer_append(&public_der, made->public));
    return stock_add(&c->stock, *kind, &private_der, &public_der);
}

void use_outcome_clear(use_outcome *o) {
    for (size_t i = 0; i < CUSTODY_ACTS_MOST; i++) secret_clear(&o->shown[i]);
    buffer_clear(&o->order);
    *o = (use_outcome){0};
}

static const struct act_row {
    act_run *run;
    bool in_bootstrap; /* also without a proof, behind NewAccount */
    bool is_own;       /* without a proof, alone: what the owner allowed before, and the act checks that */
    bool comes_often;  /* … or with others of its kind only */
    bool is_unsigned; /* without a proof, alone: what the caller knows or brings, boxed by the gateway, stands for it */
} rows[] = {
    [VAULT_ACT_NEW_ACCOUNT] = {.run = act_new_account},
    [VAULT_ACT_NEW_ACCESS_KEY] = {.run = act_new_access_key, .in_bootstrap = true},
    [VAULT_ACT_ADOPT_ACCESS_KEY] = {.run = act_adopt_access_key, .in_bootstrap = true},
    [VAULT_ACT_NEW_KEY] = {.run = act_new_key, .in_bootstrap = true},
    [VAULT_ACT_ENCRYPT] = {.run = act_encrypt},
    [VAULT_ACT_DECRYPT] = {.run = act_decrypt},
    [VAULT_ACT_GENERATE] = {.run = act_generate},
    [VAULT_ACT_GENERATE_SEALED] = {.run = act_generate_sealed},
    [VAULT_ACT_IMPORT_PARAMETERS] = {.run = act_import_parameters},
    [VAULT_ACT_IMPORT] = {.run = act_import},
    [VAULT_ACT_PERMIT_REWRAP] = {.run = act_permit_rewrap},
    [VAULT_ACT_REWRAP] = {.run = act_rewrap, .is_own = true},
    [VAULT_ACT_FORGET] = {.run = act_forget, .is_own = true},
    [VAULT_ACT_NEW_SESSION] = {.run = act_new_session},
    [VAULT_ACT_SIGN] = {.run = act_sign},
    [VAULT_ACT_CHECK_SIGNATURE] = {.run = act_check_signature},
    [VAULT_ACT_GENERATE_MAC] = {.run = act_generate_mac},
    [VAULT_ACT_CHECK_MAC] = {.run = act_check_mac},
    [VAULT_ACT_HOLD_DECRYPTED] = {.run = act_hold_decrypted},
    [VAULT_ACT_HOLD_GENERATED] = {.run = act_hold_generated},
    [VAULT_ACT_SEAL_HELD] = {.run = act_seal_held},
    [VAULT_ACT_WRAP_HELD] = {.run = act_wrap_held},
    [VAULT_ACT_RANDOM] = {.run = act_random},
    [VAULT_ACT_GENERATE_PAIR] = {.run = act_generate_pair},
    [VAULT_ACT_GENERATE_PAIR_SEALED] = {.run = act_generate_pair_sealed},
    [VAULT_ACT_AGREE] = {.run = act_agree},
    [VAULT_ACT_NEW_VERSION] = {.run = act_new_version},
    [VAULT_ACT_PERMIT_ROTATION] = {.run = act_permit_rotation},
    [VAULT_ACT_FORBID_ROTATION] = {.run = act_forbid_rotation},
    [VAULT_ACT_ROTATE] = {.run = act_rotate, .is_own = true},
    [VAULT_ACT_SEAL_SECRET] = {.run = act_seal_secret},
    [VAULT_ACT_OPEN_SECRET] = {.run = act_open_secret},
    [VAULT_ACT_GENERATE_SECRET] = {.run = act_generate_secret},
    [VAULT_ACT_RANDOM_PASSWORD] = {.run = act_random_password},
    [VAULT_ACT_PERMIT_SECRET_ROTATION] = {.run = act_permit_secret_rotation},
    [VAULT_ACT_RENEW_SECRET] = {.run = act_renew_secret, .is_own = true},
    [VAULT_ACT_NEW_PASSWORD] = {.run = act_new_password},
    [VAULT_ACT_NEW_RECOVERY_CODES] = {.run = act_new_recovery_codes},
    [VAULT_ACT_NEW_SEED] = {.run = act_new_seed},
    [VAULT_ACT_BIND_SEED] = {.run = act_bind_seed},
    [VAULT_ACT_REWRAP_SECRET] = {.run = act_rewrap_secret, .is_own = true, .comes_often = true},
    [VAULT_ACT_LOGIN] = {.run = act_login, .is_unsigned = true},
    [VAULT_ACT_SEAL_PROVIDER] = {.run = act_seal_provider},
    [VAULT_ACT_ASSUME_FEDERATED] = {.run = act_assume_federated, .is_unsigned = true},
    [VAULT_ACT_NEW_CERTIFICATE] = {.run = act_new_certificate},
    [VAULT_ACT_GENERATE_MANAGED] = {.run = act_generate_managed},
    [VAULT_ACT_NEW_CHALLENGE] = {.run = act_new_challenge, .is_unsigned = true},
    [VAULT_ACT_NEW_PASSKEY] = {.run = act_new_passkey},
    [VAULT_ACT_PERMIT_SHARING] = {.run = act_permit_sharing},
    [VAULT_ACT_SEAL_RULE] = {.run = act_seal_rule},
    [VAULT_ACT_LIFT_RULE] = {.run = act_lift_rule},
    [VAULT_ACT_BEGIN_RECOVERY] = {.run = act_begin_recovery},
    [VAULT_ACT_END_RECOVERY] = {.run = act_end_recovery},
    [VAULT_ACT_APPROVE] = {.run = act_approve},
};

static const struct act_row *row_of(int act) {
    return act > 0 && (size_t)act < sizeof rows / sizeof *rows ? &rows[act] : NULL;
}

/* A token that was forged, changed or made for another account is simply not one. */
static status session_open(act_scene *scene, const proof *p) {
    slice blob;
    status decoding = base64_decode(p->security_token, scene->memory, &blob);
    if (FAILED(decoding)) return FAILED_WITH(decoding, MALFORMED) ? FAIL(BAD_SECURITY_TOKEN) : decoding;
    status opening = sealing_open(scene->sealing, scene->account, SEALED_SESSION, blob, &scene->caller);
    if (FAILED(opening)) return FAILED_WITH(opening, CORRUPT) ? FAIL(BAD_SECURITY_TOKEN) : opening;
    ENSURE(slice_equals(scene->caller->header.access_key_id, p->access_key_id), SECURITY_TOKEN_MISMATCH);
    return OK;
}

static status caller_open(act_scene *scene, const use_message *use) {
    if (use->proof->security_token.len > 0) return session_open(scene, use->proof);
    return sealing_open(scene->sealing, scene->account, SEALED_ACCESS_KEY, use->access_key, &scene->caller);
}

/* Who asks is known when this returns OK; `text` is what they signed. */
static status identify(act_scene *scene, const use_message *use, used_message *used, slice *text) {
    TRY(sealing_open_account(scene->sealing, use->account, use->account_id, &scene->account));
    scene->home = scene->account;
    TRY(caller_open(scene, use));
    size_t candidate = 0;
    TRY(proof_verify(use->proof, &scene->caller->value, &candidate));
    ENSURE(slice_equals(scene->caller->header.access_key_id, use->proof->access_key_id), BAD_SIGNATURE);
    if (scene->caller->kind == SEALED_SESSION) {
        maybe_int expiry = scene->caller->header.expires_at;
        bool ends_surely = slice_starts_with(scene->caller->header.role_name, SLICE(BREAK_GLASS_PREFIX));
        int64_t now_s = ends_surely ? scene->steady_s : scene->now_s;
        ENSURE(expiry.is_set && expiry.value > now_s, SECURITY_TOKEN_EXPIRED);
        used->session = scene->caller->header.access_key_id;
    }
    TRY(dated_check(use->proof, use->proof->texts.at[candidate], scene->memory));
    used->candidate = SET_INT(candidate);
    *text = use->proof->texts.at[candidate];
    return OK;
}

/* Core is told what was signed even when no key is to be used: a change of records must be what was asked for, too. */
static status acts_check_signed(act_scene *scene, const use_message *use, slice text, used_message *used) {
    asked a;
    pair_list said;
    TRY(asked_read(use->proof, text, scene->memory, &a));
    scene->is_storage = a.is_storage;
    scene->asked = asked_operation(&a);
    used->asked = a.verb;
    used->operation = SET_INT(a.operation);
    status_ignore(said_show(&a, use->proof, text, scene->memory, used)); /* what is not said, core does not do */
    /* Keys made with an account are that account's: nothing comes before it. */
    if (a.operation == OPERATION_CREATE_ACCOUNT)
        for (size_t i = 0; i < use->acts.count; i++)
            ENSURE((use->acts.at[i].act == VAULT_ACT_NEW_ACCOUNT) == (i == 0), NO_PERMISSION);
    for (size_t i = 0; i < use->acts.count; i++) {
        TRY(asked_allows(&a, &use->acts.at[i]));
        TRY(session_check_outlasting(scene, &use->acts.at[i]));
    }
    if (use->acts.count > 0) TRY(bound_read(&a, use->proof, text, scene->memory, &said));
    for (size_t i = 0; i < use->acts.count; i++) TRY(bound_check(&a, &said, scene, &use->acts.at[i]));
    return approvals_check(&a, use, scene);
}

static status acts_check_bootstrap(const use_message *use) {
    bool is_clean = use->account.len == 0 && use->access_key.len == 0;
    is_clean = is_clean && (!use->gateway.is_set || use->gateway.value < 0);
    ENSURE(is_clean && use->acts.count > 0 && use->acts.at[0].act == VAULT_ACT_NEW_ACCOUNT, NO_PERMISSION);
    for (size_t i = 1; i < use->acts.count; i++) {
        const struct act_row *row = row_of(use->acts.at[i].act);
        ENSURE(row != NULL && row->in_bootstrap, NO_PERMISSION);
    }
    return OK;
}

/* Keyhold's own act, with no one's signature about it. */
static bool is_own(const use_message *use) {
    const struct act_row *row = use->acts.count > 0 ? row_of(use->acts.at[0].act) : NULL;
    if (row == NULL || !row->is_own || (use->acts.count > 1 && !row->comes_often)) return false;
    for (size_t i = 1; i < use->acts.count; i++)
        if (use->acts.at[i].act != use->acts.at[0].act) return false;
    return true;
}

static status own_begin(act_scene *scene, const use_message *use) {
    bool is_clean = use->access_key.len == 0 && (!use->gateway.is_set || use->gateway.value < 0);
    ENSURE(is_clean, NO_PERMISSION);
    return sealing_open_account(scene->sealing, use->account, use->account_id, &scene->account);
}

static void remember_use(const key_act *act, const act_outcome *done, use_outcome *out) {
    if (!act_is_witnessed(act->act)) return;
    key_use *use = &out->uses[out->use_count++];
    use->act = act->act;
    use->owner_id = act->owner_id;
    key_id_format(done->key_id.at, use->key_id);
    uuid_format(done->key_version_id.at, use->key_version_id);
}

static status act_run_one(act_scene *scene, const key_act *act, size_t place, use_outcome *out) {
    const struct act_row *row = row_of(act->act);
    if (act->act == VAULT_ACT_VERIFY) return OK;
    ENSURE(row != NULL && row->run != NULL, NO_PERMISSION);
    act_outcome done = {0};
    act_scene before = *scene;
    status ran = sharing_enter(scene, act);
    if (!FAILED(ran)) ran = row->run(scene, act, &done);
    if (act->owner_id.len) scene->account = before.account, scene->account_id = before.account_id;
    out->shown[place] = done.shown;
    TRY(ran);
    out->used.results.at[place] = done.result;
    remember_use(act, &done, out);
    return OK;
}

static status acts_run(act_scene *scene, const use_message *use, use_outcome *out) {
    if (use->acts.count == 0) return OK;
    out->used.results.at = ARENA_ARRAY(scene->memory, key_result, use->acts.count);
    ENSURE(out->used.results.at != NULL, OUT_OF_MEMORY);
    out->used.results.count = use->acts.count;
    for (size_t i = 0; i < use->acts.count; i++) TRY(act_run_one(scene, &use->acts.at[i], i, out));
    return OK;
}

/* Taking a pair comes last, so that a request which must wait for one has changed nothing. */
static status pairs_check(const custody *c, const use_message *use, use_outcome *out) {
    size_t needed = 0;
    for (size_t i = 0; i < use->acts.count; i++) needed += act_needs_pair(&use->acts.at[i], &out->wanted);
    ENSURE(needed <= 1, INVALID_PARAMETER);
    out->wants_pair = needed > stock_count(&c->stock, out->wanted);
    return out->wants_pair ? FAIL(CLOSED) : OK;
}

static bool is_unsigned(const use_message *use) {
    const struct act_row *row = use->acts.count == 1 ? row_of(use->acts.at[0].act) : NULL;
    return row != NULL && row->is_unsigned && use->account.len > 0;
}

static status unsigned_run(act_scene *scene, const use_message *use, use_outcome *out) {
    ENSURE(scene->box != NULL, CLOSED);
    TRY(sealing_open_account(scene->sealing, use->account, use->account_id, &scene->account));
    return acts_run(scene, use, out);
}

static status bootstrap_run(custody *c, act_scene *scene, const use_message *use, use_outcome *out) {
    ENSURE(c->may_begin, NO_PERMISSION);
    TRY(acts_check_bootstrap(use));
    TRY(acts_run(scene, use, out));
    c->may_begin = false;
    return OK;
}

static status use_run(custody *c, act_scene *scene, const use_message *use, use_outcome *out) {
    ENSURE(use->acts.count <= CUSTODY_ACTS_MOST && use->request_id.len <= REQUEST_ID_MOST, INVALID_PARAMETER);
    if (use->proof == NULL && is_own(use)) {
        TRY(own_begin(scene, use));
        return acts_run(scene, use, out);
    }
    if (use->proof == NULL && is_unsigned(use)) return unsigned_run(scene, use, out);
    if (use->proof == NULL) return bootstrap_run(c, scene, use, out);
    slice text = {0};
    if (use->account.len == 0) {
        use_message unknown = nobody_stand_in(&c->nobody, use);
        TRY(identify(scene, &unknown, &out->used, &text));
        return FAIL(BAD_SIGNATURE);
    }
    TRY(identify(scene, use, &out->used, &text));
    TRY(acts_check_signed(scene, use, text, &out->used));
    TRY(pairs_check(c, use, out));
    TRY(acts_run(scene, use, out));
    return approvals_spend(use, scene);
}

static box *box_of(const custody *c, maybe_int gateway) {
    bool is_one = gateway.is_set && gateway.value >= 0 && gateway.value < CUSTODY_GATEWAYS_MOST;
    return is_one ? c->gateways[gateway.value].box : NULL;
}

/* What does not open was under way while gateway or vault was started anew, and boxed under the key before. */
static status text_open(box *with, slice request_id, slice boxed, arena *memory, slice *out) {
    status opening = box_open_plain(with, request_id, boxed, memory, out);
    return FAILED_WITH(opening, VERIFICATION) ? FAIL(CLOSED) : opening;
}

status custody_open_texts(const custody *c, const use_message *use, arena *memory, proof *out) {
    proof made = *use->proof;
    box *with = box_of(c, use->gateway);
    ENSURE(with != NULL, CLOSED);
    made.texts.at = ARENA_ARRAY(memory, slice, made.texts.count + 1);
    ENSURE(made.texts.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < made.texts.count; i++)
        TRY(text_open(with, use->request_id, use->proof->texts.at[i], memory, &made.texts.at[i]));
    if (made.body.len > 0) TRY(text_open(with, use->request_id, use->proof->body, memory, &made.body));
    *out = made;
    return OK;
}

/* A failure answers nothing else; what was left undone says what it waits for. */
static void keep_wishes(use_outcome *made, act_labour *labour, int64_t number) {
    use_outcome bare = {.wants_pair = made->wants_pair, .wanted = made->wanted, .labour = number};
    bare.wants_labour = labour->order.len > 0;
    bare.is_reading = labour->is_reading;
    bare.order = labour->order;
    bare.used.candidate = made->used.candidate; /* whoever asked is known, and the trail is to tell of it */
    labour->order = (buffer){0};
    use_outcome_clear(made);
    *made = bare;
}

/* The time of day, and where that was set back the latest that it was and what has passed since. */
static int64_t steady_now(custody *c, int64_t now_s) {
    enum { MS_PER_S = 1000 };
    int64_t monotonic_ms = clock_monotonic_ms();
    int64_t since = c->steady.s + (monotonic_ms - c->steady.monotonic_ms) / MS_PER_S;
    if (c->steady.s != 0 && now_s < since) return since;
    c->steady.s = now_s;
    c->steady.monotonic_ms = monotonic_ms;
    return now_s;
}

void custody_use_again(custody *c, const use_message *use, int64_t now_s, arena *memory, const labour_answer *given,
                       use_outcome *out) {
    OWNED(secret) held = {0};
    int64_t number = given ? given->labour : ++c->last_labour;
    act_labour labour = {
        .worker = c->labourer.box, .aad = slice_of(&number, sizeof number), .has_answer = given != NULL};
    labour.number = number;
    if (given) labour.answer = given->answer, labour.result = given->result, labour.facts = given->facts;
    act_scene scene = {.sealing = &c->sealing,
                       .held = &held,
                       .labour = &labour,
                       .stock = &c->stock,
                       .replays = &c->replays,
                       .spent = &c->spent,
                       .box = box_of(c, use->gateway),
                       .request_id = use->request_id,
                       .account_id = use->account_id,
                       .now_s = now_s,
                       .steady_s = steady_now(c, now_s),
                       .challenges = &c->challenges,
                       .login_domain = slice_of_text(c->login_domain),
                       .memory = memory};
    use_outcome made = {0};
    cache_trim(&c->sealing.cache); /* now, because the outcome may point into what is kept */
    status ran = use_run(c, &scene, use, &made);
    if (FAILED(ran)) keep_wishes(&made, &labour, number);
    buffer_clear(&labour.order);
    made.used.id = use->id;
    made.used.failure = SET_INT(ran.code);
    *out = made;
}

void custody_use(custody *c, const use_message *use, int64_t now_s, arena *memory, use_outcome *out) {
    custody_use_again(c, use, now_s, memory, NULL, out);
}
